"""Bound what is judged of long chats: what is near the case's times, and the newest. Pure.

A case is judged anew on every view, so that what a chat costs must have an end. What is left out
is counted on its exhibit, and the report says so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from gongdao.core.clock import find_instant
from gongdao.evidence.reading import Exhibit, Message
from gongdao.evidence.statement import Statement

MOST_MESSAGES = 2_000
"""Messages of a case that are judged, all its chats together."""
MOST_CHARACTERS = 200_000
"""Characters of these messages, all together."""
SHORT = 100
"""Messages of a talk that was picked out by hand, such as a picture of a chat: it is judged whole
before parts of long ones, as long as such talks take no more than half of what there is."""
_TIMES = ("ordered_at", "paid_at", "delivered_at")
_Place = tuple[int, int]


@dataclass
class _Chosen:
    """The messages taken so far, by talk and place in it, and how many characters they have."""

    places: set[_Place]
    characters: int = 0

    def take(
        self, talks: Sequence[Exhibit], places: Iterable[_Place], *, messages: int, characters: int
    ) -> None:
        """Take ``places`` in order up to these totals; one that is too long is passed over."""
        for place in places:
            if len(self.places) >= messages:
                return
            size = len(talks[place[0]].messages[place[1]].text)
            if place not in self.places and self.characters + size <= characters:
                self.places.add(place)
                self.characters += size


def bound_talks(*, exhibits: Iterable[Exhibit], statement: Statement) -> tuple[Exhibit, ...]:
    """``exhibits`` with no more messages than are judged; what is dropped is in ``left_out``.

    A case within the bounds comes back as it is. The order of files does not matter."""
    exhibits = tuple(exhibits)
    talks = sorted((e for e in exhibits if e.messages), key=lambda e: e.path)
    if _within(talks):
        return exhibits
    chosen = _choose(talks, _anchors(exhibits, statement))
    kept: dict[int, tuple[Message, ...]] = {
        id(talk): tuple(m for i, m in enumerate(talk.messages) if (number, i) in chosen)
        for number, talk in enumerate(talks)
    }
    return tuple(_with(e, kept[id(e)]) if e.messages else e for e in exhibits)


def _within(talks: Sequence[Exhibit]) -> bool:
    if sum(len(talk.messages) for talk in talks) > MOST_MESSAGES:
        return False
    return sum(len(m.text) for talk in talks for m in talk.messages) <= MOST_CHARACTERS


def _with(exhibit: Exhibit, messages: tuple[Message, ...]) -> Exhibit:
    dropped = len(exhibit.messages) - len(messages)
    if not dropped:
        return exhibit
    return replace(exhibit, messages=messages, left_out=exhibit.left_out + dropped)


def _anchors(exhibits: Iterable[Exhibit], statement: Statement) -> list[float]:
    """The instants that the case turns on: as stated, else as the files show them."""
    order = statement.order
    stated = [at for at in (order.ordered_at, order.paid_at, order.delivered_at) if at]
    if not stated:
        fields = (e.fields[name] for e in exhibits for name in _TIMES if name in e.fields)
        stated = [at for at in (find_instant(field.value) for field in fields) if at]
    pressed = [at for c in statement.contacts for at in (c.at, c.settled_at)]
    return sorted({at.timestamp() for at in (*stated, *pressed)})


def _choose(talks: Sequence[Exhibit], anchors: Sequence[float]) -> set[_Place]:
    """Short talks first, then what is nearest to ``anchors``, and a quarter for the newest."""
    chosen = _Chosen(set())
    short = sorted(
        (n for n, talk in enumerate(talks) if len(talk.messages) <= SHORT),
        key=lambda n: len(talks[n].messages),
    )
    picked = ((n, i) for n in short for i in range(len(talks[n].messages)))
    chosen.take(talks, picked, messages=MOST_MESSAGES // 2, characters=MOST_CHARACTERS // 2)
    said_at = {
        (n, i): at for n, talk in enumerate(talks) for i, at in enumerate(_times(talk.messages))
    }
    newest = sorted(said_at, key=lambda place: (said_at[place], place), reverse=True)
    away = {place: _away(at, anchors) for place, at in said_at.items()}
    chosen.take(
        talks,
        sorted(newest, key=away.__getitem__),
        messages=MOST_MESSAGES * 3 // 4,
        characters=MOST_CHARACTERS * 3 // 4,
    )
    chosen.take(talks, newest, messages=MOST_MESSAGES, characters=MOST_CHARACTERS)
    return chosen.places


def _times(messages: Sequence[Message]) -> Iterator[float]:
    """When each message was said, in seconds; one without a time stands with the one before it,
    and a talk without any lies before everything."""
    at = next((m.at.timestamp() for m in messages if m.at), -inf)
    for message in messages:
        if message.at:
            at = message.at.timestamp()
        yield at


def _away(at: float, anchors: Sequence[float]) -> float:
    """Seconds from ``at`` to the nearest of ``anchors``; without any, all are as near."""
    if not anchors:
        return 0.0
    after = bisect_left(anchors, at)
    return min(abs(at - anchor) for anchor in anchors[max(0, after - 1) : after + 1])
