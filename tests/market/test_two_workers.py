"""Two workers do the same thing at once: each thing is done once, and without the lock that sees to
it the test sees that it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.market.fake_suppliers import running_supplier
from tests.market.market_kit import ACCOUNT, AT, GATEWAY, make_shop, order, pay
from tests.market.supply_kit import BY_HAND, order_top_up, supplied_shop
from tests.market.two_workers import Met, meet

from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.models import LedgerTransfer
from gongdao.log.models import LogPending
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.decide_top_up import Told as SupplierTold
from gongdao.market.decide_top_up import Way
from gongdao.market.expire_orders import expire_orders
from gongdao.market.give_back import give_back, refund_confirmed
from gongdao.market.models import BuyerPace, Finding, Handover, Order, TopUp
from gongdao.market.release_orders import confirm_receipt, release_due
from gongdao.market.suppliers.port import SupplierWord
from gongdao.market.top_up import begin_top_ups, claim_top_up
from gongdao.market.top_up_answers import take_word
from gongdao.market.watch_orders import check_payments, watch_order
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.models import Credit, Intent
from gongdao.payments.port import Report, Told
from gongdao.payments.read_bills import read_bills
from gongdao.payments.reconcile import ask_about_unpaid
from gongdao.payments.sandbox_book import TableBook, keep_payment
from gongdao_verify.leaf_form import parse_leaf

pytestmark = pytest.mark.django_db(transaction=True)
locked = pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
LATER = AT + timedelta(hours=1)
OVER = AT + timedelta(hours=49)


def without(locked: bool, *parts: str | tuple[str, str]) -> dict[str, Any]:
    """What a control leaves out of the statements; of a pair, what it says there instead."""
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    return {} if locked else {"without": dict(pairs)}


def failed(met: Met) -> bool:
    """Whether one of the two ran into the other."""
    return isinstance(met.first, Exception) or isinstance(met.second, Exception)


def leaves() -> Counter[str]:
    """How often each thing is told the public log about orders."""
    rows = LogPending.objects.filter(subject__in=Order.objects.values("log_subject"))
    types = [parse_leaf(bytes(one.entry)).type for one in rows]
    return Counter(one.removeprefix("order.") for one in types)


def balanced() -> bool:
    """Whether the books agree; that a test's database lays its guards aside is no difference."""
    return not [one for one in check_ledger().differences if one.code != "guard"]


def paid(shop, **more: Any) -> Order:
    """A paid order."""
    placed = order(shop, **more)
    pay(placed)
    return Order.objects.get(number=placed.number)


@locked
def test_expiry(locked):
    """One sweep takes the orders, the other none, and the log is told once."""
    order(make_shop())
    met = meet(
        partial(expire_orders, stores=get_stores(), at=LATER),
        after="SET state = 'expired'",
        **without(locked, "FOR UPDATE SKIP LOCKED", "AND state = 'placed'\n"),
    )
    if not locked:
        assert failed(met)
        return
    assert (met.first, met.second, leaves()["expired"]) == (1, 0, 1)


@locked
def test_release(locked):
    """One releases, the other finds nothing to release and no trouble."""
    one = paid(make_shop())
    met = meet(
        partial(release_due, stores=get_stores(), at=OVER),
        after="FOR UPDATE OF o SKIP LOCKED",
        **without(locked, "FOR UPDATE OF o SKIP LOCKED"),
    )
    if not locked:
        assert failed(met) or Finding.objects.filter(code="release_refused").exists()
        return
    kinds = Counter(LedgerTransfer.objects.filter(owner_id=one.id).values_list("kind", flat=True))
    assert (met.first, met.second, leaves()["released"]) == (1, 0, 1)
    assert kinds == Counter(hold=1, release=1, fee=1) and balanced()
    assert not Finding.objects.exists()


