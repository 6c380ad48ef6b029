"""Splits as lines of CSV, with the numbers by which a payment service's own books name them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.money import Money
from gongdao.ledger.csv_lines import csv_lines
from gongdao.market.models import Merchant
from gongdao.payments.models import Split

COLUMNS = (
    "gateway", "account", "trade_no", "order", "part", "merchant", "released", "amount",
    "currency", "state", "problem", "split_no", "number", "planned_at", "requested_at",
    "ended_at",
)  # fmt: skip


def split_csv(*, begin: datetime, until: datetime) -> Iterator[str]:
    """Every split that was planned from ``begin`` on and before ``until``, oldest first, and shares
    before the rest."""
    rows = Split.objects.select_related("credit__intent").filter(
        planned_at__gte=begin, planned_at__lt=until
    )
    names = dict(Merchant.objects.values_list("id", "display_name"))

    def lines() -> Iterator[tuple[str, ...]]:
        yield COLUMNS
        for row in rows.order_by("planned_at", "credit_id", "-part", "id").iterator(
            chunk_size=1000
        ):
            yield _line(row, names)

    yield from csv_lines(lines())


def _line(row: Split, names: dict[UUID, str]) -> tuple[str, ...]:
    credit, currency = row.credit, row.credit.currency
    return (
        credit.gateway,
        credit.intent.account,
        credit.trade_no,
        credit.intent.out_trade_no,
        row.part,
        names.get(row.owner_id, ""),
        str(Money(row.released_minor, currency)),
        str(Money(row.amount_minor, currency)),
        currency,
        row.state,
        row.problem,
        row.split_no,
        row.number,
        _when(row.planned_at),
        _when(row.requested_at),
        _when(row.ended_at),
    )


def _when(at: datetime | None) -> str:
    return beijing(at).isoformat(timespec="seconds") if at else ""
