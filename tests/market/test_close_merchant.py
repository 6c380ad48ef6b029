"""A shop closes: nothing new, what is open ends first, then the deposit goes back, once."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from tests.disputes.disputes_kit import BUYER, complain, delivered
from tests.market.market_kit import AT, make_shop, order, pay
from tests.market.supply_kit import BY_HAND

from gongdao.core.errors import InputError, NotEnoughMoney
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.models import Case
from gongdao.disputes.say import withdraw
from gongdao.disputes.states import ReasonCode
from gongdao.front.find_claims import find_claims
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_merchant_money
from gongdao.ledger.transfers import TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market import close_merchant as closing
from gongdao.market.accounts import merchant_account
from gongdao.market.close_merchant import (
    Claims,
    begin_closing,
    finish_closing,
    finish_closings,
)
from gongdao.market.models import Listing, Merchant, MerchantClosing, Order
from gongdao.market.pause_merchant import resume_merchant
from gongdao.market.publish_listing import publish_listing
from gongdao.market.release_orders import release_due
from gongdao.market.staff import Actor

pytestmark = pytest.mark.django_db(transaction=True)
DEPOSIT = Money(500_000)
DAY = timedelta(days=1)


@pytest.fixture
def shop(db):
    """A shop with ten secrets and its deposit."""
    shop = make_shop()
    admitted = NewLeaf("merchant.admitted", shop.merchant.log_subject)
    with transaction.atomic():
        append_leaves(stores=get_stores(), leaves=[admitted], at=AT)
    return shop


def _begin(shop, by="merchant"):
    given = {"merchant_id": shop.merchant.id, "wanted_by": by, "by": uuid4(), "reason": "不做了"}
    return begin_closing(stores=get_stores(), at=AT, **given)


def _finish(shop, at, find=find_claims):
    return finish_closing(
        stores=get_stores(), merchant_id=shop.merchant.id, find_claims=find, at=at
    )


def _money(shop):
    return find_merchant_money(merchant=SubjectRef("merchant", shop.merchant.id))


def _state(shop):
    return Merchant.objects.get(id=shop.merchant.id).state


def test_a_shop_without_orders_closes_at_once(shop):
    """Listings off, deposit free, state closed; done again it changes nothing."""
    assert _begin(shop) and not _begin(shop, by="platform")
    assert Listing.objects.get(id=shop.listing.id).state == "withdrawn"
    assert _state(shop) == "closing"
    assert _finish(shop, AT) is None and _finish(shop, AT) is None
    money, row = _money(shop), MerchantClosing.objects.get()
    assert (money.deposit, money.free, _state(shop)) == (Money(0), DEPOSIT, "closed")
    assert (row.returned_minor, row.ended_at, row.wanted_by) == (500_000, AT, "merchant")


def test_nothing_new_is_sold(shop):
    """Neither ordered, nor put on offer again, nor resumed by a reviewer."""
    _begin(shop)
    with pytest.raises(InputError):
        order(shop)
    with pytest.raises(InputError):
        publish_listing(stores=get_stores(), listing_id=shop.listing.id, offer=BY_HAND, at=AT)
    by = Actor(shop.merchant.reviewer_id, "reviewer@example.invalid")
    with pytest.raises(InputError):
        resume_merchant(
            stores=get_stores(), merchant_id=shop.merchant.id, reason="再开", by=by, at=AT
        )
    assert not Order.objects.exists()


def test_the_deposit_waits_for_orders_protection_and_the_wait(shop):
    """Open order, then protection, then thirty days: each time nothing moves; then all of it."""
    placed = order(shop)
    _begin(shop)
    assert _finish(shop, AT).orders == 1
    pay(placed)  # a placed order is still honoured
    left = _finish(shop, AT + DAY)
    assert (left.orders, left.held.minor) == (1, placed.total.minor)
    assert release_due(stores=get_stores(), at=AT + 3 * DAY) == 1
    left = _finish(shop, AT + 4 * DAY)
    assert (left.orders, left.held.minor, left.until) == (0, 0, AT + 33 * DAY)
    assert _money(shop).deposit == DEPOSIT and _state(shop) == "closing"
    assert finish_closings(stores=get_stores(), find_claims=find_claims, at=AT + 33 * DAY) == 1
    assert _money(shop).deposit.minor == 0 and _state(shop) == "closed"


def test_with_an_open_dispute_nothing_is_returned(shop):
    """Asked for with a dispute open, even long after its order ended: nothing moves."""
    one = delivered(shop)
    release_due(stores=get_stores(), at=AT + 3 * DAY)
    complain(one, ReasonCode.ALREADY_USED, at=AT + 4 * DAY)
    assert Case.objects.get().state == "open"
    _begin(shop)
    before = _money(shop)
    left = _finish(shop, AT + 400 * DAY)
    assert left.disputes == 1 and _money(shop) == before and _state(shop) == "closing"
    case_id = Case.objects.get().id
    withdraw(stores=get_stores(), case_id=case_id, by=BUYER, at=AT + 5 * DAY)
    assert _finish(shop, AT + 34 * DAY).until == AT + 35 * DAY
    assert _finish(shop, AT + 35 * DAY) is None


def test_without_the_look_at_disputes_it_would_go(shop):
    """The control: where nobody asks for disputes, the deposit leaves while one is open."""
    one = delivered(shop)
    release_due(stores=get_stores(), at=AT + 3 * DAY)
    complain(one, ReasonCode.ALREADY_USED, at=AT + 4 * DAY)
    _begin(shop)
    blind = _finish(shop, AT + 400 * DAY, find=lambda merchant_id: Claims(0, None))
    assert blind is None and _money(shop).deposit.minor == 0


def test_eight_workers_return_one_deposit(shop):
    """All at once: one transfer, no balance below zero."""
    _begin(shop)
    start, got = threading.Barrier(8), []

    def run():
        start.wait()
        got.append(_finish(shop, AT))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [None] * 8
    assert (_money(shop).deposit, _money(shop).free) == (Money(0), DEPOSIT)


def test_the_ledger_returns_no_more_than_there_is(shop):
    """A second return under another reference is refused by the guarded balance."""
    _begin(shop)
    _finish(shop, AT)
    with pytest.raises(NotEnoughMoney):
        post_transfer(
            source=merchant_account(AccountKind.MERCHANT_DEPOSIT, shop.merchant.id),
            target=merchant_account(AccountKind.MERCHANT_FREE, shop.merchant.id),
            amount=Money(1),
            kind=TransferKind.DEPOSIT_RETURN,
            about=SubjectRef("merchant", shop.merchant.id),
            reference="again",
            at=AT,
        )


def test_what_breaks_off_is_taken_up_again(shop, monkeypatch):
    """Lost at its last write, nothing of the step stands; the next turn finishes it."""
    _begin(shop)

    def lost(**_given):
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(closing, "append_leaves", lost)
        with pytest.raises(ConnectionError):
            _finish(shop, AT)
    assert _money(shop).deposit == DEPOSIT and _state(shop) == "closing"
    assert _finish(shop, AT) is None and _money(shop).free == DEPOSIT


def test_a_closed_shop_stays_closed(shop):
    """The database refuses to open it again, and a shop that never began cannot be finished."""
    with pytest.raises(InputError):
        _finish(shop, AT)
    _begin(shop)
    for state in ("active", "paused"):
        with pytest.raises(DatabaseError, match="does not go"):
            Merchant.objects.filter(id=shop.merchant.id).update(state=state)
