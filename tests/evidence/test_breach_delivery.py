"""Reasons about delivery: late, not at all, in part, cancelled, not credited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evidence.dossier_kit import (
    ORDER,
    Story,
    Talk,
    card_page,
    demand_talk,
    listing,
    order_page,
    page,
)
from tests.evidence.dossier_kit import L as Said
from tests.evidence.reason_stories import TOPUP, TWO, YEAR

from gongdao.evidence.breach import delivery
from gongdao.evidence.breach.term import term_days, term_short
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.finding import Judged
from gongdao.evidence.reading import Exhibit
from gongdao.evidence.statement import Order


def dossier(*pages: Exhibit, order: Order = ORDER, talks: tuple[Talk, ...] = ()) -> Dossier:
    """A dossier with these pages."""
    return Story(order=order, pages=pages, talks=talks).dossier()


def codes(judged: Judged) -> dict[str, str]:
    """Codes of findings with their proof."""
    return {f.code: f.proof.value for f in judged.carries}


@pytest.mark.parametrize(
    ("came", "late"),
    [("14:14:20", None), ("14:14:21", 60), ("14:13:21", None), ("16:40:00", 8799)],
)
def test_late_by_counts_from_the_promised_minute(came, late):
    """Ten minutes after the payment, and a minute of grace for the clocks."""
    found = delivery.late_by(dossier(order_page(delivered_at=f"2026-11-02 {came}")))
    assert (found and int(found.total_seconds())) == late


def test_lateness_needs_listing_and_order_page_to_be_proven():
    """Without the page that promised, lateness is weak."""
    late = order_page(delivered_at="2026-11-02 16:40:00")
    assert codes(delivery.late_delivery(dossier(late, listing())))["delivered_late"] == "proven"
    assert codes(delivery.late_delivery(dossier(late)))["delivered_late"] == "weak"


def test_an_order_page_still_waiting_proves_non_delivery():
    """待发货 after the promised time."""
    order = replace(ORDER, delivered_at=None)
    judged = delivery.not_delivered(
        dossier(order_page(delivered_at="", status="待发货"), order=order)
    )
    assert codes(judged)["order_page_undelivered"] == "proven"


def test_the_buyers_word_alone_is_weak():
    """Nobody is believed for saying so."""
    said = demand_talk(("buyer", "11-02 15:01:00", "没收到", Said.STATES_NOT_DELIVERED))
    assert codes(delivery.not_delivered(dossier(talks=(said,)))) == {
        "buyer_says_undelivered": "weak"
    }


@pytest.mark.parametrize(
    ("fields", "short"),
    [({}, True), ({"secret_2": "BBBB-1111-2222-3333"}, False), ({"quantity": "2"}, False)],
)
def test_fewer_secrets_than_bought(fields, short):
    """One of two is half."""
    judged = delivery.partly_delivered(dossier(card_page(**fields), order=TWO))
    assert ("fewer_secrets" in codes(judged)) is short


def test_secrets_on_two_card_pages_are_counted_together():
    """Each page shows one card."""
    second = page("after/card2.png", "card_page", secret="BBBB-1111-2222-3333")
    assert codes(delivery.partly_delivered(dossier(card_page(), second, order=TWO))) == {}


@pytest.mark.parametrize(
    ("fields", "proof"),
    [
        ({"status": "已取消", "cancel_reason": "商家：缺货"}, "proven"),
        ({"status": "交易关闭", "cancel_reason": "系统自动取消"}, "proven"),
        ({"status": "已取消", "cancelled_at": "2026-11-02 16:00:00"}, "weak"),
        ({"status": "已取消", "cancel_reason": "买家取消"}, None),
        ({"status": "已关闭", "cancel_reason": "超时未支付"}, None),
    ],
)
def test_who_cancelled(fields, proof):
    """Only the merchant's cancelling is the merchant's breach."""
    shown = page("during/order.png", "order_page", **fields)
    assert codes(delivery.cancelled_by_merchant(dossier(shown))).get("page_cancelled") == proof


def test_buttons_of_an_order_page_are_no_cancelling():
    """取消订单 and 关闭 stand on every page."""
    shown = page(
        "during/order.png", "order_page", lines=("店铺", "关闭", "取消订单"), status="待发货"
    )
    assert codes(delivery.cancelled_by_merchant(dossier(shown))) == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"queried_at": "2026-11-03 09:00:00"}, {"carrier_shows_no_credit": "proven"}),
        ({"queried_at": "2026-11-02 14:10:00"}, {"carrier_shows_no_credit": "weak"}),
        (
            {"credited": "50.00", "credited_at": "2026-11-02 14:30:00"},
            {"credited_short": "proven"},
        ),
        ({"credited": "100.00", "credited_at": "2026-11-02 14:30:00"}, {}),
    ],
)
def test_what_a_carriers_record_shows(fields, expected):
    """No credit, asked too early, half a credit, the whole."""
    bill = page("after/carrier.png", "carrier_bill", **fields)
    assert codes(delivery.topup_not_credited(dossier(bill, order=TOPUP))) == expected


@pytest.mark.parametrize(
    ("product", "days"),
    [
        ("某会员年卡", 365),
        ("会员 3 个月", 90),
        ("季卡", 90),
        ("月卡", 30),
        ("加速 15 天", 15),
        ("点卡", None),
    ],
)
def test_the_term_sold(product, days):
    """The product names it."""
    assert term_days(dossier(order=replace(ORDER, product=product))) == days


@pytest.mark.parametrize(("days", "short"), [("31", True), ("365", False), ("350", False)])
def test_a_short_term(days, short):
    """A month instead of a year, some days gone are no breach."""
    shown = page("after/a.png", "balance_page", days=days, queried_at="2026-11-05 09:00:00")
    assert bool(term_short(dossier(shown, order=YEAR))) is short
