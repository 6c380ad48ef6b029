"""Let money leave a hold: to whom a confirmation, an expiry or a verdict names, and no further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.money import Money
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, AccountKind
from gongdao.ledger.holds import Hold, get_holds_locked
from gongdao.ledger.post_transfers import Draft, write_journals
from gongdao.ledger.transfers import Ground, Journal, NewTransfer, TransferKind


@dataclass(frozen=True)
class Part:
    """``amount`` of a hold for ``target``, and why (release, fee, refund …)."""

    target: Account
    amount: Money
    kind: TransferKind


@dataclass(frozen=True)
class Settlement:
    """What leaves one hold together; ``reference`` names the confirmation, verdict … on whose
    ``ground`` it leaves."""

    hold_id: UUID
    parts: tuple[Part, ...]
    ground: Ground
    reference: str


def settle_hold(
    *, hold_id: UUID, parts: Sequence[Part], ground: Ground, reference: str, at: datetime
) -> Journal:
    """Move ``parts`` out of the hold, all or none; the rest stays held. The same parts again under
    the same ground and reference move nothing.

    Raises HoldRefused where less is left, ReferenceReused, NoSuchAccount, MoneyRefused.
    """
    settlement = Settlement(hold_id, tuple(parts), ground, reference)
    return settle_holds(settlements=[settlement], at=at)[0]


def settle_holds(*, settlements: Sequence[Settlement], at: datetime) -> list[Journal]:
    """Settle many holds in one transaction (the sweep of expired protection times): all or none.

    Statements: one to lock the holds, one or two to lock the balances, one to write. Of one
    merchant up to a few hundred at once are sensible: each changes his one balance.
    """
    if not settlements:
        return []
    with transaction.atomic():
        holds = get_holds_locked(one.hold_id for one in settlements)
        drafts = [_draft(holds[one.hold_id], one) for one in settlements]
        return write_journals(drafts=drafts, at=at)


def draw_hold(
    *, hold: Hold, parts: Sequence[Part], ground: Ground, reference: str, at: datetime
) -> Journal:
    """As ``settle_hold``, of a hold that was read: one statement, whose own trigger locks it and
    refuses what it does not cover. The caller has a transaction (or savepoint), which any error
    here must end."""
    settlement = Settlement(hold.id, tuple(parts), ground, reference)
    return write_journals(drafts=[_draft(hold, settlement)], at=at)[0]


def _draft(hold: Hold, settlement: Settlement) -> Draft:
    transfers = tuple(
        NewTransfer(hold.account, part.target, part.amount, part.kind, hold.owner, hold.id)
        for part in settlement.parts
    )
    return Draft(transfers, f"{settlement.ground}:{settlement.reference}")


_SOURCE = """SELECT a.kind, a.owner_kind, a.owner_id, a.currency
FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
WHERE t.owner_kind = %s AND t.owner_id = %s AND t.kind = 'hold' AND t.reference = %s"""


def void_hold(*, hold_id: UUID, reference: str, at: datetime) -> Journal | None:
    """Send everything that is left in the hold back to where it came from: the payment was none.
    None where nothing is left in it."""
    with transaction.atomic():
        hold = get_holds_locked([hold_id])[hold_id]
        if not hold.left.minor:
            return None
        part = Part(_source_of(hold), hold.left, TransferKind.HOLD_VOID)
        settlement = Settlement(hold_id, (part,), Ground.VOID, reference)
        return write_journals(drafts=[_draft(hold, settlement)], at=at)[0]


def _source_of(hold: Hold) -> Account:
    with connection.cursor() as cursor:
        cursor.execute(_SOURCE, (hold.owner.kind, hold.owner.id, hold.purpose))
        kind, owner_kind, owner_id, currency = cursor.fetchone()
    return Account(AccountKind(kind), SubjectRef(owner_kind, owner_id), currency)
