"""Races: many at once on one balance, one hold, one reference; and what happens without guards."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    DEPOSIT,
    FEE,
    FREE,
    HELD,
    MERCHANT,
    OUTSIDE,
    RECEIVABLE,
    REFUNDS,
    check_agrees,
    earn,
    fund,
    new_order,
    pay,
    run_sql,
)

from gongdao.core.errors import MoneyRefused
from gongdao.core.money import Money
from gongdao.ledger.charge_back import charge_back
from gongdao.ledger.decide_payout import PayeeProof, PayoutPolicy
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.pending import begin_pending, post_pending, void_pending
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.post_transfers import post_transfer, post_transfers
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_balance, find_spendable
from gongdao.ledger.roll_up import roll_up
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.step_payout import approve_payout, request_payouts
from gongdao.ledger.transfers import Ground, NewTransfer, TransferKind

pytestmark = pytest.mark.usefixtures("shared_house")
THREADS = 32


@contextmanager
def room_for(most: int):
    """Enough connections for the test's own threads."""
    pool = connection.pool
    before = (pool.min_size, pool.max_size)
    pool.resize(before[0], most + 2)
    try:
        yield
    finally:
        pool.resize(*before)


def at_once(work: Callable[[int], object], threads: int = THREADS) -> Counter[str]:
    """Run ``work`` in so many threads that begin together; how each ended."""
    ready = threading.Barrier(threads)

    def run(number: int) -> str:
        try:
            ready.wait(30)
            work(number)
            return "done"
        except MoneyRefused as error:
            return type(error).__name__
        finally:
            connections.close_all()

    with room_for(threads), ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(run, range(threads)))


def refund(minor, about=None, reference="1"):
    """The merchant refunds out of his free money."""
    return post_transfer(
        source=FREE,
        target=REFUNDS,
        amount=Money(minor),
        kind=TransferKind.REFUND,
        about=about or new_order(),
        reference=reference,
        at=AT,
    )


def test_one_free_balance():
    """Of 32 threads that each want a tenth of it, ten get it; it is never negative."""
    earn(1000)
    ended = at_once(lambda _number: refund(100))
    assert ended == {"done": 10, "NotEnoughMoney": 22}
    assert find_spendable(FREE) == Money(0)
    check_agrees()


def test_one_free_balance_without_its_guard():
    """Control: with the balance's constraint taken off the same race goes far below zero."""
    earn(1000)
    run_sql("ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_negative")
    try:
        assert at_once(lambda _number: refund(100)) == {"done": 32}
        assert find_spendable(FREE) == Money(-2200)
    finally:
        run_sql("TRUNCATE ledger_transfer, ledger_balance, ledger_hold, ledger_account CASCADE")
        run_sql(
            "ALTER TABLE ledger_balance ADD CONSTRAINT ledger_balance_not_negative"
            " CHECK (pending_minor >= 0 AND posted_minor >= pending_minor)"
        )


def test_reading_first_is_no_guard():
    """Control: who reads the balance and then writes, as shops do, lets all 32 through."""
    fund_guarantee = NewTransfer(
        OUTSIDE, REFUNDS, Money(1000), TransferKind.REFUND_FAILED, MERCHANT
    )
    post_transfers(transfers=[fund_guarantee], reference="1", at=AT)
    read = threading.Barrier(THREADS)

    def spend(number: int) -> None:
        enough = find_balance(REFUNDS).minor >= 100
        read.wait(30)
        if enough:
            post_transfer(
                source=REFUNDS,
                target=CLEARING,
                amount=Money(100),
                kind=TransferKind.REFUND_PAID,
                about=new_order(),
                reference=str(number),
                at=AT,
            )

    assert at_once(spend) == {"done": 32}
    assert find_balance(REFUNDS) == Money(-2200)


