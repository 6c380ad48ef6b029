"""Public pages per problem, found by search engines; what is law and what is ours; what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from gongdao.casework.guide import guide_for
from gongdao.casework.guide_law import law_and_policy
from gongdao.casework.guide_page import Guide
from gongdao.casework.guide_topics import topic_for, topics
from gongdao.casework.guide_words import BASIS_NAMES, REASON_GROUPS
from gongdao.casework.words import REASON_NAMES
from gongdao.core.codes import Reason
from gongdao.core.language import translated
from gongdao.front.clock import now
from gongdao.front.web.pages.answer_public import answer_public, keep_an_hour
from gongdao.rules import queries
from gongdao.rules.load import load_rules
from gongdao.rules.model import Retention

LAW = "/guides/law-and-policy/"
RETENTION = "/retention/"


def _today() -> date:
    return now().date()


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every guide, as a buyer would look for it."""
    groups = [
        (translated(name), [(reason.value, translated(REASON_NAMES[reason])) for reason in reasons])
        for name, reasons in REASON_GROUPS
    ]
    special = [(code, topic_for(code, _today())) for code in topics()]
    context = {"groups": groups, "special": special, "here": "guides", "checked": _newest()}
    return answer_public(request, "pages/guides.html", context, path="/guides/")


@require_safe
def guide(request: HttpRequest, code: str) -> HttpResponseBase:
    """One guide: a reason of complaint, or a page that cuts across them."""
    page = _find(code)
    context = {**_shown(page), "reason": code if code in set(Reason) else ""}
    return answer_public(request, "pages/guide.html", context, path=f"/guides/{code}/")


def _find(code: str) -> Guide:
    if code in topics():
        return topic_for(code, _today())
    if code in set(Reason):
        return guide_for(Reason(code), _today())
    raise Http404


def _shown(page: Guide) -> dict[str, object]:
    names = {code: translated(name) for code, name in BASIS_NAMES.items()}
    return {"page": page, "basis_names": names, "here": "guides"}


@require_safe
def law(request: HttpRequest) -> HttpResponseBase:
    """Which numbers are law, and which are a platform's or ours."""
    return answer_public(request, "pages/law.html", _shown(law_and_policy(_today())), path=LAW)


@require_safe
def retention(request: HttpRequest) -> HttpResponseBase:
    """What is kept here, how long and why."""
    kept = sorted(queries.retentions(_today()), key=_place)
    context = {
        "here_kept": [one for one in kept if not one.external],
        "elsewhere": [one for one in kept if one.external],
        "cites": {one.code: queries.articles(one.basis, _today()).articles for one in kept},
        "checked": max(one.checked for one in kept),
    }
    return answer_public(request, "pages/retention.html", context, path=RETENTION)


_FIRST = (
    "case",
    "originals",
    "readings",
    "access_record",
    "upload",
    "case_file",
    "share",
    "session",
)


def _place(one: Retention) -> tuple[int, str]:
    """What people ask about first stands first."""
    return (_FIRST.index(one.code) if one.code in _FIRST else len(_FIRST), one.code)


def public_paths() -> list[str]:
    """The Chinese path of every public page; the English one stands below ``/en``."""
    codes = [*topics(), *(reason.value for reason in Reason)]
    return ["/guides/", *(f"/guides/{code}/" for code in codes), LAW, RETENTION]


def _newest() -> date:
    return max(entry.checked for entry in load_rules().all())


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """Every public page in both languages, for search engines."""
    site = settings.GONGDAO.public_url
    pages = [(f"{site}{one}", f"{site}/en{one}") for one in public_paths()]
    context = {"pages": pages, "home": f"{site}/", "before": f"{site}/before/", "day": _newest()}
    response = render(request, "pages/guide_sitemap.xml", context, content_type="application/xml")
    return keep_an_hour(request, response)


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    """Search engines may read what is public, and nothing of cases and accounts."""
    closed = "".join(f"Disallow: {one}\n" for one in ("/c/", "/s/", "/accounts/", "/me/", "/open/"))
    text = f"User-agent: *\n{closed}\nSitemap: {settings.GONGDAO.public_url}/sitemap.xml\n"
    return keep_an_hour(request, HttpResponse(text, content_type="text/plain; charset=utf-8"))


def _in_both(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[object]:
    return [path(route, view, name=name), path(f"en/{route}", view, name=f"{name}_en")]


urlpatterns = [
    *_in_both("guides/", index, "guides"),
    *_in_both("guides/law-and-policy/", law, "law_and_policy"),
    *_in_both("guides/<slug:code>/", guide, "guide"),
    *_in_both("retention/", retention, "retention"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("robots.txt", robots, name="robots"),
]
