"""The buyer's receipt of an order: what it shows, and its two forms to save."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import NotDelivered
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.market_access import buyer_id, order_page
from gongdao.front.web.market_order_view import make_sight
from gongdao.log.errors import LeafNotCovered
from gongdao.market.deliver_by_hand import read_handed
from gongdao.market.models import Order
from gongdao.market.offer import Delivery
from gongdao.market.order_receipt import Pieces, make_order_receipt
from gongdao.market.own_orders import as_found
from gongdao.market.reveal_order import reveal_order
from gongdao.market.shown import find_shown
from gongdao_verify.order_verdict import judge_order


@require_safe
@order_page
def show(request: HttpRequest, order: Order) -> HttpResponseBase:
    """What the receipt proves, checked with the verifier's own code, and the buttons to save it."""
    sight = make_sight(order, find_shown(order.listing_id, order.listing_version).offer, now())
    if not sight.holds_secrets:
        return redirect("market_order", number=order.number)
    context: dict[str, Any] = {"order": order, "sight": sight, "here": "orders", "found": False}
    try:
        data = make_order_receipt(stores=get_stores(), order=order)
    except LeafNotCovered:
        return render(request, "pages/market_receipt.html", context)
    verdict = judge_order(data, policy=None)
    context |= {
        "found": True,
        "holds": verdict.exit_code == 0,
        "too_late": verdict.reason == "batch_after_order",
        "batches": len(verdict.batches),
    }
    return render(request, "pages/market_receipt.html", context)


@require_POST
@order_page
def save(request: HttpRequest, order: Order) -> HttpResponseBase:
    """The receipt as a file: whole, with the secrets read out on the record, or bare."""
    whole = request.POST.get("form") == "whole"
    try:
        pieces = _read(order, request) if whole else Pieces()
        data = make_order_receipt(stores=get_stores(), order=order, opened=pieces)
    except NotDelivered:
        return redirect("market_order", number=order.number)
    except LeafNotCovered as error:
        messages.info(request, str(error))
        return redirect("market_receipt", number=order.number)
    kind = _("含卡密") if whole else _("不含卡密")
    name = _("订单凭证-{number}-{kind}.json").format(number=order.number, kind=kind)
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _read(order: Order, request: HttpRequest) -> Pieces:
    at, stores = now(), get_stores()
    offer = find_shown(order.listing_id, order.listing_version).offer
    if offer.delivery is not Delivery.SECRET:
        return Pieces(handed=read_handed(stores=stores, order_id=order.id, at=at))
    who = f"account:{buyer_id(request)}" if buyer_id(request) else "page"
    return Pieces(secrets=reveal_order(stores=stores, order=as_found(order), who=who, at=at))


urlpatterns = [
    path("<str:number>/receipt/", show, name="market_receipt"),
    path("<str:number>/receipt/save/", save, name="market_receipt_save"),
]
