"""What a page needs to know of its own request: language, theme, address. Works without one."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict
from django.template.context import Context

from gongdao.core.language import language

THEMES = ("light", "dark")
_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}
_CHOICES = ("lang", "theme")


def page_language() -> str:
    """The language tag of the page for ``<html lang>``: ``zh-CN`` or ``en``."""
    return _LANGUAGE_TAGS[language()]


def page_theme(context: Context) -> str:
    """``light`` or ``dark`` where the reader chose one, otherwise nothing: the device decides."""
    request = _request(context)
    chosen = context.get("theme") or (request.COOKIES.get("theme") if request else "")
    return chosen if chosen in THEMES else ""


def here_with(context: Context, **changes: object) -> str:
    """This page's address with query parameters changed (``None`` takes one out): ``?lang=en``."""
    query = _query(context)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def here_without_choices(context: Context) -> list[tuple[str, str]]:
    """This page's query parameters but language and theme, for the hidden fields of a form."""
    query = _query(context)
    return [(k, v) for k, values in query.lists() for v in values if k not in _CHOICES]


def other_language(context: Context) -> str:
    """The address of this page in the other language: what the page itself named in the context
    as ``other_language_url``, else the Chinese page of one below ``/en/``, else this very page
    with ``?lang=``."""
    named = context.get("other_language_url")
    if named:
        return str(named)
    request = _request(context)
    if language() == "zh":
        return here_with(context, lang="en")
    path = request.path[3:] if request and request.path.startswith("/en/") else ""
    return f"{path}{here_with(context, lang='zh')}"


def _request(context: Context) -> HttpRequest | None:
    """The request, also inside an include with ``only``, which hides it from the variables."""
    request = context.get("request") or getattr(context, "request", None)
    return request if isinstance(request, HttpRequest) else None


def _query(context: Context) -> QueryDict:
    request = _request(context)
    return request.GET.copy() if request else QueryDict(mutable=True, encoding="utf-8")