def test_one_hold():
    """Of 32 releases of one hold, each under its own reference, one succeeds."""
    hold = pay(500)

    def settle(number: int) -> None:
        part = Part(FREE, Money(500), TransferKind.RELEASE)
        settle_hold(hold_id=hold, parts=[part], ground=Ground.EXPIRY, reference=str(number), at=AT)

    assert at_once(settle) == {"done": 1, "HoldRefused": 31}
    assert find_balance(FREE) == Money(500)
    check_agrees()


def test_one_reference():
    """The same movement asked for 32 times at once is made once, and all 32 are told so."""
    earn(1000)
    order = new_order()
    assert at_once(lambda _number: refund(100, order)) == {"done": 32}
    assert find_balance(FREE) == Money(900)


def test_one_payment():
    """The same payment held 32 times at once is one hold."""
    order = new_order()
    holds: list[UUID] = []
    ended = at_once(lambda _number: holds.append(pay(100, order)))
    assert ended == {"done": 32} and len(set(holds)) == 1
    assert find_balance(HELD) == Money(100)
    check_agrees()


def test_two_amounts_under_one_reference():
    """One of two amounts wins; the other is refused, never added."""
    earn(1000)
    order = new_order()
    ended = at_once(lambda number: refund(100 + number % 2, order))
    assert ended == {"done": 16, "ReferenceReused": 16}
    assert find_balance(FREE).minor in (899, 900)


def test_opposite_ways_do_not_lock_each_other():
    """Money between two guarded accounts in both directions at once: everybody gets through."""
    earn(10_000)
    fund(DEPOSIT, 10_000)

    def swap(number: int) -> None:
        order = new_order()
        there = NewTransfer(FREE, DEPOSIT, Money(7), TransferKind.DEPOSIT, order)
        back = NewTransfer(DEPOSIT, FREE, Money(7), TransferKind.DEPOSIT_RETURN, order)
        pair = [there, back] if number % 2 else [back, there]
        for turn in range(5):
            post_transfers(transfers=pair, reference=str(turn), at=AT)

    assert at_once(swap, 16) == {"done": 16}
    assert find_balance(FREE) == find_balance(DEPOSIT) == Money(10_000)
    check_agrees()


def test_a_promise_ends_one_way():
    """Posted and made void at once, a promise ends as one of the two."""
    earn(1000)
    pending = begin_pending(
        source=FREE,
        target=FEE,
        amount=Money(400),
        kind=TransferKind.FEE,
        about=new_order(),
        reference="1",
        at=AT,
    )

    def end(number: int) -> None:
        (post_pending if number % 2 else void_pending)(pending_id=pending, at=AT)

    ended = at_once(end, 16)
    assert ended == {"done": 8, "MoneyRefused": 8}
    assert find_spendable(FREE).minor in (600, 1000)
    check_agrees()


def test_one_chargeback():
    """A chargeback that the gateway reports 16 times at once is booked once, whatever changes
    meanwhile."""
    earn(300)
    order = new_order()

    def back(number: int) -> None:
        if number % 4 == 0:
            refund(10)
            return
        charge_back(
            merchant=MERCHANT,
            gateway=CLEARING,
            amount=Money(1000),
            about=order,
            reference="cb",
            at=AT,
        )

    ended = at_once(back, 16)
    assert ended["done"] >= 12 and set(ended) <= {"done", "NotEnoughMoney"}
    taken = -find_balance(RECEIVABLE).minor
    assert 700 <= taken <= 740 and find_balance(FREE).minor == 0
    check_agrees()


