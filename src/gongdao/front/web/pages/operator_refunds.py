"""What services say of an order's money, on the operator's desk: a refund that bounced, or that the
bank paid; and words of theirs that a person settles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from gongdao.core.language import gettext as _
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import do_deed
from gongdao.market.give_back import refund_bounced, refund_confirmed
from gongdao.market.models import Order
from gongdao.market.note_bill import settle_finding
from gongdao.market.staff import check_reason
from gongdao.market.states import Role
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.models import Refund
from gongdao.payments.settle_elsewhere import settle_elsewhere


@require_POST
@desk_page(Role.FINANCE)
def bounced(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """A confirmed refund stands in the service's books as failed: the buyer is owed it again."""

    def deed() -> bool:
        failed = partial(_take_back, desk)
        return fail_refund(refund_id=refund_id, failed=failed, at=desk.at)

    return _do(request, desk, refund_id, deed, code="refund.bounce", done=_("已记为没有退到。"))


@require_POST
@desk_page(Role.FINANCE)
def elsewhere(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """A refund that the service cannot pay was paid to the buyer by the bank."""

    def confirmed(refund: Refund) -> None:
        refund_confirmed(stores=get_stores(), refund=refund, at=desk.at)

    def deed() -> bool:
        number = request.POST.get("reference", "")
        return settle_elsewhere(
            refund_id=refund_id, reference=number, confirmed=confirmed, at=desk.at
        )

    return _do(request, desk, refund_id, deed, code="refund.elsewhere", done=_("已记为付给买家。"))


@require_POST
@desk_page(Role.FINANCE)
def finding(request: HttpRequest, desk: Desk, order_id: UUID) -> HttpResponseBase:
    """A service's word on an order was looked at and is settled; the deed notes itself."""
    number = Order.objects.filter(id=order_id).values_list("number", flat=True).first()
    if number is None:
        raise Http404
    return do_deed(
        request,
        desk,
        lambda: settle_finding(
            order_id=order_id,
            code=request.POST.get("code", ""),
            reason=request.POST.get("reason", ""),
            by=desk.by,
            at=desk.at,
        ),
        code="",
        about=("order", str(order_id)),
        done=_("已了结。"),
        back="operator_order",
        args=(number,),
    )


def _take_back(desk: Desk, refund: Refund) -> None:
    refund_bounced(refund=refund, at=desk.at)


def _do(
    request: HttpRequest,
    desk: Desk,
    refund_id: UUID,
    deed: Callable[[], bool],
    *,
    code: str,
    done: str,
) -> HttpResponseBase:
    """Do it for whoever says that he looked, and why."""
    row = Refund.objects.select_related("credit__intent").filter(id=refund_id).first()
    if row is None:
        raise Http404
    intent, reason = row.credit.intent, request.POST.get("reason", "")
    if request.POST.get("seen") != "yes":
        messages.error(request, _("先到支付渠道的后台看过，再登记。"))
        return redirect("operator_order", number=intent.out_trade_no)

    def checked() -> bool:
        check_reason(reason)
        return deed()

    return do_deed(
        request,
        desk,
        checked,
        code=code,
        about=("order", str(intent.owner_id)),
        done=done,
        back="operator_order",
        args=(intent.out_trade_no,),
        reason=f"{row.asked_no} {request.POST.get('reference', '')} {reason}",
    )


urlpatterns = [
    path("refunds/<uuid:refund_id>/bounced/", bounced, name="operator_refund_bounced"),
    path("orders/<uuid:order_id>/finding/", finding, name="operator_finding"),
    path("refunds/<uuid:refund_id>/elsewhere/", elsewhere, name="operator_refund_elsewhere"),
]
