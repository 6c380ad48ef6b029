"""The dossier: statement, readings and labelled lines together, for the pure judgements.

Everything that judges (contradictions, closure, routes, letters) takes a Dossier and nothing
else; it holds no file handles and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from gongdao.core.clock import find_instant
from gongdao.core.codes import Kind, Payment, Speaker
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.evidence.card_secrets import mask_personal, mask_secrets
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.deals import Deal
from gongdao.evidence.reading import Basis, BillRow, Direction, Exhibit, Field, Message
from gongdao.evidence.statement import Statement

_RECEIPTS = (Kind.PAYMENT_RECEIPT, Kind.BILL_EXPORT)
_OF_ONE_ORDER = frozenset(
    {Kind.ORDER_PAGE, Kind.PAYMENT_RECEIPT, Kind.CARD_PAGE, Kind.COMPLAINT_RECEIPT}
)
_SECRET_FIELD = re.compile(r"(?:secret|card_no)(?:_\d+)?")
_SEPARATORS = re.compile(r"[\s\-_]")
_LOOK_ALIKES = str.maketrans("OQILBSZ", "0011852")


@dataclass(frozen=True)
class SaidLine:
    """One line somebody said, with what it amounts to. ``by`` is the end of a promised time."""

    exhibit: str
    message: Message
    labels: frozenset[Label]
    by: datetime | date | None = None

    @property
    def by_seller_side(self) -> bool:
        """Whether merchant or platform said it."""
        return self.message.speaker in (Speaker.MERCHANT, Speaker.PLATFORM)


@dataclass(frozen=True)
class Seen:
    """A field value and the exhibit that shows it."""

    exhibit: Exhibit
    field: Field

    @property
    def value(self) -> str:
        """The value as read or corrected."""
        return self.field.value


@dataclass(frozen=True)
class PaymentSeen:
    """One payment that an exhibit shows; None or empty where it does not show the part."""

    exhibit: Exhibit
    amount: Money | None
    at: datetime | None
    order_no: str
    transaction_no: str
    payee: str
    to_the_minute: bool = True


@dataclass(frozen=True)
class Dossier:
    """All there is about one order at the instant ``as_of``."""

    statement: Statement
    exhibits: tuple[Exhibit, ...]
    said: tuple[SaidLine, ...]
    deals: tuple[tuple[str, Deal], ...]
    as_of: datetime

    @cached_property
    def own(self) -> tuple[Exhibit, ...]:
        """The exhibits without those of another order: pages whose number is a different one of
        the same make, where another page of the same kind shows this order's number."""
        stated = self.statement.order.order_no
        if not stated:
            return self.exhibits
        numbered = [(e, e.fields["order_no"]) for e in self.exhibits if "order_no" in e.fields]
        covered = {e.kind for e, field in numbered if agrees(field, stated)} & _OF_ONE_ORDER
        others = {
            e.path
            for e, field in numbered
            if e.kind in covered and not agrees(field, stated) and same_shape(field.value, stated)
        }
        return tuple(e for e in self.exhibits if e.path not in others) if others else self.exhibits

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every card number and secret that was read."""
        return tuple(
            field.value
            for exhibit in self.exhibits
            for name, field in exhibit.fields.items()
            if _SECRET_FIELD.fullmatch(name)
        )

    def of(self, *kinds: Kind) -> tuple[Exhibit, ...]:
        """Readable exhibits of these kinds that are not of another order."""
        return tuple(e for e in self.own if e.kind in kinds and e.problem is None)

    def seen(self, name: str, *kinds: Kind) -> tuple[Seen, ...]:
        """Every value read for ``name``, in exhibits of ``kinds`` (any kind where none given)."""
        return tuple(
            Seen(exhibit, exhibit.fields[name])
            for exhibit in (self.of(*kinds) if kinds else self.own)
            if name in exhibit.fields
        )

    def first(self, name: str, *kinds: Kind) -> Seen | None:
        """The first of ``seen``, unaltered exhibits before altered ones."""
        found = sorted(self.seen(name, *kinds), key=lambda seen: seen.exhibit.altered)
        return found[0] if found else None

    def lines_of(self, speaker: Speaker) -> Iterator[SaidLine]:
        """What one side said, in order."""
        return (line for line in self.said if line.message.speaker is speaker)

    def labelled(self, *labels: Label, by: Speaker | None = None) -> tuple[SaidLine, ...]:
        """Lines that carry one of ``labels``."""
        wanted = frozenset(labels)
        return tuple(
            line
            for line in self.said
            if line.labels & wanted and (by is None or line.message.speaker is by)
        )


def since_payment(dossier: Dossier) -> tuple[SaidLine, ...]:
    """What was said after the order was placed; talk before it is advertising, no excuse."""
    order = dossier.statement.order
    start = order.ordered_at or order.paid_at
    return tuple(
        line
        for line in dossier.said
        if start is None or line.message.at is None or line.message.at >= start
    )


def money_of(seen: Seen | None) -> Money | None:
    """The amount a field holds, None where it is none."""
    if seen is None:
        return None
    try:
        return Money.parse(seen.value.lstrip("-+"))
    except InputError:
        return None


def time_of(seen: Seen | None) -> datetime | None:
    """The instant a field holds, None where it is none."""
    return find_instant(seen.value) if seen else None


def same_number(a: str, b: str) -> bool:
    """Whether two numbers agree; OCR's blanks, dashes and O/0, I/1, B/8 … do not count."""
    return bool(a) and _bare(a) == _bare(b)


