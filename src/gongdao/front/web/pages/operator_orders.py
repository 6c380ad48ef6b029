"""Orders that need a person, and any order by its number, on the operator's desk.

What a buyer entered, and what he bought, is shown to nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.front.web import operator_queues as queues
from gongdao.front.web.market_words import STATE_NAMES
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_view import do_deed, link, page_of, searched
from gongdao.front.web.operator_words import DOUBTS, FINDINGS, TO_DO, deed_name, word_of
from gongdao.front.web.templatetags.values import money, when
from gongdao.ledger.holds import find_holds
from gongdao.market.clear_doubt import clear_doubt
from gongdao.market.models import Finding, Listing, Merchant, Notice, Order, TopUp
from gongdao.market.own_orders import find_titles
from gongdao.market.push_notice import push_notice
from gongdao.market.settle_doubted import settle_doubted
from gongdao.market.staff import check_reason
from gongdao.market.states import OrderState, Role
from gongdao.market.take_word import waiting_words
from gongdao.market.take_word import word_of as say_of
from gongdao.market.words import why_words
from gongdao.payments.models import CallbackSeen, Refund
from gongdao.payments.push_refund import push_refund
from gongdao.vault.after_restore import DOUBTED
from gongdao.vault.models import Batch

_MOST = 50
"""Rows of a queue that are shown at once; more are counted."""
_SEEN = 20


@require_safe
@desk_page()
def orders(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every queue of orders; or the order that is looked for, straight away; or a merchant's."""
    text = searched(request)
    if text:
        found = Order.objects.filter(number=text.upper()).first()
        if found is not None:
            return redirect("operator_order", number=found.number)
        return _search(request, desk, text)
    context = {
        "findings": _take(queues.open_findings()),
        "finding_names": FINDINGS,
        "doubts": _take(queues.doubted()),
        "refunds": _refunds(),
        "notices": _take(queues.failed_notices()),
        "batches": _take(queues.quarantined()),
        **_common(desk),
    }
    context["finding_rows"] = [_finding_row(one) for one in context["findings"]]
    context["doubt_rows"] = [
        [
            link(one.order.number, "operator_order", one.order.number),
            one.supplier.name,
            word_of(DOUBTS, one.doubt),
        ]
        for one in context["doubts"]
    ]
    context["notice_rows"] = [
        [
            link(one.order.number, "operator_order", one.order.number),
            one.event,
            one.problem,
            when(one.ended_at),
        ]
        for one in context["notices"]
    ]
    context["batch_rows"] = [
        [str(one.id), one.secrets, one.reason, when(one.changed_at)]
        for one in context["batches"]
        if one.reason != DOUBTED
    ]
    context["doubted"] = _doubted(context["batches"])
    return render(request, "pages/operator_orders.html", context)


