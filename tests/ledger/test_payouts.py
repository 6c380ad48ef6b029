"""Payouts: to a proven account in the merchant's own name, agreed by two, asked, then answered."""

from __future__ import annotations

import csv
import io
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    FEE,
    FREE,
    GATEWAY,
    MERCHANT,
    OTHER,
    OUTSIDE,
    PAYABLE,
    check_agrees,
    count_transfers,
    earn,
    run_sql,
)

from gongdao.core.errors import (
    InputError,
    MoneyRefused,
    NotEnoughMoney,
    PayoutRefused,
    ReferenceReused,
)
from gongdao.core.keys import destroy_key
from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.decide_payout import PayeeProof, PayoutPolicy, judge_proposal, names_match
from gongdao.ledger.export_payouts import export_payouts
from gongdao.ledger.models import Payee, Payout
from gongdao.ledger.payees import PayeeDetails, add_payee, open_payee, retire_payee, verify_payee
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_balance
from gongdao.ledger.states import OPEN_PAYOUTS, PAYOUT_TRANSITIONS, PayoutState
from gongdao.ledger.step_payout import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    fail_payout,
    request_payouts,
    return_payout,
)

ANNA, BEN = UUID(int=101), UUID(int=102)
NAME = "杭州公道（网络）科技有限公司"
DETAILS = PayeeDetails(name=NAME, bank="示例银行", number="6222 0000-1234 5678", branch="城西支行")
POLICY = PayoutPolicy(second_person_over=Money(10_000), own_custody=True)

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def payee(stores):
    """A verified account of the merchant, who has 500.00 of free money."""
    earn(50_000)
    return verified(stores, MERCHANT)


def verified(stores, merchant, details=DETAILS):
    """An account of the merchant's own, seen proven by Anna."""
    payee_id = add_payee(stores=stores, merchant=merchant, details=details, at=AT)
    verify_payee(
        stores=stores,
        payee_id=payee_id,
        merchant_name=NAME,
        proof=PayeeProof.SMALL_PAYMENT,
        by=ANNA,
        at=AT,
    )
    return payee_id


def propose(payee, minor=5000, reference="p1", through=OUTSIDE, policy=POLICY):
    """Anna proposes."""
    return propose_payout(
        payee_id=payee,
        amount=Money(minor),
        through=through,
        policy=policy,
        by=ANNA,
        reference=reference,
        at=AT,
    )


def requested(payee, minor=5000, reference="p1"):
    """A payout that the bank was asked for."""
    payout = propose(payee, minor, reference)
    approve_payout(payout_id=payout, by=BEN, at=AT)
    assert request_payouts(through=OUTSIDE, by=BEN, at=AT)
    return payout


def money():
    """Free, under way, and at the bank."""
    return [find_balance(one).minor for one in (FREE, PAYABLE, OUTSIDE)]


def state(payout):
    """Where the payout is."""
    return Payout.objects.get(id=payout).state


@pytest.mark.parametrize(
    ("payee", "merchant", "same"),
    [
        ("杭州公道(网络)科技有限公司", NAME, True),
        ("ＡＢＣ Ｔｅｃｈ", "abc tech", True),
        ("买买提·艾山", "买买提•艾山".replace("•", "・"), True),
        ("杭州公道网络科技有限公司", NAME, False),
        ("杭州公道（网络）科技有限公司杭州分公司", NAME, False),
        ("", "", False),
        ("  ", " ", False),
    ],
)
def test_names_match_or_do_not(payee, merchant, same):
    """Width, blanks and brackets do not matter; a branch or a missing word does."""
    assert names_match(payee, merchant) is same


def test_a_payee_is_kept_sealed_and_once(stores):
    """Neither name nor number stands in the table; the same number again is the same payee."""
    first = add_payee(stores=stores, merchant=MERCHANT, details=DETAILS, at=AT)
    assert add_payee(stores=stores, merchant=MERCHANT, details=DETAILS, at=AT) == first
    assert add_payee(stores=stores, merchant=OTHER, details=DETAILS, at=AT) != first
    assert open_payee(stores=stores, payee_id=first).number == "6222000012345678"
    row = Payee.objects.get(id=first)
    kept = bytes(row.sealed) + bytes(row.digest)
    assert b"6222" not in kept and "公道".encode() not in kept
    changed = PayeeDetails("别人", "示例银行", DETAILS.number)
    with pytest.raises(InputError):
        add_payee(stores=stores, merchant=MERCHANT, details=changed, at=AT)


