"""The operator's desk at work: orders that need a person, suppliers, ledger, holds, payouts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.front.web.market_pages import buy, fill_in, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import ALL, PAGES, find_deeds, sign_in

from gongdao.core.ids import new_id
from gongdao.core.models import User
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web import operator_money
from gongdao.front.web.operator_queues import count_queues
from gongdao.front.web.pages import operator_payouts
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.models import LedgerAccount, Payout, PayoutBatch
from gongdao.ledger.payees import PayeeDetails, add_payee
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_merchant_money
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import clearing_account, merchant_account, platform_account
from gongdao.market.models import Finding, Merchant, MerchantMember, Notice, Order, Supplier, TopUp
from gongdao.market.states import Role
from gongdao.market.terms import terms_number
from gongdao.market.vetting_models import StaffDeed
from gongdao.payments.models import Credit, Refund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(client):
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


def test_lists_come_in_pages(staff):
    """Thirty deeds on one page, and a way to the next."""
    for _ in range(31):
        staff.post("/operator/ledger/check/")
    page = text_of(staff.get("/operator/deeds/"))
    assert "第 1 页，共 2 页" in page and "page=2" in page


def _paid(client):
    shop = make_shop()
    return pay(buy(client, shop.listing))


def test_an_order_is_found_by_its_number_and_tells_no_secret(staff, client):
    """The search leads to it; contact and secrets are not on the page."""
    order = _paid(client)
    answer = staff.get(f"/operator/orders/?q={order.number.lower()}", follow=True)
    page = text_of(answer)
    assert answer.redirect_chain and order.number in page and "已发货" in page
    assert "buyer@example.invalid" not in page and "CARD-" not in page
    named = text_of(staff.get("/operator/orders/?q=示例"))
    assert order.number in named
    assert "没有找到" in text_of(staff.get("/operator/orders/?q=NOSUCH"))
    assert staff.get("/operator/orders/NOSUCH/").status_code == 404


def test_a_supplier_doubt_is_ended_with_a_reason(staff, client):
    """The finding closes with the last doubt, the reason stands in the record."""
    order, at = _paid(client), now()
    supplier = Supplier.objects.create(
        id=new_id(at), merchant_id=order.merchant_id, kind="yrapi", name="上游", url="https://x.org",
        account="a", sealed=b"", added_at=at,
    )  # fmt: skip
    row = TopUp.objects.create(
        id=new_id(at), order=order, place=0, supplier=supplier, number="N1", product="p", ask="q",
        face_minor=1, most_minor=1, currency="CNY", state="done", doubt="done_after_refund",
        begun_at=at, ended_at=at,
    )  # fmt: skip
    Finding.objects.create(
        order=order, code="supplier_doubt", deed="person", found_at=at, acted_at=at
    )
    queue = text_of(staff.get("/operator/orders/"))
    assert "退款以后，上游又说充成了" in queue and order.number in queue
    where = f"/operator/top-ups/{row.id}/doubt/"
    assert "写明理由" in text_of(staff.post(where, {}, follow=True))
    staff.post(where, {"reason": "上游承认重复"})
    row.refresh_from_db()
    assert row.doubt == "" and Finding.objects.get().closed_at is not None
    assert find_deeds("doubt.clear")[0].reason == "done_after_refund: 上游承认重复"
    assert "没有再做" in text_of(staff.post(where, {"reason": "x"}, follow=True))


def test_a_stuck_refund_is_tried_again_by_who_looked(staff, client):
    """Without the word that nothing was paid, nothing is tried."""
    order, at = _paid(client), now()
    credit = Credit.objects.get(intent__owner_id=order.id)
    row = Refund.objects.create(
        id=new_id(at), credit=credit, refund_no="R1", amount_minor=100, state="stuck",
        reason="x", requested_at=at, problem="outcome_unknown",
    )  # fmt: skip
    assert order.number in text_of(staff.get("/operator/orders/"))
    where = f"/operator/refunds/{row.id}/"
    assert "先到支付渠道" in text_of(staff.post(where, {"reason": "看过"}, follow=True))
    row.refresh_from_db()
    assert row.state == "stuck"
    staff.post(where, {"reason": "看过", "unpaid": "yes"})
    row.refresh_from_db()
    assert (row.state, row.tries, row.problem) == ("requested", 0, "")
    assert len(find_deeds("refund.push")) == 1


def test_a_failed_notice_is_sent_again(staff, client):
    """It is planned anew, once."""
    order, at = _paid(client), now()
    row = Notice.objects.create(
        id=new_id(at), order=order, event="delivered", state="failed", channel="mail",
        problem="no_messenger", made_at=at, ended_at=at,
    )  # fmt: skip
    assert "no_messenger" in text_of(staff.get("/operator/orders/"))
    staff.post(f"/operator/notices/{row.id}/")
    row.refresh_from_db()
    assert row.state == "planned" and row.next_try_at is not None


def test_a_supplier_is_switched_off_and_on(staff):
    """Only with a reason; the same again is said and not noted."""
    merchant, at = make_merchant(), now()
    row = Supplier.objects.create(
        id=new_id(at), merchant=merchant, kind="yrapi", name="上游甲", url="https://x.org",
        account="a", sealed=b"", added_at=at,
    )  # fmt: skip
    where = f"/operator/suppliers/{row.id}/"
    assert "上游甲" in text_of(staff.get("/operator/suppliers/"))
    is_on = Supplier.objects.filter(id=row.id, on=True).exists
    staff.post(where, {})
    assert is_on()
    staff.post(where, {"reason": "对不上账"})
    staff.post(where, {"reason": "对不上账"})
    assert not is_on() and len(find_deeds("supplier.off")) == 1
    staff.post(where, {"reason": "修好了", "on": "yes"})
    assert is_on() and len(find_deeds("supplier.on")) == 1


def test_the_trial_balance_and_an_accounts_statement(staff, client):
    """Everything balances, the account lists its transfers, the CSV begins with the opening."""
    order = _paid(client)
    answer = staff.post("/operator/ledger/check/")
    checked = answer.context["checked"]
    assert "试算表" in text_of(answer) and checked.transfers > 1
    assert all(one.code == "guard" for one in checked.differences)  # off in the tests' database
    held = LedgerAccount.objects.get(kind="merchant_held", owner_id=order.merchant_id)
    shown = text_of(staff.get(f"/operator/ledger/{held.id}/"))
    assert "担保冻结" in shown
    answer = staff.get(f"/operator/ledger/{held.id}/statement.csv?begin=2000-01-01&until=bad")
    assert answer["Content-Type"].startswith("text/csv")
    assert "期初余额" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert staff.get(f"/operator/ledger/{order.id}/").status_code == 404
    found = text_of(staff.get("/operator/ledger/?q=示例"))
    assert "商户担保冻结" in found


def test_holds_say_ground_limit_and_appeal(staff, client):
    """What waits for a sale names its order and until when."""
    order = _paid(client)
    page = text_of(staff.get("/operator/holds/"))
    assert order.number in page
    assert "依据：" in page and "期限：" in page and "异议：" in page


@pytest.fixture
def payable(client):
    """A merchant with free money and a payee that waits for verification, and who pays."""
    merchant = make_merchant()
    owner, at = SubjectRef("merchant", merchant.id), now()
    source = clearing_account("sandbox", "sandbox")
    post_transfer(
        source=merchant_account(AccountKind.MERCHANT_DEPOSIT, merchant.id),
        target=merchant_account(AccountKind.MERCHANT_FREE, merchant.id),
        amount=Money(400_000),
        kind=TransferKind.DEPOSIT_RETURN,
        about=owner,
        reference="test",
        at=at,
    )
    details = PayeeDetails(merchant.legal_name, "示例银行", "6222000011112222")
    payee = add_payee(stores=get_stores(), merchant=owner, details=details, at=at)
    return merchant, payee, str(source)


def _propose(browser, payable, amount="100.00", reference="P-1"):
    merchant, payee, source = payable
    return browser.post(
        f"/operator/payouts/new/{merchant.id}/send/",
        {"payee": str(payee), "amount": amount, "source": source, "reference": reference},
        follow=True,
    )


def test_a_payout_goes_all_its_steps(staff, payable):
    """Verified, proposed, approved, handed over as a list, confirmed; every step is noted."""
    merchant, payee, source = payable
    assert "现在提不了" in text_of(staff.get(f"/operator/payouts/new/{merchant.id}/"))
    staff.post(f"/operator/payees/{payee}/", {"proof": "small_payment"})
    form = text_of(staff.get(f"/operator/payouts/new/{merchant.id}/"))
    assert "····2222" in form and "6222000011112222" not in form
    assert "已提出" in text_of(_propose(staff, payable))
    payout = Payout.objects.get()
    where = f"/operator/payouts/{payout.id}/"
    staff.post(where, {"step": "approve"})
    staff.post("/operator/payouts/request/", {"source": source})
    batch = PayoutBatch.objects.get()
    answer = staff.post(f"/operator/payouts/batches/{batch.id}/")
    assert "6222000011112222" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "流水号" in text_of(staff.post(where, {"step": "confirm"}, follow=True))
    staff.post(where, {"step": "confirm", "said": "BANK-1"})
    payout.refresh_from_db()
    assert (payout.state, payout.bank_reference) == ("confirmed", "BANK-1")
    noted = [one.deed for one in StaffDeed.objects.order_by("id")]
    assert noted == [
        "payee.verify", "payout.propose", "payout.approve", "payout.request", "payout.list",
        "payout.confirm",
    ]  # fmt: skip


def test_over_the_limit_a_second_person_approves(staff, payable, monkeypatch):
    """Who proposed is refused and nothing moves; a colleague may."""
    low = operator_money.PayoutPolicy(second_person_over=Money(5_000))
    monkeypatch.setattr(operator_payouts, "payout_policy", lambda: low)
    staff.post(f"/operator/payees/{payable[1]}/", {"proof": "document"})
    _propose(staff, payable)
    payout = Payout.objects.get()
    page = text_of(staff.get("/operator/payouts/"))
    assert "要由另一个人批准" in page and 'value="approve"' not in page
    where = f"/operator/payouts/{payout.id}/"
    assert "另一个人" in text_of(staff.post(where, {"step": "approve"}, follow=True))
    payout.refresh_from_db()
    assert payout.state == "proposed" and not find_deeds("payout.approve")
    sign_in("second@example.org", Role.FINANCE).post(where, {"step": "approve"})
    payout.refresh_from_db()
    assert payout.state == "approved"


def test_a_payout_that_fails_is_free_money_again(staff, payable):
    """The reason is kept, the merchant has his money, and a withdrawn one likewise."""
    merchant = payable[0]
    staff.post(f"/operator/payees/{payable[1]}/", {"proof": "document"})
    _propose(staff, payable)
    payout = Payout.objects.get()
    where = f"/operator/payouts/{payout.id}/"
    assert "写明理由" in text_of(staff.post(where, {"step": "cancel"}, follow=True))
    staff.post(where, {"step": "cancel", "said": "账号要换"})
    payout.refresh_from_db()
    free = find_merchant_money(merchant=SubjectRef("merchant", merchant.id)).free
    assert (payout.state, free) == ("cancelled", Money(400_000))
    assert staff.post(where, {"step": "burn"}).status_code == 404


def test_too_much_is_refused_and_not_noted(staff, payable):
    """More than is free cannot be proposed; the bank is no source without own custody."""
    staff.post(f"/operator/payees/{payable[1]}/", {"proof": "document"})
    assert "钱不够" in text_of(_propose(staff, payable, amount="9999.00"))
    merchant, payee, _source = payable
    bank = str(platform_account(AccountKind.OUTSIDE))
    answer = staff.post(
        f"/operator/payouts/new/{merchant.id}/send/",
        {"payee": str(payee), "amount": "1.00", "source": bank, "reference": "P-2"},
    )
    assert answer.status_code == 422
    assert not Payout.objects.exists() and not find_deeds("payout.propose")


def test_terms_are_accepted_for_ones_own_merchant_only(client):
    """A member accepts what he was shown; another's merchant is not there."""
    merchant, at = make_merchant(), now()
    member = sign_in("m@example.org", factor=False)
    answer = member.post(f"/market/terms/accept/{merchant.id}/", {"number": "1"})
    assert answer.status_code == 404
    user = User.objects.get(email="m@example.org")
    other = make_merchant("另一家")
    MerchantMember.objects.create(merchant=other, user=user, added_at=at)
    answer = member.post(f"/market/terms/accept/{other.id}/", {"number": "7"}, follow=True)
    number = terms_number(at)
    assert f"第 {number} 版" in text_of(answer)
    assert member.get(f"/market/terms/{number}/").status_code == 200
    assert member.get(f"/market/terms/{number + 1}/").status_code == 404


