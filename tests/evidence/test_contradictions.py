"""Statement against evidence: what disagrees is found, what only looks so is left alone [C4]."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.dossier_kit import (
    FULL,
    NUMBER,
    ORDER,
    SILENT,
    Story,
    bill,
    card_page,
    demand_talk,
    failure,
    listing,
    order_page,
    page,
    receipt,
    row,
)

from gongdao.core.codes import Payment
from gongdao.core.money import Money
from gongdao.evidence.reading import Direction, Exhibit
from gongdao.evidence.statement import Order

BASE = Story(
    reasons=("invalid_secret",), pages=(*FULL, failure()), talks=(demand_talk(),), contacts=SILENT
)
OTHER = "KM20261029110112345"


def _against(
    *pages: Exhibit, order: Order = ORDER, keep: tuple[Exhibit, ...] = FULL[1:2]
) -> list[tuple[str, str]]:
    return replace(BASE, order=order, pages=(*keep, *pages)).judged().against


def _whats(*pages: Exhibit, **more: Any) -> list[str]:
    return [what for what, _ in _against(*pages, **more)]


def test_another_amount_on_the_receipt_is_found():
    """Stated 98, receipt 88."""
    found = replace(BASE, pages=(receipt(amount="88.00"),)).judged().closure.contradictions
    assert [(c.what, c.case, c.exhibit_value) for c in found] == [("paid_amount", "98.00", "88.00")]


def test_a_payment_before_the_order_is_found():
    """The receipt is of an earlier time than the order."""
    assert _whats(receipt(paid_at="2026-11-02 13:43:21")) == ["paid_at", "receipt_before_order"]


def test_another_order_number_on_the_receipt_is_found():
    """The only receipt belongs to another order."""
    assert _whats(receipt(order_no=OTHER)) == ["order_no"]


def test_one_wrong_digit_in_the_order_number_is_found():
    """A number that differs by a digit is another number."""
    assert _whats(order_page(order_no="KM20261102140250018")) == ["order_no"]


def test_another_delivery_time_is_found():
    """The page shows another time than stated."""
    assert _whats(order_page(delivered_at="2026-11-02 16:40:00")) == ["delivered_at"]


def test_another_shop_on_the_listing_is_found():
    """The listing is another shop's; two of five signs alike is not the same name."""
    assert _whats(listing(merchant="示例星卡铺子")) == ["merchant_name"]


def test_a_contradiction_comes_first_in_what_to_do():
    """Mend before filing."""
    judged = replace(BASE, pages=(*FULL[:3], receipt(amount="88.00"), failure())).judged()
    assert judged.next[0] == "fix_contradictions"
    assert judged.suggestions[0] == "correct_case"
    assert judged.elements["payment"] == "contradicted"
    assert "court" not in judged.routes.open()


@pytest.mark.parametrize("seconds", [0, 5, 59, 60, 119])
def test_clocks_that_differ_by_up_to_two_minutes_agree(seconds):
    """Three clocks tell one time."""
    later = f"2026-11-02 14:{3 + (21 + seconds) // 60:02d}:{(21 + seconds) % 60:02d}"
    assert _against(receipt(paid_at=later), order_page(paid_at=later)) == []


def test_clocks_that_differ_by_more_than_two_minutes_do_not():
    """Two minutes and a second are too much."""
    assert _whats(receipt(paid_at="2026-11-02 14:05:22")) == ["paid_at"]


@pytest.mark.parametrize(
    "read",
    [
        "KM2O2611O214O25OO17",
        "KM 2026 1102 1402 50017",
        "KM-20261102-140250017",
        "订单KM20261102140250017",
        "KM2026110214025001",
        "KM2026110214025017",
        "km20261102140250017",
    ],
)
def test_slips_of_recognition_are_no_other_number(read):
    """O for 0, blanks, dashes, a word before it, or a lost sign."""
    assert _against(order_page(order_no=read)) == []


@pytest.mark.parametrize(
    "number", ["2026110222001419830572836641", "10017261017093324A71", "88213"]
)
def test_numbers_of_another_make_contradict_nothing(number):
    """Payment service and ticket count by themselves."""
    ticket = page("after/ticket.png", "complaint_receipt", ticket_no="88213", order_no=number)
    assert _against(receipt(order_no=number), ticket) == []


@pytest.mark.parametrize(
    "name",
    ["示例数卡店（官方）", "示例数卡官方旗舰店", "示例数卡店 >", "示例数卡", "示例盟·示例数卡店"],
)
def test_usual_additions_are_no_other_shop(name):
    """官方旗舰店 and the like belong to the same shop."""
    assert _against(listing(merchant=name), order_page(merchant=name)) == []


def test_listings_of_other_shops_for_comparison_contradict_nothing():
    """One listing is of the shop; the other was saved to compare prices."""
    other = page("before/market.png", "listing_page", merchant="另一家商城", price="105.00")
    assert _against(listing(), other) == []


def test_a_page_and_a_receipt_of_another_order_contradict_nothing():
    """Beside the pages of this order lie those of an older one."""
    old = (
        page("during/old-order.png", "order_page", order_no=OTHER, amount="45.00",
             paid_at="2026-10-29 11:01:12", delivered_at="2026-10-29 11:03:00"),
        page("during/old-receipt.png", "payment_receipt", order_no=OTHER, amount="45.00",
             paid_at="2026-10-29 11:01:12", txn_no="2026102922001419830572836641"),
    )  # fmt: skip
    judged = replace(BASE, pages=(*FULL, failure(), *old)).judged()
    assert judged.against == []
    assert judged.elements["payment"] == "proven"


