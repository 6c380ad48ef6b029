"""What disputes taught, for everybody to read: causes, what was changed, what that changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.core.clock import beijing
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.disputes.learning import (
    FEWEST,
    Counted,
    Effect,
    PublicAnswer,
    causes_by_month,
    public_answers,
)
from gongdao.disputes.states import ReasonCode
from gongdao.front.clock import now
from gongdao.front.web.dispute_view import named
from gongdao.front.web.dispute_words import CAUSES, CHOOSABLE, said
from gongdao.rules.dispute_queries import liability


@require_safe
def learning(request: HttpRequest) -> HttpResponse:
    """Causes by month, and the newest changes with what was measured of them."""
    at = now()
    context = {
        "months": [
            {"month": one.month, "causes": [(said(CAUSES, c), _count(n)) for c, n in one.causes]}
            for one in causes_by_month(at)
        ],
        "answers": [_answer(one) for one in public_answers(at)],
        "fewest": FEWEST,
        "here": "market",
    }
    return render(request, "pages/market_learning.html", context)


def _answer(one: PublicAnswer) -> dict[str, Any]:
    return {
        "cause": said(CAUSES, one.cause),
        "reason": _reason(one.reason),
        "what": one.what,
        "on": one.on,
        "effects": [_effect(row) for row in one.effects],
    }


def _reason(code: str) -> str:
    reason = ReasonCode(code)
    if reason in CHOOSABLE:
        return translated(CHOOSABLE[reason])
    return named(liability(code, beijing(now()).date()))


def _effect(one: Effect) -> dict[str, Any]:
    return {
        "days": one.days,
        "before": _count(one.cases_before),
        "orders": _count(one.orders_before),
        "after": _count(one.cases_after),
        "later": _count(one.orders_after),
    }


def _count(told: Counted) -> str:
    return _("少于 {n}").format(n=FEWEST) if told.number is None else str(told.number)


urlpatterns = [path("learning/", learning, name="market_learning")]
