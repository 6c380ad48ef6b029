"""The states of holds, pending transfers and payouts, and every step between them. Pure."""

from __future__ import annotations

from enum import StrEnum


class HoldState(StrEnum):
    """``held`` while anything is left; then ``released``, or ``void`` where it went back."""

    HELD = "held"
    RELEASED = "released"
    VOID = "void"


class PendingState(StrEnum):
    """A pending transfer is posted (in whole or in part) or void, once."""

    PENDING = "pending"
    POSTED = "posted"
    VOID = "void"


class PayoutState(StrEnum):
    """``requested`` is not ``confirmed``: in between, the bank has been asked and not answered.
    ``returned`` is a payment that the bank confirmed and sent back later."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


PAYOUT_TRANSITIONS: dict[PayoutState, frozenset[PayoutState]] = {
    PayoutState.PROPOSED: frozenset({PayoutState.APPROVED, PayoutState.CANCELLED}),
    PayoutState.APPROVED: frozenset({PayoutState.REQUESTED, PayoutState.CANCELLED}),
    PayoutState.REQUESTED: frozenset({PayoutState.CONFIRMED, PayoutState.FAILED}),
    PayoutState.CONFIRMED: frozenset({PayoutState.RETURNED}),
    PayoutState.FAILED: frozenset(),
    PayoutState.CANCELLED: frozenset(),
    PayoutState.RETURNED: frozenset(),
}
OPEN_PAYOUTS = frozenset({PayoutState.PROPOSED, PayoutState.APPROVED, PayoutState.REQUESTED})
"""Payouts whose money stands on ``merchant_payable``."""
