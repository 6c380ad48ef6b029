"""Whose post it is, and where a list of secrets that was handed in can be."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Who writes in a thread."""

    BUYER = "buyer"
    MERCHANT = "merchant"


class IntakeState(StrEnum):
    """A list of secrets on its way to the shelf."""

    LOOKING = "looking"
    """A job reads it and says what would become of each line; nothing is written."""
    LOOKED = "looked"
    """The merchant has to say whether it goes on the shelf."""
    IMPORTING = "importing"
    """A job puts it on the shelf, chunk by chunk; nothing of it is for sale yet."""
    DONE = "done"
    FAILED = "failed"
    """It could not be read, or not be put on the shelf; the reason stands beside it."""
    GIVEN_UP = "given_up"


S = IntakeState
TRANSITIONS: dict[IntakeState, frozenset[IntakeState]] = {
    S.LOOKING: frozenset({S.LOOKED, S.FAILED, S.GIVEN_UP}),
    S.LOOKED: frozenset({S.IMPORTING, S.GIVEN_UP}),
    S.IMPORTING: frozenset({S.DONE, S.FAILED, S.GIVEN_UP}),
    S.DONE: frozenset(),
    S.FAILED: frozenset(),
    S.GIVEN_UP: frozenset(),
}
RUNNING = frozenset({S.LOOKING, S.LOOKED, S.IMPORTING})
"""The list is still kept."""
