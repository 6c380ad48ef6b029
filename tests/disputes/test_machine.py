"""Disputes against what must always hold, in whatever order things happen: an open case has exactly
one clock, a closed one an end; money is conserved; nothing is given twice, of no piece more than
its price; what is over the limit was decided by two, and an appeal by others than before."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from itertools import chain, combinations
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.db.models import Count
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.disputes.authority_kit import end, hold
from tests.disputes.disputes_kit import (
    BUYER,
    BY_HAND,
    LATE,
    MERCHANT,
    OFFER,
    check_money,
    complain,
    delivered,
    fund,
    make_shop,
    paid_order,
    pay_refunds,
    person,
    tell,
)
from tests.disputes.test_pieces import ask_issuer
from tests.market.market_kit import add_stock

from gongdao.core.errors import ConflictOfInterest, DisputeRefused, InputError, NotYourMove
from gongdao.core.money import Money
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.authority_register import holds_of
from gongdao.disputes.clocks import StopReason
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.events import is_held
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
from gongdao.disputes.give_verdict import Ruling, give_verdict
from gongdao.disputes.hand_over import ask_party, take_case
from gongdao.disputes.models import AuthorityRequest, Case, Event, Remedy, Verdict
from gongdao.disputes.offers import Terms, accept_claim, accept_offer, decline_offer, offer
from gongdao.disputes.say import NewFile, name_excuse, say, withdraw
from gongdao.disputes.states import STEPS, Deed, Mover, ReasonCode, Step
from gongdao.disputes.stop_clock import Stop, resume_clock, stop_clock
from gongdao.disputes.verdict_file import Basis, differs
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
LIMIT = 10_000
"""What one person may decide alone, in minor units: more than one piece costs, less than two."""
PIECES = 3
SIDES = {"buyer": BUYER, "merchant": MERCHANT}
BY_PIECE = (ReasonCode.INVALID, ReasonCode.ALREADY_USED, ReasonCode.NOT_AS_DESCRIBED)
REASONS = [*BY_PIECE, ReasonCode.NOT_DELIVERED, ReasonCode.OTHER, ReasonCode.LATE]
PLACES = [(), (1,), (2,), (1, 2), (2, 3), (1, 2, 3)]
side_of = st.sampled_from(sorted(SIDES))
which = st.sampled_from([0, 0, 0, 1, 2])
"""Of the three orders mostly that of several pieces, so that cases about it follow each other."""
who_of = st.integers(0, 3)
COMPLAINT: dict[str, Any] = {
    "number": which,
    "reason": st.sampled_from(REASONS),
    "wanted": st.sampled_from(["refund", "replacement"]),
    "part": st.sampled_from([None, 1, 5000]),
    "places": st.sampled_from(PLACES),
}
"""What somebody can complain of; places count where reason and order have them."""


class World:
    """Three paid orders and the people of the platform, made once: every history begins in it and
    is undone at its end."""

    def __init__(self) -> None:
        shop = make_shop(stock=0, offer=OFFER)
        by_hand = make_shop(stock=0, offer=BY_HAND, merchant=shop.merchant)
        fund(AccountKind.PLATFORM_GUARANTEE, 10_000)
        bad, used = "SANDBOX-INVALID-1", "SANDBOX-USED-20261123T040100Z"
        add_stock(shop.sku, [bad, "SANDBOX-VALID-2", used])
        of_pieces = delivered(shop, quantity=PIECES, contact="b0@example.invalid")
        add_stock(shop.sku, ["CARD-ONE"])
        of_one = paid_order(shop, contact="b1@example.invalid")
        add_stock(shop.sku, ["SANDBOX-VALID-4", "SANDBOX-INVALID-5"])
        self.orders = [of_pieces, of_one, paid_order(by_hand, contact="b2@example.invalid")]
        self.people = [person(name).id for name in ("anna", "boris", "carla", "dora")]


class Disputes(RuleBasedStateMachine):
    """Three orders, four people of the platform, and everybody pressing everything."""

    cases = Bundle("cases")
    world: ClassVar[World]

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.now = LATE
        self.orders, self.people = self.world.orders, self.world.people
        self.said: dict[Any, tuple[Any, Ruling]] = {}
        self.moves, self.seen = 1, dict[str, int]()
        self.ids = [one.id for one in self.orders]

    def _cases(self):
        """The cases of this history."""
        return Case.objects.filter(order__in=self.ids)

    def _try(self, verb, **more):
        """Do it, or be told that it cannot be done now."""
        try:
            done = verb(stores=get_stores(), at=self.now, **more)
        except (ConflictOfInterest, DisputeRefused, NotYourMove):
            return None
        self.moves += 1
        return done

    def _is_new(self, what):
        """Whether anything moved since ``what`` was looked at."""
        before, self.seen[what] = self.seen.get(what), self.moves
        return before != self.moves

    def _sweep(self):
        """Everything that happens by itself."""
        self.moves += 1
        stores = get_stores()
        watch_orders(stores=stores, at=self.now)
        follow_orders(stores=stores, at=self.now)
        fire_due_clocks(stores=stores, at=self.now)
        release_due(stores=stores, at=self.now)

    @initialize(target=cases, **COMPLAINT)
    def begin(self, **what):
        """Somebody complains: without that nothing happens."""
        return self._complain(**what)

    @rule(target=cases, **COMPLAINT)
    def open(self, **what):
        """A complaint, about all or a part, or about some of the pieces."""
        return self._complain(**what)

    def _complain(self, number, reason, wanted, part, places):
        named = places if number == 0 and reason in BY_PIECE else ()
        more = {"at": self.now, "wanted": wanted, "minor": part, "places": named}
        try:
            case = complain(self.orders[number], reason, **more)
        except DisputeRefused:
            return None
        self.moves += 1
        return case.id

    @rule(case=cases, by=side_of, minor=st.integers(1, 9800))
    def offer(self, case, by, minor):
        """Either side offers."""
        if case:
            terms = Terms(Kind.REFUND_PART, minor)
            with suppress(InputError):  # more than is left of the pieces
                self._try(offer, case_id=case, by=SIDES[by], terms=terms)

    @rule(case=cases, by=side_of, yes=st.booleans())
    def answer_offer(self, case, by, yes):
        """Either side answers the newest offer."""
        row = Case.objects.get(id=case).offers.order_by("-number").first() if case else None
        if row is not None:
            verb = accept_offer if yes else decline_offer
            self._try(verb, case_id=case, offer_id=row.id, by=SIDES[by])

    @rule(case=cases.filter(bool))
    def accept(self, case):
        """The merchant grants the claim."""
        with suppress(InputError):  # he gave other secrets for all of it
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

    @rule(
        case=cases,
        who=who_of,
        remedy=st.sampled_from([Kind.NONE, Kind.REFUND_PART, Kind.REFUND_FULL, Kind.REPLACEMENT]),
        minor=st.integers(1, 30_000),
        platform=st.booleans(),
    )
    def decide(self, case, who, remedy, minor, platform):
        """A person decides, for anybody's money, or comes to what a second has to come to."""
        if not case:
            return
        shares = {} if remedy is Kind.NONE else {"platform" if platform else "merchant": 100}
        given = minor if remedy in (Kind.REFUND_PART, Kind.REFUND_FULL) else 0
        reason = Case.objects.get(id=case).reason
        ruling = Ruling(remedy, given, shares, WHY, [f"liability/{reason}"])
        self._rule(case, self.people[who], ruling)

    def _rule(self, case, by, ruling):
        with suppress(InputError):  # more than is left of the pieces, or nobody said which
            done = self._try(give_verdict, case_id=case, by=by, ruling=ruling)
            self.said[case] = (by, ruling)
            return done
        return None

    @rule(case=cases, who=who_of)
    def agree(self, case, who):
        """Somebody else comes to what the last one said."""
        if case in self.said:
            self._rule(case, self.people[who], self.said[case][1])

    @rule(case=cases, whom=st.sampled_from([Mover.BUYER, Mover.MERCHANT]))
    def ask(self, case, whom):
        """Its owner asks a side for evidence."""
        owner = Case.objects.get(id=case).owner_id if case else None
        if owner:
            self._try(ask_party, case_id=case, by=owner, whom=whom, words=WHY)

    @rule(case=cases, reason=st.sampled_from(list(StopReason)), hours=st.sampled_from([None, 1]))
    def stand_still(self, case, reason, hours):
        """Its owner lets its clock stand still; what an authority asks does it by itself."""
        owner = Case.objects.get(id=case).owner_id if case else None
        if owner and reason is StopReason.LEGAL_HOLD:
            paper = f"paper {AuthorityRequest.objects.count()}"
            hold(Case.objects.get(id=case), at=self.now, hours=hours or 720, paper_no=paper)
        elif owner:
            what = Stop(reason, WHY, hours)
            with suppress(InputError):  # its hours are used up
                self._try(stop_clock, case_id=case, by=owner, stop=what)

    @rule(case=cases)
    def run_on(self, case):
        """Its owner lets it run on before its end."""
        owner = Case.objects.get(id=case).owner_id if case else None
        if owner:
            self._try(resume_clock, case_id=case, by=owner)

    @rule(number=st.integers(0, 2))
    def release_hold(self, number):
        """An authority takes the longest hold of an order back; two people say so."""
        rows = holds_of(order_id=self.ids[number], at=self.now)
        if rows:
            end(rows[0], at=self.now)
            self.moves += 1

    @rule(case=cases, who=who_of)
    def take(self, case, who):
        """Somebody answers for the case."""
        if case:
            self._try(take_case, case_id=case, user_id=self.people[who])

    @rule()
    def hear_issuer(self):
        """The issuer answers about the secrets of what was complained of today."""
        self.moves += ask_issuer(self.now)

    @rule(case=cases)
    def be_silent(self, case):
        """Whose move it is was told, and lets the clock run out."""
        row = Case.objects.get(id=case) if case else None
        if row is not None and row.clock_due_at and not row.clock_stop_until:
            tell(row, self.now)
            self.now = max(self.now, row.clock_due_at)
            self._sweep()

    @rule(hours=st.sampled_from([1, 25, 73, 300]), told=st.booleans())
    def later(self, hours, told):
        """Time passes, with or without notice; everything that happens by itself does."""
        if told:
            for case in self._cases().filter(state="open"):
                tell(case, self.now)
        self.now += timedelta(hours=hours)
        self._sweep()

    @precondition(lambda self: self.seen.get("execute") != self.moves)
    @rule()
    def execute(self):
        """The payment service pays, remedies go on; the ledger agrees with itself."""
        for _round in range(5):
            if not pay_refunds(self.now, rounds=1):
                break
        execute_remedies(stores=get_stores(), at=self.now + timedelta(minutes=20))
        self.moves += 1
        check_money()
        self._is_new("execute")

    @rule(number=st.integers(0, 2))
    def confirm(self, number):
        """A buyer says that it works."""
        done = confirm_receipt(stores=get_stores(), order_id=self.ids[number], at=self.now)
        self.moves += bool(done)

    @invariant()
    def one_clock_or_an_end(self):
        """Open: one clock, by the table, in the future or about to fire; closed: an outcome. And
        what a commit would check holds after each step."""
        if not self._is_new("clocks"):
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for case in self._cases().annotate(noted=Count("events")):
            step = Step(case.step)
            if case.state == "closed":
                assert step is Step.CLOSED and case.outcome and case.clock_due_at is None
            else:
                assert STEPS[step].mover.value == case.mover == case.clock_who
                assert case.clock_due_at is not None and not case.outcome
                assert (case.clock_stopped_at is None) == (case.clock_stop_until is None)
                if case.clock_stop_until:
                    most = dispute_stop(case.clock_stop_reason, case.rules_on).hours
                    last = case.clock_stopped_at + timedelta(hours=most)
                    assert case.clock_stop_until <= last
            assert case.noted == case.moves

    @invariant()
    def what_is_held_stands_still(self):
        """While a request holds an order's disputes, its open case stands still for a request."""
        if not self._is_new("holds"):
            return
        for case in self._cases().filter(state="open"):
            if holds_of(order_id=case.order_id, at=self.now):
                assert is_held(case, self.now)

    @invariant()
    def nothing_twice(self):
        """No order gives back more than was paid, of no pieces more than they cost, no other secret
        for what was paid back; and what steps ask is what was asked for."""
        if not self._is_new("money"):
            return
        steps = list(
            Remedy.objects.filter(case__order__in=self.ids)
            .exclude(state="failed")
            .select_related("case__order")
        )
        for order in self.orders:
            mine = [one for one in steps if one.case.order_id == order.id]
            numbers = [one.refund_no for one in mine if one.refund_no]
            assert len(numbers) == len(set(numbers))
        if steps:
            for order in self.orders:
                refunds = Refund.objects.filter(credit__intent__owner_id=order.id)
                back = sum(refunds.values_list("amount_minor", flat=True))
                assert back <= order.total_minor
            order = self.orders[0]
            of_pieces(order, [one for one in steps if one.case.order_id == order.id])
            of_secrets(steps)

    @invariant()
    def decided_by_enough(self):
        """Over the limit two people decided, and in an appeal none who had decided before."""
        if not self._is_new("deciders"):
            return
        before: dict[Any, set[Any]] = {}
        rows = Verdict.objects.filter(case__order__in=self.ids, decided_by__isnull=False)
        for row in rows.select_related("case").order_by("case", "number"):
            now = {one for one in (row.decided_by_id, row.seconded_by_id) if one}
            assert not now & before.get(row.case_id, set())
            before[row.case_id] = now | before.get(row.case_id, set())
            if max(row.amount_minor, row.case.amount_minor) > LIMIT:
                assert len(now) == 2

    def teardown(self):
        """Left alone long enough every case ends, every verdict recomputes, and no money waits
        without an owner; then all of it is undone."""
        try:
            self._come_to_an_end()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    def _come_to_an_end(self):
        fund(AccountKind.PLATFORM_GUARANTEE, 120_000)
        for _ in range(14):
            if not self._cases().filter(state="open").exists():
                break
            self.later(hours=300, told=True)
            self.execute()
            self.nothing_twice()
        left = self._cases().filter(state="open")
        assert not left.exists(), list(left.values_list("step", "needs_person"))
        for row in Verdict.objects.filter(case__order__in=self.ids):
            assert differs(read_verdict(row.file.encode())) == ()
        self.now += timedelta(days=30)
        self._sweep()
        self.execute()
        ended = set(Order.objects.filter(id__in=self.ids).values_list("state", flat=True))
        assert ended <= {"completed", "refunded"}
        check_money()
        self.one_clock_or_an_end()


