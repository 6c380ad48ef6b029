"""What one person of finance asked for and another one has to do: confirmed here, or taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.language import gettext as _
from gongdao.front.web.money_words import prepare_word
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_money import account_name, payout_policy
from gongdao.front.web.operator_view import do_deed, page_of
from gongdao.front.web.operator_words import deed_name
from gongdao.ledger.accounts import Account
from gongdao.market.models import Merchant, MoneyWord, Order
from gongdao.market.states import Role
from gongdao.market.take_word import confirm_word, drop_word, waiting_words, word_of

_HOME = "operator_second"


@require_safe
@desk_page(Role.FINANCE)
def second(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Everything that waits, the oldest first."""
    page = page_of(request, waiting_words())
    context = {
        "page": page,
        "waiting": _sights(list(page.object_list), desk),
        "limit": payout_policy().second_person_over,
        **factor_context(request, _HOME),
        "here": "operator",
        "part": "ledger",
    }
    return render(request, "pages/operator_second.html", context)


def _sights(rows: list[MoneyWord], desk: Desk) -> list[dict[str, Any]]:
    merchants = [one.about_id for one in rows if one.about_kind == "merchant"]
    orders = [one.about_id for one in rows if one.about_kind == "order"]
    names = dict(Merchant.objects.filter(id__in=merchants).values_list("id", "display_name"))
    numbers = dict(Order.objects.filter(id__in=orders).values_list("id", "number"))
    found = []
    for row in rows:
        word, about = word_of(row), UUID(row.about_id)
        source = word.given.get("source", "")
        found.append(
            {
                "id": row.id,
                "what": deed_name(row.deed),
                "amount": word.amount,
                "merchant": names.get(about, ""),
                "merchant_id": about,
                "order": numbers.get(about, ""),
                "reference": row.reference,
                "source": account_name(Account.parse(source)) if source else "",
                "at": row.asked_at,
                "by": row.asked_mail,
                "said": row.reason,
                "mine": row.asked_by is None or row.asked_by == desk.by.id,
            }
        )
    return found


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page(_HOME)
def step(request: HttpRequest, desk: Desk, word_id: UUID) -> HttpResponseBase:
    """Do what a colleague asked for, or take it back with a reason."""
    name, row = request.POST.get("step", ""), MoneyWord.objects.filter(id=word_id).first()
    if row is None or name not in ("confirm", "drop"):
        raise Http404
    word = word_of(row)

    def drop() -> bool:
        said = request.POST.get("reason", "")
        return drop_word(word_id=word_id, by=desk.by, reason=said, at=desk.at)

    def confirm() -> bool:
        return confirm_word(word_id=word_id, by=desk.by, do=do, at=desk.at)

    # A service is asked before the transaction, and for nothing that ended or is his own.
    ours = row.state == "waiting" and row.asked_by != desk.by.id
    do = prepare_word(word, desk.at) if name == "confirm" and ours else bool
    return do_deed(
        request,
        desk,
        confirm if name == "confirm" else drop,
        code="",  # the deeds note themselves
        about=word.about,
        done=_("已记下。"),
        back=_HOME,
    )


urlpatterns = [
    path("second/", second, name="operator_second"),
    path("second/<uuid:word_id>/", step, name="operator_second_step"),
]
