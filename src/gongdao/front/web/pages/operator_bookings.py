"""The platform's own money on the operator's desk: guarantee and reserve are filled, payment
services settle and keep their fees; each step proposed and confirmed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_forms import BookingForm
from gongdao.front.web.operator_money import account_name, gateway_accounts, payout_policy
from gongdao.front.web.operator_queues import uncovered_steps, waiting_bookings
from gongdao.front.web.operator_view import do_deed, page_of
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.models import LedgerAccount, LedgerPending
from gongdao.ledger.queries import find_balances
from gongdao.ledger.transfers import KINDS, TransferKind
from gongdao.market.accounts import platform_account
from gongdao.market.book_money import (
    PROPOSED,
    Booking,
    cancel_booking,
    confirm_booking,
    propose_booking,
)
from gongdao.market.states import Role
from gongdao.market.vetting_models import StaffDeed

_OWN = (
    AccountKind.PLATFORM_GUARANTEE,
    AccountKind.PLATFORM_RESERVE,
    AccountKind.PLATFORM_FEE,
    AccountKind.PLATFORM_COST,
    AccountKind.BUYER_REFUND,
)


def _bookings() -> list[tuple[str, str]]:
    return [
        (Booking.GUARANTEE.value, _("拨入平台垫付金")),
        (Booking.RESERVE.value, _("拨入平台准备金")),
        (Booking.SETTLEMENT.value, _("支付渠道结算到银行")),
        (Booking.GATEWAY_FEE.value, _("支付渠道手续费")),
    ]


def _accounts() -> list[tuple[str, str]]:
    own = (AccountKind.OUTSIDE, AccountKind.PLATFORM_FEE)
    found = [platform_account(kind) for kind in own] + list(gateway_accounts().values())
    return [(str(one), account_name(one)) for one in found]


@require_safe
@desk_page(Role.FINANCE)
def bookings(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """What there is, what rulings wait for, what waits for confirmation, and the form."""
    return _show(request, desk, BookingForm(_bookings(), _accounts()))


def _show(request: HttpRequest, desk: Desk, form: BookingForm) -> HttpResponseBase:
    balances = find_balances(platform_account(kind) for kind in _OWN)
    page = page_of(request, waiting_bookings())
    missing: dict[str, int] = {}
    for currency, minor in uncovered_steps().values_list("currency", "amount_minor"):
        missing[currency] = missing.get(currency, 0) + minor
    context = {
        "form": form,
        "balances": [(account_name(one), balance) for one, balance in balances.items()],
        "missing": [Money(minor, currency) for currency, minor in missing.items()],
        "page": page,
        "waiting": _waiting(list(page.object_list), desk),
        "limit": payout_policy().second_person_over,
        **factor_context(request, "operator_bookings"),
        "here": "operator",
        "part": "ledger",
    }
    status = 422 if form.errors else 200
    return render(request, "pages/operator_bookings.html", context, status=status)


def _waiting(rows: list[LedgerPending], desk: Desk) -> list[dict[str, Any]]:
    deeds = StaffDeed.objects.filter(
        deed=PROPOSED, about_kind="booking", about_id__in=[str(one.id) for one in rows]
    )
    said = {one.about_id: one for one in deeds.order_by("-id")}
    ids = {one for row in rows for one in (row.debit_id, row.credit_id)}
    names = {
        one.id: account_name(_account(one)) for one in LedgerAccount.objects.filter(id__in=ids)
    }
    limit = payout_policy().second_person_over.minor
    found = []
    for row in rows:
        deed = said.get(str(row.id))
        mine = deed is None or deed.who is None or deed.who == desk.by.id
        found.append(
            {
                "row": row,
                "amount": Money(row.amount_minor, row.currency),
                "kind": translated(KINDS[TransferKind(row.kind)]),
                "source": names[row.debit_id],
                "target": names[row.credit_id],
                "by": deed.who_mail if deed else "",
                "said": deed.reason if deed else "",
                "needs_other": mine and row.amount_minor > limit,
            }
        )
    return found


def _account(row: LedgerAccount) -> Account:
    return Account(AccountKind(row.kind), SubjectRef(row.owner_kind, row.owner_id), row.currency)


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_bookings")
def propose(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Propose one booking; nothing has moved then."""
    form = BookingForm(_bookings(), _accounts(), request.POST)
    if not form.is_valid():
        return _show(request, desk, form)
    given = form.cleaned_data
    return do_deed(
        request,
        desk,
        lambda: propose_booking(
            booking=Booking(given["booking"]),
            account=Account.parse(given["account"]),
            amount=given["amount"],
            reference=given["reference"].strip(),
            by=desk.by,
            reason=given["reason"],
            at=desk.at,
        ),
        code="",
        about=("booking", ""),
        done=_("提出了，等确认。"),
        back="operator_bookings",
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_bookings")
def step(request: HttpRequest, desk: Desk, pending_id: UUID) -> HttpResponseBase:
    """Confirm one, or give it up."""
    name = request.POST.get("step", "")
    if name not in ("confirm", "cancel"):
        raise Http404

    def deed() -> bool:
        if name == "cancel":
            reason = request.POST.get("reason", "")
            return cancel_booking(pending_id=pending_id, by=desk.by, reason=reason, at=desk.at)
        limit = payout_policy().second_person_over
        return confirm_booking(pending_id=pending_id, by=desk.by, limit=limit, at=desk.at)

    return do_deed(
        request,
        desk,
        deed,
        code="",
        about=("booking", str(pending_id)),
        done=_("已记下。"),
        back="operator_bookings",
    )


urlpatterns = [
    path("bookings/", bookings, name="operator_bookings"),
    path("bookings/new/", propose, name="operator_booking_new"),
    path("bookings/<uuid:pending_id>/", step, name="operator_booking_step"),
]
