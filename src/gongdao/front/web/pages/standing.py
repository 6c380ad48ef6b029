"""Where a case stands: the figure, each element, contradictions, what to ask, who is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from gongdao.casework.online.open_case import OpenCase
from gongdao.core.codes import Element, Stage
from gongdao.front.web.access import case_page
from gongdao.front.web.exhibit_links import ExhibitLink, link_exhibits
from gongdao.front.web.file_cards import name_files
from gongdao.front.web.guardian import guardian_notice
from gongdao.front.web.report import SeenCase, report_of
from gongdao.front.web.respondent_view import show_respondent
from gongdao.front.web.standing_view import (
    show_conflicts,
    show_element,
    show_elements,
    show_stages,
    show_step,
)


@require_safe
@case_page
def standing(request: HttpRequest, case: OpenCase) -> HttpResponse:
    """Everything that carries and weakens the case, on one page."""
    seen = report_of(case)
    links = link_exhibits(seen)
    case_url = reverse("case", args=[case.content.link])
    conflicts = show_conflicts(seen, links, case_url)
    context: dict[str, Any] = {
        "case_url": case_url,
        "begun": is_begun(seen),
        "elements": show_elements(seen, links),
        "stages": show_stages(seen.report, links),
        "conflicts": [one for one in conflicts if not one.refutes],
        "refuting": [one for one in conflicts if one.refutes],
        "asks": [show_step(one) for one in seen.report["suggestions"] if one["say"]],
        "others": [show_step(one) for one in seen.report["suggestions"] if not one["say"]],
        "evasions": [_linked(one, links) for one in seen.report["evasions"]],
        "tone": [_linked(one, links) for one in seen.report["tone_flags"]],
        "respondent": show_respondent(seen, links, case_url),
        "saved_before": _saved_before(seen),
        "guardian": guardian_notice(seen),
        "warnings": [name_files(seen, text) for text in seen.report["warnings"]],
    }
    return render(request, "pages/standing.html", seen.context("standing", **context))


@require_safe
@case_page
def element(request: HttpRequest, case: OpenCase, code: str) -> HttpResponse:
    """One element: what carries it, with the place in the picture where there is one."""
    if code not in set(Element):
        raise Http404
    seen = report_of(case)
    links = link_exhibits(seen)
    context = {
        "case_url": reverse("case", args=[case.content.link]),
        "begun": is_begun(seen),
        "element": show_element(seen, Element(code), links, pictures=True),
    }
    return render(request, "pages/element.html", seen.context("standing", **context))


def is_begun(seen: SeenCase) -> bool:
    """Whether anything is known that could be judged: a file was read, or an order stated."""
    statement = seen.assembled.statement
    return bool(seen.report["exhibits"] or statement.order.order_no or statement.claim.reasons)


def _linked(row: Mapping[str, Any], links: Mapping[str, ExhibitLink]) -> dict[str, Any]:
    """A row of the report with the exhibit it names."""
    return {**row, "link": links.get(row["exhibit"])}


def _saved_before(seen: SeenCase) -> bool:
    """Whether anything was kept before buying: then the page leads to what was saved."""
    if not seen.assembled.case.row.before_buying:
        return False
    return any(f.facts.path.startswith(f"{Stage.BEFORE.value}/") for f in seen.assembled.files)


urlpatterns = [
    path("", standing, name="standing"),
    path("<slug:code>/", element, name="element"),
]
