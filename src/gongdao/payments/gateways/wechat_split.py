"""What 微信支付 is asked and says when a payment is split (分账): `/v3/profitsharing/…`.

Receivers are merchants of the service that were added to ours there beforehand; the answer to a
split is a promise, and only asking later tells that a share arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gongdao.payments.amounts import read_minor
from gongdao.payments.port import BadCallback, GatewayError, Report
from gongdao.payments.split_port import Share, ShareReport, ShareState, SplitReport, state_of

ORDERS = "/v3/profitsharing/orders"
UNFREEZE = "/v3/profitsharing/orders/unfreeze"
_STATES = {
    "PENDING": ShareState.WAITING,
    "SUCCESS": ShareState.DONE,
    "CLOSED": ShareState.REFUSED,
}


def split_order(
    app_id: str, report: Report, split_no: str, shares: Sequence[Share], last: bool
) -> dict[str, Any]:
    """The request; each receiver reads our order number."""
    return {
        "appid": app_id,
        "transaction_id": report.trade_no,
        "out_order_no": split_no,
        "receivers": [
            {
                "type": "MERCHANT_ID",
                "account": one.account,
                "amount": one.amount.minor,
                "description": report.out_trade_no,
            }
            for one in shares
        ],
        "unfreeze_unsplit": last,
    }


def release_order(report: Report, split_no: str) -> dict[str, Any]:
    """The request to release what is left."""
    return {
        "transaction_id": report.trade_no,
        "out_order_no": split_no,
        "description": report.out_trade_no,
    }


def read_split(answer: Mapping[str, Any], split_no: str, report: Report, own: str) -> SplitReport:
    """The split in an answer; GatewayError where it is another one, or unreadable. What the service
    gives back to ``own``, our account, is no share."""
    if answer.get("transaction_id") != report.trade_no or answer.get("out_order_no") != split_no:
        raise GatewayError("other_split")
    if answer.get("state") not in ("PROCESSING", "FINISHED"):
        raise GatewayError("no_usable_split")
    rows = answer.get("receivers") or []
    try:
        told = [_share(one) for one in rows]
    except (KeyError, TypeError, AttributeError, BadCallback):
        raise GatewayError("no_usable_split") from None
    shares = tuple(one for one in told if one.share.account != own)
    if answer["state"] != "FINISHED":
        return SplitReport(split_no, ShareState.WAITING, shares)
    return SplitReport(split_no, state_of(shares or told), shares)


def _share(row: Mapping[str, Any]) -> ShareReport:
    share = Share(str(row["account"]), read_minor(row["amount"], "CNY"))
    state = _STATES[str(row["result"])]
    return ShareReport(
        share, state, str(row.get("detail_id") or ""), str(row.get("fail_reason") or "")
    )
