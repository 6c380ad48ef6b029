"""Amounts as payment services write them: exact decimals, or refused."""

from __future__ import annotations

import re
from decimal import Decimal

from gongdao.core.money import Money
from gongdao.payments.port import BadCallback

_AMOUNT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?")
_MINOR = re.compile(r"[0-9]{1,12}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_amount(text: str, currency: str = "CNY") -> Money:
    """``98``, ``98.0``, ``98.00`` or ``98.000000`` as money; BadCallback for anything that is no
    whole number of minor units."""
    if not _AMOUNT.fullmatch(text) or not _CURRENCY.fullmatch(currency):
        raise BadCallback("bad_amount")
    minor = Decimal(text) * 100
    if minor != minor.to_integral_value():
        raise BadCallback("bad_amount")
    return Money(int(minor), currency)


def read_minor(value: object, currency: str) -> Money:
    """A whole number of minor units as JSON gives it; BadCallback for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not _MINOR.fullmatch(str(value)) or not _CURRENCY.fullmatch(currency):
        raise BadCallback("bad_amount")
    return Money(int(str(value)), currency)
