"""The sandbox's page does to an order of the market what real life does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from tests.market.market_kit import make_shop, order
from tests.payments.payments_kit import reasons

from gongdao.front.clock import now
from gongdao.front.gateways import get_gateways, make_sandbox, pay_step, take_report
from gongdao.front.stores import get_settings, get_stores
from gongdao.front.web.pages import sandbox as page
from gongdao.market.expire_orders import expire_orders
from gongdao.payments.models import Credit, Refund
from gongdao.payments.reconcile import ask_about_unpaid

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.payments.sandbox_urls"),
]


@pytest.fixture
def placed():
    """An order that waits for its money."""
    return order(make_shop(stock=3), at=now())


def _do(placed, act: str = "") -> str:
    place = urlsplit(pay_step(make_sandbox(), placed).url)
    assert place.path == "/sandbox/"
    client, address = Client(), f"{place.path}?{place.query}"
    answer = client.post(address, {"act": act}) if act else client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _verdicts() -> list[tuple[str, str]]:
    return sorted(reasons())


def test_the_page_offers_every_deed(placed):
    """Number, amount and a button for each; looking does nothing."""
    text = _do(placed)
    assert placed.number in text and f"¥{placed.total}" in text
    for act in page.ACTS:
        assert f'value="{act}"' in text
    assert not reasons()


@pytest.mark.parametrize(
    ("act", "verdicts", "accepted"),
    [
        ("pay", [("credit", "paid")], 1),
        ("fail", [("noted", "unpaid")], 1),
        ("wrong", [("surplus", "wrong_amount")], 1),
        ("twice", [("credit", "paid"), ("surplus", "paid_twice")], 2),
        ("repeat", [("credit", "paid")] + [("repeated", "credited")] * 4, 5),
    ],
)
def test_each_deed_has_its_verdict(placed, act, verdicts, accepted):
    """What the page does is what the checks say of it, and the page shows how it was answered."""
    text = _do(placed, act)
    assert _verdicts() == verdicts
    assert text.count("200 success") == accepted
    assert Refund.objects.count() == (act in ("twice", "wrong"))


def test_a_lost_callback_is_found(placed):
    """Paid and not told of: asking finds it a minute later."""
    _do(placed, "lost")
    assert not reasons()
    later = now() + timedelta(minutes=2)
    done = ask_about_unpaid(gateways={"sandbox": make_sandbox()}, take=take_report, at=later)
    assert done.found == [placed.number]
    assert Credit.objects.count() == 1


def test_paying_late_is_put_off(placed, monkeypatch):
    """A job pays in twenty minutes; by then the order has expired and is honoured all the same."""
    from gongdao.front.worker import sandbox_tasks

    asked = []
    monkeypatch.setattr(page, "pay_later", lambda **given: asked.append(given))
    _do(placed, "late")
    (given,) = asked
    assert expire_orders(stores=get_stores(), at=now() + timedelta(hours=1)) == 1
    given = {"out_trade_no": given["out_trade_no"], "minor": given["amount"].minor}
    for _ in range(2):
        sandbox_tasks.sandbox_pays.func(trade_no="LATE1", currency="CNY", **given)
    assert _verdicts() == [("credit", "paid"), ("repeated", "credited")]


def test_a_changed_link_opens_nothing(placed):
    """Another amount in the address, or none of it, is no page."""
    place = urlsplit(pay_step(make_sandbox(), placed).url)
    for query in ("", place.query.replace("money=", "money=1"), place.query[:-2]):
        assert Client().get(f"/sandbox/?{query}").status_code == 404


def test_in_production_there_is_no_sandbox(placed, monkeypatch):
    """Switched off there is neither page nor gateway, whatever link somebody kept."""
    place = urlsplit(pay_step(make_sandbox(), placed).url)
    off = replace(get_settings(), sandbox=False)
    monkeypatch.setattr(page, "get_settings", lambda: off)
    monkeypatch.setattr("gongdao.front.gateways.get_settings", lambda: off)
    assert Client().get(f"{place.path}?{place.query}").status_code == 404
    get_gateways.cache_clear()
    assert "sandbox" not in get_gateways()
    get_gateways.cache_clear()
