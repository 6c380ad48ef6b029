"""The files of a case: all by stage, and one with its picture beside what was read from it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.casework.online.files import CaseFileRow, find_file
from gongdao.casework.online.mend_reading import (
    correct_reading,
    name_speakers,
    note_file,
    read_again,
)
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.remove_file import remove_file
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.codes import Stage
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.evidence.kept.keep_preview import View, find_preview, show_preview
from gongdao.evidence.kept.models import FileState
from gongdao.evidence.kept.open_original import Purpose, Who, open_original
from gongdao.evidence.kept.write_reading import reading_of
from gongdao.evidence.reading import Exhibit
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.web import file_details as details
from gongdao.front.web.access import case_page
from gongdao.front.web.case_forms import NoteForm, PasswordForm, SpeakersForm
from gongdao.front.web.file_cards import card_of, groups_of, progress_of
from gongdao.front.web.parts_of_files import answer_part
from gongdao.front.web.report import SeenCase, report_of
from gongdao.front.worker.tasks import ask_for_drop, ask_for_reading

PICTURES = Limit("make-pictures", 600, timedelta(hours=1))
"""Pictures made for one case; those that are kept are not counted."""
_UNREAD = (FileState.WAITING, FileState.READING)


@require_safe
@case_page
def files(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Every file by stage, and the way to add more."""
    seen = report_of(case)
    context = seen.context(
        "files",
        groups=groups_of(seen),
        progress=progress_of(seen),
        done=not seen.assembled.unread,
        max_files=settings.GONGDAO.max_files,
        max_file_bytes=settings.GONGDAO.max_file_bytes,
    )
    return render(request, "pages/files.html", context)


def _file_or_404(case: OpenCase, original_id: UUID) -> CaseFileRow:
    file = find_file(case, original_id)
    if file is None:
        raise Http404
    return file


