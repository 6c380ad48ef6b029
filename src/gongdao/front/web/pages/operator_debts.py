"""Chargebacks and what merchants owe, on the operator's desk: booked, paid, given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.web.money_words import (
    CHARGE_BACK,
    COLLECT,
    NOTHING_TAKEN,
    RETURN,
    say_word,
)
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_forms import ChargeBackForm, DebtForm, ReturnedForm
from gongdao.front.web.operator_money import payout_policy
from gongdao.front.web.operator_view import do_deed, link, page_of, searched
from gongdao.front.web.operator_words import deed_name
from gongdao.front.web.templatetags.values import money, when
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerAccount, LedgerTransfer
from gongdao.ledger.queries import find_balances
from gongdao.market.accounts import merchant_account
from gongdao.market.charge_back_notice import CHARGED_BACK, RETURNED
from gongdao.market.give_up_debt import (
    confirm_write_off,
    drop_write_off,
    give_up_debt,
    needs_second,
    proposal_of,
    propose_write_off,
    waiting_write_offs,
)
from gongdao.market.models import Finding, Merchant, Order
from gongdao.market.states import Role
from gongdao.market.take_word import Word, waiting_words, word_of

_MOST_WAITING = 50


@require_safe
@desk_page(Role.FINANCE)
def debts(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Chargebacks that services told of, who owes what, and the form for a chargeback."""
    return _show(request, desk)


def _show(
    request: HttpRequest,
    desk: Desk,
    form: ChargeBackForm | None = None,
    back: ReturnedForm | None = None,
) -> HttpResponseBase:
    asked = form or back
    page = page_of(request, _debtors())
    context = {
        "asked": asked,
        "form": form or ChargeBackForm(number=searched(request)),
        "back": back or ReturnedForm(number=searched(request)),
        "told": _told(CHARGED_BACK),
        "returned": _told(RETURNED),
        "told_head": [_("订单"), _("时间")],
        "words": _words(),
        "words_head": [_("订单"), _("登记"), _("金额"), _("编号")],
        "page": page,
        "debtors": page.object_list,
        "waiting": _waiting(desk),
        "limit": payout_policy().second_person_over,
        **factor_context(request, "operator_debts"),
        "here": "operator",
        "part": "ledger",
    }
    status = 422 if asked is not None and asked.errors else 200
    return render(request, "pages/operator_debts.html", context, status=status)


def _told(code: str) -> list[list[Any]]:
    """Orders of which a service told so, and nobody has booked or settled it; the oldest first."""
    rows = Finding.objects.filter(code=code, closed_at=None).select_related("order")
    return [
        [link(one.order.number, "operator_order", one.order.number), when(one.found_at)]
        for one in rows.order_by("found_at")
    ]


def _words() -> list[list[Any]]:
    """What a colleague asked for about a chargeback and waits for another person."""
    rows = list(waiting_words().filter(deed__in=(CHARGE_BACK, RETURN, NOTHING_TAKEN)))
    orders = [UUID(one.about_id) for one in rows]
    numbers = dict(Order.objects.filter(id__in=orders).values_list("id", "number"))
    return [
        [
            link(numbers[order], "operator_order", numbers[order]),
            link(deed_name(one.deed), "operator_second"),
            money(word_of(one).amount),
            one.reference,
        ]
        for order, one in zip(orders, rows, strict=True)
    ]


