"""The open interface of dujiao-next shops: JSON, HMAC-SHA256 in the headers, poll and callback.

An order is asked for under our number (`downstream_order_no`); the same number again answers the
same order, so that an ask after silence is safe. There is no maximum price in the interface: an
order that costs more than allowed is called off at once. A no of the shop comes with `ok` false and
an `error_code`; statuses of the transport (401, 429, 5xx) say nothing about the order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.market.decide_top_up import Told
from gongdao.market.suppliers.port import Called, SupplierWord, TopUpAsk
from gongdao.payments.port import BadCallback, GatewayError
from gongdao.payments.signing import is_same
from gongdao.payments.wire import Wire, read_object

ROOT = "/api/v1/upstream"
CALLBACK_PATH = f"{ROOT}/callback"
"""The path that shops sign for, whatever address they call."""
CLOCKS_DIFFER_S = 60
_STATUS = {
    "pending_payment": Told.ACCEPTED,
    "paid": Told.ACCEPTED,
    "fulfilling": Told.CHARGING,
    "partially_delivered": Told.CHARGING,
    "delivered": Told.DONE,
    "fulfilled": Told.DONE,
    "completed": Told.DONE,
    "canceled": Told.FAILED,
    "cancelled": Told.FAILED,
    "refunded": Told.FAILED,
}
_SAYS_NO = frozenset({200, 400, 404, 409, 422})
_LONGEST = 64


@dataclass(frozen=True)
class DujiaoNext:
    """The credential ``account`` at the shop at ``url`` (scheme and host)."""

    account: str
    key: str = field(repr=False)
    url: str
    wire: Wire = field(repr=False)
    accepted: bytes = b'{"ok":true,"message":"received"}'

    def ask(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """Ask, and call the order off where it costs too much."""
        body = {
            "sku_id": int(ask.product) if ask.product.isdigit() else ask.product,
            "quantity": 1,
            "manual_form_data": {"account": ask.account},
            "downstream_order_no": ask.number,
            "trace_id": ask.number,
            "callback_url": ask.notify_url,
        }
        word = self._talk("POST", f"{ROOT}/orders", body, at, asking=True)
        dear = word.cost is not None and (
            word.cost.currency != ask.most.currency or word.cost > ask.most
        )
        if word.told is Told.ACCEPTED and dear and word.supplier_no:
            return self._call_off(word, at)
        return word

    def look(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """The order by its number at the shop; where that is not known, asking again tells it."""
        if not ask.supplier_no.isdigit():
            return self.ask(ask, at)
        return self._talk("GET", f"{ROOT}/orders/{ask.supplier_no}", None, at)

    def read_callback(self, called: Called, at: datetime) -> tuple[str, SupplierWord]:
        """The signed JSON body, not older than a minute."""
        sent = called.headers.get("dujiao-next-timestamp", "")
        if not sent.isdigit() or abs(int(sent[:12]) - int(at.timestamp())) > CLOCKS_DIFFER_S:
            raise BadCallback("bad_time")
        given = called.headers.get("dujiao-next-signature", "").lower()
        paths = dict.fromkeys((CALLBACK_PATH, called.path))
        right = [sign(self.key, "POST", path, sent, called.body) for path in paths]
        if not any([is_same(given, one) for one in right]):
            raise BadCallback("bad_signature")
        if not is_same(called.headers.get("dujiao-next-api-key", ""), self.account):
            raise BadCallback("other_account")
        try:
            told = read_object(called.body)
        except GatewayError:
            raise BadCallback("not_json") from None
        return _text(told, "downstream_order_no"), _word_of(told, called.body)

    def _call_off(self, word: SupplierWord, at: datetime) -> SupplierWord:
        """Dearer than allowed. Where the shop does not call it off, it goes on, and a person sees
        the cost."""
        path = f"{ROOT}/orders/{word.supplier_no}/cancel"
        answer = self._talk("POST", path, {}, at)
        raw = word.raw + b"\n" + answer.raw
        if answer.told is Told.FAILED:
            return SupplierWord(Told.REJECTED, "too_dear", raw, word.supplier_no, cost=word.cost)
        return SupplierWord(word.told, "too_dear", raw, word.supplier_no, cost=word.cost)

    def _talk(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        at: datetime,
        *,
        asking: bool = False,
    ) -> SupplierWord:
        sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        stamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Dujiao-Next-Api-Key": self.account,
            "Dujiao-Next-Timestamp": stamp,
            "Dujiao-Next-Signature": sign(self.key, method, path, stamp, sent),
        }
        try:
            answer = self.wire(method, self.url + path, body=sent, headers=headers)
        except GatewayError as error:
            return SupplierWord(Told.NOTHING, "no_answer", error.problem.encode())
        if answer.status not in _SAYS_NO:
            return SupplierWord(Told.NOTHING, f"status_{answer.status}", answer.body)
        return read_order(answer.body, asking=asking)


def sign(key: str, method: str, path: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over method, path, time and the body's MD5, line by line."""
    text = f"{method}\n{path}\n{stamp}\n{hashlib.md5(body).hexdigest()}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def read_order(raw: bytes, *, asking: bool) -> SupplierWord:
    """An order as the shop tells it. A no to an ask is a rejection; to any other question it says
    nothing about the order."""
    try:
        told = read_object(raw)
    except GatewayError:
        return SupplierWord(Told.NOTHING, "unreadable", raw)
    if told.get("ok") is True:
        return _word_of(told, raw)
    code = _text(told, "error_code")
    if told.get("ok") is False and code:
        reason = f"no:{code}"[:_LONGEST]
        return SupplierWord(Told.REJECTED if asking else Told.NOTHING, reason, raw)
    return SupplierWord(Told.NOTHING, "unreadable", raw)


def _word_of(told: Mapping[str, Any], raw: bytes) -> SupplierWord:
    status = _text(told, "status").strip().lower()
    made = told.get("fulfillment")
    payload = made.get("payload") if isinstance(made, dict) else ""
    number = told.get("order_id", "")
    return SupplierWord(
        _STATUS.get(status, Told.NOTHING),
        f"status:{status}"[:_LONGEST],
        raw,
        supplier_no=str(number)[:_LONGEST] if isinstance(number, int | str) else "",
        cost=_money(told),
        payload=payload[:20_000].replace("\0", "") if isinstance(payload, str) else "",
    )


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value[:_LONGEST].replace("\0", "") if isinstance(value, str) else ""


def _money(told: Mapping[str, Any]) -> Money | None:
    amount, currency = told.get("amount"), told.get("currency", "CNY")
    if not isinstance(amount, str) or not isinstance(currency, str) or len(currency) != 3:
        return None
    try:
        return Money.parse(amount, currency)
    except InputError:
        return None
