"""What frees or books a doubted payment on the desk: over the limit by two people, and seen."""

from __future__ import annotations

import pytest
from tests.front.web.market_pages import buy, make_shop, pay, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in

from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.market.charge_back_notice import CHARGED_BACK, is_in_doubt
from gongdao.market.models import Finding
from gongdao.market.states import Role
from gongdao.market.take_word import waiting_words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doubted(client):
    """A paid order of which a service said that the bank takes the money back."""
    order, at = pay(buy(client, make_shop().listing)), now()
    Finding.objects.create(order=order, code=CHARGED_BACK, deed="person", found_at=at, acted_at=at)
    return order


@pytest.fixture
def staff(client):
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


def _limit(monkeypatch, minor):
    low = PayoutPolicy(second_person_over=Money(minor))
    monkeypatch.setattr("gongdao.front.web.money_words.payout_policy", lambda: low)


def test_a_doubt_about_a_large_payment_ends_by_two(staff, doubted, monkeypatch):
    """One person's word that nothing was taken frees nothing; a colleague's does, with both on
    record; without a reason it is not even asked for."""
    _limit(monkeypatch, 1)
    where, given = f"/operator/orders/{doubted.id}/finding/", {"code": CHARGED_BACK}
    assert "写明理由" in text_of(staff.post(where, given, follow=True))
    given["reason"] = "只是查询"
    assert "另一个人" in text_of(staff.post(where, given, follow=True))
    assert is_in_doubt(doubted.id)
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    (asked,) = waiting_words()
    for page in (f"/operator/orders/{doubted.number}/", "/operator/debts/"):
        shown = text_of(staff.get(page))
        assert "等第二个人的登记" in shown and "登记没有拒付" in shown
    step = f"/operator/second/{asked.id}/"
    assert "另一个人" in text_of(staff.post(step, {"step": "confirm"}, follow=True))
    assert is_in_doubt(doubted.id)
    second = sign_in("second@example.org", Role.FINANCE)
    assert "登记没有拒付" in text_of(second.get("/operator/second/"))
    second.post(step, {"step": "confirm"})
    assert not is_in_doubt(doubted.id)
    assert [one.who_mail for one in find_deeds("charge_back.none")] == ["second@example.org"]


def test_a_doubt_about_a_small_payment_ends_by_one(staff, doubted):
    """Under the limit it ends at once, and once."""
    given = {"code": CHARGED_BACK, "reason": "只是查询"}
    where = f"/operator/orders/{doubted.id}/finding/"
    assert "已了结" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    assert not is_in_doubt(doubted.id) and len(find_deeds("charge_back.none")) == 1
