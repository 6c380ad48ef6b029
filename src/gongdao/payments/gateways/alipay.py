"""支付宝: pay page and wap page, RSA2. Checked in tests against python-alipay-sdk.

Requests and notices sign sorted fields; answers sign the very characters of their inner object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount
from gongdao.payments.gateways.alipay_bill import check_place, read_back, read_paid
from gongdao.payments.gateways.alipay_split import (
    SETTLE,
    SETTLE_QUERY,
    read_settled,
    read_settlement,
    settle_order,
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
    Told,
)
from gongdao.payments.rsa import rsa_holds, rsa_sign
from gongdao.payments.split_port import Share, SplitReport
from gongdao.payments.wire import Wire, check_ok, post_form, read_object

_TOLD = {
    "TRADE_SUCCESS": Told.PAID,
    "TRADE_FINISHED": Told.PAID,
    "WAIT_BUYER_PAY": Told.UNPAID,
    "TRADE_CLOSED": Told.CLOSED,
}
_OK = "10000"
_UNKNOWN = "ACQ.TRADE_NOT_EXIST"
_NO_BILL = "isp.bill_not_exist"
_BILLS_READY = time(10)
_OPEN = frozenset({"ACQ.SYSTEM_ERROR", "ACQ.TRADE_SETTLE_ERROR"})
_LONGEST_SUBJECT = 256
_BY_DEVICE = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}


@dataclass(frozen=True)
class Alipay:
    """One app (``account`` is its app_id). ``seller`` is the merchant's id (2088…): money that went
    to another one is not ours. ``splits``: money waits at the service to be split (分账)."""

    account: str
    private_key: RSAPrivateKey = field(repr=False)
    alipay_key: RSAPublicKey = field(repr=False)
    wire: Wire = field(repr=False)
    seller: str = ""
    page: str = "page"
    splits: bool = False
    url: str = "https://openapi.alipay.com/gateway.do"
    name: str = "alipay"
    accepted: bytes = b"success"
    asks_first: bool = True
    repeatable_refunds: bool = True
    freezes: bool = True

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """The address of the pay page: signed, nothing is asked of the service."""
        method, product = _BY_DEVICE[self.page]
        content: dict[str, Any] = {
            "subject": asked.title[:_LONGEST_SUBJECT],
            "out_trade_no": asked.out_trade_no,
            "total_amount": str(asked.amount),
            "product_code": product,
        }
        if self.splits:
            content["extend_params"] = {"royalty_freeze": "true"}
        more = {"notify_url": asked.notify_url, "return_url": asked.return_url}
        return PayStep(f"{self.url}?{urlencode(self.sign(method, content, at, more))}")

    def sign(
        self, method: str, content: Mapping[str, Any], at: datetime, more: Mapping[str, str] = {}
    ) -> dict[str, str]:
        """The signed fields of a request."""
        fields = {
            "app_id": self.account,
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            **{name: value for name, value in more.items() if value},
        }
        return {**fields, "sign": rsa_sign(_text(fields), self.private_key)}

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The posted form. A notice to another app or seller is not ours, whoever signed it."""
        fields = {k: v for k, v in callback.form.items() if k not in ("sign", "sign_type")}
        if callback.form.get("sign_type") != "RSA2":
            raise BadCallback("bad_signature")
        if not rsa_holds(_text(fields), callback.form.get("sign", ""), self.alipay_key):
            raise BadCallback("bad_signature")
        if self.seller and fields.get("seller_id") != self.seller:
            raise BadCallback("other_seller")
        told = _TOLD.get(fields.get("trade_status", ""))
        if told is None:
            raise BadCallback("bad_status")
        return Report(
            fields.get("out_trade_no", ""),
            fields.get("trade_no", ""),
            told,
            read_amount(fields.get("total_amount", "")),
            fields.get("app_id", ""),
        )

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """Ask for one trade."""
        answer = self._ask("alipay.trade.query", {"out_trade_no": out_trade_no}, at)
        if answer.get("sub_code") == _UNKNOWN:
            return None
        _check_yes(answer)
        try:
            told = _TOLD[str(answer["trade_status"])]
            currency = str(answer.get("trans_currency") or "CNY")
            amount = read_amount(str(answer["total_amount"]), currency)
            found = str(answer["out_trade_no"]), str(answer["trade_no"])
        except (KeyError, BadCallback):
            raise GatewayError("no_usable_order") from None
        if found[0] != out_trade_no:
            raise GatewayError("other_order")
        return Report(*found, told, amount, self.account)

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Refund under our number (`out_request_no`). Where the answer does not say that money
        moved, only a question later tells."""
        content = {
            "trade_no": report.trade_no,
            "refund_amount": str(amount),
            "out_request_no": refund_no,
        }
        answer = self._ask("alipay.trade.refund", content, at)
        _check_yes(answer)
        if answer.get("trade_no") != report.trade_no:
            raise GatewayError("other_order")
        return RefundReport(refund_no, answer.get("fund_change") == "Y", amount)

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """Ask for one refund; an answer without a state is the service's way to say: none."""
        content = {"trade_no": report.trade_no, "out_request_no": refund_no}
        answer = self._ask("alipay.trade.fastpay.refund.query", content, at)
        if answer.get("sub_code") == _UNKNOWN:
            return None
        _check_yes(answer)
        if "refund_status" not in answer or "refund_amount" not in answer:
            return None
        try:
            amount = read_amount(str(answer["refund_amount"]))
        except BadCallback:
            raise GatewayError("no_usable_refund") from None
        done = answer["refund_status"] == "REFUND_SUCCESS"
        return RefundReport(str(answer.get("out_request_no")), done, amount)

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """The day's bill of the merchant, which is ready from ten the next morning; None before."""
        body = self._bill(day, at)
        if not body:
            return None if body is None else []
        return read_paid(body, self.account)

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """The refunds of the same bill."""
        body = self._bill(day, at)
        if not body:
            return None if body is None else []
        return read_back(body)

    def _bill(self, day: date, at: datetime) -> bytes | None:
        """The zip of a day; empty where there is none, None where it is not ready yet."""
        asked = {"bill_type": "trade", "bill_date": day.isoformat()}
        answer = self._ask("alipay.data.dataservice.bill.downloadurl.query", asked, at)
        if answer.get("sub_code") == _NO_BILL:
            ready = datetime.combine(day + timedelta(days=1), _BILLS_READY, BEIJING)
            return b"" if at >= ready else None
        _check_yes(answer)
        place = str(answer.get("bill_download_url", ""))
        check_place(place, self.url)
        return check_ok(self.wire("GET", place))

    def split(
        self,
        report: Report,
        split_no: str,
        shares: Sequence[Share],
        at: datetime,
        *,
        last: bool,
    ) -> SplitReport:
        """Split under our number (`out_request_no`), which repeated moves nothing more."""
        answer = self._ask(SETTLE, settle_order(self.seller, report, split_no, shares, last), at)
        _check_yes(answer)
        return read_settled(answer, split_no, report, shares)

    def query_split(self, split_no: str, report: Report, at: datetime) -> SplitReport | None:
        """Ask for one split. Of a release, which has no shares, the service tells nothing: asked
        for again under its number it is the same one."""
        content = {"trade_no": report.trade_no, "out_request_no": split_no}
        answer = self._ask(SETTLE_QUERY, content, at)
        if str(answer.get("sub_code", "")).endswith("_NOT_EXIST"):
            return None
        _check_yes(answer)
        return read_settlement(answer, split_no)

    def release_rest(self, report: Report, split_no: str, at: datetime) -> SplitReport:
        """Finish the splitting of a payment without a share: the service releases the rest."""
        answer = self._ask(SETTLE, settle_order(self.seller, report, split_no, (), True), at)
        _check_yes(answer)
        return read_settled(answer, split_no, report, ())

    def _ask(self, method: str, content: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """The inner object of an answer whose signature holds. Of unsigned answers none is believed
        but errors, which claim nothing."""
        body = check_ok(post_form(self.wire, self.url, self.sign(method, content, at)))
        outer = read_object(body)
        name = method.replace(".", "_") + "_response"
        inner = outer.get(name)
        if "error_response" in outer:
            raise GatewayRefused("error_response")
        if not isinstance(inner, dict):
            raise GatewayError("not_json")
        signed = _signed_part(body.decode(), name)
        if not rsa_holds(signed.encode(), str(outer.get("sign", "")), self.alipay_key):
            raise GatewayError("bad_signature")
        return read_object(signed.encode())


def _check_yes(answer: Mapping[str, Any]) -> None:
    """20000 (service unavailable) and the codes of `_OPEN` leave it open what happened."""
    if answer.get("code") == _OK:
        return
    if answer.get("code") == "40004" and answer.get("sub_code") not in _OPEN:
        raise GatewayRefused(str(answer.get("sub_code") or "refused"))
    raise GatewayError(f"code_{answer.get('code')}")


def _text(fields: Mapping[str, str]) -> bytes:
    """Sorted fields, empty ones too: what is sent is what is signed."""
    return "&".join(f"{k}={v}" for k, v in sorted(fields.items())).encode("utf-8", "replace")


def _signed_part(body: str, name: str) -> str:
    """The characters of the object behind ``name``, as they stand in ``body``."""
    start = body.find(f'"{name}"')
    start = body.find("{", start + len(name) + 2)
    try:
        end = json.JSONDecoder().raw_decode(body, start)[1]
    except ValueError:
        raise GatewayError("not_json") from None
    return body[start:end]
