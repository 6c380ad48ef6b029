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
    """Confirmed, or the protection time is over: the money went to the merchant. A verdict may
    still send all of it back."""
    REFUNDING = "refunding"
    """Money goes back; the payment service has not confirmed it yet."""
    REFUNDED = "refunded"
    """The buyer has his money: the payment service confirmed it, or his bank took it back before
    anything was delivered. A refund that comes back to the service opens it again."""


S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    S.PLACED: frozenset({S.EXPIRED, S.PAID, S.DELIVERED, S.REFUNDING}),
    S.EXPIRED: frozenset({S.PAID, S.DELIVERED, S.REFUNDING}),
    S.PAID: frozenset({S.DELIVERED, S.REFUNDING}),
    S.DELIVERED: frozenset({S.COMPLETED, S.REFUNDING}),
    S.COMPLETED: frozenset({S.REFUNDING}),
    S.REFUNDING: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset({S.REFUNDING}),
}
PAID_FOR = frozenset({S.PAID, S.DELIVERED, S.COMPLETED, S.REFUNDING, S.REFUNDED})
"""States that money has reached."""
OPEN = frozenset({S.PLACED, S.PAID, S.DELIVERED, S.REFUNDING})
"""States that something or somebody still has to end."""


class Recording(StrEnum):
    """What the buyer chose when he was asked to record the screen before the first look."""

    YES = "yes"
    NO = "no"
    NOT_ASKED = ""
    """He looked through the interface, or the receipt."""


class CancelReason(StrEnum):
    """Why a merchant cancels a paid order; each counts against him alike."""

    NO_STOCK = "no_stock"
    SUPPLIER = "supplier"
    """Where he buys, nothing came."""
    CANNOT_SERVE = "cannot_serve"
    """He cannot serve this account or this region."""
    LISTED_WRONG = "listed_wrong"
    """The price or the description was wrong."""
    OTHER = "other"


class ListingState(StrEnum):
    """Whether a listing can be bought."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class ReviewCode(StrEnum):
    """Why the platform looks at a listing."""

    FAR_BELOW = "far_below"
    """Its price is far under the others'; it is not published before somebody approved."""
    OFFICIAL = "official"
    """Its struck-through price, said to be an issuer's, is far above its own; likewise."""
    PROHIBITED = "prohibited"
    """It falls under the catalogue of what may not be listed; it was paused."""


class ReviewState(StrEnum):
    """What became of such a look."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"
    """Nothing is left to decide: the listing was published otherwise."""


class MerchantState(StrEnum):
    """Whether a merchant may sell; every change has a named reviewer and a reason."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSING = "closing"
    """He leaves, or was told to: nothing new is sold, what is open is brought to its end."""
    CLOSED = "closed"


MERCHANT_TRANSITIONS: dict[MerchantState, frozenset[MerchantState]] = {
    MerchantState.ACTIVE: frozenset({MerchantState.PAUSED, MerchantState.CLOSING}),
    MerchantState.PAUSED: frozenset({MerchantState.ACTIVE, MerchantState.CLOSING}),
    MerchantState.CLOSING: frozenset({MerchantState.CLOSED}),
    MerchantState.CLOSED: frozenset(),
}


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