@require_safe
@case_page
def file(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """One file."""
    return _show_file(request, case, original_id)


def _show_file(
    request: HttpRequest, case: OpenCase, original_id: UUID, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The page of one file; ``more`` are bound forms and what is wrong in them."""
    seen = report_of(case)
    row = next((f for f in seen.assembled.files if f.row.id == original_id), None)
    if row is None:
        raise Http404
    exhibits = seen.assembled.judgement.dossier.exhibits
    exhibit = next((e for e in exhibits if e.path == row.facts.path), None)
    context = seen.context(
        "files",
        file=card_of(seen, row),
        digests=row.facts.digests,
        added_at=row.row.added_at,
        is_unread=row.row.state in _UNREAD,
        is_settled=row.row.state not in _UNREAD,
        again_failed=row.row.state == FileState.FAILED,
        note_form=_note_form(case, row),
        password_form=PasswordForm() if details.needs_password(row, exhibit) else None,
        **(_read_context(seen, row, exhibit) if exhibit else {}),
    )
    context["crumbs"] = [{"name": _("材料"), "href": reverse("files", args=[case.content.link])}]
    return render(request, "pages/file.html", {**context, **more}, status=status)


def _note_form(case: OpenCase, row: CaseFileRow) -> NoteForm | None:
    if not row.facts.path:
        return None
    note = case.content.statement.exhibits.get(row.facts.path)
    initial = {
        "kind": note.kind.value if note and note.kind else "",
        "note": note.note if note else "",
        "stage": row.facts.path.partition("/")[0],
    }
    return NoteForm(initial=initial)


def _read_context(seen: SeenCase, row: CaseFileRow, exhibit: Exhibit) -> dict[str, Any]:
    case = seen.assembled.case
    shown = seen.report["exhibits"][exhibit.path]
    views = details.views_of(exhibit)
    href = details.picture_href(case.content.link, row)
    kept = {}
    for view in views:
        preview = find_preview(
            stores=get_stores(), key=case.key, row=row.row, view=view, at=seen.as_of
        )
        if preview is not None:
            kept[view.number] = preview
    order = case.content.statement.order
    matters = {order.order_no, order.transaction_no, str(order.paid or "")} - {""}
    empty = 0 in kept and not kept[0].webp
    senders = _senders(case, row, exhibit)
    return {
        "fields": details.fields_of(exhibit, shown["readings"], views, kept, href),
        "picture": "" if not views or empty else f"{href}?view=0",
        "picture_size": kept.get(0),
        "chat": details.messages_of(exhibit, seen.assembled.judgement.dossier.said),
        "speakers_form": SpeakersForm(senders=senders) if senders else None,
        "first_senders": details.FIRST_SENDERS,
        "more_messages": max(0, len(exhibit.messages) - details.MOST_MESSAGES),
        "left_out": exhibit.left_out,
        "bill": details.rows_of(exhibit, frozenset(matters)),
        "more_rows": max(0, len(exhibit.rows) - details.MOST_ROWS),
        "lines": [] if views or exhibit.messages else exhibit.lines[: details.MOST_LINES],
        "signs": details.signs_of(shown),
        "times": details.times_of(shown),
        "is_secret": "secret" in exhibit.fields,
    }


def _senders(case: OpenCase, row: CaseFileRow, exhibit: Exhibit) -> list[tuple[str, str]]:
    """Every name in the chat, also of those whose messages are too far from the case to be judged:
    who is who decides what is judged."""
    read = reading_of(key=case.key, row=row.row) if exhibit.left_out else None
    whole = read.exhibit if read else exhibit
    return details.senders_of(whole, case.content.statement.chat_names)


@require_POST
@case_page
def correct(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """Put readings right: every field whose value is another than the one shown. An emptied field
    takes the correction back."""
    row = _file_or_404(case, original_id)
    sent = {
        name.removeprefix("field "): value.strip()
        for name, value in request.POST.items()
        if name.startswith("field ") and isinstance(value, str)
    }
    values = {f: v for f, v in sent.items() if v != request.POST.get(f"shown {f}", "").strip()}
    try:
        if values and row.facts.path:
            correct_reading(
                stores=get_stores(),
                case=case,
                path=row.facts.path,
                values=values,
                ask=ask_for_reading,
                at=now(),
            )
            messages.success(request, _("已保存。读到的原值也留着。"))
    except InputError as error:
        wrong = f"{error.reason}。{error.hint}" if error.hint else error.reason
        return _show_file(
            request, case, original_id, status=422, typed=values, correction_problem=wrong
        )
    return redirect("file", link=case.content.link, original_id=original_id)


@require_POST
@case_page
def note(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """Say what the file is and where it belongs."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show_file(request, case, original_id, status=422, note_form=form)
    note_file(
        stores=get_stores(),
        case=case,
        original_id=original_id,
        kind=form.cleaned_data["kind"],
        note=form.cleaned_data["note"],
        stage=Stage(form.cleaned_data["stage"]),
        ask=ask_for_reading,
        at=now(),
    )
    messages.success(request, _("已保存。"))
    return redirect("file", link=case.content.link, original_id=original_id)


@require_POST
@case_page
def speakers(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """Say who is behind the names in this chat."""
    row = _file_or_404(case, original_id)
    read = reading_of(key=case.key, row=row.row)
    told = case.content.statement.chat_names
    senders = details.senders_of(read.exhibit, told) if read else []
    form = SpeakersForm(request.POST, senders=senders)
    if not form.is_valid():
        return _show_file(request, case, original_id, status=422, speakers_form=form)
    taken = dict(senders)
    names = {
        sender: speaker
        for sender, speaker in form.names().items()
        if sender in told or speaker.value != taken[sender]
    }
    name_speakers(
        stores=get_stores(),
        case=case,
        names=names,
        among=form.sent(),
        ask=ask_for_reading,
        at=now(),
    )
    messages.success(request, _("已保存。"))
    return redirect("file", link=case.content.link, original_id=original_id)


@require_POST
@case_page
def again(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """Have the file read again, with a password where one is sent."""
    password = None
    if "password" in request.POST:
        form = PasswordForm(request.POST)
        if not form.is_valid():
            return _show_file(request, case, original_id, status=422, password_form=form)
        password = form.cleaned_data["password"]
    if not read_again(case=case, original_id=original_id, ask=ask_for_reading, password=password):
        raise Http404
    return redirect("file", link=case.content.link, original_id=original_id)


@require_safe
@case_page
def picture(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """The file as a picture made anew, of the page or frame that ``view`` counts."""
    row = _file_or_404(case, original_id)
    read = reading_of(key=case.key, row=row.row)
    views = details.views_of(read.exhibit) if read else [View()]
    wanted = request.GET.get("view", "0")
    view = next((v for v in views if str(v.number) == wanted), None)
    if view is None:
        raise Http404
    shown = show_preview(
        stores=get_stores(),
        key=case.key,
        row=row.row,
        view=view,
        who=Who.OWNER,
        at=now(),
        scratch=own_scratch(),
        before_making=partial(_count_picture, case),
    )
    if shown is None:
        raise Http404
    return HttpResponse(shown.webp, content_type="image/webp", headers=_SAFE)


def _count_picture(case: OpenCase) -> None:
    count_attempt(stores=get_stores(), limit=PICTURES, who=str(case.row.id), at=now())


_SAFE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


@require_safe
@case_page
def original(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponseBase:
    """The original, byte for byte, as a download: never shown by the browser itself."""
    row = _file_or_404(case, original_id)
    size, digest = row.row.size, row.facts.digests.sha256
    named = quote(row.facts.name, safe="")
    headers = {
        **_SAFE,
        "Content-Type": "application/octet-stream",
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{named}",
        "Content-Encoding": "identity",  # compressed on the way it had no length
    }
    if request.method == "HEAD":
        tag = {"ETag": f'"{digest}"', "Accept-Ranges": "bytes"}
        return HttpResponse(headers={**headers, **tag})

    def open_whole() -> StreamingHttpResponse:
        chunks = open_original(
            stores=get_stores(),
            key=case.key,
            row=row.row,
            who=Who.OWNER,
            purpose=Purpose.DOWNLOAD,
            at=now(),
        )
        return StreamingHttpResponse(chunks, headers=headers)

    return answer_part(
        request, case_id=case.row.id, size=size, digest=digest, open_whole=open_whole
    )


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def remove(request: HttpRequest, case: OpenCase, original_id: UUID) -> HttpResponse:
    """Ask, then remove the file."""
    row = _file_or_404(case, original_id)
    link = case.content.link
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        remove_file(
            stores=get_stores(),
            case=case,
            original_id=original_id,
            ask=ask_for_reading,
            drop=ask_for_drop,
            at=now(),
        )
        messages.success(request, _("已删掉“{name}”。").format(name=row.facts.name))
        return redirect("files", link=link)
    context = {
        "case": case.row,
        "link": link,
        "here": "files",
        "title": _("删掉“{name}”？").format(name=row.facts.name),
        "text": _("删掉以后这里找不回来。手机里的原件还在的话，可以再传。"),
        "gone": [_("这个文件和从它读到的内容"), _("您对它的更正和说明")],
        "kept": [_("您填过的事实"), _("其他材料"), _("已经下载的卷宗")],
        "action": reverse("file_remove", args=[link, original_id]),
        "button": _("删掉"),
        "back": reverse("file", args=[link, original_id]),
    }
    return render(request, "pages/file_remove.html", context)


urlpatterns = [
    path("", files, name="files"),
    path("<uuid:original_id>/", file, name="file"),
    path("<uuid:original_id>/correct/", correct, name="file_correct"),
    path("<uuid:original_id>/note/", note, name="file_note"),
    path("<uuid:original_id>/speakers/", speakers, name="file_speakers"),
    path("<uuid:original_id>/again/", again, name="file_again"),
    path("<uuid:original_id>/picture/", picture, name="file_picture"),
    path("<uuid:original_id>/original/", original, name="file_original"),
    path("<uuid:original_id>/remove/", remove, name="file_remove"),
]