@pytest.mark.parametrize(
    "details",
    [
        PayeeDetails("", "示例银行", "62220000"),
        PayeeDetails(NAME, " ", "62220000"),
        PayeeDetails(NAME, "示例银行", "62"),
        PayeeDetails(NAME, "示例银行", "6222;DROP"),
        PayeeDetails("x" * 200, "示例银行", "62220000"),
        PayeeDetails("a\x1b[31m", "示例银行", "62220000"),
    ],
)
def test_impossible_details_are_refused(stores, details):
    """An account without name, bank or a number that can be one is not kept."""
    with pytest.raises(InputError):
        add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
    assert not Payee.objects.exists()


def test_only_the_merchants_own_name_is_verified(stores):
    """An account in another name is never verified, and so never paid to."""
    earn(1000)
    details = PayeeDetails("张三", "示例银行", "62220000")
    payee = add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
    with pytest.raises(PayoutRefused, match="不一致"):
        verify_payee(
            stores=stores,
            payee_id=payee,
            merchant_name=NAME,
            proof=PayeeProof.DOCUMENT,
            by=ANNA,
            at=AT,
        )
    with pytest.raises(PayoutRefused):
        propose(payee, 10)
    assert money() == [1000, 0, 0]


def test_the_database_wants_a_verified_payee_of_the_same_merchant(stores, payee):
    """Past every verb too: an unverified, retired or foreign payee takes no payout."""
    foreign = verified(stores, OTHER)
    fresh = add_payee(
        stores=stores, merchant=MERCHANT, details=PayeeDetails(NAME, "另一家", "99990000"), at=AT
    )
    for wrong in (foreign, fresh):
        with pytest.raises(IntegrityError, match="verified payee"), transaction.atomic():
            Payout.objects.create(
                id=uuid4(),
                owner_kind=MERCHANT.kind,
                owner_id=MERCHANT.id,
                reference=str(wrong),
                payee_id=wrong,
                through_id=OUTSIDE.id,
                amount_minor=5,
                currency="CNY",
                limit_minor=0,
                proposed_by=ANNA,
                proposed_at=AT,
            )
    assert retire_payee(payee_id=payee, at=AT) and not retire_payee(payee_id=payee, at=AT)
    with pytest.raises(PayoutRefused):
        propose(payee)
    for change in ("sealed = ''", "verified_by = id", "retired_at = NULL"):
        with pytest.raises(IntegrityError), transaction.atomic():
            run_sql(f"UPDATE ledger_payee SET {change} WHERE id = %s", [payee])


def test_the_amount_is_set_aside_at_once(payee):
    """From the proposal on the money cannot be spent again, nor promised twice."""
    propose(payee, 30_000)
    assert money() == [20_000, 30_000, 0]
    with pytest.raises(NotEnoughMoney):
        propose(payee, 20_001, "p2")
    assert Payout.objects.count() == 1
    check_agrees()


def test_the_same_proposal_is_one(payee):
    """The same reference again is the same payout; with another amount it is refused."""
    assert propose(payee) == propose(payee)
    with pytest.raises(ReferenceReused):
        propose(payee, 5001)
    assert money() == [45_000, 5000, 0]


def test_holding_money_oneself_is_configured(payee):
    """By default only a gateway pays out; the bank does only where the platform may hold money."""
    default = PayoutPolicy(second_person_over=Money(10_000))
    with pytest.raises(PayoutRefused, match="配置"):
        propose(payee, policy=default)
    payout = propose(payee, through=CLEARING, policy=default)
    approve_payout(payout_id=payout, by=BEN, at=AT)
    assert request_payouts(through=OUTSIDE, by=BEN, at=AT) is None
    assert request_payouts(through=CLEARING, by=BEN, at=AT)
    before = find_balance(CLEARING).minor
    confirm_payout(payout_id=payout, bank_reference="split-1", at=AT)
    assert find_balance(CLEARING).minor == before + 5000
    check_agrees()
    for amount, through in ((Money(0), OUTSIDE), (Money(5, "USD"), OUTSIDE), (Money(5), FEE)):
        assert judge_proposal(amount=amount, through=through, policy=POLICY)


