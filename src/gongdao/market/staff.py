"""Who works for the platform, and the record of what they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gongdao.core.errors import InputError, MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.models import User
from gongdao.market.models import MerchantMember, Order
from gongdao.market.states import Role
from gongdao.market.vetting_models import StaffDeed, StaffRole

LONGEST_REASON = 500
_PARTY = Phrase("您是这个商家的人，或者是这一单的买家：要由另一个人来办。")


@dataclass(frozen=True)
class Actor:
    """Who acts: an account of the staff, or with ``id`` None whoever has the server's shell."""

    id: UUID | None
    mail: str


@dataclass(frozen=True)
class StaffMember:
    """Somebody with at least one role."""

    user_id: UUID
    mail: str
    roles: tuple[Role, ...]


def add_role(*, user_id: UUID, role: Role, at: datetime) -> bool:
    """Give a role; False where the person had it."""
    return StaffRole.objects.get_or_create(
        user_id=user_id, role=role.value, defaults={"added_at": at}
    )[1]


def remove_role(*, user_id: UUID, role: Role | None) -> int:
    """Take a role back, or all of them; how many there were."""
    rows = StaffRole.objects.filter(user_id=user_id)
    return (rows.filter(role=role.value) if role else rows).delete()[0]


def roles_of(user_id: UUID) -> frozenset[Role]:
    """What this person may do; empty for anybody else."""
    rows = StaffRole.objects.filter(user_id=user_id, user__is_active=True)
    return frozenset(Role(role) for role in rows.values_list("role", flat=True))


def list_staff() -> list[StaffMember]:
    """Everybody with a role, by address."""
    found: dict[UUID, StaffMember] = {}
    rows = StaffRole.objects.select_related("user").order_by("user__email", "role")
    for row in rows:
        known = found.get(row.user_id)
        roles = (*(known.roles if known else ()), Role(row.role))
        found[row.user_id] = StaffMember(row.user_id, row.user.email, roles)
    return list(found.values())


def find_user(mail: str) -> User | None:
    """The account of an address, however it is capitalised."""
    return User.objects.filter(email__iexact=mail.strip()).first()


def check_reason(reason: str) -> str:
    """A reason as it is kept; raise InputError for none, or for one that is too long."""
    text = " ".join(reason.split())
    if not text:
        raise InputError(Phrase("写明理由"), field="reason")
    if len(text) > LONGEST_REASON:
        raise InputError(Phrase("最多 {most} 个字", most=LONGEST_REASON), field="reason")
    return text


def check_no_party(*, by: Actor, about: tuple[str, str]) -> None:
    """Raise MoneyRefused for a member of the merchant that a deed is ``about``, or whose order it
    is about, and for that order's buyer: he is nobody's second person there."""
    kind, merchant = about
    if by.id is None or kind not in ("merchant", "order"):
        return
    if kind == "order":
        order = Order.objects.get(id=merchant)
        merchant = str(order.merchant_id)
        if order.buyer_id == by.id:
            raise MoneyRefused(_PARTY)
    if MerchantMember.objects.filter(merchant_id=merchant, user_id=by.id).exists():
        raise MoneyRefused(_PARTY)


def note_deed(
    *, by: Actor, deed: str, about: tuple[str, str], reason: str = "", at: datetime
) -> None:
    """Add one line to the record. Call it in the transaction of the deed: both or neither.

    ``deed`` is a code such as ``merchant.admit``; ``about`` the kind and id of its object.
    """
    StaffDeed.objects.create(
        at=at,
        who=by.id,
        who_mail=by.mail,
        deed=deed,
        about_kind=about[0],
        about_id=about[1],
        reason=reason[:LONGEST_REASON],
    )
