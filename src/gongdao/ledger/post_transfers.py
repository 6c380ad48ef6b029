"""Post transfers: the one place where Python writes them (the hot path has its own statement)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.errors import ReferenceReused
from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import Account, Guard
from gongdao.ledger.locks import lock_balances, lock_holds
from gongdao.ledger.refusals import said_refusals
from gongdao.ledger.transfers import (
    Journal,
    NewTransfer,
    TransferKind,
    check_reference,
    check_transfer,
)

_Row = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A journal to be written: its transfers, all under one reference."""

    transfers: tuple[NewTransfer, ...]
    reference: str


def post_transfer(
    *,
    source: Account,
    target: Account,
    amount: Money,
    kind: TransferKind,
    about: SubjectRef,
    reference: str,
    at: datetime,
) -> Journal:
    """Move ``amount`` from one account to another, once per (``about``, ``kind``, ``reference``).

    Raises NotEnoughMoney, NoSuchAccount, MoneyRefused, ReferenceReused; then nothing moved.
    """
    transfer = NewTransfer(source, target, amount, kind, about)
    return post_transfers(transfers=[transfer], reference=reference, at=at)


def post_transfers(*, transfers: Sequence[NewTransfer], reference: str, at: datetime) -> Journal:
    """Write a journal: all of ``transfers``, in this order, or none. The same again, under the same
    reference, moves nothing and says ``replayed``; raises as ``post_transfer``."""
    return post_journals(drafts=[Draft(tuple(transfers), reference)], at=at)[0]


def post_journals(*, drafts: Sequence[Draft], at: datetime) -> list[Journal]:
    """Write several journals in one statement; if one is refused, none is written.

    Statements: one; a second for locks where more than one hold or guarded balance is touched; a
    third only to compare what stood there already.
    """
    with transaction.atomic():
        return write_journals(drafts=drafts, at=at)


def write_journals(*, drafts: Sequence[Draft], at: datetime) -> list[Journal]:
    """As ``post_journals``, for a verb of this room that has its own transaction (or savepoint),
    which any error here must end."""
    rows: list[_Row] = []
    for draft in drafts:
        rows += _rows(draft, new_id(at))
    names = ", ".join(sorted({draft.reference for draft in drafts})[:3])
    with said_refusals(names):
        _lock(drafts)
        with connection.cursor() as cursor:
            columns: dict[str, Any] = {key: [row[key] for row in rows] for key in rows[0]}
            cursor.execute(load_sql("gongdao.ledger", "append_transfers"), columns | {"at": at})
            written: dict[UUID, list[int]] = {}
            for seq, journal_id in cursor.fetchall():
                written.setdefault(journal_id, []).append(seq)
        return [_journal(group, written) for group in _by_journal(rows)]


def _rows(draft: Draft, journal_id: UUID) -> list[_Row]:
    check_reference(draft.reference)
    if not draft.transfers:
        raise ValueError("a journal has at least one transfer")
    rows: list[_Row] = []
    lines: Counter[tuple[SubjectRef, TransferKind]] = Counter()
    for one in draft.transfers:
        check_transfer(one)
        rows.append(
            {
                "journal_id": journal_id,
                "line": lines[one.about, one.kind],
                "debit_id": one.source.id,
                "credit_id": one.target.id,
                "currency": one.amount.currency,
                "debit_guard": one.source.guard.value,
                "credit_guard": one.target.guard.value,
                "amount_minor": one.amount.minor,
                "kind": one.kind.value,
                "hold_id": one.hold_id,
                "pending_id": one.pending_id,
                "reverses_id": one.reverses,
                "owner_kind": one.about.kind,
                "owner_id": one.about.id,
                "reference": draft.reference,
            }
        )
        lines[one.about, one.kind] += 1
    return rows


def _lock(drafts: Sequence[Draft]) -> None:
    """Take locks in order beforehand, where the triggers alone could take them out of order."""
    transfers = [one for draft in drafts for one in draft.transfers]
    holds = {one.hold_id for one in transfers if one.hold_id and one.kind is not TransferKind.HOLD}
    balances = {
        account.id
        for one in transfers
        for account in (one.source, one.target)
        if account.guard is Guard.BALANCE
    }
    if len(holds) > 1 or len(balances) > 1:
        lock_holds(holds)
        lock_balances(balances)


def _by_journal(rows: list[_Row]) -> list[list[_Row]]:
    groups: dict[UUID, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row["journal_id"], []).append(row)
    return list(groups.values())


def _journal(rows: list[_Row], written: dict[UUID, list[int]]) -> Journal:
    journal_id = rows[0]["journal_id"]
    seqs = written.get(journal_id, [])
    if len(seqs) == len(rows):
        return Journal(journal_id, tuple(seqs), replayed=False)
    if seqs:
        raise ReferenceReused(rows[0]["reference"])
    return _replay(rows)


def _replay(rows: list[_Row]) -> Journal:
    """The journal that stands there, if it is the one that was asked for."""
    keys = ("owner_kind", "owner_id", "kind", "reference")
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("gongdao.ledger", "find_transfers"),
            {key: [row[key] for row in rows] for key in keys},
        )
        names = [column.name for column in cursor.description or ()]
        there = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    journals = {row["journal_id"] for row in there}
    if sorted(map(_say, there)) != sorted(map(_say, rows)) or len(journals) != 1:
        raise ReferenceReused(rows[0]["reference"])
    return Journal(journals.pop(), tuple(row["seq"] for row in there), replayed=True)


_COMPARED = (
    "owner_kind", "owner_id", "kind", "line", "debit_id", "credit_id", "currency", "amount_minor",
    "pending_id", "reverses_id",
)  # fmt: skip


def _say(row: _Row) -> str:
    """What a transfer does, to be compared; a new hold's id is drawn anew at every try."""
    parts = [row[key] for key in _COMPARED]
    parts.append(None if row["kind"] == TransferKind.HOLD.value else row["hold_id"])
    return "/".join(map(str, parts))
