"""What 支付宝 is asked and says when a payment is split (分账): `alipay.trade.order.settle`.

Asked for without ``royalty_mode`` it is carried out before it is answered; the same number and the
same amounts again are answered as the first time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gongdao.payments.amounts import read_amount
from gongdao.payments.port import BadCallback, GatewayError, Report
from gongdao.payments.split_port import Share, ShareReport, ShareState, SplitReport, state_of

SETTLE = "alipay.trade.order.settle"
SETTLE_QUERY = "alipay.trade.order.settle.query"
_STATES = {
    "SUCCESS": ShareState.DONE,
    "PROCESSING": ShareState.WAITING,
    "FAIL": ShareState.REFUSED,
}


def settle_order(
    seller: str, report: Report, split_no: str, shares: Sequence[Share], last: bool
) -> dict[str, Any]:
    """The request; without shares it only releases what is frozen."""
    return {
        "out_request_no": split_no,
        "trade_no": report.trade_no,
        "royalty_parameters": [
            {
                "royalty_type": "transfer",
                "trans_out_type": "userId",
                "trans_out": seller,
                "trans_in_type": "userId",
                "trans_in": one.account,
                "amount": str(one.amount),
                "desc": report.out_trade_no,
            }
            for one in shares
        ],
        "extend_params": {"royalty_finish": "true" if last else "false"},
    }


def read_settled(
    answer: Mapping[str, Any], split_no: str, report: Report, shares: Sequence[Share]
) -> SplitReport:
    """The answer to a settlement, which is carried out when it is answered."""
    if answer.get("trade_no") != report.trade_no:
        raise GatewayError("other_order")
    number = str(answer.get("settle_no") or "")
    done = tuple(ShareReport(one, ShareState.DONE, number) for one in shares)
    return SplitReport(split_no, ShareState.DONE, done)


def read_settlement(answer: Mapping[str, Any], split_no: str) -> SplitReport | None:
    """What the service says of a settlement when asked; None where it names no share."""
    rows = answer.get("royalty_detail_list")
    if not rows:
        return None
    if str(answer.get("out_request_no") or split_no) != split_no:
        raise GatewayError("other_split")
    try:
        told = [_share(one) for one in rows if one.get("operation_type") == "transfer"]
    except (KeyError, TypeError, AttributeError, BadCallback):
        raise GatewayError("no_usable_split") from None
    return SplitReport(split_no, state_of(told), tuple(told)) if told else None


def _share(row: Mapping[str, Any]) -> ShareReport:
    share = Share(str(row["trans_in"]), read_amount(str(row["amount"])))
    return ShareReport(
        share,
        _STATES[str(row["state"])],
        str(row.get("detail_id") or ""),
        str(row.get("error_code") or ""),
    )
