"""Who calls: the key in ``Authorization``, the address the call comes from."""

from __future__ import annotations

import ipaddress
from uuid import UUID

from django.http import HttpRequest

from gongdao.front.clock import now
from gongdao.market.api_errors import ApiKeyRefused, ScopeMissing
from gongdao.market.api_keys import Scope, open_api_key
from gongdao.market.models import ApiKey

_LONGEST = 200


def has_key(request: HttpRequest) -> bool:
    """Whether the call brings a key, good or not."""
    return "HTTP_AUTHORIZATION" in request.META


def need_key(request: HttpRequest, scope: Scope) -> ApiKey:
    """The key of the call, which opens ``scope``. Raise ApiKeyRefused, ScopeMissing."""
    kind, _blank, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not 0 < len(text.strip()) <= _LONGEST:
        raise ApiKeyRefused
    return open_api_key(text=text.strip(), scope=scope, at=now())


def need_merchant(request: HttpRequest, scope: Scope) -> tuple[ApiKey, UUID]:
    """The key of the call and the merchant that it acts for."""
    key = need_key(request, scope)
    if key.merchant_id is None:  # a key without a merchant has no merchant's scope
        raise ScopeMissing(scope.value)
    return key, key.merchant_id


def address_of(request: HttpRequest) -> str:
    """The address that the call comes from, empty where none is known; behind a proxy of ours the
    one that the proxy noted."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return ""
