"""What services say of the money, on the operator's desk: bounced refunds, bills that differ."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.utils import IntegrityError
from tests.front.web.market_pages import buy, make_shop, pay, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in
from tests.market.test_cancel_order import _balanced

from gongdao.core.clock import beijing
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web import money_words, operator_access
from gongdao.front.web.pages import operator_ledger
from gongdao.front.worker import money_tasks
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.queries import find_balance
from gongdao.log.models import LogSubject
from gongdao.market.accounts import clearing_account, platform_account
from gongdao.market.give_back import give_back
from gongdao.market.models import Finding, MoneyWord, Order
from gongdao.market.note_bill import note_bill_differs
from gongdao.market.states import Role
from gongdao.market.watch_orders import watch_order
from gongdao.payments.carry_out_refunds import carry_out_refunds
from gongdao.payments.models import BillDay, Refund, SandboxRefund
from gongdao.payments.read_bills import find_unread

pytestmark = pytest.mark.django_db(transaction=True)
OWED = platform_account(AccountKind.BUYER_REFUND)
BANK = platform_account(AccountKind.OUTSIDE)
CLEARING = clearing_account("sandbox", "sandbox")
YES = {"seen": "yes", "reason": "后台看过"}


@pytest.fixture
def staff(client):
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


@pytest.fixture
def refund(client):
    """A refund of a whole order that the sandbox has confirmed."""
    pay(buy(client, make_shop().listing))
    order = Order.objects.get()
    assert give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=now())
    money_tasks.refund_money.func(0)
    found = Refund.objects.get()
    assert found.state == "confirmed"
    return found


def _comes_back():
    """What the sandbox paid back is on its own account again: asked, it knows no refund."""
    SandboxRefund.objects.all().delete()


def _last_leaf(order):
    return LogSubject.objects.get(name=order.log_subject).last_type


def _minor(account):
    return find_balance(account).minor


def _moved(kind):
    rows = LedgerTransfer.objects.filter(kind=kind).order_by("seq")
    return list(rows.values_list("reference", flat=True))


def test_a_refund_that_came_back_is_owed_again_and_begun_anew(staff, refund):
    """Booked back once, shown with what to do; under a new number it is paid, once, and may come
    back again."""
    owed, there, total = _minor(OWED), _minor(CLEARING), refund.amount_minor
    where = f"/operator/refunds/{refund.id}/bounced/"
    _comes_back()
    assert "先到支付渠道" in text_of(staff.post(where, {"reason": "x"}, follow=True))
    page = text_of(staff.post(where, YES, follow=True))
    assert "已记为没有退到" in page and "再退一次" in page and "登记银行转账" in page
    assert "没有再做" in text_of(staff.post(where, YES, follow=True))
    assert (_minor(OWED), _minor(CLEARING)) == (owed + total, there - total)
    assert _moved("refund_failed") == [refund.refund_no] and _balanced()
    order = Order.objects.get()
    assert (order.state, order.why, order.ended_at) == ("refunding", "refund_bounced", None)
    assert _last_leaf(order) == "order.refund_requested"
    assert "没办成的退款" in text_of(staff.get("/operator/"))
    staff.post(f"/operator/refunds/{refund.id}/", {"unpaid": "yes", "reason": "再退"})
    money_tasks.refund_money.func(0)
    refund.refresh_from_db()
    assert (refund.state, refund.asked_no) == ("confirmed", f"{refund.refund_no}-1")
    order.refresh_from_db()
    assert order.state == "refunded" and order.ended_at is not None
    assert _last_leaf(order) == "order.refunded"
    assert SandboxRefund.objects.filter(refund_no=refund.asked_no).count() == 1
    assert (_minor(OWED), _minor(CLEARING)) == (owed, there)
    assert "已经办成" in text_of(staff.post(where, YES, follow=True))
    assert _moved("refund_failed") == [refund.refund_no] and _balanced()
    assert len(find_deeds("refund.bounce")) == 1


def test_what_the_service_says_arrived_is_not_taken_back(staff, refund):
    """Asked, it names our number and amount: neither taken back nor, once stuck, paid by the bank
    as well; nothing moves and nothing is on record."""
    owed, where = _minor(OWED), f"/operator/refunds/{refund.id}/bounced/"
    assert "已经办成" in text_of(staff.post(where, YES, follow=True))
    refund.refresh_from_db()
    assert refund.state == "confirmed" and _minor(OWED) == owed and not _moved("refund_failed")
    Refund.objects.update(state="stuck", confirmed_at=None, problem="not_done_yet")
    where = f"/operator/refunds/{refund.id}/elsewhere/"
    page = text_of(staff.post(where, YES | {"reference": "B-1"}, follow=True))
    assert "不能再从银行付" in page and not find_deeds("refund.elsewhere")
    refund.refresh_from_db()
    assert (refund.state, refund.paid_elsewhere) == ("stuck", "")


def test_the_services_silence_needs_a_second_person(staff, refund):
    """A refund that came back before is taken back again on the word of two people: the first
    moves nothing however often he says it, the second one's moves it once."""
    _comes_back()
    Refund.objects.update(again=1)
    where = f"/operator/refunds/{refund.id}/bounced/"
    for says in ("等另一个人", "没有再做"):
        assert says in text_of(staff.post(where, YES, follow=True))
        assert Refund.objects.get().state == "confirmed" and not _moved("refund_failed")
    other = sign_in("other@example.org", Role.FINANCE)
    page = text_of(other.get("/operator/second/"))
    assert "记为没有退到" in page and Order.objects.get().number in page
    step = f"/operator/second/{MoneyWord.objects.get().id}/"
    assert "已记下" in text_of(other.post(step, {"step": "confirm"}, follow=True))
    assert "没有再做" in text_of(other.post(step, {"step": "confirm"}, follow=True))
    assert _moved("refund_failed") == [f"{refund.refund_no}-1"] and _balanced()
    assert [one.who_mail for one in find_deeds("refund.bounce")] == ["other@example.org"]