def test_over_the_limit_two_people_agree(payee):
    """Up to the limit whoever proposed may approve; above it the verb and the database refuse."""
    small, large = propose(payee, 10_000, "small"), propose(payee, 10_001, "large")
    approve_payout(payout_id=small, by=ANNA, at=AT)
    with pytest.raises(PayoutRefused, match="另一个人"):
        approve_payout(payout_id=large, by=ANNA, at=AT)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        Payout.objects.filter(id=large).update(state="approved", approved_by=ANNA, approved_at=AT)
    approve_payout(payout_id=large, by=BEN, at=AT)
    approve_payout(payout_id=large, by=BEN, at=AT)
    with pytest.raises(PayoutRefused):
        approve_payout(payout_id=large, by=ANNA, at=AT)
    assert state(small) == state(large) == PayoutState.APPROVED


def test_requested_is_not_confirmed(payee):
    """Asked of the bank, the money is still under way; only its answer lets it leave, once."""
    payout = requested(payee)
    assert state(payout) == PayoutState.REQUESTED and money() == [45_000, 5000, 0]
    assert confirm_payout(payout_id=payout, bank_reference="B1", at=AT)
    assert not confirm_payout(payout_id=payout, bank_reference="B1", at=AT)
    with pytest.raises(PayoutRefused):
        confirm_payout(payout_id=payout, bank_reference="B2", at=AT)
    with pytest.raises(PayoutRefused):
        fail_payout(payout_id=payout, why="late", at=AT)
    assert money() == [45_000, 0, 5000]
    check_agrees()


def test_a_failed_payout_comes_back(payee):
    """Refused by the bank, the money is free again, once; it cannot be confirmed any more."""
    payout = requested(payee)
    assert fail_payout(payout_id=payout, why="户名不符", at=AT)
    assert not fail_payout(payout_id=payout, why="户名不符", at=AT)
    with pytest.raises(PayoutRefused):
        confirm_payout(payout_id=payout, bank_reference="B1", at=AT)
    assert money() == [50_000, 0, 0]
    check_agrees()


def test_a_confirmed_payout_may_come_back_later(payee):
    """A payment that the bank returns is free money again, once."""
    payout = requested(payee)
    with pytest.raises(PayoutRefused):
        return_payout(payout_id=payout, why="退票", at=AT)
    confirm_payout(payout_id=payout, bank_reference="B1", at=AT)
    assert return_payout(payout_id=payout, why="退票", at=AT)
    assert not return_payout(payout_id=payout, why="退票", at=AT)
    assert money() == [50_000, 0, 0]
    check_agrees()


def test_a_payout_is_cancelled_before_it_is_requested(payee):
    """Until the bank is asked a payout can be taken back, once; afterwards no more."""
    payout = propose(payee)
    assert cancel_payout(payout_id=payout, why="不用了", at=AT)
    assert not cancel_payout(payout_id=payout, why="不用了", at=AT)
    with pytest.raises(PayoutRefused):
        approve_payout(payout_id=payout, by=BEN, at=AT)
    asked = requested(payee, reference="p2")
    for call in (cancel_payout, fail_payout):
        with pytest.raises(PayoutRefused):
            call(payout_id=uuid4(), why="x", at=AT)
    with pytest.raises(PayoutRefused):
        cancel_payout(payout_id=asked, why="zu spät", at=AT)
    assert money() == [45_000, 5000, 0]


@pytest.mark.parametrize("start", list(PayoutState))
def test_the_database_knows_the_steps(payee, start):
    """Every step that the table of states does not have is refused by the database as well."""
    payout = _in_state(payee, start)
    for wanted in PayoutState:
        allowed = wanted in PAYOUT_TRANSITIONS[start]
        try:
            with transaction.atomic():
                Payout.objects.filter(id=payout).update(
                    state=wanted,
                    approved_by=BEN,
                    approved_at=AT,
                    requested_at=AT,
                    ended_at=None if wanted in OPEN_PAYOUTS else AT,
                )
                done = True
                transaction.set_rollback(True)
        except IntegrityError:
            done = False
        assert done is allowed, (start, wanted)


