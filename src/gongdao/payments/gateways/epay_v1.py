"""易支付 V1: MD5 over sorted fields. Off unless the operator turns it on.

The protocol as its gateways publish it: pay pages at `submit.php`, questions at `api.php`, a GET
(some POST) to our notify address that is answered with `success`. The key travels in questions, so
they go over TLS only; and a leaked key signs any callback, so that each is asked back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from gongdao.core.money import Money
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
    Told,
)
from gongdao.payments.signing import is_same, md5_sign
from gongdao.payments.wire import Wire, check_ok, post_form, read_object

AMP_KEY = "&key="
"""Stands between text and key in the one variant; in the other nothing does."""
_PAGE = 50
_MOST_PAGES = 200


@dataclass(frozen=True)
class EpayV1:
    """One merchant id (``account``) at the gateway at ``url``."""

    account: str
    key: str = field(repr=False)
    url: str
    wire: Wire = field(repr=False)
    pay_type: str = "alipay"
    joint: str = ""
    name: str = "epay"
    accepted: bytes = b"success"
    asks_first: bool = True
    repeatable_refunds: bool = False

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """A form that the buyer's browser posts to the gateway's pay page."""
        fields = {
            "pid": self.account,
            "type": self.pay_type,
            "out_trade_no": asked.out_trade_no,
            "notify_url": asked.notify_url,
            "return_url": asked.return_url,
            "name": cut_name(asked.title),
            "money": str(asked.amount),
        }
        signed = {**fields, "sign": md5_sign(fields, self.key, joint=self.joint)}
        return PayStep(f"{self.url}/submit.php", {**signed, "sign_type": "MD5"})

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The fields of a callback whose signature holds."""
        fields = callback_fields(callback)
        given = fields.get("sign", "").lower()
        if not is_same(given, md5_sign(fields, self.key, joint=self.joint)):
            raise BadCallback("bad_signature")
        return report_of_notice(fields)

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """Ask for one order."""
        answer = self._ask("order", {"out_trade_no": out_trade_no})
        if str(answer.get("code")) != "1":
            return None
        report = report_of_order(answer)
        if report.out_trade_no != out_trade_no:
            raise GatewayError("other_order")
        return report

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """V1 knows no refund number: asked for twice it may refund twice. So it is asked once, and
        after silence a person looks (`repeatable_refunds`)."""
        fields = {"pid": self.account, "key": self.key, "trade_no": report.trade_no}
        wanted = {**fields, "money": str(amount)}
        body = check_ok(post_form(self.wire, f"{self.url}/api.php?act=refund", wanted))
        if str(read_object(body).get("code")) != "1":
            raise GatewayRefused("refused")
        return RefundReport(refund_no, True, amount)

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """V1 cannot be asked for a refund."""
        return None

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """The day's paid orders, page by page from the newest."""
        found, last = [], None
        for page in range(1, _MOST_PAGES + 1):
            answer = self._ask("orders", {"limit": str(_PAGE), "page": str(page)})
            rows = answer.get("data")
            if str(answer.get("code")) != "1" or not isinstance(rows, list):
                raise GatewayError("no_usable_bill")
            if not rows or rows == last:  # some gateways know no pages and repeat the first
                break
            last = rows
            found += [report_of_order(one) for one in rows if _paid_on(one) == day.isoformat()]
            if all(_made_on(one) < day.isoformat() for one in rows):
                break
        return [one for one in found if one.told is Told.PAID]

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """None: of an order V1 tells that it was refunded, and neither when nor how much."""
        return None

    def _ask(self, act: str, more: Mapping[str, str]) -> dict[str, Any]:
        fields = {"act": act, "pid": self.account, "key": self.key, **more}
        return read_object(check_ok(self.wire("GET", f"{self.url}/api.php?{urlencode(fields)}")))


def _paid_on(order: object) -> str:
    return str(order.get("endtime") or "")[:10] if isinstance(order, dict) else ""


def _made_on(order: object) -> str:
    return str(order.get("addtime") or "")[:10] if isinstance(order, dict) else ""
