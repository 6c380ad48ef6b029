"""A payment service for development and tests: it pays when told, and misbehaves when told.

Its callbacks are signed like a real one's (HMAC-SHA256 over the sorted fields) and go through the
same checks. Its page knows an order from a signed link; what was paid there, its book remembers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from urllib.parse import urlencode

from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount
from gongdao.payments.port import (
    Asked,
    BadCallback,
    BilledRefund,
    Callback,
    PayStep,
    RefundReport,
    Report,
    Told,
)
from gongdao.payments.signing import hmac_sign, is_same


class SandboxBook(Protocol):
    """What the sandbox's bank remembers: payments and refunds by our numbers."""

    def find_payment(self, out_trade_no: str) -> Report | None:
        """The payment made for ``out_trade_no``."""

    def find_paid(self, day: date) -> Sequence[Report]:
        """Every payment made on ``day`` in Beijing."""

    def find_refund(self, refund_no: str) -> RefundReport | None:
        """The refund made under ``refund_no``."""

    def keep_refund(self, report: Report, refund: RefundReport) -> None:
        """Remember a refund; the same number again changes nothing."""


_LINK_FIELDS = ("out_trade_no", "money", "currency", "return_url")
_LINK = {"use": "pay link"}
"""Signed with a link and not with a callback, so that neither can be passed off as the other."""


@dataclass(frozen=True)
class Sandbox:
    """The sandbox account; ``pay_url`` is its page."""

    key: bytes = field(repr=False)
    pay_url: str
    book: SandboxBook = field(repr=False)
    account: str = "sandbox"
    name: str = "sandbox"
    accepted: bytes = b"success"
    asks_first: bool = False
    """Its key never leaves this installation, and it is its own bank."""
    repeatable_refunds: bool = True

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """The sandbox's own page, which asks what should happen."""
        fields = {
            "out_trade_no": asked.out_trade_no,
            "money": str(asked.amount),
            "currency": asked.amount.currency,
            "return_url": asked.return_url,
        }
        signed = {**fields, "sign": hmac_sign({**fields, **_LINK}, self.key)}
        return PayStep(f"{self.pay_url}?{urlencode(signed)}")

    def read_link(self, fields: Mapping[str, str]) -> tuple[str, Money, str]:
        """Order number, amount and where to return, of a link that `start` made; BadCallback for
        any other."""
        named = {name: fields.get(name, "") for name in _LINK_FIELDS}
        if not is_same(fields.get("sign", ""), hmac_sign({**named, **_LINK}, self.key)):
            raise BadCallback("bad_signature")
        amount = read_amount(fields.get("money", ""), fields.get("currency", ""))
        return fields.get("out_trade_no", ""), amount, fields.get("return_url", "")

    def sign_callback(self, report: Report) -> Mapping[str, str]:
        """The fields of a callback that says ``report``."""
        fields = {
            "pid": report.account,
            "out_trade_no": report.out_trade_no,
            "trade_no": report.trade_no,
            "money": str(report.amount),
            "currency": report.amount.currency,
            "status": report.told.value,
        }
        return {**fields, "sign": hmac_sign(fields, self.key)}

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The posted form."""
        fields = callback.form or callback.query
        if not is_same(fields.get("sign", ""), hmac_sign(fields, self.key)):
            raise BadCallback("bad_signature")
        try:
            told = Told(fields.get("status", ""))
        except ValueError:
            raise BadCallback("bad_status") from None
        amount = read_amount(fields.get("money", ""), fields.get("currency", ""))
        return Report(
            fields.get("out_trade_no", ""),
            fields.get("trade_no", ""),
            told,
            amount,
            fields.get("pid", ""),
        )

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """What its bank remembers."""
        return self.book.find_payment(out_trade_no)

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Refunds at once."""
        self.book.keep_refund(report, RefundReport(refund_no, True, amount))
        return self.book.find_refund(refund_no) or RefundReport(refund_no, False, amount)

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """What its bank remembers."""
        return self.book.find_refund(refund_no)

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """What its bank remembers of a day."""
        return self.book.find_paid(day)

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """None: nobody refunds there but this program."""
        return None
