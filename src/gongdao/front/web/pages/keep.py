"""Keep: the case file, its index, single letters, the plain folder; who looked; the way out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import include, path, reverse
from django.views.decorators.http import require_POST, require_safe

from gongdao.casework.online.accesses import name_openings, openings_of
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.case_file import (
    KEPT_FOR,
    Part,
    ask_for_case_file,
    find_case_file,
    is_stale,
    newest_case_file,
    open_case_file,
)
from gongdao.casework.online.export_folder import folder_members, folder_sizes
from gongdao.casework.online.models import CaseFile, MakingState, Share
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.clock import beijing
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.evidence.kept.open_original import Purpose, Who, record_access
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.downloads import file_answer, zip_chunks, zip_size
from gongdao.front.web.in_app import in_app_browser
from gongdao.front.web.parts_of_files import answer_part
from gongdao.front.web.report import report_of
from gongdao.front.web.take_link import LASTS, make_take_link
from gongdao.front.worker.tasks import ask_for_making
from gongdao.log.reader import get_standing

MAKINGS = Limit("case-files", 30, timedelta(hours=1))
"""Case files of one case: each is a minute's work for the machine."""
PAGE = 50
"""Lines of the access record on one page."""
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WHO = {
    Who.OWNER.value: mark("您"),
    Who.SHARED.value: mark("拿到分享链接的人"),
    Who.MACHINE.value: mark("这台服务器"),
}
_WHOLE = {
    Purpose.VIEW.value: mark("看了卷宗的索引"),
    Purpose.DOWNLOAD.value: mark("下载了卷宗"),
    Purpose.EXPORT.value: mark("导出了案件文件夹"),
}
_FILES = {
    Purpose.VIEW.value: mark("查看"),
    Purpose.DOWNLOAD.value: mark("下载"),
    Purpose.READ.value: mark("识别内容"),
    Purpose.ATTACH.value: mark("做成附件"),
    Purpose.SEAL.value: mark("封进卷宗"),
    Purpose.EXPORT.value: mark("导出"),
}


