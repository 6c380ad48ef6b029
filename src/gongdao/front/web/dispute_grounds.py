"""Holds with a ground (F4) as people read them: which published rule, what is recorded, until when,
and what was said against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.errors import NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.language import language, translated
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.events import read_words
from gongdao.disputes.facts import FACTS, FactName
from gongdao.disputes.hold_ground import REASON, find_grounds
from gongdao.disputes.models import Case, HoldGround
from gongdao.disputes.note_limits import side_subject
from gongdao.disputes.states import Mover
from gongdao.front.web.dispute_words import PARTIES, said
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import AbuseRule


def ground_rows(
    *, stores: Stores, grounds: Iterable[HoldGround], at: datetime
) -> list[dict[str, Any]]:
    """Each ground in words."""
    return [_row(stores, one, at) for one in grounds]


def grounds_of(
    *, stores: Stores, case: Case, side: Mover, at: datetime, address: Callable[[UUID], str]
) -> list[dict[str, Any]]:
    """What stands against ``side`` of a case, in words, with the ``address`` of its appeal."""
    found = find_grounds(subject=side_subject(case, side), at=at)
    return [_row(stores, one, at) | {"appeal_url": address(one.id)} for one in found]


def _row(stores: Stores, one: HoldGround, at: datetime) -> dict[str, Any]:
    name, says = _rule_words(one)
    return {
        "id": one.id,
        "about": f"{said(PARTIES, one.subject_kind)} {one.subject_id}",
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
    if name == REASON:
        return _("理由")
    known = {one.value: one for one in FactName}
    return translated(FACTS[known[name]].meaning) if name in known else name
