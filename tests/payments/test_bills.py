"""The services' books: every day is read once, and what they say otherwise than we do is told."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.db import transaction
from tests.payments.conftest import FAKES
from tests.payments.fake_alipay import FakeAlipay
from tests.payments.fake_sandbox import FakeSandbox
from tests.payments.fake_server import AT
from tests.payments.payments_kit import ask_for, paid, reasons, take

from gongdao.core.money import Money
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.gateways.alipay_bill import check_place, read_back, read_paid
from gongdao.payments.models import BillDay, Credit, Intent, Refund
from gongdao.payments.port import BilledRefund, GatewayError
from gongdao.payments.read_bills import DAYS, DIFFERS, find_unread, read_bills
from gongdao.payments.reconcile import ask_about_unpaid
from gongdao.payments.request_refund import request_refund

pytestmark = pytest.mark.django_db(transaction=True)
every = pytest.mark.parametrize("fake", FAKES, indirect=True)
with_refunds = pytest.mark.parametrize("fake", ["alipay", "wechat", "stripe"], indirect=True)
DAY = timedelta(days=1)
NEXT = AT + DAY
"""The morning after `AT`, when its bill is ready."""


@pytest.fixture
def bank():
    """The sandbox with its book in memory."""
    fake = FakeSandbox()
    fake.connect()
    return fake


def _read(*fakes, at=NEXT, differs=None, missing=None):
    gateways = {fake.gateway.name: fake.gateway for fake in fakes}
    noted = [] if differs is None else differs
    gone = [] if missing is None else missing
    return read_bills(
        gateways=gateways, take=take, differs=noted.append, missing=gone.append, at=at
    )


def _days():
    return list(BillDay.objects.order_by("day").values_list("day", "read_at", "problem"))


@every
def test_bills_are_read_without_doubling(fake):
    """What the bill tells is credited where nobody knew, left alone where it was known, and the day
    is not read again."""
    known, lost = ask_for(fake.gateway), ask_for(fake.gateway)
    fake.pay(known)
    gateways = {fake.gateway.name: fake.gateway}
    ask_about_unpaid(gateways=gateways, take=take, at=AT + timedelta(minutes=2))
    fake.pay(lost)
    offered = fake.name != "epay2"
    done = _read(fake)
    assert (done.looked, done.problems) == (2 if offered else 0, {})
    assert done.found == ([lost] if offered else [])
    assert Credit.objects.count() == (2 if offered else 1)
    assert _days() == ([(AT.date(), NEXT, "")] if offered else [])
    assert _read(fake).looked == 0


def test_a_second_payment_and_money_for_nothing_are_found(bank):
    """Only a bill tells of them: one is surplus, the other is kept with its reason."""
    number = paid(bank).intent.out_trade_no
    bank.pay(number, trade_no="SECOND")
    bank.pay("NOBODYS12345")
    assert _read(bank).found == [number]
    assert reasons()[-2:] == [("surplus", "paid_twice"), ("refused", "unknown_order")]


def test_numbers_that_cannot_be_kept_are_a_problem(bank):
    """A bill with a number that no table takes is told of, and the rest is read."""
    number = ask_for(bank.gateway)
    bank.pay("X\0Y")
    bank.pay(number)
    done = _read(bank)
    assert done.found == [number] and done.problems == {"sandbox": "bad_number"}
    assert _days() == [(AT.date(), NEXT, "bad_number")]


class Moody:
    """A service's books of which some days cannot be read, and none before ten."""

    name = "sandbox"

    def __init__(self, *broken: date) -> None:
        self.broken, self.asked = set(broken), []

    def list_paid(self, day, at):
        """Nothing, or no answer."""
        self.asked.append(day)
        if day in self.broken:
            raise GatewayError("slow")
        return []

    def list_refunded(self, day, at):
        """Nothing."""
        return None


def _read_moody(books, at):
    told = {"differs": lambda _: None, "missing": lambda _: None}
    return read_bills(gateways={"sandbox": books}, take=take, **told, at=at)


