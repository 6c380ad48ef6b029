"""How a direct top-up moves on by what its supplier says. Pure: facts and an answer in, a step out.

Silence is never failure. What a supplier says when he is asked a second time may be about the first
ask: a refusal then proves nothing. What ends a top-up once ends it for good; a later word against
it is kept and shown to a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class TopUpState(StrEnum):
    """Where one piece stands with its supplier."""

    ASKED = "asked"
    """Written down, and on its way to him."""
    UNKNOWN = "unknown"
    """He was asked, and nobody knows whether it arrived."""
    ACCEPTED = "accepted"
    CHARGING = "charging"
    REJECTED = "rejected"
    """He did not take it on; nothing was topped up."""
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    """He took it on and could not do it."""


class Told(StrEnum):
    """What a supplier says of one number."""

    ACCEPTED = "accepted"
    CHARGING = "charging"
    REJECTED = "rejected"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    ABSENT = "absent"
    """He knows no order under this number."""
    NOTHING = "nothing"
    """No answer, or none that can be read."""


class Way(StrEnum):
    """How an answer came."""

    ASK = "ask"
    POLL = "poll"
    CALLBACK = "callback"


class Deed(StrEnum):
    """What follows."""

    LOOK_AGAIN = "look_again"
    ASK_AGAIN = "ask_again"
    """Under the same number, which he takes once."""
    END = "end"
    """It has ended; the order is settled when all of its pieces have."""
    KEEP = "keep"
    """Only keep the answer."""
    DOUBT = "doubt"
    """Only keep the answer, and show it to a person."""


S = TopUpState
RUNNING = frozenset({S.ASKED, S.UNKNOWN, S.ACCEPTED, S.CHARGING})
"""States that an answer can still move."""
TRANSITIONS: dict[TopUpState, frozenset[TopUpState]] = {
    S.ASKED: frozenset(
        {S.UNKNOWN, S.ACCEPTED, S.CHARGING, S.REJECTED, S.DONE, S.PARTIAL, S.FAILED}
    ),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.CHARGING, S.REJECTED, S.DONE, S.PARTIAL, S.FAILED}),
    S.ACCEPTED: frozenset({S.CHARGING, S.DONE, S.PARTIAL, S.FAILED}),
    S.CHARGING: frozenset({S.DONE, S.PARTIAL, S.FAILED}),
    S.REJECTED: frozenset(),
    S.DONE: frozenset(),
    S.PARTIAL: frozenset(),
    S.FAILED: frozenset(),
}
_ENDS = {Told.DONE: S.DONE, Told.PARTIAL: S.PARTIAL, Told.FAILED: S.FAILED}
_RANK = {S.ASKED: 0, S.UNKNOWN: 0, S.ACCEPTED: 1, S.CHARGING: 2}
_MOVES = {Told.ACCEPTED: S.ACCEPTED, Told.CHARGING: S.CHARGING}
_GAVE_NOTHING = frozenset({S.REJECTED, S.FAILED})
FIRST_LOOK = timedelta(seconds=10)
LAST_LOOK = timedelta(minutes=10)


@dataclass(frozen=True)
class TopUpFacts:
    """What counts: where it stands, how often it was asked for, and whether a repeated ask was
    refused."""

    state: TopUpState
    asks: int
    refused_again: bool = False


@dataclass(frozen=True)
class Step:
    """Where an answer leads, and what follows."""

    state: TopUpState
    deed: Deed
    refused_again: bool = False


def decide_top_up(facts: TopUpFacts, told: Told, way: Way) -> Step:
    """What ``told`` makes of a top-up."""
    state = facts.state
    if state not in RUNNING:
        return Step(state, _after_the_end(state, told), facts.refused_again)
    if told in _ENDS:
        return Step(_ENDS[told], Deed.END)
    if told in _MOVES:
        further = _MOVES[told] if _RANK[_MOVES[told]] > _RANK[state] else state
        return Step(further, Deed.LOOK_AGAIN)
    if told is Told.NOTHING:
        after = S.UNKNOWN if state is S.ASKED else state
        return Step(after, Deed.LOOK_AGAIN, facts.refused_again)
    if told is Told.REJECTED:
        return _rejected(facts, way)
    return _absent(facts)


def _after_the_end(state: TopUpState, told: Told) -> Deed:
    if told in (Told.NOTHING, Told.ABSENT, *_MOVES):
        return Deed.KEEP
    said = S.REJECTED if told is Told.REJECTED else _ENDS[told]
    same = said is state or {said, state} <= _GAVE_NOTHING
    return Deed.KEEP if same else Deed.DOUBT


def _rejected(facts: TopUpFacts, way: Way) -> Step:
    """Final where he was asked once: then nothing else can have arrived. Of an ask that was
    repeated he may refuse the repetition alone; refused twice over, there is none."""
    if facts.state in (S.ACCEPTED, S.CHARGING):
        return (
            Step(S.FAILED, Deed.END) if way is not Way.ASK else Step(facts.state, Deed.LOOK_AGAIN)
        )
    if (facts.asks <= 1 and way is Way.ASK) or (facts.refused_again and way is Way.POLL):
        return Step(S.REJECTED, Deed.END)
    return Step(S.UNKNOWN, Deed.LOOK_AGAIN, refused_again=True)


def _absent(facts: TopUpFacts) -> Step:
    """He knows no such number: it never arrived. After he took it on, that is no answer."""
    if facts.state in (S.ACCEPTED, S.CHARGING):
        return Step(facts.state, Deed.LOOK_AGAIN)
    if facts.refused_again:
        return Step(S.REJECTED, Deed.END)
    return Step(S.UNKNOWN if facts.asks else facts.state, Deed.ASK_AGAIN)


def pause_before(look: int) -> timedelta:
    """How long to wait before look number ``look`` (from 0): ten seconds, doubling to ten
    minutes."""
    pause: timedelta = FIRST_LOOK * 2 ** min(look, 10)
    return min(pause, LAST_LOOK)


@dataclass(frozen=True)
class Piece:
    """How one piece of an order ended: ``done`` of ``face`` minor units were topped up."""

    state: TopUpState
    face: int
    done: int


@dataclass(frozen=True)
class OrderEnd:
    """What becomes of an order all of whose pieces have ended: which share of the money goes back,
    in minor units, and whether anything was delivered."""

    delivered: bool
    back: int


def settle_pieces(pieces: tuple[Piece, ...], total: int) -> OrderEnd | None:
    """The buyer pays for what was topped up, rounded down in his favour; None while one runs.

    A piece that was done counts whole, whatever face value its supplier names.
    """
    if any(one.state in RUNNING for one in pieces):
        return None
    face = sum(one.face for one in pieces)
    done = sum(
        one.face if one.state is S.DONE else min(one.done, one.face)
        for one in pieces
        if one.state in (S.DONE, S.PARTIAL)
    )
    earned = total * done // face
    return OrderEnd(delivered=earned > 0, back=total - earned)
