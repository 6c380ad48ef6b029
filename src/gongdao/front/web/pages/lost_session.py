"""A form sent after its session was lost: nothing that was typed is lost with it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_BAD_ORIGIN, get_token
from django.shortcuts import render

from gongdao.front.web.carried import carried_fields


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Offer to send the same form again from a page of ours; a form that came from another site
    is refused and shown nothing."""
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    if foreign or reason.startswith(REASON_BAD_ORIGIN[:20]):
        return render(request, "errors/403.html", status=403)
    get_token(request)
    carried = carried_fields(request, leave_out={"csrfmiddlewaretoken"})
    context = {"carried": carried, "target": request.path, "lost_files": bool(request.FILES)}
    return render(request, "pages/send_again.html", context, status=403)
