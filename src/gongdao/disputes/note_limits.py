"""Say which published limits against abuse a new case reaches, on either side, and hold payouts
back where the rule says so: with its ground, its end and an appeal. No score, nothing secret."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_abuse import Measure, decide_abuse
from gongdao.disputes.events import Docket
from gongdao.disputes.facts import Facts
from gongdao.disputes.hold_ground import place_ground
from gongdao.rules.dispute_kinds import AbuseRule
from gongdao.rules.dispute_queries import abuse_rules


@lru_cache(maxsize=8)
def _rules(on: date) -> tuple[AbuseRule, ...]:
    return abuse_rules(on)


def note_limits(docket: Docket, facts: Facts) -> None:
    """Note every limit that ``facts`` reach as an event that both sides read."""
    case = docket.case
    for found in decide_abuse(facts=facts, rules=_rules(case.rules_on), at=docket.at):
        counted = {fact.name.value: _plain(fact.value) for fact in found.facts}
        docket.note(
            "limited",
            rule=found.rule,
            who=found.who,
            measure=found.measure.value,
            facts=counted,
            until=found.until.isoformat(),
        )
        if found.measure is Measure.HOLD:
            place_ground(
                subject=SubjectRef("merchant", case.merchant_id),
                ground=found.rule.partition("@")[0].rpartition("/")[2],
                rule=found.rule,
                until=found.until,
                facts=counted,
                at=docket.at,
            )


def _plain(value: bool | int | str | datetime) -> bool | int | str:
    return value.isoformat() if isinstance(value, datetime) else value
