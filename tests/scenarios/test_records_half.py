"""Stories of the book told by records alone: a real order, what the market, the vault, the supplier
and the issuer wrote of it, and the same verdict as where the book says the facts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disputes.disputes_kit import (
    AT,
    BY_HAND,
    LATE,
    complain,
    delivered,
    make_shop,
    member,
    offer_with,
    run,
    undelivered,
)
from tests.market.fake_suppliers import running_supplier
from tests.market.market_kit import add_stock, pay, publish
from tests.market.supply_kit import get_order, order_top_up, supplied_shop, work
from tests.scenarios.pure_half import run_story
from tests.scenarios.scenario_book import stories

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.collect_facts import Asked, collect_facts
from gongdao.disputes.decide_liability import decide
from gongdao.disputes.models import Verdict
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.issuers import SandboxIssuer
from gongdao.front.stores import get_stores
from gongdao.front.worker.issuer_tasks import check_disputes
from gongdao.market.cancel_order import cancel_order
from gongdao.market.models import Order
from gongdao.market.offer import GoodsKind
from gongdao.market.states import CancelReason
from gongdao.payments.models import Refund
from gongdao.rules.dispute_queries import liability
from gongdao.vault.queries import get_units

pytestmark = pytest.mark.django_db(transaction=True)
SOON = AT + timedelta(seconds=30)


def never_delivered():
    """Nobody handed anything over by the promise."""
    complain(undelivered(), ReasonCode.NOT_DELIVERED)


def sold_to_two():
    """The vault holds one secret under two orders: a copy of the shelf that was put back."""
    shop = make_shop()
    first = delivered(shop, contact="a@example.invalid")
    other = delivered(shop, contact="b@example.invalid")
    (mine,), (his,) = (get_units(SubjectRef("order", one.id)) for one in (first, other))
    run("SET session_replication_role = replica")
    run("UPDATE vault_unit SET sealed_id = %s WHERE id = %s", mine.unit, his.unit)
    run("SET session_replication_role = DEFAULT")
    complain(first, ReasonCode.DELIVERED_TWICE)


def used_before():
    """The issuer dates the first use before the buyer read the secret."""
    shop = make_shop(stock=0)
    add_stock(shop.sku, ["SANDBOX-USED-20261123T040100Z"])
    complain(delivered(shop), ReasonCode.REDEEMED_BEFORE)
    at = LATE + timedelta(minutes=1)
    assert check_disputes(issuers={"game_card": SandboxIssuer(clock=lambda: at)}, at=at) == 1


def smaller_face():
    """The batch came in while the listing named 80, and was sold as 100."""
    small = offer_with(denomination="80", price=Money(7600))
    shop = make_shop(stock=1, offer=small)
    publish(shop.listing, offer_with(denomination="100", price=Money(9500)), at=SOON)
    complain(delivered(shop, at=SOON), ReasonCode.WRONG_DENOMINATION)


def sold_test_cards():
    """The batch came in while the listing sold test cards."""
    shop = make_shop(stock=1, offer=offer_with(kind=GoodsKind.TEST_CARD))
    publish(shop.listing, offer_with(kind=GoodsKind.RETAIL_CARD), at=SOON)
    complain(delivered(shop, at=SOON), ReasonCode.TEST_CARD)


def supplier_silent():
    """The supplier took the order and never said what became of it, for more than a day."""
    with running_supplier() as fake:
        placed = order_top_up(supplied_shop(fake))
        pay(placed)
        work(AT + timedelta(minutes=2))
    complain(get_order(placed), ReasonCode.SUPPLIER_UNKNOWN, at=AT + timedelta(hours=26))


TOLD = {
    "overdue": never_delivered,
    "twice": sold_to_two,
    "redeemed-before": used_before,
    "face-too-small": smaller_face,
    "test-card": sold_test_cards,
    "supplier-too-long": supplier_silent,
}


def book(name):
    """A story of the book."""
    return next(one for one in stories() if one.id == name)


@pytest.mark.parametrize("name", sorted(TOLD))
def test_records_alone_come_to_the_same_verdict(name):
    """The same row, remedy, shares of the fault and part of the price; by rules, and to be judged
    anew by anybody."""
    TOLD[name]()
    story, row = book(name), Verdict.objects.get()
    told = run_story(story).verdict
    file = read_verdict(row.file.encode())
    assert row.automatic and differs(file) == ()
    assert (file.finding.row, file.result.remedy) == (story.ends.row, told.result.remedy)
    assert row.fault == {part.party.value: part.percent for part in told.result.parts}
    paid = row.case.order.total_minor
    assert file.result.amount_minor * story.paid == told.result.amount_minor * paid


def test_a_merchant_who_cancels_is_the_row_of_the_book():
    """His deed sends all of the money back by itself; what is recorded is the row of the story."""
    shop, at = make_shop(stock=0, offer=BY_HAND), AT + timedelta(minutes=3)
    one, stores = undelivered(shop), get_stores()
    assert cancel_order(
        stores=stores,
        order_id=one.id,
        merchant_id=shop.merchant.id,
        reason=CancelReason.NO_STOCK,
        words="货源断了，对不起。",
        by=member(shop).id,
        at=at,
    )
    asked = Asked(ReasonCode.CANCELLED_BY_MERCHANT)
    one = Order.objects.get(id=one.id)
    facts = collect_facts(stores=stores, order=one, asked=asked, case_id=None, at=at)
    table = liability("cancelled_by_merchant", at.date())
    assert decide(facts=facts, table=table).row == book("cancelled").ends.row
    assert Refund.objects.get().amount_minor == one.total_minor