def test_each_payout_goes_into_one_list(stores):
    """Eight who make lists at once share the payouts out: none is in two lists, none is lost."""
    earn(10_000)
    details = PayeeDetails("甲公司", "示例银行", "62220000")
    payee = add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
    anna = UUID(int=1)
    verify_payee(
        stores=stores,
        payee_id=payee,
        merchant_name="甲公司",
        proof=PayeeProof.DOCUMENT,
        by=anna,
        at=AT,
    )
    policy = PayoutPolicy(Money(4000), own_custody=True)
    for number in range(40):
        payout = propose_payout(
            payee_id=payee,
            amount=Money(100),
            through=OUTSIDE,
            policy=policy,
            by=anna,
            reference=str(number),
            at=AT,
        )
        approve_payout(payout_id=payout, by=anna, at=AT)

    def request(_number: int) -> None:
        request_payouts(through=OUTSIDE, by=anna, at=AT, most=5)

    assert at_once(request, 8) == {"done": 8}
    rows = run_sql("SELECT state, batch_id IS NULL, count(*) FROM ledger_payout GROUP BY 1, 2")
    asked = {row[0]: row[2] for row in rows}
    batches = run_sql("SELECT coalesce(sum(count), 0) FROM ledger_payout_batch")[0][0]
    assert asked.get("requested", 0) == batches > 0
    assert sum(asked.values()) == 40
    check_agrees()


def test_one_proposal(stores):
    """The same payout proposed 16 times at once is one, and its amount set aside once."""
    earn(10_000)
    details = PayeeDetails("甲公司", "示例银行", "62220000")
    ids: list[UUID] = []
    assert at_once(
        lambda _number: ids.append(
            add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
        ),
        16,
    ) == {"done": 16}
    assert len(set(ids)) == 1
    anna = UUID(int=1)
    verify_payee(
        stores=stores,
        payee_id=ids[0],
        merchant_name="甲公司",
        proof=PayeeProof.DOCUMENT,
        by=anna,
        at=AT,
    )
    found: list[UUID] = []
    ended = at_once(
        lambda _number: found.append(
            propose_payout(
                payee_id=ids[0],
                amount=Money(700),
                through=OUTSIDE,
                policy=PayoutPolicy(Money(1000), own_custody=True),
                by=anna,
                reference="p",
                at=AT,
            )
        ),
        16,
    )
    assert ended == {"done": 16} and len(set(found)) == 1
    assert find_balance(FREE) == Money(9300)
    check_agrees()


def test_rolling_up_beside_writers():
    """Rolled up all the while that others write, every balance is right in between and at the
    end."""
    stop, faults = threading.Event(), []
    left = threading.Semaphore(0)

    def look() -> None:
        while not stop.is_set():
            roll_up()
            try:
                check_agrees()
            except AssertionError as error:
                faults.append(str(error))

    def write(number: int) -> None:
        for _ in range(15):
            with transaction.atomic():
                pay(10)
                stop.wait(0.002 * (number % 5))  # numbers are drawn early and committed late
        left.release()
        if number == 1:
            for _ in range(8):
                left.acquire()
            stop.set()

    assert at_once(lambda number: write(number) if number else look(), 9) == {"done": 9}
    roll_up()
    assert not faults, faults[0]
    assert find_balance(HELD) == Money(8 * 15 * 10) == Money(-find_balance(CLEARING).minor)
    check_agrees()


def test_rolling_up_too_early_loses_money():
    """Control: up to the highest number that is visible, a writer that is still open is passed
    over for good; the real roll-up waits for him, or gives up."""
    from gongdao.core.named_sql import load_sql
    from gongdao.ledger import roll_up as module

    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            pay(10)
            written.set()
            go_on.wait(30)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(30)
    pay(5)
    module_patience, module._PATIENCE_S = module._PATIENCE_S, 0
    try:
        assert roll_up() is None
    finally:
        module._PATIENCE_S = module_patience
    highest = run_sql("SELECT max(seq) FROM ledger_transfer")[0][0]
    run_sql(load_sql("gongdao.ledger", "roll_up"), {"upto": highest})
    go_on.set()
    thread.join()
    assert find_balance(CLEARING) == Money(-5)
    with pytest.raises(AssertionError, match="roll_up"):
        check_agrees()
    run_sql("DELETE FROM ledger_rollup")
    roll_up()
    assert find_balance(CLEARING) == Money(-15)
    check_agrees()
    place_hold(source=CLEARING, held=HELD, amount=Money(1), owner=new_order(), at=AT)
