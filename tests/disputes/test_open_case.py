"""Opening a dispute: what is clear is decided and carried out at once, the rest gets its clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from tests.disputes.disputes_kit import (
    AT,
    HOUR,
    LATE,
    check_money,
    complain,
    delivered,
    make_shop,
    pay_refunds,
    undelivered,
)

from gongdao.core.errors import DisputeRefused
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.models import Case, Event, Remedy, Verdict
from gongdao.disputes.states import ReasonCode, Step
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.stores import get_stores
from gongdao.ledger.models import LedgerHold
from gongdao.log.models import LogPending
from gongdao.market.models import Order
from gongdao.market.release_orders import release_due
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)


def test_not_delivered_is_refunded_with_the_verdict():
    """A complaint about goods that are late by the records is decided, its refund asked for, and
    closed when the payment service has confirmed."""
    one = undelivered()
    case = complain(one, ReasonCode.NOT_DELIVERED, at=LATE + HOUR)
    verdict = Verdict.objects.get()
    assert verdict.automatic and verdict.amount_minor == one.total_minor
    assert differs(read_verdict(verdict.file.encode())) == ()
    assert (case.state, case.step) == ("open", Step.EXECUTING)
    assert Order.objects.get().state == "refunding"
    assert Remedy.objects.get().state == "asked"
    pay_refunds(LATE + HOUR)
    assert execute_remedies(stores=get_stores(), at=LATE + 2 * HOUR) == 1
    case.refresh_from_db()
    assert (case.state, case.outcome, case.clock_due_at) == ("closed", "upheld", None)
    assert Order.objects.get().state == "refunded"
    assert Refund.objects.get().amount_minor == one.total_minor
    kinds = list(Event.objects.order_by("number").values_list("kind", flat=True))
    assert kinds == ["opened", "decided", "executed", "closed"]
    leaves = LogPending.objects.filter(subject=case.log_subject)
    assert leaves.count() == 4 and b"CNY" not in b"".join(bytes(x.entry) for x in leaves)
    check_money()


def test_before_the_promise_it_rests():
    """Nothing is late yet: the case waits for the promise with a clock of its own."""
    case = complain(undelivered(), ReasonCode.NOT_DELIVERED, at=AT + timedelta(minutes=5))
    assert (case.state, case.step, case.clock_unit) == ("open", Step.DELIVERY_DUE, "until")
    assert not Verdict.objects.exists()


def test_used_secret_goes_to_the_merchant_and_its_money_waits():
    """What the records do not decide is the merchant's move; the disputed money is not released
    when protection ends, and a second complaint finds the first."""
    one = delivered()
    case = complain(one, ReasonCode.ALREADY_USED, words="卡密已被使用")
    assert (case.step, case.mover) == (Step.MERCHANT_ANSWER, "merchant")
    fence = LedgerHold.objects.get(purpose__startswith="dispute:")
    assert fence.left_minor == one.total_minor
    release_due(stores=get_stores(), at=AT + timedelta(days=9))
    fence.refresh_from_db()
    assert fence.left_minor == one.total_minor
    assert complain(one, ReasonCode.ALREADY_USED).id == case.id
    assert Case.objects.count() == 1
    check_money()


def test_unpaid_orders_have_no_disputes():
    """Where nothing was paid there is nothing to decide."""
    from tests.market.market_kit import order

    placed = order(make_shop())
    with pytest.raises(DisputeRefused):
        complain(Order.objects.get(number=placed.number), ReasonCode.OTHER)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dispute_case SET clock_due_at = NULL",
        "UPDATE dispute_case SET state = 'closed'",
        "UPDATE dispute_case SET mover = 'buyer'",
        "UPDATE dispute_case SET clock_stopped_at = now()",
        "UPDATE dispute_case SET rules_on = '2020-01-01'",
        "UPDATE dispute_event SET kind = 'x'",
        "UPDATE dispute_fact SET value = '1'",
        "DELETE FROM dispute_case",
    ],
)
def test_the_database_refuses(change):
    """An open case without a clock, a rewritten record, a vanished case: none of it can be."""
    from tests.disputes.disputes_kit import run

    complain(delivered(), ReasonCode.ALREADY_USED)
    with pytest.raises(DatabaseError), transaction.atomic():
        run(change)
