"""Take a case into an account, or give it up: one compare-and-set each, doing it twice is once."""

from __future__ import annotations

from uuid import UUID

from gongdao.casework.online.models import Case


def take_case(*, case_id: UUID, owner_id: UUID) -> bool:
    """Give the case to this account; False where another account has it or it is gone. The
    caller has seen to it that this person holds the case."""
    Case.objects.filter(id=case_id, owner__isnull=True).update(owner_id=owner_id)
    return Case.objects.filter(id=case_id, owner_id=owner_id).exists()


def release_case(*, case_id: UUID, owner_id: UUID) -> bool:
    """Take the case out of this account; it stays behind its link and code. False where the
    account does not have it."""
    return bool(Case.objects.filter(id=case_id, owner_id=owner_id).update(owner=None))
