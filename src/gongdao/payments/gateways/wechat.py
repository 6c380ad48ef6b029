"""微信支付 v3: native code and H5, notices under AES-256-GCM. Checked against wechatpayv3.

Requests are signed with the merchant's key; answers and notices with the platform's, which is known
by the serial number of its certificate or by the id of its public key.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.payments.amounts import read_minor
from gongdao.payments.gateways.wechat_bill import check_bill, read_bill, read_refunds
from gongdao.payments.gateways.wechat_split import (
    ORDERS,
    UNFREEZE,
    read_split,
    release_order,
    split_order,
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
    UnusedEvent,
)
from gongdao.payments.rsa import rsa_holds, rsa_sign
from gongdao.payments.split_port import Share, SplitReport
from gongdao.payments.wire import Answer, Wire, check_ok, read_object

FRESH = timedelta(minutes=5)
"""How far the service's time may be from ours before a notice is too old."""
FRESH_ANSWER = timedelta(hours=1)
"""The same for an answer, which came over a line of our own: ``at`` is when a round began."""
_SCHEME = "WECHATPAY2-SHA256-RSA2048"
_BILLS_READY = time(10)
_TOLD = {
    "SUCCESS": Told.PAID,
    "REFUND": Told.REFUNDED,
    "NOTPAY": Told.UNPAID,
    "USERPAYING": Told.UNPAID,
    "ACCEPT": Told.UNPAID,
    "PAYERROR": Told.UNPAID,
    "CLOSED": Told.CLOSED,
    "REVOKED": Told.CLOSED,
}
_REFUND_FAILED = frozenset({"REFUND.ABNORMAL", "REFUND.CLOSED"})
_LONGEST_TITLE = 127


