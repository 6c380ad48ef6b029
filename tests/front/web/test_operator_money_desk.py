"""The platform's own money, chargebacks, debts and holds on the operator's desk."""

from __future__ import annotations

from functools import partial

import pytest
from tests.front.web.market_pages import buy, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import ALL, find_deeds, sign_in
from tests.front.web.test_operator_work import _propose, payable

from gongdao.core.money import Money
from gongdao.disputes.models import HoldGround
from gongdao.front.clock import now
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_payout import PayoutPolicy
from gongdao.ledger.models import LedgerPending, Payout
from gongdao.ledger.queries import find_balance
from gongdao.ledger.step_payout import request_payouts
from gongdao.market.accounts import clearing_account, merchant_account, platform_account
from gongdao.market.charge_back_notice import CHARGED_BACK, RETURNED
from gongdao.market.models import Finding
from gongdao.market.states import Role
from gongdao.market.take_word import waiting_words

__all__ = ["payable"]
pytestmark = pytest.mark.django_db(transaction=True)
BANK = str(platform_account(AccountKind.OUTSIDE))
GUARANTEE = platform_account(AccountKind.PLATFORM_GUARANTEE)


@pytest.fixture
def staff(client):
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL, Role.ARBITER)


def _book(browser, amount, reference="B-1", **more):
    fields = {"booking": "guarantee", "account": BANK, "amount": amount, "reference": reference}
    return browser.post(
        "/operator/bookings/new/", fields | {"reason": "看了银行流水"} | more, follow=True
    )


def _minor(account):
    return find_balance(account).minor


def test_the_guarantee_is_filled_in_two_steps(staff):
    """Proposed, nothing has moved; confirmed, it is there, once; both stand in the record."""
    before = _minor(GUARANTEE)
    assert "提出了" in text_of(_book(staff, "300.00"))
    _book(staff, "300.00")
    row = LedgerPending.objects.get()
    assert _minor(GUARANTEE) == before and len(find_deeds("booking.propose")) == 1
    where = f"/operator/bookings/{row.id}/"
    staff.post(where, {"step": "confirm"})
    assert "没有再做" in text_of(staff.post(where, {"step": "confirm"}, follow=True))
    assert _minor(GUARANTEE) == before + 30_000 and len(find_deeds("booking.confirm")) == 1
    assert "已经" in text_of(staff.post(where, {"step": "cancel", "reason": "x"}, follow=True))
    assert staff.get("/operator/bookings/").status_code == 200


def test_a_large_booking_needs_another_person(staff):
    """Who proposed it sees no button and is refused past it; a colleague confirms."""
    _book(staff, "600000.00")
    row, before = LedgerPending.objects.get(), _minor(GUARANTEE)
    page = text_of(staff.get("/operator/bookings/"))
    assert "要由另一个人确认" in page and 'value="confirm"' not in page
    where = f"/operator/bookings/{row.id}/"
    assert "另一个人" in text_of(staff.post(where, {"step": "confirm"}, follow=True))
    assert _minor(GUARANTEE) == before
    sign_in("second@example.org", Role.FINANCE).post(where, {"step": "confirm"})
    assert _minor(GUARANTEE) == before + 60_000_000


def test_a_service_settles_what_it_has_and_keeps_its_fee(staff, client):
    """Not more than stands there; the fee is the platform's cost."""
    pay(buy(client, make_shop().listing))
    source = clearing_account("sandbox", "sandbox")
    there = -_minor(source)
    given = {"booking": "settlement", "account": str(source)}
    page = text_of(_book(staff, f"{(there + 1) / 100:.2f}", **given))  # no money: as it is typed
    assert "那里现在只有" in page and not LedgerPending.objects.exists()
    _book(staff, "1.00", "S-1", **given)
    _book(staff, "0.50", "S-2", booking="gateway_fee", account=str(source))
    for row in LedgerPending.objects.all():
        staff.post(f"/operator/bookings/{row.id}/", {"step": "confirm"})
    assert -_minor(source) == there - 150
    assert _minor(platform_account(AccountKind.PLATFORM_COST)) == -50
    wrong = _book(staff, "1.00", "S-3", booking="gateway_fee", account=BANK)
    assert "不能从" in text_of(wrong)


