"""A merchant's money: what he has and where it waits, statements, payees, payouts."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.errors import InputError, KeyGone, MoneyRefused
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.disputes.hold_ground import check_may_pay_out
from gongdao.front.clock import now
from gongdao.front.gateways import get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web.downloads import file_answer
from gongdao.front.web.fresh_factor import ask_for_factor, factor_link, has_fresh_factor
from gongdao.front.web.market_words import gateway_name
from gongdao.front.web.pages.desk_access import (
    Desk,
    desk_page,
    may_move_money,
    needs_second_factor,
    show,
)
from gongdao.front.web.pages.desk_money_form import PayeeForm, PayoutForm
from gongdao.front.web.pages.desk_words import PAYOUT_SHAPES, PAYOUT_STATES
from gongdao.front.web.split_words import SPLIT_SHAPES, split_problem, split_state
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayoutPolicy, names_match
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.payees import PayeeDetails, add_payee, open_payee, retire_payee
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_merchant_money
from gongdao.ledger.statement import statement_csv
from gongdao.ledger.states import PayoutState
from gongdao.ledger.step_payout import cancel_payout
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.limits import payee_rest
from gongdao.market.members import new_payout_reference
from gongdao.payments.ask_split import find_splitter
from gongdao.payments.models import Split
from gongdao.payments.split_port import Splitter
from gongdao.rules.queries import policy

STATEMENTS = {
    "free": AccountKind.MERCHANT_FREE,
    "held": AccountKind.MERCHANT_HELD,
    "deposit": AccountKind.MERCHANT_DEPOSIT,
    "payable": AccountKind.MERCHANT_PAYABLE,
    "receivable": AccountKind.MERCHANT_RECEIVABLE,
}
_PER_PAGE = 20
_LONGEST = timedelta(days=3660)


@require_safe
@desk_page
def money(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Balances, the accounts money may go to, payouts, statements."""
    return _show(request, desk, PayoutForm(_payees(desk)))


