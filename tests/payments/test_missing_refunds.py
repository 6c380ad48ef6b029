"""Refunds that were confirmed and that the service's books do not have: a person looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from tests.payments.fake_server import AT
from tests.payments.payments_kit import paid, take
from tests.payments.test_failed_refunds import _refunded, shop

from gongdao.core.clock import beijing
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.front.worker import money_tasks
from gongdao.market.give_back import refund_bounced
from gongdao.market.models import Finding
from gongdao.market.watch_orders import watch_order
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.missing_refunds import NOT_IN_BOOKS, find_missing
from gongdao.payments.models import BillDay, Refund
from gongdao.payments.port import BilledRefund, GatewayError
from gongdao.payments.read_bills import read_bills
from gongdao.payments.request_refund import request_refund

__all__ = ["shop"]
pytestmark = pytest.mark.django_db(transaction=True)
every = pytest.mark.parametrize("fake", ["alipay", "wechat", "stripe"], indirect=True)
one_of_them = pytest.mark.parametrize("fake", ["wechat"], indirect=True)
DAY = timedelta(days=1)
TODAY = beijing(AT).date()


def _carried_out(fake, *minors):
    """Refunds of one payment that the service confirmed at `AT`."""
    credit = paid(fake)
    with transaction.atomic():
        for minor in minors:
            request_refund(credit_id=credit.id, amount=Money(minor), reason="x", at=AT)
    gateways = {fake.gateway.name: fake.gateway}
    carry_out_refunds(gateways=gateways, confirmed=lambda _: None, at=AT)
    return [Refund.objects.get(amount_minor=minor, state="confirmed") for minor in minors]


def _read(fake, at):
    told = []
    read_bills(
        gateways={fake.gateway.name: fake.gateway},
        take=take,
        differs=lambda _: None,
        missing=told.append,
        at=at,
    )
    return told


@every
def test_a_confirmed_refund_that_the_books_do_not_have_is_told(fake):
    """Of two refunds one is gone from the service's books: told once, and on the day's row; what
    the bank paid is looked for in no books."""
    kept, gone, by_bank = _carried_out(fake, 300, 500, 700)
    Refund.objects.filter(id=by_bank.id).update(paid_elsewhere="B1")
    for row in (gone, by_bank):
        del fake.refunds[row.refund_no]
    assert _read(fake, AT + DAY) == [gone]
    assert BillDay.objects.get(day=TODAY).problem == NOT_IN_BOOKS
    assert _read(fake, AT + DAY) == [] and kept.refund_no in fake.refunds


@every
def test_books_without_any_refund_may_not_be_ready(fake):
    """None at all is believed after three days and not before: until then the day is not read."""
    (gone,) = _carried_out(fake, 300)
    fake.refunds.clear()
    assert _read(fake, AT + 3 * DAY) == []
    assert not BillDay.objects.filter(day=TODAY).exists()
    assert _read(fake, AT + 4 * DAY) == [gone]


class _Books:
    """A service's books of refunds, day by day; of one day they are not ready."""

    name = "wechat"

    def __init__(self, gateway, days, unready=None):
        self.account, self.days, self.unready, self.asked = gateway.account, days, unready, []

    def list_refunded(self, day, at):
        """What stands in the books of a day."""
        self.asked.append(day)
        return None if day == self.unready else self.days.get(day, [])


@one_of_them
def test_a_refund_stands_in_the_books_of_the_day_it_was_begun_on(fake):
    """Begun on Friday, confirmed on Monday: the books of every day between are looked through
    before anybody is told; with another amount, or not there yet, it is not found."""
    (row,) = _carried_out(fake, 300)
    Refund.objects.update(requested_at=AT - 3 * DAY)
    trade = row.credit.trade_no
    billed = BilledRefund(trade, row.refund_no, Money(300))
    friday = TODAY - 3 * DAY
    books = _Books(fake.gateway, {friday: [billed]})
    assert find_missing(gateway=books, day=TODAY, listed=[], at=AT + DAY) == []
    assert books.asked == [TODAY - n * DAY for n in (1, 2, 3)]
    other = _Books(fake.gateway, {friday: [BilledRefund(trade, row.refund_no, Money(299))]})
    assert find_missing(gateway=other, day=TODAY, listed=[], at=AT + DAY) == [row]
    unready = _Books(fake.gateway, {friday: [billed]}, TODAY - DAY)
    with pytest.raises(GatewayError, match="bill_not_ready"):
        find_missing(gateway=unready, day=TODAY, listed=[], at=AT + DAY)


@one_of_them
def test_a_refund_shortly_before_midnight_is_compared_once(fake):
    """Confirmed half an hour before midnight it is compared with the next day's books and these,
    whichever of the two it stands in, and with no other day's."""
    (row,) = _carried_out(fake, 300)
    late = beijing(AT).replace(hour=23, minute=30)
    Refund.objects.update(confirmed_at=late, requested_at=late)
    billed = BilledRefund(row.credit.trade_no, row.refund_no, Money(300))
    for days in ({TODAY: [billed]}, {TODAY + DAY: [billed]}, {}):
        books = _Books(fake.gateway, days)
        told = [
            find_missing(gateway=books, day=day, listed=books.days.get(day, []), at=AT + 3 * DAY)
            for day in (TODAY, TODAY + DAY, TODAY + 2 * DAY)
        ]
        assert told == [[], [] if days else [row], []]


@one_of_them
def test_it_stands_on_the_desk_until_it_is_noted(fake, shop, monkeypatch):
    """The job puts the order on the desk, whatever the watchdog judges; that the money came back
    ends it, as the order says from then on."""
    order, refund, _trade = _refunded(fake, shop)
    fake.refunds.clear()
    monkeypatch.setattr(money_tasks, "get_gateways", lambda: {"wechat": fake.gateway})
    monkeypatch.setattr(money_tasks, "now", lambda: AT + 4 * DAY)
    money_tasks.read_unread_bills.func(0)
    watch_order(stores=get_stores(), order_id=order.id, at=AT)
    found = Finding.objects.get(code=NOT_IN_BOOKS)
    assert (found.order_id, found.times, found.closed_at) == (order.id, 1, None)
    assert fail_refund(
        refund_id=refund.id,
        asked_no=refund.asked_no,
        fate=RefundFate.FAILED,
        failed=lambda one: refund_bounced(stores=get_stores(), refund=one, at=AT),
        at=AT,
    )
    found.refresh_from_db()
    assert found.closed_at == AT
