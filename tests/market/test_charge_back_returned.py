"""A chargeback that comes back: whoever bore it has it again, once, and the order goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.market.market_kit import AT
from tests.market.test_cancel_order import _balanced, _deliver
from tests.market.test_charged_back import _charge, _owed, _refunding, _types, paid

from gongdao.core.errors import MoneyRefused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.charge_back_order import charged_back_minor
from gongdao.disputes.execute_remedies import left_to_return
from gongdao.disputes.return_charge_back import return_charge_back
from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.stores import get_stores
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_balance
from gongdao.ledger.settle_debt import collect_receivable, write_off
from gongdao.ledger.transfers import TransferKind
from gongdao.log.life_cycles import IllegalStep, check_step
from gongdao.market.accounts import clearing_account, merchant_account, platform_account
from gongdao.market.models import Finding
from gongdao.market.notices import _event_of
from gongdao.market.release_orders import confirm_receipt, fee_of, release_due
from gongdao.payments.models import Refund

__all__ = ["paid"]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(days=30)
K = AccountKind


def _back(paid, minor=None, reference="dp_1", at=LATER):
    amount = Money(minor or paid.total_minor, paid.currency)
    given = {"order_id": paid.id, "amount": amount, "reference": reference, "at": at}
    return return_charge_back(stores=get_stores(), **given)


def _his(paid, *kinds):
    return [find_balance(merchant_account(one, paid.merchant_id)).minor for one in kinds]


def _clearing():
    return find_balance(clearing_account("sandbox", "sandbox")).minor


def _move(kind, source, target, minor):
    post_transfer(
        source=source, target=target, amount=Money(minor), kind=kind,
        about=SubjectRef("test", new_id(AT)), reference="1", at=AT,
    )  # fmt: skip


def _fund_reserve(minor):
    outside, reserve = platform_account(K.OUTSIDE), platform_account(K.PLATFORM_RESERVE)
    _move(TransferKind.FUND, outside, reserve, minor)


def _empty_free(paid):
    """The merchant takes his money out."""
    (free,) = _his(paid, K.MERCHANT_FREE)
    source = merchant_account(K.MERCHANT_FREE, paid.merchant_id)
    target = merchant_account(K.MERCHANT_DEPOSIT, paid.merchant_id)
    _move(TransferKind.DEPOSIT, source, target, free)


def test_what_was_held_waits_in_its_hold_again(paid):
    """Delivered and protected: the hold has its money, the log says it once, the end of protection
    releases it, and the service's balance is what it was."""
    before = _clearing()
    assert _deliver(paid)
    _charge(paid)
    assert charged_back_minor(paid.id) == paid.total_minor and not left_to_return(paid)
    assert not _back(paid, at=AT).replayed and _back(paid, at=AT).replayed
    assert _his(paid, K.MERCHANT_HELD, K.MERCHANT_FREE) == [paid.total_minor, 0]
    assert _clearing() == before and _types(paid)[-1] == "order.charge_back_returned"
    assert charged_back_minor(paid.id) == 0 and left_to_return(paid) == paid.total_minor
    assert release_due(stores=get_stores(), at=LATER) == 1
    assert _types(paid)[-1] == "order.released" and _balanced()


def test_of_a_completed_order_it_goes_to_the_merchant(paid):
    """Protection ended while the bank had the money: it goes on to his free money, less the fee."""
    assert _deliver(paid)
    _charge(paid)
    assert release_due(stores=get_stores(), at=LATER) == 1
    _back(paid)
    fee = fee_of(Money(paid.total_minor), placed_at=paid.placed_at).minor
    assert _his(paid, K.MERCHANT_HELD, K.MERCHANT_FREE) == [0, paid.total_minor - fee]
    assert _balanced()


def _owing(paid, reserve=3_000):
    """The merchant had taken his money out when the bank came: he owes, with reserve behind it."""
    assert _deliver(paid) and confirm_receipt(stores=get_stores(), order_id=paid.id, at=AT)
    _empty_free(paid)
    _fund_reserve(reserve)
    _charge(paid)
    assert _his(paid, K.MERCHANT_RECEIVABLE) == [-paid.total_minor]
    assert _his(paid, K.PLATFORM_COVER) == [min(reserve, paid.total_minor)]


def test_a_debt_is_gone_and_the_reserve_is_back(paid):
    """Nothing was paid of it yet: he owes nothing, and the reserve stands behind nothing."""
    _owing(paid)
    _back(paid)
    assert _his(paid, K.MERCHANT_RECEIVABLE, K.PLATFORM_COVER, K.MERCHANT_FREE) == [0, 0, 0]
    assert find_balance(platform_account(K.PLATFORM_RESERVE)).minor == 3_000
    assert _balanced()


