"""Long lists come in pages: ``?page=`` and ``?per_page=``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.api.lean_handler import as_json

LAST_PAGE = 10_000
MOST = 100
_USUAL = 20
_M = TypeVar("_M", bound=Model)


def whole_of(request: HttpRequest, name: str, *, usual: int, most: int) -> int:
    """The whole number from 1 to ``most`` in the address; InputError for anything else."""
    text = request.GET.get(name)
    if text is None:
        return usual
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if not 1 <= number <= most:
        raise InputError(_("要是 {low} 到 {high} 的整数。").format(low=1, high=most), field=name)
    return number


def text_of(request: HttpRequest, name: str, longest: int) -> str:
    """A short text in the address, empty where it is left out; InputError where it is too long or
    holds what no name does."""
    text = request.GET.get(name, "").strip()
    if len(text) > longest or any(ord(sign) < 32 for sign in text):
        raise InputError(_("要是不超过 {most} 个字的文字。").format(most=longest), field=name)
    return text


def only(request: HttpRequest, *names: str) -> None:
    """Raise where a name stands in the address that nobody reads: a slip of the caller's."""
    for name in request.GET:
        if name not in names:
            raise InputError(_("不认识这个字段。"), field=name[:60])


def answer_page(
    request: HttpRequest, rows: QuerySet[_M], write: Callable[[Sequence[_M]], list[Any]]
) -> HttpResponse:
    """The page of ``rows`` that was asked for, written by ``write``."""
    page = whole_of(request, "page", usual=1, most=LAST_PAGE)
    size = whole_of(request, "per_page", usual=_USUAL, most=MOST)
    start = (page - 1) * size
    items = write(list(rows[start : start + size]))
    return as_json({"items": items, "page": page, "per_page": size, "total": rows.count()})
