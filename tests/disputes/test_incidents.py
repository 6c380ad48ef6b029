"""What counts as a fault of the payment service or the platform: what is recorded of this order and
touches its delivery, and nothing else."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    ACCOUNT,
    AT,
    BY_HAND,
    GATEWAY,
    HOUR,
    LATE,
    complain,
    make_shop,
    undelivered,
)
from tests.market.market_kit import order

from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.facts import FactName
from gongdao.disputes.models import Verdict
from gongdao.disputes.states import ReasonCode
from gongdao.front.stores import get_stores
from gongdao.market.confirm_payment import RESTORED_UNKNOWN, confirm_payment
from gongdao.market.lift_restored import BEHIND_LOG
from gongdao.market.models import Finding, Order
from gongdao.payments.port import Report, Told

pytestmark = pytest.mark.django_db(transaction=True)
AFTER = LATE - AT + timedelta(minutes=10)
"""A payment is believed so long after its order was placed: the goods were due by then."""


def paid(way, after, **more):
    """An order for goods delivered by hand whose payment was heard of in this way."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    confirm_payment(
        stores=get_stores(),
        report=Report(placed.number, "T1", Told.PAID, placed.total, ACCOUNT),
        gateway=GATEWAY,
        way=way,
        digest=hashlib.sha256(b"T1").digest(),
        at=AT + after,
        **more,
    )
    return Order.objects.get(number=placed.number)


def incidents(one, at=LATE):
    """Whether a fault of the payment service, and of the platform, is on record."""
    asked = Asked(ReasonCode.NOT_DELIVERED)
    facts = collect_facts(stores=get_stores(), order=one, asked=asked, case_id=None, at=at)
    return facts.get(FactName.GATEWAY_INCIDENT), facts.get(FactName.PLATFORM_INCIDENT)


def find(one, code):
    """The watchdog finds something at an order."""
    Finding.objects.create(order=one, code=code, deed="person", found_at=LATE, acted_at=LATE)


@pytest.mark.parametrize(
    ("way", "after", "incident"),
    [
        ("query", AFTER, True),
        ("bill", AFTER, True),
        ("callback", AFTER, False),
        ("query", timedelta(minutes=1), False),
    ],
)
def test_a_payment_that_was_not_told(way, after, incident):
    """The service told nothing, and asking found the payment when the goods were due already; told
    by the service, or found in time, it is no fault of the service's."""
    one = paid(way, after)
    assert one.state == "paid" and incidents(one, AT + after + HOUR) == (incident, False)


def test_its_fault_is_not_the_merchants():
    """The verdict names the payment service, and the buyer gets all of his money."""
    complain(paid("query", AFTER), ReasonCode.NOT_DELIVERED, at=LATE + HOUR)
    verdict = Verdict.objects.get()
    assert verdict.reason_code.endswith("/overdue_payment") and verdict.fault == {"payment": 100}


@pytest.mark.parametrize("code", ["refund_stuck", "release_refused"])
def test_money_that_does_not_go_on_proves_nothing_of_the_delivery(code):
    """A stuck refund or release leaves the fault for goods that never came with the merchant."""
    one = undelivered()
    find(one, code)
    assert incidents(one) == (False, False)
    complain(one, ReasonCode.NOT_DELIVERED, at=LATE + HOUR)
    assert Verdict.objects.get().fault == {"merchant": 100}


@pytest.mark.parametrize("code", ["secrets_missing", "payment_unknown", BEHIND_LOG])
def test_the_platforms_own_faults(code):
    """What the watchdog and the restore found broken here is the platform's fault."""
    one = undelivered()
    find(one, code)
    assert incidents(one) == (False, True)


def test_a_payment_in_a_lost_time():
    """Money that went back because the platform lost what it knew is the platform's fault, also
    when the order gives another reason by now."""
    one = paid("callback", timedelta(minutes=1), refuse=RESTORED_UNKNOWN)
    assert incidents(one) == (False, True)
    Order.objects.filter(id=one.id).update(why="refund_waits_for_service")
    assert incidents(Order.objects.get(id=one.id)) == (False, True)
