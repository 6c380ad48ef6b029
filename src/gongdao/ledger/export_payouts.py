"""The list that goes to the bank: written from a batch, the same lines every time."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from gongdao.core.errors import PayoutRefused
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.ledger.csv_lines import csv_lines
from gongdao.ledger.models import Payout, PayoutBatch
from gongdao.ledger.payees import open_payee


def export_payouts(*, stores: Stores, batch_id: UUID) -> Iterator[str]:
    """The batch as CSV, one payout a line: number, name, bank, branch, account number, amount,
    currency, purpose. Holds account numbers in the clear; raise PayoutRefused where there is no
    such batch."""
    if not PayoutBatch.objects.filter(id=batch_id).exists():
        raise PayoutRefused(Phrase("没有这个付款批次。"))
    return csv_lines(_rows(stores, batch_id))


def _rows(stores: Stores, batch_id: UUID) -> Iterator[list[str]]:
    yield [
        _("付款号"), _("收款户名"), _("开户行"), _("支行"), _("账号"), _("金额"), _("币种"),
        _("用途"),
    ]  # fmt: skip
    for row in Payout.objects.filter(batch_id=batch_id).order_by("id").iterator():
        payee = open_payee(stores=stores, payee_id=row.payee_id)
        amount = Money(row.amount_minor, row.currency)
        yield [
            row.id.hex, payee.name, payee.bank, payee.branch, payee.number, str(amount),
            amount.currency, row.reference,
        ]  # fmt: skip
