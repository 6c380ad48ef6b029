"""A calendar that fetches the deadlines of a case by itself, until that is taken back.

Each subscription has its own random token and says nothing of the case: its address holds neither
the private link nor a name. Taking it back deletes the row, and the address opens nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.addresses import CALENDAR, KeptAddress, kept_address, seal_fields
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Address, Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.core.envelope import same
from gongdao.core.errors import KeyGone
from gongdao.core.ids import new_id, new_token, tidy_token
from gongdao.core.stores import Stores

TOKEN = "token"


def feed_of(case: OpenCase) -> KeptAddress | None:
    """The subscription of the case, None where there is none; ``fields["token"]`` opens it."""
    row = Address.objects.filter(case_id=case.row.id, kind=CALENDAR).first()
    return kept_address(case, row) if row else None


def subscribe(*, case: OpenCase, at: datetime) -> KeptAddress:
    """The subscription of the case, made where there is none."""
    with transaction.atomic():
        lock_case(case.row.id)
        if (known := feed_of(case)) is not None:
            return known
        address_id, token = new_id(at), new_token()
        row = Address.objects.create(
            id=address_id,
            case_id=case.row.id,
            kind=CALENDAR,
            sealed=seal_fields(case, address_id, {TOKEN: token}),
            code_digest=_digest(token),
            code_until=at,
            confirmed_at=at,
            added_at=at,
        )
        return kept_address(case, row)


def unsubscribe(*, case: OpenCase) -> bool:
    """Take the subscription back; False where there is none."""
    with transaction.atomic():
        lock_case(case.row.id)
        return bool(Address.objects.filter(case_id=case.row.id, kind=CALENDAR).delete()[0])


def open_feed(*, stores: Stores, address_id: UUID, token: str) -> OpenCase:
    """The case behind a subscription; raise KeyGone for one that never was, was taken back, or
    whose case is gone: all of them look the same."""
    row = Address.objects.filter(id=address_id, kind=CALENDAR).first()
    kept = bytes(row.code_digest) if row else bytes(32)
    if not same(_digest(tidy_token(token)), kept) or row is None:
        raise KeyGone
    case = Case.objects.filter(id=row.case_id).first()
    if case is None:
        raise KeyGone
    return open_row(stores=stores, row=case)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