def _in_state(payee, wanted):
    payout = propose(payee)
    if wanted is PayoutState.CANCELLED:
        cancel_payout(payout_id=payout, why="x", at=AT)
        return payout
    if wanted is not PayoutState.PROPOSED:
        approve_payout(payout_id=payout, by=BEN, at=AT)
    if wanted not in (PayoutState.PROPOSED, PayoutState.APPROVED):
        request_payouts(through=OUTSIDE, by=BEN, at=AT)
    if wanted is PayoutState.FAILED:
        fail_payout(payout_id=payout, why="x", at=AT)
    if wanted in (PayoutState.CONFIRMED, PayoutState.RETURNED):
        confirm_payout(payout_id=payout, bank_reference="B", at=AT)
    if wanted is PayoutState.RETURNED:
        return_payout(payout_id=payout, why="x", at=AT)
    assert state(payout) == wanted
    return payout


@pytest.mark.parametrize("change", ["amount_minor = 1", "payee_id = id", "limit_minor = 1000000"])
def test_a_payout_stands_as_proposed(payee, change):
    """Amount, payee and limit of a payout do not change with its step, nor without one."""
    payout = propose(payee)
    for step in ("", ", state = 'cancelled', ended_at = now()"):
        with pytest.raises(IntegrityError), transaction.atomic():
            run_sql(f"UPDATE ledger_payout SET {change}{step} WHERE id = %s", [payout])
    with pytest.raises(IntegrityError), transaction.atomic():
        run_sql("DELETE FROM ledger_payout")


def test_each_payout_is_in_one_list(stores, payee):
    """A list takes every approved payout once; written again it has the same lines."""
    for reference in ("p1", "p2"):
        approve_payout(payout_id=propose(payee, 5000, reference), by=BEN, at=AT)
    propose(payee, 5000, "p3")
    batch = request_payouts(through=OUTSIDE, by=BEN, at=AT)
    assert request_payouts(through=OUTSIDE, by=BEN, at=AT) is None
    text = "".join(export_payouts(stores=stores, batch_id=batch))
    assert text == "".join(export_payouts(stores=stores, batch_id=batch))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted(row[4:8] for row in rows[1:]) == [
        ["6222000012345678", "50.00", "CNY", reference] for reference in ("p1", "p2")
    ]
    assert rows[1][1] == "杭州公道(网络)科技有限公司" and text.startswith("\ufeff")
    with pytest.raises(PayoutRefused):
        export_payouts(stores=stores, batch_id=uuid4())


def test_a_cell_does_not_compute(stores):
    """A name or number that a spreadsheet would take for a formula is a text in the list."""
    earn(1000)
    details = PayeeDetails("=1+1", "-2", "+8613800000000")
    payee = add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
    verify_payee(
        stores=stores,
        payee_id=payee,
        merchant_name="=1+1",
        proof=PayeeProof.DOCUMENT,
        by=BEN,
        at=AT,
    )
    approve_payout(payout_id=propose(payee, 100), by=BEN, at=AT)
    batch = request_payouts(through=OUTSIDE, by=BEN, at=AT)
    row = "".join(export_payouts(stores=stores, batch_id=batch)).splitlines()[1]
    assert "'=1+1" in row and ",+86" not in row and ",=1" not in row


def test_an_erased_payee_cannot_be_read(stores, payee):
    """With its key gone the details are gone; what was paid stays in the books."""
    requested(payee)
    destroy_key(subject=SubjectRef("payee", payee), at=AT)
    from gongdao.core.errors import KeyGone

    with pytest.raises(KeyGone):
        open_payee(stores=stores, payee_id=payee)
    check_agrees()


def test_a_refused_payout_moves_nothing(payee):
    """No refusal on the way leaves a transfer behind."""
    before = count_transfers()
    for minor, reference in ((0, "a"), (-5, "b"), (60_000, "c"), (5, "")):
        with pytest.raises(MoneyRefused):
            propose(payee, minor, reference)
    assert count_transfers() == before and GATEWAY.kind == "gateway"
    assert connection.in_atomic_block
