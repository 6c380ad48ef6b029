"""A merchant's contact is proven by a code that was sent there and comes back."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from gongdao.core.envelope import derive, open_sealed, seal
from gongdao.core.errors import InputError
from gongdao.core.ids import new_code, new_id, tidy_code
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.market.market_key import market_key
from gongdao.market.vetting_models import ContactProof

LIVES = timedelta(minutes=30)
MOST_TRIES = 5
_PURPOSE = "contact proof"


@dataclass(frozen=True)
class BegunProof:
    """A code that has to be sent to the contact now; it is kept nowhere."""

    id: UUID
    code: str = field(repr=False)
    until: datetime


def begin_proof(*, stores: Stores, contact: str, by: UUID, at: datetime) -> BegunProof:
    """Begin to prove ``contact``; the caller sends the code there."""
    begun = BegunProof(new_id(at), new_code(), at + LIVES)
    key = derive(market_key(stores, at), _PURPOSE)
    ContactProof.objects.create(
        id=begun.id,
        sealed=seal(key, contact.encode(), begun.id.bytes),
        code_digest=_digest(key, begun.id, begun.code),
        sent_at=at,
        until=begun.until,
        by=by,
    )
    return begun


def prove_contact(*, stores: Stores, proof_id: UUID, code: str, at: datetime) -> None:
    """The code came back. Raise InputError where it is another one, too late, or tried too often;
    each try counts, also where several come at once."""
    key = derive(market_key(stores, at), _PURPOSE)
    open_ = ContactProof.objects.filter(
        id=proof_id, proven_at=None, until__gt=at, tries__lt=MOST_TRIES
    )
    if not open_.update(tries=F("tries") + 1):
        if ContactProof.objects.filter(id=proof_id, proven_at__isnull=False).exists():
            return
        raise InputError(Phrase("这个验证码过期了，或试的次数太多。请重新发送。"), field="code")
    row = ContactProof.objects.get(id=proof_id)
    wanted = _digest(key, proof_id, tidy_code(code))
    if not hmac.compare_digest(bytes(row.code_digest), wanted):
        raise InputError(Phrase("验证码不对，请照收到的那封信填写。"), field="code")
    ContactProof.objects.filter(id=proof_id, proven_at=None).update(proven_at=at)


def read_proof(*, stores: Stores, proof_id: UUID, at: datetime) -> tuple[str, datetime | None]:
    """The contact of a proof, and when it was proven; raise InputError where there is none."""
    row = ContactProof.objects.filter(id=proof_id).first()
    if row is None:
        raise InputError(Phrase("没有这次验证。请重新发送验证码。"), field="contact")
    return _contact(stores, row, at), row.proven_at


@transaction.atomic
def use_proof(*, stores: Stores, proof_id: UUID, at: datetime) -> tuple[str, datetime]:
    """Take a proof for the merchant who is being admitted: contact and when it was proven. Raise
    InputError where it is not proven, or was used."""
    row = ContactProof.objects.select_for_update().filter(id=proof_id, used_at=None).first()
    if row is None or row.proven_at is None:
        raise InputError(Phrase("联系方式还没有核实，或这次核实已经用过。"), field="contact")
    row.used_at = at
    row.save(update_fields=["used_at"])
    return _contact(stores, row, at), row.proven_at


def _contact(stores: Stores, row: ContactProof, at: datetime) -> str:
    key = derive(market_key(stores, at), _PURPOSE)
    return open_sealed(key, bytes(row.sealed), row.id.bytes).decode()


def _digest(key: bytes, proof_id: UUID, code: str) -> bytes:
    return hmac.digest(derive(key, "code"), proof_id.bytes + code.encode(), "sha256")