def test_a_chargeback_is_booked_and_its_finding_closes(staff, client):
    """The desk lists what the service told; booked once, it leaves the list."""
    order, at = pay(buy(client, make_shop().listing)), now()
    Finding.objects.create(order=order, code=CHARGED_BACK, deed="person", found_at=at, acted_at=at)
    assert order.number in text_of(staff.get("/operator/debts/"))
    fields = {"number": order.number, "amount": "1.00", "reference": "dp_1", "reason": "后台已扣"}
    send = partial(staff.post, "/operator/debts/charge-back/", fields, follow=True)
    assert "已记下" in text_of(send()) and "没有再做" in text_of(send())
    assert Finding.objects.get().closed_at is not None
    assert len(find_deeds("charge_back.book")) == 1
    fields["number"] = "NOSUCH"
    assert "没有这个订单" in text_of(send())


def test_a_returned_chargeback_is_booked_and_its_finding_closes(staff, client, monkeypatch):
    """The desk lists what the service told; over the limit a colleague confirms it; booked once, it
    leaves the list, and both deeds are on record; another amount is refused with words."""
    order, at = pay(buy(client, make_shop().listing)), now()
    Finding.objects.create(order=order, code=RETURNED, deed="person", found_at=at, acted_at=at)
    page = text_of(staff.get("/operator/debts/"))
    assert "还没有登记的拒付" in page and order.number in page
    fields = {"number": order.number, "amount": "1.00", "reference": "dp_1", "reason": "后台已扣"}
    send = partial(staff.post, "/operator/debts/charge-back/back/", fields, follow=True)
    assert "没有登记过这个编号" in text_of(send())
    staff.post("/operator/debts/charge-back/", fields)
    held = merchant_account(AccountKind.MERCHANT_HELD, order.merchant_id)
    left = _minor(held)
    fields["amount"] = "2.00"
    assert "只能整笔退回" in text_of(send())
    fields["amount"] = "1.00"
    low = PayoutPolicy(second_person_over=Money(99))
    monkeypatch.setattr("gongdao.front.web.money_words.payout_policy", lambda: low)
    assert "另一个人" in text_of(send()) and _minor(held) == left
    (asked,) = waiting_words()
    second = sign_in("second@example.org", Role.FINANCE)
    assert "登记拒付退回" in text_of(second.get("/operator/second/"))
    second.post(f"/operator/second/{asked.id}/", {"step": "confirm"})
    assert _minor(held) == left + 100 and Finding.objects.get(code=RETURNED).closed_at
    assert [one.who_mail for one in find_deeds("charge_back.return")] == ["second@example.org"]
    assert "没有再做" in text_of(send())
    fields["number"] = "NOSUCH"
    answer = send()
    assert answer.status_code == 422 and 'href="#back-number"' in text_of(answer)


def test_a_debt_is_paid_at_the_bank_or_given_up(staff):
    """Never more than is owed; each is in the record with amount, number and reason."""
    from tests.disputes.test_paid_for_merchant import empty_free, fund, pay_for

    shop = make_shop()
    fund(AccountKind.PLATFORM_GUARANTEE, 10_000)
    empty_free(shop)
    pay_for(shop, 5000)
    page = text_of(staff.get("/operator/debts/"))
    assert shop.merchant.display_name in page and "50.00" in page
    where = f"/operator/debts/{shop.merchant.id}/"
    given = {"step": "collect", "amount": "20.00", "reference": "X-1", "reason": "到账"}
    staff.post(where, given)
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    owed = merchant_account(AccountKind.MERCHANT_RECEIVABLE, shop.merchant.id)
    assert _minor(owed) == -3000
    more = {"step": "write_off", "amount": "30.01", "reference": "W", "reason": "失联"}
    assert "不超过" in text_of(staff.post(where, more, follow=True))
    staff.post(where, more | {"amount": "30.00"})
    assert _minor(owed) == 0 and "没有商家欠款" in text_of(staff.get("/operator/debts/"))
    assert find_deeds("debt.write_off")[0].reason == "30.00 W 失联"


