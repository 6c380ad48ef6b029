"""The operator's desk: what waits for a person, suppliers, and the record of deeds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.language import gettext as _
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_queues import count_queues
from gongdao.front.web.operator_view import do_deed, link, page_of, searched
from gongdao.front.web.operator_words import KINDS, deed_name, role_name, word_of
from gongdao.front.web.templatetags.values import when
from gongdao.market.models import Supplier
from gongdao.market.staff import check_reason
from gongdao.market.states import Role
from gongdao.market.switch_supplier import switch_supplier
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


@require_safe
@desk_page()
def suppliers(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Where merchants have their goods from."""
    rows = Supplier.objects.select_related("merchant").order_by("merchant__display_name", "name")
    if text := searched(request):
        rows = rows.filter(merchant__display_name__icontains=text)
    context = {
        "page": page_of(request, rows),
        "q": text,
        "may": desk.may(Role.OPERATOR),
        "here": "operator",
        "part": "suppliers",
    }
    return render(request, "pages/operator_suppliers.html", context)


@require_POST
@desk_page(Role.OPERATOR)
def switch(request: HttpRequest, desk: Desk, supplier_id: UUID) -> HttpResponseBase:
    """Switch a supplier on or off, with a reason."""
    if not Supplier.objects.filter(id=supplier_id).exists():
        raise Http404
    on, reason = request.POST.get("on") == "yes", request.POST.get("reason", "")

    def deed() -> bool:
        check_reason(reason)
        return switch_supplier(supplier_id=supplier_id, on=on)

    return do_deed(
        request,
        desk,
        deed,
        code="supplier.on" if on else "supplier.off",
        about=("supplier", str(supplier_id)),
        done=_("已启用。") if on else _("已停用；已经交给它的，照旧查到有结果为止。"),
        back="operator_suppliers",
        reason=reason,
    )


urlpatterns = [
    path("", overview, name="operator"),
    path("deeds/", deeds, name="operator_deeds"),
    path("suppliers/", suppliers, name="operator_suppliers"),
    path("suppliers/<uuid:supplier_id>/", switch, name="operator_supplier_switch"),
]
