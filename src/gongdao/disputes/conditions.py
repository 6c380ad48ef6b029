"""Whether a condition of a rule holds for the facts: yes, no, or not known. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from gongdao.disputes.facts import FactName, Facts, Value
from gongdao.rules.dispute_kinds import Condition


def holds(condition: Condition, facts: Facts) -> bool | None:
    """True, False, or None where a fact that it needs is not known.

    Raise ValueError for a fact that does not exist or types that cannot be compared: a table that
    ``check_tables`` has passed does neither.
    """
    value = facts.get(FactName(condition.fact))
    if value is None:
        return None
    if condition.one_of:
        return _written(value) in condition.one_of
    if condition.at_least is not None:
        return _whole(value) >= condition.at_least
    if condition.below is not None:
        return _whole(value) < condition.below
    other = facts.get(FactName(condition.over or condition.not_over))
    if other is None:
        return None
    greater = _greater(value, other, condition.plus)
    return greater if condition.over else not greater


def names_of(condition: Condition) -> tuple[FactName, ...]:
    """The facts that a condition reads."""
    other = condition.over or condition.not_over
    return (FactName(condition.fact), *((FactName(other),) if other else ()))


def missing_of(condition: Condition, facts: Facts) -> tuple[FactName, ...]:
    """Those of its facts that are not known."""
    return tuple(name for name in names_of(condition) if facts.get(name) is None)


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is no number")
    return value


def _greater(value: Value, other: Value, plus: int) -> bool:
    if isinstance(value, datetime) and isinstance(other, datetime):
        return value > other + timedelta(minutes=plus)
    return _whole(value) > _whole(other) + plus
