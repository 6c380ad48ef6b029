"""Every write fails twice: lost, and done though reported failed. Then the caller asks again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from tests.ledger.ledger_kit import (
    AT,
    CLEARING,
    DEPOSIT,
    FEE,
    FREE,
    GUARANTEE,
    HELD,
    MERCHANT,
    OUTSIDE,
    PAYABLE,
    RECEIVABLE,
    REFUNDS,
    RESERVE,
    check_agrees,
    earn,
    fund,
    new_order,
    pay,
)
from tests.lost_writes import failing_commit, failing_statement

from gongdao.core.money import Money
from gongdao.ledger.charge_back import charge_back
from gongdao.ledger.decide_payout import PayeeProof, PayoutPolicy
from gongdao.ledger.payees import PayeeDetails, add_payee, verify_payee
from gongdao.ledger.pending import begin_pending, post_pending, void_pending
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.propose_payout import propose_payout
from gongdao.ledger.queries import find_balances
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.roll_up import roll_up
from gongdao.ledger.settle_debt import collect_receivable, write_off
from gongdao.ledger.settle_hold import Part, settle_hold, void_hold
from gongdao.ledger.step_payout import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    fail_payout,
    request_payouts,
    return_payout,
)
from gongdao.ledger.transfers import Ground, TransferKind

pytestmark = pytest.mark.usefixtures("shared_house")
WATCHED = (
    CLEARING, DEPOSIT, FEE, FREE, GUARANTEE, HELD, OUTSIDE, PAYABLE, RECEIVABLE, REFUNDS, RESERVE,
)  # fmt: skip
ANNA = UUID(int=1)
Verb = Callable[[], object]


def _refund(reference: str, order) -> Verb:
    return lambda: post_transfer(
        source=FREE,
        target=REFUNDS,
        amount=Money(100),
        kind=TransferKind.REFUND,
        about=order,
        reference=reference,
        at=AT,
    )


def _hold() -> Verb:
    order = new_order()
    return lambda: pay(100, order)


def _settle() -> Verb:
    hold = pay(100)
    parts = [
        Part(FREE, Money(60), TransferKind.RELEASE),
        Part(FEE, Money(5), TransferKind.FEE),
        Part(REFUNDS, Money(5), TransferKind.REFUND),
    ]
    return lambda: settle_hold(
        hold_id=hold, parts=parts, ground=Ground.VERDICT, reference="v1", at=AT
    )


def _void() -> Verb:
    hold = pay(100)
    return lambda: void_hold(hold_id=hold, reference="v1", at=AT)


def _begin(order=None) -> Verb:
    about = order or new_order()
    return lambda: begin_pending(
        source=FREE,
        target=DEPOSIT,
        amount=Money(100),
        kind=TransferKind.DEPOSIT,
        about=about,
        reference="1",
        at=AT,
    )


def _post() -> Verb:
    pending = _begin()()
    return lambda: post_pending(pending_id=pending, amount=Money(70), at=AT)


def _give_up() -> Verb:
    pending = _begin()()
    return lambda: void_pending(pending_id=pending, at=AT)


def _reverse() -> Verb:
    (seq,) = _refund("1", new_order())().seqs
    return lambda: reverse_transfer(seq=seq, at=AT)


def _back() -> Verb:
    order = new_order()
    return lambda: charge_back(
        merchant=MERCHANT,
        gateway=CLEARING,
        amount=Money(100_500),
        about=order,
        reference="cb",
        at=AT,
        draw_deposit=True,
    )


def _collect() -> Verb:
    _back()()
    reference = uuid4().hex
    return lambda: collect_receivable(
        merchant=MERCHANT,
        source=OUTSIDE,
        amount=Money(400),
        about=MERCHANT,
        reference=reference,
        at=AT,
    )


def _write_off() -> Verb:
    _back()()
    reference = uuid4().hex
    return lambda: write_off(
        merchant=MERCHANT, amount=Money(400), about=MERCHANT, reference=reference, at=AT
    )


def _payee() -> UUID:
    from gongdao.front.stores import get_stores

    stores = get_stores()
    details = PayeeDetails("甲公司", "示例银行", "62220000")
    payee = add_payee(stores=stores, merchant=MERCHANT, details=details, at=AT)
    proof = PayeeProof.DOCUMENT
    verify_payee(stores=stores, payee_id=payee, merchant_name="甲公司", proof=proof, by=ANNA, at=AT)
    return payee


def _propose() -> Callable[[], UUID]:
    payee, reference = _payee(), uuid4().hex
    return lambda: propose_payout(
        payee_id=payee,
        amount=Money(100),
        through=OUTSIDE,
        policy=PayoutPolicy(Money(1000), own_custody=True),
        by=ANNA,
        reference=reference,
        at=AT,
    )


def _approve() -> Verb:
    payout = _propose()()
    return lambda: approve_payout(payout_id=payout, by=ANNA, at=AT)


def _requested() -> UUID:
    payout = _propose()()
    approve_payout(payout_id=payout, by=ANNA, at=AT)
    request_payouts(through=OUTSIDE, by=ANNA, at=AT)
    return payout


def _request() -> Verb:
    payout = _propose()()
    approve_payout(payout_id=payout, by=ANNA, at=AT)
    return lambda: request_payouts(through=OUTSIDE, by=ANNA, at=AT)


def _cancel() -> Verb:
    payout = _propose()()
    return lambda: cancel_payout(payout_id=payout, why="x", at=AT)


def _confirm() -> Verb:
    payout = _requested()
    return lambda: confirm_payout(payout_id=payout, bank_reference="B", at=AT)


def _fail() -> Verb:
    payout = _requested()
    return lambda: fail_payout(payout_id=payout, why="x", at=AT)


def _return() -> Verb:
    payout = _requested()
    confirm_payout(payout_id=payout, bank_reference="B", at=AT)
    return lambda: return_payout(payout_id=payout, why="x", at=AT)


def _transfer() -> Verb:
    return _refund("1", new_order())


def _roll_up() -> Verb:
    return roll_up


SCENES = (
    _transfer, _hold, _settle, _void, _begin, _post, _give_up, _reverse, _back, _collect,
    _write_off, _propose, _approve, _request, _cancel, _confirm, _fail, _return, _roll_up,
)  # fmt: skip


def _ground() -> None:
    earn(100_000)
    fund(RESERVE, 100_000)


def _worth(scene: Callable[[], Verb]) -> list[int]:
    """What the verb moves when nothing fails."""
    verb = scene()
    before = find_balances(WATCHED)
    verb()
    return [now.minor - before[one].minor for one, now in find_balances(WATCHED).items()]


def _moved(verb: Verb, before: dict) -> list[int]:
    verb()
    return [now.minor - before[one].minor for one, now in find_balances(WATCHED).items()]


def _clean() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE ledger_transfer, ledger_balance, ledger_hold, ledger_pending, ledger_account,"
            " ledger_rollup, ledger_payout, ledger_payout_batch CASCADE"
        )
    from tests.ledger.ledger_kit import open_house

    open_house()
    _ground()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__.strip("_"))
def test_each_statement_lost(scene):
    """Whichever statement is lost, the second try does all of it, once."""
    _clean()
    worth = _worth(scene)
    number, tried = 0, 0
    while True:
        number += 1
        _clean()
        verb = scene()
        before = find_balances(WATCHED)
        try:
            with failing_statement(number) as seen:
                verb()
        except OperationalError:
            tried += 1
            check_agrees()
        assert _moved(verb, before) == worth, f"statement {number}"
        check_agrees()
        if seen[0] < number:
            break
    assert tried >= 1


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__.strip("_"))
def test_the_commit_fails(scene, done):
    """A commit that failed, and one that only seemed to: asked again, the money moved once."""
    _clean()
    worth = _worth(scene)
    _clean()
    verb = scene()
    before = find_balances(WATCHED)
    with pytest.raises(OperationalError), failing_commit(done=done):
        verb()
    check_agrees()
    assert _moved(verb, before) == worth
    check_agrees()


def test_without_a_reference_it_moves_twice():
    """Control: who asks again under a new reference, as if it were another movement, pays twice."""
    _clean()
    order = new_order()
    before = find_balances(WATCHED)
    with pytest.raises(OperationalError), failing_commit(done=True):
        _refund(uuid4().hex, order)()
    assert _moved(_refund(uuid4().hex, order), before)[WATCHED.index(REFUNDS)] == 200
