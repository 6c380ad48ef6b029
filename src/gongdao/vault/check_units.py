"""Ask the issuer about a sample of a batch, on the record: "last checked" on the receipt."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from gongdao.core.errors import KeyGone, NoSuchShelf
from gongdao.core.stores import Stores
from gongdao.vault.issuer_port import IssuerPort, SecretStatus
from gongdao.vault.models import Batch, Reveal, StatusCheck
from gongdao.vault.open_units import Opener
from gongdao.vault.reveal import digest_who

_ONE = """
SELECT sealed_id FROM vault_unit
WHERE id >= %(from)s AND id <= %(last)s AND batch_id = %(batch)s AND state = 'available'
ORDER BY id LIMIT 1
"""


@dataclass(frozen=True)
class CheckedSecret:
    """What the issuer said about the secret ``sealed_id`` (the id of its first unit)."""

    sealed_id: int
    status: SecretStatus


def check_units(
    *, stores: Stores, batch: UUID, port: IssuerPort, sample: int, at: datetime
) -> list[CheckedSecret]:
    """Ask ``port`` about at most ``sample`` secrets for sale of ``batch``, drawn at random.

    Call it outside a transaction: an issuer may be slow. That each was decrypted is recorded before
    it is sent, each answer when it comes. What to do about a bad one is the caller's. Raise
    NoSuchShelf, KeyGone.
    """
    row = Batch.objects.filter(id=batch, first_id__isnull=False).first()
    if row is None:
        raise NoSuchShelf
    found = []
    who = digest_who(stores, f"issuer/{port.name}")
    for opened in Opener(stores).open(_draw(row, sample)):
        if opened.secret is None:
            raise KeyGone
        Reveal.objects.create(
            unit_id=opened.sealed_id,
            owner_kind="batch",
            owner_id=batch,
            who=who,
            purpose="check",
            at=at,
        )
        names = [one.name for one in opened.shelf.rules.fields]
        status = port.ask(dict(zip(names, opened.secret.fields, strict=True)))
        StatusCheck.objects.create(
            sealed_id=opened.sealed_id, batch_id=batch, port=port.name, status=status, at=at
        )
        found.append(CheckedSecret(opened.sealed_id, status))
    return found


def _draw(row: Batch, sample: int) -> list[int]:
    first, last = row.first_id or 0, row.last_id or 0
    drawn: set[int] = set()
    for _try in range(sample):
        values: dict[str, int | UUID] = {
            "from": first + secrets.randbelow(last - first + 1),
            "last": last,
            "batch": row.id,
        }
        with connection.cursor() as cursor:
            cursor.execute(_ONE, values)
            if found := cursor.fetchone():
                drawn.add(found[0])
    return sorted(drawn)
