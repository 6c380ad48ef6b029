"""Holds that a published limit or a person placed: their ground, their end, what was said against
them; a person other than who placed one lifts it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import GongdaoError
from gongdao.core.language import gettext as _
from gongdao.disputes.hold_ground import lift_ground
from gongdao.disputes.models import HoldGround
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_grounds import ground_rows
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import page_of, say_error
from gongdao.market.staff import note_deed
from gongdao.market.states import Role


@require_safe
@desk_page(Role.ARBITER, Role.OPERATOR)
def grounds(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Those that stand: the appealed ones first, then by their end."""
    rows = HoldGround.objects.filter(lifted_at__isnull=True).order_by("appealed_at", "until")
    page = page_of(request, rows)
    context = {
        "page": page,
        "rows": ground_rows(stores=get_stores(), grounds=page.object_list, at=desk.at),
        "here": "operator",
        "part": "disputes",
    }
    return render(request, "pages/operator_grounds.html", context)


@require_POST
@desk_page(Role.ARBITER, Role.OPERATOR)
def lift(request: HttpRequest, desk: Desk, ground_id: UUID) -> HttpResponseBase:
    """End one before its time, with a reason."""
    why = request.POST.get("why", "")
    try:
        lift_ground(ground_id=ground_id, why=why, by=desk.user, at=desk.at)
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        about = ("ground", str(ground_id))
        note_deed(by=desk.by, deed="ground.lift", about=about, reason=why, at=desk.at)
        messages.success(request, _("解除了。"))
    return redirect("operator_grounds")


urlpatterns = [
    path("disputes/grounds/", grounds, name="operator_grounds"),
    path("disputes/grounds/<uuid:ground_id>/", lift, name="operator_ground_lift"),
]
