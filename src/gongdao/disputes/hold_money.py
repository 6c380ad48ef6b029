"""Keep disputed money from being released, and put it back where it stood.

The ledger lets money leave a hold on a ground alone, so disputed money moves within it: out of the
sale's hold (``hold_void``) and at once into a hold of its own, ``dispute:<case>:<n>``, of the same
order. Whatever releases the sale's hold cannot reach it; the rest of the order's money stays where
it was. Afterwards both movements are reversed, and what the verdict gives is drawn from the sale.
Nothing is fenced before delivery: no release can happen then, and the watchdog's refund must find
its money.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.disputes.models import Case
from gongdao.disputes.states import Step
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import Hold, find_holds
from gongdao.ledger.models import LedgerTransfer
from gongdao.ledger.place_hold import place_hold
from gongdao.ledger.reverse_transfer import reverse_transfer
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.market.accounts import clearing_account, merchant_account, platform_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.models import Order
from gongdao.market.plan_split import plan_split
from gongdao.market.release_orders import fee_of
from gongdao.market.states import OrderState
from gongdao.payments.models import Credit

PURPOSE = "dispute:"
"""How the purpose of a dispute's hold begins."""
CARRIED_OUT = frozenset({Step.EXECUTING, Step.EXECUTION_LATE})
"""What is decided is drawn from the sale's own hold."""


def find_credit(order: Order) -> Credit | None:
    """The payment that the order lives on."""
    rows = Credit.objects.select_related("intent")
    return rows.filter(intent__owner_kind="order", intent__owner_id=order.id, surplus=False).first()


def find_sale_hold(order: Order) -> Hold | None:
    """What is held for the sale itself, if anything is left of it."""
    return _left(order, lambda purpose: purpose == "sale")


def find_fence(order: Order) -> Hold | None:
    """What a dispute keeps from being released."""
    return _left(order, lambda purpose: purpose.startswith(PURPOSE))


def _left(order: Order, fits: Callable[[str], bool]) -> Hold | None:
    holds = find_holds(owner=SubjectRef("order", order.id))
    return next((one for one in holds if fits(one.purpose) and one.left.minor), None)


def fence_money(*, case: Case, order: Order, at: datetime) -> None:
    """Fence what the case disputes, once. The caller holds both locked."""
    waits = case.state == "open" and Step(case.step) not in CARRIED_OUT
    if case.fenced or order.state != OrderState.DELIVERED or not waits:
        return
    if find_fence(order) is not None:
        case.fenced = True
        return
    sale = find_sale_hold(order)
    credit = None if sale is None else find_credit(order)
    if sale is None or credit is None:
        return
    amount = min(sale.left, Money(case.amount_minor, case.currency))
    purpose = f"{PURPOSE}{case.id}:{case.moves}"
    bank = clearing_account(credit.gateway, credit.intent.account, case.currency)
    part = Part(bank, amount, TransferKind.HOLD_VOID)
    settle_hold(hold_id=sale.id, parts=[part], ground=Ground.VOID, reference=purpose, at=at)
    held = merchant_account(AccountKind.MERCHANT_HELD, order.merchant_id, case.currency)
    owner = SubjectRef("order", order.id)
    place_hold(source=bank, held=held, amount=amount, owner=owner, purpose=purpose, at=at)
    case.fenced = True


def unfence_money(*, case: Case, order: Order, at: datetime) -> None:
    """Put fenced money back into the sale's hold. Where nothing is fenced, nothing happens."""
    if not case.fenced:
        return
    case.fenced = False
    fence = find_fence(order)
    if fence is None:
        return
    rows = LedgerTransfer.objects.filter(owner_kind="order", owner_id=order.id)
    put = rows.get(kind=TransferKind.HOLD.value, reference=fence.purpose)
    taken = rows.get(kind=TransferKind.HOLD_VOID.value, reference=f"{Ground.VOID}:{fence.purpose}")
    reverse_transfer(seq=put.seq, at=at)
    reverse_transfer(seq=taken.seq, at=at)


def release_rest(*, case: Case, order: Order, at: datetime) -> Money:
    """Let what is left of a sale go to the merchant where the order itself will not do it any more:
    it was completed while the rest was in dispute. How much went: nothing while a bank may be
    taking it back (`release_waiting` lets it go afterwards)."""
    if is_in_doubt(order.id):
        return Money(0, case.currency)
    reference = f"{case.id}:{case.moves}"
    return release_completed(order=order, ground=Ground.VERDICT, reference=reference, at=at)


def release_completed(
    *, order: Order, ground: Ground, reference: str, at: datetime, refunded: bool = False
) -> Money:
    """Let what is left of a completed order's sale go to the merchant, less the fee, on ``ground``;
    how much. With ``refunded`` also of one that was delivered and refunded: what came back of a
    chargeback. The caller holds the order locked."""
    ended = order.state == OrderState.COMPLETED
    if refunded and order.delivered_at is not None:
        ended = ended or order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
    sale = find_sale_hold(order) if ended else None
    if sale is None:
        return Money(0, order.currency)
    fee = fee_of(sale.left, placed_at=order.placed_at)
    free = merchant_account(AccountKind.MERCHANT_FREE, order.merchant_id, order.currency)
    parts = [Part(free, sale.left - fee, TransferKind.RELEASE)]
    if fee.minor:
        target = platform_account(AccountKind.PLATFORM_FEE, order.currency)
        parts.append(Part(target, fee, TransferKind.FEE))
    settle_hold(hold_id=sale.id, parts=parts, ground=ground, reference=reference, at=at)
    plan_split(
        order_id=order.id,
        merchant_id=order.merchant_id,
        released=sale.left - fee,
        cause=f"{ground}:{reference}",
        at=at,
    )
    return sale.left
