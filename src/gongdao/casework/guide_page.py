"""What a guide page is made of: sections of lines, each line with what stands behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gongdao.core.language import language
from gongdao.rules.model import Article, Deadline, Entry, Status

_ARTICLES_ON_A_LINE = 2


class Basis(StrEnum):
    """What stands behind a line: law, a platform's rule, our own choice, or plain advice."""

    LAW = "law"
    PLATFORM = "platform"
    POLICY = "policy"
    NONE = ""


@dataclass(frozen=True)
class Line:
    """One sentence; ``cite`` names the article where a law stands behind it."""

    text: str
    basis: Basis = Basis.NONE
    cite: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a heading; ``code`` names the section for links and styles."""

    code: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Place:
    """Where to go: a channel with its clocks and limits."""

    code: str
    name: str
    who: str
    achieves: str
    cannot: str
    cost: str
    entry: str
    clocks: tuple[Line, ...]


@dataclass(frozen=True)
class Circumstance:
    """A situation that changes the route: what to do, what never to do, whom to call."""

    code: str
    name: str
    says: str
    do: tuple[str, ...]
    never: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True)
class Guide:
    """One page. ``ask`` is the Chinese sentence to send, ``checked`` the newest day on which one
    of its rules was looked at, ``rules`` their ids and versions."""

    code: str
    title: str
    summary: str
    on: date
    checked: date | None
    sections: tuple[Section, ...]
    ask: str = ""
    places: tuple[Place, ...] = ()
    circumstances: tuple[Circumstance, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def to_do_first(self) -> tuple[Section, ...]:
        """The sections that stand before where to go: what to save and do."""
        return self.sections[: self._law]

    @property
    def to_know(self) -> tuple[Section, ...]:
        """The sections behind where to go, from the law on."""
        return self.sections[self._law :]

    @property
    def details(self) -> frozenset[str]:
        """The sections that a page may fold away."""
        return frozenset({"law", "bars", "policy"})

    @property
    def _law(self) -> int:
        codes = [section.code for section in self.sections]
        return codes.index("law") if "law" in codes else len(codes)


@dataclass
class Used:
    """Notes each rule that a page states something from."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def of(self, entry: Entry) -> Entry:
        """Note ``entry`` and give it back."""
        self.entries[entry.ref] = entry
        return entry

    def all(self, entries: Iterable[Entry]) -> None:
        """Note every one of ``entries``."""
        for entry in entries:
            self.of(entry)

    @property
    def checked(self) -> date | None:
        """The newest day on which one of them was looked at; None without any."""
        return max((entry.checked for entry in self.entries.values()), default=None)

    @property
    def refs(self) -> tuple[str, ...]:
        """Ids and versions, sorted."""
        return tuple(sorted(self.entries))


def text_of(entry: object, name: str) -> str:
    """The field ``name`` of an entry in the language in use."""
    return str(getattr(entry, f"{name}_en" if language() == "en" else name))


def texts_of(entry: object, name: str) -> tuple[str, ...]:
    """The list ``name`` of an entry in the language in use."""
    return tuple(getattr(entry, f"{name}_en" if language() == "en" else name))


def basis_of(status: Status) -> Basis:
    """What a status means to a reader."""
    return {Status.HOUSE_POLICY: Basis.POLICY, Status.PLATFORM_RULE: Basis.PLATFORM}.get(
        status, Basis.LAW
    )


def cite(articles: Iterable[Article]) -> str:
    """The first articles by their short names; all of them stand among the rules of the page."""
    return "、".join(a.cite_short for a in list(articles)[:_ARTICLES_ON_A_LINE])


def clock_line(deadline: Deadline, articles: Iterable[Article]) -> Line:
    """A time limit as one line, with the articles it rests on."""
    name = text_of(deadline, "name")
    says = text_of(deadline, "says")
    colon = ": " if language() == "en" else "："
    return Line(f"{name}{colon}{says}", basis_of(deadline.status), cite(articles))
