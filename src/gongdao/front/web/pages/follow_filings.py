"""What was filed: its outcome recorded, corrected, taken back; and what opens next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.check import judge_case
from gongdao.casework.follow.filings import Filing, check_filing, with_filings
from gongdao.casework.follow.outcomes import Next, find_next
from gongdao.casework.online.filings import (
    RecordedFiling,
    change_filing,
    filings_of,
    remove_filing,
)
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.words import STEP_NAMES
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.web.access import case_page
from gongdao.front.web.follow_forms import FilingForm, FilingOutcomeForm, note_error
from gongdao.front.web.follow_view import deadline_cards, exhibits_of, filing_card, look
from gongdao.front.web.report import SeenCase, report_of
from gongdao.front.worker.follow_tasks import ask_to_follow

AnyForm = TypeVar("AnyForm", FilingForm, FilingOutcomeForm)


def find_filing(case: OpenCase, filing_id: UUID) -> RecordedFiling:
    """One filing of the case; raise Http404 where there is none."""
    for one in filings_of(case):
        if one.id == filing_id:
            return one
    raise Http404


@require_http_methods(["GET", "POST"])
@case_page
def filing_outcome(request: HttpRequest, case: OpenCase, filing_id: UUID) -> HttpResponse:
    """Ask what came of a filing, and show what opens next."""
    one = find_filing(case, filing_id)
    if request.method == "GET":
        shown = FilingOutcomeForm.shown(one.filing, one.mark, now())
        return _ask_outcome(request, case, one, FilingOutcomeForm(initial=shown, filing=one.filing))
    form = FilingOutcomeForm(request.POST, filing=one.filing)
    recorded = form.recorded(now()) if form.is_valid() else None
    if recorded is None:
        return _ask_outcome(request, case, one, form, status=422)
    try:
        _save(case, one.id, recorded, form.cleaned_data["mark"])
    except StaleCase as stale:
        return _ask_outcome(request, case, one, _fresh(form, one), stale=str(stale), status=409)
    messages.success(request, _("记下了。"))
    return redirect("filing_next", link=case.content.link, filing_id=one.id)


def _ask_outcome(
    request: HttpRequest,
    case: OpenCase,
    one: RecordedFiling,
    form: FilingOutcomeForm,
    *,
    stale: str = "",
    status: int = 200,
) -> HttpResponse:
    context = _context(case, one) | {"form": form, "stale": stale}
    return render(request, "pages/follow_filing_outcome.html", context, status=status)


@require_http_methods(["GET", "POST"])
@case_page
def filing_edit(request: HttpRequest, case: OpenCase, filing_id: UUID) -> HttpResponse:
    """Correct time, number, receipt or note of a filing."""
    one, seen = find_filing(case, filing_id), report_of(case)
    receipts = [
        (e.path, _("证据 {no}").format(no=e.no) + f" {e.name}") for e in exhibits_of(seen).values()
    ]
    if request.method == "GET":
        shown = FilingForm.shown(one.filing, one.mark)
        return _ask_edit(request, case, one, FilingForm(initial=shown, receipts=receipts))
    form = FilingForm(request.POST, receipts=receipts)
    if form.is_valid():
        data = form.cleaned_data
        given = {name: data[name] for name in ("filed_at", "number", "receipt", "note")}
        try:
            changed = check_filing(replace(one.filing, **given), as_of=now())
            _save(case, one.id, changed, data["mark"])
        except InputError as error:
            note_error(form, error)
        except StaleCase as stale:
            return _ask_edit(request, case, one, _fresh(form, one), stale=str(stale), status=409)
        else:
            messages.success(request, _("改好了，期限已按新的时间重算。"))
            return redirect("follow", link=case.content.link)
    return _ask_edit(request, case, one, form, status=422)


def _ask_edit(
    request: HttpRequest,
    case: OpenCase,
    one: RecordedFiling,
    form: FilingForm,
    *,
    stale: str = "",
    status: int = 200,
) -> HttpResponse:
    context = _context(case, one) | {"form": form, "stale": stale}
    return render(request, "pages/follow_filing_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@case_page
def filing_remove(request: HttpRequest, case: OpenCase, filing_id: UUID) -> HttpResponse:
    """Take back a filing that was recorded by mistake, after a question."""
    one = find_filing(case, filing_id)
    if request.method == "POST":
        with transaction.atomic():
            remove_filing(case=case, filing_id=one.id)
            ask_to_follow(case.row.id)
        messages.success(request, _("删掉了这条记录，期限和提醒跟着改了。"))
        return redirect("follow", link=case.content.link)
    gone = [
        _("{channel}的这条提交记录，连同编号和结果").format(
            channel=translated(STEP_NAMES[one.filing.channel])
        ),
        _("从它算起的期限和提醒"),
    ]
    kept = [_("已经提交到对方那里的投诉：这里删掉不等于撤回"), _("您的材料和文书")]
    return render(
        request,
        "pages/follow_filing_remove.html",
        _context(case, one) | {"gone": gone, "kept": kept},
    )


@require_safe
@case_page
def filing_next(request: HttpRequest, case: OpenCase, filing_id: UUID) -> HttpResponse:
    """What this filing, or what came of it, changed: the next step, what opened, what runs."""
    one, seen = find_filing(case, filing_id), report_of(case)
    page = look(seen)
    mine = [s for s in page.shown if s.view.channel == one.filing.channel and not s.view.overdue]
    context = seen.context(
        "follow",
        filing=filing_card(one, exhibits_of(seen)),
        lines=[line.says for line in _changes(seen, one)],
        deadlines=deadline_cards(mine, seen.as_of),
    )
    return render(request, "pages/follow_filing_next.html", context)


def _changes(seen: SeenCase, one: RecordedFiling) -> tuple[Next, ...]:
    """The case with the filing against the case without it, or without its outcome."""
    assembled = seen.assembled
    bare = replace(one.filing, outcome=None, outcome_at=None, returned=None)
    others = tuple(other for other in assembled.filings if other.id != one.id)
    heard = one.filing.outcome is not None
    filed = [*(other.filing for other in others), *([bare] if heard else [])]
    after = assembled.judgement
    statement = with_filings(assembled.statement, filed)
    before = judge_case(replace(after.dossier, statement=statement))
    return find_next(
        before=before.routes,
        after=after.routes,
        steps_before=before.steps,
        steps_after=after.steps,
        as_of=seen.as_of,
    )


def _save(case: OpenCase, filing_id: UUID, filing: Filing, mark: str) -> None:
    with transaction.atomic():
        if not change_filing(case=case, filing_id=filing_id, filing=filing, mark=mark, at=now()):
            raise Http404
        ask_to_follow(case.row.id)


def _context(case: OpenCase, one: RecordedFiling) -> dict[str, Any]:
    """What the pages of one filing show beside their form."""
    return {
        "case": case.row,
        "link": case.content.link,
        "here": "follow",
        "filing": filing_card(one, {}),
    }


def _fresh(form: AnyForm, one: RecordedFiling) -> AnyForm:
    """The form with what was entered, and the mark of the filing as it is now."""
    form.data = {**{name: form.data.get(name) for name in form.data}, "mark": one.mark}
    return form


urlpatterns = [
    path("filings/<uuid:filing_id>/outcome/", filing_outcome, name="filing_outcome"),
    path("filings/<uuid:filing_id>/edit/", filing_edit, name="filing_edit"),
    path("filings/<uuid:filing_id>/remove/", filing_remove, name="filing_remove"),
    path("filings/<uuid:filing_id>/next/", filing_next, name="filing_next"),
]
