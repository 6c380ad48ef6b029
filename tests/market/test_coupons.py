"""Coupons: what they take off, and that no use is taken twice, whoever asks at the same moment."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from tests.market.market_kit import AT, make_merchant, make_shop, order, pay
from tests.market.offer_kit import OFFER
from tests.side_by_side import at_once

from gongdao.core.attempts import count_attempt
from gongdao.core.errors import InputError, StockShort, TooManyAttempts
from gongdao.core.models import Attempt
from gongdao.core.money import Money
from gongdao.front.stores import get_stores
from gongdao.market import coupon_tries, coupons
from gongdao.market import place_order as placing
from gongdao.market.coupon_tries import PER_CALLER, PER_LISTING, limiting_guesses
from gongdao.market.coupons import NewCoupon, list_coupons, make_coupon, switch_coupon
from gongdao.market.decide_coupon import (
    AskedPrice,
    CouponKind,
    CouponRefusal,
    CouponTerms,
    check_coupon,
    decide_coupon,
)
from gongdao.market.expire_orders import expire_orders
from gongdao.market.give_back import give_back, refund_confirmed
from gongdao.market.models import Coupon, CouponUse, Order
from gongdao.market.shown import find_shown, strike_bargain
from gongdao.market.terms import terms_number
from gongdao.payments.models import Refund

TERMS = CouponTerms(
    kind=CouponKind.FIXED,
    percent=None,
    fixed=Money(500),
    minimum=Money(0),
    on=True,
    uses_left=3,
    per_buyer=None,
    starts_at=None,
    ends_at=None,
    listings=None,
)
LATER = timedelta(minutes=20)
AT_LISTING = UUID(int=7)


def terms(**changed: Any) -> CouponTerms:
    """A coupon that holds, with something changed."""
    return CouponTerms(**{**TERMS.__dict__, **changed})


def percent(share: int, **changed: Any) -> CouponTerms:
    """A coupon for a share."""
    return terms(kind=CouponKind.PERCENT, percent=share, fixed=None, **changed)


def give(shop, what: CouponTerms = TERMS, code: str = "SPRING", name: str = "春天") -> Coupon:
    """A coupon of the shop's merchant."""
    made, _code = make_coupon(
        stores=get_stores(),
        merchant_id=shop.merchant.id,
        wanted=NewCoupon(name, what, code),
        at=AT,
    )
    return made


def left(coupon: Coupon) -> int | None:
    """Its uses left."""
    return Coupon.objects.values_list("uses_left", flat=True).get(id=coupon.id)


def asked(total: int = 9800, used: int = 0) -> AskedPrice:
    """An order over so much."""
    return AskedPrice(AT_LISTING, Money(total), used, AT)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (terms(), Money(500)),
        (percent(10), Money(980)),
        (percent(1, minimum=Money(9800)), Money(98)),
        (terms(fixed=Money(20_000)), Money(9799)),
        (terms(listings=frozenset({AT_LISTING})), Money(500)),
        (terms(uses_left=None, per_buyer=2), Money(500)),
        (terms(on=False), CouponRefusal.OFF),
        (terms(starts_at=AT + LATER), CouponRefusal.NOT_YET),
        (terms(starts_at=AT, ends_at=AT + LATER), Money(500)),
        (terms(ends_at=AT), CouponRefusal.OVER),
        (terms(listings=frozenset()), CouponRefusal.OTHER_GOODS),
        (terms(minimum=Money(9801)), CouponRefusal.TOO_LITTLE),
        (terms(uses_left=0), CouponRefusal.USED_UP),
        (terms(per_buyer=0), CouponRefusal.USED_BY_BUYER),
        (terms(minimum=Money(0, "USD")), CouponRefusal.UNKNOWN),
        (None, CouponRefusal.UNKNOWN),
    ],
)
def test_what_a_coupon_takes_off(what, expected):
    """Each limit of a coupon, on both of its sides."""
    assert decide_coupon(what, asked()) == expected


@given(st.integers(1, 10**9), st.integers(1, 99), st.integers(1, 10**9))
def test_something_is_always_left_to_pay(total, share, fixed):
    """A coupon takes off more than nothing and less than all, or it does not hold."""
    for what in (percent(share), terms(fixed=Money(fixed))):
        off = decide_coupon(what, asked(total))
        if isinstance(off, Money):
            assert 0 < off.minor < total
        else:
            assert (off is CouponRefusal.TOO_LITTLE and total * share < 100) or total == 1


