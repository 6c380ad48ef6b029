"""How many requests authorities made, for everybody: by year and kind, nobody named (F4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.disputes.authority_register import LONGEST_KEPT, count_by_year, longest
from gongdao.disputes.authority_states import Asks
from gongdao.disputes.learning import FEWEST, Counted
from gongdao.front.clock import now
from gongdao.front.web.authority_view import ASKS


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Years, the newest first, with the number of each kind."""
    at = now()
    hold = longest(Asks.HOLD, at=at)
    context = {
        "years": [
            {
                "year": one.year,
                "asked": [(translated(ASKS[asks]), _count(n)) for asks, n in one.asked],
                "refused": _count(one.refused),
            }
            for one in count_by_year(at)
        ],
        "fewest": FEWEST,
        "hold": hold.days if hold else 0,
        "keep": LONGEST_KEPT.days,
        "here": "market",
    }
    return render(request, "pages/market_requests.html", context)


def _count(told: Counted) -> str:
    return _("少于 {n}").format(n=FEWEST) if told.number is None else str(told.number)


urlpatterns = [path("requests/", requests, name="market_requests")]
