"""Log the seal of a case file that was made elsewhere: three digests in, a receipt out.

Anybody may do it, and nothing of who did is kept: no session, no account, no cookie is looked at,
so there is nothing that a forged request could use. Doing it again gives the same leaf.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gongdao.casework.log_seal import SealDigests
from gongdao.casework.online.log_case_seal import log_case_seal
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import TooManyAttempts
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of
from gongdao.front.web.log_promise import promise_of
from gongdao.front.web.log_trust import find_trust
from gongdao.front.web.wait_vouched import wait_vouched
from gongdao.log.receipt import make_receipt

SEALS = Limit("log-seals", 120, timedelta(hours=1))
"""From one network: a client asks some ten times for one seal at worst."""
WAIT_S = 3.0
"""How long an answer waits for the checkpoint, before it is a promise, and for witnesses."""
MOST_BYTES = 1024
JSON = "application/json"


def _json_errors(view: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Machines read the answer: also a refusal is JSON."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            return view(request)
        except TooManyAttempts as error:
            refused = _refuse(429, error.code, str(error))
            refused["Retry-After"] = error.until.strftime("%a, %d %b %Y %H:%M:%S GMT")
            return refused

    return answer


@csrf_exempt
@require_POST
@_json_errors
def seals(request: HttpRequest) -> HttpResponse:
    """Take ``{"manifest_sha256", "manifest_sm3", "seal_sha256"}``; 200 with the receipt, or 202
    with a signed promise. 400, 413, 415 or 429 where it is refused."""
    count_attempt(stores=get_stores(), limit=SEALS, who=network_of(request), at=now())
    if request.content_type != JSON:
        return _refuse(415, "media_type", _("要用 Content-Type: application/json 提交。"))
    if len(request.body) > MOST_BYTES:
        return _refuse(413, "too_long", _("提交的内容太长。"))
    try:
        digests = SealDigests.parse(json.loads(request.body))
    except (ValueError, RecursionError):
        return _refuse(400, "digests", _("要有且只有三个摘要，每个 64 位小写十六进制数字。"))
    leaf_hash = log_case_seal(stores=get_stores(), digests=digests, at=now())
    index = wait_vouched(settings=settings.GONGDAO, leaf_hash=leaf_hash, patience_s=WAIT_S)
    return _answer(leaf_hash, index)


def _answer(leaf_hash: bytes, index: int | None) -> HttpResponse:
    trust = find_trust(settings.GONGDAO)
    told: dict[str, Any] = {
        "version": 1,
        "leaf_hash": leaf_hash.hex(),
        "vkey": None if trust is None else trust.vkey,
    }
    site = settings.GONGDAO.public_url
    if index is None:
        note = promise_of(settings.GONGDAO, leaf_hash)
        told |= {
            "state": "promised",
            "promise": None if note is None else note.decode(),
            "receipt_at": site + reverse("log_receipt", args=[leaf_hash.hex()]),
        }
        answer = _json(told, 202)
        answer["Retry-After"] = "1"
        return answer
    receipt = make_receipt(stores=get_stores(), leaf_hash=leaf_hash, openings=False)
    page = site + reverse("log_leaf", args=[index])
    told |= {"state": "logged", "index": index, "page": page, "receipt": receipt.decode()}
    return _json(told, 200)


def _refuse(status: int, code: str, reason: str) -> HttpResponse:
    return _json({"version": 1, "error": code, "reason": reason}, status)


def _json(told: dict[str, Any], status: int) -> HttpResponse:
    return JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})


urlpatterns = [path("seals/", seals, name="log_seals")]
