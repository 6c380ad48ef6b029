"""What of a case report others may see: secrets and personal numbers masked. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gongdao.casework.mask import masker
from gongdao.evidence.statement import Statement

_SHOWN = (
    *("version", "as_of", "stages", "stage_details", "elements", "evidence", "contradictions"),
    *("timeline", "evidence_list", "next_steps", "facts", "case", "disclaimer"),
)
_KEYS = frozenset({"exhibit", "stage", "who", "code", "proof", "at", "as_of"})
"""Values that are codes, times or names which other values point at; never shown as they are."""
_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{4})\d{10}(\d{3}[\dXx])(?![0-9A-Za-z])")
_MAIL = re.compile(r"(?<![\w.+-])([\w.+-])[\w.+-]*(@[\w-]+(?:\.[\w-]+)+)")
_SHORT_NAME, _LONG_NUMBER = 2, 8
Mask = Callable[[str], str]


def shared_report(
    report: Mapping[str, Any], statement: Statement, *, letters: bool
) -> dict[str, Any]:
    """``report`` without exhibits' contents, every text masked; letters only where asked for."""
    mask = make_mask(report, statement)
    shown = {name: report[name] for name in (*_SHOWN, *["letters"] * letters) if name in report}
    masked: dict[str, Any] = _masked(shown, mask)
    return masked


def make_mask(report: Mapping[str, Any], statement: Statement) -> Mask:
    """A function that masks in a text: card secrets, the buyer's name and telephone, order and
    payment numbers, anybody's telephone, identity number and mail address."""
    secrets = masker(report)
    buyer, order = statement.buyer, statement.order
    numbers = sorted(
        {n for n in (order.order_no, order.transaction_no, buyer.phone) if len(n) >= _LONG_NUMBER},
        key=len,
        reverse=True,
    )
    name = buyer.name.strip()

    def mask(text: str) -> str:
        text = secrets(text)
        for number in numbers:
            text = text.replace(number, f"{number[:4]}****{number[-2:]}")
        text = _MOBILE.sub(r"\1****\3", text)
        text = _IDENTITY.sub(r"\1****\2", text)
        text = _MAIL.sub(r"\1***\2", text)
        if len(name) >= _SHORT_NAME:
            text = text.replace(name, name[0] + "*" * (len(name) - 1))
        return text

    return mask


def _masked(value: Any, mask: Mask, key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in _KEYS else mask(value)
    if isinstance(value, Mapping):
        return {name: _masked(one, mask, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, mask, key) for one in value]
    return value