def _show(
    request: HttpRequest, desk: Desk, form: PayoutForm, *, status: int = 200, reference: str = ""
) -> HttpResponseBase:
    at = now()
    rows = Payout.objects.filter(owner_kind=desk.owner.kind, owner_id=desk.owner.id)
    page = Paginator(rows.order_by("-proposed_at", "-id"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    today, payees = beijing(at).date(), _payees(desk)
    return show(
        request,
        desk,
        "desk_money",
        "money",
        status=status,
        money=find_merchant_money(merchant=desk.owner),
        payees=payees,
        receiving=_receiving(payees),
        splits=_split_lines(desk),
        page=page,
        payouts=[_payout_line(one) for one in page.object_list],
        form=form,
        guarded=may_move_money(request),
        fresh=has_fresh_factor(request),
        factor=factor_link("desk_money"),
        reference=reference or new_payout_reference(at),
        services=[(name, gateway_name(name)) for name in get_gateways()],
        limit=_policy(at).second_person_over,
        begin=(today - timedelta(days=30)).isoformat(),
        until=today.isoformat(),
    )


def _payees(desk: Desk) -> list[dict[str, Any]]:
    rows = Payee.objects.filter(
        owner_kind=desk.owner.kind, owner_id=desk.owner.id, retired_at=None
    ).order_by("added_at")
    return [_payee_line(row) for row in rows[:20]]


def _payee_line(row: Payee) -> dict[str, Any]:
    at = now()
    until = row.verified_at + payee_rest(beijing(at).date()) if row.verified_at else at
    try:
        details = open_payee(stores=get_stores(), payee_id=row.id)
    except KeyGone:
        details = PayeeDetails("", _("已删除"), "????")
    return {
        "id": row.id,
        "name": details.name,
        "bank": details.bank,
        "number": f"…{details.number[-4:]}",
        "verified": row.verified_at is not None,
        "rests_until": until if until > at else None,
        "gateway": gateway_name(details.gateway) if details.gateway else "",
        "service": details.gateway,
    }


def _splitters() -> list[Splitter]:
    """The payment services in use that split."""
    found = [find_splitter(one, one.account) for one in get_gateways().values()]
    return [one for one in found if one is not None]


def _receiving(payees: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each service that splits, whether an account receives there by now."""
    return [
        {
            "name": gateway_name(one.name),
            "verified": any(
                p["service"] == one.name and p["verified"] and not p["rests_until"] for p in payees
            ),
            "added": any(p["service"] == one.name for p in payees),
        }
        for one in _splitters()
    ]


def _split_lines(desk: Desk) -> list[dict[str, Any]]:
    """The merchant's newest shares."""
    rows = Split.objects.filter(owner_kind=desk.owner.kind, owner_id=desk.owner.id, part="share")
    rows = rows.select_related("credit__intent").order_by("-planned_at", "-id")
    return [
        {
            "order": row.credit.intent.out_trade_no,
            "amount": Money(row.amount_minor or row.released_minor, row.credit.currency),
            "service": gateway_name(row.credit.gateway),
            "state": split_state(row.state),
            "shape": SPLIT_SHAPES[row.state],
            "problem": split_problem(row.problem),
            "at": row.ended_at or row.planned_at,
        }
        for row in rows[:_PER_PAGE]
    ]


def _payout_line(row: Payout) -> dict[str, Any]:
    state = PayoutState(row.state)
    return {
        "id": row.id,
        "amount": Money(row.amount_minor, row.currency),
        "state": translated(PAYOUT_STATES[state]),
        "shape": PAYOUT_SHAPES[state],
        "proposed_at": row.proposed_at,
        "approved_at": row.approved_at,
        "requested_at": row.requested_at,
        "ended_at": row.ended_at,
        "bank_reference": row.bank_reference,
        "why": row.why,
        "can_cancel": state in (PayoutState.PROPOSED, PayoutState.APPROVED),
    }


def _policy(at: datetime) -> PayoutPolicy:
    """The published limit above which a second person approves. Only a payment service pays out
    from here, whatever the platform may hold itself."""
    found = policy("payout_second_person", beijing(at).date()).amount
    if found is None:
        raise ValueError("policy/payout_second_person has no amount")
    return PayoutPolicy(second_person_over=found)


@require_safe
@desk_page
def statement(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """One account's transfers between two days, both included, as CSV."""
    kind = STATEMENTS.get(request.GET.get("account", ""))
    first, last = _day(request.GET.get("begin", "")), _day(request.GET.get("until", ""))
    if kind is None or first is None or last is None or not first <= last <= first + _LONGEST:
        messages.warning(request, _("选一个账户和两个日期，先早后晚，再下载对账单。"))
        return redirect("desk_money")
    desk.note("money.statement", "merchant", desk.merchant.id)
    lines = statement_csv(
        account=merchant_account(kind, desk.merchant.id),
        begin=datetime.combine(first, time(0), BEIJING),
        until=datetime.combine(last + timedelta(days=1), time(0), BEIJING),
    )
    name = f"statement-{request.GET['account']}-{first:%Y%m%d}-{last:%Y%m%d}.csv"
    # Read at once: a transaction is open while it is read.
    whole = "".join(lines).encode()
    return file_answer([whole], name=name, media_type="text/csv; charset=utf-8")


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2199 else None


@require_http_methods(["GET", "POST"])
@desk_page
@needs_second_factor
def payee(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Name an account that money may go to: in the merchant's own name, verified by the platform
    before anything is paid."""
    services = [one.name for one in _splitters()]
    form = PayeeForm(services, request.POST or None, initial={"name": desk.merchant.legal_name})
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return show(request, desk, "desk_payee", "money", status=status, form=form)
    details = PayeeDetails(**form.cleaned_data)
    if not names_match(details.name, desk.merchant.legal_name):
        form.add_error("name", _("户名要和商家自己的名称一致。"))
        return show(request, desk, "desk_payee", "money", status=422, form=form)
    try:
        made = add_payee(stores=get_stores(), merchant=desk.owner, details=details, at=now())
    except InputError as error:
        form.add_error(error.place.field or None, str(error.reason))
        return show(request, desk, "desk_payee", "money", status=422, form=form)
    desk.note("money.payee_added", "payee", made)
    messages.success(request, _("收款账户登记好了，等平台核实后才能付款到那里。"))
    return redirect("desk_money")


@require_POST
@desk_page
@needs_second_factor
def retire(request: HttpRequest, desk: Desk, payee_id: UUID) -> HttpResponseBase:
    """No new payout goes to this account."""
    mine = Payee.objects.filter(id=payee_id, owner_kind="merchant", owner_id=desk.merchant.id)
    if not mine.exists():
        raise Http404
    if retire_payee(payee_id=payee_id, at=now()):
        desk.note("money.payee_retired", "payee", payee_id)
        messages.success(request, _("停用了，不会再有新的付款到那里。"))
    return redirect("desk_money")


@require_POST
@desk_page
@needs_second_factor
def propose(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Ask for free money to be paid out; it is set aside at once and waits for approval."""
    if not has_fresh_factor(request):
        return ask_for_factor(request, "desk_money")
    payees, at = _payees(desk), now()
    form = PayoutForm(payees, request.POST)
    reference = request.POST.get("reference", "")[:60]
    if not form.is_valid() or not reference.startswith("desk-"):
        return _show(request, desk, form, status=422, reference=reference)
    service = get_gateways().get(request.POST.get("service", ""))
    if service is None:
        form.add_error(None, _("现在没有能付款的支付渠道，请联系平台运营。"))
        return _show(request, desk, form, status=422, reference=reference)
    try:
        check_may_pay_out(merchant_id=desk.merchant.id, at=at)
        made = propose_payout(
            payee_id=UUID(form.cleaned_data["payee"]),
            amount=form.cleaned_data["amount"],
            through=clearing_account(service.name, service.account),
            policy=_policy(at),
            by=desk.user_id,
            reference=reference,
            at=at,
        )
    except (MoneyRefused, InputError) as error:
        form.add_error("amount", str(error))
        return _show(request, desk, form, status=422)
    desk.note("money.payout_proposed", "payout", made)
    messages.success(request, _("申请好了，这笔钱先留出来，等平台批准。"))
    return redirect("desk_money")


@require_POST
@desk_page
@needs_second_factor
def cancel(request: HttpRequest, desk: Desk, payout_id: UUID) -> HttpResponseBase:
    """Take a payout back that was not handed to the bank yet."""
    mine = Payout.objects.filter(id=payout_id, owner_kind="merchant", owner_id=desk.merchant.id)
    if not mine.exists():
        raise Http404
    try:
        done = cancel_payout(payout_id=payout_id, why=_("商家撤回"), at=now())
    except MoneyRefused as error:
        messages.warning(request, str(error))
    else:
        if done:
            desk.note("money.payout_cancelled", "payout", payout_id)
            messages.success(request, _("撤回了，钱又可以用了。"))
    return redirect("desk_money")


urlpatterns = [
    path("", money, name="desk_money"),
    path("statement.csv", statement, name="desk_statement"),
    path("payees/new/", payee, name="desk_payee"),
    path("payees/<uuid:payee_id>/retire/", retire, name="desk_payee_retire"),
    path("payouts/", propose, name="desk_payout"),
    path("payouts/<uuid:payout_id>/cancel/", cancel, name="desk_payout_cancel"),
]
