"""The timeline: in order, with who and where from, without secrets."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SECRET,
    SILENT,
    Story,
    at,
    demand_talk,
    failure,
    issuer,
)
from tests.evidence.dossier_kit import L as Said

from gongdao.casework.timeline import find_timeline

CHAT = demand_talk(
    ("buyer", "11-02 15:00:30", f"卡密 {SECRET} 充不了，退款", Said.DEMAND_REFUND),
    ("buyer", "11-02 15:00:40", "骗子退钱", Said.DEMAND_REFUND, Said.ABUSIVE),
    ("merchant", "11-02 15:01:00", "随便聊聊"),
)
BASE = Story(reasons=("invalid_secret",), pages=(*FULL, failure()), contacts=SILENT, talks=(CHAT,))


def test_every_dated_event_in_time_order():
    """Order, payment, delivery, test, talk, contacts."""
    events = find_timeline(BASE.dossier())
    assert [e.at for e in events] == sorted(e.at for e in events)
    said = [str(e.what) for e in events]
    assert said[:2] == ["下单", "付款 98.00 元"]
    assert "测试卡密，兑换失败" in said
    assert "随便聊聊" not in " ".join(said)
    assert events[1].exhibit == "during/receipt.png"


def test_a_payment_without_a_receipt_is_the_buyers_word():
    """Said so, and tied to no exhibit."""
    paid = [e for e in find_timeline(replace(BASE, pages=()).dossier()) if "付款" in str(e.what)]
    assert [(str(e.what), e.exhibit) for e in paid] == [("付款 98.00 元（据买家陈述）", "")]


def test_secrets_and_insults_stay_out():
    """A timeline is read by others."""
    said = " ".join(str(e.what) for e in find_timeline(BASE.dossier()))
    assert SECRET not in said
    assert "骗子" not in said


def test_the_issuers_time_is_the_issuers():
    """Who recorded the use."""
    record = issuer("已被使用", redeemed_at="2026-11-01 21:08:51")
    events = find_timeline(replace(BASE, pages=(*FULL, record)).dossier())
    assert (events[0].at, events[0].who) == (at("11-01 21:08:51"), "issuer")


@given(st.permutations([*FULL, failure()]))
def test_the_order_of_exhibits_does_not_matter(pages):
    """Time alone orders."""
    events = find_timeline(replace(BASE, pages=tuple(pages)).dossier())
    assert events == find_timeline(BASE.dossier())


def test_an_empty_case_has_no_events():
    """Nothing happened yet."""
    order = replace(ORDER, ordered_at=None, paid_at=None, delivered_at=None)
    assert find_timeline(Story(order=order).dossier()) == ()
