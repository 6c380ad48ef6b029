"""What both versions of 易支付 share: their fields, as a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gongdao.payments.amounts import read_amount
from gongdao.payments.port import BadCallback, Callback, GatewayError, Report, Told

LONGEST_NAME_BYTES = 127
_TOLD = {"0": Told.UNPAID, "1": Told.PAID, "2": Told.REFUNDED, "3": Told.UNPAID, "4": Told.UNPAID}
"""Numbers of an order's state: not paid, paid, refunded, frozen, pre-authorised."""


def cut_name(title: str) -> str:
    """``title`` within the gateway's limit in bytes, whole characters only."""
    return title.encode()[:LONGEST_NAME_BYTES].decode("utf-8", "ignore")


def callback_fields(callback: Callback) -> Mapping[str, str]:
    """The fields of the query, or of the form where a gateway posts."""
    return callback.form or callback.query


def report_of_notice(fields: Mapping[str, str]) -> Report:
    """The report in a callback's fields, whose signature holds."""
    told = Told.PAID if fields.get("trade_status") == "TRADE_SUCCESS" else Told.UNPAID
    return Report(
        fields.get("out_trade_no", ""),
        fields.get("trade_no", ""),
        told,
        read_amount(fields.get("money", "")),
        fields.get("pid", ""),
    )


def report_of_order(order: Mapping[str, Any]) -> Report:
    """The report in an order that the gateway tells of; GatewayError where it is not whole."""
    try:
        told = _TOLD[str(order["status"])]
        amount = read_amount(str(order["money"]))
        found = str(order["out_trade_no"]), str(order["trade_no"])
    except (KeyError, BadCallback):
        raise GatewayError("no_usable_order") from None
    return Report(*found, told, amount, str(order.get("pid", "")))
