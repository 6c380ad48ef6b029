"""Letters: the list, and each of them to be edited with its facts locked to their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.casework.letter_docx import letter_docx
from gongdao.casework.online.letter_drafts import (
    Draft,
    check_letter,
    draft_of,
    drafts_of,
    edited_letter,
    known_fills,
    save_draft,
)
from gongdao.casework.online.open_case import OpenCase
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.values import known_of
from gongdao.channels.route import ORDER
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.web.access import case_page
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.exhibit_links import link_exhibits
from gongdao.front.web.guardian import guardian_notice
from gongdao.front.web.letter_form import dump_shown, read_draft
from gongdao.front.web.letter_view import (
    law_address,
    list_letters,
    name_letter,
    offers_of,
    places_for_own,
    show_gaps,
    show_parts,
)
from gongdao.front.web.pages.standing import is_begun
from gongdao.front.web.report import SeenCase, report_of

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class _Opened:
    """One letter of a case with what is saved of it."""

    seen: SeenCase
    letter: Letter
    saved: Draft


@require_safe
@case_page
def letters(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Every letter that fits the case now, and changes kept for one that does not."""
    seen = report_of(case)
    drafts = drafts_of(case)
    shown = list_letters(seen, drafts)
    names = {one.name for one in shown}
    context: dict[str, Any] = {
        "case_url": reverse("case", args=[case.content.link]),
        "begun": is_begun(seen),
        "letters": shown,
        "resting": [name_letter(n) for n, d in drafts.items() if n not in names and d.edits],
        "guardian": guardian_notice(seen),
    }
    return render(request, "pages/letters.html", seen.context("letters", **context))


@require_http_methods(["GET", "POST"])
@case_page
def letter(request: HttpRequest, case: OpenCase, name: str) -> HttpResponseBase:
    """One letter: show, check or save what was changed in it."""
    opened = _open(case, name)
    if request.method == "GET":
        return _show(request, opened, opened.saved)
    typed = read_draft(opened.letter, opened.saved, request.POST)
    if request.POST.get("do") == "check":
        stale = "" if typed.version == opened.saved.version else str(StaleCase())
        return _show(request, opened, typed, problem=stale, unsaved=True)
    try:
        save_draft(case=case, draft=typed, at=now())
    except StaleCase as error:
        return _show(request, opened, typed, problem=str(error), status=error.status)
    except InputError as error:
        return _show(request, opened, typed, problem=str(error), status=422)
    messages.success(request, _("已保存。渠道页和下载都用改过的文字。"))
    return redirect("letter", link=case.content.link, name=name)


@require_POST
@case_page
def check(request: HttpRequest, case: OpenCase, name: str) -> HttpResponse:
    """What to look at in the text as it stands in the page, while it is typed; nothing is kept."""
    opened = _open(case, name)
    typed = read_draft(opened.letter, opened.saved, request.POST)
    return render(request, "pages/letter_check.html", {**_judged(opened, typed), "live": True})


def _open(case: OpenCase, name: str) -> _Opened:
    seen = report_of(case)
    for one in seen.assembled.judgement.letters:
        if one.name == name:
            return _Opened(seen, one, draft_of(case, name))
    raise Http404


def _judged(opened: _Opened, draft: Draft) -> dict[str, Any]:
    """The letter as changed by ``draft``, and everything to say about it."""
    known = known_of(opened.seen.assembled.judgement.dossier)
    problems = check_letter(opened.letter, draft, known)
    edited = edited_letter(opened.letter, draft)
    saved = opened.saved.edits
    conflict = draft.version != opened.saved.version
    others = {
        key: saved.get(key, "")
        for key in {*saved, *draft.edits}
        if conflict and saved.get(key) != draft.edits.get(key) and key in saved
    }
    links = link_exhibits(opened.seen)
    parts = show_parts(opened.letter, draft, problems, links, others)
    return {
        "parts": parts,
        "problems": [p for p in problems if p.code not in ("left_out", "to_fill", "reworded")],
        "numbers": {part.key: part.n for part in parts},
        "open_gaps": [p for p in problems if p.code == "to_fill"],
        "edited": edited,
        "counts": [f for f in edited.letter.fields if f.limit],
        "text": edited.text,
    }


def _show(
    request: HttpRequest,
    opened: _Opened,
    draft: Draft,
    *,
    problem: str = "",
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page; ``draft`` is what its fields hold, saved or not."""
    seen, plain, saved = opened.seen, opened.letter, opened.saved
    case = seen.assembled.case
    offers = offers_of(case.content.statement.buyer, known_fills(drafts_of(case).values()))
    judged = _judged(opened, draft)
    own = [part for part in judged["parts"] if part.own]
    context: dict[str, Any] = {
        "case_url": reverse("case", args=[case.content.link]),
        "letter": plain,
        "name": name_letter(plain.name),
        "channel": plain.name if plain.name in ORDER else "",
        "version": saved.version,
        "shown": dump_shown(plain, saved),
        "gaps": show_gaps(plain, draft, offers),
        "places": places_for_own(judged["edited"]),
        "next_own": 1 + max((int(p.key[4:].partition("@")[0]) for p in own), default=0),
        "problem": problem,
        "unsaved": unsaved or bool(problem),
        "changed_at": saved.changed_at,
        "law": law_address(),
        **judged,
    }
    return render(request, "pages/letter.html", seen.context("letters", **context), status=status)


@require_safe
@case_page
def docx(request: HttpRequest, case: OpenCase, name: str) -> HttpResponseBase:
    """The letter, as changed and saved, as a DOCX file."""
    opened = _open(case, name)
    text = edited_letter(opened.letter, opened.saved).text
    data = letter_docx(title=opened.letter.title, text=text, as_of=opened.seen.as_of)
    name = f"{opened.letter.title}.docx"
    return file_answer([data], name=name, media_type=_DOCX, size=len(data))


@require_safe
@case_page
def plain_text(request: HttpRequest, case: OpenCase, name: str) -> HttpResponseBase:
    """The letter, as changed and saved, as plain text."""
    opened = _open(case, name)
    text = edited_letter(opened.letter, opened.saved).text
    data = f"{text}\n".encode()
    kind = "text/plain; charset=utf-8"
    name = f"{opened.letter.title}.txt"
    return file_answer([data], name=name, media_type=kind, size=len(data))


urlpatterns = [
    path("", letters, name="letters"),
    path("<slug:name>/", letter, name="letter"),
    path("<slug:name>/check/", check, name="letter_check"),
    path("<slug:name>/letter.docx", docx, name="letter_word"),
    path("<slug:name>/letter.txt", plain_text, name="letter_text"),
]
