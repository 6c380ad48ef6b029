"""Ask the issuer about secrets, on the record: a sample of a batch that is for sale ("last checked"
on the receipt), or those of one claim that are in dispute. What is bad leaves the shelf."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import KeyGone, NoSuchShelf
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.vault.issuer_port import BAD, IssuerPort, SecretStatus, ask_in_time
from gongdao.vault.locks import lock_batch
from gongdao.vault.models import MAX_USES, Batch, Reveal, StatusCheck
from gongdao.vault.open_units import Opener
from gongdao.vault.reveal import digest_who
from gongdao.vault.states import BatchState

_ONE = """
SELECT sealed_id FROM vault_unit
WHERE id >= %(from)s AND id <= %(last)s AND batch_id = %(batch)s AND state = 'available'
ORDER BY id LIMIT 1
"""
_CLAIMED = """
SELECT DISTINCT u.sealed_id FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
WHERE c.owner_id = %s AND c.owner_kind = %s AND c.state = 'allocated' ORDER BY u.sealed_id
"""
_UNCHECKED = """
SELECT b.id, b.sku_id FROM vault_batch b
WHERE b.state = 'live' AND b.sku_id = ANY(%(skus)s)
  AND NOT EXISTS (SELECT FROM vault_statuscheck s WHERE s.batch_id = b.id AND s.at > %(since)s)
  AND EXISTS (SELECT FROM vault_unit u WHERE u.sku_id = b.sku_id AND u.pos >= b.first_pos
    AND u.state = 'available' AND u.batch_id = b.id)
ORDER BY b.imported_at DESC LIMIT %(most)s
"""
_FROM_SHELF = """
UPDATE vault_unit SET state = 'withdrawn'
WHERE id BETWEEN %(sealed)s AND %(last)s AND sealed_id = %(sealed)s AND batch_id = %(batch)s
  AND state IN ('available', 'held')
"""
_FROM_CLAIMS = """
WITH mine AS MATERIALIZED (
  SELECT c.unit_id FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
  WHERE c.state = 'reserved' AND u.id BETWEEN %(sealed)s AND %(last)s
    AND u.sealed_id = %(sealed)s AND u.batch_id = %(batch)s
  ORDER BY c.unit_id FOR UPDATE OF c
),
gone AS (
  DELETE FROM vault_claim WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM mine)) RETURNING unit_id
)
UPDATE vault_unit SET state = 'withdrawn' WHERE id = ANY (ARRAY(SELECT unit_id FROM gone))
"""


@dataclass(frozen=True)
class CheckedSecret:
    """What the issuer said about the secret ``sealed_id`` (the id of its first unit)."""

    sealed_id: int
    status: SecretStatus
    used_at: datetime | None = None

    @property
    def bad(self) -> bool:
        """Whether it may not be sold."""
        return self.status in BAD


def check_units(
    *, stores: Stores, batch: UUID, port: IssuerPort, sample: int, at: datetime
) -> list[CheckedSecret]:
    """Ask ``port`` about at most ``sample`` secrets for sale of ``batch``, drawn at random.

    Call it outside a transaction: an issuer may be slow. That each was decrypted is recorded before
    it is sent, each answer when it comes. What is bad is for `withdraw_bad`. Raise NoSuchShelf,
    KeyGone.
    """
    row = Batch.objects.filter(id=batch, first_id__isnull=False).first()
    if row is None:
        raise NoSuchShelf
    drawn = _draw(row, sample)
    return _ask(stores=stores, sealed=drawn, about=SubjectRef("batch", batch), port=port, at=at)


def check_claim(
    *, stores: Stores, claim: SubjectRef, port: IssuerPort, at: datetime
) -> list[CheckedSecret]:
    """Ask ``port`` about every secret allocated to ``claim``: they are in dispute. Outside a
    transaction and on the record, as `check_units` does. Raise KeyGone."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED, (claim.id, claim.kind))
        sealed = [one for (one,) in cursor.fetchall()]
    return _ask(stores=stores, sealed=sealed, about=claim, port=port, at=at)


def _ask(
    *, stores: Stores, sealed: Sequence[int], about: SubjectRef, port: IssuerPort, at: datetime
) -> list[CheckedSecret]:
    found = []
    who = digest_who(stores, f"issuer/{port.name}")
    for opened in Opener(stores).open(sealed):
        if opened.secret is None:
            raise KeyGone
        Reveal.objects.create(
            unit_id=opened.sealed_id,
            owner_kind=about.kind,
            owner_id=about.id,
            who=who,
            purpose="check",
            at=at,
        )
        names = [one.name for one in opened.shelf.rules.fields]
        fields = dict(zip(names, opened.secret.fields, strict=True))
        answer = ask_in_time(port=port, fields=fields, at=at)
        StatusCheck.objects.create(
            sealed_id=opened.sealed_id,
            batch_id=opened.batch,
            port=port.name,
            status=answer.status,
            used_at=answer.used_at,
            at=at,
        )
        found.append(CheckedSecret(opened.sealed_id, answer.status, answer.used_at))
    return found


def withdraw_bad(*, batch: UUID, checked: Collection[CheckedSecret]) -> int:
    """Take the secrets that the issuer called used or invalid off the shelf for good, also out of
    reservations; how many units. What is allocated stays with its claim. Raise NoSuchShelf."""
    bad = sorted(one.sealed_id for one in checked if one.bad)
    if not bad:
        return 0
    with transaction.atomic():
        row = lock_batch(batch)
        if row.state == BatchState.INCOMING:
            return 0
        return sum(_withdraw(batch, sealed) for sealed in bad)


def _withdraw(batch: UUID, sealed: int) -> int:
    """A sale under way may move a unit between the two looks: so both are repeated until neither
    finds anything."""
    values: dict[str, int | UUID] = {
        "batch": batch,
        "sealed": sealed,
        "last": sealed + MAX_USES - 1,
    }
    units = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FROM_SHELF, values)
            moved = int(cursor.rowcount)
            cursor.execute(_FROM_CLAIMS, values)
            moved += int(cursor.rowcount)
        units += moved
        if not moved:
            return units


def find_unchecked(
    *, skus: Collection[UUID], since: datetime, most: int
) -> list[tuple[UUID, UUID]]:
    """At most ``most`` batches for sale on the shelves ``skus`` of which nothing was asked after
    ``since``, newest first, each with its shelf."""
    values: dict[str, list[UUID] | datetime | int] = {
        "skus": list(skus),
        "since": since,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNCHECKED, values)
        return [(batch, sku) for batch, sku in cursor.fetchall()]


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