@locked
def test_the_buyers_word_and_the_release(locked):
    """The buyer confirms while a worker releases: one ground, the money once."""
    one = paid(make_shop())
    lock = "AND state = 'delivered' FOR UPDATE"
    met = meet(
        partial(confirm_receipt, stores=get_stores(), order_id=one.id, at=OVER),
        partial(release_due, stores=get_stores(), at=OVER),
        after=lock,
        **without(locked, "FOR UPDATE OF o SKIP LOCKED", " FOR UPDATE"),
    )
    if not locked:
        assert failed(met)
        return
    one.refresh_from_db()
    assert (met.first, met.second, one.why) == (True, 0, "confirmation")
    assert leaves()["released"] == 1 and balanced()


@locked
@pytest.mark.parametrize("ground", ["past_reservation", "promise_broken"])
def test_the_watchdog(locked, ground):
    """Both find the same order: one acts, the other leaves it alone."""
    if ground == "past_reservation":
        order(make_shop())
    else:
        paid(make_shop(stock=0, offer=BY_HAND))
    one = Order.objects.get()
    met = meet(
        partial(watch_order, stores=get_stores(), order_id=one.id, at=LATER),
        after="o.promise_by, o.paid_at, a.deliver_from",
        **without(locked, "FOR UPDATE SKIP LOCKED", *_GUARDS.get(ground, ())),
    )
    if not locked:
        assert failed(met)
        return
    assert (met.first.code, met.second, Finding.objects.get().times) == (ground, None, 1)
    told = leaves()
    assert told["expired"] + told["refund_requested"] == 1 and balanced()


_GUARDS = {"promise_broken": (("state = ANY(%s)", "%s::text[] IS NOT NULL"),)}


@locked
def test_the_watchdogs_look_at_payments(locked):
    """Each payment is counted once towards its buyer's pace."""
    offer = replace(BY_HAND, price=Money(50_000))
    paid(make_shop(stock=0, offer=offer))
    assert check_payments(at=AT) == []  # where it stands is a row from now on
    look = partial(check_payments, at=LATER)
    met = meet(look, after="(SELECT upto FROM market_cursor", **without(locked, " FOR UPDATE"))
    assert (met.first, met.second, met.waited) == ([], [], locked)
    assert BuyerPace.objects.get().orders == (1 if locked else 2)


@pytest.fixture
def topped_up(db):
    """A paid order that a supplier delivers."""
    with running_supplier() as supplier:
        placed = order_top_up(supplied_shop(supplier))
        pay(placed)
        yield Order.objects.get()


@locked
def test_the_beginning_of_a_top_up(topped_up, locked):
    """Its pieces are written down once."""
    met = meet(
        partial(begin_top_ups, stores=get_stores(), at=LATER),
        after="FOR UPDATE OF o SKIP LOCKED",
        **without(locked, "FOR UPDATE OF o SKIP LOCKED"),
    )
    if not locked:
        assert failed(met)
        return
    assert (met.first, met.second, TopUp.objects.count()) == (1, 0, 1)


_CLAIMED = 'FOR UPDATE OF "market_topup" SKIP LOCKED'


@locked
def test_whoever_talks_to_the_supplier(topped_up, locked):
    """One worker has the top-up, the other has nothing to ask about."""
    begin_top_ups(stores=get_stores(), at=LATER)
    met = meet(
        partial(claim_top_up, stores=get_stores(), root="http://market.test", at=LATER),
        after=_CLAIMED,
        **without(locked, _CLAIMED),
    )
    if not locked:
        assert met.first.asks and met.second.asks  # he would be asked twice
        return
    assert met.first.asks and met.second is None and TopUp.objects.get().asks == 1


