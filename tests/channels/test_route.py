"""Which channels are open, later, spent or barred, and why [C5]."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SILENT,
    Story,
    at,
    contact,
    demand_talk,
    failure,
    page,
)

from gongdao.channels.route import ORDER as CHANNELS
from gongdao.channels.route import Routes, State
from gongdao.core.codes import Payment
from gongdao.evidence.statement import Buyer

BASE = Story(
    reasons=("invalid_secret",), pages=(*FULL, failure()), talks=(demand_talk(),), contacts=SILENT
)
ESCALATE = {"management", "social", "payment", "board", "consumer_association",
            "regulator_complaint", "regulator_report", "court"}  # fmt: skip


def routes(**more: Any) -> Routes:
    """The routes of the usual case with changes."""
    return replace(BASE, **more).judged().routes


def test_a_full_case_has_all_but_the_desk_and_the_police():
    """The platform was silent for more than two days."""
    assert set(routes().open()) == ESCALATE
    assert routes().state("in_platform") is State.SPENT
    assert [r.channel for r in routes().routes] == list(CHANNELS)


@pytest.mark.parametrize(
    ("waited", "opened"),
    [(timedelta(hours=47, minutes=59), False), (timedelta(hours=48), True),
     (timedelta(hours=48, minutes=1), True)],
)  # fmt: skip
def test_the_platform_has_forty_eight_hours(waited, opened):
    """House policy, to the minute."""
    found = routes(as_of=at("11-03 10:00:00") + waited)
    assert (found.state("management") is State.OPEN) is opened
    assert (found.state("board") is State.OPEN) is opened
    assert (found.state("in_platform") is State.OPEN) is not opened


def test_a_saved_ticket_stands_for_a_contact_that_was_not_noted():
    """The ticket itself says when the platform was asked."""
    ticket = page("after/t.png", "complaint_receipt", ticket_no="TS1", at="2026-11-03 10:00:00")
    found = routes(pages=(*BASE.pages, ticket), contacts=SILENT[:1])
    assert found.state("management") is State.OPEN
    assert routes(contacts=SILENT[:1]).state("management") is State.LATER


@pytest.mark.parametrize("outcome", ["rejected", "refused", "shifted"])
def test_a_platform_that_turned_the_buyer_away_opens_its_management(outcome):
    """No need to wait for a second no."""
    found = routes(contacts=(contact("11-19 09:00:00", "platform", outcome),))
    assert found.state("in_platform") is State.SPENT
    assert {"management", "board"} <= set(found.open())


def test_accepted_is_no_answer_of_a_platform():
    """A ticket that was taken on is still unanswered."""
    found = routes(contacts=(contact("11-03 10:00:00", "platform", "accepted"),))
    assert found.state("management") is State.OPEN


def test_filed_with_the_regulator_bars_nothing():
    """Filed is not accepted."""
    found = routes(contacts=(*SILENT, contact("11-10 09:00:00", "regulator", "no_answer", "form")))
    assert {"regulator_complaint", "consumer_association", "court"} <= set(found.open())


def test_accepted_by_the_regulator_bars_a_second_complaint_but_no_court():
    """12315 and court are two things."""
    found = routes(contacts=(*SILENT, contact("11-10 09:00:00", "regulator", "accepted", "form")))
    assert found.state("regulator_complaint") is State.BARRED
    assert {"court", "regulator_report"} <= set(found.open())


def test_accepted_by_the_association_bars_the_regulator():
    """12315 refuses what a consumer association has accepted."""
    found = routes(contacts=(*SILENT, contact("11-10 09:00:00", "association", "accepted", "form")))
    assert found.state("regulator_complaint") is State.BARRED
    assert found.state("consumer_association") is State.SPENT
    assert found.state("court") is State.OPEN


def test_an_associations_paper_is_not_taken_for_12315():
    """The status page names the body."""
    paper = page("after/xx.png", "complaint_receipt", accepted_at="2026-11-12 09:30:00",
                 lines=("示例市消费者协会 投诉登记",))  # fmt: skip
    found = routes(pages=(*BASE.pages, paper))
    assert found.state("consumer_association") is State.SPENT
    assert found.state("regulator_complaint") is State.BARRED


@pytest.mark.parametrize("party", ["regulator", "association"])
def test_a_body_that_rejected_is_spent(party):
    """Not twice with the same paper."""
    found = routes(contacts=(*SILENT, contact("11-10 09:00:00", party, "rejected", "form")))
    channel = {"regulator": "regulator_complaint", "association": "consumer_association"}[party]
    assert found.state(channel) is State.SPENT


def test_a_reseller_has_no_consumer_bodies():
    """Bought for resale."""
    found = routes(buyer=Buyer(own_use=False))
    for channel in ("regulator_complaint", "consumer_association", "board"):
        assert found.state(channel) is State.BARRED
    assert {"court", "payment", "regulator_report"} <= set(found.open())


def test_an_unknown_respondent_keeps_the_court_shut():
    """A name and a code or address are needed."""
    found = routes(pages=(FULL[2], FULL[3], failure()))
    assert found.state("court") is State.LATER
    assert "regulator_complaint" in found.open()


def test_an_unnamed_respondent_keeps_consumer_bodies_shut():
    """Nobody can be complained of."""
    order = replace(ORDER, merchant="")
    found = routes(order=order, pages=(page("during/r.png", "payment_receipt", amount="98.00"),))
    assert found.state("regulator_complaint") is State.LATER


def test_paid_from_the_balance_leaves_the_payment_service_out():
    """It never saw this payment."""
    assert routes(order=replace(ORDER, payment=Payment.BALANCE)).state("payment") is State.LATER


def test_police_only_where_fraud_is_suspected():
    """A breach of contract is no crime."""
    assert routes().state("police") is State.LATER
    assert routes(suspect_fraud=True).state("police") is State.OPEN


def test_solved_closes_what_would_escalate():
    """Who was paid back does not go on."""
    judged = replace(
        BASE, contacts=(*SILENT, contact("11-12 09:00:00", "merchant", "solved"))
    ).judged()
    assert judged.routes.open() == ()
    assert judged.next == ["do_not_escalate"]


@pytest.mark.parametrize(
    ("now", "state"), [("2029-11-05T23:59:59", State.OPEN), ("2029-11-06T00:00:01", State.LATER)]
)
def test_the_limitation_day(now, state):
    """Three years after the last demand; 3 November 2029 is a Saturday, so Monday counts."""
    late = at(f"{now}+08:00")
    assert routes(as_of=late, contacts=SILENT).state("court") is state
