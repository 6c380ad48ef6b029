"""Where payment services call: the callback is checked, asked back, judged, kept, and answered
their way.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from gongdao.core.errors import TradeNumberUsed
from gongdao.front.api.by_method import ByMethod
from gongdao.front.clock import now
from gongdao.front.gateways import find_gateway
from gongdao.front.stores import get_stores
from gongdao.market.charge_back_notice import note_charge_back
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.note_failed_refund import note_failed_refund
from gongdao.payments.credit_report import NUMBER_USED, note_refused
from gongdao.payments.decide_callback import CallbackVerdict
from gongdao.payments.port import (
    BadCallback,
    Callback,
    Gateway,
    GatewayError,
    Told,
    UnusedEvent,
)
from gongdao.payments.take_callback import LONGEST_BODY, take_callback

log = logging.getLogger("gongdao.pay")
_NO = b"fail"
_LONGEST_REASON = 64
_FORM = "application/x-www-form-urlencoded"


def notify(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take a callback and answer it. What is refused is kept with its reason and answered so that
    the service calls again; so it is where the service, asked back, does not answer. What is
    believed, was before, or is the service's word of something else, is answered as the service
    wants it."""
    service = find_gateway(gateway)
    digest = sha256(request.get_full_path().encode() + b"\0" + request.body).digest()
    try:
        callback = _read(request)
    except BadCallback as error:
        _note(service, error.reason, "", digest)
        return _plain(_NO, HTTPStatus.BAD_REQUEST)
    status, body = answer_callback(service, callback, digest)
    return _plain(body, status)


def answer_callback(service: Gateway, callback: Callback, digest: bytes) -> tuple[int, bytes]:
    """Do all that a callback asks for; status and body of the answer."""
    number = (callback.form or callback.query).get("out_trade_no", "")
    try:
        report = take_callback(gateway=service, callback=callback, at=now())
    except UnusedEvent as error:
        _note(service, error.reason, "", digest, CallbackVerdict.UNUSED)
        return HTTPStatus.OK, service.accepted
    except BadCallback as error:
        _note(service, error.reason, error.out_trade_no or number, digest)
        return HTTPStatus.BAD_REQUEST, _NO
    except GatewayError as error:
        _note(service, f"unasked:{error.problem}", number, digest)
        return HTTPStatus.SERVICE_UNAVAILABLE, _NO
    if report.told is Told.REFUND_FAILED:
        note_failed_refund(report=report, gateway=service.name, digest=digest, at=now())
        return HTTPStatus.OK, service.accepted
    if report.told in (Told.CHARGED_BACK, Told.CHARGE_BACK_RETURNED):
        note_charge_back(report=report, gateway=service.name, digest=digest, at=now())
        return HTTPStatus.OK, service.accepted
    try:
        done = confirm_payment(
            stores=get_stores(),
            report=report,
            gateway=service.name,
            way="callback",
            digest=digest,
            at=now(),
        )
    except TradeNumberUsed:  # nothing was written; it is no fault of ours
        _note(service, NUMBER_USED.reason, report.out_trade_no, digest)
        return HTTPStatus.CONFLICT, _NO
    if done.credited.judged.verdict is CallbackVerdict.REFUSED:
        log.warning("a payment of %s is refused: %s", service.name, done.credited.judged.reason)
        return HTTPStatus.CONFLICT, _NO
    return HTTPStatus.OK, service.accepted


def _note(
    service: Gateway,
    reason: str,
    number: str,
    digest: bytes,
    verdict: CallbackVerdict = CallbackVerdict.REFUSED,
) -> None:
    note_refused(
        gateway=service.name,
        way="callback",
        reason=reason[:_LONGEST_REASON],
        out_trade_no=number,
        digest=digest,
        at=now(),
        verdict=verdict,
    )
    level = logging.INFO if verdict is CallbackVerdict.UNUSED else logging.WARNING
    log.log(level, "a callback of %s is not taken: %s", service.name, reason)


def _read(request: HttpRequest) -> Callback:
    """The callback as it came. A field that comes twice is refused: two readers might take two
    different ones."""
    if len(request.body) > LONGEST_BODY:
        raise BadCallback("too_long")
    for fields in (request.GET, request.POST):
        if any(len(values) > 1 for _name, values in fields.lists()):
            raise BadCallback("repeated_field")
    return Callback(
        {name: str(value) for name, value in request.GET.items()},
        {name: str(value) for name, value in request.POST.items()},
        _headers(request.META),
        b"" if request.content_type == _FORM else request.body,
    )


def _headers(meta: Mapping[str, Any]) -> dict[str, str]:
    """By their names in lower case; Django's own reading of them takes ten times as long."""
    found = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in meta.items()
        if name.startswith("HTTP_")
    }
    return found | {"content-type": str(meta.get("CONTENT_TYPE", ""))}


def _plain(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="text/plain")


urlpatterns = [path("<str:gateway>/notify", ByMethod(GET=notify, POST=notify))]
