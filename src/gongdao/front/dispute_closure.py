"""The closure check of a dispute: the platform's records of the order and what the buyer handed in,
judged by the same core as any case folder. Of what he handed in only plain text is read here: other
files are a stranger's, and the arbiter looks at them himself."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gongdao.casework.check import check_case
from gongdao.casework.report import report_case
from gongdao.core.codes import Demand, Reason
from gongdao.core.stores import Stores
from gongdao.disputes.events import Party
from gongdao.disputes.models import Case, Exhibit
from gongdao.disputes.open_exhibit import open_exhibit
from gongdao.disputes.states import Mover, ReasonCode
from gongdao.evidence.statement import Claim
from gongdao.front.order_case import gather_order_case

REASONS: dict[ReasonCode, Reason] = {
    ReasonCode.NOT_DELIVERED: Reason.NOT_DELIVERED,
    ReasonCode.LATE: Reason.LATE_DELIVERY,
    ReasonCode.OUTSIDE_HOURS: Reason.HOURS_MISREPRESENTED,
    ReasonCode.DELIVERED_TWICE: Reason.DUPLICATE_SECRET,
    ReasonCode.REDEEMED_BEFORE: Reason.ALREADY_REDEEMED,
    ReasonCode.ALREADY_USED: Reason.ALREADY_REDEEMED,
    ReasonCode.INVALID: Reason.INVALID_SECRET,
    ReasonCode.WRONG_DENOMINATION: Reason.WRONG_DENOMINATION,
    ReasonCode.WRONG_REGION: Reason.REGION_MISMATCH,
    ReasonCode.TEST_CARD: Reason.TEST_CARD_SOLD_AS_REAL,
    ReasonCode.CANCELLED_BY_MERCHANT: Reason.CANCELLED_BY_MERCHANT,
    ReasonCode.PRICE_NOT_SUPPORTED: Reason.FAKE_DISCOUNT,
    ReasonCode.SUPPLIER_UNKNOWN: Reason.TOPUP_NOT_CREDITED,
    ReasonCode.NOT_AS_DESCRIBED: Reason.MISDESCRIBED,
    ReasonCode.REFUSED_REFUND: Reason.REFUND_REFUSED,
}
"""What a reason of the market is called in a case folder; the others have no counterpart."""
_READ = frozenset({".txt", ".csv"})


def check_dispute(
    *, stores: Stores, case: Case, by: Party, site: str, scratch: Path, at: datetime
) -> tuple[dict[str, Any], list[str]]:
    """The case report, and the names of files that were not read. Every file that is opened for it
    is recorded as read by ``by``."""
    made = gather_order_case(stores=stores, order=case.order, site=site, at=at)
    reason = REASONS.get(ReasonCode(case.reason))
    claim = Claim(reasons=(reason,) if reason else (), demand=Demand.REFUND)
    made = replace(made, statement=replace(made.statement, claim=claim))
    rows = Exhibit.objects.filter(post__case=case, post__by=Mover.BUYER.value)
    unread = []
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        root = Path(place)
        for path, chunks in made.members():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(b"".join(chunks))
        for number, row in enumerate(rows.order_by("post__at", "number"), 1):
            found = open_exhibit(stores=stores, case=case, exhibit_id=row.id, by=by, at=at)
            if found is None:
                continue
            suffix = Path(found.name).suffix.lower()
            if suffix not in _READ:
                unread.append(found.name)
                continue
            (root / "after").mkdir(exist_ok=True)
            (root / f"after/buyer-{number}{suffix}").write_bytes(found.content)
        checked = check_case(root=root, as_of=at, use_cache=False)
        return report_case(checked.judgement, letters=False), unread
