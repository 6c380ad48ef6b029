"""An excuse that records show waits for nobody; silence does not fell it."""

from __future__ import annotations

import pytest
from tests.disputes.disputes_kit import HOUR, LATE, MERCHANT, complain, delivered, tell

from gongdao.disputes.fire_clocks import fire_due_clocks
from gongdao.disputes.models import RecordedFact, Verdict
from gongdao.disputes.say import name_excuse
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.stores import get_stores
from gongdao.market.models import Finding
from gongdao.vault.models import Claim, StatusCheck, Unit

pytestmark = pytest.mark.django_db(transaction=True)


def excused(one, code="system_delay"):
    """A complaint that the merchant answers with an excuse, an hour later."""
    case = complain(one, ReasonCode.ALREADY_USED)
    words = "平台当时有故障。"
    given = {"stores": get_stores(), "case_id": case.id, "code": code, "words": words}
    name_excuse(**given, by=MERCHANT, at=LATE + HOUR)
    case.refresh_from_db()
    return case


def find(one):
    """The watchdog found a fault of the platform's at the order."""
    Finding.objects.create(
        order=one, code="payment_unknown", deed="honour", found_at=LATE, acted_at=LATE
    )


def lapse(case):
    """The clock runs out, and its side had been told."""
    tell(case, LATE + HOUR)
    done = fire_due_clocks(stores=get_stores(), at=LATE + 26 * HOUR)
    case.refresh_from_db()
    return dict(done.deeds)


def test_shown_by_records_a_person_has_it_at_once():
    """The fault is on record: nobody has to show it, and the facts it rests on are kept."""
    one = delivered()
    find(one)
    case = excused(one)
    assert (case.step, case.mover) == (Step.ARBITER, "platform")
    kept = RecordedFact.objects.filter(case=case, name="platform_incident").order_by("-round")[0]
    assert (kept.value, kept.source, kept.round) == (True, "platform", case.moves)
    assert not case.events.filter(kind="excused", data__fell=True).exists()


def test_not_on_record_it_has_to_be_shown():
    """The control: without a record the merchant has to show it, and with his silence it falls."""
    case = excused(delivered())
    assert case.step == Step.MERCHANT_PROOF
    assert lapse(case) == {"claim_stands": 1}
    assert case.events.filter(kind="excused", data__fell=True).count() == 1


def test_recorded_meanwhile_it_does_not_fall():
    """A record that came after the excuse was named shows it when the time is over."""
    one = delivered()
    case = excused(one)
    find(one)
    assert lapse(case) == {"shown": 1}
    assert case.step == Step.ARBITER and not Verdict.objects.exists()
    assert not case.events.filter(kind="excused", data__fell=True).exists()


def test_what_records_decide_is_decided_with_it():
    """The issuer has answered by now: the buyer gets his money at once, and the fault is where the
    excuse puts it."""
    one = delivered()
    case = complain(one, ReasonCode.ALREADY_USED)
    find(one)
    unit = Unit.objects.get(id=Claim.objects.get(owner_kind="order", owner_id=one.id).unit_id)
    told = {"sealed_id": unit.sealed_id, "batch_id": unit.batch_id, "port": "p", "at": LATE}
    StatusCheck.objects.create(**told, status="invalid")
    given = {"stores": get_stores(), "case_id": case.id, "code": "system_delay", "words": "故障。"}
    name_excuse(**given, by=MERCHANT, at=LATE + HOUR)
    case.refresh_from_db()
    verdict = Verdict.objects.get()
    assert case.step == Step.EXECUTING and verdict.automatic
    assert verdict.fault == {"platform": 100}
