"""The one button on an order: choose what is wrong, see what is known already and what will happen,
and say what is wanted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.core.clock import beijing
from gongdao.core.errors import DisputeRefused, InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.disputes.clocks import start_clock
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.decide_abuse import Measure
from gongdao.disputes.decide_liability import Finding, Mode, decide
from gongdao.disputes.events import Party
from gongdao.disputes.execute_remedies import left_to_return
from gongdao.disputes.facts import FactName
from gongdao.disputes.hold_ground import find_grounds, measure_of
from gongdao.disputes.judge import asks_recording
from gongdao.disputes.models import Case
from gongdao.disputes.note_limits import buyer_subject
from gongdao.disputes.open_case import open_case
from gongdao.disputes.queries import cases_of_order
from gongdao.disputes.rule_words import REMEDY_WORDS
from gongdao.disputes.states import Mover, ReasonCode, Step
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_form import OpenForm, asks_for
from gongdao.front.web.dispute_view import fact_rows
from gongdao.front.web.dispute_words import (
    BEFORE_DELIVERY,
    BY_PIECE,
    CHOOSABLE,
    EVIDENCE,
    said,
)
from gongdao.front.web.market_access import buyer_id, order_page
from gongdao.front.web.market_order_view import make_sight
from gongdao.market.desk_orders import read_entered
from gongdao.market.models import Order
from gongdao.market.shown import find_shown
from gongdao.market.states import PAID_FOR, OrderState
from gongdao.rules.dispute_queries import liability

_REGION = ("地区", "区服", "region")
"""What a label of the order form has in it where it asks for a region."""
_HIDDEN = frozenset({FactName.JUDGED_AT, FactName.WANTED, FactName.ASKED_MINOR})


@require_safe
@order_page
def reasons(request: HttpRequest, order: Order) -> HttpResponseBase:
    """What is wrong? An order about which a case is open leads to that case."""
    if there := Case.objects.filter(order=order, state="open").first():
        return redirect("dispute_case", number=order.number, case_id=there.id)
    before = cases_of_order(order_id=order.id)
    context = {
        "order": order,
        "sight": _sight(order),
        "reasons": [
            {"code": code.value, "name": translated(CHOOSABLE[code])} for code in choosable(order)
        ],
        "can": order.state in PAID_FOR and left_to_return(order) > 0,
        "before": list(before),
        "here": "orders",
    }
    return render(request, "pages/dispute_reasons.html", context)


def choosable(order: Order) -> tuple[ReasonCode, ...]:
    """The reasons that can be true of an order in its state."""
    if order.state == OrderState.PAID or order.delivered_at is None:
        return BEFORE_DELIVERY
    return tuple(CHOOSABLE)


@require_http_methods(["GET", "POST"])
@order_page
def ask(request: HttpRequest, order: Order, reason: str) -> HttpResponseBase:
    """What is recorded already, what to add, what will happen by when; sent, the case is open."""
    if reason not in {code.value for code in choosable(order)}:
        raise Http404
    left, at = Money(left_to_return(order), order.currency), now()
    if order.state not in PAID_FOR or not left.minor:
        return redirect("dispute_reasons", number=order.number)
    code, sight = ReasonCode(reason), _sight(order)
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    asks = asks_for(code, listed=sight.offer.region, before=_account_region(order, code, at))
    asks_pieces = code in BY_PIECE and order.delivered_at is not None
    whole = order.quantity == 1 or asks_pieces or left.minor == order.total_minor
    form = OpenForm(
        data,
        files,
        left=left,
        replaceable=sight.by_vault and whole,
        pieces=order.quantity,
        by_piece=asks_pieces,
        price=Money(order.total_minor, order.currency),
        asks=asks,
    )
    if request.method == "POST" and form.is_valid():
        found = _open(request, order, code, form, at)
        if found is not None:
            return redirect("dispute_case", number=order.number, case_id=found.id)
    context = {
        "order": order,
        "sight": sight,
        "reason": translated(CHOOSABLE[code]),
        "form": form,
        "evidence": said({str(key): text for key, text in EVIDENCE.items()}, reason)
        if code in EVIDENCE
        else "",
        **_foresee(order, code, at),
        "here": "orders",
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "pages/dispute_ask.html", context, status=status)


def _open(
    request: HttpRequest, order: Order, code: ReasonCode, form: OpenForm, at: datetime
) -> Case | None:
    given = form.cleaned_data
    try:
        case = open_case(
            stores=get_stores(),
            order_id=order.id,
            asked=Asked(code, given["wanted"], given["amount"], form.told(), form.places()),
            by=Party(Mover.BUYER, buyer_id(request)),
            words=given["words"],
            files=given["files"],
            talk=given["talk"],
            at=at,
        )
    except (DisputeRefused, InputError) as error:
        messages.error(request, str(error))
        return None
    if case.opened_at != at:
        messages.info(
            request,
            _("这个订单已经有一个争议在处理，您刚才填的没有另外提交；要补充的请写在这里。"),
        )
    return case


def _foresee(order: Order, code: ReasonCode, at: datetime) -> dict[str, Any]:
    """What is recorded, and what the rules would say now."""
    stores = get_stores()
    facts = collect_facts(stores=stores, order=order, asked=Asked(code), case_id=None, at=at)
    on = beijing(order.placed_at).date()
    finding = decide(facts=facts, table=liability(code.value, on))
    standing = find_grounds(subject=buyer_subject(order.buyer_digest), at=at)
    limits = frozenset(map(measure_of, standing))
    shown = [fact for fact in facts.items if fact.name not in _HIDDEN]
    return {
        "facts": fact_rows(type(facts)(tuple(shown)), order.currency),
        "foreseen": _limit_words(limits, finding, code, on)
        or _foreseen_words(finding, order.currency),
        "answer_by": start_clock(step=Step.MERCHANT_ANSWER, at=at, on=on).due_at,
        "decided_now": finding.mode is Mode.AUTOMATIC or Measure.PERSON_FIRST in limits,
        "again_at": finding.again_at,
    }


def _limit_words(limits: frozenset[Measure], finding: Finding, code: ReasonCode, on: date) -> str:
    """What a limit on the buyer changes, where records do not decide; empty for nothing."""
    if finding.mode is not Mode.PERSON:
        return ""
    if Measure.PERSON_FIRST in limits:
        return _("按公布的限制，这种情况先由人来看。依据、到什么时候、怎样申诉，都写在争议页上。")
    if Measure.ASK_RECORDING in limits and asks_recording(code, on):
        return _(
            "按公布的限制，请附上提卡前就开始的录屏；没有附，先等您补交，再由商家答复。"
            "依据、到什么时候、怎样申诉，都写在争议页上。"
        )
    return ""


def _foreseen_words(finding: Finding, currency: str) -> str:
    if finding.mode is Mode.WAIT:
        return _("承诺的时间还没有到。到时系统自己再判断一次，您不用再来。")
    if finding.mode is Mode.PERSON:
        return _(
            "这种情况记录本身说不清：先由商家答复，商家不答复您的主张就成立，说不拢由人来裁决。"
        )
    if not finding.grants:
        return _("按现在的记录，规则不支持退款。您仍然可以提出，并可以申诉，由人来看。")
    amount = Money(finding.amount_minor, currency)
    remedy = said(REMEDY_WORDS, finding.remedy.value)
    if not finding.amount_minor:
        return _("按现在的记录可以马上决定：{remedy}。").format(remedy=remedy)
    words = _("按现在的记录可以马上决定：{remedy} {amount}。")
    return words.format(remedy=remedy, amount=amount)


def _account_region(order: Order, code: ReasonCode, at: datetime) -> str:
    """The region of the account that was to be topped up, where the buyer filled it in when he
    ordered; he is shown his own words."""
    if code is not ReasonCode.WRONG_REGION:
        return ""
    entered = read_entered(stores=get_stores(), order=order, at=at)
    found = (text for label, text in entered.items() if any(w in label.lower() for w in _REGION))
    return next(found, "")[:40]


def _sight(order: Order) -> Any:
    return make_sight(order, find_shown(order.listing_id, order.listing_version).offer, now())


urlpatterns = [
    path("<str:number>/problem/", reasons, name="dispute_reasons"),
    path("<str:number>/problem/<slug:reason>/", ask, name="dispute_ask"),
]
