"""Orders over the interface: errors name the field, and the same request is one order."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.market.market_kit import make_shop

from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.gateways import make_sandbox
from gongdao.market.models import Order
from gongdao.market.terms import terms_number
from gongdao.payments.port import Report, Told

pytestmark = pytest.mark.django_db(transaction=True)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def _ask(method: str, path: str, body: bytes = b"", kind: str = JSON, **more: str):
    """One request through the interface's own handler: its status and its JSON or text."""
    from gongdao.front.api.lean_handler import LeanHandler

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": kind,
        **more,
    }
    began: list[str] = []
    response = LeanHandler()(environ, lambda status, _headers: began.append(status))
    text = b"".join(response).decode()
    return int(began[0][:3]), json.loads(text) if text.startswith("{") else text


def _wanted(shop, **more: object) -> bytes:
    asked = {
        "listing": str(shop.listing.id),
        "version": 1,
        "quantity": 1,
        "contact": "a@example.invalid",
        "terms": terms_number(now()),
        "pay_with": "sandbox",
    }
    return json.dumps({**asked, **more}).encode()


def _pay(order) -> tuple[int, Any]:
    sandbox = make_sandbox()
    amount = Money.parse(order["total"])
    report = Report(order["number"], "T1", Told.PAID, amount, sandbox.account)
    fields = urlencode(sandbox.sign_callback(report)).encode()
    return _ask("POST", "/pay/sandbox/notify", fields, FORM)


def test_an_order_from_request_to_secret():
    """Placed, paid by a signed callback, read back; the number alone is not enough."""
    status, order = _ask("POST", "/api/v1/orders", _wanted(make_shop(2)))
    assert status == 201 and order["pay"]["url"]
    path, code = f"/api/v1/orders/{order['number']}", {"HTTP_X_QUERY_CODE": order["query_code"]}
    assert _ask("POST", f"{path}/secrets", **code)[0] == 409
    assert _pay(order) == (200, "success")
    assert _pay(order) == (200, "success")
    assert _ask("POST", f"{path}/secrets")[0] == 404
    status, told = _ask("POST", f"{path}/secrets", **code)
    assert status == 200 and len(told["secrets"]) == 1
    assert _ask("GET", path, **code)[1]["state"] == "delivered"
    assert _ask("POST", f"{path}/confirm", **code) == (
        200,
        {"number": order["number"], "released": True},
    )


def test_the_same_request_again_is_the_same_order():
    """With an idempotency key a repeated request answers the first order, whole; without one, or
    with another body, it is another order."""
    shop = make_shop(5)
    key = {"HTTP_IDEMPOTENCY_KEY": "8f1c"}
    first = _ask("POST", "/api/v1/orders", _wanted(shop), **key)
    assert _ask("POST", "/api/v1/orders", _wanted(shop), **key) == first
    assert Order.objects.count() == 1
    other = _ask("POST", "/api/v1/orders", _wanted(shop, contact="b@example.invalid"), **key)
    assert other[0] == 201 and other[1]["number"] != first[1]["number"]
    assert _ask("POST", "/api/v1/orders", _wanted(shop))[0] == 201
    assert Order.objects.count() == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "1"}, "quantity"),
        ({"listing": "x"}, "listing"),
        ({"version": 7}, "listing"),
        ({"pay_with": "nobody"}, "pay_with"),
        ({"answers": []}, "answers"),
        ({"contact": "x" * 300}, "contact"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_used_is_named(change, field):
    """A 4xx with the field's name, and nothing was set aside."""
    status, told = _ask("POST", "/api/v1/orders", _wanted(make_shop(1), **change))
    assert 400 <= status < 500 and told["error"]["field"] == field
    assert not Order.objects.exists()


def test_rubbish_is_answered_in_json():
    """No JSON, no such address, no such method, an unsigned callback: each a calm answer."""
    for body in (b"", b"[1]", b"{", b"\xff", b"[" * 50_000):
        assert _ask("POST", "/api/v1/orders", body)[0] == 400
    assert _ask("GET", "/api/v1/nothing")[0] == 404
    assert _ask("PUT", "/api/v1/orders")[0] == 405
    assert _ask("POST", "/pay/sandbox/notify", b"out_trade_no=X&sign=0", FORM)[0] == 400
