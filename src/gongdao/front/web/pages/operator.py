"""The operator's desk: what waits for a person and the record of deeds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from gongdao.core.language import gettext as _
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_queues import count_queues
from gongdao.front.web.operator_view import link, page_of, searched
from gongdao.front.web.operator_words import KINDS, deed_name, role_name, word_of
from gongdao.front.web.templatetags.values import when
from gongdao.market.vetting_models import StaffDeed


@require_safe
@desk_page()
def overview(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """What waits, with how many of each."""
    context = {
        "queues": count_queues(desk.at),
        "roles": [role_name(one) for one in sorted(desk.roles)],
        "here": "operator",
        "part": "overview",
    }
    return render(request, "pages/operator.html", context)


@require_safe
@desk_page()
def deeds(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The record: who did what, newest first; by object or by person."""
    rows = StaffDeed.objects.order_by("-id")
    text, about = searched(request), request.GET.get("about", "")[:64]
    if text:
        rows = rows.filter(who_mail__icontains=text)
    if about:
        rows = rows.filter(about_id=about)
    page = page_of(request, rows)
    context = {
        "page": page,
        "rows": [_deed_row(row) for row in page.object_list],
        "head": [_("时间"), _("谁"), _("做了什么"), _("对什么"), _("理由")],
        "q": text,
        "about": about,
        "here": "operator",
        "part": "deeds",
    }
    return render(request, "pages/operator_deeds.html", context)


def _deed_row(row: StaffDeed) -> list[Any]:
    kind = word_of(KINDS, row.about_kind)
    about: Any = format_html("{} {}", kind, row.about_id)
    if row.about_kind == "merchant":
        about = link(f"{kind} {row.about_id[:8]}", "operator_merchant", row.about_id)
    return [when(row.at), row.who_mail, deed_name(row.deed), about, row.reason]


urlpatterns = [
    path("", overview, name="operator"),
    path("deeds/", deeds, name="operator_deeds"),
]