@pytest.mark.parametrize(
    ("what", "field"),
    [
        (percent(0), "percent"),
        (percent(100), "percent"),
        (terms(fixed=None), "fixed"),
        (terms(fixed=Money(0)), "fixed"),
        (terms(fixed=Money(5, "USD")), "fixed"),
        (terms(minimum=Money(-1)), "minimum"),
        (terms(starts_at=AT, ends_at=AT), "ends_at"),
        (terms(uses_left=-1), "uses_left"),
    ],
)
def test_a_coupon_that_makes_no_sense(what, field):
    """It is refused with the field that is wrong."""
    with pytest.raises(InputError) as caught:
        check_coupon(what)
    assert caught.value.place.field == field


@pytest.mark.django_db(transaction=True)
def test_an_order_with_a_coupon():
    """Price, use and snapshot; the code stands nowhere, and its case and width do not matter."""
    shop = make_shop(stock=5)
    coupon = give(shop, percent(10, uses_left=2))
    placed = order(shop, quantity=2, coupon=" ｓpring ")
    assert (placed.total, placed.off, left(coupon)) == (Money(17_640), Money(1960), 1)
    row = Order.objects.get(number=placed.number)
    assert (row.total_minor, row.coupon_use.off_minor) == (17_640, 1960)
    plain = strike_bargain(
        order_number=placed.number,
        shown=find_shown(shop.listing.id, 1),
        quantity=2,
        terms=terms_number(AT),
        at=AT,
    )
    use = coupons.TakenUse(coupon.id, Money(1960))
    bargain = replace(plain, total=Money(17_640), coupon=use)
    assert bytes(row.snapshot_digest) == sha256(bargain.snapshot()).digest()
    assert bytes(row.snapshot_digest) != sha256(replace(bargain, coupon=None).snapshot()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM market_coupon c")
        assert "SPRING" not in cursor.fetchone()[0].upper()
    assert pay(placed).credited.amount == Money(17_640)


@pytest.mark.django_db(transaction=True)
def test_codes_and_owners():
    """A code is unique with its merchant, worth nothing with another, and drawn where none is
    given."""
    shop, other = make_shop(), make_shop(merchant=make_merchant("另一家"))
    coupon = give(shop)
    with pytest.raises(InputError):
        give(shop, code="spring")
    with pytest.raises(InputError):
        order(other, coupon="SPRING")
    _row, drawn = make_coupon(
        stores=get_stores(), merchant_id=other.merchant.id, wanted=NewCoupon("x", TERMS), at=AT
    )
    assert order(other, coupon=drawn.lower()).off == Money(500)
    with pytest.raises(InputError) as caught:
        give(shop, terms(listings=frozenset({other.listing.id})), code="OTHERS")
    assert caught.value.place.field == "listings"
    assert not switch_coupon(merchant_id=other.merchant.id, coupon_id=coupon.id, on=False, at=AT)
    assert switch_coupon(merchant_id=shop.merchant.id, coupon_id=coupon.id, on=False, at=AT)
    with pytest.raises(InputError) as off:
        order(shop, coupon="SPRING")
    with pytest.raises(InputError) as unknown:
        order(shop, coupon="NO-SUCH")
    assert str(off.value) == str(unknown.value)
    assert [one.id for one in list_coupons(merchant_id=shop.merchant.id)] == [coupon.id]


@pytest.mark.django_db(transaction=True)
def test_a_use_comes_back_when_the_order_expires():
    """Once, however often; and money that comes late takes it again."""
    shop = make_shop(stock=5)
    coupon = give(shop, terms(uses_left=1, per_buyer=1))
    placed = order(shop, coupon="SPRING")
    assert left(coupon) == 0
    with pytest.raises(InputError):
        order(shop, coupon="SPRING", contact="other@example.invalid")
    for _again in range(2):
        expire_orders(stores=get_stores(), at=AT + LATER)
        assert left(coupon) == 1
    assert pay(placed, after=LATER).deed is not None
    assert left(coupon) == 0
    assert Order.objects.get(number=placed.number).state == "delivered"


@pytest.mark.django_db(transaction=True)
def test_late_money_for_a_coupon_that_others_used_up():
    """It goes back, as for goods that are gone: no use is ever taken twice."""
    shop = make_shop(stock=5)
    coupon = give(shop, terms(uses_left=1))
    late = order(shop, coupon="SPRING")
    expire_orders(stores=get_stores(), at=AT + LATER)
    quick = order(shop, coupon="SPRING", contact="b@example.invalid", at=AT + LATER)
    pay(late, after=LATER)
    row = Order.objects.get(number=late.number)
    assert (row.state, row.why, left(coupon)) == ("refunding", "coupon_used_up", 0)
    pay(quick, after=LATER)
    assert Order.objects.get(number=quick.number).state == "delivered"
    assert CouponUse.objects.filter(back=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_refunded_order_gives_its_use_back_once():
    """When all of its money is back with the buyer, not before; told twice, or of money that is
    only owed in part, no second use comes back."""
    shop = make_shop(stock=5)
    coupon = give(shop, terms(uses_left=1, per_buyer=1))
    placed = order(shop, coupon="SPRING")
    pay(placed)
    row = Order.objects.get()
    assert give_back(stores=get_stores(), order_id=row.id, why="buyer_withdrew", at=AT + LATER)
    assert left(coupon) == 0
    refund = Refund.objects.get()
    Refund.objects.update(state="confirmed", confirmed_at=AT + LATER)
    for _again in range(2):
        with transaction.atomic():
            refund_confirmed(stores=get_stores(), refund=refund, at=AT + LATER)
        assert left(coupon) == 1
    assert order(shop, coupon="SPRING", at=AT + LATER).off == Money(500)


def _guess(caller: str, code: str, listing: UUID = AT_LISTING) -> None:
    """One try that turns out wrong, unless the code is RIGHT; CRASH fails for another reason."""
    with limiting_guesses(stores=get_stores(), code=code, listing_id=listing, caller=caller, at=AT):
        if code == "CRASH":
            raise StockShort
        if code and code != "RIGHT":
            raise InputError("none", field="coupon")


@pytest.mark.django_db(transaction=True)
def test_guesses_are_limited_for_caller_and_listing(monkeypatch):
    """Wrong codes count, right ones and other faults do not; who has used up his tries may still
    buy without a coupon; a listing has its own limit, whoever guesses."""
    monkeypatch.setattr(coupon_tries, "PER_CALLER", replace(PER_CALLER, most=3))
    monkeypatch.setattr(coupon_tries, "PER_LISTING", replace(PER_LISTING, most=5))
    for code in ("RIGHT", "RIGHT", "A", "B", "RIGHT", "C"):
        with suppress(InputError):
            _guess("one", code)
    for _n in range(4):
        with pytest.raises(StockShort):
            _guess("two", "CRASH")
    with pytest.raises(TooManyAttempts):
        _guess("one", "RIGHT")
    _guess("one", "")
    for code in ("D", "E"):
        with pytest.raises(InputError):
            _guess("two", code)
    with pytest.raises(TooManyAttempts):
        _guess("three", "F")
    with pytest.raises(InputError):
        _guess("three", "F", UUID(int=8))


@pytest.mark.django_db(transaction=True)
def test_thirty_two_guesses_at_once_are_no_more_than_the_limit(monkeypatch):
    """Counted before they are judged: of all that come at the same moment the limit gets an
    answer; the control judges first and counts then, and answers more."""
    monkeypatch.setattr(coupon_tries, "PER_CALLER", replace(PER_CALLER, most=2))
    assert _race_guesses() == 2

    @contextmanager
    def judged_first(*, code: str, caller: str, at: Any, stores: Any, listing_id: UUID):
        if Attempt.objects.filter(count__gte=2).exists():
            raise TooManyAttempts(at)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=5)
        try:
            yield
        finally:
            count_attempt(
                stores=stores, limit=replace(PER_CALLER, name="c", most=99), who=caller, at=at
            )

    gate = threading.Barrier(4)
    Attempt.objects.all().delete()
    monkeypatch.setattr(coupon_tries, "limiting_guesses", judged_first)
    assert _race_guesses(4) > 2


def _race_guesses(count: int = 32) -> int:
    def one() -> None:
        with coupon_tries.limiting_guesses(
            stores=get_stores(), code="X", listing_id=AT_LISTING, caller="one", at=AT
        ):
            raise InputError("none", field="coupon")

    said = [type(one) for one in at_once([one] * count)]
    assert set(said) <= {InputError, TooManyAttempts}, said
    return said.count(InputError)


@pytest.mark.django_db(transaction=True)
def test_unknown_and_used_up_sound_the_same():
    """Whoever guesses does not learn that he hit a code that was real."""
    shop = make_shop(stock=5)
    give(shop, terms(uses_left=1))
    order(shop, coupon="SPRING")
    said = []
    for code in ("SPRING", "NOT-ONE"):
        with pytest.raises(InputError) as caught:
            order(shop, coupon=code, contact="b@example.invalid")
        said.append((str(caught.value), caught.value.place.field))
    assert said[0] == said[1]


@pytest.mark.django_db(transaction=True)
def test_a_refused_order_takes_no_use():
    """Too little stock: neither units nor the coupon's use are gone."""
    shop = make_shop(stock=1)
    coupon = give(shop)
    with pytest.raises(StockShort):
        order(shop, quantity=2, coupon="SPRING")
    assert (left(coupon), CouponUse.objects.count()) == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_request_again():
    """Sent again, a request is told that it was placed; its one use is not taken a second time."""
    shop = make_shop(stock=5)
    coupon = give(shop, terms(uses_left=2, per_buyer=1))
    order(shop, coupon="SPRING", request=b"r" * 32)
    with pytest.raises(IntegrityError):
        order(shop, coupon="SPRING", request=b"r" * 32)
    assert (left(coupon), Order.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses():
    """More uses than there were, fewer than none, a use that is deleted, a coupon that changes."""
    shop = make_shop()
    coupon = give(shop)
    order(shop, coupon="SPRING")
    for statement in (
        "UPDATE market_coupon SET uses_left = 4",
        "UPDATE market_coupon SET uses_left = -1",
        "UPDATE market_coupon SET uses_left = NULL",
        "UPDATE market_coupon SET off_minor = 9000",
        "DELETE FROM market_coupon",
        "DELETE FROM market_couponuse",
        "UPDATE market_couponuse SET off_minor = 1",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert left(coupon) == 2


@pytest.mark.django_db(transaction=True)
def test_without_a_coupon_nothing_is_asked(monkeypatch):
    """The order's way without a coupon: no statement of Django's, and one prepared one, as ever."""
    shop = make_shop(stock=5)
    order(shop)  # keys and versions are in memory from here on
    ran: list[str] = []
    real = placing.run_prepared

    def run(*values):
        ran.append("one")
        return real(*values)

    monkeypatch.setattr(placing, "run_prepared", run)
    with CaptureQueriesContext(connection) as seen:
        order(shop)
    assert not list(seen)
    assert ran == ["one"]


def _race(uses: int, per_buyer: int | None, contacts: int) -> tuple[Coupon, int]:
    shop = make_shop(stock=40, offer=OFFER)
    coupon = give(shop, terms(uses_left=uses, per_buyer=per_buyer))
    names = [f"b{n % contacts}@example.invalid" for n in range(32)]
    done = at_once([partial(order, shop, contact=name, coupon="SPRING") for name in names])
    return coupon, sum(not isinstance(one, Exception) for one in done)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_thirty_two_buyers_and_ten_uses():
    """Ten get it, the others are told; nothing is left and nothing is owed."""
    coupon, got = _race(uses=10, per_buyer=None, contacts=32)
    assert (got, left(coupon), CouponUse.objects.count()) == (10, 0, 10)
    assert Order.objects.count() == 10


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_buyer_thirty_two_times_at_once():
    """One use for each buyer, however fast he is."""
    coupon, got = _race(uses=30, per_buyer=1, contacts=1)
    assert (got, left(coupon)) == (1, 29)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_buyer_uses_it_twice(monkeypatch):
    """The control: where the coupon is read without its lock, the same race goes wrong."""
    meet = threading.Barrier(4)

    def unlocked(merchant_id, digest):
        row = Coupon.objects.filter(merchant_id=merchant_id, digest=digest).first()
        with suppress(threading.BrokenBarrierError):
            meet.wait(timeout=5)
        return row

    monkeypatch.setattr(coupons, "_lock", unlocked)
    _coupon, got = _race(uses=30, per_buyer=1, contacts=1)
    assert got > 1
