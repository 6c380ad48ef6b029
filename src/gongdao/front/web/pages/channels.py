"""The map of channels, and a page for each: what to carry over, what to attach, "I filed it"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.follow.filings import Filing, check_filing
from gongdao.casework.online.files import add_file, find_file
from gongdao.casework.online.filings import record_filing
from gongdao.casework.online.letter_drafts import count_open_gaps, draft_of, edited_letter
from gongdao.casework.online.make_attachment import make_attachment, plan_for
from gongdao.casework.online.open_case import OpenCase
from gongdao.channels.attachments import AttachmentItem, AttachmentPlan
from gongdao.channels.letters.letter import Letter
from gongdao.channels.route import ORDER
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.clock import beijing
from gongdao.core.codes import Stage
from gongdao.core.errors import InputError, UnreadableFile
from gongdao.core.language import gettext as _
from gongdao.evidence.kept.open_original import Who
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.channel_view import (
    effects_of,
    form_of,
    group_by_state,
    show_channels,
    show_fields,
    show_lanes,
    show_places,
    show_steps,
    stays_open_after,
)
from gongdao.front.web.downloads import Member, file_answer, whole_zip
from gongdao.front.web.exhibit_links import link_exhibits
from gongdao.front.web.filing_form import FilingForm
from gongdao.front.web.free_space import check_free_space
from gongdao.front.web.guardian import guardian_notice
from gongdao.front.web.in_app import in_app_browser
from gongdao.front.web.pages.standing import is_begun
from gongdao.front.web.pages.start import limits
from gongdao.front.web.report import SeenCase, report_of
from gongdao.front.worker.tasks import ask_for_reading

_MAKING = Limit("make-attachments", 120, timedelta(hours=1))
_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


@require_safe
@case_page
def channels(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Every channel: what can be done now, in which order, and what that does to the others."""
    seen = report_of(case)
    case_url = reverse("case", args=[case.content.link])
    shown = show_channels(seen)
    context: dict[str, Any] = {
        "case_url": case_url,
        "begun": is_begun(seen),
        "lanes": show_lanes(shown),
        "groups": group_by_state(shown),
        "steps": show_steps(seen, case_url),
        "guardian": guardian_notice(seen),
    }
    return render(request, "pages/channels.html", seen.context("channels", **context))


@require_http_methods(["GET", "POST"])
@case_page
def channel(request: HttpRequest, case: OpenCase, code: str) -> HttpResponseBase:
    """One channel; what is posted is that it was filed there."""
    if code not in ORDER:
        raise Http404
    seen = report_of(case)
    links = link_exhibits(seen)
    if request.method == "POST":
        form = FilingForm(request.POST, request.FILES, exhibits=links.values())
        if form.is_valid() and _record(case, code, form):
            _say_what_opens(request, case)
            return redirect(f"{reverse('case', args=[case.content.link])}follow/")
        return _show(request, seen, code, form, status=422)
    first = {"filed_at": beijing(now()).strftime("%Y-%m-%dT%H:%M")}
    return _show(request, seen, code, FilingForm(initial=first, exhibits=links.values()))


def _show(
    request: HttpRequest, seen: SeenCase, code: str, form: FilingForm, *, status: int = 200
) -> HttpResponse:
    case, on = seen.assembled.case, beijing(seen.as_of).date()
    plain = _letter(seen, code)
    draft = draft_of(case, code)
    letter = edited_letter(plain, draft).letter if plain else None
    rule = form_of(code, letter, on)
    context: dict[str, Any] = {
        "case_url": reverse("case", args=[case.content.link]),
        "begun": is_begun(seen),
        "channel": show_channels(seen)[code],
        "letter": letter,
        "changed": bool(draft.version),
        "gaps": count_open_gaps(plain, draft) if plain else 0,
        "fields": show_fields(letter, rule) if letter else (),
        "places": show_places(code, rule, on),
        "effects": effects_of(code, on),
        "stays": stays_open_after(code, on),
        "small_claims": seen.report["channels"]["small_claims"] if code == "court" else {},
        "plan": _plan(seen, code, plain) if letter else None,
        "filed": [one.filing for one in seen.assembled.filings if one.filing.channel == code],
        "form": form,
        "app": in_app_browser(request),
        "guardian": guardian_notice(seen),
    }
    return render(request, "pages/channel.html", seen.context("channels", **context), status=status)


