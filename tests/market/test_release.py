"""Money goes to the merchant when protection ends: all that is not in dispute, of every order that
can, whatever one of them refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.market.market_kit import ACCOUNT, AT, GATEWAY, make_shop, order, pay
from tests.market.offer_kit import OFFER

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.check_ledger import check_ledger
from gongdao.ledger.holds import find_holds
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.log.models import LogSubject
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.give_back import give_back
from gongdao.market.limits import market_fee
from gongdao.market.models import Finding, Order
from gongdao.market.order_receipt import snapshot_of
from gongdao.market.release_orders import ASKED_AGAIN, confirm_receipt, fee_of, release_due
from gongdao.rules.load import load_rules
from gongdao.rules.model import Policy

pytestmark = pytest.mark.django_db(transaction=True)
OVER = AT + timedelta(hours=49)
ONE_SECOND = timedelta(seconds=1)


def _paid(shop, buyers):
    found = []
    for number in range(buyers):
        placed = order(shop, contact=f"b{number}@example.invalid")
        pay(placed)
        found.append(Order.objects.get(number=placed.number))
    return found


def _fence(one, minor):
    """Put ``minor`` of an order's money under a hold of a dispute's; what was written."""
    owner, amount = SubjectRef("order", one.id), Money(minor)
    (sale,) = find_holds(owner=owner)
    bank = clearing_account(GATEWAY, ACCOUNT)
    part = Part(bank, amount, TransferKind.HOLD_VOID)
    settle_hold(hold_id=sale.id, parts=[part], ground=Ground.VOID, reference="dispute:1", at=AT)
    held = merchant_account(AccountKind.MERCHANT_HELD, one.merchant_id)
    place_hold(source=bank, held=held, amount=amount, owner=owner, purpose="dispute:1", at=AT)


def _unfence(one):
    rows = LedgerTransfer.objects.filter(owner_id=one.id)
    reverse_transfer(seq=rows.get(kind="hold", reference="dispute:1").seq, at=OVER)
    reverse_transfer(seq=rows.get(kind="hold_void").seq, at=OVER)


def _left(one):
    holds = find_holds(owner=SubjectRef("order", one.id))
    return {hold.purpose: hold.left.minor for hold in holds}


def _state(one):
    return Order.objects.values_list("state", flat=True).get(id=one.id)


def _release(at=OVER):
    return release_due(stores=get_stores(), at=at)


def test_an_order_in_dispute_waits_and_the_others_do_not():
    """Of three orders one is in dispute as a whole: two are released, the third waits, neither by
    time nor by the buyer's confirmation; when the dispute lets go it is released as well."""
    first, second, third = _paid(make_shop(), 3)
    _fence(second, second.total_minor)
    assert _release() == 2
    assert (_state(first), _state(third)) == ("completed", "completed")
    assert _release() == 0 and not Finding.objects.exists()
    assert not confirm_receipt(stores=get_stores(), order_id=second.id, at=OVER)
    assert _state(second) == "delivered"
    _unfence(second)
    assert _release() == 1 and _state(second) == "completed"
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_only_the_disputed_amount_waits():
    """The rest of the money goes to the merchant; what is in dispute stays where it is."""
    (one,) = _paid(make_shop(), 1)
    _fence(one, 300)
    assert _release() == 1
    assert _left(one) == {"sale": 0, "dispute:1": 300}
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_an_order_that_refuses_keeps_no_other_waiting():
    """One cannot be released (its history does not allow it): the others are, it is noted for a
    person and left alone for a while, however small the batch; mended, it is released."""
    orders = _paid(make_shop(), 4)
    bad = orders[0]
    Order.objects.filter(id=bad.id).update(protected_until=bad.protected_until - ONE_SECOND)
    subject = LogSubject.objects.filter(name=bad.log_subject)
    before = subject.values_list("last_type", flat=True).get()
    subject.update(last_type="order.refunded")
    assert release_due(stores=get_stores(), at=OVER, most=2) == 1
    assert release_due(stores=get_stores(), at=OVER, most=2) == 2
    assert _state(bad) == "delivered" and _left(bad) == {"sale": bad.total_minor}
    note = Finding.objects.get()
    assert (note.order_id, note.code, note.closed_at) == (bad.id, "release_refused", None)
    again = OVER + ASKED_AGAIN
    assert _release(again) == 0 and Finding.objects.get().times == 2
    subject.update(last_type=before)
    assert _release(again + ASKED_AGAIN) == 1
    assert Finding.objects.get().closed_at is not None
    assert not [one for one in check_ledger().differences if one.code != "guard"]


def test_nothing_is_given_back_of_an_order_that_nobody_paid():
    """Placed or expired, without money: the answer is no, and nothing changes."""
    placed = order(make_shop())
    one = Order.objects.get(number=placed.number)
    assert give_back(stores=get_stores(), order_id=one.id, why="not_owed", at=AT) is False
    assert _state(one) == "placed"
    pay(placed)
    assert give_back(stores=get_stores(), order_id=one.id, why="not_owed", at=AT)
    assert not give_back(stores=get_stores(), order_id=one.id, why="not_owed", at=AT)


@pytest.fixture
def dearer(monkeypatch):
    """The day from which the platform keeps 2.5 per cent; until then it is one."""
    data = load_rules()
    (first,) = data.by_id["policy/market_fee"]
    assert isinstance(first, Policy)
    begins = (AT + timedelta(days=2)).date()
    second = replace(first, version=2, in_force_from=begins, count=250)
    changed = replace(data, by_id={**data.by_id, "policy/market_fee": (first, second)})
    monkeypatch.setattr("gongdao.rules.at.load_rules", lambda: changed)
    market_fee.cache_clear()
    yield AT + timedelta(days=2)
    market_fee.cache_clear()


def test_the_fee_is_that_of_the_day_of_the_order(dearer):
    """An order from before a change keeps its share, rounded down, when it is released after it,
    and so does its snapshot."""
    shop = make_shop(offer=replace(OFFER, price=Money(9999)))
    (old,) = _paid(shop, 1)
    placed = order(shop, contact="new@example.invalid", at=dearer)
    pay(placed, after=dearer - AT + timedelta(minutes=1))
    new = Order.objects.get(number=placed.number)
    assert _release(dearer + timedelta(days=9)) == 2
    fees = LedgerTransfer.objects.filter(kind=TransferKind.FEE.value)
    taken = {one.owner_id: one.amount_minor for one in fees}
    assert taken == {old.id: 99, new.id: 249}
    assert [snapshot_of(one)["fee_permyriad"] for one in (old, new)] == [100, 250]
    assert fee_of(Money(99), placed_at=AT) == Money(0)
