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


I = IntakeState  # noqa: E741 - the table below is read across
TRANSITIONS: dict[IntakeState, frozenset[IntakeState]] = {
    I.LOOKING: frozenset({I.LOOKED, I.FAILED, I.GIVEN_UP}),
    I.LOOKED: frozenset({I.IMPORTING, I.GIVEN_UP}),
    I.IMPORTING: frozenset({I.DONE, I.FAILED, I.GIVEN_UP}),
    I.DONE: frozenset(),
    I.FAILED: frozenset(),
    I.GIVEN_UP: frozenset(),
}
RUNNING = frozenset({I.LOOKING, I.LOOKED, I.IMPORTING})
"""The list is still kept."""