def same_shape(a: str, b: str) -> bool:
    """Whether two numbers look made by the same counter: same letters, same length."""
    return re.sub(r"\d", "9", _bare(a)) == re.sub(r"\d", "9", _bare(b))


def carries_number(text: str, number: str) -> bool:
    """Whether ``text`` contains the order number ``number``."""
    return bool(number) and _bare(number) in _bare(text)


def agrees(field: Field, stated: str) -> bool:
    """Whether a number as read may well be ``stated``: equal, with a word around it, or with
    signs that text recognition lost."""
    read, number = _bare(field.value), _bare(stated)
    if not read or not number:
        return False
    if read == number or number in read or (len(read) >= 6 and read in number):
        return True
    lost = len(number) - len(read)
    return field.basis is Basis.OCR and 0 < lost <= len(number) // 8 and _is_within(read, number)


def _is_within(part: str, whole: str) -> bool:
    signs = iter(whole)
    return all(sign in signs for sign in part)


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text).upper().translate(_LOOK_ALIKES)


def quotable(dossier: Dossier, text: str) -> str:
    """``text`` without card secrets and personal numbers, fit to stand in a finding."""
    order = dossier.statement.order
    keep = [number for number in (order.order_no, order.transaction_no) if number]
    return mask_personal(mask_secrets(text, known=dossier.secrets, keep=keep))


def payments_of(dossier: Dossier) -> tuple[PaymentSeen, ...]:
    """Every payment for this order that receipts, bills and wallet exports show."""
    found: list[PaymentSeen] = []
    for exhibit in dossier.of(*_RECEIPTS):
        if exhibit.rows:
            found.extend(_from_row(exhibit, row) for row in _rows_of_order(dossier, exhibit))
        elif {"amount", "paid_at", "txn_no"} & exhibit.fields.keys():
            found.append(_from_receipt(exhibit))
    if dossier.statement.order.payment is Payment.BALANCE:
        return tuple(seen for seen in found if not _tops_up(seen, dossier))
    return tuple(found)


def _tops_up(seen: PaymentSeen, dossier: Dossier) -> bool:
    """Whether a receipt shows how the balance was filled, not how this order was paid."""
    order = dossier.statement.order
    if seen.exhibit.rows or (order.order_no and same_number(seen.order_no, order.order_no)):
        return False
    same_amount = order.paid is None or seen.amount == order.paid
    near = not (seen.at and order.paid_at) or abs(seen.at - order.paid_at) <= timedelta(minutes=2)
    return not (same_amount and near)


def _from_receipt(exhibit: Exhibit) -> PaymentSeen:
    def seen(name: str) -> Seen | None:
        return Seen(exhibit, exhibit.fields[name]) if name in exhibit.fields else None

    def text(name: str) -> str:
        return exhibit.fields[name].value if name in exhibit.fields else ""

    return PaymentSeen(
        exhibit,
        money_of(seen("amount")),
        time_of(seen("paid_at")),
        text("order_no"),
        text("txn_no"),
        text("payee") or text("merchant"),
    )


def _from_row(exhibit: Exhibit, row: BillRow) -> PaymentSeen:
    amount = Money(abs(row.amount.minor), row.amount.currency)
    has_clock = row.at is not None and (row.at.hour, row.at.minute, row.at.second) != (0, 0, 0)
    return PaymentSeen(
        exhibit,
        amount,
        row.at,
        row.merchant_order_no,
        row.transaction_no,
        row.counterparty,
        has_clock,
    )


def _rows_of_order(dossier: Dossier, exhibit: Exhibit) -> list[BillRow]:
    """Rows that pay this order: by its number, else by the transaction number, else by amount
    within a day of the payment; refunds and income never count."""
    order = dossier.statement.order
    rows = [r for r in exhibit.rows if r.direction is not Direction.IN and not r.is_refund]
    by_number = [
        r
        for r in rows
        if carries_number(f"{r.merchant_order_no} {r.item} {r.note}", order.order_no)
        or (order.transaction_no and r.transaction_no.startswith(order.transaction_no))
    ]
    if by_number:
        return by_number
    if order.paid is None or order.paid_at is None:
        return []
    return [
        r
        for r in rows
        if abs(r.amount.minor) == order.paid.minor
        and r.at is not None
        and abs(r.at - order.paid_at) <= timedelta(days=1)
    ]


def refund_rows(dossier: Dossier) -> tuple[tuple[Exhibit, BillRow], ...]:
    """Bill rows that give this order's money back."""
    order = dossier.statement.order
    return tuple(
        (exhibit, row)
        for exhibit in dossier.of(*_RECEIPTS)
        for row in exhibit.rows
        if row.is_refund
        and carries_number(
            f"{row.merchant_order_no} {row.item} {row.note} {row.refund_of}",
            order.order_no or order.transaction_no,
        )
    )


def captured_at(exhibit: Exhibit, dossier: Dossier) -> datetime | None:
    """When the buyer says the exhibit was saved, else the best time the file itself suggests."""
    note = dossier.statement.exhibits.get(exhibit.path)
    if note and note.captured_at:
        return note.captured_at
    return exhibit.times[0].at if exhibit.times else None
