"""The operator closes a merchant's shop: the same way as one that leaves, by a named person."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.language import gettext as _
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import do_deed
from gongdao.market.close_merchant import begin_closing, find_open
from gongdao.market.models import Merchant, MerchantClosing
from gongdao.market.states import Role


@require_http_methods(["GET", "POST"])
@desk_page(Role.REVIEWER)
def close(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Say what is open; begin the closing with a reason."""
    found = Merchant.objects.filter(id=merchant_id).first()
    if found is None:
        raise Http404
    if request.method == "GET":
        claims = find_claims(found.id)
        context = {
            "merchant": found,
            "closing": MerchantClosing.objects.filter(merchant=found).first(),
            "open": find_open(merchant_id=found.id, claims=claims, at=desk.at),
            "here": "operator",
            "part": "merchants",
        }
        return render(request, "pages/operator_close.html", context)
    reason = request.POST.get("reason", "")

    def deed() -> bool:
        return begin_closing(
            stores=get_stores(),
            merchant_id=found.id,
            wanted_by="platform",
            by=desk.user,
            reason=reason,
            at=desk.at,
        )

    return do_deed(
        request,
        desk,
        deed,
        code="merchant.close",
        about=("merchant", str(found.id)),
        done=_("开始退出：商品已下架，未了的事办完后退保证金。"),
        back="operator_close",
        args=(found.id,),
        reason=reason,
    )


urlpatterns = [path("merchants/<uuid:merchant_id>/close/", close, name="operator_close")]
