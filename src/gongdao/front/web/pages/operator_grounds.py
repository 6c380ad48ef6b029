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
from gongdao.core.language import language
from gongdao.disputes.hold_ground import find_hold_rules, hold_merchant, lift_ground
from gongdao.disputes.models import HoldGround
from gongdao.front.stores import get_stores
from gongdao.front.web.dispute_grounds import ground_rows
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_forms import GroundForm
from gongdao.front.web.operator_view import do_deed, page_of, say_error, searched
from gongdao.market.models import Merchant
from gongdao.market.staff import note_deed
from gongdao.market.states import Role


@require_safe
@desk_page(Role.ARBITER, Role.OPERATOR)
def grounds(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Those that stand: the appealed ones first, then by their end."""
    return _show(request, desk, GroundForm(_rules(desk), merchant=searched(request)))


def _show(request: HttpRequest, desk: Desk, form: GroundForm) -> HttpResponseBase:
    rows = HoldGround.objects.filter(lifted_at__isnull=True).order_by("appealed_at", "until")
    page = page_of(request, rows)
    context = {
        "form": form,
        "page": page,
        "rows": ground_rows(stores=get_stores(), grounds=page.object_list, at=desk.at),
        "here": "operator",
        "part": "disputes",
    }
    status = 422 if form.errors else 200
    return render(request, "pages/operator_grounds.html", context, status=status)


def _rules(desk: Desk) -> list[tuple[str, str]]:
    """The published rules of today that hold a merchant's payouts back."""
    english = language() == "en"
    return [(one.id, one.name_en if english else one.name) for one in find_hold_rules(at=desk.at)]


@require_POST
@desk_page(Role.ARBITER, Role.OPERATOR)
def place(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Hold a merchant's payouts back by a published rule, for no longer than it says."""
    form = GroundForm(_rules(desk), request.POST)
    if not form.is_valid():
        return _show(request, desk, form)
    given = form.cleaned_data
    merchant = find_merchant(given["merchant"])
    if merchant is None:
        form.add_error("merchant", _("没有这个商家。"))
        return _show(request, desk, form)
    return do_deed(
        request,
        desk,
        lambda: hold_merchant(
            merchant_id=merchant.id,
            rule_id=given["rule"],
            hours=given["hours"],
            reason=given["reason"],
            by=desk.user,
            at=desk.at,
        ),
        code="ground.place",
        about=("merchant", str(merchant.id)),
        done=_("限制加上了。"),
        back="operator_grounds",
        reason=f"{given['rule']} {given['hours']}h {given['reason']}",
    )


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


def find_merchant(text: str) -> Merchant | None:
    """The merchant of an id as it was typed."""
    try:
        return Merchant.objects.filter(id=UUID(text.strip())).first()
    except ValueError:
        return None


urlpatterns = [
    path("disputes/grounds/", grounds, name="operator_grounds"),
    path("disputes/grounds/new/", place, name="operator_ground_place"),
    path("disputes/grounds/<uuid:ground_id>/", lift, name="operator_ground_lift"),
]
