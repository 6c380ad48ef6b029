"""Which leaves may follow which, for the subjects of the market. Django-free: auditors read it."""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

_REFUNDS = frozenset({"order.refund_requested"})
_MERCHANT_GOES_ON = frozenset({"merchant.changed", "merchant.paused", "merchant.closing"})
_CHARGED_BACK = frozenset({"order.charged_back"})
_RETURNED = frozenset({"order.charge_back_returned"})
_AFTER_DELIVERY = (
    frozenset({"order.revealed", "order.confirmed", "order.released", "order.replaced"})
    | _REFUNDS
    | _CHARGED_BACK
)
_BANK_IS_DONE = _AFTER_DELIVERY | {"order.tested", "order.refunded"} | _RETURNED
"""After a deed of the bank's: what may follow it whenever it comes."""

LIFE_CYCLES = (
    LifeCycle(
        "order",
        first=frozenset({"order.placed"}),
        after={
            "order.placed": frozenset({"order.expired", "order.paid"}),
            "order.expired": frozenset({"order.paid"}),
            "order.paid": frozenset({"order.delivered", "order.cancelled"})
            | _REFUNDS
            | _CHARGED_BACK,
            # The bank's deed, at any time after the payment, even twice. Never before a delivery:
            # what was not delivered by then ends with it.
            "order.charged_back": _BANK_IS_DONE,
            # What it took came back: the buyer, who got no goods, is refunded, or all goes on.
            "order.charge_back_returned": _BANK_IS_DONE,
            # By the merchant, who cannot fulfil it: before delivery, and its refund goes with it.
            "order.cancelled": _REFUNDS,
            # Again for more units than one leaf holds.
            "order.delivered": _AFTER_DELIVERY | {"order.delivered"},
            "order.revealed": _AFTER_DELIVERY | {"order.tested"} | _RETURNED,
            "order.tested": _AFTER_DELIVERY | {"order.tested"} | _RETURNED,
            # The secret is the buyer's whether or not the money has moved on: he may confirm, or
            # let the protection time pass, before he looks at it.
            "order.confirmed": _AFTER_DELIVERY - {"order.confirmed"} | _RETURNED,
            # Other units in the place of some: at any time after delivery, and what was said of the
            # order before may go on.
            "order.replaced": _AFTER_DELIVERY | {"order.tested"} | _RETURNED,
            "order.refund_requested": frozenset({"order.refunded"}) | _CHARGED_BACK | _RETURNED,
            # A verdict may still send all of its money back, out of other funds.
            "order.released": frozenset({"order.revealed", "order.replaced"})
            | _REFUNDS
            | _CHARGED_BACK
            | _RETURNED,
            # What the service paid out may come back to it: then it is owed again.
            "order.refunded": _REFUNDS | _CHARGED_BACK | _RETURNED,
        },
    ),
    LifeCycle(
        "merchant",
        first=frozenset({"merchant.admitted"}),
        after={
            "merchant.admitted": _MERCHANT_GOES_ON,
            "merchant.changed": _MERCHANT_GOES_ON,
            "merchant.paused": _MERCHANT_GOES_ON,
            "merchant.closing": frozenset({"merchant.closed"}),
            "merchant.closed": frozenset(),
        },
    ),
    LifeCycle(
        "listing",
        first=frozenset({"listing.published"}),
        after={
            "listing.published": frozenset({"listing.published", "listing.withdrawn"}),
            "listing.withdrawn": frozenset({"listing.published"}),
        },
    ),
    LifeCycle(
        "thread",
        first=frozenset({"thread.opened"}),
        after={
            "thread.opened": frozenset({"thread.posted"}),
            "thread.posted": frozenset({"thread.posted"}),
        },
    ),
)