def test_refunds_that_one_person_says_came_back_count_as_one(staff, client, monkeypatch):
    """Each is under the limit of a day, both are not: the second one waits for another person, and
    nothing of it is owed again before."""
    listing = make_shop().listing
    for order in (pay(buy(client, listing)), pay(buy(client, listing))):
        assert give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=now())
    money_tasks.refund_money.func(0)
    _comes_back()
    one, two = Refund.objects.order_by("id")
    low = PayoutPolicy(second_person_over=Money(one.amount_minor + two.amount_minor - 1))
    monkeypatch.setattr(money_words, "payout_policy", lambda: low)
    at = now()
    monkeypatch.setattr(operator_access, "now", lambda: at)
    for row, says in ((one, "已记为没有退到"), (two, "等另一个人")):
        where = f"/operator/refunds/{row.id}/bounced/"
        assert says in text_of(staff.post(where, YES, follow=True))
    assert _moved("refund_failed") == [one.refund_no] and _balanced()
    two.refresh_from_db()
    assert two.state == "confirmed" and MoneyWord.objects.filter(state="waiting").count() == 1


def test_a_stale_factor_moves_nothing(refund):
    """Each deed about money asks for the factor anew where it was used longer ago."""
    _comes_back()
    stale = sign_in("stale@example.org", *ALL, age_s=3600)
    for deed in ("bounced/", "elsewhere/", ""):
        given = YES | {"unpaid": "yes", "reference": "B-1"}
        answer = stale.post(f"/operator/refunds/{refund.id}/{deed}", given)
        assert answer.status_code == 302 and "reauthenticate" in answer.url
    for where in (
        f"/operator/orders/{Order.objects.get().id}/finding/",
        f"/operator/splits/{refund.id}/",
        f"/operator/merchants/{refund.id}/deposit/",
        f"/operator/payees/{refund.id}/",
    ):
        assert "reauthenticate" in stale.post(where, {}).url
    assert Refund.objects.get().state == "confirmed"
    page = text_of(stale.get(f"/operator/orders/{Order.objects.get().number}/"))
    assert "动钱之前再验证一次" in page


def test_what_the_service_cannot_refund_the_bank_pays(staff, refund):
    """Paid under the bank's number, once; the service is never asked for it again."""
    _comes_back()
    staff.post(f"/operator/refunds/{refund.id}/bounced/", YES)
    owed, there, total = _minor(OWED), _minor(BANK), refund.amount_minor
    where = f"/operator/refunds/{refund.id}/elsewhere/"
    for number, says in (
        ("", "银行流水号要写"),
        ("两 个", "银行流水号要写"),
        ("B-1", "已记为付给"),
    ):
        page = text_of(staff.post(where, YES | {"reference": number}, follow=True))
        assert says in page
    assert "B-1" in page and "没有再做" in text_of(
        staff.post(where, YES | {"reference": "B-2"}, follow=True)
    )
    assert (_minor(OWED), _minor(BANK)) == (owed - total, there + total)
    assert _moved("refund_paid") == [refund.refund_no, "bank:B-1"] and _balanced()
    assert "没有再做" in text_of(
        staff.post(f"/operator/refunds/{refund.id}/bounced/", YES, follow=True)
    )
    assert not carry_out_refunds(gateways={}, confirmed=lambda _: None, at=now())
    assert len(find_deeds("refund.elsewhere")) == 1