def of_pieces(order: Order, steps: list[Remedy]) -> None:
    """However the money of cases is laid on the pieces that they were about, no piece gets more
    than its price: for any pieces, the cases about these alone gave no more than they cost. And
    nobody got another secret for pieces of whose price something went back before."""
    about = {step.case_id: _pieces_of(step.case) for step in steps}
    money = [one for one in steps if one.kind == "refund"]
    every = range(1, PIECES + 1)
    for these in map(set, chain.from_iterable(combinations(every, n) for n in every)):
        price = -(-order.total_minor * len(these) // PIECES)
        inside = [one for one in money if about[one.case_id] <= these]
        assert sum(one.amount_minor for one in inside) <= price, (these, about)
        for other in steps:
            if other.kind == "replacement" and about[other.case_id] == these:
                before = [one for one in inside if one.planned_at < other.planned_at]
                assert not before, (these, about)


def of_secrets(steps: list[Remedy]) -> None:
    """What a case gave, in money and in other secrets, is no more than its pieces cost; and where
    the platform bears a part of a secret, it pays the merchant who gave it."""
    for case in {one.case for one in steps if one.kind == "replacement" and one.state == "done"}:
        mine = [one for one in steps if one.case_id == case.id]
        given = [one for one in mine if one.kind == "replacement" and one.state == "done"]
        order = case.order
        about = _pieces_of(case) if order.quantity > 1 else {1}
        worth = sum(one.drawn["units"] for one in given) * order.total_minor // order.quantity
        paid = sum(one.amount_minor for one in mine if one.kind == "refund")
        assert worth + paid <= -(-order.total_minor * len(about) // order.quantity), (about, mine)
        for one in given:
            row = case.verdicts.get(number=int(one.basis.partition(":")[2]))
            costs = [it for it in mine if (it.kind, it.basis) == ("replacement_cost", one.basis)]
            assert len(costs) == ("platform" in row.fault), (row.fault, costs)


def _pieces_of(case: Case) -> set[int]:
    """What a case is about: the pieces that records found bad where these decided, else those that
    the buyer named, else all."""
    row = case.verdicts.order_by("-number").first()
    found = _found_in(row.file) if row is not None else ()
    return set(found or case.places or range(1, PIECES + 1))


@lru_cache(maxsize=64)
def _found_in(file: str) -> tuple[int, ...]:
    read = read_verdict(file.encode())
    return read.facts.places(FactName.AFFECTED_PLACES) if read.basis is Basis.RULES else ()


def test_disputes_hold_whatever_happens(monkeypatch):
    """Random histories keep every promise after every step, and all of them come to an end."""
    limit = "gongdao.disputes.give_verdict.second_arbiter_limit"
    monkeypatch.setattr(limit, lambda _on: Money(LIMIT))
    Disputes.world = World()
    run_state_machine_as_test(
        Disputes,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert not Case.objects.exists() and not Event.objects.exists()
