"""The ledger on the operator's desk: trial balance, accounts, statements, holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, overload
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.web.market_words import gateway_name
from gongdao.front.web.operator_access import Desk, desk_page
from gongdao.front.web.operator_money import account_name, read_account
from gongdao.front.web.operator_view import link, page_of, searched
from gongdao.front.web.templatetags.values import money, when
from gongdao.ledger.accounts import NAMES, Account, AccountKind
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.models import LedgerAccount, LedgerHold, LedgerTransfer
from gongdao.ledger.queries import find_balance, find_balances
from gongdao.ledger.statement import statement_csv
from gongdao.ledger.states import HoldState
from gongdao.ledger.transfers import KINDS, TransferKind
from gongdao.market.models import Merchant, Order
from gongdao.market.staff import note_deed
from gongdao.market.states import Role
from gongdao.payments.read_bills import find_unread

_LONGEST_DAYS = 366


@require_safe
@desk_page()
def ledger(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every account with its balance; found by the name of a merchant."""
    return _show(request, desk)


@require_POST
@desk_page(Role.FINANCE, Role.OPERATOR)
def check(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The trial balance, computed now from every transfer."""
    checked = check_ledger()
    said = "balanced" if checked.balanced else f"{len(checked.differences)} differences"
    note_deed(by=desk.by, deed="ledger.check", about=("ledger", ""), reason=said, at=desk.at)
    lines = [
        [translated(NAMES[one.kind]), one.accounts, money(one.balance), one.currency]
        for one in checked.lines
    ]
    return _show(request, desk, checked=checked, lines=lines)


def _show(request: HttpRequest, desk: Desk, **more: Any) -> HttpResponseBase:
    text = searched(request)
    rows = LedgerAccount.objects.order_by("owner_kind", "owner_id", "kind")
    if text:
        named = Merchant.objects.filter(display_name__icontains=text).values_list("id", flat=True)
        rows = rows.filter(owner_kind="merchant", owner_id__in=list(named[:50]))
    page = page_of(request, rows)
    context = {
        "page": page,
        "rows": _account_rows(list(page.object_list)),
        "head": [_("账户"), _("谁的"), _("余额"), _("币种")],
        "bills": [
            [gateway_name(one.gateway), str(one.day), one.problem] for one in find_unread(desk.at)
        ],
        "bills_head": [_("支付渠道"), _("哪一天"), _("原因")],
        "trial_head": [_("账户"), _("个数"), _("余额"), _("币种")],
        "q": text,
        "may": desk.may(Role.FINANCE, Role.OPERATOR),
        "here": "operator",
        "part": "ledger",
        **more,
    }
    return render(request, "pages/operator_ledger.html", context)


def _account(row: LedgerAccount) -> Account:
    return Account(AccountKind(row.kind), SubjectRef(row.owner_kind, row.owner_id), row.currency)


def _account_rows(rows: list[LedgerAccount]) -> list[list[Any]]:
    accounts = [_account(row) for row in rows]
    balances = find_balances(accounts)
    names = _owner_names({one.owner_id for one in rows if one.owner_kind == "merchant"})
    return [
        [
            link(account_name(one), "operator_account", one.id),
            names.get(one.owner.id, _("平台")),
            money(balances[one]),
            one.currency,
        ]
        for one in accounts
    ]


def _owner_names(ids: set[UUID]) -> dict[UUID, str]:
    return dict(Merchant.objects.filter(id__in=ids).values_list("id", "display_name"))


@require_safe
@desk_page()
def account(request: HttpRequest, desk: Desk, account_id: UUID) -> HttpResponseBase:
    """One account: its balance and its transfers, the newest first."""
    found = read_account(account_id)
    page = page_of(request, _Transfers(found.id))
    others = [
        row.debit_id if row.credit_id == found.id else row.credit_id for row in page.object_list
    ]
    known = {row.id: _account(row) for row in LedgerAccount.objects.filter(id__in=others)}
    context = {
        "account": found,
        "name": account_name(found),
        "owner": _owner_names({found.owner.id}).get(found.owner.id, _("平台")),
        "balance": find_balance(found),
        "page": page,
        "rows": [
            [
                when(row.at),
                translated(KINDS[TransferKind(row.kind)]),
                account_name(known[other]),
                row.reference,
                money(
                    Money(
                        row.amount_minor if row.credit_id == found.id else -row.amount_minor,
                        row.currency,
                    )
                ),
            ]
            for row, other in zip(page.object_list, others, strict=True)
        ],
        "head": [_("时间"), _("类型"), _("对方账户"), _("凭据号"), _("金额")],
        "today": beijing(desk.at).date().isoformat(),
        "here": "operator",
        "part": "ledger",
    }
    return render(request, "pages/operator_account.html", context)


class _Transfers(Sequence[LedgerTransfer]):
    """The transfers of an account, newest first, as a list that is read page by page."""

    def __init__(self, account_id: UUID) -> None:
        self._id = account_id

    def __len__(self) -> int:
        own = LedgerTransfer.objects.filter(debit_id=self._id).count()
        return own + LedgerTransfer.objects.filter(credit_id=self._id).count()

    @overload
    def __getitem__(self, cut: int) -> LedgerTransfer: ...
    @overload
    def __getitem__(self, cut: slice) -> list[LedgerTransfer]: ...
    def __getitem__(self, cut: int | slice) -> LedgerTransfer | list[LedgerTransfer]:
        if isinstance(cut, int):
            return self[cut : cut + 1][0]
        debit = LedgerTransfer.objects.filter(debit_id=self._id)
        credit = LedgerTransfer.objects.filter(credit_id=self._id)
        return list(debit.union(credit, all=True).order_by("-seq")[cut])


@require_safe
@desk_page(Role.FINANCE, Role.OPERATOR)
def statement(request: HttpRequest, desk: Desk, account_id: UUID) -> HttpResponseBase:
    """The statement of an account as CSV, between two days of Beijing."""
    found = read_account(account_id)
    until = _day(request.GET.get("until", ""), desk.at) + timedelta(days=1)
    begin = _day(request.GET.get("begin", ""), desk.at - timedelta(days=31))
    begin = max(min(begin, until), until - timedelta(days=_LONGEST_DAYS))
    lines = statement_csv(account=found, begin=begin, until=until)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"statement-{found.kind}-{begin:%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _day(text: str, otherwise: datetime) -> datetime:
    """The beginning of a day in Beijing; of ``otherwise`` for what is no day."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        local = beijing(otherwise)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
    return found


@require_safe
@desk_page()
def holds(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Money that waits: for what, on what ground, until when, and what can be said against it."""
    rows = LedgerHold.objects.filter(state=HoldState.HELD.value).order_by("created_at", "id")
    page = page_of(request, rows)
    listed = list(page.object_list)
    orders = {
        one.id: one
        for one in Order.objects.filter(
            id__in=[row.owner_id for row in listed if row.owner_kind == "order"]
        )
    }
    context = {
        "page": page,
        "holds": [_hold(row, orders.get(row.owner_id)) for row in listed],
        "here": "operator",
        "part": "holds",
    }
    return render(request, "pages/operator_holds.html", context)


def _hold(row: LedgerHold, order: Order | None) -> dict[str, Any]:
    ground, appeal = _words(row.purpose)
    return {
        "row": row,
        "order": order,
        "amount": Money(row.amount_minor, row.currency),
        "left": Money(row.left_minor, row.currency),
        "ground": ground,
        "until": order.protected_until if order and row.purpose == "sale" else None,
        "appeal": appeal,
    }


def _words(purpose: str) -> tuple[str, str]:
    """The ground of a hold, and how it is contested."""
    if purpose == "sale":
        return (
            _("买家付的钱，等确认收货或担保时间过去"),
            _("买家可以确认收货；商家不用申请，到期自动结算。"),
        )
    return (
        _("争议或核查，等有结果"),
        _("商家可以在争议里提出理由和证据，也可以要求人工复核。"),
    )


urlpatterns = [
    path("ledger/", ledger, name="operator_ledger"),
    path("ledger/check/", check, name="operator_ledger_check"),
    path("ledger/<uuid:account_id>/", account, name="operator_account"),
    path("ledger/<uuid:account_id>/statement.csv", statement, name="operator_statement"),
    path("holds/", holds, name="operator_holds"),
]
