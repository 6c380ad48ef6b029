"""Which version of an entry was in force on a day."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from gongdao.core.errors import NotKnown
from gongdao.core.language import gettext as _
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.model import Entry


def find_at(id: str, *, on: date, rules: Rules | None = None) -> Entry | None:
    """The version of ``id`` in force on ``on``, or None if none was.

    The highest version that had begun decides: a later version replaces an earlier one from its
    own first day, and ends the rule where it names a last day. Raise NotKnown for an unknown id.
    """
    versions = (rules or load_rules()).by_id.get(id)
    if not versions:
        raise NotKnown(_("规则数据中没有“{id}”。").format(id=id))
    for entry in reversed(versions):
        if entry.in_force_from <= on:
            over = entry.in_force_to is not None and entry.in_force_to < on
            return None if over else entry
    return None


def at(id: str, *, on: date, rules: Rules | None = None) -> Entry:
    """The version of ``id`` in force on ``on``; raise NotKnown with a sentence if none was."""
    entry = find_at(id, on=on, rules=rules)
    if entry is None:
        raise NotKnown(_("“{id}”在 {day} 没有有效的版本。").format(id=id, day=on.isoformat()))
    return entry


def all_at(*, on: date, rules: Rules | None = None) -> tuple[Entry, ...]:
    """Every entry in force on ``on``, by id."""
    return _all_at(rules or load_rules(), on)


@lru_cache(maxsize=64)
def _all_at(rules: Rules, on: date) -> tuple[Entry, ...]:
    """Asked for several times by every judgement, nearly always of the same day."""
    found = (find_at(key, on=on, rules=rules) for key in sorted(rules.by_id))
    return tuple(e for e in found if e is not None)
