"""What calls from outside: suppliers over HTTP, payment services, and where a buyer sits."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from tests.front.api.call_kit import FORM, call, pay_for, wished
from tests.market.fake_suppliers import ACCOUNT, KEY, running_supplier
from tests.market.market_kit import AT, make_shop, pay
from tests.market.supply_kit import get_order, order_top_up, supplied_shop, work

from gongdao.front import gateways
from gongdao.front.api import orders
from gongdao.market.models import Order, Supplier, SupplierAnswer, TopUp
from gongdao.market.suppliers.yrapi import sign
from gongdao.payments.models import CallbackSeen
from gongdao.payments.port import GatewayError

pytestmark = pytest.mark.django_db(transaction=True)


def _form(**fields: str) -> bytes:
    return urlencode({**fields, "sign": sign(fields, KEY)}).encode()


def test_a_supplier_calls_back_over_http():
    """Signed, it ends the top-up and delivers the order, once; unsigned, of an unknown number or
    for an unknown supplier, it is refused and nothing changes."""
    with running_supplier() as fake:
        shop = supplied_shop(fake)
        placed = order_top_up(shop)
        pay(placed)
        work(AT + timedelta(minutes=2))
    top_up, supplier = TopUp.objects.get(), Supplier.objects.get()
    place = f"/api/v1/supply/{supplier.id}/notify"
    done = {"userid": ACCOUNT, "out_trade_num": top_up.number, "state": "1", "otime": "1"}
    for body, status in (
        (urlencode({**done, "sign": "0" * 32}).encode(), 400),
        (_form(**{**done, "out_trade_num": "NONE"}), 404),
        (_form(**{**done, "userid": "2"}), 400),
    ):
        assert call("POST", place, body, kind=FORM).status == status
    nobody = "00000000-0000-0000-0000-000000000001"
    assert call("POST", f"/api/v1/supply/{nobody}/notify", _form(**done), kind=FORM).status == 404
    assert call("POST", place, b"x" * 70_000, kind=FORM).status == 413
    assert get_order(placed).state == "paid"
    before = SupplierAnswer.objects.count()
    for _again in range(2):
        assert call("POST", place, _form(**done), kind=FORM).status == 200
    assert get_order(placed).state == "delivered"
    assert SupplierAnswer.objects.count() > before
    code = {"HTTP_X_QUERY_CODE": placed.code}
    told = call("POST", f"/api/v1/orders/{placed.number}/secrets", **code).told["secrets"]
    assert len(told) == 1 and told[0]["batch"] is None


@pytest.mark.parametrize(
    ("given", "remote", "told"),
    [
        ({}, "203.0.113.7", "203.0.113.7"),
        ({"client_ip": "198.51.100.4"}, "203.0.113.7", "198.51.100.4"),
        ({"client_ip": "2001:db8::1"}, "203.0.113.7", "2001:db8::1"),
        ({}, "not an address", ""),
    ],
)
def test_the_payment_service_is_told_where_the_buyer_sits(monkeypatch, given, remote, told):
    """WeChat's H5 page asks for it: the address of the call, or the one that the shop names."""
    seen = []

    def note(gateway, placed, client_ip=""):
        seen.append(client_ip)
        return gateways.pay_step(gateway, placed, client_ip)

    monkeypatch.setattr(orders, "pay_step", note)
    body = wished(make_shop(1), **given)
    assert call("POST", "/api/v1/orders", body, REMOTE_ADDR=remote).status == 201
    assert seen == [told]


def test_an_address_that_is_none_is_named():
    """Nothing is set aside."""
    found = call("POST", "/api/v1/orders", wished(make_shop(1), client_ip="here"))
    assert (found.status, found.told["error"]["field"]) == (400, "client_ip")
    assert not Order.objects.exists()


def test_a_number_of_the_service_pays_one_order():
    """The second order gets nothing for it, the refusal is kept with its reason, and a round that
    asks the service goes on."""
    shop = make_shop(3)
    first, second = (call("POST", "/api/v1/orders", wished(shop)).told for _ in range(2))
    assert pay_for(first, "SAME").status == 200
    assert pay_for(second, "SAME").status == 409
    seen = CallbackSeen.objects.filter(out_trade_no=second["number"])
    assert [one.reason for one in seen] == ["trade_number_used"]
    assert Order.objects.get(number=second["number"]).state == "placed"


def test_an_order_is_not_lost_where_the_service_is_silent(monkeypatch):
    """Its number and code are answered all the same; the way to pay can be asked for again, until
    it is paid."""

    def silent(*_given):
        raise GatewayError("no_answer")

    monkeypatch.setattr(orders, "pay_step", silent)
    found = call("POST", "/api/v1/orders", wished(make_shop(1)))
    assert (found.status, found.told["pay"]) == (201, None)
    place = f"/api/v1/orders/{found.told['number']}/pay"
    code = {"HTTP_X_QUERY_CODE": found.told["query_code"]}
    assert call("POST", place, {}, **code).status == 502
    monkeypatch.undo()
    assert call("POST", place, {}, **code).told["pay"]["url"]
    assert call("POST", place, {}).code == "order_locked"
    pay_for(found.told)
    assert call("POST", place, {}, **code).code == "order_refused"
