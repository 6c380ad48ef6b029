"""Which version of an entry was in force on a day."""

from __future__ import annotations

from datetime import date

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
    begun = [e for e in versions if e.in_force_from <= on]
    if not begun or (begun[-1].in_force_to is not None and begun[-1].in_force_to < on):
        return None
    return begun[-1]


def at(id: str, *, on: date, rules: Rules | None = None) -> Entry:
    """The version of ``id`` in force on ``on``; raise NotKnown with a sentence if none was."""
    entry = find_at(id, on=on, rules=rules)
    if entry is None:
        raise NotKnown(_("“{id}”在 {day} 没有有效的版本。").format(id=id, day=on.isoformat()))
    return entry


def all_at(*, on: date, rules: Rules | None = None) -> tuple[Entry, ...]:
    """Every entry in force on ``on``, by id."""
    known = rules or load_rules()
    found = (find_at(key, on=on, rules=known) for key in sorted(known.by_id))
    return tuple(e for e in found if e is not None)
