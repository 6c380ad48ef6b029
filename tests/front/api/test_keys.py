"""Keys of the interface: what they open, what they do not, and when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.front.api.call_kit import buyer_key, call, make_user, merchant_key, pay_for, wished
from tests.market.market_kit import make_merchant, make_shop

from gongdao.core.errors import InputError
from gongdao.front.clock import now
from gongdao.market.api_keys import Scope, make_api_key, revoke_api_key
from gongdao.market.models import ApiKey, MerchantMember, Order

pytestmark = pytest.mark.django_db(transaction=True)
BALANCE = "/api/v1/merchant/balance"


def test_a_key_is_kept_as_a_digest_only():
    """What is in the table does not open anything."""
    key = merchant_key(make_shop(0))
    row = ApiKey.objects.get()
    assert len(bytes(row.digest)) == 32 and key.encode() not in bytes(row.digest)
    assert call("GET", BALANCE, key=key).status == 200
    assert call("GET", BALANCE, key=bytes(row.digest).hex()).code == "api_key_refused"


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "Bearer " + "x" * 500])
def test_without_a_key_that_holds_nothing_is_told(header):
    """401 in the one shape of errors, and how to ask."""
    found = call("GET", BALANCE, HTTP_AUTHORIZATION=header)
    assert (found.status, found.code) == (401, "api_key_refused")
    assert found.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_opens_its_scopes_alone():
    """The scope that would open it is named."""
    key = merchant_key(make_shop(0), Scope.ORDERS)
    assert call("GET", "/api/v1/merchant/orders", key=key).status == 200
    found = call("GET", BALANCE, key=key)
    assert (found.status, found.code) == (403, "scope_missing")
    assert "merchant:balance" in found.told["error"]["message"]


def test_a_key_ends():
    """Revoked, run out, its account switched off or no member any more: the same refusal."""
    shop = make_shop(0)
    key = merchant_key(shop)
    row = ApiKey.objects.get()
    for change in ({"revoked_at": now()}, {"ends_at": now() - timedelta(seconds=1)}):
        ApiKey.objects.filter(id=row.id).update(**change)
        assert call("GET", BALANCE, key=key).code == "api_key_refused"
        ApiKey.objects.filter(id=row.id).update(revoked_at=None, ends_at=None)
    assert call("GET", BALANCE, key=key).status == 200
    MerchantMember.objects.all().delete()
    assert call("GET", BALANCE, key=key).code == "api_key_refused"
    assert revoke_api_key(key_id=row.id, at=now())
    assert not revoke_api_key(key_id=row.id, at=now())


def test_whom_no_key_is_made_for():
    """No name, no scope, a merchant that the account has nothing to do with."""
    user, merchant = make_user("x@example.invalid"), make_merchant()

    def make(name: str, scopes: list[Scope], merchant_id=merchant.id):
        make_api_key(user_id=user.id, merchant_id=merchant_id, name=name, scopes=scopes, at=now())

    for name, scopes in (("", [Scope.BUYER]), ("好", []), ("好", [Scope.STOCK])):
        with pytest.raises(InputError):
            make(name, scopes)
    with pytest.raises(InputError):
        make("好", [Scope.STOCK], None)
    assert not ApiKey.objects.exists()


def test_a_buyers_key_opens_his_own_orders():
    """What he placed with it needs no code; another's key meets what an unknown number meets."""
    shop, key, other = make_shop(3), buyer_key(), buyer_key("other@example.invalid")
    order = call("POST", "/api/v1/orders", wished(shop), key=key).told
    assert Order.objects.get().buyer is not None
    place = f"/api/v1/orders/{order['number']}"
    assert call("GET", place, key=key).told["state"] == "placed"
    assert call("GET", place, key=other).code == "order_locked"
    assert call("GET", "/api/v1/orders/NOSUCHNUMBER", key=other).code == "order_locked"
    assert call("GET", place).code == "order_locked"
    pay_for(order)
    told = call("POST", f"{place}/secrets", key=key).told["secrets"]
    assert len(told) == 1
    assert [one["number"] for one in call("GET", "/api/v1/orders", key=key).told["items"]] == [
        order["number"]
    ]
    assert call("GET", "/api/v1/orders", key=other).told["total"] == 0


def test_the_same_request_of_two_accounts_is_two_orders():
    """An idempotency key is the caller's own: nobody is answered another's order by naming it."""
    shop, named = make_shop(3), {"HTTP_IDEMPOTENCY_KEY": "same"}
    keys = ("", buyer_key(), buyer_key("other@example.invalid"))
    place = "/api/v1/orders"
    found = {call("POST", place, wished(shop), key=k, **named).told["number"] for k in keys}
    assert len(found) == 3