def _letter(seen: SeenCase, code: str) -> Letter | None:
    return next((one for one in seen.assembled.judgement.letters if one.name == code), None)


def _plan(seen: SeenCase, code: str, letter: Letter | None) -> AttachmentPlan:
    rule = form_of(code, letter, beijing(seen.as_of).date())
    return plan_for(stores=get_stores(), assembled=seen.assembled, channel=rule)


def _record(case: OpenCase, code: str, form: FilingForm) -> bool:
    """Record the filing, with its receipt if one was sent along; False where the form says what
    to change."""
    told, at = form.cleaned_data, now()
    filing = Filing(
        channel=code,
        filed_at=told["filed_at"],
        number=told["number"],
        receipt=told["receipt"],
        note=told["note"],
    )
    try:
        check_filing(filing, as_of=at)
        if told["receipt_file"]:
            receipt = _take_receipt(case, told["receipt_file"])
            filing = Filing(code, filing.filed_at, filing.number, receipt, filing.note)
        record_filing(case=case, filing=filing, at=at)
    except InputError as error:
        field = "receipt_file" if error.place.file else error.place.field
        form.add_error(field if field in form.fields else None, str(error))
        return False
    return True


def _take_receipt(case: OpenCase, upload: UploadedFile[Any]) -> str:
    """Take the receipt into the case and return its path; the same file twice is one."""
    check_free_space()
    kept = add_file(
        stores=get_stores(),
        case=case,
        name=upload.name or _("回执"),
        source=cast(BinaryIO, upload),
        limits=limits(),
        ask=ask_for_reading,
        at=now(),
        stage=Stage.AFTER,
    )
    file = find_file(case, kept.row.id)
    return file.facts.path if file else ""


def _say_what_opens(request: HttpRequest, case: OpenCase) -> None:
    """After a filing: the one thing that comes next, judged anew."""
    steps = report_of(case).report["next_steps"]
    if steps:
        said = _("已记下。接下来：{step}，{why}。")
        text = said.format(step=steps[0]["title"], why=steps[0]["why"])
    else:
        text = _("已记下。")
    messages.success(request, text)


@require_safe
@case_page
def attachment(request: HttpRequest, case: OpenCase, code: str, number: int) -> HttpResponseBase:
    """One prepared file, made now."""
    seen, plan = _planned(case, code)
    if not 1 <= number <= len(plan.items):
        raise Http404
    item = plan.items[number - 1]
    data = _make(seen, item)
    kind = _TYPES.get(item.name.rpartition(".")[2].lower(), "application/octet-stream")
    return file_answer([data], name=item.name, media_type=kind, size=len(data))


@require_safe
@case_page
def all_attachments(request: HttpRequest, case: OpenCase, code: str) -> HttpResponseBase:
    """All prepared files in one zip; one that cannot be made is left out and named."""
    seen, plan = _planned(case, code)
    if not plan.items:
        raise Http404
    file, size = whole_zip(_members(seen, plan), at=seen.as_of, folder=own_scratch())
    name = f"{_('附件')}.zip"
    return file_answer(file, name=name, media_type="application/zip", size=size)


def _members(seen: SeenCase, plan: AttachmentPlan) -> Iterator[Member]:
    problems = []
    for item in plan.items:
        try:
            yield item.name, [_make(seen, item)]
        except UnreadableFile as error:
            problems.append(str(error))
    if problems:
        yield f"{_('没有做成的')}.txt", ["\n".join(problems).encode()]


def _planned(case: OpenCase, code: str) -> tuple[SeenCase, AttachmentPlan]:
    if code not in ORDER:
        raise Http404
    seen = report_of(case)
    letter = _letter(seen, code)
    if letter is None:
        raise Http404
    count_attempt(stores=get_stores(), limit=_MAKING, who=str(case.row.id), at=now())
    return seen, _plan(seen, code, letter)


def _make(seen: SeenCase, item: AttachmentItem) -> bytes:
    return make_attachment(
        stores=get_stores(),
        assembled=seen.assembled,
        item=item,
        who=Who.OWNER,
        at=now(),
        scratch=own_scratch(),
    )


urlpatterns = [
    path("", channels, name="channels"),
    path("<slug:code>/", channel, name="channel"),
    path("<slug:code>/attachments/", all_attachments, name="attachments"),
    path("<slug:code>/attachments/<int:number>/", attachment, name="attachment"),
]