def test_one_transfer_of_the_bank_pays_one_refund(staff, refund):
    """The number of another refund's transfer is refused, by the page and by the database."""
    _comes_back()
    staff.post(f"/operator/refunds/{refund.id}/bounced/", YES)
    Refund.objects.update(state="confirmed", confirmed_at=now(), paid_elsewhere="B-1")
    other = Refund.objects.create(
        id=new_id(now()), credit=refund.credit, refund_no="R2", amount_minor=1, state="stuck",
        reason="x", requested_at=now(), problem="refused:no",
    )  # fmt: skip
    where = f"/operator/refunds/{other.id}/elsewhere/"
    page = text_of(staff.post(where, YES | {"reference": "B-1"}, follow=True))
    assert "已经用于另一笔" in page
    other.refresh_from_db()
    assert other.state == "stuck"
    with pytest.raises(IntegrityError):
        Refund.objects.filter(id=other.id).update(
            state="confirmed", confirmed_at=now(), paid_elsewhere="B-1"
        )


def test_an_order_ends_with_what_the_bank_paid(staff, client):
    """A refund that was given up before it was ever confirmed: the order is refunded by the bank's
    transfer; a plain refusal is asked for again under the same number."""
    pay(buy(client, make_shop().listing))
    order = Order.objects.get()
    assert give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=now())
    Refund.objects.update(state="stuck", problem="refused:NOT_ENOUGH", next_try_at=None)
    row = Refund.objects.get()
    staff.post(f"/operator/refunds/{row.id}/", {"unpaid": "yes", "reason": "再退"})
    row.refresh_from_db()
    assert (row.state, row.asked_no) == ("requested", row.refund_no)
    Refund.objects.update(state="stuck", problem="refused:NOT_ENOUGH", next_try_at=None)
    staff.post(f"/operator/refunds/{row.id}/elsewhere/", YES | {"reference": "B-9"})
    order.refresh_from_db()
    assert order.state == "refunded" and _moved("refund_paid") == ["bank:B-9"] and _balanced()
    assert not _moved("refund_failed")


def test_only_the_finance_desk_may(staff, refund):
    """Somebody who runs orders alone is refused at both."""
    other = sign_in("orders@example.org", Role.OPERATOR)
    for deed in ("bounced", "elsewhere"):
        answer = other.post(f"/operator/refunds/{refund.id}/{deed}/", YES | {"reference": "B"})
        assert answer.status_code in (403, 404)
    assert Refund.objects.get().state == "confirmed"


def test_what_a_bill_says_otherwise_is_settled_with_a_reason(staff, refund):
    """On the desk with what to do, whatever the watchdog judges; a person ends it, once."""
    order, at = Order.objects.get(), now()
    for _ in range(2):
        note_bill_differs(credit=refund.credit, at=at)
    watch_order(stores=get_stores(), order_id=order.id, at=at)
    found = Finding.objects.get(code="bill_differs")
    assert (found.times, found.closed_at) == (2, None)
    assert order.number in text_of(staff.get("/operator/orders/"))
    assert "对照渠道账单" in text_of(staff.get(f"/operator/orders/{order.number}/"))
    where, given = f"/operator/orders/{order.id}/finding/", {"code": "bill_differs"}
    assert "写明理由" in text_of(staff.post(where, given, follow=True))
    other = text_of(staff.post(where, {"code": "refund_stuck", "reason": "x"}, follow=True))
    assert "随订单自己了结" in other
    given["reason"] = "后台补过一笔"
    assert "已了结" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    found.refresh_from_db()
    assert found.closed_at is not None
    assert [one.reason for one in find_deeds("finding.settle")] == ["bill_differs: 后台补过一笔"]


def test_a_day_that_is_not_read_is_on_the_desk(staff, monkeypatch):
    """After three days it is counted on the first page and listed with its reason."""
    at = now()
    monkeypatch.setattr(operator_ledger, "find_unread", lambda _at: find_unread(at))  # no midnight
    for days in (3, 4):
        day = beijing(at).date() - timedelta(days=days)
        BillDay.objects.create(gateway="wechat", day=day, problem=f"late_{days}")
    page = text_of(staff.get("/operator/ledger/"))
    assert "late_4" in page and "late_3" not in page and "微信支付" in page
    assert "没读到的渠道账单" in text_of(staff.get("/operator/"))
