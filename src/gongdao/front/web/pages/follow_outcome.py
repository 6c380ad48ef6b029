"""How the whole matter stands: asked four weeks on, said at any time, changed at any time."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.outcomes import KeptResult, reopen_case, results_of, say_result
from gongdao.casework.words import STEP_NAMES
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.web.access import case_page
from gongdao.front.web.follow_forms import ResultForm, note_error
from gongdao.front.worker.follow_tasks import ask_to_follow


@require_http_methods(["GET", "POST"])
@case_page
def outcome(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Ask how it stands; it closes the case or keeps it open."""
    known = results_of(case)
    latest = str(known[0].id) if known else ""
    if request.method == "GET":
        shown = ResultForm.shown(known[0].said if known else None, latest, now())
        return _ask(request, case, known, ResultForm(initial=shown))
    form, status = ResultForm(request.POST), 422
    if form.is_valid():
        try:
            _keep(case, form)
        except InputError as error:
            note_error(form, error)
        except StaleCase as stale:
            messages.warning(request, str(stale))
            data = request.POST.copy()
            data["after"] = latest
            form, status = ResultForm(data), stale.status
        else:
            closed = form.cleaned_data["closes"]
            done = _("记下了，案件结束，不再提醒。") if closed else _("记下了，四周后再问您一次。")
            messages.success(request, done)
            return redirect("follow", link=case.content.link)
    return _ask(request, case, known, form, status=status)


def _keep(case: OpenCase, form: ResultForm) -> None:
    after = form.cleaned_data["after"]
    try:
        before = UUID(after) if after else None
    except ValueError:
        raise StaleCase from None
    with transaction.atomic():
        say_result(case=case, said=form.said(), after=before, at=now())
        ask_to_follow(case.row.id)


def _ask(
    request: HttpRequest,
    case: OpenCase,
    known: tuple[KeptResult, ...],
    form: ResultForm,
    *,
    status: int = 200,
) -> HttpResponse:
    names = {"": "", "direct": _("直接和商家谈成的")}
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "follow",
        "form": form,
        "closed": case.row.closed_at is not None,
        "known": [
            {
                "at": one.said_at,
                "name": one.said.name,
                "amount": one.said.amount,
                "channel": names.get(one.said.channel)
                if one.said.channel in names
                else translated(STEP_NAMES[one.said.channel]),
                "closes": one.said.closes,
                "note": one.said.note,
            }
            for one in known[:20]
        ],
    }
    return render(request, "pages/follow_outcome.html", context, status=status)


@require_POST
@case_page
def reopen(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Go on with a case that was closed; reminders are planned again."""
    with transaction.atomic():
        reopen_case(case=case, at=now())
        ask_to_follow(case.row.id)
    messages.success(request, _("重新打开了，期限和提醒已经接上。"))
    return redirect("follow", link=case.content.link)


urlpatterns = [
    path("outcome/", outcome, name="outcome"),
    path("outcome/reopen/", reopen, name="reopen_case"),
]
