"""Money: integer minor units and a currency, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _

_AMOUNT = re.compile(r"[-+]?\d{1,12}(?:\.\d{1,2})?")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－＋", "0123456789.,-+")


@dataclass(frozen=True, order=True)
class Money:
    """An amount: ``minor`` units (fen for CNY, two decimals) of ``currency`` (ISO 4217)."""

    minor: int
    currency: str = "CNY"

    @classmethod
    def parse(cls, text: str, currency: str = "CNY", *, field: str | None = None) -> Money:
        """Read ``"98"``, ``"98.00"``, ``"¥1,234.5"``, ``"98 元"``; raise InputError otherwise."""
        plain = text.translate(_FULL_WIDTH).strip()
        plain = re.sub(r"^[¥￥]|\s*元$|,|\s", "", plain)
        if not _AMOUNT.fullmatch(plain):
            raise InputError(
                _("“{text}”不是金额").format(text=text),
                field=field,
                hint=_("请写成 98.00 这样的数字。"),
            )
        return cls(int((Decimal(plain) * 100).to_integral_value()), currency)

    def __str__(self) -> str:
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{abs(self.minor) // 100}.{abs(self.minor) % 100:02d}"

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
