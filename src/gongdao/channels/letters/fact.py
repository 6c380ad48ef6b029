"""One fact, in full, in few words, and fit for the public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.channels.letters.matter import Matter
from gongdao.channels.letters.part import LetterPart, Weighed, stated, weighed


@dataclass(frozen=True)
class Wording:
    """A fact without its full stop: in full, in few words, and for the public (each falls back
    to the one before)."""

    full: str
    short: str = ""
    public: str = ""


@dataclass(frozen=True)
class Fact:
    """``code`` names the point; ``exhibits`` empty: only the buyer says so; the heavier the more
    important (100 the payment, 90 the breach, 40 colour)."""

    matter: Matter
    code: str
    wording: Wording
    exhibits: tuple[str, ...]
    weight: int
    at: datetime | None = None
    """When it happened, where that orders it among the others."""

    @property
    def body(self) -> str:
        """The sentence without exhibits and full stop."""
        return self.wording.full

    @property
    def full(self) -> str:
        """The whole sentence with its exhibits."""
        return f"{self.wording.full}{self.matter.cite(self.exhibits)}。"

    @property
    def short(self) -> str:
        """In few words, with its exhibits."""
        return f"{self.wording.short or self.wording.full}{self.matter.cite(self.exhibits)}。"

    def part(self, *, breaks: int = 1) -> LetterPart:
        """The whole sentence as a part of a letter."""
        return stated(self.code, self.full, self.exhibits, breaks=breaks)

    def weigh(self, weight: int | None = None) -> Weighed:
        """The fact in few words, with its own weight unless another is given."""
        part = stated(self.code, self.short, self.exhibits, breaks=0)
        return weighed(part, self.weight if weight is None else weight)
