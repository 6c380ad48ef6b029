"""Files of a dispute on their way out: exhibits as they came, verdict files as they were hashed."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from gongdao.disputes.events import Party
from gongdao.disputes.models import Case, Verdict
from gongdao.disputes.open_exhibit import open_exhibit
from gongdao.front.clock import now
from gongdao.front.stores import get_stores

_SAFE_TYPES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF": "application/pdf",
}
"""Shown by a browser as what they are; everything else is only downloaded."""


def send_exhibit(*, case: Case, exhibit_id: UUID, by: Party) -> HttpResponse:
    """A file that somebody handed in, to be downloaded; that it was read is recorded. Http404 for
    one that is none of this case's."""
    found = open_exhibit(stores=get_stores(), case=case, exhibit_id=exhibit_id, by=by, at=now())
    if found is None:
        raise Http404
    kinds = (kind for head, kind in _SAFE_TYPES.items() if found.content.startswith(head))
    answer = HttpResponse(found.content, content_type=next(kinds, "application/octet-stream"))
    answer.headers["Content-Disposition"] = _attached(found.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def send_verdict(*, case: Case, number: int) -> HttpResponse:
    """The verdict file, byte for byte what its digest was taken of."""
    row = Verdict.objects.filter(case=case, number=number).first()
    if row is None:
        raise Http404
    answer = HttpResponse(row.file.encode(), content_type="application/json; charset=utf-8")
    name = f"gongdao-verdict-{case.id.hex[:8]}-{number}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _attached(name: str) -> str:
    return str(content_disposition_header(True, name) or "attachment")
