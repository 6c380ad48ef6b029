"""Where suppliers call back: checked by their own signature, kept, judged, answered their way."""

from __future__ import annotations

import logging
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

from gongdao.front.api.by_method import ByMethod
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.market.decide_top_up import Way
from gongdao.market.models import Supplier
from gongdao.market.suppliers.keep_supplier import open_supplier, wire_to
from gongdao.market.suppliers.port import Called
from gongdao.market.top_up_answers import find_top_up, take_word
from gongdao.payments.port import BadCallback

log = logging.getLogger("gongdao.supply")
_LONGEST_BODY = 64 * 1024


def notify(request: HttpRequest, supplier_id: UUID) -> HttpResponse:
    """Take a supplier's callback. What he did not sign, or what names no top-up of his, is refused;
    the rest is kept and answered as he wants it, however often it comes."""
    at, stores = now(), get_stores()
    row = Supplier.objects.filter(id=supplier_id).first()
    if row is None or len(request.body) > _LONGEST_BODY:
        return HttpResponse("fail", status=404 if row is None else 413, content_type="text/plain")
    supplier = open_supplier(stores=stores, row=row, wire=wire_to(row), at=at)
    called = Called(
        request.path,
        {name: str(value) for name, value in request.POST.items()},
        {name.lower(): value for name, value in request.headers.items()},
        request.body,
    )
    try:
        number, word = supplier.read_callback(called, at)
    except BadCallback as error:
        log.warning("a callback of supplier %s is refused: %s", row.id, error.reason)
        return HttpResponse("fail", status=400, content_type="text/plain")
    top_up = find_top_up(supplier_id=row.id, number=number)
    if top_up is None:
        log.warning("supplier %s calls for a number that is none", row.id)
        return HttpResponse("fail", status=404, content_type="text/plain")
    take_word(stores=stores, top_up_id=top_up, word=word, way=Way.CALLBACK, at=at)
    kind = "application/json" if supplier.accepted.startswith(b"{") else "text/plain"
    return HttpResponse(supplier.accepted, content_type=kind)


urlpatterns = [path("<uuid:supplier_id>/notify", ByMethod(POST=notify))]
