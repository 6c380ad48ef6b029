"""The deadlines as a calendar: a file to download, and an address to subscribe to."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from gongdao.casework.follow.calendar_file import MEDIA_TYPE, calendar_file
from gongdao.casework.online.calendar_feed import (
    TOKEN,
    feed_of,
    open_feed,
    subscribe,
    unsubscribe,
)
from gongdao.casework.online.deadlines import deadline_rows, stored_of
from gongdao.casework.online.models import DeadlineState
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.errors import KeyGone
from gongdao.core.language import gettext as _
from gongdao.core.language import use_language
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.access import case_page
from gongdao.front.web.follow_view import look
from gongdao.front.web.links import cases_url, feed_url, follow_url
from gongdao.front.web.report import report_of


@require_http_methods(["GET", "POST"])
@case_page
def follow_calendar(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Download, subscribe, or take a subscription back."""
    if request.method == "POST":
        if request.POST.get("act") == "revoke":
            unsubscribe(case=case)
            messages.success(request, _("收回了，那个地址打不开了。"))
        else:
            subscribe(case=case, at=now())
        return redirect("follow_calendar", link=case.content.link)
    feed = feed_of(case)
    context = {
        "case": case.row,
        "link": case.content.link,
        "here": "follow",
        "feed": feed_url(feed.id, feed.fields[TOKEN]) if feed else "",
    }
    return render(request, "pages/follow_calendar.html", context)


@require_safe
@case_page
def download(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """The calendar file; its events lead back to the case."""
    response = _calendar(case, follow_url(case.content.link))
    response["Content-Disposition"] = 'attachment; filename="gongdao.ics"'
    return response


@require_safe
def feed(request: HttpRequest, link: str, address_id: UUID, token: str) -> HttpResponse:
    """The same for a calendar that fetches it by itself: nothing in it leads to the case, since
    others keep it."""
    try:
        case = open_feed(stores=get_stores(), address_id=address_id, token=token)
    except KeyGone:
        raise Http404 from None
    use_language(case.row.language)
    return _calendar(case, cases_url())


def _calendar(case: OpenCase, link: str) -> HttpResponse:
    seen = report_of(case)
    page, row = look(seen), case.row
    closed = row.closed_at is not None
    gone = [r for r in deadline_rows(row.id) if closed or r.state == DeadlineState.OVER]
    body = calendar_file(
        deadlines=() if closed else page.deadlines,
        reminders=page.planned,
        case_id=str(row.id),
        link=link,
        made_at=seen.as_of,
        gone=[stored_of(one) for one in gone],
    )
    return HttpResponse(body, content_type=MEDIA_TYPE)


urlpatterns = [
    path("calendar/", follow_calendar, name="follow_calendar"),
    path("calendar.ics", download, name="calendar_file"),
    path("feed/<uuid:address_id>/<str:token>.ics", feed, name="calendar_feed"),
]
