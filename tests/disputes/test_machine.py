"""Disputes against what must always hold, in whatever order things happen: an open case has exactly
one clock, a closed one an end; money is conserved; nothing goes back twice."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.disputes.disputes_kit import (
    BUYER,
    BY_HAND,
    LATE,
    MERCHANT,
    OFFER,
    check_money,
    complain,
    fund,
    make_shop,
    paid_order,
    pay_refunds,
    person,
    tell,
)
from tests.market.market_kit import add_stock

from gongdao.core.errors import DisputeRefused, InputError, NotYourMove
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.hand_over import ask_party, take_case
from gongdao.disputes.models import Case, Event, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, decline_offer, offer
from gongdao.disputes.say import NewFile, name_excuse, say, withdraw
from gongdao.disputes.states import STEPS, Deed, Mover, ReasonCode, Step
from gongdao.disputes.stop_clock import Stop, resume_clock, stop_clock
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.market.models import Order
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.watch_orders import watch_orders
from gongdao.payments.models import Refund
from gongdao.rules.dispute_queries import dispute_stop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
HISTORIES = int(os.environ.get("GONGDAO_DISPUTE_HISTORIES", "4"))
"""How many histories this run draws; the whole proof is a run with 10000."""
WHY = "双方的记录和录屏都看过，按公布的规则和举证责任这样认定。"
SIDES = {"buyer": BUYER, "merchant": MERCHANT}
side_of = st.sampled_from(sorted(SIDES))


class Disputes(RuleBasedStateMachine):
    """Three orders, two people of the platform, and everybody pressing everything."""

    cases = Bundle("cases")

    shops: ClassVar = []
    """The shop with secrets and the one that delivers by hand, shared by all histories."""
    drawn = 0

    def __init__(self):
        super().__init__()
        if not self.shops:
            shop = make_shop(stock=6, offer=OFFER)
            Disputes.shops += [shop, make_shop(stock=0, offer=BY_HAND, merchant=shop.merchant)]
        Disputes.drawn += 1
        add_stock(self.shops[0].sku, [f"MORE-{Disputes.drawn:06d}-{n}" for n in range(6)])
        self.now = LATE
        fund(AccountKind.PLATFORM_GUARANTEE, 30_000)
        shops = [self.shops[0], self.shops[0], self.shops[1]]
        self.orders = [
            paid_order(shop, contact=f"b{Disputes.drawn}-{place}@example.invalid")
            for place, shop in enumerate(shops)
        ]
        self.people = [person("anna").id, person("boris").id]

    def _cases(self):
        """The cases of this history."""
        return Case.objects.filter(order__in=self.orders)

    def _try(self, verb, **more):
        """Do it, or be told that it cannot be done now."""
        try:
            return verb(stores=get_stores(), at=self.now, **more)
        except (DisputeRefused, NotYourMove):
            return None

    @rule(
        target=cases,
        number=st.integers(0, 2),
        reason=st.sampled_from(
            [ReasonCode.ALREADY_USED, ReasonCode.NOT_DELIVERED, ReasonCode.OTHER, ReasonCode.LATE]
        ),
        wanted=st.sampled_from(["refund", "replacement"]),
        part=st.sampled_from([None, 1, 5000]),
    )
    def open(self, number, reason, wanted, part):
        """A complaint, about all or a part."""
        try:
            case = complain(self.orders[number], reason, at=self.now, wanted=wanted, minor=part)
        except DisputeRefused:
            return None
        return case.id

    @rule(case=cases, by=side_of, minor=st.integers(1, 9800))
    def offer(self, case, by, minor):
        """Either side offers."""
        if case:
            terms = Terms(Kind.REFUND_PART, minor)
            self._try(offer, case_id=case, by=SIDES[by], terms=terms)

    @rule(case=cases, by=side_of, yes=st.booleans())
    def answer_offer(self, case, by, yes):
        """Either side answers the newest offer."""
        row = Case.objects.get(id=case).offers.order_by("-number").first() if case else None
        if row is not None:
            verb = accept_offer if yes else decline_offer
            self._try(verb, case_id=case, offer_id=row.id, by=SIDES[by])

    @rule(case=cases)
    def accept(self, case):
        """The merchant grants the claim."""
        if case:
            self._try(accept_claim, case_id=case, by=MERCHANT)

    @rule(case=cases, code=st.sampled_from(["user_error", "virtual_goods", "upstream"]))
    def excuse(self, case, code):
        """The merchant names an excuse."""
        if case:
            self._try(name_excuse, case_id=case, by=MERCHANT, code=code, words=WHY)

    @rule(case=cases, by=side_of, deed=st.sampled_from([Deed.SAY, Deed.SHOW, Deed.CONTEST]))
    def speak(self, case, by, deed):
        """Words, evidence, or a denial."""
        if case:
            self._try(say, case_id=case, by=SIDES[by], deed=deed, words=WHY)

    @rule(case=cases, by=side_of)
    def withdraw(self, case, by):
        """Somebody takes it back."""
        if case:
            self._try(withdraw, case_id=case, by=SIDES[by])

    @rule(case=cases, by=side_of)
    def appeal(self, case, by):
        """Somebody appeals with new evidence."""
        if case:
            files, ground = [NewFile("a", b"a")], Ground.NEW_EVIDENCE
            self._try(appeal, case_id=case, by=SIDES[by], ground=ground, words=WHY, files=files)

    @rule(case=cases, who=st.integers(0, 1), minor=st.integers(0, 9800), platform=st.booleans())
    def decide(self, case, who, minor, platform):
        """A person decides, for anybody's money."""
        if not case:
            return
        shares = {"platform" if platform else "merchant": 100} if minor else {}
        remedy = Kind.REFUND_PART if minor else Kind.NONE
        reason = Case.objects.get(id=case).reason
        ruling = Ruling(remedy, minor, shares, WHY, [f"liability/{reason}"])
        self._try(give_verdict, case_id=case, by=self.people[who], ruling=ruling)

    @rule(case=cases, whom=st.sampled_from([Mover.BUYER, Mover.MERCHANT]))
    def ask(self, case, whom):
        """Its owner asks a side for evidence."""
        if case:
            owner = Case.objects.get(id=case).owner_id
            if owner:
                self._try(ask_party, case_id=case, by=owner, whom=whom, words=WHY)

    @rule(case=cases, reason=st.sampled_from(list(StopReason)), hours=st.sampled_from([None, 1]))
    def stand_still(self, case, reason, hours):
        """Its owner lets its clock stand still."""
        owner = Case.objects.get(id=case).owner_id if case else None
        if owner:
            what = Stop(reason, WHY, hours, reference="A-17")
            with suppress(InputError):  # its hours are used up
                self._try(stop_clock, case_id=case, by=owner, stop=what)

    @rule(case=cases)
    def run_on(self, case):
        """Its owner lets it run on before its end."""
        owner = Case.objects.get(id=case).owner_id if case else None
        if owner:
            self._try(resume_clock, case_id=case, by=owner)

    @rule(case=cases, who=st.integers(0, 1))
    def take(self, case, who):
        """Somebody answers for the case."""
        if case:
            self._try(take_case, case_id=case, user_id=self.people[who])

    @rule(hours=st.sampled_from([1, 25, 73, 300]), told=st.booleans())
    def later(self, hours, told):
        """Time passes, with or without notice; everything that happens by itself does."""
        if told:
            for case in self._cases().filter(state="open"):
                tell(case, self.now)
        self.now += timedelta(hours=hours)
        stores = get_stores()
        watch_orders(stores=stores, at=self.now)
        follow_orders(stores=stores, at=self.now)
        fire_due_clocks(stores=stores, at=self.now)
        release_due(stores=stores, at=self.now)

    @rule()
    def execute(self):
        """The payment service pays, remedies go on."""
        pay_refunds(self.now)
        execute_remedies(stores=get_stores(), at=self.now + timedelta(minutes=20))
        check_money()

    @rule(number=st.integers(0, 2))
    def confirm(self, number):
        """A buyer says that it works."""
        confirm_receipt(stores=get_stores(), order_id=self.orders[number].id, at=self.now)

    @invariant()
    def one_clock_or_an_end(self):
        """Open: one clock, by the table, in the future or about to fire; closed: an outcome."""
        for case in self._cases():
            step = Step(case.step)
            if case.state == "closed":
                assert step is Step.CLOSED and case.outcome and case.clock_due_at is None
            else:
                assert STEPS[step].mover.value == case.mover == case.clock_who
                assert case.clock_due_at is not None and not case.outcome
                assert (case.clock_stopped_at is None) == (case.clock_stop_until is None)
                most = (
                    dispute_stop(case.clock_stop_reason, case.rules_on).hours
                    if (case.clock_stop_until)
                    else 0
                )
                assert not most or case.clock_stop_until <= (
                    case.clock_stopped_at + timedelta(hours=most)
                )
            assert Event.objects.filter(case=case).count() == case.moves

    @invariant()
    def nothing_twice(self):
        """No order gives back more than was paid, and what steps ask is what was asked for."""
        for order in self.orders:
            refunds = Refund.objects.filter(credit__intent__owner_id=order.id)
            back = sum(refunds.values_list("amount_minor", flat=True))
            assert back <= order.total_minor
            steps = Remedy.objects.filter(case__order=order, state__in=["asked", "done"])
            numbers = [one for one in steps.values_list("refund_no", flat=True) if one]
            assert len(numbers) == len(set(numbers))

    def teardown(self):
        """Left alone long enough every case ends, every verdict recomputes, and no money waits
        without an owner."""
        fund(AccountKind.PLATFORM_GUARANTEE, 100_000)
        for _ in range(14):
            self.later(hours=300, told=True)
            self.execute()
            if not self._cases().filter(state="open").exists():
                break
        left = self._cases().filter(state="open")
        assert not left.exists(), list(left.values_list("step", "needs_person"))
        for row in Verdict.objects.filter(case__order__in=self.orders):
            assert differs(read_verdict(row.file.encode())) == ()
        release_due(stores=get_stores(), at=self.now + timedelta(days=30))
        ids = [one.id for one in self.orders]
        ended = set(Order.objects.filter(id__in=ids).values_list("state", flat=True))
        assert ended <= {"completed", "refunded"}
        check_money()


def test_disputes_hold_whatever_happens():
    """Random histories keep every promise after every step, and all of them come to an end."""
    Disputes.shops.clear()
    run_state_machine_as_test(
        Disputes,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
