"""Which published limits against abuse are reached, on either side. Pure.

There is no score: a limit is a rule with counted facts, a measure, an end and a way to appeal. None
changes what trusted facts decide (``decide_liability`` never asks for these findings).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.disputes.conditions import holds, names_of
from gongdao.disputes.facts import Fact, Facts
from gongdao.rules.dispute_kinds import AbuseRule


class Measure(StrEnum):
    """What follows."""

    WARN = "warn"
    ASK_RECORDING = "ask_recording"
    """The buyer is asked to record from before the reveal."""
    PERSON_FIRST = "person_first"
    """What records alone cannot decide goes to a person at once, before any offer or silence."""
    LIMIT_CASES = "limit_cases"
    HOLD = "hold"
    """Payouts wait: with this ground, this end, and an appeal to a person (F4)."""


@dataclass(frozen=True)
class AbuseFinding:
    """A limit that is reached: ``rule`` by ref, whom it concerns (buyer, merchant, both), the
    measure, when it ends by itself, and the facts it rests on."""

    rule: str
    who: str
    measure: Measure
    until: datetime
    facts: tuple[Fact, ...]
    ground: str
    ground_en: str


def decide_abuse(
    *, facts: Facts, rules: Iterable[AbuseRule], at: datetime
) -> tuple[AbuseFinding, ...]:
    """Every limit that ``facts`` reach at ``at``, by id. A fact that is not known, or that a party
    told, reaches none."""
    found = []
    for rule in sorted(rules, key=lambda one: one.id):
        names = sorted({name for one in rule.when for name in names_of(one)})
        used = tuple(fact for name in names if (fact := facts.by_name.get(name)))
        if not all(holds(one, facts) for one in rule.when) or not all(f.automatic for f in used):
            continue
        found.append(
            AbuseFinding(
                rule=rule.ref,
                who=rule.who,
                measure=Measure(rule.measure),
                until=at + timedelta(hours=rule.hours),
                facts=used,
                ground=rule.says,
                ground_en=rule.says_en,
            )
        )
    return tuple(found)