def test_what_he_paid_of_the_debt_is_his_again(paid):
    """He had paid a part at the bank, and a part was given up: the rest of the debt goes, the
    platform has back what it gave up, from reserve and costs, and he what he paid."""
    _owing(paid)
    merchant, bank = SubjectRef("merchant", paid.merchant_id), platform_account(K.OUTSIDE)
    given = {"merchant": merchant, "about": merchant, "at": AT}
    collect_receivable(source=bank, amount=Money(1_000), reference="bank:1", **given)
    write_off(amount=Money(4_000), reference="given_up:1", **given)
    assert _owed(paid)[1:3] == [0, -1_000]
    _back(paid)
    assert _his(paid, K.MERCHANT_RECEIVABLE, K.PLATFORM_COVER, K.MERCHANT_FREE) == [0, 0, 1_000]
    assert _owed(paid)[1:] == [3_000, 0, 0] and _balanced()


def test_an_older_debt_is_paid_of_it(paid):
    """He owes for something else as well: what is his again pays that."""
    assert _deliver(paid) and confirm_receipt(stores=get_stores(), order_id=paid.id, at=AT)
    _charge(paid, 5_000)
    _empty_free(paid)
    _charge(paid, 500, "dp_2")
    _back(paid, 5_000)
    assert _his(paid, K.MERCHANT_RECEIVABLE, K.MERCHANT_FREE)[0] == 0
    _back(paid, 500, "dp_2")
    debt, free = _his(paid, K.MERCHANT_RECEIVABLE, K.MERCHANT_FREE)
    assert (debt, free) == (0, 5_000) and _balanced()


def test_who_never_got_his_goods_is_refunded(paid):
    """The order ended with the chargeback: what comes back is the buyer's, once, and the order says
    so to him and in the log."""
    _charge(paid)
    _back(paid)
    paid.refresh_from_db()
    assert (paid.state, paid.why, paid.ended_at) == ("refunding", "charge_back_returned", None)
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.state) == (paid.total_minor, "requested")
    assert _types(paid)[-2:] == ["order.charge_back_returned", "order.refund_requested"]
    assert _event_of("order.refund_requested", paid.why, paid.state) == "refunding"
    assert _back(paid).replayed and Refund.objects.count() == 1
    assert _owed(paid) == [paid.total_minor, 0, 0, 0] and _balanced()


def test_a_refund_that_it_had_settled_is_owed_again(paid):
    """The bank gave the buyer what was on its way to him, and took it back: it is asked of the
    service under a new number; of a part the other part stays done."""
    _refunding(paid, state="stuck", tries=20, problem="refused:charge_disputed", next_try_at=None)
    _charge(paid, 1_000)
    _charge(paid, paid.total_minor - 1_000, "dp_2")
    paid.refresh_from_db()
    assert paid.state == "refunded" and _owed(paid)[0] == 0
    _back(paid, 1_000)
    (again,) = Refund.objects.filter(state="requested")
    assert (again.amount_minor, again.paid_elsewhere, again.tries) == (1_000, "", 0)
    assert again.again and again.next_try_at == LATER
    paid.refresh_from_db()
    assert paid.state == "refunding" and _owed(paid) == [1_000, 0, 0, 0]
    assert left_to_return(paid) == 0 and _balanced()


def test_nothing_that_was_not_booked_comes_back(paid):
    """Another number, another amount: refused with words, and nothing moves."""
    assert _deliver(paid)
    _charge(paid)
    with pytest.raises(MoneyRefused, match="没有登记过这个编号"):
        _back(paid, reference="dp_2")
    with pytest.raises(MoneyRefused, match="只能整笔退回"):
        _back(paid, 1)
    assert charged_back_minor(paid.id) == paid.total_minor and _balanced()


def test_the_same_payment_can_be_taken_again(paid):
    """A second dispute after a won one is booked under its own number."""
    assert _deliver(paid)
    _charge(paid)
    _back(paid, at=AT)
    assert not _charge(paid, reference="dp_2").replayed
    assert charged_back_minor(paid.id) == paid.total_minor and _balanced()


def test_what_the_desk_had_noted_is_settled(paid):
    """The service's word that the money is back stands on the desk until it is booked."""
    assert _deliver(paid)
    _charge(paid)
    found = Finding.objects.create(
        order=paid, code="charge_back_returned", deed="person", found_at=AT, acted_at=AT
    )
    _back(paid)
    found.refresh_from_db()
    assert found.closed_at == LATER


def test_the_log_knows_its_place():
    """The auditor's table: after the bank's first deed at any time, and no delivery after it."""
    for before in ("charged_back", "revealed", "tested", "confirmed", "released", "refunded"):
        check_step(LIFE_CYCLES, "order.charge_back_returned", f"order.{before}")
    for after in ("refund_requested", "released", "revealed", "charged_back"):
        check_step(LIFE_CYCLES, f"order.{after}", "order.charge_back_returned")
    for kind, before in (
        ("charge_back_returned", "paid"),
        ("charge_back_returned", "delivered"),
        ("delivered", "charge_back_returned"),
    ):
        with pytest.raises(IllegalStep):
            check_step(LIFE_CYCLES, f"order.{kind}", f"order.{before}")
