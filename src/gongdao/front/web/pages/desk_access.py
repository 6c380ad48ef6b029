"""Who may sit at a merchant's desk: signed-in members, each at the desks of their own merchants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.web.market_access import private
from gongdao.market.members import find_listing_of, find_merchants, find_order_of, record_deed
from gongdao.market.models import Listing, Merchant, Order
from gongdao.market.states import MerchantState

P = ParamSpec("P")
_CHOSEN = "desk"


@dataclass(frozen=True)
class Desk:
    """The desk that is sat at: whose it is, by whom, and at which others he could sit."""

    merchant: Merchant
    merchants: tuple[Merchant, ...]
    user_id: UUID

    @property
    def owner(self) -> SubjectRef:
        """The merchant as the ledger knows him."""
        return SubjectRef("merchant", self.merchant.id)

    def listing(self, listing_id: UUID) -> Listing:
        """A listing of this merchant; Http404 for any other, whether it exists or not."""
        found = find_listing_of(merchant_id=self.merchant.id, listing_id=listing_id)
        if found is None:
            raise Http404
        return found

    def order(self, number: str) -> Order:
        """An order with this merchant; Http404 for any other, whether it exists or not."""
        found = find_order_of(merchant_id=self.merchant.id, number=number)
        if found is None:
            raise Http404
        return found

    def note(self, deed: str, about_kind: str, about_id: UUID) -> None:
        """Record what was done here."""
        record_deed(
            merchant_id=self.merchant.id,
            by=self.user_id,
            deed=deed,
            about_kind=about_kind,
            about_id=about_id,
            at=now(),
        )


DeskView = Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase]


def desk_page(view: DeskView[P]) -> Callable[..., HttpResponseBase]:
    """A page of the desk: sign in first; who acts for no merchant is told so, with status 404."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user_id: UUID | None = request.user.pk
        if user_id is None:
            raise Http404
        merchants = tuple(find_merchants(user_id))
        if not merchants:
            return private(render(request, "pages/desk_none.html", {"here": "desk"}, status=404))
        chosen = request.session.get(_CHOSEN, "")
        merchant = next((one for one in merchants if str(one.id) == chosen), merchants[0])
        return private(view(request, Desk(merchant, merchants, user_id), *args, **kwargs))

    return login_required(answer)


def choose_desk(request: HttpRequest, desk: Desk, merchant_id: str) -> None:
    """Sit down at another desk of one's own; Http404 for one that is not."""
    if merchant_id not in {str(one.id) for one in desk.merchants}:
        raise Http404
    request.session[_CHOSEN] = merchant_id


def may_move_money(request: HttpRequest) -> bool:
    """Whether the account is guarded by a second factor: money is moved by no other."""
    return bool(is_mfa_enabled(request.user))


def needs_second_factor(view: DeskView[P]) -> DeskView[P]:
    """A deed about money: without a second factor it leads to where one is set up."""

    def answer(
        request: HttpRequest, desk: Desk, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not may_move_money(request):
            return redirect("desk_money")
        return view(request, desk, *args, **kwargs)

    return answer


def show(
    request: HttpRequest,
    desk: Desk,
    template: str,
    section: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page of the desk with what all of them need."""
    whole = {
        "desk": desk,
        "merchant": desk.merchant,
        "active": desk.merchant.state == MerchantState.ACTIVE,
        "section": section,
        "here": "desk",
        **context,
    }
    return render(request, f"pages/{template}.html", whole, status=status)