def test_every_missed_day_is_read_when_it_can_be(bank):
    """A worker that was down for days reads them all; a day that fails is tried again and holds up
    no other; after three days it is a person's; today's is never read."""
    ask_for(bank.gateway, at=AT - 5 * DAY)
    today, bad = AT.date(), AT.date() - 4 * DAY
    books = Moody(bad)
    assert _read_moody(books, AT).problems == {"sandbox": "slow"}
    assert books.asked == [today - n * DAY for n in range(1, 6)]
    assert [one.day for one in find_unread(AT)] == [bad]
    assert not find_unread(AT - DAY).exists()
    books.asked.clear()
    _read_moody(books, AT)
    assert books.asked == [bad]
    books.broken.clear()
    _read_moody(books, AT)
    assert not find_unread(AT).exists()
    assert BillDay.objects.filter(read_at=AT).count() == 5


def test_a_service_that_does_not_answer_is_left_alone(bank):
    """Three days in a row end its turn; nothing older than thirty days is asked for, and of a
    service that nobody paid through nothing is."""
    _read_moody(books := Moody(), AT)
    assert books.asked == []
    ask_for(bank.gateway, at=AT - 90 * DAY)
    Intent.objects.update(created_at=AT - 90 * DAY)
    days = [AT.date() - n * DAY for n in range(1, DAYS + 1)]
    _read_moody(books := Moody(*days), AT)
    assert books.asked == days[:3]
    _read_moody(books := Moody(), AT)
    assert books.asked == days


@every
def test_another_amount_of_a_known_payment_is_told(fake):
    """The books say a fen less than was credited: told with the payment, and on the day's row."""
    credit, noted = paid(fake), []
    assert _read(fake, differs=noted).problems == {}
    BillDay.objects.all().delete()
    fake.paid[credit.intent.out_trade_no].minor -= 1
    done = _read(fake, differs=noted)
    if fake.name == "epay2":
        assert not noted
        return
    assert noted == [credit] and done.problems == {fake.gateway.name: DIFFERS}
    assert _days() == [(AT.date(), NEXT, DIFFERS)]


@with_refunds
def test_a_refund_made_in_the_console_is_told(fake):
    """Ours are known, begun anew as well; one that nobody here asked for is told."""
    credit, noted = paid(fake), []
    with transaction.atomic():
        request_refund(credit_id=credit.id, amount=Money(500), reason="x", at=AT)
        again = request_refund(credit_id=credit.id, amount=Money(700), reason="x", at=AT)
    Refund.objects.filter(id=again.id).update(again=1)
    gateways = {fake.gateway.name: fake.gateway}
    assert carry_out_refunds(gateways=gateways, confirmed=lambda _: None, at=AT) == 2
    assert set(fake.refunds) == {
        Refund.objects.get(amount_minor=500).refund_no,
        f"{again.refund_no}-1",
    }
    assert _read(fake, differs=noted).problems == {} and not noted
    BillDay.objects.all().delete()
    fake.refund_once("CONSOLE1", credit.trade_no, 100)
    assert _read(fake, differs=noted).problems == {fake.gateway.name: DIFFERS}
    assert noted == [credit]


@pytest.mark.parametrize("fake", ["alipay", "wechat"], indirect=True)
def test_a_bill_that_is_not_ready_is_asked_for_later(fake):
    """Before ten in the morning, and for three days where somebody was asked to pay, none or an
    empty one leaves the day unread without a problem; one that comes in that time is read."""
    number = ask_for(fake.gateway)
    fake.no_bill = True
    day = BillDay.objects.filter(day=AT.date())
    for at in (NEXT.replace(hour=9), NEXT, AT + 3 * DAY):
        assert _read(fake, at=at).problems == {} and not day.exists()
    fake.no_bill = False
    fake.pay(number)
    assert _read(fake, at=AT + 3 * DAY).found == [number]
    assert (AT.date(), AT + 3 * DAY, "") in _days()


@pytest.mark.parametrize("fake", ["alipay", "wechat"], indirect=True)
def test_a_day_on_which_nobody_paid_is_read_in_the_end(fake):
    """Somebody was asked and did not pay: after three days nothing is what there was."""
    ask_for(fake.gateway)
    fake.no_bill = True
    later = AT + 4 * DAY
    assert _read(fake, at=later).problems == {}
    assert (AT.date(), later, "") in _days()


