"""The seven-day rule for compared prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.dossier_kit import Story, at, listing, page
from tests.evidence.reason_stories import YEAR

from gongdao.core.money import Money
from gongdao.evidence.deals import Deal
from gongdao.evidence.price_check import PriceCheck, check_price
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.statement import ExhibitNote, Order

SOLD = at("11-08 15:30:07")
ORDER = replace(YEAR, listed_price=Money(29800), paid=Money(12800), ordered_at=SOLD, paid_at=SOLD)
LISTING = listing(price="128.00", listed_price="298.00", face_value="")


def deal(when: datetime, yuan: int, product: str = "某视频会员年卡 12 个月") -> Deal:
    """One deal."""
    return Deal(when, product, Money(yuan * 100), 1, "", 2)


def check(
    *deals: Deal, order: Order = ORDER, pages: tuple[Exhibit, ...] = (LISTING,)
) -> PriceCheck | None:
    """The price check of an order with these deals."""
    return check_price(
        Story(order=order, reasons=("fake_discount",), pages=pages, deals=deals).dossier()
    )


@pytest.mark.parametrize(
    ("before", "counted"),
    [(timedelta(days=7), 1), (timedelta(days=7, seconds=1), 0), (timedelta(seconds=1), 1)],
)
def test_the_window_is_seven_days_to_the_second(before, counted):
    """Seven days ago counts, a second more does not."""
    found = check(deal(SOLD - before, 98))
    assert found is not None
    assert found.deals_counted == counted
    assert found.supported is False


def test_a_deal_at_or_after_the_order_does_not_count():
    """The buyer's own deal is no earlier price."""
    found = check(deal(SOLD, 128), deal(SOLD + timedelta(hours=1), 10))
    assert found is not None and found.supported is None


def test_a_deal_dated_by_the_day_counts_when_its_day_reaches_in():
    """A list without clocks is read by days."""
    found = check(deal(at("11-01 00:00:00"), 98), deal(at("10-31 00:00:00"), 50))
    assert found is not None
    assert (found.deals_counted, str(found.lowest_deal_7_days)) == (1, "98.00")


def test_without_deals_in_the_window_the_last_one_counts():
    """The last deal before the order sets the limit."""
    found = check(deal(at("10-01 10:00:00"), 300), deal(at("09-01 10:00:00"), 98))
    assert found is not None
    assert (found.lowest_deal_7_days, str(found.last_deal_before)) == (None, "300.00")
    assert found.supported is True


def test_deals_of_another_term_do_not_count():
    """A month is cheaper than a year."""
    found = check(deal(SOLD - timedelta(days=1), 19, "某视频会员月卡 1 个月"))
    assert found is not None and found.supported is None


def test_a_compared_price_equal_to_the_face_value_is_no_discount():
    """A 100-yuan card at 98 is priced below its face."""
    order = replace(
        ORDER, product="某卡 100 元", listed_price=Money(10000), face_value=Money(10000)
    )
    assert check(order=order) is None


def test_an_earlier_listing_within_the_window_is_a_hint():
    """A lower price five days before weakens the discount."""
    early = page("before/early.png", "listing_page", price="98.00")
    notes = {
        "before/early.png": ExhibitNote("before/early.png", captured_at=SOLD - timedelta(days=5))
    }
    story = Story(order=ORDER, reasons=("fake_discount",), pages=(LISTING, early), notes=notes)
    judged = story.judged()
    assert judged.elements["breach"] == "weak"


def test_a_supported_price_ends_the_claim():
    """Who complains of a price that deals support is told so."""
    story = Story(order=ORDER, reasons=("fake_discount",), pages=(LISTING,),
                  deals=(deal(SOLD - timedelta(days=2), 298),))  # fmt: skip
    judged = story.judged()
    assert judged.elements["breach"] == "missing"
    assert judged.next[:2] == ["withdraw", "do_not_escalate"]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8))
def test_the_lowest_deal_decides(prices):
    """Supported exactly if the compared price is not above the lowest."""
    found = check(*(deal(SOLD - timedelta(hours=i + 1), p) for i, p in enumerate(prices)))
    assert found is not None
    assert found.supported is (min(prices) >= 298)
