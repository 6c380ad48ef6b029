"""What services say of an order's money, on the operator's desk: a refund that bounced, or that the
bank paid; and words of theirs that a person settles."""

from __future__ import annotations

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
from gongdao.front.web.money_words import (
    BOUNCE,
    ELSEWHERE,
    NOTHING_TAKEN,
    prepare_word,
    say_word,
)
from gongdao.front.web.operator_access import Desk, desk_page, fresh_factor_page
from gongdao.front.web.operator_view import do_deed, say_error
from gongdao.market.charge_back_told import CHARGED_BACK
from gongdao.market.models import Finding, Order
from gongdao.market.note_bill import settle_finding
from gongdao.market.staff import check_reason
from gongdao.market.states import Role
from gongdao.market.take_word import Word
from gongdao.payments.ask_refund import RefundFate, ask_refund
from gongdao.payments.models import Refund


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_orders")
def bounced(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """A confirmed refund stands in the service's books as failed: the buyer is owed it again. The
    service is asked first; where it tells nothing it is a person's word, and a second one's where
    this refund came back before."""
    row = _find(refund_id)
    if request.POST.get("seen") != "yes":
        return _look_first(request, row)
    word = _word(request, row, BOUNCE, row.asked_no)
    if isinstance(word, HttpResponseBase):
        return word
    done, number = _("已记为没有退到。"), row.credit.intent.out_trade_no
    if ask_refund(refund=row, gateways=get_gateways(), at=desk.at) is RefundFate.UNKNOWN:
        alone, back = not row.again, "operator_order"
        return say_word(request, desk, word, done=done, back=back, args=(number,), alone=alone)
    return do_deed(
        request,
        desk,
        prepare_word(word, desk.at),
        code=BOUNCE,
        about=word.about,
        done=done,
        back="operator_order",
        args=(number,),
        reason=word.told,
    )


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
    reference = request.POST.get("reference", "").replace("\0", "").strip()[:80]
    word = _word(request, row, ELSEWHERE, reference)
    if isinstance(word, HttpResponseBase):
        return word
    done = _("已记为付给买家。")
    return say_word(request, desk, word, done=done, back="operator_order", args=(number,))


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_orders")
def finding(request: HttpRequest, desk: Desk, order_id: UUID) -> HttpResponseBase:
    """A service's word on an order was looked at and is settled; the deed notes itself. That no
    bank takes the payment frees all of its money, and is said as a word that moves it."""
    number = Order.objects.filter(id=order_id).values_list("number", flat=True).first()
    if number is None:
        raise Http404
    if request.POST.get("code") == CHARGED_BACK:
        return _nothing_taken(request, desk, order_id, number)
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


def _nothing_taken(
    request: HttpRequest, desk: Desk, order_id: UUID, number: str
) -> HttpResponseBase:
    found = Finding.objects.filter(order_id=order_id, code=CHARGED_BACK).first()
    if found is None:
        raise Http404
    try:
        said = check_reason(request.POST.get("reason", ""))
    except InputError as error:
        messages.error(request, say_error(error))
        return redirect("operator_order", number=number)
    order = Order.objects.get(id=order_id)
    whole = Money(order.total_minor, order.currency)
    given = {"times": str(found.times)}
    word = Word(NOTHING_TAKEN, ("order", str(order_id)), whole, CHARGED_BACK, said, given)
    done = _("已了结。")
    return say_word(request, desk, word, done=done, back="operator_order", args=(number,))


def _find(refund_id: UUID) -> Refund:
    row = Refund.objects.select_related("credit__intent").filter(id=refund_id).first()
    if row is None:
        raise Http404
    return row


def _look_first(request: HttpRequest, row: Refund) -> HttpResponseBase:
    messages.error(request, _("先到支付渠道的后台看过，再登记。"))
    return redirect("operator_order", number=row.credit.intent.out_trade_no)


def _word(request: HttpRequest, row: Refund, deed: str, reference: str) -> Word | HttpResponseBase:
    """What is said of a refund; the way back for whoever does not say why."""
    try:
        said = check_reason(request.POST.get("reason", ""))
    except InputError as error:
        messages.error(request, say_error(error))
        return redirect("operator_order", number=row.credit.intent.out_trade_no)
    amount = Money(row.amount_minor, row.credit.currency)
    given = {"refund": str(row.id), "asked_no": row.asked_no}
    return Word(deed, ("order", str(row.credit.intent.owner_id)), amount, reference, said, given)


urlpatterns = [
    path("refunds/<uuid:refund_id>/bounced/", bounced, name="operator_refund_bounced"),
    path("orders/<uuid:order_id>/finding/", finding, name="operator_finding"),
    path("refunds/<uuid:refund_id>/elsewhere/", elsewhere, name="operator_refund_elsewhere"),
]
