"""What waits for somebody else sleeps: it costs the worker nothing, and wakes when its ground is
gone, one row after the other."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.market.market_kit import AT, make_merchant, make_shop
from tests.market.split_kit import OVER, add_receiver, released, rest, send, share, wake
from tests.payments.conftest import FAKES
from tests.payments.fake_server import serve
from tests.vault.vault_kit import in_threads

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.market.plan_split import plan_split, wake_rest
from gongdao.payments.models import Split

pytestmark = pytest.mark.django_db(transaction=True)
LATER = OVER + timedelta(hours=1)
MANY = 40


@pytest.fixture
def fake():
    """微信支付 on loopback."""
    made = FAKES["wechat"]()
    with serve(made) as url:
        made.url = url
        made.connect()
        yield made


def _plan_many(one, merchant_id, count, begin=0):
    """So many small shares of a merchant in one payment."""
    for place in range(begin, begin + count):
        plan_split(
            order_id=one.id,
            merchant_id=merchant_id,
            released=Money(10),
            cause=f"part-{place}",
            at=AT,
        )


def _statements(do) -> int:
    with CaptureQueriesContext(connection) as seen:
        do()
    return len(seen)


def test_each_is_looked_at_once_and_then_costs_nothing(fake):
    """Forty shares without an account are looked at once; a round an hour later asks what a round
    of an empty market asks, and so many statements tell whether they wake as for two of them."""
    shop = make_shop()
    one = released(shop, fake)
    Split.objects.all().delete()
    empty = _statements(lambda: send(fake, LATER))
    _plan_many(one, shop.merchant.id, 2)
    assert send(fake) == 2
    two = _statements(lambda: wake(fake, LATER))
    _plan_many(one, shop.merchant.id, MANY - 2, 2)
    while send(fake):
        pass
    rows = Split.objects.filter(part="share", problem="no_receiver", tries=1, next_try_at=None)
    assert rows.count() == MANY
    assert _statements(lambda: send(fake, LATER)) == empty
    assert _statements(lambda: wake(fake, LATER)) == two
    assert rows.count() == MANY


def test_those_of_one_merchant_wake_one_after_the_other(fake):
    """Forty of them wake at once and come due a second apart, the oldest first: the share of
    another merchant, due in the third second, waits for three of them and not for forty."""
    shop = make_shop()
    one = released(shop, fake)
    Split.objects.all().delete()
    _plan_many(one, shop.merchant.id, MANY)
    while send(fake):
        pass
    add_receiver(shop, fake)
    assert wake(fake, LATER) == MANY
    due = list(Split.objects.filter(part="share").order_by("planned_at", "id"))
    assert [row.next_try_at - LATER for row in due] == [timedelta(seconds=n) for n in range(MANY)]
    assert wake(fake, LATER) == 0
    other = make_shop(0, merchant=make_merchant("别家"))
    plan_split(
        order_id=one.id,
        merchant_id=other.merchant.id,
        released=Money(10),
        cause="other",
        at=LATER + timedelta(seconds=2, milliseconds=500),
    )
    assert send(fake, LATER + timedelta(seconds=3)) == 6  # four of his, the other's, and the rest
    assert Split.objects.get(cause="other").problem == "no_receiver"
    assert Split.objects.filter(part="share", state="confirmed").count() == 4


def test_the_rest_is_not_looked_at_before_a_share_ended(fake):
    """It sleeps beside a share that waits, however often the worker comes by, and is released in
    the round in which the share goes another way."""
    shop = make_shop()
    one = released(shop, fake)
    send(fake)
    assert send(fake, LATER) == 0
    assert (rest(one).tries, rest(one).next_try_at) == (0, None)
    add_receiver(shop, fake)
    wake(fake, LATER)
    send(fake, LATER)
    assert (share(one).state, rest(one).state, rest(one).tries) == ("confirmed", "confirmed", 0)


def test_two_shares_that_end_at_once_wake_the_rest(fake):
    """Neither of two transactions sees that the other's share ended; the rest comes due all the
    same, once the one that came second is through."""
    shop = make_shop()
    one = released(shop, fake)
    kept = rest(one)
    second = new_id(AT)
    _plan_many(one, second, 1)
    shares = list(Split.objects.filter(part="share"))

    both = Barrier(2, timeout=20)

    def _end(row):
        with transaction.atomic():
            Split.objects.filter(id=row.id).update(state="skipped", ended_at=OVER, next_try_at=None)
            both.wait()
            wake_rest(credit_id=row.credit_id, at=OVER)

    in_threads([partial(_end, row) for row in shares])
    assert send(fake) == 1
    kept.refresh_from_db()
    assert kept.state in ("requested", "confirmed") and fake.released


def test_a_rest_that_was_missed_is_woken(fake):
    """The job finds one whose shares have all ended, and leaves one beside an open share alone."""
    shop = make_shop()
    one = released(shop, fake)
    assert wake(fake, LATER) == 0
    Split.objects.filter(part="share").update(state="skipped", ended_at=OVER, next_try_at=None)
    assert wake(fake, LATER) == 1
    assert rest(one).next_try_at == LATER
