"""What Stripe is asked and says when a payment is split: transfers out of one charge.

Nothing is frozen there: the money stands on the platform's balance, and a transfer that names its
charge draws from what that charge brought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gongdao.payments.amounts import read_minor
from gongdao.payments.port import BadCallback, GatewayError, Report
from gongdao.payments.split_port import Share, ShareReport, ShareState, SplitReport, state_of

TRANSFERS = "/v1/transfers"


def transfer_order(report: Report, split_no: str, share: Share, charge: str) -> dict[str, str]:
    """The request. Our number stands in the metadata, because keys are forgotten after a day."""
    return {
        "amount": str(share.amount.minor),
        "currency": share.amount.currency.lower(),
        "destination": share.account,
        "source_transaction": charge,
        "transfer_group": report.out_trade_no,
        "metadata[split_no]": split_no,
    }


def charge_of(intent: Mapping[str, Any]) -> str:
    """The charge of a payment, by its number; GatewayError where it has none yet."""
    charge = intent.get("latest_charge")
    found = charge.get("id") if isinstance(charge, dict) else charge
    if not isinstance(found, str) or not found:
        raise GatewayError("no_charge")
    return found


def read_transfers(
    rows: Sequence[Mapping[str, Any]], split_no: str, report: Report
) -> SplitReport | None:
    """The transfers of our split among ``rows``; None where there is none."""
    try:
        ours = [one for one in rows if (one.get("metadata") or {}).get("split_no") == split_no]
        told = tuple(_share(one, report) for one in ours)
    except (KeyError, TypeError, AttributeError, BadCallback):
        raise GatewayError("no_usable_split") from None
    return SplitReport(split_no, state_of(told), told) if told else None


def _share(row: Mapping[str, Any], report: Report) -> ShareReport:
    if row["transfer_group"] != report.out_trade_no:
        raise GatewayError("other_order")
    money = read_minor(row["amount"], str(row["currency"]).upper())
    taken_back = bool(row.get("reversed"))
    state = ShareState.REFUSED if taken_back else ShareState.DONE
    reason = "reversed" if taken_back else ""
    return ShareReport(Share(str(row["destination"]), money), state, str(row["id"]), reason)
