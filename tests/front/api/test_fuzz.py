"""schemathesis against the interface's own description: no 5xx, no answer that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis import checks as found_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.front.api.call_kit import buyer_key, call, merchant_key, pay_for, wished
from tests.market.market_kit import make_shop

from gongdao.front.api.openapi import build_openapi
from gongdao.front.api.operations import OPERATIONS
from gongdao.front.clock import now
from gongdao.market.terms import terms_number

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
EXAMPLES = 12
"""Of each operation, and each kind of call."""
_PLAIN = ("listing", "version", "quantity", "contact", "terms", "pay_with")
CHECKS = (
    found_checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


def _application() -> Any:
    from gongdao.front.api.lean_handler import LeanHandler

    return LeanHandler()


def _known() -> dict[str, dict[str, str]]:
    """Ids that exist and headers that let in, so that not every call ends at the door."""
    shop = make_shop(5)
    order = call("POST", "/api/v1/orders", wished(shop)).told
    pay_for(order)
    keys = {"merchant": merchant_key(shop), "buyer": buyer_key()}
    places = {"number": order["number"], "listing_id": str(shop.listing.id), "gateway": "sandbox"}
    return {"places": places, "keys": keys, "code": {"X-Query-Code": order["query_code"]}}


def _kinds() -> Iterator[tuple[str, bool, GenerationMode]]:
    for one in OPERATIONS:
        yield one.id, True, GenerationMode.POSITIVE
        if one.asks or one.takes not in ("", "*/*"):
            yield one.id, True, GenerationMode.NEGATIVE
        yield one.id, False, GenerationMode.POSITIVE


def test_no_call_breaks_the_interface():
    """Calls that fit the description and calls that do not, as a stranger and with keys and ids
    that exist: each answer is one that is described."""
    schema = schemathesis.openapi.from_dict(build_openapi())
    schema.app = _application()
    known, told = _known(), set[int]()
    by_id = {
        one.ok().definition.raw["operationId"]: one.ok() for one in schema.get_all_operations()
    }
    assert set(by_id) == {one.id for one in OPERATIONS}
    who = {one.id: str(one.who) for one in OPERATIONS}
    for name, let_in, mode in _kinds():
        told |= _fuzz(by_id[name], known if let_in else None, who[name], mode)
    assert told >= {200, 201, 400, 401, 404, 409}


def _fuzz(
    operation: Any, known: dict[str, dict[str, str]] | None, who: str, mode: GenerationMode
) -> set[int]:
    told = set[int]()

    @seed(20261123)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        headers = {}
        if known is not None:
            for name in case.path_parameters:
                case.path_parameters[name] = known["places"].get(name, case.path_parameters[name])
            side = "merchant" if who.startswith("merchant:") else "buyer"
            headers = {"Authorization": f"Bearer {known['keys'][side]}"}
            headers = known["code"] if who == "code" else headers
            if isinstance(case.body, dict) and "pay_with" in case.body:
                case.body |= {"listing": known["places"]["listing_id"], "version": 1}
                case.body |= {"quantity": 1, "pay_with": "sandbox"}
                case.body["terms"] = terms_number(now())
                case.body = {n: v for n, v in case.body.items() if n in _PLAIN}
        response = case.call(headers=headers)
        told.add(response.status_code)
        case.validate_response(response, checks=list(CHECKS))

    run()
    return told