def test_an_order_with_old_terms_asks_again(client):
    """The form comes back with the box unticked and says why; nothing was set aside."""
    shop = make_shop()
    answer = fill_in(client, shop.listing, terms_number="0")
    page = text_of(answer)
    assert answer.status_code == 409 and "再接受一次" in page
    assert not re.search(r'name="terms"[^>]* checked', page)
    assert not Order.objects.exists()


def test_pages_ask_the_database_little(staff, client, django_assert_max_num_queries):
    """However many rows a page shows, it sends no statement for each of them."""
    order = _paid(client)
    pages = [*PAGES, f"/operator/orders/{order.number}/"]
    pages.append(f"/operator/merchants/{order.merchant_id}/")
    for address in pages:
        staff.get(address)
        queues = len(count_queues(now())) if address == "/operator/" else 12
        with django_assert_max_num_queries(queues + 3):
            assert staff.get(address).status_code == 200


def test_a_refund_that_was_confirmed_meanwhile_needs_nobody(staff, client):
    """What the watchdog noted of it leaves the queue; another finding stays."""
    order, at = _paid(client), now()
    for code in ("refund_slow", "secrets_missing"):
        Finding.objects.create(order=order, code=code, deed="person", found_at=at, acted_at=at)
    page = text_of(staff.get("/operator/orders/"))
    assert "退款迟迟没有确认" in page and "发货记录不完整" in page
    for state in ("refunding", "refunded"):
        Order.objects.filter(id=order.id).update(state=state)
    page = text_of(staff.get("/operator/orders/"))
    assert "退款迟迟没有确认" not in page and "发货记录不完整" in page


def test_who_was_not_verified_for_half_a_year_is_listed(staff):
    """Within the half year he is not, beyond it he is."""
    merchant, at = make_merchant(), now()
    Merchant.objects.filter(id=merchant.id).update(reviewed_at=at - timedelta(days=170))
    assert "没有这样的商家" in text_of(staff.get("/operator/merchants/?state=overdue"))
    Merchant.objects.filter(id=merchant.id).update(reviewed_at=at - timedelta(days=190))
    assert merchant.display_name in text_of(staff.get("/operator/merchants/?state=overdue"))
