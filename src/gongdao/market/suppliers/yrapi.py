"""The interface of many phone and meter top-up sites (`yrapi.php`): forms, MD5, poll and callback.

`index/recharge` answers `errno` 0 where it took the order on. `index/check` and the callback carry
`state`: -1 called off, 0 on its way, 1 done. The sites differ in what 2 means, failed or partly
done, and some say 3 for the latter: what was topped up (`charge_amount`, `charge_face`) decides,
and where it is not told a person does. `price` makes the site refuse what costs more.
"""

from __future__ import annotations

import hashlib
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
from gongdao.payments.wire import Wire, post_form, read_object

_STATES = {"-1": Told.FAILED, "0": Told.CHARGING, "1": Told.DONE, "3": Told.PARTIAL}
_LONGEST_NO = 64
_OK = 200


@dataclass(frozen=True)
class Yrapi:
    """User ``account`` of the site at ``url`` (scheme and host)."""

    account: str
    key: str = field(repr=False)
    url: str
    wire: Wire = field(repr=False)
    accepted: bytes = b"success"

    def ask(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """`index/recharge`."""
        fields = {
            "userid": self.account,
            "out_trade_num": ask.number,
            "product_id": ask.product,
            "mobile": ask.account,
            "amount": _plain(ask.face),
            "price": str(ask.most),
            "notify_url": ask.notify_url,
        }
        status, raw = self._post("recharge", fields)
        if status != _OK:
            return SupplierWord(Told.NOTHING, f"status_{status}" if status else "no_answer", raw)
        return read_taken(raw)

    def look(self, ask: TopUpAsk, at: datetime) -> SupplierWord:
        """`index/check`."""
        fields = {"userid": self.account, "out_trade_nums": ask.number}
        status, raw = self._post("check", fields)
        if status != _OK:
            return SupplierWord(Told.NOTHING, f"status_{status}" if status else "no_answer", raw)
        return read_check(raw, ask)

    def read_callback(self, called: Called, at: datetime) -> tuple[str, SupplierWord]:
        """The posted form; every field of it is signed."""
        given = dict(called.form)
        claimed = given.pop("sign", "")
        if not is_same(claimed.upper(), sign(given, self.key)):
            raise BadCallback("bad_signature")
        if given.get("userid") != self.account:
            raise BadCallback("other_account")
        number = given.get("out_trade_num", "")
        return number, _word_of(given, called.body, None)

    def _post(self, what: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        url = f"{self.url}/yrapi.php/index/{what}"
        try:
            answer = post_form(self.wire, url, {**fields, "sign": sign(fields, self.key)})
        except GatewayError as error:
            return 0, error.problem.encode()
        return answer.status, answer.body


def sign(fields: Mapping[str, str], key: str) -> str:
    """Sorted `k=v` joined by `&`, values as they are, then `&apikey=` and the key: MD5, upper
    case."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields)) + f"&apikey={key}"
    return hashlib.md5(text.encode("utf-8", "replace")).hexdigest().upper()


def read_taken(raw: bytes) -> SupplierWord:
    """The answer to an ask. `errno` that is no number is no answer."""
    try:
        told = read_object(raw)
    except GatewayError:
        return SupplierWord(Told.NOTHING, "unreadable", raw)
    errno, data = str(told.get("errno", "")), told.get("data")
    if errno != "0":
        plain = errno.removeprefix("-").isdigit()
        return SupplierWord(
            Told.REJECTED if plain else Told.NOTHING,
            f"errno_{errno[:20]}" if plain else "unreadable",
            raw,
        )
    data = data if isinstance(data, dict) else {}
    return SupplierWord(
        Told.ACCEPTED,
        "taken",
        raw,
        supplier_no=_text(data, "order_number"),
        cost=_money(data.get("total_price")),
    )


def read_check(raw: bytes, ask: TopUpAsk) -> SupplierWord:
    """The row of our number in the answer to a look; ABSENT where there is none."""
    try:
        told = read_object(raw)
    except GatewayError:
        return SupplierWord(Told.NOTHING, "unreadable", raw)
    rows = told.get("data")
    if str(told.get("errno", "")) != "0" or not isinstance(rows, list):
        return SupplierWord(Told.NOTHING, "not_told", raw)
    for row in rows:
        if isinstance(row, dict) and str(row.get("out_trade_num", "")) == ask.number:
            return _word_of(row, raw, ask.face)
    return SupplierWord(Told.ABSENT, "absent", raw)


def _word_of(row: Mapping[str, Any], raw: bytes, face: Money | None) -> SupplierWord:
    state = str(row.get("state", ""))
    done = _money(row.get("charge_amount", row.get("charge_face")))
    told, reason = _STATES.get(state, Told.NOTHING), f"state_{state[:8]}"
    if state == "2":
        told = Told.PARTIAL if done and done.minor else Told.FAILED
        if done is None:
            told, reason = Told.NOTHING, "amount_not_told"
    elif told is Told.PARTIAL and done is None:
        told, reason = Told.NOTHING, "amount_not_told"
    elif told is Told.FAILED and done is not None and done.minor:
        told = Told.PARTIAL
    if told is Told.PARTIAL and face is not None and done is not None and done >= face:
        told = Told.DONE
    return SupplierWord(
        told,
        reason,
        raw,
        supplier_no=_text(row, "order_number"),
        done=done if told is Told.PARTIAL else None,
        payload=_text(row, "charge_kami", 2000),
    )


def _text(row: Mapping[str, Any], name: str, longest: int = _LONGEST_NO) -> str:
    value = row.get(name)
    return value[:longest].replace("\0", "") if isinstance(value, str) else ""


def _money(value: object) -> Money | None:
    """What a site writes as an amount: "100", "100.00", 100; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    try:
        found = Money.parse(str(value))
    except InputError:
        return None
    return found if found.minor >= 0 else None


def _plain(money: Money) -> str:
    """``100`` for a whole number of yuan, which is what the sites expect, else ``99.50``."""
    return str(money.minor // 100) if money.minor % 100 == 0 else str(money)
