"""The ledger against a model of a few dictionaries: whatever is asked, in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    COST,
    COVER,
    DEPOSIT,
    FEE,
    FREE,
    HELD,
    MERCHANT,
    OUTSIDE,
    PAYABLE,
    RECEIVABLE,
    REFUNDS,
    RESERVE,
    check_agrees,
    count_transfers,
    fund,
    new_order,
    open_house,
    pay,
)

from gongdao.core.errors import MoneyRefused
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import Account
from gongdao.ledger.charge_back import charge_back
from gongdao.ledger.decide_payout import PayeeProof, PayoutPolicy
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.pending import begin_pending, post_pending, void_pending
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_balances, find_spendable
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.roll_up import roll_up
from gongdao.ledger.settle_debt import collect_receivable, write_off
from gongdao.ledger.settle_hold import Part, settle_hold, void_hold
from gongdao.ledger.step_payout import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    fail_payout,
    request_payouts,
)
from gongdao.ledger.transfers import Ground, TransferKind

ALL = (
    CLEARING, COST, COVER, DEPOSIT, FEE, FREE, HELD, OUTSIDE, PAYABLE, RECEIVABLE, REFUNDS, RESERVE,
)  # fmt: skip
MINOR = st.integers(1, 1000)
ANNA, BEN = UUID(int=1), UUID(int=2)
LIMIT = 500
_OF_THE_DAY = {"proposed", "approved", "requested", "confirmed"}


class LedgerMachine(RuleBasedStateMachine):
    """``has`` is the model's balances, ``left`` what its holds hold, ``promised`` its promises."""

    holds = Bundle("holds")
    promises = Bundle("promises")
    payouts = Bundle("payouts")
    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.ground = transaction.atomic()
        self.ground.__enter__()
        open_house()
        stores = get_stores()
        details = PayeeDetails("甲公司", "示例银行", "62220000")
        self.payee = add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
        verify_payee(
            stores=stores,
            payee_id=self.payee,
            merchant_name="甲公司",
            proof=PayeeProof.DOCUMENT,
            by=ANNA,
            at=AT,
        )
        self.has: Counter[Account] = Counter()
        self.left: dict[UUID, int] = {}
        self.promised: dict[UUID, int] = {}
        self.steps: dict[UUID, str] = {}
        self.amounts: dict[UUID, int] = {}
        self.limits = dict[UUID, int]()
        self.done: list[Callable[[], object]] = []

    def teardown(self) -> None:
        """Throw everything away, once it was seen to agree."""
        try:
            check_agrees()
        finally:
            transaction.set_rollback(True)
            self.ground.__exit__(None, None, None)

    def move(self, source: Account, target: Account, minor: int) -> None:
        """The model moves money."""
        self.has[source] -= minor
        self.has[target] += minor

    def ask(self, verb: Callable[[], Any], *, works: bool) -> Any:
        """Ask the ledger; it must do as the model says, and a refusal moves nothing."""
        before = count_transfers()
        if works:
            self.done.append(verb)
            return verb()
        with pytest.raises(MoneyRefused):
            verb()
        assert count_transfers() == before
        return None

    @property
    def spendable(self) -> int:
        """Free money that is not promised, as the model has it."""
        return self.has[FREE] - sum(self.promised.values())

    @rule(target=holds, minor=MINOR)
    def somebody_pays(self, minor):
        """A payment is put aside."""
        order = new_order()
        hold = self.ask(lambda: pay(minor, order), works=True)
        self.left[hold] = minor
        self.move(CLEARING, HELD, minor)
        return hold

    @rule(hold=holds, free=st.integers(0, 700), fee=st.integers(0, 50), back=st.integers(0, 300))
    def a_hold_is_settled(self, hold, free, fee, back):
        """Parts leave a hold, if it has as much."""
        parts = [
            Part(target, Money(minor), kind)
            for target, minor, kind in (
                (FREE, free, TransferKind.RELEASE),
                (FEE, fee, TransferKind.FEE),
                (REFUNDS, back, TransferKind.REFUND),
            )
            if minor
        ]
        if not parts:
            return
        reference, total = uuid4().hex, free + fee + back
        works = total <= self.left[hold]
        self.ask(
            lambda: settle_hold(
                hold_id=hold, parts=parts, ground=Ground.VERDICT, reference=reference, at=AT
            ),
            works=works,
        )
        if works:
            self.left[hold] -= total
            for part in parts:
                self.move(HELD, part.target, part.amount.minor)

    @rule(hold=holds)
    def a_hold_is_void(self, hold):
        """What is left goes back to the gateway."""
        reference = uuid4().hex
        self.ask(lambda: void_hold(hold_id=hold, reference=reference, at=AT), works=True)
        self.move(HELD, CLEARING, self.left[hold])
        self.left[hold] = 0

    @rule(target=refunds, minor=MINOR)
    def free_money_is_refunded(self, minor):
        """A refund out of free money, if it is there."""
        order, works = new_order(), minor <= self.spendable
        journal = self.ask(
            lambda: post_transfer(
                source=FREE,
                target=REFUNDS,
                amount=Money(minor),
                kind=TransferKind.REFUND,
                about=order,
                reference="1",
                at=AT,
            ),
            works=works,
        )
        if not works:
            return multiple()
        self.move(FREE, REFUNDS, minor)
        return journal.seqs[0], minor

    @rule(refund=consumes(refunds))
    def a_refund_is_reversed(self, refund):
        """A refund is undone, once."""
        seq, minor = refund
        self.ask(lambda: reverse_transfer(seq=seq, at=AT), works=True)
        self.move(REFUNDS, FREE, minor)

    @rule(target=promises, minor=MINOR)
    def free_money_is_promised(self, minor):
        """A promise, if there is as much to spend."""
        order, works = new_order(), minor <= self.spendable
        promise = self.ask(
            lambda: begin_pending(
                source=FREE,
                target=DEPOSIT,
                amount=Money(minor),
                kind=TransferKind.DEPOSIT,
                about=order,
                reference="1",
                at=AT,
            ),
            works=works,
        )
        if not works:
            return multiple()
        self.promised[promise] = minor
        return promise

    @rule(promise=promises, share=st.integers(1, 110))
    def a_promise_is_posted(self, promise, share):
        """In part, in whole, or more than was promised."""
        promised = self.promised.get(promise)
        if promised is None:
            return
        minor = max(1, promised * share // 100)
        works = minor <= promised
        self.ask(lambda: post_pending(pending_id=promise, amount=Money(minor), at=AT), works=works)
        if works:
            del self.promised[promise]
            self.move(FREE, DEPOSIT, minor)

    @rule(promise=promises)
    def a_promise_is_given_up(self, promise):
        """The amount is free again."""
        if promise in self.promised:
            self.ask(lambda: void_pending(pending_id=promise, at=AT), works=True)
            del self.promised[promise]

    @rule(minor=MINOR)
    def the_reserve_grows(self, minor):
        """The platform puts money into its reserve."""
        fund(RESERVE, minor)
        self.move(OUTSIDE, RESERVE, minor)

    @rule(minor=MINOR, draw=st.booleans())
    def a_chargeback_comes(self, minor, draw):
        """Borne by free money, deposit, debt; the reserve behind it."""
        order, rest = new_order(), minor
        self.ask(
            lambda: charge_back(
                merchant=MERCHANT,
                gateway=CLEARING,
                amount=Money(minor),
                about=order,
                reference="1",
                at=AT,
                draw_deposit=draw,
            ),
            works=True,
        )
        for source, most in ((FREE, self.spendable), (DEPOSIT, draw * self.has[DEPOSIT])):
            share = min(rest, most)
            self.move(source, CLEARING, share)
            rest -= share
        self.move(RECEIVABLE, CLEARING, rest)
        self.move(RESERVE, COVER, min(rest, self.has[RESERVE]))

    @rule(minor=MINOR, by_bank=st.booleans())
    def a_debt_is_paid(self, minor, by_bank):
        """By the bank or out of free money, if it is owed and there."""
        reference, source = uuid4().hex, OUTSIDE if by_bank else FREE
        owed = -self.has[RECEIVABLE]
        works = minor <= owed and (by_bank or minor <= self.spendable)
        self.ask(
            lambda: collect_receivable(
                merchant=MERCHANT,
                source=source,
                amount=Money(minor),
                about=MERCHANT,
                reference=reference,
                at=AT,
            ),
            works=works,
        )
        if works:
            self.move(source, RECEIVABLE, minor)
            self.move(COVER, RESERVE, max(0, self.has[COVER] - (owed - minor)))

    @rule(minor=MINOR)
    def a_debt_is_given_up(self, minor):
        """The cover bears it, then the platform."""
        reference, works = uuid4().hex, minor <= -self.has[RECEIVABLE]
        self.ask(
            lambda: write_off(
                merchant=MERCHANT, amount=Money(minor), about=MERCHANT, reference=reference, at=AT
            ),
            works=works,
        )
        if works:
            covered = min(minor, self.has[COVER])
            self.move(COVER, RECEIVABLE, covered)
            self.move(COST, RECEIVABLE, minor - covered)

    @rule(target=payouts, minor=MINOR)
    def a_payout_is_proposed(self, minor):
        """What he owes is taken first; then the amount is set aside, if it is there."""
        reference, owed = uuid4().hex, -self.has[RECEIVABLE]
        taken = min(owed, self.spendable)
        works = minor <= self.spendable - taken
        payout = self.ask(
            lambda: propose_payout(
                payee_id=self.payee,
                amount=Money(minor),
                through=OUTSIDE,
                policy=PayoutPolicy(Money(LIMIT), own_custody=True),
                by=ANNA,
                reference=reference,
                at=AT,
            ),
            works=works,
        )
        if not works:
            return multiple()
        if taken:
            self.move(FREE, RECEIVABLE, taken)
            self.move(COVER, RESERVE, max(0, self.has[COVER] - (owed - taken)))
        others = [self.amounts[one] for one, step in self.steps.items() if step in _OF_THE_DAY]
        self.limits[payout] = LIMIT - sum(others)
        self.steps[payout], self.amounts[payout] = "proposed", minor
        self.move(FREE, PAYABLE, minor)
        return payout

    @rule(payout=payouts, by=st.sampled_from([ANNA, BEN]))
    def a_payout_is_approved(self, payout, by):
        """By one, or by another where it passes what the day's other payouts leave of the limit."""
        if self.steps[payout] != "proposed":
            return
        works = by == BEN or self.amounts[payout] <= self.limits[payout]
        self.ask(lambda: approve_payout(payout_id=payout, by=by, at=AT), works=works)
        if works:
            self.steps[payout] = "approved"

    @rule()
    def payouts_are_requested(self):
        """Every approved payout goes into one list."""
        request_payouts(through=OUTSIDE, by=ANNA, at=AT)
        for payout, step in self.steps.items():
            if step == "approved":
                self.steps[payout] = "requested"

    @rule(payout=payouts, how=st.sampled_from(["confirmed", "failed", "cancelled"]))
    def a_payout_ends(self, payout, how):
        """As the bank says, or taken back before."""
        before = self.steps[payout]
        works = before in {"proposed", "approved"} if how == "cancelled" else before == "requested"
        if before == how:
            return
        verbs = {
            "confirmed": lambda: confirm_payout(payout_id=payout, bank_reference="B", at=AT),
            "failed": lambda: fail_payout(payout_id=payout, why="x", at=AT),
            "cancelled": lambda: cancel_payout(payout_id=payout, why="x", at=AT),
        }
        self.ask(verbs[how], works=works)
        if works:
            self.steps[payout] = how
            self.move(PAYABLE, OUTSIDE if how == "confirmed" else FREE, self.amounts[payout])

    @rule(which=st.integers(0, 1000))
    def something_is_asked_again(self, which):
        """What was done is done: the same call again changes nothing."""
        if not self.done:
            return
        before = count_transfers()
        verb = self.done[which % len(self.done)]
        try:
            verb()
        except MoneyRefused as error:
            # a step back in the life of a payout is refused, which also moves nothing
            assert "付款" in str(error)
        assert count_transfers() == before

    @rule()
    def it_is_rolled_up(self):
        """Balances do not depend on it."""
        roll_up()

    @invariant()
    def balances_are_as_the_model_says(self):
        """And free money is never negative."""
        found = {one: money.minor for one, money in find_balances(ALL).items()}
        assert found == {one: self.has[one] for one in ALL}
        assert sum(found.values()) == 0
        assert find_spendable(FREE) == Money(self.spendable)
        assert self.spendable >= 0 and self.has[HELD] == sum(self.left.values())


@pytest.mark.slow
@pytest.mark.django_db
def test_the_ledger_is_its_model():
    """Over random histories of every verb, refusals and repetitions included, ledger and model
    agree at every step, and the check at the end finds nothing."""
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
