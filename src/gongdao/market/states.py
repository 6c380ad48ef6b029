"""Where an order can be, and where it can go from there."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """The one status of an order. What else is true of it (revealed, disputed) stands beside."""

    PLACED = "placed"
    """Waits for money; its goods are set aside until `reserved_until`."""
    EXPIRED = "expired"
    """No money came in time. Money that comes late is still honoured."""
    PAID = "paid"
    """Money is held; goods that a person or a supplier delivers are on their way."""
    DELIVERED = "delivered"
    """The buyer can read what he bought."""
    COMPLETED = "completed"
    """Confirmed, or the protection time is over: the money went to the merchant."""
    REFUNDING = "refunding"
    """Money goes back; the payment service has not confirmed it yet."""
    REFUNDED = "refunded"


S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    S.PLACED: frozenset({S.EXPIRED, S.PAID, S.DELIVERED, S.REFUNDING}),
    S.EXPIRED: frozenset({S.PAID, S.DELIVERED, S.REFUNDING}),
    S.PAID: frozenset({S.DELIVERED, S.REFUNDING}),
    S.DELIVERED: frozenset({S.COMPLETED, S.REFUNDING}),
    S.COMPLETED: frozenset(),
    S.REFUNDING: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset(),
}
PAID_FOR = frozenset({S.PAID, S.DELIVERED, S.COMPLETED, S.REFUNDING, S.REFUNDED})
"""States that money has reached."""
OPEN = frozenset({S.PLACED, S.PAID, S.DELIVERED, S.REFUNDING})
"""States that something or somebody still has to end."""


class ListingState(StrEnum):
    """Whether a listing can be bought."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class MerchantState(StrEnum):
    """Whether a merchant may sell; every change has a named reviewer and a reason."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class PaperKind(StrEnum):
    """What a merchant showed."""

    LICENCE = "licence"
    IDENTITY = "identity"
    AUTHORIZATION = "authorization"
    PURCHASE = "purchase"


class Role(StrEnum):
    """What somebody who works for the platform may do: run the desk, vet merchants, move money,
    decide disputes."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    FINANCE = "finance"
    ARBITER = "arbiter"
