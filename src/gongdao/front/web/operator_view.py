"""What pages of the operator's desk share: lists in pages, links in tables, deeds that answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gongdao.core.errors import GongdaoError, InputError
from gongdao.core.language import gettext as _
from gongdao.front.web.operator_access import Desk
from gongdao.market.staff import note_deed

PER_PAGE = 30
_LONGEST_SEARCH = 100


def searched(request: HttpRequest) -> str:
    """What is looked for, as the address has it."""
    return request.GET.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip()


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """The page of ``rows`` that is asked for."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def link(text: object, name: str, *args: object) -> SafeString:
    """A link to a page of ours."""
    return format_html('<a href="{}">{}</a>', reverse(name, args=list(args)), text)


Deed = Callable[[], object]


def do_deed(
    request: HttpRequest,
    desk: Desk,
    deed: Deed,
    *,
    code: str,
    about: tuple[str, str],
    done: str,
    back: str,
    args: Sequence[object] = (),
    reason: str = "",
) -> HttpResponseBase:
    """Do ``deed`` and note it, both or neither; say what came of it and go back to where it was
    asked. A deed that answers False had been done before, and is not noted again. With ``code``
    empty the deed notes itself."""
    try:
        with transaction.atomic():
            changed = deed()
            if code and changed is not False:
                note_deed(by=desk.by, deed=code, about=about, reason=reason, at=desk.at)
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        if changed is False:
            messages.info(request, _("这一步已经做过，没有再做。"))
        else:
            messages.success(request, done)
    return redirect(back, *[str(one) for one in args])


def say_error(error: GongdaoError) -> str:
    """An error without the names of fields, which only forms have."""
    if not isinstance(error, InputError):
        return str(error)
    stop = "" if error.reason[-1:] in "。？！.?!" else "。"
    return f"{error.reason}{stop}{error.hint}" if error.hint else error.reason
