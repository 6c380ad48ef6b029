"""Payouts on the operator's desk: proposed, approved by a second person over the limit, handed to
the bank as one list, confirmed or failed by the bank's word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from gongdao.core.errors import InputError, PayoutRefused
from gongdao.core.ids import new_token
from gongdao.core.language import Phrase, translated
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.hold_ground import check_may_pay_out, find_held_merchants
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_access import Desk, desk_page, factor_context, fresh_factor_page
from gongdao.front.web.operator_forms import PayoutForm
from gongdao.front.web.operator_money import account_name, payout_policy, read_source, sources
from gongdao.front.web.operator_queues import unverified_payees
from gongdao.front.web.operator_view import do_deed, page_of, searched
from gongdao.front.web.operator_words import PAYOUTS
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.export_payouts import export_payouts
from gongdao.ledger.models import LedgerAccount, Payee, Payout, PayoutBatch
from gongdao.ledger.payees import open_payee
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_merchant_money
from gongdao.ledger.states import PayoutState
from gongdao.ledger.step_payout import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    fail_payout,
    request_payouts,
    return_payout,
)
from gongdao.market.models import Merchant
from gongdao.market.staff import check_reason, note_deed
from gongdao.market.states import Role

_BATCHES = 10
_S = PayoutState


@require_safe
@desk_page(Role.FINANCE)
def payouts(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every payout, the newest first; what can be done with each; batches and their lists."""
    return _show(request, desk)


def _show(request: HttpRequest, desk: Desk, *, status: int = 200, **more: Any) -> HttpResponseBase:
    text, state = searched(request), request.GET.get("state", "")
    rows = Payout.objects.select_related("batch").order_by("-proposed_at", "-id")
    if state in list(PayoutState):
        rows = rows.filter(state=state)
    if text:
        named = Merchant.objects.filter(display_name__icontains=text).values_list("id", flat=True)
        rows = rows.filter(owner_kind="merchant", owner_id__in=list(named[:50]))
    page = page_of(request, rows)
    approved = Payout.objects.filter(state=_S.APPROVED.value).values_list("through_id", flat=True)
    payers = [_read(row) for row in LedgerAccount.objects.filter(id__in=set(approved))]
    waiting = list(unverified_payees()[:_BATCHES])
    context = {
        "page": page,
        "payouts": _sights(list(page.object_list), desk),
        "states": [(one.value, translated(name)) for one, name in PAYOUTS.items()],
        "state": state,
        "q": text,
        "policy": payout_policy(),
        **factor_context(request, "operator_payouts"),
        "payers": [{"value": str(one), "name": account_name(one)} for one in payers],
        "batches": PayoutBatch.objects.order_by("-made_at")[:_BATCHES],
        "merchants": _merchants(desk),
        "waiting": [
            {"row": one, "merchant": _name_of(one.owner_id)}
            for one in waiting
            if one.owner_kind == "merchant"
        ],
        "here": "operator",
        "part": "payouts",
        **more,
    }
    return render(request, "pages/operator_payouts.html", context, status=status)


def _read(row: LedgerAccount) -> Account:
    return Account(AccountKind(row.kind), SubjectRef(row.owner_kind, row.owner_id), row.currency)


def _name_of(merchant_id: UUID) -> str:
    found = Merchant.objects.filter(id=merchant_id).values_list("display_name", flat=True).first()
    return found or ""


def _merchants(desk: Desk) -> list[tuple[str, str]]:
    """Merchants with a verified account."""
    ids = Payee.objects.filter(
        owner_kind="merchant", verified_at__isnull=False, retired_at=None
    ).values_list("owner_id", flat=True)
    rows = Merchant.objects.filter(id__in=set(ids)).order_by("display_name")
    return [(str(one.id), one.display_name) for one in rows]


_STEPS: dict[PayoutState, tuple[str, ...]] = {
    _S.PROPOSED: ("approve", "cancel"),
    _S.APPROVED: ("cancel",),
    _S.REQUESTED: ("confirm", "fail"),
    _S.CONFIRMED: ("return",),
}


def _sights(rows: list[Payout], desk: Desk) -> list[dict[str, Any]]:
    ids = {row.owner_id for row in rows}
    names = dict(Merchant.objects.filter(id__in=ids).values_list("id", "display_name"))
    found = []
    for row in rows:
        state = PayoutState(row.state)
        second = row.amount_minor > row.limit_minor
        steps = set(_STEPS.get(state, ()))
        if second and row.proposed_by == desk.by.id:
            steps -= {"approve"}
        found.append(
            {
                "row": row,
                "merchant": names.get(row.owner_id, ""),
                "amount": Money(row.amount_minor, row.currency),
                "state": translated(PAYOUTS[state]),
                "steps": steps,
                "needs_second": second and state is _S.PROPOSED,
                "mine": row.proposed_by == desk.by.id,
            }
        )
    return found


