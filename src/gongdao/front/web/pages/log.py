"""The public log for people: how it stands, what was logged, one leaf."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path, register_converter, reverse
from django.views.decorators.http import require_safe

from gongdao.front.web.log_trust import (
    Trust,
    anchor_rows,
    find_trust,
    judge_leaf,
    never_proven,
    standing_of,
    witness_rows,
)
from gongdao.front.web.log_view import KINDS, Instant, facts_of, kind_name, says_of, title_of
from gongdao.front.web.pages.answer_public import keep_an_hour
from gongdao.front.web.pages.log_answers import answer_log_page
from gongdao.log.models import LogCheckpoint, LogEntry
from gongdao.log.reader import Entry, covered_size, find_by_hash, find_entries
from gongdao_verify.leaf_form import parse_leaf

PAGE = 50
"""Leaves on one page of what was logged."""


class Number:
    """The number of a leaf in an address."""

    regex = "0|[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(value)


class LeafHash:
    """A leaf's hash in an address: 64 lower-case hex digits."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(Number, "leaf_number")
register_converter(LeafHash, "leaf_hash")


@require_safe
def overview(request: HttpRequest) -> HttpResponseBase:
    """What the log is, how large, and who vouches for it."""
    found = LogCheckpoint.objects.order_by("-size").first()
    trust = find_trust(settings.GONGDAO)
    context: dict[str, Any] = {
        "head": None if found is None else _head(found.size, Instant(found.signed_at)),
        "origin": "" if trust is None else trust.origin,
        "vkey": "" if trust is None else trust.vkey,
        "standing": _standing_now(trust) if found is not None and trust is not None else None,
        "witnesses": [] if trust is None else witness_rows(trust),
        "anchors": anchor_rows(),
        "never_proven": never_proven(),
        "audit": _audit_command(trust),
    }
    return answer_log_page(request, "pages/log.html", context)


def _audit_command(trust: Trust | None) -> str:
    key = f" --log-key {trust.vkey}" if trust else ""
    return f"gongdao log audit {settings.GONGDAO.public_url}/log --state audit{key}"


def _head(size: int, signed: Instant) -> dict[str, Any]:
    return {"size": size, "size_shown": f"{size:,}", "signed": signed}


def _standing_now(trust: Trust) -> Any:
    """How far the log is vouched for: judged on its first leaf, which every checkpoint covers."""
    verdict = judge_leaf(index=0, entry=trust.first, policy=trust.policy)
    return standing_of(verdict)


@require_safe
def changes(request: HttpRequest) -> HttpResponseBase:
    """What was logged, newest first; of one kind where asked, below a number where asked."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    before, size = _number(request.GET.get("before")), covered_size()
    rows = find_entries(before=before, count=PAGE, kind=kind)
    top = size if before is None else min(before, size)
    context = {
        "rows": [_row(one) for one in rows],
        "kinds": [{"code": code, "name": kind_name(code)} for code in KINDS],
        "kind": kind,
        "size": size,
        "older": rows[-1].idx if rows and rows[-1].idx > 0 and len(rows) == PAGE else None,
        "newer": top + PAGE if not kind and top + PAGE < size else None,
        "newest": top < size,
        "missing": "missing" in request.GET,
    }
    return answer_log_page(request, "pages/log_changes.html", context)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _row(one: Entry) -> dict[str, Any]:
    form = one.form
    return {
        "index": one.idx,
        "title": title_of(form.type),
        "moment": Instant(form.at),
        "who": form.subject.partition(":")[2][:8] if form.kind != "log" else "",
    }


@require_safe
def find(request: HttpRequest) -> HttpResponseBase:
    """To the leaf with the number or hash that was typed; back to the list where there is none."""
    typed = "".join(request.GET.get("q", "").split()).lower()
    index = _number(typed)
    if index is not None and index < covered_size():
        return redirect("log_leaf", index=index)
    if len(typed) == 64 and not typed.strip("0123456789abcdef"):
        entry = find_by_hash(bytes.fromhex(typed))
        if entry is not None:
            return redirect("log_leaf", index=entry.idx)
    return redirect(f"{reverse('log_changes')}?missing=1#find")


@require_safe
def leaf(request: HttpRequest, index: int) -> HttpResponseBase:
    """One leaf: in words, as it stands, what came before and after, who vouches for it."""
    row = _find_leaf(index)
    if row is None:
        raise Http404
    raw = bytes(row.entry)
    form = parse_leaf(raw)
    trust = find_trust(settings.GONGDAO)
    policy = None if trust is None else trust.policy
    verdict = judge_leaf(index=index, entry=raw, policy=policy)
    context = {
        "leaf": {
            "index": index,
            "title": title_of(form.type),
            "says": says_of(form.type),
            "moment": Instant(form.at),
            "type": form.type,
            "subject": form.subject,
            "hash": bytes(row.leaf_hash).hex(),
            "raw": raw.decode(),
            "facts": facts_of(form.kind, form.data),
        },
        "previous": row.before,
        "next": row.after,
        "standing": standing_of(verdict),
        "covered": verdict.size,
        "file": f"{index}.tlog-proof",
    }
    answer = answer_log_page(request, "pages/log_leaf.html", context)
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _find_leaf(index: int) -> Any:
    """The covered leaf, with the numbers of those ``before`` and ``after`` it of its subject, in
    one query: its proof takes most of what a page may ask."""
    covered = Subquery(LogCheckpoint.objects.order_by("-size").values("size")[:1])
    same = LogEntry.objects.filter(subject=OuterRef("subject")).values("idx")
    earlier = same.filter(idx__lt=OuterRef("idx")).order_by("-idx")[:1]
    later = same.filter(idx__gt=OuterRef("idx"), idx__lt=covered).order_by("idx")[:1]
    found = LogEntry.objects.filter(idx=index, idx__lt=covered)
    return found.annotate(before=Subquery(earlier), after=Subquery(later)).first()


@require_safe
def leaf_qr(request: HttpRequest, index: int) -> HttpResponseBase:
    """The address of a leaf's page as a QR code, a drawing without scripts or styles."""
    if index >= covered_size():
        raise Http404
    address = settings.GONGDAO.public_url + reverse("log_leaf", args=[index])
    drawn = io.BytesIO()
    segno.make(address, micro=False, error="m").save(drawn, kind="svg", border=4, light="#fff")
    return keep_an_hour(request, HttpResponse(drawn.getvalue(), content_type="image/svg+xml"))


urlpatterns = [
    path("", overview, name="log"),
    path("changes/", changes, name="log_changes"),
    path("find/", find, name="log_find"),
    path("leaf/<leaf_number:index>/", leaf, name="log_leaf"),
    path("leaf/<leaf_number:index>/qr.svg", leaf_qr, name="log_leaf_qr"),
    path("", include("gongdao.front.web.pages.log_files")),
    path("", include("gongdao.front.web.pages.log_verify")),
    path("", include("gongdao.front.web.pages.log_seals")),
]
