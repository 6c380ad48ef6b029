"""The numbers of a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SILENT,
    Story,
    failure,
    issuer,
    order_page,
    talk,
)
from tests.evidence.dossier_kit import L as Said

from gongdao.casework.case_facts import find_facts

BASE = Story(reasons=("invalid_secret",), pages=(*FULL, failure()), contacts=SILENT)


def facts(**more: Any) -> dict[str, int | bool]:
    """The facts of the usual case with changes."""
    return find_facts(replace(BASE, **more).dossier())


def test_facts_of_the_usual_case():
    """Each fact that applies, and none that does not."""
    assert facts() == {
        "amount_over_500": False,
        "platform_silent_hours": 408,
        "test_delay_days": 0,
        "merchant_threat": False,
    }


def test_lateness_is_in_minutes():
    """From the promised minute to the delivery."""
    late = order_page(delivered_at="2026-11-02 16:40:00")
    order = replace(ORDER, delivered_at=None)
    assert facts(order=order, pages=(late,))["late_by_minutes"] == 147


@pytest.mark.parametrize(
    ("tested", "days"),
    [("2026-11-03 14:04:59", 0), ("2026-11-03 14:05:00", 1), ("2026-11-05 20:28:33", 3)],
)
def test_days_until_the_test_are_whole_days(tested, days):
    """Counted from the delivery."""
    assert facts(pages=(*FULL, failure(at=tested)))["test_delay_days"] == days


def test_used_before_or_after_the_order():
    """By the issuer's record."""
    before = issuer("已被使用", redeemed_at="2026-11-01 21:08:51")
    after = issuer("已被使用", redeemed_at="2026-11-02 14:21:00")
    assert facts(pages=(*FULL, before))["redeemed_before_order"] is True
    assert facts(pages=(*FULL, after))["redeemed_before_order"] is False


def test_a_threat_of_the_merchant_and_not_of_the_buyer():
    """Who threatens matters."""
    for speaker, threatened in (("merchant", True), ("buyer", False)):
        chat = talk("during/c.txt", (speaker, "11-02 15:00:00", "你等着", Said.THREAT))
        assert facts(talks=(chat,))["merchant_threat"] is threatened


@pytest.mark.parametrize(("amount", "over"), [("500.00", False), ("500.01", True)])
def test_the_house_threshold(amount, over):
    """More than 500 yuan."""
    assert facts(amount=amount)["amount_over_500"] is over