@require_safe
@case_page
def keep(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Everything that can be kept of the case, and the way to share or erase it."""
    seen = report_of(case)
    at = seen.as_of
    context = {
        **case_file_context(request, case),
        "letters": [(name, one.get("title") or name) for name, one in seen.letters.items()],
        "code": case.content.code,
        "address": f"{settings.GONGDAO.public_url}/c/{case.content.link}/",
        "shares": Share.objects.filter(
            case_id=case.row.id, revoked_at=None, expires_at__gt=at
        ).count(),
    }
    return render(request, "pages/keep.html", seen.context("keep", **context))


def case_file_context(request: HttpRequest, case: OpenCase) -> dict[str, Any]:
    """How far the case file is, and what is the matter with it."""
    row = newest_case_file(case)
    ready = row is not None and row.state == MakingState.READY
    return {
        "made": row if ready else None,
        "logged": _logged(row) if row is not None and ready else None,
        "waiting": row is not None and row.state == MakingState.WAITING,
        "problem": _problem(row),
        "stale": row is not None and ready and is_stale(case, row),
        "settled": row is None or row.state != MakingState.WAITING,
        "until": row.made_at + KEPT_FOR if row is not None and row.made_at else None,
        "app": in_app_browser(request),
    }


def _logged(row: CaseFile) -> dict[str, Any] | None:
    """Where its seal stands in the public log: the leaf's hash, its number once it is covered."""
    if not row.leaf_hash:
        return None
    leaf_hash = bytes(row.leaf_hash)
    return {"hash": leaf_hash.hex(), "index": get_standing(leaf_hash)[1]}


def _problem(row: CaseFile | None) -> str:
    if row is None or row.state != MakingState.FAILED or row.problem == "dropped":
        return ""
    if row.problem in ("case_folder", "input"):
        return _("案件里有文件不能封进卷宗：太大、太多，或者文件名不能用。")
    if row.problem in ("blob_missing", "sealed_data"):
        return _("有一份材料打不开了。请在材料页里看看是哪一份，重新上传后再试。")
    return _("这次没有做成，不是您的问题。请再试一次。")


@require_POST
@case_page
def ask(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Ask for the case file; sent twice, it is made once."""
    count_attempt(stores=get_stores(), limit=MAKINGS, who=str(case.row.id), at=now())
    ask_for_case_file(case=case, ask=ask_for_making, at=now())
    return redirect(f"{reverse('keep', args=[case.content.link])}#case-file")


@require_safe
@case_page
def download(request: HttpRequest, case: OpenCase, case_file_id: UUID) -> HttpResponseBase:
    """The zip."""
    return send_case_file(request, case, _found(case, case_file_id))


def send_case_file(request: HttpRequest, case: OpenCase, row: CaseFile) -> HttpResponseBase:
    """The zip ``row`` as an answer, or the part of it that is asked for; taking it is recorded."""
    name = f"{_('公道卷宗')}-{beijing(row.as_of):%Y%m%d-%H%M}.zip"

    def open_whole() -> StreamingHttpResponse:
        chunks = open_case_file(stores=get_stores(), case=case, row=row, who=Who.OWNER, at=now())
        return file_answer(chunks, name=name, media_type="application/zip", size=row.size)

    return answer_part(
        request, case_id=case.row.id, size=row.size, digest=row.sha256, open_whole=open_whole
    )


@require_safe
@case_page
def index(request: HttpRequest, case: OpenCase, case_file_id: UUID) -> HttpResponseBase:
    """The index PDF alone, to be looked at in the browser; browsers show a PDF by scripts of their
    own, which our policy for pages would stop."""
    row = _found(case, case_file_id)
    chunks = open_case_file(
        stores=get_stores(), case=case, row=row, who=Who.OWNER, at=now(), part=Part.INDEX
    )
    name = f"{_('公道卷宗索引')}-{beijing(row.as_of):%Y%m%d-%H%M}.pdf"
    answer = file_answer(chunks, name=name, media_type="application/pdf", inline=True)
    answer._csp_exempt = True  # type: ignore[attr-defined]  # read by the policy's middleware
    return answer


@require_POST
@case_page
def hand_over(request: HttpRequest, case: OpenCase, case_file_id: UUID) -> HttpResponse:
    """A link for another browser, good for one taking within half an hour."""
    row = _found(case, case_file_id)
    token = make_take_link(stores=get_stores(), case_file_id=row.id, at=now())
    context = {
        "link": case.content.link,
        "here": "keep",
        "address": f"{settings.GONGDAO.public_url}{reverse('take_case_file', args=[token])}",
        "minutes": int(LASTS.total_seconds()) // 60,
        "app": in_app_browser(request),
    }
    return render(request, "pages/keep_hand_over.html", context)


def _found(case: OpenCase, case_file_id: UUID) -> CaseFile:
    row = find_case_file(case, case_file_id)
    if row is None:
        raise Http404
    return row


@require_safe
@case_page
def folder(request: HttpRequest, case: OpenCase) -> HttpResponseBase:
    """The case as the folder that the command line reads, in a plain zip."""
    at = now()
    record_access(subject=case.subject, who=Who.OWNER, purpose=Purpose.EXPORT, at=at, original=None)
    assembled = assemble_case(case=case, as_of=at)
    size = zip_size(folder_sizes(assembled=assembled, at=at), at=at)
    members = folder_members(
        stores=get_stores(),
        assembled=assembled,
        who=Who.OWNER,
        purpose=Purpose.EXPORT,
        at=at,
    )
    name = f"{_('公道案件')}-{beijing(at):%Y%m%d-%H%M}.zip"
    chunks = zip_chunks(members, at=at)
    return file_answer(chunks, name=name, media_type="application/zip", size=size)


@require_safe
@case_page
def accesses(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Who opened what and when, newest first."""
    machine = request.GET.get("machine") == "1"
    page = Paginator(openings_of(case, machine=machine), PAGE).get_page(request.GET.get("page"))
    rows = [
        (one.at, translated(_WHO[one.who]), _what(one.purpose, one.count, one.name, one.shared))
        for one in name_openings(case, list(page.object_list))
    ]
    context = {
        "link": case.content.link,
        "here": "keep",
        "rows": rows,
        "page": page,
        "machine": machine,
    }
    return render(request, "pages/keep_accesses.html", context)


def _what(purpose: str, count: int, name: str, shared: bool) -> str:
    if shared:
        return _("打开了分享页")
    if count > 1:
        deed = translated(_FILES[purpose])
        return _("{deed}：{count} 份材料").format(deed=deed, count=count)
    if name:
        return _("{deed}：{name}").format(deed=translated(_FILES[purpose]), name=name)
    if purpose in _WHOLE:
        return translated(_WHOLE[purpose])
    return _("{deed}：已移走的材料").format(deed=translated(_FILES[purpose]))


urlpatterns = [
    path("", keep, name="keep"),
    path("case-file/", ask, name="ask_case_file"),
    path("case-file/<uuid:case_file_id>/case.zip", download, name="case_file"),
    path("case-file/<uuid:case_file_id>/index.pdf", index, name="case_file_index"),
    path("case-file/<uuid:case_file_id>/elsewhere/", hand_over, name="hand_over"),
    path("folder.zip", folder, name="case_folder"),
    path("looked/", accesses, name="accesses"),
    path("shares/", include("gongdao.front.web.pages.shares")),
    path("new-keys/", include("gongdao.front.web.pages.new_keys")),
    path("", include("gongdao.front.web.pages.erase")),
]
