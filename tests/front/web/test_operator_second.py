"""What rests on one person's reading of a bank's page: over the limit of a day it takes two."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from tests.front.web.market_pages import buy, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in
from tests.front.web.test_operator_money_desk import debtor
from tests.market.test_cancel_order import _balanced

from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web import money_words, operator_access
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.queries import find_balance, find_merchant_money
from gongdao.log.models import LogSubject
from gongdao.market.accounts import clearing_account, platform_account
from gongdao.market.give_back import give_back
from gongdao.market.models import MerchantMember, MoneyWord, Order
from gongdao.market.states import Role
from gongdao.payments.models import Refund

__all__ = ["debtor"]
pytestmark = pytest.mark.django_db(transaction=True)
SANDBOX = ("sandbox", "sandbox")
BANK = platform_account(AccountKind.OUTSIDE)


@pytest.fixture
def staff(client):
    """Who asks."""
    return sign_in("staff@example.org", *ALL)


@pytest.fixture
def second(client):
    """Who confirms."""
    return sign_in("second@example.org", Role.FINANCE)


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    """20.00 in a day by one person."""
    low = PayoutPolicy(second_person_over=Money(2000))
    monkeypatch.setattr(money_words, "payout_policy", lambda: low)


def _minor(account):
    return find_balance(account).minor


def _step(browser, step="confirm", **more):
    row = MoneyWord.objects.get(second=True)
    where = f"/operator/second/{row.id}/"
    return text_of(browser.post(where, {"step": step} | more, follow=True))


def test_what_came_in_at_the_bank_over_the_limit_takes_two(staff, second, debtor):
    """Asked for nothing has moved, however often; who asked sees no button and is refused; another
    person does it once, and the record names both."""
    owed, shop = debtor
    where = f"/operator/debts/{shop.merchant.id}/"
    given = {"step": "collect", "amount": "30.00", "reference": "X-1", "reason": "到账"}
    assert "等另一个人" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(second.post(where, given, follow=True))
    assert _minor(owed) == -5000 and MoneyWord.objects.count() == 1
    page = text_of(staff.get("/operator/second/"))
    assert "X-1" in page and shop.merchant.display_name in page
    assert "您提出的，要由另一个人确认" in page and 'value="confirm"' not in page
    assert "另一个人" in _step(staff) and _minor(owed) == -5000
    person = User.objects.get(email="second@example.org")
    member = MerchantMember.objects.create(merchant=shop.merchant, user=person, added_at=now())
    assert "您是这个商家的人" in _step(second) and _minor(owed) == -5000
    member.delete()
    assert "等第二个人的登记" in text_of(second.get("/operator/"))
    assert 'value="confirm"' in text_of(second.get("/operator/second/"))
    assert "已记下" in _step(second) and "没有再做" in _step(second)
    assert _minor(owed) == -2000 and _balanced()
    assert [one.who_mail for one in find_deeds("money.ask")] == ["staff@example.org"]
    (done,) = find_deeds("debt.collect")
    assert (done.who_mail, done.reason) == ("second@example.org", "30.00 X-1 到账")


def test_several_small_ones_of_a_day_count_as_one(staff, second, debtor, monkeypatch):
    """Two that one person did pass the limit together: the second one is only asked for, and can be
    taken back with a reason; what two people did does not count."""
    owed, shop = debtor
    where = f"/operator/debts/{shop.merchant.id}/"
    given, at = {"step": "collect", "amount": "15.00", "reason": "到账"}, now()
    monkeypatch.setattr(operator_access, "now", lambda: at)  # all of it on one day
    staff.post(where, given | {"reference": "X-1"})
    staff.post(where, given | {"reference": "X-2"})
    assert _minor(owed) == -3500
    assert "写明理由" in _step(second, "drop")
    assert "已记下" in _step(second, "drop", reason="记错了") and "撤回" in _step(second)
    assert _minor(owed) == -3500 and len(find_deeds("money.drop")) == 1
    staff.post(where, given | {"amount": "5.00", "reference": "X-3"})
    assert _minor(owed) == -3000
    too_much = text_of(staff.post(where, given | {"amount": "30.01", "reference": "X-4"}))
    assert not MoneyWord.objects.filter(reference="X-4").exists() and not too_much


def test_what_was_done_otherwise_meanwhile_is_not_done_again(staff, second, debtor):
    """Asked for, then the debt is paid under the same number in small: the confirmation is refused,
    and nothing moves."""
    owed, shop = debtor
    where = f"/operator/debts/{shop.merchant.id}/"
    given = {"step": "collect", "amount": "30.00", "reference": "X-1", "reason": "到账"}
    staff.post(where, given)
    row = MoneyWord.objects.get()
    do = money_words.prepare_word(money_words.Word(
        row.deed, (row.about_kind, row.about_id), Money(3000), "X-1"
    ), now())  # fmt: skip
    assert do() is True
    assert "另外办过了" in _step(second) and _minor(owed) == -2000
    row.refresh_from_db()
    assert row.state == "waiting" and not find_deeds("debt.collect")


def test_a_large_chargeback_takes_two(staff, second, client):
    """Neither money nor the public log knows of it before the other person's word, who is not the
    order's buyer."""
    order = pay(buy(client, make_shop().listing))
    leaf = LogSubject.objects.get(name=order.log_subject).last_type
    fields = {"number": order.number, "amount": "30.00", "reference": "dp_1", "reason": "已扣"}
    page = staff.post("/operator/debts/charge-back/", fields, follow=True)
    assert "等另一个人" in text_of(page) and not find_deeds("charge_back.book")
    assert LogSubject.objects.get(name=order.log_subject).last_type == leaf
    assert order.number in text_of(second.get("/operator/second/"))
    person = User.objects.get(email="second@example.org").pk
    Order.objects.filter(id=order.id).update(buyer_id=person)
    assert "这一单的买家" in _step(second) and not find_deeds("charge_back.book")
    Order.objects.filter(id=order.id).update(buyer_id=order.buyer_id)
    assert "已记下" in _step(second) and _balanced()
    assert LogSubject.objects.get(name=order.log_subject).last_type != leaf
    assert len(find_deeds("charge_back.book")) == 1
    none = fields | {"amount": "0.00", "reference": "dp_2"}
    page = text_of(staff.post("/operator/debts/charge-back/", none, follow=True))
    assert "必须大于零" in page