@pytest.fixture
def debtor():
    """A shop whose merchant owes 50.00, with the address of its debt."""
    from tests.disputes.test_paid_for_merchant import empty_free, fund, pay_for

    shop = make_shop()
    fund(AccountKind.PLATFORM_GUARANTEE, 10_000)
    empty_free(shop)
    pay_for(shop, 5000)
    return merchant_account(AccountKind.MERCHANT_RECEIVABLE, shop.merchant.id), shop


def _low_limit(monkeypatch, minor):
    low = PayoutPolicy(second_person_over=Money(minor))
    monkeypatch.setattr("gongdao.front.web.pages.operator_debts.payout_policy", lambda: low)


def test_a_large_write_off_needs_another_person(staff, debtor, monkeypatch):
    """Proposed nothing is given up, and who proposed it is refused; a colleague confirms it, once;
    the record names both."""
    owed, shop = debtor
    _low_limit(monkeypatch, 2000)
    where = f"/operator/debts/{shop.merchant.id}/"
    given = {"step": "write_off", "amount": "30.00", "reference": "W-1", "reason": "失联"}
    assert "等另一个人确认" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    assert _minor(owed) == -5000
    page = text_of(staff.get("/operator/debts/"))
    assert "您提出的，要由另一个人确认" in page and 'value="confirm"' not in page
    step = f"/operator/debts/write-offs/{LedgerPending.objects.get().id}/"
    assert "另一个人" in text_of(staff.post(step, {"step": "confirm"}, follow=True))
    second = sign_in("second@example.org", Role.FINANCE)
    assert 'value="confirm"' in text_of(second.get("/operator/debts/"))
    second.post(step, {"step": "confirm"})
    assert "没有再做" in text_of(second.post(step, {"step": "confirm"}, follow=True))
    assert _minor(owed) == -2000
    told = [(one.who_mail, one.reason) for one in find_deeds("debt.write_off")]
    assert told == [("second@example.org", "30.00 W-1 30.00 失联")]
    assert find_deeds("debt.propose")[0].who_mail == "staff@example.org"


def test_several_small_write_offs_of_a_day_count_as_one(staff, debtor, monkeypatch):
    """The second one would pass the limit together with the first: it is only proposed, and can
    be taken back with a reason."""
    owed, shop = debtor
    _low_limit(monkeypatch, 3000)
    where = f"/operator/debts/{shop.merchant.id}/"
    given = {"step": "write_off", "amount": "20.00", "reason": "失联"}
    staff.post(where, given | {"reference": "W-1"})
    assert _minor(owed) == -3000
    staff.post(where, given | {"reference": "W-2"})
    assert _minor(owed) == -3000
    step = f"/operator/debts/write-offs/{LedgerPending.objects.get().id}/"
    assert "理由" in text_of(staff.post(step, {"step": "drop", "reason": ""}, follow=True))
    staff.post(step, {"step": "drop", "reason": "记错了"})
    assert LedgerPending.objects.get().state == "void"
    late = sign_in("second@example.org", Role.FINANCE)
    assert "撤回了" in text_of(late.post(step, {"step": "confirm"}, follow=True))
    assert _minor(owed) == -3000 and len(find_deeds("debt.keep")) == 1


