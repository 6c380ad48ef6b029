"""Why upheld cases could happen, what was changed because of it, and what that changed (B15)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _
from gongdao.disputes.models import CauseAnswer, RootCause
from gongdao.disputes.root_cause import answer_cause, measure_effect
from gongdao.front.web.dispute_view import reason_name
from gongdao.front.web.dispute_words import CAUSES, said
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import page_of, say_error
from gongdao.market.states import Role

_MOST_DAYS = 365


@require_http_methods(["GET", "POST"])
@desk_page(Role.ARBITER)
def causes(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """All causes, the newest first; sent, an answer is recorded or its effect counted."""
    if request.method == "POST":
        _record(request, desk)
        return redirect("operator_causes")
    rows = RootCause.objects.select_related("case").prefetch_related("answers__effects")
    page = page_of(request, rows.order_by("-at"))
    context = {
        "page": page,
        "rows": [_row(one) for one in page.object_list],
        "here": "operator",
        "part": "disputes",
    }
    return render(request, "pages/operator_causes.html", context)


def _row(one: RootCause) -> dict[str, Any]:
    return {
        "id": one.pk,
        "case_id": one.case_id,
        "reason": reason_name(one.case),
        "cause": said(CAUSES, one.cause),
        "note": one.note,
        "at": one.at,
        "answers": [
            {"id": row.id, "what": row.what, "at": row.at, "effects": list(row.effects.all())}
            for row in one.answers.all()
        ],
    }


def _record(request: HttpRequest, desk: Desk) -> None:
    try:
        if "what" in request.POST:
            cause = RootCause.objects.get(pk=UUID(request.POST.get("cause", "")))
            answer_cause(cause=cause, what=request.POST["what"], by=desk.user, at=desk.at)
        else:
            answer = CauseAnswer.objects.get(id=int(request.POST.get("answer", "")))
            days = min(int(request.POST.get("days", "")), _MOST_DAYS)
            measure_effect(answer=answer, days=days, at=desk.at)
    except (ValueError, RootCause.DoesNotExist, CauseAnswer.DoesNotExist):
        raise Http404 from None
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        messages.success(request, _("记下了。"))


urlpatterns = [path("disputes/causes/", causes, name="operator_causes")]
