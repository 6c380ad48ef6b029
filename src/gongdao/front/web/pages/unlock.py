"""Open a case on a device that does not hold it: the code, and what was being sent is kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.casework.online.unlock_case import find_case, unlock_case
from gongdao.core.errors import CaseLocked
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.carried import carried_fields, replay_target
from gongdao.front.web.code_form import OWN_FIELDS, show_code_form
from gongdao.front.web.held import drop_case, hold_case, network_of


@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest, link: str) -> HttpResponse:
    """Ask for the code; with the right one this session holds the case from now on."""
    if request.method == "GET":
        return show_code_form(request, link)
    try:
        row = unlock_case(
            stores=get_stores(),
            link=link,
            code=request.POST.get("code", ""),
            network=network_of(request),
            at=now(),
        )
    except CaseLocked as error:
        return show_code_form(request, link, problem=str(error), status=error.status)
    hold_case(request, row)
    carried = carried_fields(request, leave_out=OWN_FIELDS)
    target = replay_target(request.POST.get("carried_to", ""), link)
    if carried:
        return render(request, "pages/send_again.html", {"carried": carried, "target": target})
    return redirect(target)


@require_POST
def leave(request: HttpRequest, link: str) -> HttpResponse:
    """Forget the case on this device; it stays where it is."""
    row = find_case(link)
    if row is not None:
        drop_case(request, row.id)
    return redirect("home")


urlpatterns = [
    path("open/", unlock, name="unlock"),
    path("leave/", leave, name="leave_case"),
]
