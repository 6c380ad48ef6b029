"""Where services call: what is answered, and what is kept, over HTTP."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from tests.market.market_kit import make_merchant, make_shop, order
from tests.payments.conftest import FAKES, REMOTE
from tests.payments.fake_server import AT
from tests.payments.payments_kit import reasons
from tests.vault.vault_kit import in_threads

from gongdao.front.api import pay as pay_api
from gongdao.ledger.check_ledger import check_ledger
from gongdao.market.accounts import open_platform_accounts
from gongdao.market.models import Order
from gongdao.payments.models import Credit, Refund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(fake, monkeypatch):
    """A shop whose orders are paid through ``fake``, at the fakes' time."""
    monkeypatch.setattr(pay_api, "find_gateway", lambda _name: fake.gateway)
    monkeypatch.setattr(pay_api, "now", lambda: AT)
    merchant = make_merchant()
    open_platform_accounts(gateways=[(fake.gateway.name, fake.gateway.account)], at=AT)
    return make_shop(stock=10, merchant=merchant)


def _placed(shop, fake):
    return order(shop, gateway=fake.gateway.name, account=fake.gateway.account)


def _send(callback, gateway="any"):
    """The callback as a request."""
    factory, address = RequestFactory(), f"/pay/{gateway}/notify"
    headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in callback.headers.items()}
    if callback.body:
        kind = "application/json"
        request = factory.post(address, callback.body, content_type=kind, **headers)
    elif callback.form:
        request = factory.post(address, callback.form)
    else:
        request = factory.get(address, callback.query)
    return pay_api.notify(request, gateway)


def _form(request_fields, address="/pay/any/notify"):
    kind = "application/x-www-form-urlencoded"
    return pay_api.notify(RequestFactory().post(address, request_fields, content_type=kind), "any")


def _state(placed):
    return Order.objects.values_list("state", flat=True).get(number=placed.number)


@pytest.mark.parametrize("fake", FAKES, indirect=True)
def test_five_callbacks_at_once_deliver_once(fake, shop):
    """Each service's own callback, five at once: all are accepted, one is credited."""
    placed = _placed(shop, fake)
    callback = fake.callback(fake.pay(placed.number, placed.total.minor))
    done = in_threads([lambda: _send(callback)] * 5)
    assert [(one.status_code, one.content) for one in done] == [(200, fake.gateway.accepted)] * 5
    assert _state(placed) == "delivered"
    assert Credit.objects.count() == 1
    assert sorted(reasons()) == [("credit", "paid")] + [("repeated", "credited")] * 4


@pytest.mark.parametrize("fake", REMOTE, indirect=True)
def test_a_callback_that_the_service_denies(fake, shop):
    """Signed with the right key and unknown there: refused with its reason, nothing delivered."""
    placed = _placed(shop, fake)
    callback = fake.callback(fake.pay(placed.number, placed.total.minor))
    fake.paid.clear()
    assert _send(callback).status_code == 400
    assert _state(placed) == "placed"
    assert reasons(placed.number) == [("refused", "unknown_to_gateway")]


@pytest.mark.parametrize("fake", ["wechat", "epay"], indirect=True)
def test_a_silent_service_calls_again(fake, shop):
    """Asked back it does not answer: 503, and the next call is credited."""
    placed = _placed(shop, fake)
    callback = fake.callback(fake.pay(placed.number, placed.total.minor))
    fake.mood = "slow"
    assert _send(callback).status_code == 503
    assert _state(placed) == "placed"
    fake.mood = ""
    assert _send(callback).status_code == 200
    assert _state(placed) == "delivered"
    assert reasons()[0] == ("refused", "unasked:slow")


@pytest.mark.parametrize("fake", ["sandbox", "epay"], indirect=True)
def test_a_wrong_amount_goes_back(fake, shop):
    """The service says so itself, and it is not what was asked for: the order is not paid by it,
    and exactly what came is refunded, once, however often the service calls."""
    placed = _placed(shop, fake)
    callback = fake.callback(fake.pay(placed.number, placed.total.minor - 1))
    for _ in range(2):
        assert (_send(callback).status_code, _state(placed)) == (200, "placed")
    assert set(reasons(placed.number)) == {("surplus", "wrong_amount")}
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.reason) == (placed.total.minor - 1, "wrong_amount")
    assert Order.objects.get(number=placed.number).why == "wrong_amount"
    assert not [one for one in check_ledger().differences if one.code != "guard"]


@pytest.mark.parametrize("fake", ["sandbox"], indirect=True)
def test_a_number_used_before_is_refused(fake, shop):
    """The number of another order's payment delivers nothing, and the reason is kept."""
    first, second = _placed(shop, fake), _placed(shop, fake)
    assert _send(fake.callback(fake.pay(first.number, first.total.minor, "T1"))).status_code == 200
    again = fake.callback(fake.pay(second.number, second.total.minor, "T1"))
    assert (_send(again).status_code, _state(second)) == (409, "placed")
    assert reasons(second.number) == [("refused", "trade_number_used")]


@pytest.mark.parametrize("fake", ["epay", "epay_posts"], indirect=True)
def test_rubbish_is_refused_and_kept(fake, shop):
    """Doubled fields, control characters, floods, nothing at all: refused, and never an error."""
    placed = _placed(shop, fake)
    fields = dict(fake.callback(fake.pay(placed.number, placed.total.minor)).query) or dict(
        fake.callback(fake.paid[placed.number]).form
    )
    from urllib.parse import urlencode

    good = urlencode(fields)
    for body, reason in (
        (good + "&trade_status=TRADE_SUCCESS", "repeated_field"),
        ("out_trade_no=%00%00&sign=1", "bad_signature"),
        ("name=" + "x" * 70_000, "too_long"),
        ("", "bad_signature"),
        ("sign=%FF%FE", "bad_signature"),
    ):
        assert _form(body).status_code == 400
        assert reasons()[-1] == ("refused", reason)
    nul = {"pid": "1001", "out_trade_no": "A\0", "trade_no": "1", "money": "1"}
    nul["trade_status"] = "TRADE_SUCCESS"
    assert _form(urlencode({**nul, "sign": fake.sign(nul)})).status_code == 400
    assert reasons()[-1] == ("refused", "bad_number")
    assert _state(placed) == "placed"
