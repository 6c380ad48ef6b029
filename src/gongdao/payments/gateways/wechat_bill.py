"""The day's bill of 微信支付: comma-separated lines whose fields begin with a back quote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from gongdao.payments.amounts import read_amount
from gongdao.payments.port import BadCallback, GatewayError, Report, Told
from gongdao.payments.signing import is_same

_COLUMNS = ("微信订单号", "商户订单号", "商户号", "货币种类", "订单金额", "交易状态")


def check_bill(body: bytes, told: Mapping[str, Any]) -> None:
    """Compare the file with the digest in the signed answer; GatewayError where they differ."""
    if told.get("hash_type") != "SHA1":
        raise GatewayError("other_hash")
    right = hashlib.sha1(body).hexdigest()
    if not is_same(str(told.get("hash_value", "")).lower(), right):
        raise GatewayError("bill_altered")


def read_bill(body: bytes, account: str) -> Sequence[Report]:
    """The paid orders of ``account`` in a bill; columns are found by their names, and the two lines
    of sums at the end have no back quote in front of an order."""
    try:
        head, *lines = body.decode("utf-8-sig").splitlines()
        names = [name.strip().lstrip("`") for name in head.split(",")]
        trade, number, seller, currency, amount, state = (names.index(one) for one in _COLUMNS)
    except ValueError:
        raise GatewayError("no_usable_bill") from None
    found = []
    for line in lines:
        fields = line.lstrip("`").split(",`")
        if len(fields) != len(names):
            continue
        if fields[state] != "SUCCESS" or fields[seller] != account:
            continue
        try:
            money = read_amount(fields[amount], fields[currency])
        except BadCallback:
            raise GatewayError("no_usable_bill") from None
        found.append(Report(fields[number], fields[trade], Told.PAID, money, account))
    return found
