"""Whether a report of a payment is believed, and why not. Pure: facts in, a verdict out."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

from gongdao.core.money import Money
from gongdao.payments.port import Report, Told


class CallbackVerdict(StrEnum):
    """What happens to a report."""

    CREDIT = "credit"
    """The money is there: credit it, once."""
    REPEATED = "repeated"
    """This very payment was credited before; say so and do nothing."""
    SURPLUS = "surplus"
    """Paid once more under another number, or another amount than was asked for: the order gets
    nothing for it, but the money is there and has to go back."""
    NOTED = "noted"
    """True and without consequence: unpaid, closed."""
    UNUSED = "unused"
    """The service's word of something that we have no use for."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Intent:
    """What was asked for. ``trade_no`` is the service's number once credited."""

    gateway: str
    account: str
    out_trade_no: str
    amount: Money
    trade_no: str = ""


@dataclass(frozen=True)
class Judged:
    """A verdict with its reason as a code: kept with the callback, shown to the operator."""

    verdict: CallbackVerdict
    reason: str


V = CallbackVerdict
_NUMBER = re.compile(r"[!-~]{1,64}")
WRONG_AMOUNT = "wrong_amount"
LONGEST_TRADE_NO = 64
"""What the column holds: a longer number is refused, never cut."""


def judge_report(intent: Intent | None, report: Report, *, gateway: str) -> Judged:
    """Compare all of ``report``, which came through ``gateway``, with what was asked for."""
    if intent is None:
        return Judged(V.REFUSED, "unknown_order")
    if intent.gateway != gateway:
        return Judged(V.REFUSED, "other_gateway")
    if not hmac.compare_digest(intent.account.encode(), report.account.encode()):
        return Judged(V.REFUSED, "other_account")
    if intent.out_trade_no != report.out_trade_no:
        return Judged(V.REFUSED, "other_order")
    if report.told is not Told.PAID:
        return Judged(V.NOTED, report.told.value)
    if not 0 < len(report.trade_no) <= LONGEST_TRADE_NO:
        return Judged(V.REFUSED, "no_trade_number")
    if report.amount.currency != intent.amount.currency:
        return Judged(V.REFUSED, "wrong_currency")
    if report.amount.minor <= 0:
        return Judged(V.REFUSED, WRONG_AMOUNT)
    if report.amount != intent.amount:
        return Judged(V.SURPLUS, WRONG_AMOUNT)
    if intent.trade_no:
        same = intent.trade_no == report.trade_no
        return Judged(V.REPEATED, "credited") if same else Judged(V.SURPLUS, "paid_twice")
    return Judged(V.CREDIT, "paid")


def has_sound_numbers(report: Report) -> bool:
    """Whether both numbers can be kept and looked up as they are: printable, short, no blanks."""
    return has_sound_number(report.out_trade_no) and has_sound_number(report.trade_no or "-")


def has_sound_number(number: str) -> bool:
    """The same of one number, which has to be there."""
    return bool(_NUMBER.fullmatch(number))


def judge_answer(report: Report, answer: Report | None) -> str:
    """Why ``report`` is not what the service says when asked; empty where it is."""
    if answer is None:
        return "unknown_to_gateway"
    if answer.told is not report.told:
        return "not_confirmed"
    said = (report.out_trade_no, report.trade_no, report.amount, report.account)
    if said != (answer.out_trade_no, answer.trade_no, answer.amount, answer.account):
        return "contradicted"
    return ""
