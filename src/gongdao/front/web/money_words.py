"""Deeds of the finance desk that rest on what a bank or a service shows: how each is done, at once
or when a second person confirms it.

A deed with a row in ``_DEEDS`` needs no more than a call of `say_word` where its form is posted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from gongdao.core.errors import GongdaoError, MoneyRefused
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.charge_back_order import ask_of_refunds, charge_back_order
from gongdao.disputes.return_charge_back import return_charge_back
from gongdao.front.gateways import get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web.operator_access import Desk
from gongdao.front.web.operator_money import payout_policy
from gongdao.front.web.operator_view import say_error
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.settle_debt import collect_receivable
from gongdao.market.accounts import platform_account
from gongdao.market.give_back import refund_bounced, refund_confirmed
from gongdao.market.note_bill import end_doubt
from gongdao.market.pay_deposit import pay_deposit
from gongdao.market.take_word import Do, Taken, Word, take_word
from gongdao.payments.ask_refund import RefundFate, ask_refund
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.models import Refund
from gongdao.payments.settle_elsewhere import settle_elsewhere

CHARGE_BACK, COLLECT = "charge_back.book", "debt.collect"
RETURN, NOTHING_TAKEN = "charge_back.return", "charge_back.none"
DEPOSIT, ELSEWHERE, BOUNCE = "deposit.pay", "refund.elsewhere", "refund.bounce"


def say_word(
    request: HttpRequest,
    desk: Desk,
    word: Word,
    *,
    done: str,
    back: str,
    args: Sequence[object] = (),
    alone: bool = True,
) -> HttpResponseBase:
    """Do what the word says, or ask a second person to where it is over the limit, or of any amount
    where nobody may do it ``alone``; say what came of it and go back to where it was said. What the
    deed asks of a service it asks first, outside any transaction."""
    limit = payout_policy().second_person_over
    try:
        taken = take_word(
            word=word,
            by=desk.by,
            limit=limit if alone else Money(0, limit.currency),
            do=prepare_word(word, desk.at),
            at=desk.at,
        )
    except GongdaoError as error:
        messages.error(request, say_error(error))
    else:
        if taken is Taken.AGAIN:
            messages.info(request, _("这一步已经做过，没有再做。"))
        else:
            asked = _("提出了，等另一个人在“等第二个人”里确认。")
            messages.success(request, done if taken is Taken.DONE else asked)
    return redirect(back, *[str(one) for one in args])


def prepare_word(word: Word, at: datetime) -> Do:
    """What does the deed, within a transaction of the caller's."""
    return _DEEDS[word.deed](word, at)


def _charge_back(word: Word, at: datetime) -> Do:
    """The service is asked first about refunds that it may have paid."""
    order_id, saw = UUID(word.about[1]), word.given.get("refunds")
    fates = ask_of_refunds(order_id=order_id, gateways=get_gateways(), at=at)

    def do() -> bool:
        journal = charge_back_order(
            stores=get_stores(),
            order_id=order_id,
            amount=word.amount,
            reference=word.reference,
            at=at,
            fates=fates,
            said=RefundFate(saw) if saw else None,
        )
        return not journal.replayed

    return do


def _return(word: Word, at: datetime) -> Do:
    def do() -> bool:
        journal = return_charge_back(
            stores=get_stores(),
            order_id=UUID(word.about[1]),
            amount=word.amount,
            reference=word.reference,
            at=at,
        )
        return not journal.replayed

    return do


def _nothing_taken(word: Word, at: datetime) -> Do:
    order_id, times = UUID(word.about[1]), int(word.given["times"])
    return lambda: end_doubt(order_id=order_id, times=times, at=at)


def _collect(word: Word, at: datetime) -> Do:
    owner = SubjectRef("merchant", UUID(word.about[1]))

    def do() -> bool:
        journal = collect_receivable(
            merchant=owner,
            source=platform_account(AccountKind.OUTSIDE, word.amount.currency),
            amount=word.amount,
            about=owner,
            reference=f"bank:{word.reference}",
            at=at,
        )
        return not journal.replayed

    return do


def _deposit(word: Word, at: datetime) -> Do:
    return lambda: pay_deposit(
        merchant_id=UUID(word.about[1]),
        amount=word.amount,
        source=Account.parse(word.given["source"]),
        reference=word.reference,
        at=at,
    )


def _elsewhere(word: Word, at: datetime) -> Do:
    """The service is asked first whether it paid after all."""
    rows = Refund.objects.select_related("credit__intent")
    row = rows.get(id=UUID(word.given["refund"]))
    fate = ask_refund(refund=row, gateways=get_gateways(), at=at)

    def confirmed(refund: Refund) -> None:
        if refund.amount_minor != word.amount.minor:
            raise MoneyRefused(Phrase("退款的金额变了，请撤回后重新登记。"))
        refund_confirmed(stores=get_stores(), refund=refund, at=at)

    return lambda: settle_elsewhere(
        refund_id=row.id,
        asked_no=word.given["asked_no"],
        fate=fate,
        reference=word.reference,
        confirmed=confirmed,
        at=at,
    )


def _bounce(word: Word, at: datetime) -> Do:
    """The service is asked first whether the refund arrived after all."""
    rows = Refund.objects.select_related("credit__intent")
    row = rows.get(id=UUID(word.given["refund"]))
    fate = ask_refund(refund=row, gateways=get_gateways(), at=at)
    return lambda: fail_refund(
        refund_id=row.id,
        asked_no=word.given["asked_no"],
        fate=fate,
        failed=lambda one: refund_bounced(stores=get_stores(), refund=one, at=at),
        at=at,
    )


_DEEDS: dict[str, Callable[[Word, datetime], Do]] = {
    CHARGE_BACK: _charge_back,
    RETURN: _return,
    NOTHING_TAKEN: _nothing_taken,
    COLLECT: _collect,
    DEPOSIT: _deposit,
    ELSEWHERE: _elsewhere,
    BOUNCE: _bounce,
}
