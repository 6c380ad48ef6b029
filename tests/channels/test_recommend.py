"""What to do next, best first."""

from __future__ import annotations

from dataclasses import replace
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
    licence,
    listing,
    order_page,
    receipt,
)
from tests.evidence.dossier_kit import L as Said
from tests.evidence.reason_stories import STORIES, TOPUP

from gongdao.channels.recommend import recommend
from gongdao.core.codes import Category

BASE = Story(
    reasons=("invalid_secret",), pages=(*FULL, failure()), talks=(demand_talk(),), contacts=SILENT
)


def nexts(**more: Any) -> list[str]:
    """The steps of the usual case with changes."""
    return replace(BASE, **more).judged().next


def test_a_silent_platform_goes_to_its_management_first():
    """Then where the money went."""
    assert nexts()[:2] == ["management", "payment"]


def test_a_big_amount_moves_regulator_and_court_up():
    """House policy: over 500 yuan."""
    big = nexts(amount="980.00")
    assert big[:3] == ["payment", "regulator_complaint", "court"]


@pytest.mark.parametrize(("amount", "first"), [("500.00", "management"), ("500.01", "payment")])
def test_the_threshold_is_more_than_five_hundred(amount, first):
    """500 is not over 500."""
    assert nexts(amount=amount)[0] == first


@pytest.mark.parametrize(
    ("party", "steps"),
    [("regulator", ["wait_for_regulator", "supplement_regulator"]),
     ("association", ["wait_for_association", "supplement_association"])],
)  # fmt: skip
@pytest.mark.parametrize("outcome", ["accepted", "no_answer", "promised"])
def test_a_body_that_has_the_case_is_waited_for(party, steps, outcome):
    """Wait, and add what is new."""
    pressed = (*SILENT, contact("11-13 09:00:00", party, outcome, "form"))
    assert nexts(contacts=pressed)[:2] == steps


def test_a_regulator_past_its_time_is_asked_not_waited_for():
    """Sixty days of mediation have gone."""
    pressed = (*SILENT, contact("11-05 09:00:00", "regulator", "accepted", "form"))
    steps = nexts(contacts=pressed, as_of=at("2027-02-20T10:00:00+08:00"))
    assert steps[0] == "supplement_regulator"
    assert "wait_for_regulator" not in steps


def test_suspected_fraud_goes_to_the_police_first():
    """And the payment service to stop the money."""
    assert nexts(suspect_fraud=True)[:2] == ["police", "payment"]


def test_others_with_the_same_secret_join():
    """A group is named before single steps."""
    judged = BASE.judged()
    steps = recommend(judged.dossier, judged.closure, judged.routes, group=True)
    assert steps[0].code == "join_group"


@pytest.mark.parametrize("reason", ["already_redeemed", "duplicate_secret", "reclaimed_or_banned"])
def test_the_issuer_is_asked_where_its_record_decides(reason):
    """Before anything is escalated."""
    assert nexts(reasons=(reason,), pages=(*FULL, failure("已被使用")))[0] == "ask_issuer"


def test_the_account_is_looked_at_first():
    """Nobody complains of a top-up without having looked."""
    pages = (listing(), licence(), order_page(delivered_at=""), receipt())
    assert nexts(order=TOPUP, reasons=("topup_not_credited",), pages=pages)[0] == "check_balance"
    direct = replace(ORDER, category=Category.VIRTUAL_SERVICE, delivered_at=None)
    assert nexts(order=direct, reasons=("not_delivered",), pages=pages)[0] == "check_balance"


def test_before_the_promised_time_nothing_is_escalated():
    """Twenty-four hours were promised and have not gone."""
    order = replace(ORDER, promise="24小时内到账", delivered_at=None)
    steps = nexts(order=order, reasons=("not_delivered",), as_of=at("11-03 10:00:00"), contacts=())
    assert steps[0] == "do_not_escalate"


def test_a_vague_merchant_is_asked_for_yes_or_no():
    """As long as the breach is not proven."""
    vague = demand_talk(("merchant", "11-02 15:01:00", "稍等", Said.AMBIGUOUS))
    assert nexts(pages=FULL, talks=(vague,))[0] == "ask_merchant"


@pytest.mark.parametrize("name", STORIES)
def test_steps_are_not_repeated_and_channels_are_open(name):
    """Nothing is recommended that is not open."""
    judged = STORIES[name].judged()
    assert len(judged.next) == len(set(judged.next)) > 0
    channels = {r.channel for r in judged.routes.routes}
    assert {s for s in judged.next if s in channels} <= set(judged.routes.open())
