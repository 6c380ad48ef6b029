"""An excuse moves nothing by being said: shown in time, by records or by a person's weighing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.facts_kit import AT, ON, facts, told_by

from gongdao.disputes.decide_excuse import (
    Effect,
    ExcuseCode,
    ExcuseState,
    NamedExcuse,
    apply_excuses,
    judge_excuse,
)
from gongdao.disputes.decide_liability import Finding, Mode, Party, Remedy, decide
from gongdao.disputes.facts import FactName, Source
from gongdao.rules.dispute_queries import excuse, excuses, liability

OVERDUE = {"delivered": False, "delivered_units": 0, "promise_by": AT - timedelta(hours=1)}
SHOWN = [
    (ExcuseCode.SYSTEM_DELAY, {"platform_incident": True}, Effect.SHIFTS_FAULT),
    (ExcuseCode.THIRD_PARTY, {"gateway_incident": True}, Effect.SHIFTS_FAULT),
    (ExcuseCode.UPSTREAM, {"supplier_state": "rejected"}, Effect.SHIFTS_FAULT),
    (ExcuseCode.ALREADY_PAID_OUT, {"paid_out": True}, Effect.CHANGES_NOTHING),
    (
        ExcuseCode.VIRTUAL_GOODS,
        {"defect_claimed": False, "revealed": True, "no_return_confirmed": True},
        Effect.DEFEATS_CLAIM,
    ),
    (
        ExcuseCode.USER_ERROR,
        {
            "issuer_status": "used",
            "issuer_tells_time": True,
            "issuer_used_at": AT,
            "revealed": True,
            "revealed_at": AT - timedelta(minutes=5),
            "test_told": "works",
        },
        Effect.DEFEATS_CLAIM,
    ),
]


def judged(code: ExcuseCode, hours: int, **known: object):
    """The excuse, named at ``AT``, judged so many hours later."""
    named = NamedExcuse(excuse(code, ON), AT)
    return judge_excuse(named=named, facts=facts(**known), at=AT + timedelta(hours=hours))


def claim() -> Finding:
    """A finding that grants a full refund."""
    known = facts(**OVERDUE, platform_incident=False, gateway_incident=False)
    return decide(facts=known, table=liability("not_delivered", ON))


def test_every_excuse_says_what_by_whom_until_when():
    """Each excuse of the code has its rule with a bearer of the burden, hours and a proof."""
    assert {rule.code for rule in excuses(ON)} == set(ExcuseCode)
    for rule in excuses(ON):
        assert rule.hours > 0 and rule.by == "merchant" and rule.proofs
        assert rule.needs and rule.needs_en and rule.falls and rule.falls_en


@pytest.mark.parametrize("code", list(ExcuseCode))
def test_said_alone_it_falls(code):
    """Without facts it is open until its hours are over, and then it falls."""
    assert judged(code, 23).state is ExcuseState.OPEN
    fallen = judged(code, 24)
    assert fallen.state is ExcuseState.FALLS
    assert fallen.missing
    assert apply_excuses(claim(), [fallen]) == claim()


@pytest.mark.parametrize(("code", "known", "effect"), SHOWN)
def test_shown_by_records_it_holds(code, known, effect):
    """Shown by records of platform, gateway, supplier or issuer it holds, with its effect."""
    found = judged(code, 1, **known)
    assert (found.state, found.effect) == (ExcuseState.SHOWN, effect)


@pytest.mark.parametrize(("code", "known", "effect"), SHOWN)
def test_what_it_changes(code, known, effect):
    """Shifting fault leaves the buyer's money as it is; defeating takes it; nothing else moves."""
    before = claim()
    after = apply_excuses(before, [judged(code, 1, **known)])
    if effect is Effect.DEFEATS_CLAIM:
        assert (after.remedy, after.amount_minor) == (Remedy.NONE, 0)
    else:
        assert (after.remedy, after.amount_minor) == (before.remedy, before.amount_minor)
        assert sum(part.minor for part in after.parts) == after.amount_minor
    assert (after.parts != before.parts) == (effect is not Effect.CHANGES_NOTHING)


def test_upstream_still_pays_through_the_merchant():
    """A supplier's fault is borne by the merchant first."""
    after = apply_excuses(claim(), [judged(ExcuseCode.UPSTREAM, 1, supplier_state="unknown")])
    assert [(p.party, p.bearer) for p in after.parts] == [(Party.SUPPLIER, Party.MERCHANT)]


def test_what_the_merchant_brings_a_person_weighs():
    """Evidence that the merchant uploads shows an excuse only to a person: the case is his then."""
    found = judged(ExcuseCode.USER_ERROR, 1, buyer_misused=True)
    known = told_by(facts(buyer_misused=True), FactName.BUYER_MISUSED, Source.MERCHANT)
    named = NamedExcuse(excuse("user_error", ON), AT)
    weighed = judge_excuse(named=named, facts=known, at=AT)
    assert weighed.state is ExcuseState.PERSON
    after = apply_excuses(claim(), [weighed])
    assert (after.mode, after.remedy) == (Mode.PERSON, Remedy.NONE)
    assert FactName.BUYER_MISUSED in after.untrusted
    assert found.proof == "misused"


def test_a_claimed_defect_answers_virtual_goods():
    """No refund on virtual goods falls where a defect is claimed."""
    known = {"defect_claimed": True, "revealed": True, "no_return_confirmed": True}
    assert judged(ExcuseCode.VIRTUAL_GOODS, 24, **known).state is ExcuseState.FALLS


def test_an_excuse_does_nothing_where_nothing_is_granted():
    """Where the buyer gets nothing anyway, excuses leave the finding as it is."""
    known = facts(delivered=True)
    refused = decide(facts=known, table=liability("not_delivered", ON))
    shown = judged(ExcuseCode.SYSTEM_DELAY, 1, platform_incident=True)
    assert apply_excuses(refused, [shown]) == refused
