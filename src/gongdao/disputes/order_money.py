"""How an order's money stands: read as a whole, in one statement, where a verb needs most of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.holds import Hold
from gongdao.ledger.states import HoldState
from gongdao.vault.run_sql import run_prepared


@dataclass(frozen=True)
class OrderMoney:
    """At one moment: the payment that the order lives on and its amount (``paid``), what of it was
    ``asked`` back, and ``taken`` by the payment service, in minor units; whether it may be charged
    back and nobody has looked yet; and what is held for the sale itself, if anything is left."""

    credit_id: int
    paid: int
    asked: int
    taken: int
    in_doubt: bool
    sale: Hold | None

    @property
    def left(self) -> int:
        """What of the payment has not been asked back yet, nor taken back."""
        return max(0, self.paid - self.asked - self.taken)


def read_money(order_id: UUID) -> OrderMoney | None:
    """How the order's money stands; None where nothing was paid."""
    rows = run_prepared(load_sql("gongdao.disputes", "order_money"), {"order": order_id})
    if not rows:
        return None
    credit_id, paid, asked, taken, in_doubt, *held = rows[0]
    return OrderMoney(credit_id, paid, asked, taken, in_doubt, _hold(order_id, *held))


def _hold(
    order_id: UUID,
    hold_id: UUID | None,
    kind: str,
    owner_kind: str,
    owner_id: UUID,
    currency: str,
    amount: int,
    left: int,
    state: str,
    created_at: datetime,
) -> Hold | None:
    if hold_id is None:
        return None
    return Hold(
        id=hold_id,
        account=Account(AccountKind(kind), SubjectRef(owner_kind, owner_id), currency),
        owner=SubjectRef("order", order_id),
        purpose="sale",
        amount=Money(amount, currency),
        left=Money(left, currency),
        state=HoldState(state),
        created_at=created_at,
    )
