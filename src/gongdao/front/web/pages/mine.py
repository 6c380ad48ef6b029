"""The cases of this account and of this device; take one in, let one go; sign out."""

from __future__ import annotations

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.online.list_cases import cases_of, summarise
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.own_case import release_case, take_case
from gongdao.core.errors import KeyGone
from gongdao.core.language import gettext as _
from gongdao.core.models import User
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.held import account_of, held_cases, hold_case, may_see
from gongdao.market.members import find_merchants
from gongdao.market.staff import roles_of

PAGE = 20
"""Cases on one page of the list."""


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Every case of the account and of this device, the last changed first."""
    account = account_of(request)
    owner = account.owner_id if account else None
    pages = Paginator(cases_of(held=held_cases(request), account=account), PAGE)
    page = pages.get_page(request.GET.get("page"))
    shown = summarise(stores=get_stores(), rows=list(page.object_list), owner_id=owner, at=now())
    context = {"page": page, "cases": shown, "here": "cases", "signed_in": owner is not None}
    return render(request, "pages/mine.html", context)


def _account(request: HttpRequest) -> UUID:
    """The account of a visitor who is signed in."""
    account: UUID | None = request.user.pk
    if account is None:
        raise Http404
    return account


def _open(request: HttpRequest, case_id: UUID) -> OpenCase:
    """A case that this visitor may see; Http404 for any other, whether it exists or not."""
    row = Case.objects.filter(id=case_id).first()
    if row is None or not may_see(request, row):
        raise Http404
    try:
        return open_row(stores=get_stores(), row=row)
    except KeyGone:
        raise Http404 from None


@login_required
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Take a case that this device holds into the account, after a confirmation."""
    case = _open(request, case_id)
    if request.method == "GET":
        return render(request, "pages/mine_take.html", _context(case))
    if take_case(case_id=case_id, owner_id=_account(request)):
        messages.success(request, _("已收进您的账号，以后登录就能看到，不用提取码。"))
    else:
        messages.warning(request, _("这个案件已经在另一个账号里。用链接和提取码仍然可以打开。"))
    return redirect("cases")


@login_required
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, case_id: UUID) -> HttpResponseBase:
    """Take a case out of the account, after a confirmation that shows its link and code; this
    device holds it from then on, so that nobody locks himself out by one tap."""
    case = _open(request, case_id)
    if case.row.owner_id != request.user.pk:
        raise Http404
    if request.method == "GET":
        return render(request, "pages/mine_release.html", _context(case))
    if release_case(case_id=case_id, owner_id=_account(request)):
        hold_case(request, case.row)
        messages.success(request, _("已从账号里拿出来，这台设备还能打开；别处要用链接和提取码。"))
    return redirect("cases")


def _context(case: OpenCase) -> dict[str, object]:
    order = case.content.statement.order
    title = " · ".join(part for part in (order.merchant or order.platform, order.product) if part)
    content = case.content
    return {"case_id": case.row.id, "title": title, "link": content.link, "code": content.code}


@login_required
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """What can be changed about the account, and the desks at which it sits."""
    account = _account(request)
    context = {
        "here": "cases",
        "sells": bool(find_merchants(account)),
        "works": bool(roles_of(account)),
    }
    return render(request, "pages/mine_account.html", context)


@reauthentication_required  # type: ignore[untyped-decorator]  # the library ships no types
@require_http_methods(["GET", "POST"])
def delete_account(request: HttpRequest) -> HttpResponseBase:
    """Delete the account after a confirmation; its cases stay behind their links and codes."""
    if request.method == "GET":
        count = Case.objects.filter(owner_id=request.user.pk).count()
        return render(request, "pages/mine_delete.html", {"count": count, "here": "cases"})
    User.objects.filter(pk=_account(request)).delete()
    logout(request)
    messages.success(request, _("账号已删除。"))
    return redirect("home")


urlpatterns = [
    path("", cases, name="cases"),
    path("account/", settings_page, name="account_settings"),
    path("account/delete/", delete_account, name="delete_account"),
    path("<uuid:case_id>/take/", take, name="take_case"),
    path("<uuid:case_id>/release/", release, name="release_case"),
]
