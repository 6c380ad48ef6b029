"""What an authority can ask of the platform, what it lets the parties be told, and where its
request stands in the register. Literal tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Asks(StrEnum):
    """What an authority asks for."""

    HOLD = "hold"
    """Nothing moves in the disputes of the orders."""
    KEEP = "keep"
    """What is kept of the orders' disputes is not destroyed."""
    INFORMATION = "information"
    """To be told something."""


class Tell(StrEnum):
    """What the authority lets the parties be told."""

    NOTHING = "nothing"
    """No more than that a clock stands still, and until when: neither why nor by whose word."""
    ASKED = "asked"
    """That an authority asked."""
    WHO = "who"
    """Also which one."""


class RequestState(StrEnum):
    """Where a request stands; whether its time is over is derived."""

    ENTERED = "entered"
    """One person wrote it down; it does nothing yet."""
    CONFIRMED = "confirmed"
    """A second person found the paper to say so."""
    REFUSED = "refused"
    ENDED = "ended"
    """Taken back by the authority before its time, or answered."""


TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.ENTERED: frozenset({RequestState.CONFIRMED, RequestState.REFUSED}),
    RequestState.CONFIRMED: frozenset({RequestState.ENDED}),
    RequestState.REFUSED: frozenset(),
    RequestState.ENDED: frozenset(),
}
"""The database refuses every other way (``sql/guard_requests.sql``)."""
