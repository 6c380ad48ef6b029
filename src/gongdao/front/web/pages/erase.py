"""Delete everything: what goes and what stays, the case file first, one more page, then shown."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.online.erase_case import Contents, count_contents, erase_case
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import KeyGone
from gongdao.core.ids import tidy_code
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.code_form import show_code_form
from gongdao.front.web.erased_page import ERASED, tell_erased
from gongdao.front.web.held import drop_case
from gongdao.front.web.report import report_of
from gongdao.front.worker.tasks import ask_for_finishing

TRIES = Limit("erase", 20, timedelta(hours=1))


@require_http_methods(["GET", "POST"])
@case_page
def erase(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """First page: everything that goes, counted. What the second page sends comes here: this
    address is never sent again after a lost session."""
    if request.method == "POST":
        return _erase(request, case)
    from gongdao.front.web.pages.keep import case_file_context

    context = {
        **case_file_context(request, case),
        "gone": _gone(count_contents(case.row.id)),
        "owned": case.row.owner_id is not None,
    }
    seen = report_of(case)
    return render(request, "pages/erase.html", seen.context("keep", **context))


@require_safe
@case_page
def confirm(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Second page: type the code, so that nobody erases a case by two taps."""
    return _ask(request, case)


def _ask(request: HttpRequest, case: OpenCase, *, wrong: bool = False) -> HttpResponse:
    context = {
        "link": case.content.link,
        "here": "keep",
        "code": case.content.code,
        "words": _words(),
        "typed": request.POST.get("typed", "")[:60],
        "wrong": wrong,
    }
    return render(request, "pages/erase_confirm.html", context, status=422 if wrong else 200)


def _words() -> str:
    return _("全部删除")


def _erase(request: HttpRequest, case: OpenCase) -> HttpResponse:
    count_attempt(stores=get_stores(), limit=TRIES, who=str(case.row.id), at=now())
    typed = request.POST.get("typed", "")[:200]
    by_code = tidy_code(typed) == tidy_code(case.content.code)
    if not by_code and typed.strip().casefold() != _words().casefold():
        return _ask(request, case, wrong=True)
    link, case_id = case.content.link, case.row.id
    with suppress(KeyGone):  # another tab was quicker; the next page says when
        erase_case(stores=get_stores(), case_id=case_id, ask=ask_for_finishing, at=now())
    drop_case(request, case_id)
    request.session[ERASED] = [*request.session.get(ERASED, []), str(case_id)][-20:]
    return redirect("erased", link=link)


def _gone(found: Contents) -> list[str]:
    """What goes, in words; nothing that there is not."""
    counted = (
        (found.files, _("{n} 份材料，连同识别出的文字和图片预览")),
        (found.uploads, _("{n} 个没传完的文件")),
        (found.case_files, _("{n} 份做好的卷宗")),
        (found.letters, _("{n} 份改过的文书")),
        (found.filings, _("{n} 条提交记录")),
        (found.outcomes, _("{n} 条结果")),
        (found.reminders, _("{n} 条提醒")),
        (found.addresses, _("{n} 个接收提醒的地址")),
        (found.shares, _("{n} 条分享链接，立刻打不开")),
        (found.accesses, _("{n} 条查看记录")),
    )
    lines = [text.format(n=count) for count, text in counted if count]
    return [_("您填的订单、诉求、联系经过和更正"), *lines, _("私密链接、提取码和这个案件的密钥")]


@require_safe
def erased(request: HttpRequest, link: str) -> HttpResponseBase:
    """When the key was destroyed and whether the files are gone; to whoever held the case. To
    anybody else this case never was."""
    return tell_erased(request, link) or show_code_form(request, link)


urlpatterns = [
    path("erase/", erase, name="erase"),
    path("erase/confirm/", confirm, name="erase_confirm"),
    path("erased/", erased, name="erased"),
]
