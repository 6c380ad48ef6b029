"""The interface's description says what the code does: every address, every method, every shape."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema_rs import validator_for
from tests.front.api.call_kit import call, merchant_key, pay_for, wished, wished_offer
from tests.house.house_sources import REPO
from tests.market.market_kit import make_shop

from gongdao.front.api.by_method import ByMethod
from gongdao.front.api.openapi import build_openapi
from gongdao.front.api.operations import OPERATIONS
from gongdao.front.api.shapes import SHAPES


def _routes(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str]]:
    for one in resolver.url_patterns:
        place = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _routes(one, place)
        elif isinstance(one, URLPattern):
            assert isinstance(one.callback, ByMethod), f"{place} does not say its methods"
            for method in one.callback.views:
                yield method, place


def test_every_route_is_described_and_nothing_else():
    """Code and description have the same methods at the same addresses."""
    routes = set(_routes(get_resolver("gongdao.front.api.urls")))
    described = [(one.method, one.path) for one in OPERATIONS]
    assert set(described) == routes and len(described) == len(routes)
    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS)


def test_the_reference_page_has_every_operation():
    """docs/reference/api.md names each method and address once in its table."""
    page = (REPO / "docs/reference/api.md").read_text("utf-8")
    for one in OPERATIONS:
        assert page.count(f"| `{one.method} {one.path}` |") == 1, one.path


def test_every_shape_is_used():
    """No reference leads nowhere, and no shape is left over."""
    named = set(re.findall(r"#/components/schemas/(\w+)", str(build_openapi())))
    assert named == set(SHAPES)


def _check(shape: str, told: object) -> None:
    schema = {"$ref": f"#/components/schemas/{shape}", "components": {"schemas": SHAPES}}
    found = [
        f"{one.instance_path}: {one.message}" for one in validator_for(schema).iter_errors(told)
    ]
    assert not found, found


@pytest.mark.django_db(transaction=True)
def test_what_is_answered_has_the_shape_that_is_described():
    """The whole way of an order, answer by answer; fuzzing seldom gets that far."""
    shop = make_shop(2)
    key = merchant_key(shop)
    order = call("POST", "/api/v1/orders", wished(shop)).told
    _check("PlacedOrder", order)
    pay_for(order)
    code = {"HTTP_X_QUERY_CODE": order["query_code"]}
    place = f"/api/v1/orders/{order['number']}"
    _check("Secrets", call("POST", f"{place}/secrets", **code).told)
    told = call("POST", f"{place}/test", {"works": False, "note": "提示无效"}, **code).told
    _check("TestKept", told)
    assert told["kept"]
    _check("Order", call("GET", place, **code).told)
    _check("Confirmed", call("POST", f"{place}/confirm", **code).told)
    found = call("GET", "/api/v1/listings").told
    _check("FoundPage", found)
    _check("Listing", call("GET", f"/api/v1/listings/{shop.listing.id}").told)
    own = "/api/v1/merchant"
    _check("OwnListingPage", call("GET", f"{own}/listings", key=key).told)
    _check("Stock", call("GET", f"{own}/listings/{shop.listing.id}/stock", key=key).told)
    _check("OrderPage", call("GET", f"{own}/orders", key=key).told)
    _check("Balance", call("GET", f"{own}/balance", key=key).told)
    _check("Published", call("POST", f"{own}/listings", wished_offer(), key=key).told)
    _check("Error", call("GET", place).told)
    _check("Error", call("PUT", place).told)
    _check("Error", call("GET", "/api/v1/nowhere").told)


@pytest.mark.django_db(transaction=True)
def test_errors_speak_the_callers_language():
    """English where it is asked for, Chinese otherwise; the code is the same."""
    asked = {"zh": {}, "en": {"HTTP_ACCEPT_LANGUAGE": "en-GB,en"}}
    said = {lang: call("GET", "/api/v1/orders/NOSUCH", **more) for lang, more in asked.items()}
    assert said["zh"].code == said["en"].code == "order_locked"
    assert not said["zh"].told["error"]["message"].isascii()
    assert said["en"].told["error"]["message"].isascii()
    assert not call("GET", "/api/v1/orders/NOSUCH").told["error"]["message"].isascii()
