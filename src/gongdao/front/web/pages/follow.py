"""Follow the case: whose move it is, deadlines, filings, reminders, the story in time."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.casework.online.addresses import addresses_of
from gongdao.casework.online.open_case import OpenCase
from gongdao.front.web.access import case_page
from gongdao.front.web.follow_view import (
    deadline_cards,
    exhibits_of,
    filing_card,
    look,
    move_card,
    soon,
    story_events,
    story_page,
)
from gongdao.front.web.pages import (
    follow_calendar,
    follow_filings,
    follow_outcome,
    follow_reminders,
)
from gongdao.front.web.report import report_of


@require_safe
@case_page
def follow(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """The page of the case over time."""
    seen = report_of(case)
    page, exhibits = look(seen), exhibits_of(seen)
    story = story_page(seen, page, request.GET.get("page"))
    addresses = addresses_of(case)
    context = seen.context(
        "follow",
        move=move_card(page.move, case.content.link),
        deadlines=deadline_cards(page.shown, seen.as_of),
        filed=[filing_card(one, exhibits) for one in reversed(seen.assembled.filings)],
        confirmed=[one for one in addresses if one.confirmed_at is not None],
        planned=soon(page.planned, seen.as_of),
        latest=page.results[0] if page.results else None,
        story=story,
        events=story_events(list(story), exhibits),
    )
    return render(request, "pages/follow.html", context)


urlpatterns = [
    path("", follow, name="follow"),
    *follow_filings.urlpatterns,
    *follow_reminders.urlpatterns,
    *follow_calendar.urlpatterns,
    *follow_outcome.urlpatterns,
]
