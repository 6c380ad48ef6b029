"""Orders against a small model of them: whatever hypothesis makes happen in whatever order, the
market's invariants 1 to 5 hold after every step."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.database import empty_filled_tables
from tests.market.market_kit import AT, make_shop, order, pay

from gongdao.core.errors import NotDelivered, StockShort, TooManyReserved, WrongStockState
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.market.expire_orders import expire_orders
from gongdao.market.find_order import find_order
from gongdao.market.give_back import give_back, refund_confirmed
from gongdao.market.models import Order
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.reveal_order import reveal_order
from gongdao.market.watch_orders import watch_orders
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.models import Refund
from gongdao.payments.sandbox_book import TableBook
from gongdao.vault.models import Batch
from gongdao.vault.withdraw_batch import withdraw_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
STOCK = 4
_UNITS = """
SELECT o.number, count(c.unit_id) FROM market_order o
LEFT JOIN vault_claim c ON c.owner_id = o.id AND c.state = 'allocated' GROUP BY o.id
"""


class Orders(RuleBasedStateMachine):
    """One listing with four secrets, and what its buyers may expect of each order."""

    placed = Bundle("placed")

    def __init__(self):
        super().__init__()
        empty_filled_tables()
        from gongdao.market import market_key, shown

        market_key._held.clear()
        market_key._derived.clear()
        shown.find_shown.cache_clear()
        self.stores, self.shop = get_stores(), make_shop(stock=STOCK)
        self.after = timedelta()
        self.model = {}  # number → unpaid | expired | delivered | back | completed
        self.seen = {}  # number → the secret its buyer read
        self.on_sale = True
        book = TableBook()
        self.gateways = {"sandbox": Sandbox(key=b"k", pay_url="", book=book)}

    @property
    def now(self):
        """The moment that the market is told."""
        return AT + self.after

    def _shelf(self):
        """How many secrets are neither set aside nor anybody's."""
        taken = Counter(self.model.values())
        return STOCK - taken["unpaid"] - taken["delivered"] - taken["completed"] - self.burnt

    burnt = 0
    """Secrets of orders that were given back: they were somebody's, and are not sold again."""

    @rule(target=placed, buyer=st.integers(0, 2))
    def place(self, buyer):
        """Goods are set aside, or it is said that there are none."""
        try:
            one = order(self.shop, contact=f"b{buyer}@example.com", at=self.now)
        except StockShort:
            assert not self.on_sale or self._shelf() == 0
            return multiple()
        except TooManyReserved:
            return multiple()
        assert self.on_sale and self._shelf() > 0
        self.model[one.number] = "unpaid"
        return one

    @rule(one=placed, trade=st.integers(0, 1))
    def pay(self, one, trade):
        """Money in time or late, the same or other money again: goods once, or all of it back."""
        before = self.model[one.number]
        deed = pay(one, trade_no=f"T{one.number}{trade}", after=self.after).deed
        if before == "unpaid":
            self.model[one.number] = "delivered"
        elif before in ("expired", "recalled"):
            fits = self.on_sale and self._shelf() > 0
            self.model[one.number] = "delivered" if fits else "back"
        else:
            assert deed is None or deed.value == "give_back"

    @rule(minutes=st.sampled_from([1, 16, 60 * 49]))
    def later(self, minutes):
        """Time passes; reservations lapse."""
        self.after += timedelta(minutes=minutes)
        expire_orders(stores=self.stores, at=self.now)
        for number, state in self.model.items():
            if state == "unpaid" and self._row(number).reserved_until <= self.now:
                self.model[number] = "expired"

    def _row(self, number):
        return Order.objects.get(number=number)

    @rule(one=placed)
    def reveal(self, one):
        """The same secret each time, nobody else's; nothing where nothing is delivered."""
        found = find_order(stores=self.stores, number=one.number, code=one.code, at=self.now)
        try:
            (secret,) = reveal_order(stores=self.stores, order=found, who="b", at=self.now)
        except NotDelivered:
            assert self.model[one.number] not in ("delivered", "completed")
            return
        assert self.model[one.number] in ("delivered", "completed")
        text = secret.fields["secret"]
        assert self.seen.setdefault(one.number, text) == text

    @rule(one=placed)
    def confirm(self, one):
        """The buyer's word releases the money, once."""
        done = confirm_receipt(stores=self.stores, order_id=self._row(one.number).id, at=self.now)
        assert done == (self.model[one.number] == "delivered")
        if done:
            self.model[one.number] = "completed"

    @rule(one=placed)
    def refund(self, one):
        """A delivered order is given back, once; a completed one is not."""
        row = self._row(one.number)
        paid_for = self.model[one.number] == "delivered"
        if self.model[one.number] in ("unpaid", "expired", "recalled"):
            return
        assert (
            give_back(stores=self.stores, order_id=row.id, why="not_owed", at=self.now) == paid_for
        )
        if paid_for:
            self.model[one.number], self.burnt = "back", self.burnt + 1

    @rule()
    def release(self):
        """Protection that has ended releases what is left."""
        due = [
            number
            for number, state in self.model.items()
            if state == "delivered" and self._row(number).protected_until <= self.now
        ]
        assert release_due(stores=self.stores, at=self.now) == len(due)
        self.model |= dict.fromkeys(due, "completed")

    @rule()
    def carry_out(self):
        """Refunds are paid out by the service and booked."""
        carry_out_refunds(
            gateways=self.gateways,
            confirmed=lambda refund: refund_confirmed(
                stores=self.stores, refund=refund, at=self.now
            ),
            at=self.now,
        )

    @rule()
    def withdraw(self):
        """The batch is recalled: what is unsold goes off the shelf, what is sold stays."""
        batch = Batch.objects.values_list("id", flat=True).get()
        try:
            withdraw_batch(stores=self.stores, batch=batch, reason="test", at=self.now)
        except WrongStockState:
            assert not self.on_sale
        if self.on_sale:
            self.on_sale = False
            for number, state in self.model.items():
                if state == "unpaid":
                    self.model[number] = "recalled"

    @rule()
    def watch(self):
        """The watchdog finds nothing to do but slow refunds, since all is as it should be."""
        done = watch_orders(stores=self.stores, at=self.now)
        assert not done.refused
        codes = {verdict.code for verdict in done.found.values()}
        assert codes <= {"refund_slow", "past_reservation"}, codes

    @invariant()
    def holds(self):
        """One secret has one owner, a claim is whole or its money goes back, one payment is one
        delivery, all money sums to zero, and a hold is left by a named ground alone."""
        with connection.cursor() as cursor:
            cursor.execute(_UNITS)
            units = dict(cursor.fetchall())
        states = dict(Order.objects.values_list("number", "state"))
        for number, state in self.model.items():
            if state in ("delivered", "completed"):
                assert (units[number], states[number]) == (1, state)
            elif state == "back":
                assert states[number] in ("refunding", "refunded")
            else:
                assert (units[number], states[number]) in ((0, "placed"), (0, "expired"))
        assert len(set(self.seen.values())) == len(self.seen)
        assert not [one for one in check_ledger().differences if one.code != "guard"]
        back = sum(state == "back" for state in self.model.values())
        assert Refund.objects.filter(credit__surplus=False).count() == back


def test_orders_follow_the_model():
    """Twenty runs of up to thirty steps."""
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