def test_money_asks_the_staff_for_the_factor_once_more(payable):
    """Used longer than five minutes ago every deed that moves money leads to the question, and
    nothing has moved; the pages say so before anything is filled in."""
    stale = sign_in("late@example.org", *ALL, age_s=301)
    fresh = sign_in("staff@example.org", *ALL)
    fresh.post(f"/operator/payees/{payable[1]}/", {"proof": "document"})
    _propose(fresh, payable)
    payout = Payout.objects.get()
    for path, given in (
        (f"/operator/payouts/{payout.id}/", {"step": "approve"}),
        (f"/operator/payouts/new/{payable[0].id}/send/", {}),
        ("/operator/payouts/request/", {"source": payable[2]}),
        ("/operator/bookings/new/", {"booking": "guarantee", "account": BANK, "amount": "1.00"}),
        (f"/operator/debts/{payable[0].id}/", {"step": "write_off", "amount": "1.00"}),
        ("/operator/debts/charge-back/", {}),
        ("/operator/debts/charge-back/back/", {}),
    ):
        answer = stale.post(path, given)
        assert answer.status_code == 302 and "/2fa/reauthenticate/" in answer["Location"], path
    payout.refresh_from_db()
    assert payout.state == "proposed" and not LedgerPending.objects.exists()
    for page in ("payouts", "bookings", "debts"):
        assert "动钱之前再验证一次" in text_of(stale.get(f"/operator/{page}/")), page


def _hold(browser, merchant, hours="24", rule="abuse/used_secrets_merchant"):
    fields = {"merchant": str(merchant.id), "rule": rule, "hours": hours, "reason": "看到旧卡密"}
    return browser.post("/operator/disputes/grounds/new/", fields, follow=True)


def test_a_person_places_a_hold_within_its_rule(staff):
    """By a published rule, for no longer than it says, with a reason that is shown."""
    merchant = make_merchant()
    assert "最多" in text_of(_hold(staff, merchant, hours="8000"))
    assert not HoldGround.objects.exists()
    page = text_of(_hold(staff, merchant))
    assert "限制加上了" in page and "看到旧卡密" in page
    assert "没有再做" in text_of(_hold(staff, merchant))
    row = HoldGround.objects.get()
    assert row.rule.startswith("abuse/used_secrets_merchant@") and row.placed_by_id is not None
    wrong = staff.post("/operator/disputes/grounds/new/", {"merchant": "x", "hours": "0"})
    assert wrong.status_code == 422


def test_a_hold_stops_a_payout_that_was_proposed_before(staff, payable):
    """Placed after the proposal it stops approval; placed after approval it keeps it out of the
    batch, while without it the batch takes it."""
    merchant, payee, source = payable
    staff.post(f"/operator/payees/{payee}/", {"proof": "document"})
    _propose(staff, payable)
    where = f"/operator/payouts/{Payout.objects.get().id}/"
    _hold(staff, merchant)
    assert "以前不能付款" in text_of(staff.post(where, {"step": "approve"}, follow=True))
    assert Payout.objects.get().state == "proposed"
    HoldGround.objects.update(lifted_at=now())
    staff.post(where, {"step": "approve"})
    _hold(staff, merchant)
    page = text_of(staff.post("/operator/payouts/request/", {"source": source}, follow=True))
    assert "限制挡着" in page and Payout.objects.get().state == "approved"
    HoldGround.objects.update(lifted_at=now())
    payer = clearing_account("sandbox", "sandbox")
    assert request_payouts(through=payer, by=None, at=now())


def test_several_small_payouts_of_a_day_need_a_second_person(staff, payable, monkeypatch):
    """Two that stay under the limit each, and not together: the second needs a colleague."""
    from gongdao.front.web import operator_money
    from gongdao.front.web.pages import operator_payouts

    low = operator_money.PayoutPolicy(second_person_over=Money(15_000))
    monkeypatch.setattr(operator_payouts, "payout_policy", lambda: low)
    staff.post(f"/operator/payees/{payable[1]}/", {"proof": "document"})
    for name in ("P-1", "P-2"):
        _propose(staff, payable, reference=name)
    for row in Payout.objects.order_by("id"):
        staff.post(f"/operator/payouts/{row.id}/", {"step": "approve"})
    assert list(Payout.objects.order_by("id").values_list("state", "limit_minor")) == [
        ("approved", 15_000),
        ("proposed", 5000),
    ]
    last = Payout.objects.get(state="proposed")
    sign_in("second@example.org", Role.FINANCE).post(
        f"/operator/payouts/{last.id}/", {"step": "approve"}
    )
    assert not Payout.objects.filter(state="proposed").exists()