@locked
def test_an_answer_and_a_callback(topped_up, locked):
    """The supplier says done to the one who asked and to our door: delivered once, told once."""
    begin_top_ups(stores=get_stores(), at=LATER)
    row = TopUp.objects.get()
    say = partial(
        take_word,
        stores=get_stores(),
        top_up_id=row.id,
        word=SupplierWord(SupplierTold.DONE, "test", b"raw", payload="KAMI-1"),
        at=LATER,
    )
    lock = ' FOR UPDATE OF "market_topup"'
    met = meet(
        partial(say, way=Way.POLL),
        partial(say, way=Way.CALLBACK),
        after=lock,
        **without(locked, lock, " FOR UPDATE"),
    )
    if not locked:
        assert failed(met)
        return
    assert (met.first, met.second, met.waited) == ("done", "done", True)
    assert (Handover.objects.count(), leaves()["delivered"]) == (1, 1)
    topped_up.refresh_from_db()
    assert topped_up.state == "delivered"


class Counting(TableBook):
    """The sandbox's book; it counts how often it is asked for a refund."""

    asked = 0

    def keep_refund(self, *given: Any) -> None:
        """Remember it."""
        self.asked += 1
        super().keep_refund(*given)


@locked
def test_refunds(locked):
    """The service is asked by one of the two alone, and the money is booked once."""
    one, book = paid(make_shop()), Counting()
    give_back(stores=get_stores(), order_id=one.id, why="not_owed", at=AT)
    lock = 'FOR UPDATE OF "payments_refund" SKIP LOCKED'
    met = meet(
        partial(
            carry_out_refunds,
            gateways={"sandbox": Sandbox(key=b"k", pay_url="", book=book)},
            confirmed=lambda it: refund_confirmed(stores=get_stores(), refund=it, at=LATER),
            at=LATER,
        ),
        after=lock,
        **without(locked, lock),
    )
    if not locked:
        assert book.asked == 2
        return
    assert (met.first, met.second, book.asked) == (1, 0, 1)
    assert leaves()["refunded"] == 1 and balanced()


def _take(report: Report, gateway: str, way: str, digest: bytes) -> bool:
    done = confirm_payment(
        stores=get_stores(), report=report, gateway=gateway, way=way, digest=digest, at=LATER
    )
    return done.credited.is_new


@pytest.fixture
def lost_callback(db) -> Callable[..., Any]:
    """An order that was paid at the service, of which no callback told; a round of asking or of
    reading the bill."""
    placed = order(make_shop())
    report = Report(placed.number, "T1", Told.PAID, placed.total, ACCOUNT, AT)
    keep_payment(report, AT)
    Intent.objects.update(created_at=AT)
    gateways = {GATEWAY: Sandbox(key=b"k", pay_url="", book=TableBook())}
    return partial(_round, gateways)


def _never(_credit: Credit) -> None:
    raise AssertionError("the books say the same")


def _round(gateways: dict[str, Any], bill: bool) -> Any:
    if bill:
        tomorrow = AT + timedelta(days=1)
        return read_bills(
            gateways=gateways, take=_take, differs=_never, missing=_never, at=tomorrow
        )
    return ask_about_unpaid(gateways=gateways, take=_take, at=LATER)


_ASKED = (
    "asked_at + greatest(interval '1 minute', (asked_at - created_at) / 2) <=",
    "created_at <=",
)
"""An intent that was asked for is left alone for a while; or is not."""


@locked
def test_asking_for_lost_payments(lost_callback, locked):
    """One worker asks; the other sees that it was asked for, and does not ask again."""
    met = meet(
        partial(lost_callback, bill=False),
        after="UPDATE payments_intent SET asked_at",
        **without(locked, _ASKED),
    )
    assert met.first.looked + met.second.looked == (1 if locked else 2)
    assert Credit.objects.count() == 1 and leaves()["delivered"] == 1 and balanced()


@locked
def test_reading_the_bill(lost_callback, locked):
    """Both read the same bill: one finds the money, the other that it is there."""
    lock = "FOR UPDATE OF i, o, log_at"
    met = meet(partial(lost_callback, bill=True), after=lock, **without(locked, lock))
    if not locked:
        assert failed(met)
        return
    assert (len(met.first.found), len(met.second.found), met.waited) == (1, 0, True)
    assert Credit.objects.count() == 1 and leaves()["delivered"] == 1 and balanced()
