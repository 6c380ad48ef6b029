"""A lost device, a link that others saw: a new link and code, and all other devices out."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.online.calendar_feed import feed_of
from gongdao.casework.online.change_keys import change_keys, propose_keys
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.share_case import shares_of
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import StaleCase
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.held import keep_holding

CHANGES = Limit("new-keys", 10, timedelta(hours=1))
ONLY_CODE = "code"
"""What is chosen where the link is to stay."""


@require_http_methods(["GET", "POST"])
@case_page
def new_keys(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """First page: what ends and what stays. What the second page sends comes here: this address is
    never sent again after a lost session."""
    if request.method == "POST":
        return _change(request, case)
    at = now()
    context = {
        "link": case.content.link,
        "here": "keep",
        "owned": case.row.owner_id is not None,
        "shares": sum(one.works(at) for one in shares_of(case)),
        "feed": feed_of(case) is not None,
    }
    return render(request, "pages/new_keys.html", context)


@require_safe
@case_page
def save_keys(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Second page: the new ones, to be written down before they are in force."""
    return _propose(request, case, only_code=request.GET.get("what") == ONLY_CODE)


def _propose(
    request: HttpRequest, case: OpenCase, *, only_code: bool, problem: str = ""
) -> HttpResponse:
    made = propose_keys(case=case, new_link=not only_code)
    context = {
        "link": case.content.link,
        "here": "keep",
        "new_address": f"{settings.GONGDAO.public_url}{reverse('case', args=[made.link])}",
        "new_code": made.code,
        "proposal": made.sealed,
        "only_code": only_code,
        "problem": problem,
    }
    return render(request, "pages/new_keys_save.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, case: OpenCase) -> HttpResponse:
    stores, at, only_code = get_stores(), now(), request.POST.get("what") == ONLY_CODE
    count_attempt(stores=stores, limit=CHANGES, who=str(case.row.id), at=at)
    if not request.POST.get("saved"):
        problem = _("还没有换。请先把下面这一组存好，再打勾。")
        return _propose(request, case, only_code=only_code, problem=problem)
    try:
        proposal = request.POST.get("proposal", "")
        changed = change_keys(stores=stores, case_id=case.row.id, proposal=proposal, at=at)
    except StaleCase:
        problem = _("还没有换：刚才那一组过期了，可能在别的窗口里换过。请存好下面这一组。")
        return _propose(request, case, only_code=only_code, problem=problem)
    keep_holding(request, changed.row)
    messages.success(request, _("换好了。别的设备都退出了，只有新的提取码能打开。"))
    return redirect("keep", link=changed.content.link)


urlpatterns = [
    path("", new_keys, name="new_keys"),
    path("save/", save_keys, name="save_keys"),
]
