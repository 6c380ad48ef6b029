"""Ask a payment service to split, and believe nothing but its word. No database is touched.

A split that was asked for before is asked about first: silence is no no. A number asked for again
moves nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.core.money import Money
from gongdao.payments.models import Credit, Split
from gongdao.payments.port import Gateway, GatewayError, GatewayRefused, Report, Told
from gongdao.payments.split_port import Share, ShareState, SplitReport, Splitter


@dataclass(frozen=True)
class SplitAnswer:
    """What asking brought: ``state`` where the service told of this split, ``number`` its own for
    it. Otherwise ``problem`` says why nothing is known, or, with ``said_no``, its code for a no."""

    state: ShareState | None = None
    number: str = ""
    problem: str = ""
    said_no: bool = False


def find_splitter(gateway: Gateway | None, account: str) -> Splitter | None:
    """``gateway`` as one that splits, where it is set up to and is the ``account`` paid to."""
    if gateway is None or gateway.account != account or not isinstance(gateway, Splitter):
        return None
    return gateway if gateway.splits else None


def ask_split(*, splitter: Splitter, split: Split, account: str, at: datetime) -> SplitAnswer:
    """Have ``split`` carried out for the receiver's ``account``, or find out what became of it."""
    credit = split.credit
    report = report_of(credit)
    share = Share(account, Money(split.amount_minor, credit.currency))
    shares = (share,) if split.part == "share" else ()
    try:
        told = splitter.query_split(split.split_no, report, at) if split.tries > 1 else None
    except GatewayError as error:  # a no to the question is no no to the split
        return SplitAnswer(problem=error.problem)
    try:
        if told is None and shares:
            told = splitter.split(report, split.split_no, shares, at, last=split.last)
        elif told is None:
            told = splitter.release_rest(report, split.split_no, at)
    except GatewayRefused as error:
        return SplitAnswer(problem=f"refused:{error.problem}", said_no=True)
    except GatewayError as error:
        return SplitAnswer(problem=error.problem)
    return _judge(told, split.split_no, shares)


def _judge(told: SplitReport, split_no: str, shares: tuple[Share, ...]) -> SplitAnswer:
    """An answer about another number, receiver or amount says nothing of ours."""
    if told.split_no != split_no or tuple(one.share for one in told.shares) != shares:
        return SplitAnswer(problem="other_split")
    number = next((one.number for one in told.shares), "")
    reason = next((one.reason for one in told.shares if one.reason), "")
    problem = f"refused:{reason or 'closed'}" if told.state is ShareState.REFUSED else ""
    return SplitAnswer(told.state, number[:64], problem)


def report_of(credit: Credit) -> Report:
    """The payment behind a credit, as the service knows it."""
    intent = credit.intent
    return Report(
        intent.out_trade_no,
        credit.trade_no,
        Told.PAID,
        Money(credit.amount_minor, credit.currency),
        intent.account,
    )
