"""The interface's own description, OpenAPI 3.1, made from `operations` and `shapes`."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from gongdao.front.api.lean_handler import as_json
from gongdao.front.api.operations import CODE, NOBODY, ONCE, OPERATIONS, PLACES, Operation
from gongdao.front.api.shapes import SHAPES, ref
from gongdao.market.api_keys import Scope

_JSON = "application/json"
_REASONS = {
    400: "Something handed in cannot be used; `field` says which.",
    401: "No key that holds.",
    403: "The key does not open this.",
    404: "Not there, or not the caller's.",
    405: "Not by this method.",
    409: "Not now: the state does not allow it. Nothing changed.",
    410: "It was erased.",
    413: "Too long.",
    422: "The idempotency key stands for another request.",
    429: "Too often; `Retry-After` says when it works again.",
    502: "A payment service does not answer, or not usably; nobody has paid.",
    503: "Something behind us does not answer; try again soon.",
}


def describe(request: HttpRequest) -> HttpResponse:
    """The description of the interface."""
    return as_json(build_openapi())


@cache
def build_openapi() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _describe(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gongdao 公道",
            "version": "1",
            "description": "Every error is one object: `error` with `code`, `message` and, where "
            "one field is at fault, `field`. Codes: docs/reference/errors.md. Amounts are texts in "
            "yuan, `98.00`; times are RFC 3339. Messages are Chinese, or English where "
            "`Accept-Language` begins with `en`.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key. Scopes: " + ", ".join(f"`{s}`" for s in Scope),
                },
                "code": {"type": "apiKey", "in": "header", "name": "X-Query-Code"},
            },
        },
    }


def _describe(one: Operation) -> dict[str, Any]:
    status, shape = one.gives
    places = re.findall(r"{(\w+)}", one.path)
    found: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.says,
        "parameters": [
            *({"name": n, "in": "path", "required": True, "schema": PLACES[n]} for n in places),
            *({"name": name, "in": "query", "schema": s} for name, s in one.asks.items()),
            *([ONCE] if one.once else []),
        ],
        "responses": {str(status): {"description": "Done.", "content": _content(shape)}}
        | {str(error): _error(one, error) for error in sorted(_errors(one))},
        "security": _security(one),
    }
    if one.who not in (NOBODY, CODE):
        found["description"] = f"Needs a key with the scope `{one.who}`."
    if one.takes:
        found["requestBody"] = {"required": True, "content": _content(one.takes)}
    if one.also is not None:
        status, shape, says = one.also
        found["responses"][str(status)] = {"description": says, "content": _content(shape)}
    return found


def _errors(one: Operation) -> set[int]:
    of_keys = {401, 403} if one.who != NOBODY else set()
    return {*one.errors, *of_keys, 405}


def _error(one: Operation, status: int) -> dict[str, Any]:
    plain = "*/*" in (one.takes, one.gives[1]) and status not in (404, 405)
    shape = "*/*" if plain else "Error"
    content = _content(shape) | (_content("*/*") if "*/*" in one.gives else {})
    return {"description": _REASONS[status], "content": content}


def _content(shape: str) -> dict[str, Any]:
    if shape == "*/*":
        return {"*/*": {"schema": {}}}
    return {_JSON: {"schema": {"type": "object"} if shape == "object" else ref(shape)}}


def _security(one: Operation) -> list[dict[str, list[str]]]:
    if one.who == CODE:
        return [{"code": []}, {"key": []}]
    if one.who == NOBODY:
        return [{}, {"key": []}] if one.id == "placeOrder" else []
    return [{"key": []}]
