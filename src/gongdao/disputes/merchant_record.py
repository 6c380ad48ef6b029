"""What the published limits count of a merchant: the same for all his cases of one moment, so that
a sweep reads it once for all that are due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from gongdao.core.named_sql import load_sql
from gongdao.disputes.facts import FactName
from gongdao.vault.run_sql import run_prepared

MerchantRecord = Mapping[FactName, int]
"""How often what the limits count has happened."""
_COUNTS = (
    FactName.MERCHANT_ORDERS_90D,
    FactName.MERCHANT_USED_UPHELD_90D,
    FactName.MERCHANT_SILENCES_30D,
    FactName.MERCHANT_EMPTY_ANSWERS_30D,
    FactName.MERCHANT_EXCUSES_FALLEN_90D,
)
"""The columns of ``sql/merchant_record.sql`` after the id, in their order."""


def read_records(merchants: Collection[UUID], at: datetime) -> dict[UUID, MerchantRecord]:
    """The record of each of ``merchants`` up to ``at``, in one statement."""
    values = {"merchants": sorted(merchants), "at": at}
    rows = run_prepared(load_sql("gongdao.disputes", "merchant_record"), values)
    return {row[0]: dict(zip(_COUNTS, row[1:], strict=True)) for row in rows}
