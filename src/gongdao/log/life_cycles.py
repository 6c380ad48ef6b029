"""Which leaf may follow which on one subject: a table, checked by whoever appends and by whoever
audits. Pure; the rooms contribute their part in a ``log_moves.py``, front holds the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _


class IllegalStep(GongdaoError):
    """A leaf may not follow the subject's leaf before it; ``before`` None: may not be its first."""

    code = "illegal_step"
    status = 409

    def __init__(self, type_: str, before: str | None) -> None:
        self.type, self.before = type_, before
        said = (
            _("公开日志里不能以“{type}”开始。").format(type=type_)
            if before is None
            else _("公开日志里“{before}”之后不能是“{type}”。").format(before=before, type=type_)
        )
        super().__init__(said)


@dataclass(frozen=True)
class LifeCycle:
    """The legal types of a kind of subjects: those that may come ``first``, and those that may
    come ``after`` each type (a type that is no key there is the last one)."""

    kind: str
    first: frozenset[str]
    after: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        types = set(self.first) | set(self.after)
        types |= {one for followers in self.after.values() for one in followers}
        if foreign := sorted(one for one in types if one.partition(".")[0] != self.kind):
            raise ValueError(f"types of another kind than {self.kind}: {foreign}")
        object.__setattr__(self, "after", MappingProxyType(dict(self.after)))

    def allows(self, type_: str, before: str | None) -> bool:
        """Whether ``type_`` may follow ``before``, or begin where that is None."""
        return type_ in (self.first if before is None else self.after.get(before, frozenset()))


LifeCycles = Mapping[str, LifeCycle]
"""The life cycle of each kind."""


def join_cycles(*parts: Iterable[LifeCycle]) -> LifeCycles:
    """One table of what the rooms contribute; ValueError where two claim one kind."""
    found: dict[str, LifeCycle] = {}
    for part in parts:
        for cycle in part:
            if cycle.kind in found:
                raise ValueError(f"two life cycles for {cycle.kind}")
            found[cycle.kind] = cycle
    return MappingProxyType(found)


def check_step(cycles: LifeCycles, type_: str, before: str | None) -> None:
    """Raise IllegalStep unless the table lets ``type_`` follow ``before`` on one subject."""
    cycle = cycles.get(type_.partition(".")[0])
    if cycle is None or not cycle.allows(type_, before):
        raise IllegalStep(type_, before)
