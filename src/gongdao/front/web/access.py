"""Who may see a case: the session that unlocked it, or the account that owns it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gongdao.casework.online.forget_cases import note_seen
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.unlock_case import find_case
from gongdao.core.errors import KeyGone
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.code_form import show_code_form
from gongdao.front.web.erased_page import tell_erased
from gongdao.front.web.held import may_see
from gongdao.front.worker.follow_tasks import ask_to_follow

P = ParamSpec("P")
CasePage = Callable[Concatenate[HttpRequest, OpenCase, P], HttpResponseBase]


def case_page(view: CasePage[P]) -> Callable[..., HttpResponseBase]:
    """A page of one case, by its private link. Who does not hold it meets the same page for a
    case that exists and for one that does not, with whatever was being sent kept in it."""

    @wraps(view)
    def answer(
        request: HttpRequest, link: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        row = find_case(link)
        if row is None:
            return tell_erased(request, link) or show_code_form(request, link)
        if not may_see(request, row):
            return show_code_form(request, link)
        try:
            case = open_row(stores=get_stores(), row=row)
        except KeyGone:
            return show_code_form(request, link)
        note_seen(case=row, at=now())
        response = view(request, case, *args, **kwargs)
        if request.method == "POST" and response.status_code < 400:
            ask_to_follow(row.id)  # whatever was changed, deadlines and reminders follow
        return response

    return answer
