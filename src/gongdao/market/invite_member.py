"""Who may act for a merchant: invited by address, taken out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.market.models import Merchant, MerchantMember
from gongdao.market.staff import find_user


@dataclass(frozen=True)
class Invited:
    """Somebody who may act for a merchant from now on. ``made``: he had no account before;
    ``already``: he was a member."""

    user_id: UUID
    mail: str
    made: bool
    already: bool


@transaction.atomic
def invite_member(*, merchant_id: UUID, mail: str, at: datetime) -> Invited:
    """Make the owner of ``mail`` (a checked address) a member; where he has no account, one without
    a password, which only opens by a code that is sent there."""
    user, made = find_user(mail), False
    if user is None:
        user, made = User.objects.create_user(mail, None, id=new_id(at), joined_at=at), True
    merchant = Merchant.objects.get(id=merchant_id)
    added = MerchantMember.objects.get_or_create(
        merchant=merchant, user=user, defaults={"added_at": at}
    )[1]
    return Invited(user.pk, user.email, made, not added)


def dismiss_member(*, merchant_id: UUID, user_id: UUID) -> bool:
    """He may act for the merchant no more; False where he was no member."""
    return bool(MerchantMember.objects.filter(merchant_id=merchant_id, user_id=user_id).delete()[0])