def test_a_large_deposit_takes_two(staff, second):
    """It is no free money of anybody's before another person saw the statement."""
    merchant = make_merchant()
    owner = SubjectRef("merchant", merchant.id)
    before, source = find_merchant_money(merchant=owner).deposit, clearing_account(*SANDBOX)
    fields = {"amount": "30.00", "source": str(source), "reference": "B-1"}
    page = staff.post(f"/operator/merchants/{merchant.id}/deposit/", fields, follow=True)
    assert "等另一个人" in text_of(page)
    assert find_merchant_money(merchant=owner).deposit == before
    _step(second)
    assert find_merchant_money(merchant=owner).deposit.minor == before.minor + 3000


def test_a_large_refund_by_the_bank_takes_two(staff, second, client):
    """The order stays as it is until the other person has seen the transfer as well."""
    pay(buy(client, make_shop().listing))
    order = Order.objects.get()
    assert give_back(stores=get_stores(), order_id=order.id, why="not_owed", at=now())
    Refund.objects.update(state="stuck", problem="refused:NOT_ENOUGH", next_try_at=None)
    row, there = Refund.objects.get(), _minor(BANK)
    given = {"seen": "yes", "reason": "看过", "reference": "B-9"}
    where = f"/operator/refunds/{row.id}/elsewhere/"
    assert "等另一个人" in text_of(staff.post(where, given, follow=True))
    row.refresh_from_db()
    assert row.state == "stuck" and _minor(BANK) == there
    assert "已记下" in _step(second)
    row.refresh_from_db()
    order.refresh_from_db()
    assert (row.state, row.paid_elsewhere, order.state) == ("confirmed", "B-9", "refunded")
    assert _minor(BANK) == there + row.amount_minor and _balanced()


def test_the_database_keeps_what_was_asked_for(staff, debtor):
    """One person is not two there either; nothing that was asked for is changed or deleted, and a
    stale factor confirms nothing."""
    _owed, shop = debtor
    given = {"step": "collect", "amount": "30.00", "reference": "X-1", "reason": "到账"}
    staff.post(f"/operator/debts/{shop.merchant.id}/", given)
    rows, row = MoneyWord.objects.all(), MoneyWord.objects.get()
    same = {"state": "done", "ended_by": row.asked_by, "ended_at": now()}
    for values, error in ((same, IntegrityError), ({"amount_minor": 1}, DatabaseError)):
        with pytest.raises(error), transaction.atomic():
            rows.update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    stale = sign_in("late@example.org", *ALL, age_s=301)
    answer = stale.post(f"/operator/second/{row.id}/", {"step": "confirm"})
    assert "reauthenticate" in answer.url and MoneyWord.objects.get().state == "waiting"
    assert staff.post(f"/operator/second/{row.id}/", {"step": "x"}).status_code == 404
    other = sign_in("orders@example.org", Role.OPERATOR)
    assert other.get("/operator/second/").status_code in (403, 404)