def _debtors() -> list[dict[str, Any]]:
    """Merchants who owe something now; accounts that never owed are not even summed."""
    ever = LedgerTransfer.objects.filter(debit_id=OuterRef("id"))
    rows = LedgerAccount.objects.filter(
        Exists(ever), kind=AccountKind.MERCHANT_RECEIVABLE.value, owner_kind="merchant"
    )
    accounts = [
        merchant_account(AccountKind.MERCHANT_RECEIVABLE, one.owner_id, one.currency)
        for one in rows
    ]
    owed = {one: balance for one, balance in find_balances(accounts).items() if balance.minor < 0}
    merchants = Merchant.objects.in_bulk([one.owner.id for one in owed])
    found = [
        {
            "merchant": merchants[one.owner.id],
            "owed": Money(-balance.minor, one.currency),
            "currency": one.currency,
            "form": DebtForm(auto_id=f"id-{one.id}-%s"),
        }
        for one, balance in owed.items()
        if one.owner.id in merchants
    ]
    return sorted(found, key=lambda one: str(one["merchant"].display_name))


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_debts")
def charge_back(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Book a chargeback that stands in the service's books."""
    form = ChargeBackForm(request.POST)
    order = _find_order(form)
    if order is None:
        return _show(request, desk, form)
    given = form.cleaned_data
    word = Word(
        CHARGE_BACK,
        ("order", str(order.id)),
        given["amount"],
        given["reference"].strip(),
        given["reason"],
        {"refunds": given["refunds"]} if given["refunds"] else {},
    )
    return say_word(request, desk, word, done=_("已记下。"), back="operator_debts")


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_debts")
def charge_back_returned(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Book that the service has the money of a chargeback again."""
    form = ReturnedForm(request.POST)
    order = _find_order(form)
    if order is None:
        return _show(request, desk, back=form)
    given, about = form.cleaned_data, ("order", str(order.id))
    word = Word(RETURN, about, given["amount"], given["reference"].strip(), given["reason"])
    return say_word(request, desk, word, done=_("已记下。"), back="operator_debts")


def _find_order(form: ChargeBackForm | ReturnedForm) -> Order | None:
    """The order that a form names; None with its error where it is not whole."""
    if not form.is_valid():
        return None
    number = form.cleaned_data["number"].strip().upper()
    order = Order.objects.filter(number=number).first()
    if order is None:
        form.add_error("number", _("没有这个订单。"))
    return order


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_debts")
def step(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """A debt is paid at the bank, or given up."""
    name = request.POST.get("step", "")
    if name not in ("collect", "write_off") or not Merchant.objects.filter(id=merchant_id).exists():
        raise Http404
    form = DebtForm(request.POST)
    if name == "write_off":
        return _write_off(request, desk, merchant_id, form)

    if not form.is_valid():
        messages.error(request, _("金额、流水号和理由都要写。"))
        return redirect("operator_debts")
    given, about = form.cleaned_data, ("merchant", str(merchant_id))
    word = Word(COLLECT, about, given["amount"], given["reference"].strip(), given["reason"])
    return say_word(request, desk, word, done=_("已记下。"), back="operator_debts")


def _write_off(
    request: HttpRequest, desk: Desk, merchant_id: UUID, form: DebtForm
) -> HttpResponseBase:
    """Up to the limit at once, over it as a proposal that another person confirms."""
    limit = payout_policy().second_person_over
    whole = form.is_valid()
    second = whole and needs_second(amount=form.cleaned_data["amount"], limit=limit, at=desk.at)

    def deed() -> bool:
        if not whole:
            raise InputError(_("金额、流水号和理由都要写。"))
        given = form.cleaned_data
        told: dict[str, Any] = {
            "merchant_id": merchant_id,
            "amount": given["amount"],
            "reference": given["reference"].strip(),
            "by": desk.by,
            "reason": given["reason"],
            "at": desk.at,
        }
        return propose_write_off(**told) if second else give_up_debt(**told, limit=limit)

    return do_deed(
        request,
        desk,
        deed,
        code="",
        about=("merchant", str(merchant_id)),
        done=_("提出了，等另一个人确认。") if second else _("已记下。"),
        back="operator_debts",
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_debts")
def decide(request: HttpRequest, desk: Desk, pending_id: UUID) -> HttpResponseBase:
    """Confirm a write-off that a colleague proposed, or take it back."""
    name = request.POST.get("step", "")
    if name not in ("confirm", "drop"):
        raise Http404

    def deed() -> bool:
        if name == "confirm":
            return confirm_write_off(pending_id=pending_id, by=desk.by, at=desk.at)
        reason = request.POST.get("reason", "")
        return drop_write_off(pending_id=pending_id, by=desk.by, reason=reason, at=desk.at)

    return do_deed(
        request,
        desk,
        deed,
        code="",
        about=("booking", str(pending_id)),
        done=_("已记下。"),
        back="operator_debts",
    )


def _waiting(desk: Desk) -> list[dict[str, Any]]:
    """Proposed write-offs, the oldest first."""
    rows = list(waiting_write_offs()[:_MOST_WAITING])
    names = Merchant.objects.in_bulk([one.owner_id for one in rows])
    found = []
    for row in rows:
        deed = proposal_of(row.id)
        found.append(
            {
                "id": row.id,
                "merchant": names[row.owner_id],
                "amount": Money(row.amount_minor, row.currency),
                "reference": row.reference.removeprefix("given_up:"),
                "at": row.created_at,
                "by": deed.who_mail if deed else "",
                "said": deed.reason if deed else "",
                "mine": deed is None or deed.who is None or deed.who == desk.by.id,
            }
        )
    return found


urlpatterns = [
    path("debts/", debts, name="operator_debts"),
    path("debts/charge-back/", charge_back, name="operator_charge_back"),
    path("debts/charge-back/back/", charge_back_returned, name="operator_charge_back_returned"),
    path("debts/write-offs/<uuid:pending_id>/", decide, name="operator_write_off"),
    path("debts/<uuid:merchant_id>/", step, name="operator_debt_step"),
]