def test_a_second_payment_without_a_number_contradicts_nothing():
    """The receipt of this order is there; another transfer is another matter."""
    fee = page("during/fee.png", "payment_receipt", amount="600.00", paid_at="2026-11-03 09:00:00",
               txn_no="1000050001202611030127733914502")  # fmt: skip
    assert _against(receipt(), fee) == []


def test_two_payments_that_add_up_contradict_nothing():
    """A first part and the rest."""
    first = receipt("during/a.png", amount="50.00", txn_no="1" * 20)
    rest = receipt("during/b.png", amount="48.00", txn_no="2" * 20)
    assert _against(first, rest) == []


@pytest.mark.parametrize(("shown", "stated"), [("4.90", "98.00"), ("98.00", "4.90")])
def test_unit_price_and_total_agree(shown, stated):
    """Twenty pieces at 4.90 are 98."""
    order = replace(ORDER, product="某卡 ×20", paid=Money.parse(stated))
    assert _against(order_page(amount=shown), order=order) == []


def test_refunds_in_a_bill_contradict_nothing():
    """Money that came back was no payment."""
    rows = (
        row("11-02 14:03:22", "98.00", merchant_order_no=NUMBER),
        row("11-04 10:00:00", "98.00", direction=Direction.IN, is_refund=True,
            merchant_order_no=NUMBER),
        row("11-05 10:00:00", "12.00", item="别的东西"),
    )  # fmt: skip
    assert _against(bill("during/bill.csv", *rows)) == []


@pytest.mark.parametrize("day", ["11-02", "11-03"])
def test_bank_rows_with_a_day_only_contradict_nothing(day):
    """A bank that names the day, or books it the day after, says nothing of the hour."""
    assert _against(bill("during/bank.csv", row(f"{day} 00:00:00", "98.00"))) == []


def test_filling_the_balance_is_no_payment_for_the_order():
    """The wallet was filled on another day with another sum."""
    filled = receipt(order_no="", amount="500.00", paid_at="2026-10-20 09:00:00")
    order = replace(ORDER, payment=Payment.BALANCE)
    assert _against(order_page(), filled, order=order) == []


def test_a_replacement_delivered_later_is_no_other_delivery_time():
    """The order page shows the first delivery, the card page that of the replacement."""
    assert _against(order_page(), card_page(delivered_at="2026-11-03 09:00:00")) == []


@pytest.mark.parametrize(
    ("small", "hours"),
    [
        ("客服时间 9:00-18:00", "9:00-18:00"),
        ("人工客服在线时间：每天 9:00-22:00，卡密 24 小时自动发货", "每天 9:00-22:00"),
        ("售后处理时间工作日9:00-18:00", "工作日9:00-18:00"),
        ("自动发货，服务时间 00:00-24:00", "00:00-24:00"),
    ],
)
def test_hours_of_customer_service_do_not_restrict_automatic_delivery(small, hours):
    """People sleep, machines deliver."""
    for fields in ({"small_print": small, "service_hours": hours}, {"small_print": small}):
        assert _against(listing(promise="付款后10分钟内自动发货；7×24小时自动发货", **fields)) == []


@pytest.mark.parametrize(
    ("promise", "small"),
    [
        ("秒到账，24 小时在线充", "注：充值服务时间为工作日9:00-18:00"),
        ("24小时客服在线，秒回", "客服时间：工作日9:00-18:00"),
        ("付款即充，10分钟到账", "夜间不充值，每日 8:00-22:00 处理订单"),
        ("全球通用", "仅限港服账号兑换"),
        ("全国通用，不限地区", "不支持西藏地区"),
        ("永久会员", "自激活之日起1年有效"),
        ("不到全额退", "虚拟商品一经售出概不退换"),
    ],
)
def test_small_print_that_takes_back_is_found(promise, small):
    """What the large words give, the small words take."""
    order = replace(ORDER, promise=promise)
    assert _whats(listing(promise=promise, small_print=small), order=order) == [
        "promise_vs_small_print"
    ]


@pytest.mark.parametrize(
    ("promise", "small"),
    [
        ("一卡一密，全新未使用", "虚拟商品一经售出概不退换"),
        ("全新正品", "本店不售二手卡、回收卡"),
        ("全新正品", "非测试卡，放心购买"),
        ("国服可用", "仅限国服账号使用"),
        ("全国话费通用", "仅限中国大陆手机号"),
        ("付款后10分钟内自动发货", "请在有效期内使用，到期作废"),
        ("失效24小时内包换", "退换需提供录屏"),
    ],
)
def test_small_print_that_takes_nothing_back_is_left_alone(promise, small):
    """Other terms, denials and the same limit said twice."""
    order = replace(ORDER, promise=promise)
    assert _against(listing(promise=promise, small_print=small), order=order) == []


@given(st.permutations([*FULL, failure()]))
def test_no_order_of_exhibits_makes_a_contradiction(pages):
    """A dossier without contradictions stays so."""
    assert replace(BASE, pages=tuple(pages)).judged().against == []
