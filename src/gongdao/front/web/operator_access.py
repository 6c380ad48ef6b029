"""Who may work on the operator's desk: a role, and a second factor used in this session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from gongdao.front.clock import now
from gongdao.front.web.fresh_factor import ask_for_factor, factor_link, has_fresh_factor
from gongdao.front.web.market_access import private
from gongdao.market.staff import Actor, roles_of
from gongdao.market.states import Role

P = ParamSpec("P")


@dataclass(frozen=True)
class Desk:
    """Who is at the desk, what he may do, and the moment of this request."""

    by: Actor
    roles: frozenset[Role]
    at: datetime

    @property
    def user(self) -> UUID:
        """The account at the desk; on pages there is one."""
        assert self.by.id is not None
        return self.by.id

    def may(self, *wanted: Role) -> bool:
        """Whether one of ``wanted`` is his."""
        return bool(self.roles & set(wanted))


DeskPage = Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase]


def desk_page(*wanted: Role) -> Callable[[DeskPage[P]], Callable[..., HttpResponseBase]]:
    """A page of the desk for whoever has one of ``wanted``, or for all of the staff.

    To a stranger the desk does not exist. Staff without the role are told which one is needed,
    staff who did not sign in with a second factor are told how to.
    """

    def decorate(view: DeskPage[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user: Any = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            roles = roles_of(user.pk)
            if not roles:
                raise Http404
            if not _used_second_factor(request):
                return private(_refuse(request, "factor"))
            if wanted and not roles & set(wanted):
                return private(_refuse(request, "role", wanted))
            desk = Desk(Actor(user.pk, user.email), roles, now())
            return private(view(request, desk, *args, **kwargs))

        return answer

    return decorate


def fresh_factor_page(back: str) -> Callable[[DeskPage[P]], Callable[..., HttpResponseBase]]:
    """Below `desk_page`, for what moves money: the second factor is asked for once more where it
    was not used within the last minutes; afterwards it goes on at the page named ``back``."""

    def decorate(view: DeskPage[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(
            request: HttpRequest, desk: Desk, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            if not has_fresh_factor(request):
                return ask_for_factor(request, back)
            return view(request, desk, *args, **kwargs)

        return answer

    return decorate


def factor_context(request: HttpRequest, back: str) -> dict[str, Any]:
    """What a page says before somebody fills in a form that needs the factor: ``fresh``, and
    ``factor``, the way to it."""
    return {"fresh": has_fresh_factor(request), "factor": factor_link(back)}


def _used_second_factor(request: HttpRequest) -> bool:
    user: Any = request.user
    records = get_authentication_records(request, user)
    return any(one.get("method") == "mfa" for one in records)


def _refuse(request: HttpRequest, why: str, wanted: tuple[Role, ...] = ()) -> HttpResponseBase:
    from gongdao.front.web.operator_words import role_name

    names = [role_name(one) for one in wanted]
    context = {"why": why, "wanted": names, "here": "operator"}
    return render(request, "pages/operator_refused.html", context, status=403)