@require_safe
@desk_page(Role.FINANCE)
def propose_form(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """The form of a payout to one merchant."""
    return _form(request, desk, merchant_id, None)


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_payouts")
def propose(request: HttpRequest, desk: Desk, merchant_id: UUID) -> HttpResponseBase:
    """Propose a payout: the amount leaves the merchant's free money at once."""
    form = PayoutForm(_payees(merchant_id), sources(), request.POST)
    if not form.is_valid() or desk.by.id is None:
        return _form(request, desk, merchant_id, form)
    given, by = form.cleaned_data, desk.by.id

    def deed() -> UUID:
        check_may_pay_out(merchant_id=merchant_id, at=desk.at)
        return propose_payout(
            payee_id=UUID(given["payee"]),
            amount=given["amount"],
            through=read_source(given["source"]),
            policy=payout_policy(),
            by=by,
            reference=given["reference"].strip(),
            at=desk.at,
        )

    return do_deed(
        request,
        desk,
        deed,
        code="payout.propose",
        about=("merchant", str(merchant_id)),
        done=_("付款已提出，等批准。"),
        back="operator_payouts",
        reason=f"{given['amount']} {given['reference']}",
    )


def _payees(merchant_id: UUID) -> list[tuple[str, str]]:
    """The merchant's verified accounts; of a number only the end is shown."""
    rows = Payee.objects.filter(
        owner_kind="merchant", owner_id=merchant_id, verified_at__isnull=False, retired_at=None
    )
    found = []
    for row in rows.order_by("added_at"):
        details = open_payee(stores=get_stores(), payee_id=row.id)
        found.append((str(row.id), f"{details.bank} ····{details.number[-4:]} {details.name}"))
    return found


def _form(
    request: HttpRequest, desk: Desk, merchant_id: UUID, form: PayoutForm | None
) -> HttpResponseBase:
    found = Merchant.objects.filter(id=merchant_id).first()
    if found is None:
        raise Http404
    shown = form or PayoutForm(_payees(found.id), sources())
    if form is None:
        shown.fields["reference"].initial = f"PAY-{desk.at:%Y%m%d}-{new_token()[:6].upper()}"
    context = {
        "form": shown,
        "merchant": found,
        "money": find_merchant_money(merchant=SubjectRef("merchant", found.id)),
        "policy": payout_policy(),
        **factor_context(request, "operator_payouts"),
        "here": "operator",
        "part": "payouts",
    }
    status = 422 if shown.errors else 200
    return render(request, "pages/operator_payout_new.html", context, status=status)


def _approve(payout_id: UUID, said: str, desk: Desk) -> object:
    assert desk.by.id is not None
    owner = Payout.objects.values_list("owner_id", flat=True).get(id=payout_id)
    check_may_pay_out(merchant_id=owner, at=desk.at)
    approve_payout(payout_id=payout_id, by=desk.by.id, at=desk.at)
    return None


def _cancel(payout_id: UUID, said: str, desk: Desk) -> object:
    return cancel_payout(payout_id=payout_id, why=check_reason(said), at=desk.at)


def _confirm(payout_id: UUID, said: str, desk: Desk) -> object:
    if not said.strip():
        raise InputError(_("写明银行的流水号。"), field="said")
    return confirm_payout(payout_id=payout_id, bank_reference=said.strip(), at=desk.at)


def _fail(payout_id: UUID, said: str, desk: Desk) -> object:
    return fail_payout(payout_id=payout_id, why=check_reason(said), at=desk.at)


def _return(payout_id: UUID, said: str, desk: Desk) -> object:
    return return_payout(payout_id=payout_id, why=check_reason(said), at=desk.at)


_VERBS: dict[str, Callable[[UUID, str, Desk], object]] = {
    "approve": _approve,
    "cancel": _cancel,
    "confirm": _confirm,
    "fail": _fail,
    "return": _return,
}


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_payouts")
def step(request: HttpRequest, desk: Desk, payout_id: UUID) -> HttpResponseBase:
    """One step of one payout."""
    name, said = request.POST.get("step", ""), request.POST.get("said", "")
    if name not in _VERBS or not Payout.objects.filter(id=payout_id).exists():
        raise Http404
    return do_deed(
        request,
        desk,
        lambda: _VERBS[name](payout_id, said, desk),
        code=f"payout.{name}",
        about=("payout", str(payout_id)),
        done=_("已记下。"),
        back="operator_payouts",
        reason=said,
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_payouts")
def request_batch(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Put what is approved into one batch; from now on the bank is asked."""
    by = desk.by.id

    def deed() -> object:
        source = read_source(request.POST.get("source", ""))
        held = find_held_merchants(at=desk.at)
        made = request_payouts(through=source, by=by, at=desk.at, waiting=held)
        if made is None and held:
            raise PayoutRefused(Phrase("批准了的付款都被限制挡着，现在没有能提交的。"))
        return made is not None

    return do_deed(
        request,
        desk,
        deed,
        code="payout.request",
        about=("payout", ""),
        done=_("批次已提交。下载清单交给银行或支付渠道。"),
        back="operator_payouts",
        reason=request.POST.get("source", ""),
    )


@require_POST
@desk_page(Role.FINANCE)
@fresh_factor_page("operator_payouts")
def batch(request: HttpRequest, desk: Desk, batch_id: UUID) -> HttpResponseBase:
    """The list of a batch as CSV; it names accounts in the clear: each download is noted."""
    if not PayoutBatch.objects.filter(id=batch_id).exists():
        raise Http404
    note_deed(by=desk.by, deed="payout.list", about=("batch", str(batch_id)), at=desk.at)
    lines = export_payouts(stores=get_stores(), batch_id=batch_id)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="payouts-{batch_id.hex[:12]}.csv"'
    return answer


urlpatterns = [
    path("payouts/", payouts, name="operator_payouts"),
    path("payouts/new/<uuid:merchant_id>/", propose_form, name="operator_payout_new"),
    path("payouts/new/<uuid:merchant_id>/send/", propose, name="operator_payout_propose"),
    path("payouts/request/", request_batch, name="operator_payout_request"),
    path("payouts/<uuid:payout_id>/", step, name="operator_payout_step"),
    path("payouts/batches/<uuid:batch_id>/", batch, name="operator_payout_batch"),
]
