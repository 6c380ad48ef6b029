"""Jobs around money: refunds go out, shares are split, lost callbacks are found, bills are read,
sums rolled up.

The frequent ones may run several times at once (each refund and share has its lease, each report
counts once): a turn that a dead worker took with it does not keep the next one waiting.
"""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from gongdao.disputes.hold_ground import find_held_merchants
from gongdao.front.clock import now
from gongdao.front.gateways import get_gateways, take_report
from gongdao.front.stores import get_stores
from gongdao.ledger.roll_up import roll_up
from gongdao.market.charge_back_notice import refund_waits
from gongdao.market.give_back import refund_confirmed
from gongdao.market.note_bill import note_bill_differs, note_missing_refund
from gongdao.market.send_splits import send_splits
from gongdao.market.wake_splits import wake_splits
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.forget_refused import KEEP_REFUSED, forget_refused
from gongdao.payments.models import Credit, Refund
from gongdao.payments.read_bills import read_bills
from gongdao.payments.reconcile import Round, ask_about_unpaid

log = logging.getLogger("gongdao.money")
QUICK = "quick"
_MOST_ROUNDS = 50


@app.periodic(cron="* * * * * */10")
@app.task(name="refund_money", queue=QUICK, queueing_lock="refund_money")
def refund_money(timestamp: int) -> None:
    """Carry out refunds that are due, until none of a round is confirmed."""
    for _ in range(_MOST_ROUNDS):
        if not carry_out_refunds(
            gateways=get_gateways(), confirmed=_refunded, waits=refund_waits, at=now()
        ):
            return


def _refunded(refund: Refund) -> None:
    refund_confirmed(stores=get_stores(), refund=refund, at=now())


@app.periodic(cron="* * * * * */20")
@app.task(name="split_money", queue=QUICK, queueing_lock="split_money")
def split_money(timestamp: int) -> None:
    """Have released money split where a service holds it, until nothing is due."""
    for _ in range(_MOST_ROUNDS):
        at = now()
        held = find_held_merchants(at=at)
        if not send_splits(stores=get_stores(), gateways=get_gateways(), held=held, at=at):
            return


@app.periodic(cron="*/10 * * * *")
@app.task(name="wake_splits", queue=QUICK, queueing_lock="wake_splits")
def wake_sleeping_splits(timestamp: int) -> None:
    """Let come due what sleeps without a ground: within ten minutes of a worker's start, too."""
    at = now()
    held = find_held_merchants(at=at)
    wake_splits(stores=get_stores(), gateways=get_gateways(), held=held, at=at)


@app.periodic(cron="* * * * * */20")
@app.task(name="ask_gateways", queue=QUICK, queueing_lock="ask_gateways")
def ask_gateways(timestamp: int) -> None:
    """Ask for payments of which no callback told."""
    _tell("asked", ask_about_unpaid(gateways=get_gateways(), take=take_report, at=now()))


@app.periodic(cron="30 10,15 * * *")
@app.task(name="read_bills", queue=QUICK, queueing_lock="read_bills", lock="read_bills")
def read_unread_bills(timestamp: int) -> None:
    """Go through the bills of every day that was not read; the services have yesterday's ready by
    ten in the morning."""
    at = now()
    _tell(
        "bills",
        read_bills(
            gateways=get_gateways(), take=take_report, differs=_differs, missing=_missing, at=at
        ),
    )


def _differs(credit: Credit) -> None:
    log.warning("bills: %s says otherwise of a payment than we do", credit.gateway)
    note_bill_differs(credit=credit, at=now())


def _missing(refund: Refund) -> None:
    log.warning("bills: %s does not know a refund that was confirmed", refund.credit.gateway)
    note_missing_refund(refund=refund, at=now())


@app.periodic(cron="* * * * *")
@app.task(name="roll_up_ledger", queue=QUICK, queueing_lock="roll_up_ledger")
def roll_up_ledger(timestamp: int) -> None:
    """Add up what is settled, so that balances are read without their whole history."""
    if roll_up() is None:
        log.warning("nothing rolled up: a transaction that writes has been open for too long")


@app.periodic(cron="20 4 * * *")
@app.task(name="forget_refused", queue=QUICK, queueing_lock="forget_refused")
def forget_refused_callbacks(timestamp: int) -> None:
    """Let go of refused callbacks that are older than `KEEP_REFUSED`: anybody may send them."""
    forget_refused(before=now() - KEEP_REFUSED)


def _tell(what: str, done: Round) -> None:
    if done.found:
        log.warning("%s: %s payments whose callback was lost", what, len(done.found))
    for name, problem in done.problems.items():
        log.warning("%s: %s: %s", what, name, problem)
