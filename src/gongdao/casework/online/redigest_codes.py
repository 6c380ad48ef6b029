"""Keep the digests of case codes under the current master key, so that an old one can go."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import open_row
from gongdao.core.envelope import code_digest, same
from gongdao.core.errors import CaseLocked, KeyGone
from gongdao.core.ids import tidy_code
from gongdao.core.stores import Stores


def redigest_codes(*, stores: Stores) -> int:
    """How many cases had the digest of their code under another master key than the current one,
    and have not any more. Any number of times; a case that is erased meanwhile is left out."""
    ids = Case.objects.order_by("id").values_list("id", flat=True)
    return sum(_redigest(stores, case_id) for case_id in ids.iterator())


def _redigest(stores: Stores, case_id: UUID) -> bool:
    with transaction.atomic():
        try:
            row = lock_case(case_id)
            opened = open_row(stores=stores, row=row)
        except (KeyGone, CaseLocked):
            return False
        fresh = code_digest(stores.masters.current, tidy_code(opened.content.code))
        if same(fresh, bytes(row.code_digest)):
            return False
        return bool(Case.objects.filter(id=case_id).update(code_digest=fresh))
