"""Which published limits against abuse a case reaches, on either side: said as an event that both
read, told to whom it concerns with its ground, its end and how to appeal (F4). No score, nothing
secret.

What a limit does while it stands: ``hold`` keeps payouts back, ``warn`` is told and shown,
``person_first`` and ``ask_recording`` change the way of a case that records cannot decide
(`judge.follow_rules`). A person who lifts one on appeal lifts it for all of its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from gongdao.core.subject import SubjectRef
from gongdao.disputes.decide_abuse import AbuseFinding, Measure, decide_abuse
from gongdao.disputes.events import Docket
from gongdao.disputes.facts import Facts, Value
from gongdao.disputes.hold_ground import find_grounds, measure_of, place_ground
from gongdao.disputes.learning_models import HoldGround
from gongdao.disputes.models import Case, Event
from gongdao.disputes.states import Mover
from gongdao.rules.dispute_kinds import AbuseRule
from gongdao.rules.dispute_queries import abuse_rules


@lru_cache(maxsize=8)
def _rules(on: date) -> tuple[AbuseRule, ...]:
    return abuse_rules(on)


def buyer_subject(digest: bytes | memoryview) -> SubjectRef:
    """A buyer as what a limit stands against: with an account or without, by his digest."""
    return SubjectRef("buyer", UUID(bytes=bytes(digest)[:16]))


def side_subject(case: Case, side: Mover) -> SubjectRef:
    """The buyer or the merchant of ``case`` as what a limit stands against."""
    if side is Mover.BUYER:
        return buyer_subject(case.buyer_digest)
    return SubjectRef("merchant", case.merchant_id)


def note_limits(docket: Docket, facts: Facts) -> frozenset[Measure]:
    """Let every limit that ``facts`` reach begin, and say which stand, once in a case. The measures
    in force for its buyer."""
    case = docket.case
    found = decide_abuse(facts=facts, rules=_rules(case.rules_on), at=docket.at)
    placed = [row for one in found if (row := _place(docket, one))]
    buyer = side_subject(case, Mover.BUYER)
    standing = {row.id: row for row in (*placed, *find_grounds(subject=buyer, at=docket.at))}
    for row in _unsaid(case, list(standing.values())):
        _say(docket, row)
    about_him = [row for row in standing.values() if row.subject_kind == buyer.kind]
    return frozenset(measure_of(row) for row in about_him)


def measures_of_buyer(case: Case, at: datetime) -> frozenset[Measure]:
    """The measures in force for the buyer of ``case`` at this moment."""
    grounds = find_grounds(subject=side_subject(case, Mover.BUYER), at=at)
    return frozenset(map(measure_of, grounds))


def _place(docket: Docket, found: AbuseFinding) -> HoldGround | None:
    """The limit as it stands; None where a person lifted it for its time."""
    side = Mover.BUYER if found.who == "buyer" else Mover.MERCHANT
    subject = side_subject(docket.case, side)
    ground = found.rule.partition("@")[0].rpartition("/")[2]
    rows = HoldGround.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, ground=ground, until__gt=docket.at
    )
    there = list(rows.order_by("-placed_at")[:1])
    if there:
        return None if there[0].lifted_at is not None else there[0]
    docket.warn(side)
    if found.who == "both":
        docket.warn(Mover.BUYER)
    return place_ground(
        subject=subject,
        ground=ground,
        rule=found.rule,
        until=found.until,
        facts={fact.name.value: _plain(fact.value) for fact in found.facts},
        at=docket.at,
    )


def _unsaid(case: Case, rows: list[HoldGround]) -> Iterator[HoldGround]:
    if not rows:
        return
    events = Event.objects.filter(case_id=case.id, kind="limited")
    said = set(events.values_list("data__rule", flat=True))
    yield from (row for row in rows if row.rule not in said)


def _say(docket: Docket, row: HoldGround) -> None:
    docket.note(
        "limited",
        rule=row.rule,
        who=row.subject_kind,
        measure=measure_of(row).value,
        facts=row.facts,
        until=row.until.isoformat(),
        begins=row.placed_at == docket.at,
    )


def _plain(value: Value) -> bool | int | str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else value
