"""Holds with a ground (F4) as people read them: which published rule, what is recorded, until when,
and what was said against it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gongdao.core.errors import NotKnown
from gongdao.core.language import language, translated
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.events import read_words
from gongdao.disputes.facts import FACTS, FactName
from gongdao.disputes.models import HoldGround
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import AbuseRule


def ground_rows(
    *, stores: Stores, grounds: Iterable[HoldGround], at: datetime
) -> list[dict[str, Any]]:
    """Each ground in words."""
    return [_row(stores, one, at) for one in grounds]


def _row(stores: Stores, one: HoldGround, at: datetime) -> dict[str, Any]:
    name, says = _rule_words(one)
    return {
        "id": one.id,
        "about": f"{one.subject_kind} {one.subject_id}",
        "name": name,
        "says": says,
        "rule": one.rule,
        "limit": Money(one.limit_minor, one.currency) if one.limit_minor is not None else None,
        "until": one.until,
        "placed_at": one.placed_at,
        "facts": [(_fact_name(name), value) for name, value in sorted(one.facts.items())],
        "appealed_at": one.appealed_at,
        "appeal": read_words(stores, one.id, one.sealed_appeal, at) if one.appealed_at else "",
    }


def _rule_words(one: HoldGround) -> tuple[str, str]:
    """Name and sentence of the published rule; a rule of another kind shows its ref."""
    try:
        rule = rule_at(one.rule.partition("@")[0], on=one.placed_at.date())
    except NotKnown:
        return one.rule, ""
    if not isinstance(rule, AbuseRule):
        return one.rule, ""
    english = language() == "en"
    return (rule.name_en, rule.says_en) if english else (rule.name, rule.says)


def _fact_name(name: str) -> str:
    known = {one.value: one for one in FactName}
    return translated(FACTS[known[name]].meaning) if name in known else name
