"""What services say of an order's money, on the operator's desk: a refund that bounced, or that the
bank paid; and words of theirs that a person settles."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.gateways import get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web.money_words import ELSEWHERE, say_word
from gongdao.front.web.operator_access import Desk, desk_page, fresh_factor_page
from gongdao.front.web.operator_money import payout_policy
from gongdao.front.web.operator_view import do_deed, say_error
from gongdao.market.give_back import refund_bounced
from gongdao.market.models import Order
from gongdao.market.note_bill import settle_finding
from gongdao.market.staff import check_reason
from gongdao.market.states import Role
from gongdao.market.take_word import Word
from gongdao.market.vetting_models import StaffDeed
from gongdao.payments.ask_refund import RefundFate, ask_refund
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.models import Refund

BOUNCE_SEEN = "refund.bounce_seen"
"""The deed of the first of two people who say that a refund came back."""


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_orders")
def bounced(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """A confirmed refund stands in the service's books as failed: the buyer is owed it again. The
    service is asked first; where it tells nothing, a large sum needs a second person."""
    row = _find(refund_id)
    if request.POST.get("seen") != "yes":
        return _look_first(request, row)
    fate = ask_refund(refund=row, gateways=get_gateways(), at=desk.at)
    code, done = "refund.bounce", _("已记为没有退到。")
    second = fate is RefundFate.UNKNOWN and row.state == "confirmed" and _needs_second(row, desk)
    if second:
        code, done = BOUNCE_SEEN, _("记下了。支付渠道没有说它失败，要另一个人也看过、再登记一次。")

    def deed() -> bool:
        return second or fail_refund(
            refund_id=row.id,
            asked_no=row.asked_no,
            fate=fate,
            failed=lambda one: refund_bounced(stores=get_stores(), refund=one, at=desk.at),
            at=desk.at,
        )

    return _do(request, desk, row, deed, code=code, done=done)


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_orders")
def elsewhere(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """A refund that the service cannot pay was paid to the buyer by the bank; the service is asked
    first whether it paid it after all."""
    row = _find(refund_id)
    if request.POST.get("seen") != "yes":
        return _look_first(request, row)
    number = row.credit.intent.out_trade_no
    try:
        said = check_reason(request.POST.get("reason", ""))
    except InputError as error:
        messages.error(request, say_error(error))
        return redirect("operator_order", number=number)
    word = Word(
        ELSEWHERE,
        ("order", str(row.credit.intent.owner_id)),
        Money(row.amount_minor, row.credit.currency),
        request.POST.get("reference", "").replace("\0", "").strip()[:80],
        said,
        {"refund": str(row.id), "asked_no": row.asked_no},
    )
    done = _("已记为付给买家。")
    return say_word(request, desk, word, done=done, back="operator_order", args=(number,))


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_orders")
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


def _find(refund_id: UUID) -> Refund:
    row = Refund.objects.select_related("credit__intent").filter(id=refund_id).first()
    if row is None:
        raise Http404
    return row


def _look_first(request: HttpRequest, row: Refund) -> HttpResponseBase:
    messages.error(request, _("先到支付渠道的后台看过，再登记。"))
    return redirect("operator_order", number=row.credit.intent.out_trade_no)


def _needs_second(row: Refund, desk: Desk) -> bool:
    """Whether one person's word is not enough and nobody else has given his: over the limit of
    payouts, or where this refund came back before."""
    amount = Money(row.amount_minor, row.credit.currency)
    limit = payout_policy().second_person_over
    if amount.currency == limit.currency and amount.minor <= limit.minor and not row.again:
        return False
    said = StaffDeed.objects.filter(
        deed=BOUNCE_SEEN,
        about_kind="order",
        about_id=str(row.credit.intent.owner_id),
        reason__startswith=f"{row.asked_no} ",
    )
    return not said.exclude(who=desk.by.id).exists()


def _do(
    request: HttpRequest,
    desk: Desk,
    row: Refund,
    deed: Callable[[], bool],
    *,
    code: str,
    done: str,
) -> HttpResponseBase:
    """Do it for whoever says why."""
    intent, reason = row.credit.intent, request.POST.get("reason", "")

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
