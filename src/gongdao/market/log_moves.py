"""Which leaves may follow which, for the subjects of the market. Django-free: auditors read it."""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

_REFUNDS = frozenset({"order.refund_requested"})
_AFTER_DELIVERY = frozenset({"order.revealed", "order.confirmed", "order.released"}) | _REFUNDS

LIFE_CYCLES = (
    LifeCycle(
        "order",
        first=frozenset({"order.placed"}),
        after={
            "order.placed": frozenset({"order.expired", "order.paid"}),
            "order.expired": frozenset({"order.paid"}),
            "order.paid": frozenset({"order.delivered"}) | _REFUNDS,
            "order.delivered": _AFTER_DELIVERY,
            "order.revealed": _AFTER_DELIVERY | {"order.tested"},
            "order.tested": _AFTER_DELIVERY | {"order.tested"},
            # The secret is the buyer's whether or not the money has moved on: he may confirm, or
            # let the protection time pass, before he looks at it.
            "order.confirmed": frozenset({"order.revealed", "order.released"}) | _REFUNDS,
            "order.refund_requested": frozenset({"order.refunded"}),
            "order.released": frozenset({"order.revealed"}),
            "order.refunded": frozenset(),
        },
    ),
    LifeCycle(
        "merchant",
        first=frozenset({"merchant.admitted"}),
        after={
            "merchant.admitted": frozenset({"merchant.changed", "merchant.paused"}),
            "merchant.changed": frozenset({"merchant.changed", "merchant.paused"}),
            "merchant.paused": frozenset({"merchant.changed", "merchant.paused"}),
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
