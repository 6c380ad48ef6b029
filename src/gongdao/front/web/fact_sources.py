"""Where a fact comes from: the buyer himself, or the file that shows it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gongdao.casework.online.prefill import ALL_FIELDS
from gongdao.casework.words import KIND_NAMES
from gongdao.core.clock import beijing, find_instant, say_second
from gongdao.core.codes import Kind
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.evidence.statement import Statement

_READ_IN: dict[str, tuple[str, ...]] = {
    "platform": ("platform",),
    "platform_url": ("platform_url",),
    "merchant": ("merchant", "payee"),
    "payee": ("payee", "merchant"),
    "product": ("product",),
    "quantity": ("quantity",),
    "face_value": ("face_value",),
    "order_no": ("order_no",),
    "transaction_no": ("txn_no",),
    "listed_price": ("listed_price",),
    "paid": ("amount", "price"),
    "ordered_at": ("ordered_at",),
    "paid_at": ("paid_at",),
    "promise": ("promise",),
    "delivered_at": ("delivered_at",),
}
"""For a fact of the order: the fields of readings that may show it, the likeliest first."""
_LIKELY = (Kind.PAYMENT_RECEIPT, Kind.ORDER_PAGE, Kind.BILL_EXPORT, Kind.LISTING_PAGE)


@dataclass(frozen=True)
class Source:
    """In words where a fact comes from; ``path`` of the exhibit that shows it, where one does."""

    says: str
    path: str = ""


def source_of(
    fact: str, *, statement: Statement, touched: Collection[str], report: Mapping[str, Any]
) -> Source | None:
    """Where ``fact`` (``order.paid``) comes from; None where it is unknown."""
    section, _dot, name = fact.partition(".")
    value = getattr(getattr(statement, section), name)
    if value in (None, "", ()):
        return None
    if fact in touched:
        return Source(_("您填的"))
    if section == "order":
        path = _shown_in(name, value, report["exhibits"])
        if path:
            kind = Kind(report["exhibits"][path]["kind"])
            return Source(_("从{kind}读到").format(kind=translated(KIND_NAMES[kind])), path)
    if fact not in ALL_FIELDS:
        return None
    return Source(_("从材料里看出来的"))


def _shown_in(name: str, value: object, exhibits: Mapping[str, Any]) -> str:
    wanted = _plain(value)
    ranked = sorted(exhibits.items(), key=lambda item: _rank(item[1]["kind"]))
    for field in _READ_IN.get(name, ()):
        for path, exhibit in ranked:
            shown = exhibit["fields"].get(field)
            if shown is not None and _same(wanted, shown):
                return str(path)
    return ""


def _rank(kind: str) -> int:
    return _LIKELY.index(Kind(kind)) if Kind(kind) in _LIKELY else len(_LIKELY)


def _plain(value: object) -> str:
    return say_second(value) if hasattr(value, "tzinfo") else str(value)  # type: ignore[arg-type]  # a datetime


def _same(wanted: str, shown: str) -> bool:
    at = find_instant(shown)
    return wanted == shown or (at is not None and wanted == say_second(beijing(at)))
