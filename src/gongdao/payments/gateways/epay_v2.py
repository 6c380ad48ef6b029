"""易支付 V2: the fields of V1 signed with RSA, answers signed too, refunds under our own number.

Both spellings of `sign_type` are taken (`RSA`, `SHA256WithRSA`): the signature is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount
from gongdao.payments.gateways.epay_fields import (
    callback_fields,
    cut_name,
    report_of_notice,
    report_of_order,
)
from gongdao.payments.port import (
    Asked,
    BadCallback,
    BilledRefund,
    Callback,
    GatewayError,
    GatewayRefused,
    PayStep,
    RefundReport,
    Report,
)
from gongdao.payments.rsa import rsa_holds, rsa_sign
from gongdao.payments.signing import signing_text
from gongdao.payments.wire import Wire, check_ok, post_form, read_object

_SIGN_TYPES = ("RSA", "SHA256WITHRSA")
_ADDRESSES = ("http://", "https://")


@dataclass(frozen=True)
class EpayV2:
    """One merchant id (``account``) at the gateway at ``url``."""

    account: str
    private_key: RSAPrivateKey = field(repr=False)
    platform_key: RSAPublicKey = field(repr=False)
    url: str
    wire: Wire = field(repr=False)
    pay_type: str = "alipay"
    sign_type: str = "RSA"
    name: str = "epay2"
    accepted: bytes = b"success"
    asks_first: bool = True
    repeatable_refunds: bool = True

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """Ask the gateway for an address or a code to scan."""
        fields = {
            "method": "web",
            "type": self.pay_type,
            "out_trade_no": asked.out_trade_no,
            "notify_url": asked.notify_url,
            "return_url": asked.return_url,
            "name": cut_name(asked.title),
            "money": str(asked.amount),
            "clientip": asked.client_ip or "127.0.0.1",
        }
        answer = self._ask("create", fields, at)
        kind, info = str(answer.get("pay_type")), str(answer.get("pay_info"))
        if kind == "qrcode":
            return PayStep(qr=info)
        if kind == "jump" and info.startswith(_ADDRESSES):
            return PayStep(info)
        raise GatewayError("other_pay_type")

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The fields of a callback whose signature holds."""
        fields = callback_fields(callback)
        if not self._holds(fields):
            raise BadCallback("bad_signature")
        return report_of_notice(fields)

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """Ask for one order."""
        try:
            answer = self._ask("query", {"out_trade_no": out_trade_no}, at)
        except GatewayRefused:
            return None
        report = report_of_order(answer)
        if report.out_trade_no != out_trade_no:
            raise GatewayError("other_order")
        return report

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Refund under our number; the gateway refuses the same number a second time."""
        wanted = {"trade_no": report.trade_no, "money": str(amount), "out_refund_no": refund_no}
        answer = self._ask("refund", wanted, at)
        return _refund_of(answer, refund_no, done=True)

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """Ask for one refund by our number."""
        try:
            answer = self._ask("refundquery", {"out_refund_no": refund_no}, at)
        except GatewayRefused:
            return None
        return _refund_of(answer, refund_no, done=str(answer.get("status")) == "1")

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """The protocol has no bill."""
        return None

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """The protocol has no bill."""
        return None

    def _ask(self, what: str, fields: Mapping[str, str], at: datetime) -> dict[str, Any]:
        """Post signed fields; the answer, whose signature holds and which says yes. GatewayRefused
        where it says no: a refusal is believed unsigned, as gateways send some of them so."""
        sent = {**fields, "pid": self.account, "timestamp": str(int(at.timestamp()))}
        sign = rsa_sign(signing_text(sent).encode(), self.private_key)
        signed = {**sent, "sign": sign, "sign_type": self.sign_type}
        answer = read_object(check_ok(post_form(self.wire, f"{self.url}/api/pay/{what}", signed)))
        if str(answer.get("code")) != "0":
            raise GatewayRefused("refused")
        if not self._holds({k: str(v) for k, v in answer.items() if v is not None}):
            raise GatewayError("bad_signature")
        return answer

    def _holds(self, fields: Mapping[str, str]) -> bool:
        if fields.get("sign_type", "RSA").upper() not in _SIGN_TYPES:
            return False
        text = signing_text(fields).encode()
        return rsa_holds(text, fields.get("sign", ""), self.platform_key)


def _refund_of(answer: Mapping[str, Any], refund_no: str, *, done: bool) -> RefundReport:
    try:
        amount = read_amount(str(answer["money"]))
    except (KeyError, BadCallback):
        raise GatewayError("no_usable_refund") from None
    return RefundReport(str(answer.get("out_refund_no") or refund_no), done, amount)
