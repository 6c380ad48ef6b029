"""Where the evidence speaks against the claim, and above all where it does not [C3]."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SILENT,
    Judged,
    Story,
    card_page,
    demand_talk,
    failure,
    issuer,
    page,
)
from tests.evidence.reason_stories import STORIES, TOPUP

from gongdao.evidence.reading import Exhibit
from gongdao.evidence.statement import Order

LATER = {"redeemed_at": "2026-11-02 14:11:00"}
USED = Story(
    reasons=("already_redeemed",), pages=FULL, talks=(demand_talk(),), contacts=SILENT
)  # fmt: skip


def _with(
    *pages: Exhibit, reasons: tuple[str, ...] = ("already_redeemed",), order: Order = ORDER
) -> Judged:
    return replace(USED, reasons=reasons, order=order, pages=(*FULL, *pages)).judged()


def test_used_after_delivery_by_the_buyers_own_account_refutes():
    """The issuer's record of the buyer's own use ends the claim."""
    judged = _with(failure("已被使用"), issuer("已被使用", account="ex***01", **LATER))
    assert judged.against == [("claim_vs_issuer", "after/issuer.txt")]
    assert judged.elements["breach"] == "contradicted"
    assert judged.next[:2] == ["withdraw", "do_not_escalate"]
    assert judged.suggestions == []
    assert set(judged.routes.open()) <= {"in_platform"}


def test_used_after_delivery_by_another_account_is_the_breach_itself():
    """A secret sold twice is used by somebody else, sometimes after the delivery."""
    judged = _with(failure("已被使用"), issuer("已被使用", account="h***88", **LATER))
    assert judged.against == []
    assert judged.elements["breach"] == "proven"


def test_used_by_nobody_knows_whom_refutes_no_duplicate():
    """For a secret sold twice a later use by an unknown account is no answer."""
    assert _with(issuer("已被使用", **LATER), reasons=("duplicate_secret",)).against == []


def test_a_use_before_the_delivery_refutes_nothing():
    """That is the claim."""
    assert _with(issuer("已被使用", redeemed_at="2026-11-01 10:00:00")).against == []


def test_a_statement_about_another_secret_refutes_nothing():
    """The issuer was asked about another card."""
    assert _with(issuer("已被使用", secret="AAAA-BBBB-1111-2222", **LATER)).against == []


@pytest.mark.parametrize(
    "body",
    [
        "该卡密无法正常使用，请联系销售方。",
        "该卡有效期至 2027-12-31，已于 11-01 使用。",
        "请确认卡密是否有效后再来咨询。",
        "如卡密有效，可在官网兑换。",
        "该兑换码状态异常。",
        "卡密不是有效的兑换码。",
        "兑换码未激活，不能正常兑换。",
    ],
)
def test_an_issuer_that_does_not_call_it_fine_refutes_nothing(body):
    """Negation, question, condition and 有效期 are no statement that the card works."""
    assert _with(issuer(body), reasons=("invalid_secret",)).against == []


@pytest.mark.parametrize(
    ("body", "more"),
    [("该卡密有效，尚可正常兑换。", {}), ("查询结果如下", {"status": "未使用"})],
)
def test_an_issuer_that_calls_it_fine_refutes(body, more):
    """The issuer says that the card is good."""
    judged = _with(failure(), issuer(body, **more), reasons=("invalid_secret",))
    assert judged.against == [("claim_vs_issuer", "after/issuer.txt")]


def test_an_issuer_who_denies_a_test_card_refutes():
    """非测试卡 must not be read as 测试卡."""
    judged = _with(issuer("该卡不是测试卡，属正式卡。"), reasons=("test_card_sold_as_real",))
    assert judged.against == [("claim_vs_issuer", "after/issuer.txt")]


def test_the_buyers_own_recording_of_success_refutes():
    """The secret worked on the buyer's own screen."""
    film = page("after/test.mp4", "redemption_recording", error_text="兑换成功，已到账100元")
    judged = _with(film, reasons=("invalid_secret",))
    assert judged.against == [("claim_vs_redemption", "after/test.mp4")]
    assert judged.next[0] == "withdraw"


@pytest.mark.parametrize("status", ["交易成功", "支付成功", "提交成功", "退款成功", "订单完成"])
def test_a_paid_order_is_no_redemption(status):
    """交易成功 says that money moved."""
    pages = (
        page("after/x.png", "other", status=status),
        page("after/b.png", "balance_page", status=status),
    )
    assert _with(*pages, reasons=("invalid_secret",)).against == []  # fmt: skip
    assert _with(*pages, reasons=("topup_not_credited",), order=TOPUP).against == []


def test_a_replacement_that_worked_does_not_refute_the_first_secret():
    """A second secret's success says nothing about the first."""
    film = page(
        "after/test.mp4",
        "redemption_recording",
        error_text="兑换成功",
        secret="NEW1-2222-3333-4444",
    )
    pages = (*FULL[:4], card_page(secret_2="NEW1-2222-3333-4444"), failure(), film)  # fmt: skip
    assert replace(USED, reasons=("invalid_secret",), pages=pages).judged().against == []


def test_a_full_credit_after_the_payment_refutes_not_credited():
    """The carrier shows the money."""
    bill = page("after/carrier.png", "carrier_bill", credited="100.00",
                credited_at="2026-11-02 14:30:00", queried_at="2026-11-03 09:00:00")  # fmt: skip
    judged = _with(bill, reasons=("topup_not_credited",), order=TOPUP)
    assert judged.against == [("claim_vs_issuer", "after/carrier.png")]


@pytest.mark.parametrize(
    ("credited", "when"),
    [("100.00", "2026-11-02 13:59:00"), ("30.00", "2026-11-02 14:30:00"), ("0.00", "")],
)
def test_an_earlier_smaller_or_no_credit_refutes_nothing(credited, when):
    """Only the whole value after the payment answers the claim."""
    more = {"credited_at": when} if when else {}
    bill = page("after/carrier.png", "carrier_bill", credited=credited, **more)
    assert _with(bill, reasons=("topup_not_credited",), order=TOPUP).against == []


def test_the_time_of_taking_back_is_no_time_of_use():
    """追回 is what the issuer did, not what the buyer did."""
    said = issuer("您好，点数已于 2026-11-05 10:00 追回。", redeemed_at="2026-11-05 10:00:00")
    assert _with(said, reasons=("invalid_secret", "reclaimed_or_banned")).against == []


def test_the_right_face_value_refutes_a_wrong_one():
    """The issuer's record shows what was sold."""
    record = page("after/record.png", "issuer_statement", face_value="100")
    assert _with(record, reasons=("wrong_denomination",)).against == [
        ("claim_vs_issuer", "after/record.png")
    ]


def test_one_right_card_among_short_ones_refutes_nothing():
    """Several cards: one was right, one was not."""
    pages = (page("after/a.png", "issuer_statement", face_value="100"),
             page("after/b.png", "issuer_statement", face_value="50"))  # fmt: skip
    assert _with(*pages, reasons=("wrong_denomination",)).against == []


@pytest.mark.parametrize("name", STORIES)
def test_no_true_story_is_refuted(name):
    """None of the stories of real breaches is turned against the buyer."""
    assert STORIES[name].judged().closure.refuted == ()
