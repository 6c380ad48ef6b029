"""The register of requests by authorities on the operator's desk (F4): what is asked, entered by
one person with its paper, confirmed or refused by a second who read it, and ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.disputes.authority_models import AuthorityRequest
from gongdao.disputes.authority_register import over, standing
from gongdao.disputes.authority_requests import (
    confirm_request,
    end_request,
    enter_request,
    open_paper,
    refuse_request,
)
from gongdao.disputes.authority_states import RequestState
from gongdao.front.stores import get_stores
from gongdao.front.web.authority_form import RequestForm
from gongdao.front.web.authority_view import SHOWS, request_rows
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_view import page_of, say_error
from gongdao.market.states import Role
from gongdao.market.vetting_models import StaffDeed

_WHO = (Role.ARBITER, Role.OPERATOR)
_PLACE: dict[str, Any] = {"here": "operator", "part": "disputes"}


@require_safe
@desk_page(*_WHO)
def requests(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """One list of the register, the newest first; those that wait for a second person at first."""
    show = request.GET.get("show", "waiting")
    rows = AuthorityRequest.objects.order_by("-entered_at", "-id")
    lists = {
        "waiting": Q(state=RequestState.ENTERED),
        "standing": standing(desk.at),
        "over": over(desk.at),
        "refused": Q(state=RequestState.REFUSED),
        "all": Q(),
    }
    if show not in lists:
        raise Http404
    page = page_of(request, rows.filter(lists[show]))
    listed = list(page.object_list)
    context = {
        "page": page,
        "cards": request_rows(stores=get_stores(), rows=listed, me=desk.user, at=desk.at),
        "show": show,
        "shows": [(code, translated(name)) for code, name in SHOWS.items()],
        **_PLACE,
    }
    return render(request, "pages/operator_requests.html", context)


@require_http_methods(["GET", "POST"])
@desk_page(*_WHO)
def new(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Enter one; a second person has to confirm it before it holds."""
    posted = request.method == "POST"
    form = RequestForm(desk.at, request.POST, request.FILES) if posted else RequestForm(desk.at)
    if form.is_valid():
        try:
            row = enter_request(stores=get_stores(), request=form.request(), by=desk.by, at=desk.at)
        except InputError as error:
            name = error.place.field or ""
            form.add_error(name if name in form.fields else None, say_error(error))
        except GongdaoError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("登记了，等第二个人核对。在那以前什么都不停。"))
            return redirect("operator_request", request_id=row.id)
    status = 422 if form.errors else 200
    return render(
        request, "pages/operator_request_new.html", {"form": form, **_PLACE}, status=status
    )


def _find(request_id: UUID) -> AuthorityRequest:
    row = AuthorityRequest.objects.filter(id=request_id).first()
    if row is None:
        raise Http404
    return row


@require_safe
@desk_page(*_WHO)
def one(request: HttpRequest, desk: Desk, request_id: UUID) -> HttpResponseBase:
    """One request, with what was done about it and what can be done now."""
    row = _find(request_id)
    deeds = StaffDeed.objects.filter(about_kind="request", about_id=str(row.id))
    card = request_rows(stores=get_stores(), rows=[row], me=desk.user, at=desk.at)[0]
    context = {
        "one": card,
        "looked": deeds.filter(deed="request.look", who=desk.user).exists(),
        "about": str(row.id),
        **_PLACE,
    }
    return render(request, "pages/operator_request.html", context)


@require_POST
@desk_page(*_WHO)
def paper(request: HttpRequest, desk: Desk, request_id: UUID) -> HttpResponseBase:
    """The paper itself, as a download; who looked, and why, is recorded first."""
    row = _find(request_id)
    reason = request.POST.get("reason", "")
    try:
        chunks = open_paper(
            stores=get_stores(), request_id=row.id, reason=reason, by=desk.by, at=desk.at
        )
    except GongdaoError as error:
        messages.error(request, say_error(error))
        return redirect("operator_request", request_id=row.id)
    return file_answer(chunks, name=f"{row.number}.bin", media_type="application/octet-stream")


@require_POST
@desk_page(*_WHO)
def step(request: HttpRequest, desk: Desk, request_id: UUID) -> HttpResponseBase:
    """Confirm, refuse or end it, with a reason; the deed notes itself."""
    row = _find(request_id)
    more: dict[str, Any] = {
        "request_id": row.id,
        "reason": request.POST.get("reason", ""),
        "by": desk.by,
        "at": desk.at,
    }
    deeds: dict[str, Callable[[], int | None]] = {
        "confirm": partial(confirm_request, stores=get_stores(), **more),
        "refuse": partial(refuse_request, **more),
        "end": partial(end_request, stores=get_stores(), **more),
    }
    deed = request.POST.get("deed", "")
    if deed not in deeds:
        raise Http404
    try:
        count = deeds[deed]()
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        waits = _("记下了。到期以前结束，要另一个人也这样确认；在那以前照样停着。")
        said = {
            "confirm": _("确认了。停下计时的案件：{n} 件。").format(n=count),
            "refuse": _("记为没有通过，什么都不停。"),
            "end": waits
            if count is None
            else _("结束了。继续计时的案件：{n} 件。").format(n=count),
        }
        messages.success(request, said[deed])
    return redirect("operator_request", request_id=row.id)


urlpatterns = [
    path("disputes/requests/", requests, name="operator_requests"),
    path("disputes/requests/new/", new, name="operator_request_new"),
    path("disputes/requests/<uuid:request_id>/", one, name="operator_request"),
    path("disputes/requests/<uuid:request_id>/paper/", paper, name="operator_request_paper"),
    path("disputes/requests/<uuid:request_id>/step/", step, name="operator_request_step"),
]
