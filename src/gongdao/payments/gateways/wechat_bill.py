"""The day's bill of 微信支付: comma-separated lines whose fields begin with a back quote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount
from gongdao.payments.port import BadCallback, BilledRefund, GatewayError, Report, Told
from gongdao.payments.signing import is_same

_COLUMNS = ("微信订单号", "商户订单号", "商户号", "货币种类", "订单金额", "交易状态")
_REFUND_COLUMNS = ("微信订单号", "商户退款单号", "商户号", "货币种类", "退款金额", "退款状态")
_NO_REFUND = ("FAIL", "CHANGE")
"""States of refunds that did not go out."""


def check_bill(body: bytes, told: Mapping[str, Any]) -> None:
    """Compare the file with the digest in the signed answer; GatewayError where they differ."""
    if told.get("hash_type") != "SHA1":
        raise GatewayError("other_hash")
    right = hashlib.sha1(body).hexdigest()
    if not is_same(str(told.get("hash_value", "")).lower(), right):
        raise GatewayError("bill_altered")


def read_bill(body: bytes, account: str) -> Sequence[Report]:
    """The paid orders of ``account`` in a bill."""
    found = []
    for trade, number, seller, currency, amount, state in _lines(body, _COLUMNS):
        if state == "SUCCESS" and seller == account:
            money = _money(amount, currency)
            found.append(Report(number, trade, Told.PAID, money, account))
    return found


def read_refunds(body: bytes, account: str) -> Sequence[BilledRefund]:
    """The refunds of ``account`` in a bill of refunds, but those that failed."""
    return [
        BilledRefund(trade, number, _money(amount, currency))
        for trade, number, seller, currency, amount, state in _lines(body, _REFUND_COLUMNS)
        if seller == account and state not in _NO_REFUND
    ]


def _lines(body: bytes, columns: Sequence[str]) -> Iterator[list[str]]:
    """Those ``columns`` of each line, found by their names; the two lines of sums at the end are
    shorter."""
    try:
        head, *lines = body.decode("utf-8-sig").splitlines()
        names = [name.strip().lstrip("`") for name in head.split(",")]
        places = [names.index(one) for one in columns]
    except ValueError:
        raise GatewayError("no_usable_bill") from None
    for line in lines:
        fields = line.lstrip("`").split(",`")
        if len(fields) == len(names):
            yield [fields[place] for place in places]


def _money(amount: str, currency: str) -> Money:
    try:
        return read_amount(amount, currency)
    except BadCallback:
        raise GatewayError("no_usable_bill") from None