@dataclass(frozen=True)
class Wechat:
    """One merchant (``account`` is its mchid) with one app. ``platform_keys`` by serial or id;
    ``kind`` native | h5; ``splits``: money waits at the service to be split (分账)."""

    account: str
    app_id: str
    serial: str
    private_key: RSAPrivateKey = field(repr=False)
    api_key: bytes = field(repr=False)
    platform_keys: Mapping[str, RSAPublicKey] = field(repr=False)
    wire: Wire = field(repr=False)
    kind: str = "native"
    splits: bool = False
    url: str = "https://api.mch.weixin.qq.com"
    name: str = "wechat"
    accepted: bytes = b'{"code":"SUCCESS"}'
    asks_first: bool = True
    repeatable_refunds: bool = True
    freezes: bool = True

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """A code to scan, or an address for a browser on a phone."""
        order: dict[str, Any] = {
            "appid": self.app_id,
            "mchid": self.account,
            "description": asked.title[:_LONGEST_TITLE],
            "out_trade_no": asked.out_trade_no,
            "notify_url": asked.notify_url,
            "amount": {"total": asked.amount.minor, "currency": asked.amount.currency},
        }
        if self.splits:
            order["settle_info"] = {"profit_sharing": True}
        if self.kind == "h5":
            info = {"payer_client_ip": asked.client_ip, "h5_info": {"type": "Wap"}}
            order["scene_info"] = info
        answer = self._ask("POST", f"/v3/pay/transactions/{self.kind}", at, order)
        if self.kind == "h5" and str(answer.get("h5_url", "")).startswith("https://"):
            back = quote(asked.return_url, safe="")
            return PayStep(f"{answer['h5_url']}&redirect_url={back}")
        if self.kind == "native" and answer.get("code_url"):
            return PayStep(qr=str(answer["code_url"]))
        raise GatewayError("no_pay_address")

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The decrypted notice: signature and freshness first, then the seal of its resource."""
        problem = self._why_not(callback.headers, callback.body, at)
        if problem:
            raise BadCallback(problem)
        try:
            event = read_object(callback.body)
        except GatewayError:
            raise BadCallback("not_json") from None
        kind = event.get("event_type")
        if not isinstance(kind, str):
            raise BadCallback("no_event")
        if kind != "TRANSACTION.SUCCESS" and kind not in _REFUND_FAILED:
            raise UnusedEvent(kind)
        try:
            told = self._open(event.get("resource"))
            return _failed_of(told) if kind in _REFUND_FAILED else self._report_of(told)
        except GatewayError as error:
            raise BadCallback(error.problem) from None

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """Ask for one order."""
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}"
        answer = self._find(f"{path}?{urlencode({'mchid': self.account})}", at)
        if answer is None:
            return None
        report = self._report_of(answer)
        if report.out_trade_no != out_trade_no:
            raise GatewayError("other_order")
        return report

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Refund under our number; the same number again answers the same refund."""
        wanted = {
            "transaction_id": report.trade_no,
            "out_refund_no": refund_no,
            "amount": {
                "refund": amount.minor,
                "total": report.amount.minor,
                "currency": amount.currency,
            },
        }
        return _refund_of(self._ask("POST", "/v3/refund/domestic/refunds", at, wanted))

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """Ask for one refund by our number."""
        answer = self._find(f"/v3/refund/domestic/refunds/{quote(refund_no, safe='')}", at)
        return None if answer is None else _refund_of(answer)

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """The day's bill, which the service has ready from ten the next morning; None before."""
        body = self._bill(day, "SUCCESS", at)
        if not body:
            return None if body is None else []
        return read_bill(body, self.account)

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """The day's bill of refunds."""
        body = self._bill(day, "REFUND", at)
        if not body:
            return None if body is None else []
        return read_refunds(body, self.account)

    def _bill(self, day: date, kind: str, at: datetime) -> bytes | None:
        """The file of a day; empty where nothing happened, None where it is not ready yet."""
        asked = urlencode({"bill_date": day.isoformat(), "bill_type": kind})
        try:
            answer = self._ask("GET", f"/v3/bill/tradebill?{asked}", at)
        except GatewayRefused as error:
            if error.problem == "NO_STATEMENT_EXIST":
                ready = datetime.combine(day + timedelta(days=1), _BILLS_READY, BEIJING)
                return b"" if at >= ready else None
            raise
        place = urlsplit(str(answer.get("download_url", "")))
        if place.netloc != urlsplit(self.url).netloc:
            raise GatewayError("bill_elsewhere")
        path = f"{place.path}?{place.query}"
        body = check_ok(self._send("GET", path, at, b""))
        check_bill(body, answer)
        return body

    def split(
        self,
        report: Report,
        split_no: str,
        shares: Sequence[Share],
        at: datetime,
        *,
        last: bool,
    ) -> SplitReport:
        """Split under our number; the same number again is the same split."""
        wanted = split_order(self.app_id, report, split_no, shares, last)
        return read_split(self._ask("POST", ORDERS, at, wanted), split_no, report, own=self.account)

    def query_split(self, split_no: str, report: Report, at: datetime) -> SplitReport | None:
        """Ask for one split, or for a release, by our number."""
        asked = urlencode({"transaction_id": report.trade_no})
        answer = self._find(f"{ORDERS}/{quote(split_no, safe='')}?{asked}", at)
        return None if answer is None else read_split(answer, split_no, report, own=self.account)

    def release_rest(self, report: Report, split_no: str, at: datetime) -> SplitReport:
        """Release what is frozen; the same number again is the same release."""
        wanted = release_order(report, split_no)
        return read_split(
            self._ask("POST", UNFREEZE, at, wanted), split_no, report, own=self.account
        )

    def _find(self, path: str, at: datetime) -> dict[str, Any] | None:
        try:
            return self._ask("GET", path, at)
        except GatewayRefused as error:
            if error.problem in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"):
                return None
            raise

    def _ask(
        self, method: str, path: str, at: datetime, content: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer, whose signature holds. GatewayRefused with the service's code for a no."""
        body = json.dumps(content, ensure_ascii=False).encode() if content is not None else b""
        answer = self._send(method, path, at, body)
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            code = str(read_object(answer.body).get("code", "refused"))
            if code in ("FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "SYSTEM_ERROR"):
                raise GatewayError(code)
            raise GatewayRefused(code)
        found = read_object(check_ok(answer))
        if problem := self._why_not(answer.headers, answer.body, at, FRESH_ANSWER):
            raise GatewayError(problem)
        return found

    def _send(self, method: str, path: str, at: datetime, body: bytes) -> Answer:
        nonce, moment = secrets.token_hex(16), int(at.timestamp())
        text = f"{method}\n{path}\n{moment}\n{nonce}\n".encode() + body + b"\n"
        said = {
            "mchid": self.account,
            "nonce_str": nonce,
            "signature": rsa_sign(text, self.private_key),
            "timestamp": str(moment),
            "serial_no": self.serial,
        }
        joined = ",".join(f'{name}="{value}"' for name, value in said.items())
        headers = {
            "Authorization": f"{_SCHEME} {joined}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        ids = [one for one in self.platform_keys if one.startswith("PUB_KEY_ID_")]
        if ids:
            headers["Wechatpay-Serial"] = ids[0]
        return self.wire(method, self.url + path, body=body, headers=headers)

    def _why_not(
        self, headers: Mapping[str, str], body: bytes, at: datetime, within: timedelta = FRESH
    ) -> str:
        """Why a signed message is not believed; empty where it is."""
        key = self.platform_keys.get(headers.get("wechatpay-serial", ""))
        if key is None:
            return "unknown_serial"
        moment, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        text = f"{moment}\n{nonce}\n".encode("utf-8", "replace") + body + b"\n"
        if not rsa_holds(text, headers.get("wechatpay-signature", ""), key):
            return "bad_signature"
        if not re.fullmatch(r"[0-9]{1,12}", moment):
            return "bad_time"
        return "" if abs(int(moment) - int(at.timestamp())) <= within.total_seconds() else "too_old"

    def _open(self, resource: object) -> dict[str, Any]:
        """What a notice holds under the API key."""
        if not isinstance(resource, dict):
            raise GatewayError("no_resource")
        try:
            nonce = str(resource["nonce"]).encode()
            sealed = base64.b64decode(str(resource["ciphertext"]), validate=True)
            about = str(resource.get("associated_data") or "").encode()
            plain = AESGCM(self.api_key).decrypt(nonce, sealed, about)
        except (KeyError, ValueError, binascii.Error, InvalidTag):
            raise GatewayError("does_not_open") from None
        return read_object(plain)

    def _report_of(self, order: Mapping[str, Any]) -> Report:
        try:
            told = _TOLD[str(order["trade_state"])]
            if order["appid"] != self.app_id:
                raise GatewayError("other_app")
            amount = order.get("amount") or {}
            money = read_minor(amount.get("total", 0), str(amount.get("currency", "CNY")))
            number = str(order["out_trade_no"])
        except (KeyError, AttributeError, BadCallback):
            raise GatewayError("no_usable_order") from None
        trade_no = str(order.get("transaction_id") or "")
        return Report(number, trade_no, told, money, str(order.get("mchid", "")))


def _failed_of(refund: Mapping[str, Any]) -> Report:
    """A refund that did not reach its buyer, by our number of it; a notice names no currency."""
    try:
        money = read_minor(refund["amount"]["refund"], "CNY")
        trade_no, number = str(refund["transaction_id"]), str(refund["out_refund_no"])
        account = str(refund["mchid"])
    except (KeyError, TypeError, BadCallback):
        raise GatewayError("no_usable_refund") from None
    return Report("", trade_no, Told.REFUND_FAILED, money, account, event_no=number)


def _refund_of(answer: Mapping[str, Any]) -> RefundReport:
    if answer.get("status") in ("CLOSED", "ABNORMAL"):
        raise GatewayRefused(f"refund_{answer['status']}")
    try:
        amount = answer["amount"]
        money = read_minor(amount["refund"], str(amount.get("currency", "CNY")))
        return RefundReport(str(answer["out_refund_no"]), answer["status"] == "SUCCESS", money)
    except (KeyError, TypeError, AttributeError, BadCallback):
        raise GatewayError("no_usable_refund") from None
