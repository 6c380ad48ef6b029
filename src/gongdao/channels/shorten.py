"""Shorten with sense: leave out the least important sentences, never cut one in the middle."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

_DOTS = "……"


@dataclass(frozen=True)
class Sentence:
    """One whole sentence; the heavier the more important. Equal weights: the later goes first."""

    text: str
    weight: int


S = TypeVar("S", bound=Sentence)


def shorten(*, sentences: Iterable[S], limit: int | None) -> tuple[S, ...]:
    """The sentences in their order, the lightest left out until at most ``limit`` code points
    remain; of those left out what still fits comes back, the heaviest first. Where a single
    sentence is still too long, its last clauses go."""
    told = [s for s in sentences if s.text]
    if limit is None:
        return tuple(told)
    by_weight = sorted(range(len(told)), key=lambda i: (-told[i].weight, i))
    kept = set(by_weight)
    for place in reversed(by_weight[1:]):
        if _length(told, kept) <= limit:
            break
        kept.discard(place)
    for place in by_weight:
        if _length(told, kept | {place}) <= limit:
            kept.add(place)
    found = tuple(told[i] for i in sorted(kept))
    if len(found) == 1:
        found = (replace(found[0], text=fit(found[0].text, limit)),)
    return found


def _length(told: Sequence[S], kept: Collection[int]) -> int:
    return sum(len(told[i].text) for i in kept)


def fit(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` code points: whole sentences, else whole clauses, else the
    beginning with dots."""
    if len(text) <= limit:
        return text
    for marks in ("。！？；\n", "，、："):
        ends = [m.end() for m in re.finditer(f"[{marks}]", text) if m.end() <= limit]
        if ends and ends[-1] >= limit // 3:
            return text[: ends[-1] - 1].rstrip("，、：；") + "。"
    return text[: max(0, limit - len(_DOTS))] + _DOTS[: max(0, limit)]


def clip_clauses(text: str, limit: int) -> str:
    """Somebody's words on one line in at most ``limit`` code points: whole clauses where the
    second half of the room holds the end of one, else the beginning, its end as dots."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    ends = [
        m.start() for m in re.finditer(r"[，。；！？、,;!?]| (?=[^\x00-\x7f])", line[: limit - 1])
    ]
    if ends and ends[-1] >= limit // 2:
        return line[: ends[-1]] + _DOTS
    return line[: limit - 2] + _DOTS


def clip(text: str, limit: int) -> str:
    """A name or quotation on one line, at most ``limit`` code points, its end as dots."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
