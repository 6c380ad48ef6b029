"""The case's first page: what it is about, how far the reading is, the one next step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from gongdao.casework.follow.deadlines import find_deadlines
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.language import gettext as _
from gongdao.front.web.access import case_page
from gongdao.front.web.case_forms import ReasonsForm
from gongdao.front.web.fact_words import REASON_MEANS
from gongdao.front.web.file_cards import card_of, name_files, progress_of
from gongdao.front.web.next_step import find_missing, find_next_step
from gongdao.front.web.report import SeenCase, report_of

_NEW_FOR = timedelta(hours=1)
_MOST_CARDS = 6
_MOST_CLOCKS = 2
_MOST_WARNINGS = 3


@require_safe
@case_page
def overview(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Where the case stands in a few lines, and what to do next."""
    seen = report_of(case)
    link = case.content.link
    context = seen.context(
        "overview",
        title=_title(seen),
        progress=progress_of(seen),
        cards=[card_of(seen, file) for file in seen.assembled.files[:_MOST_CARDS]],
        more_files=max(0, len(seen.assembled.files) - _MOST_CARDS),
        reasons=_ask_reasons(case, seen),
        step=find_next_step(seen),
        missing=find_missing(seen.report),
        clocks=_clocks(seen),
        done=not seen.assembled.unread,
        warnings=_warnings(seen) if not seen.assembled.unread else [],
        standing_url=reverse("case", args=[link]) + "standing/#element-",
        whole_link=f"{settings.GONGDAO.public_url}{reverse('case', args=[link])}",
        code=case.content.code,
        is_new=seen.as_of - case.row.begun_at < _NEW_FOR,
    )
    return render(request, "pages/overview.html", context)


def _title(seen: SeenCase) -> str:
    case = seen.report["case"]
    named = [part for part in (case["merchant"] or case["platform"], case["product"]) if part]
    return " · ".join(named) or _("您的案件")


def _ask_reasons(case: OpenCase, seen: SeenCase) -> ReasonsForm | None:
    """The question what went wrong, once facts are read and until it was answered; what the
    files suggest comes first and is ticked."""
    told = case.content
    read = any(file.row.state == "read" for file in seen.assembled.files)
    if "claim.reasons" in told.touched or not read or seen.assembled.unread:
        return None
    form = ReasonsForm.filled(told.statement, case.row.version)
    suggested = [reason.value for reason in told.statement.claim.reasons]
    order = {value: place for place, value in enumerate(suggested)}
    field = form.fields["reasons"]
    choices = list(field.choices)  # type: ignore[attr-defined]  # a choice field
    field.choices = sorted(choices, key=lambda c: order.get(c[0], len(REASON_MEANS)))  # type: ignore[attr-defined]  # a choice field
    return form


def _warnings(seen: SeenCase) -> list[str]:
    return [name_files(seen, text) for text in seen.report["warnings"][:_MOST_WARNINGS]]


def _clocks(seen: SeenCase) -> list[dict[str, Any]]:
    """The nearest deadlines that have not passed, for ``parts/clock.html``."""
    found = find_deadlines(seen.assembled.judgement.routes.clocks, as_of=seen.as_of)
    return [
        {
            "name": str(view.name),
            "since": view.since,
            "due": view.due,
            "at": seen.as_of,
            "counted": str(view.counted),
            "policy": view.policy,
            "estimated": view.estimated,
        }
        for view in found
        if not view.overdue
    ][:_MOST_CLOCKS]


urlpatterns = [path("", overview, name="case")]