def _doubted(batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """Batches that a person has to answer for, with whose they are and what they are."""
    rows = [one for one in batches if one.reason == DOUBTED]
    listings = Listing.objects.filter(sku_id__in=[one.sku_id for one in rows])
    named = {one.sku_id: one for one in listings.select_related("merchant")}
    return [
        {"row": one, "merchant": named[one.sku_id].merchant} for one in rows if one.sku_id in named
    ]


def _common(desk: Desk) -> dict[str, Any]:
    return {"may": desk.may(Role.OPERATOR), "here": "operator", "part": "orders"}


def _take(rows: Any) -> list[Any]:
    return list(rows[:_MOST])


def _finding_row(one: Finding) -> list[Any]:
    return [
        link(one.order.number, "operator_order", one.order.number),
        word_of(FINDINGS, one.code),
        translated(STATE_NAMES[OrderState(one.order.state)]),
        when(one.found_at),
    ]


def _refunds() -> list[dict[str, Any]]:
    rows = _take(queues.stuck_refunds())
    return [
        {"row": row, "amount": Money(row.amount_minor, row.credit.currency), "number": _number(row)}
        for row in rows
    ]


def _number(refund: Refund) -> str:
    return str(refund.credit.intent.out_trade_no)


def _search(request: HttpRequest, desk: Desk, text: str) -> HttpResponseBase:
    """Orders of the merchants whose name fits, the newest first."""
    named = Merchant.objects.filter(display_name__icontains=text).values_list("id", flat=True)
    rows = Order.objects.filter(merchant_id__in=list(named[:20])).order_by("-placed_at")
    page = page_of(request, rows)
    context = {
        "q": text,
        "page": page,
        "head": [_("订单号"), _("商品"), _("金额"), _("状态"), _("下单")],
        "rows": _order_rows(page.object_list),
        **_common(desk),
    }
    return render(request, "pages/operator_orders_found.html", context)


def _order_rows(orders: Iterable[Order]) -> list[list[Any]]:
    listed = list(orders)
    titles = find_titles(listed)
    return [
        [
            link(one.number, "operator_order", one.number),
            titles[one.id],
            money(Money(one.total_minor, one.currency)),
            translated(STATE_NAMES[OrderState(one.state)]),
            when(one.placed_at),
        ]
        for one in listed
    ]


@require_safe
@desk_page()
def order(request: HttpRequest, desk: Desk, number: str) -> HttpResponseBase:
    """One order: where it stands, its money, its payments, what the watchdog found."""
    found = Order.objects.filter(number=number.strip().upper()[:16]).first()
    if found is None:
        raise Http404
    owner = SubjectRef("order", found.id)
    refunds = Refund.objects.filter(credit__intent__owner_id=found.id).select_related("credit")
    context = {
        "order": found,
        "title": find_titles([found])[found.id],
        "total": Money(found.total_minor, found.currency),
        "state": translated(STATE_NAMES[OrderState(found.state)]),
        "why": why_words(found.why),
        "merchant": Merchant.objects.get(id=found.merchant_id),
        "findings": [
            {
                "row": one,
                "name": word_of(FINDINGS, one.code),
                "by_hand": word_of(TO_DO, one.code) if one.code in TO_DO else "",
            }
            for one in Finding.objects.filter(order=found).order_by("-found_at")
        ],
        "top_ups": [
            {"row": one, "doubt": word_of(DOUBTS, one.doubt) if one.doubt else ""}
            for one in TopUp.objects.filter(order=found)
            .select_related("supplier")
            .order_by("place")
        ],
        "words": [
            {"what": deed_name(one.deed), "amount": say_of(one).amount, "row": one}
            for one in waiting_words().filter(about_kind="order", about_id=str(found.id))
        ],
        "holds": find_holds(owner=owner),
        "refunds": [
            {"row": one, "amount": Money(one.amount_minor, one.credit.currency)}
            for one in refunds.order_by("requested_at")
        ],
        "pays": desk.may(Role.FINANCE),
        **factor_context(request, "operator_orders"),
        "notices": Notice.objects.filter(order=found).order_by("made_at"),
        "seen": CallbackSeen.objects.filter(out_trade_no=found.number).order_by("-id")[:_SEEN],
        **_common(desk),
    }
    return render(request, "pages/operator_order.html", context)


def _number_of(order_id: UUID) -> str:
    return Order.objects.values_list("number", flat=True).get(id=order_id)


@require_POST
@desk_page(Role.OPERATOR)
def doubt(request: HttpRequest, desk: Desk, top_up_id: UUID) -> HttpResponseBase:
    """End a doubt about a supplier's words; the deed notes itself."""
    row = TopUp.objects.filter(id=top_up_id).first()
    if row is None:
        raise Http404
    return do_deed(
        request,
        desk,
        lambda: clear_doubt(
            top_up_id=top_up_id, reason=request.POST.get("reason", ""), by=desk.by, at=desk.at
        ),
        code="",
        about=("order", str(row.order_id)),
        done=_("疑点已了结。"),
        back="operator_order",
        args=(_number_of(row.order_id),),
    )


@require_POST
@desk_page(Role.OPERATOR, Role.FINANCE)
@fresh_factor_page("operator_orders")
def refund(request: HttpRequest, desk: Desk, refund_id: UUID) -> HttpResponseBase:
    """Have a stuck refund tried again, by somebody who says that the service has paid nothing."""
    row = Refund.objects.select_related("credit__intent").filter(id=refund_id).first()
    if row is None:
        raise Http404
    back, reason = _number(row), request.POST.get("reason", "")
    if request.POST.get("unpaid") != "yes":
        messages.error(request, _("先到支付渠道的后台看过，确认没有退过，再重试。"))
        return redirect("operator_order", number=back)

    def deed() -> bool:
        check_reason(reason)
        return push_refund(refund_id=row.id, at=desk.at)

    return do_deed(
        request,
        desk,
        deed,
        code="refund.push",
        about=("order", str(row.credit.intent.owner_id)),
        done=_("会再试一次。"),
        back="operator_order",
        args=(back,),
        reason=reason,
    )


@require_POST
@desk_page(Role.OPERATOR)
def notice(request: HttpRequest, desk: Desk, notice_id: UUID) -> HttpResponseBase:
    """Have a notice sent again that was given up."""
    row = Notice.objects.select_related("order").filter(id=notice_id).first()
    if row is None or row.order is None:
        raise Http404
    return do_deed(
        request,
        desk,
        lambda: push_notice(notice_id=row.id, at=desk.at),
        code="notice.push",
        about=("order", str(row.order_id)),
        done=_("会再发一次。"),
        back="operator_order",
        args=(row.order.number,),
    )


@require_POST
@desk_page(Role.OPERATOR)
def batch(request: HttpRequest, desk: Desk, batch_id: UUID) -> HttpResponseBase:
    """Answer for a batch that is in doubt after a restore; the deed notes itself."""
    answer = request.POST.get("answer", "")
    if answer not in ("unused", "replace"):
        messages.error(request, _("选一个处理办法。"))
        return redirect("operator_orders")
    return do_deed(
        request,
        desk,
        lambda: settle_doubted(
            stores=get_stores(),
            batch=batch_id,
            unused=answer == "unused",
            reason=request.POST.get("reason", ""),
            by=desk.by,
            at=desk.at,
        ),
        code="",
        about=("batch", str(batch_id)),
        done=_("已恢复出售。") if answer == "unused" else _("已下架，等商家导入新的。"),
        back="operator_orders",
    )


urlpatterns = [
    path("batches/<uuid:batch_id>/", batch, name="operator_batch"),
    path("orders/", orders, name="operator_orders"),
    path("orders/<str:number>/", order, name="operator_order"),
    path("top-ups/<uuid:top_up_id>/doubt/", doubt, name="operator_doubt"),
    path("refunds/<uuid:refund_id>/", refund, name="operator_refund"),
    path("notices/<uuid:notice_id>/", notice, name="operator_notice"),
]
