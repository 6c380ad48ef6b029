"""The locks of a case and their order: the case row first, then rows that belong to it.

Every verb that changes a case or something of it takes the case's row ``FOR UPDATE`` before
anything else; so two of them wait for each other and never in a circle.
"""

from __future__ import annotations

from uuid import UUID

from gongdao.casework.online.models import Case
from gongdao.core.errors import KeyGone


def lock_case(case_id: UUID) -> Case:
    """The row, locked until the transaction ends; raise KeyGone where the case was erased."""
    row = Case.objects.select_for_update().filter(id=case_id).first()
    if row is None:
        raise KeyGone
    return row
