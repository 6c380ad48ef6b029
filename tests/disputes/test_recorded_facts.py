"""Facts that the market's records give by themselves: the face value of stock, what was agreed,
what the buyer confirmed; each beside its control."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BUYER,
    HOUR,
    LATE,
    MERCHANT,
    OFFER,
    complain,
    delivered,
    make_shop,
    offer_with,
    pay_refunds,
    run,
)
from tests.market.market_kit import add_stock, publish

from gongdao.core.money import Money
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.decide_liability import Remedy as Kind
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.facts import FactName
from gongdao.disputes.models import Case, Verdict
from gongdao.disputes.offers import Terms, accept_offer, offer
from gongdao.disputes.states import ReasonCode, Step
from gongdao.front.stores import get_stores
from gongdao.market.order_receipt import snapshot_of
from gongdao.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)


def facts(order, reason, at=LATE):
    """What is recorded of an order for a complaint of this reason."""
    stores = get_stores()
    return collect_facts(stores=stores, order=order, asked=Asked(reason), case_id=None, at=at)


def shop_of_faces(stocked, sold):
    """A shop whose stock came in while the listing said ``stocked``, and that sells ``sold``."""
    first = offer_with(denomination=stocked, price=Money(4000))
    shop = make_shop(stock=0, offer=first)
    add_stock(shop.sku, ["FACE-1", "FACE-2", "FACE-3"])
    later = offer_with(denomination=sold, price=Money(9800))
    publish(shop.listing, later, at=AT + timedelta(seconds=1))
    return shop


def test_stock_of_a_smaller_face_value_is_decided_at_once():
    """Imported as 50, sold as 100: the records themselves show what is missing, of all pieces, and
    half of the price goes back."""
    order = delivered(shop_of_faces("50", "100"), quantity=2)
    complain(order, ReasonCode.WRONG_DENOMINATION)
    verdict = Verdict.objects.get()
    assert verdict.automatic and verdict.reason_code.endswith("/short")
    assert Refund.objects.get().amount_minor == order.total_minor // 2
    known = facts(order, ReasonCode.WRONG_DENOMINATION, LATE + HOUR)
    assert known.get(FactName.LISTING_FACE_MINOR) == 20_000
    assert known.get(FactName.AFFECTED_PLACES) == (1, 2)


@pytest.mark.parametrize("stocked", ["100", "200", "十次卡"])
def test_stock_that_says_the_same_or_more_proves_nothing(stocked):
    """A record that agrees with the order is the merchant's own word: nobody is refused by it."""
    order = delivered(shop_of_faces(stocked, "100"))
    case = complain(order, ReasonCode.WRONG_DENOMINATION)
    assert case.step == Step.MERCHANT_ANSWER and not Verdict.objects.exists()
    known = facts(order, ReasonCode.WRONG_DENOMINATION)
    assert known.get(FactName.DELIVERED_FACE_MINOR) is None


def test_what_the_buyer_confirmed_is_recorded_and_in_the_snapshot():
    """Confirmed at the order: the fact says so, and what the log commits to; not asked: neither."""
    shop = make_shop()
    asked = delivered(shop, no_return=True, contact="a@example.invalid")
    plain = delivered(shop, contact="b@example.invalid")
    assert facts(asked, ReasonCode.OTHER).get(FactName.NO_RETURN_CONFIRMED) is True
    assert facts(plain, ReasonCode.OTHER).get(FactName.NO_RETURN_CONFIRMED) is False
    assert snapshot_of(asked)["no_return"] is True and "no_return" not in snapshot_of(plain)


def test_a_late_delivery_is_no_change_of_mind():
    """Whoever complains of lateness claims a fault, whatever he confirmed; of other reasons that
    name none nobody says so for him."""
    order = delivered(make_shop(), no_return=True)
    for reason in (ReasonCode.LATE, ReasonCode.NOT_DELIVERED, ReasonCode.INVALID):
        assert facts(order, reason).get(FactName.DEFECT_CLAIMED) is True
    for reason in (ReasonCode.OTHER, ReasonCode.REFUSED_REFUND):
        assert facts(order, reason).get(FactName.DEFECT_CLAIMED) is None


def settled_for(minor):
    """An order about which both agreed on ``minor``, paid, and the case closed."""
    order, stores = delivered(make_shop(offer=OFFER)), get_stores()
    case = complain(order, ReasonCode.OTHER)
    terms = Terms(Kind.REFUND_PART, minor)
    one = offer(stores=stores, case_id=case.id, by=MERCHANT, terms=terms, at=LATE)
    accept_offer(stores=stores, case_id=case.id, offer_id=one, by=BUYER, at=LATE)
    pay_refunds(LATE)
    execute_remedies(stores=stores, at=LATE + timedelta(minutes=20))
    assert Case.objects.get().outcome == "settled"
    return order


def test_what_was_agreed_and_not_paid_is_carried_out():
    """An agreement that was carried out promises nothing more; one whose step failed for good is
    paid by the rules as soon as the buyer says so."""
    order = settled_for(3000)
    reason = ReasonCode.REFUSED_REFUND
    assert facts(order, reason, LATE + HOUR).get(FactName.REFUND_PROMISED_MINOR) == 0
    run("SET session_replication_role = replica")
    run("UPDATE dispute_remedy SET state = 'failed'")
    run("SET session_replication_role = DEFAULT")
    assert facts(order, reason, LATE + HOUR).get(FactName.REFUND_PROMISED_MINOR) == 3000
    complain(order, reason, LATE + HOUR)
    verdict = Verdict.objects.latest("at")
    assert verdict.automatic and verdict.reason_code.endswith("/promised")
    assert verdict.amount_minor == 3000
