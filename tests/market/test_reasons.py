"""Nothing stays under way without a reason that the buyer can read: over all states of an order
and all that the watchdog finds, on page and interface, in both languages; nothing stays for ever.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND

from gongdao.core.language import Bilingual, use_language
from gongdao.front.api.orders import write_orders
from gongdao.front.web.market_order_view import make_sight
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.decide_watch import WatchDeed, WatchFacts, judge_order
from gongdao.market.limits import watch_limits
from gongdao.market.models import Order
from gongdao.market.offer import Delivery
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.words import WHY, standing_words

S = OrderState
UNDER_WAY = (S.PAID, S.REFUNDING)
ENDS_IT = {WatchDeed.GIVE_BACK, WatchDeed.DELIVER}
BACK = re.compile("退|补|结束")
WHILE_PAID = [
    "waiting_for_delivery", "late_merchant", "late_supplier", "top_up_asked", "top_up_charging",
    "top_up_unknown", "top_up_no_supplier", "asks_first_high_value", "asks_velocity",
    "delivery_delayed",
]  # fmt: skip
"""What a paid order says of itself; of every other state any code may be left."""


def whys(state: OrderState) -> list[str]:
    """The codes that an order in ``state`` may carry."""
    if state is S.PLACED:
        return ["", "wrong_amount"]
    return WHILE_PAID if state is S.PAID else [code for code in WHY if code]


@st.composite
def facts(draw: st.DrawFn, states: tuple[OrderState, ...] = tuple(OrderState)) -> WatchFacts:
    """What may be recorded of an order, likely or not."""
    state = draw(st.sampled_from(states))
    paid = None if state in (S.PLACED, S.EXPIRED) else AT
    risk = draw(st.sampled_from(["", "asks_first_high_value", "asks_velocity"]))
    answered = bool(risk) and draw(st.booleans())
    refund = draw(st.sampled_from([None, "requested", "stuck", "confirmed"]))
    delivery = draw(st.sampled_from(Delivery))
    pieces = st.sampled_from([None, *TopUpState]) if delivery is Delivery.SUPPLIER else st.none()
    return WatchFacts(
        state=state,
        why=draw(st.sampled_from(whys(state))),
        delivery=delivery,
        quantity=draw(st.integers(1, 3)),
        units=draw(st.integers(0, 3)),
        credited=draw(st.booleans()),
        held=draw(st.sampled_from([0, 980])),
        placed_at=AT,
        reserved_until=AT + timedelta(minutes=15),
        promise_by=AT + timedelta(minutes=draw(st.sampled_from([1, 10, 600]))),
        paid_at=paid,
        risk=risk,
        answered=answered,
        deliver_from=AT + timedelta(hours=draw(st.integers(0, 48))) if answered else None,
        refund=refund,
        refund_since=AT if refund in ("requested", "stuck") else None,
        top_up=draw(pieces),
        doubt=draw(st.sampled_from(["", "too_dear"])),
        supplied=draw(st.booleans()),
    )


def both(said: object) -> tuple[str, str]:
    """A sentence in Chinese and in English."""
    one = Bilingual.of(said)
    return one.chinese, one.english


def check_words(said: object) -> None:
    """There is a sentence in each language."""
    chinese, english = both(said)
    assert re.search("[一-鿿]", chinese) and len(chinese) >= 5, chinese
    assert len(english) >= 10 and not re.search("[一-鿿]", english), english


@settings(max_examples=600, derandomize=True, deadline=None)
@given(facts(), st.sampled_from([0, 1, 11, 45, 700, 10_000]))
def test_whatever_is_found_has_its_reason(recorded, minutes):
    """After a round every order says why it is where it is; what is under way says so in words of
    its own, and where its money goes back the words say that."""
    at = AT + timedelta(minutes=minutes)
    verdict = judge_order(recorded, watch_limits(at.date()), at)
    why = recorded.why if verdict is None else verdict.why
    state = S.REFUNDING if verdict and verdict.deed is WatchDeed.GIVE_BACK else recorded.state
    check_words(standing_words(state, why))
    if state in UNDER_WAY:
        assert why and why in WHY
    if verdict and verdict.deed is WatchDeed.GIVE_BACK:
        assert BACK.search(WHY[why]), why


@settings(max_examples=600, derandomize=True, deadline=None)
@given(facts(states=UNDER_WAY))
def test_nothing_outlives_the_published_limits(recorded):
    """Long after every limit a paid order is delivered or refunded, and of a refund somebody is
    told; a round that has only said why says it once."""
    at = AT + timedelta(days=60)
    verdict = judge_order(recorded, watch_limits(at.date()), at)
    if recorded.state is S.PAID:
        assert verdict is not None and verdict.deed in ENDS_IT, recorded
    else:
        assert verdict is not None, recorded


def test_control_an_order_without_words_is_seen():
    """A code that nobody wrote words for gets the sentence that a person looks, never none."""
    assert both(standing_words(S.PAID, "no_such_code"))[0] == "正在核实，请联系客服。"
    assert both(standing_words(S.PAID, "")) == both(standing_words(S.PAID, "no_such_code"))
    assert both(standing_words(S.PLACED, ""))[0] == "等待付款。"
    with pytest.raises(AssertionError):
        check_words("正在核实，请联系客服。")


@pytest.mark.django_db
def test_page_and_interface_say_it():
    """Every code in every state, as the page's words and as the interface's."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    pay(placed)
    one = Order.objects.get()
    offer = find_shown(one.listing_id, one.listing_version).offer
    for state in OrderState:
        for code in whys(state):
            one.state, one.why = state, code
            said = dict[str, Any]()
            for language in ("zh", "en"):
                use_language(language)
                page = make_sight(one, offer, AT).why
                (told,) = write_orders([one])
                assert (told["why"], told["why_words"]) == (code, page)
                said[language] = page
            use_language("zh")
            check_words(Bilingual(said["zh"], said["en"]))
            if state is S.REFUNDED:
                assert "正在" not in said["zh"], code