def test_empty_books_of_a_day_that_was_paid_on_are_a_persons(bank):
    """The books say nothing of a payment that is credited here: the day is never read, and after
    three days it stands on the desk."""
    paid(bank)
    later = AT + 4 * DAY
    assert _read_moody(Moody(), NEXT).problems == {} and not BillDay.objects.exists()
    assert _read_moody(Moody(), later).problems == {"sandbox": "bill_empty"}
    assert [(one.day, one.problem) for one in find_unread(later)] == [(AT.date(), "bill_empty")]


@pytest.mark.parametrize("fake", ["stripe"], indirect=True)
def test_a_payment_is_on_the_bill_of_the_day_it_was_paid_on(fake):
    """Begun before midnight and paid the next morning: not on the first day's bill, on the second
    one's, and on no other."""
    ask_for(fake.gateway)
    fake.pay("BEGUNLATE123")
    midnight = NEXT.replace(hour=0, minute=0)
    fake.times["BEGUNLATE123"] = (midnight - timedelta(minutes=10), midnight + timedelta(hours=11))
    days = [AT.date() + n * DAY for n in range(-1, 4)]
    told = [len(fake.gateway.list_paid(day, AT + 9 * DAY)) for day in days]
    assert told == [0, 0, 1, 0, 0]


def _zip(*files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for place, body in enumerate(files):
            packed.writestr(f"{place}.csv", body)
    return made.getvalue()


def test_a_bill_of_alipay_is_read_by_its_columns():
    """Tabs behind numbers, remarks, a comma in a title, sums in a file of their own."""
    fake = FakeAlipay()
    fake.pay("N1", 9905, "T1")
    fake.refund_once("R1", "T1", 5)
    body = fake.bill()
    (one,) = read_paid(body, "app")
    assert (one.out_trade_no, one.trade_no, one.amount.minor) == ("N1", "T1", 9905)
    assert read_back(body) == [BilledRefund("T1", "R1", Money(5))]


def _packed(text: bytes = b"a,b\n" * 500) -> bytearray:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("0.csv", text)
    return bytearray(made.getvalue())


def _with_bytes(place: int, value: bytes, at_end: bytes = b"") -> bytes:
    """A packed bill, other bytes at a place of its first part, and of its list of contents."""
    made = _packed()
    made[place : place + len(value)] = value
    if at_end:
        listed = made.index(b"PK\x01\x02")
        made[listed + place + 2 : listed + place + 2 + len(at_end)] = at_end
    return bytes(made)


UNREADABLE = {
    "nothing": b"",
    "no zip": b"no zip",
    "empty": _zip(),
    "other columns": _zip(b"a,b\n1,2\n"),
    "another encoding": _zip(b"\xff\xff\x80"),
    "damaged data": _with_bytes(35, b"\xff" * 8),
    "encrypted": _with_bytes(6, b"\x01", b"\x01"),
    "packed otherwise": _with_bytes(8, b"\x61", b"\x61"),
    "a field without end": _zip(b'"' + b"a" * 200_000),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_bill_of_alipay_is_none(body):
    """Whatever is wrong with it is said so, never an empty day and never another error."""
    with pytest.raises(GatewayError, match="no_usable_bill"):
        read_paid(body, "app")


def test_a_bill_is_fetched_from_the_service_alone():
    """Its own address or one of its own domain over TLS."""
    home = "https://openapi.alipay.com/gateway.do"
    check_place("https://dwbillcenter.alipay.com/x?y=1", home)
    check_place("http://127.0.0.1:1/bill", "http://127.0.0.1:1/gateway.do")
    for wrong in (
        "http://dwbillcenter.alipay.com/x",
        "https://alipay.com.example.invalid/",
        "https://evilalipay.com/",
        "http://127.0.0.1:2/bill",
        "",
    ):
        with pytest.raises(GatewayError, match="bill_elsewhere"):
            check_place(wrong, home)
