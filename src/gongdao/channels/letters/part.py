"""The pieces a letter is made of: what may be changed in each, and on what evidence it rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gongdao.channels.shorten import Sentence, shorten


class PartKind(StrEnum):
    """What a part of a letter is."""

    FACT = "fact"
    """What happened: its values are locked to the exhibits, or marked as the buyer's word."""
    RULE = "rule"
    """Law, a platform's own clause, or why it applies: not to be worded otherwise."""
    FREE = "free"
    """Wishes, questions, the writer's own data: his to word."""
    FRAME = "frame"
    """Headings, addressee, and what a letter must say of itself."""


@dataclass(frozen=True)
class LetterPart:
    """One piece of a letter. ``key`` names it within its letter and stays the same when the case
    is judged anew; ``breaks`` line ends stand before it (0: it goes on in the same line, 2: after
    an empty line); the parts of one ``group`` are numbered where there are several."""

    key: str
    kind: PartKind
    text: str
    exhibits: tuple[str, ...] = ()
    """Paths of the exhibits it cites."""
    fact: str = ""
    """For facts: the code of the point."""
    breaks: int = 1
    group: str = ""
    own: bool = False
    """What only the writer knows (his name, an address, a court): no exhibit is asked for it."""

    @property
    def starts_line(self) -> bool:
        """Whether it begins a line of its own."""
        return self.breaks > 0


def frame(key: str, text: str, *, breaks: int = 1) -> LetterPart:
    """A heading, an address, or a sentence the letter must keep."""
    return LetterPart(key, PartKind.FRAME, text, breaks=breaks)


def free(key: str, text: str, *, breaks: int = 1, own: bool = False) -> LetterPart:
    """A part in the writer's own hands."""
    return LetterPart(key, PartKind.FREE, text, breaks=breaks, own=own)


def stated(code: str, text: str, exhibits: tuple[str, ...] = (), *, breaks: int = 1) -> LetterPart:
    """A fact, by the code of its point."""
    return LetterPart(f"fact:{code}", PartKind.FACT, text, exhibits, code, breaks)


def cited(
    key: str, text: str, exhibits: tuple[str, ...] = (), *, breaks: int = 1, group: str = ""
) -> LetterPart:
    """A rule, or a sentence that rests on one."""
    return LetterPart(f"rule:{key}", PartKind.RULE, text, exhibits, breaks=breaks, group=group)


def numbered(parts: Iterable[LetterPart], group: str) -> list[LetterPart]:
    """Those of ``parts`` that have a text, numbered as ``group`` where they begin a line."""
    return [replace(p, group=group) for p in parts if p.text]


def running(parts: Iterable[LetterPart]) -> list[LetterPart]:
    """``parts`` one after the other in one line."""
    return [replace(p, breaks=0) for p in parts]


def unique(parts: Iterable[LetterPart]) -> tuple[LetterPart, ...]:
    """``parts``, the second of one key with ``#2``, the third with ``#3``."""
    seen: Counter[str] = Counter()
    found = []
    for part in parts:
        seen[part.key] += 1
        count = seen[part.key]
        found.append(replace(part, key=f"{part.key}#{count}") if count > 1 else part)
    return tuple(found)


def prefixes(parts: Sequence[LetterPart]) -> tuple[str, ...]:
    """What stands before each part: its line ends, and its number where it has one."""
    members = Counter(p.group for p in parts if p.group and p.starts_line)
    numbers: Counter[str] = Counter()
    found = []
    for place, part in enumerate(parts):
        before = "\n" * part.breaks if place else ""
        if part.starts_line and members[part.group] > 1:
            numbers[part.group] += 1
            before += f"{numbers[part.group]}. "
        found.append(before)
    return tuple(found)


def join_parts(parts: Sequence[LetterPart]) -> str:
    """The text that ``parts`` make up."""
    return "".join(before + part.text for before, part in zip(prefixes(parts), parts, strict=True))


@dataclass(frozen=True)
class Weighed(Sentence):
    """A part with its weight, for texts with a limit."""

    part: LetterPart


def weighed(part: LetterPart, weight: int) -> Weighed:
    """``part`` as a sentence of that weight."""
    return Weighed(part.text, weight, part)


def shorten_parts(*, told: Iterable[Weighed], limit: int | None) -> list[LetterPart]:
    """The parts that ``shorten`` keeps, in one line."""
    kept = shorten(sentences=told, limit=limit)
    return running(replace(one.part, text=one.text) for one in kept)
