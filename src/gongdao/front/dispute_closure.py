"""The closure check of a dispute: the platform's records of the order and what the buyer handed in,
judged by the same core as any case folder. What he handed in is a stranger's: a job reads it apart
(``front.worker.dispute_reading``), and only what was read is taken here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gongdao.casework.check import judge_case
from gongdao.casework.report import report_case
from gongdao.core.codes import Demand, Reason
from gongdao.core.stores import Stores
from gongdao.disputes.exhibit_reads import buyers_files
from gongdao.disputes.models import Case
from gongdao.disputes.states import ReasonCode
from gongdao.evidence.gather import gather
from gongdao.evidence.kept.read_apart import READERS
from gongdao.evidence.kept.reading_json import load_reading
from gongdao.evidence.read_exhibit import Reader, read_exhibit
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


@dataclass(frozen=True)
class DisputeCheck:
    """The case report; the names of files that are being read, and of those that do not open."""

    report: dict[str, Any]
    being_read: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def contradictions(self) -> list[dict[str, Any]]:
        """What the files say against the platform's records."""
        found: list[dict[str, Any]] = self.report["contradictions"]
        return found

    @property
    def altered(self) -> list[dict[str, Any]]:
        """The files with signs of alteration, each with the reasons."""
        found = self.report["exhibits"].items()
        return [
            {"path": path, "signs": [sign["reason"] for sign in one["signs"]]}
            for path, one in found
            if one["altered"] or one["signs"]
        ]


def check_dispute(
    *, stores: Stores, case: Case, site: str, scratch: Path, at: datetime
) -> DisputeCheck:
    """The case report of the platform's records and of all that was read from the buyer's files.
    Nothing of his is opened here."""
    made = gather_order_case(stores=stores, order=case.order, site=site, at=at)
    reason = REASONS.get(ReasonCode(case.reason))
    claim = Claim(reasons=(reason,) if reason else (), demand=Demand.REFUND)
    statement = replace(made.statement, claim=claim)
    made = replace(made, statement=statement)
    given = buyers_files(stores=stores, case=case, readers=READERS, at=at)
    waits = case.state == "open"
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        root = Path(place)
        for path, chunks in made.members():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(b"".join(chunks))
        reader = Reader(statement)
        records = sorted(path for path in made.files)
        files = [read_exhibit(root=root, path=path, reader=reader) for path in records]
    files += [load_reading(one.reading) for one in given if one.reading]
    dossier = gather(statement=statement, files=files, as_of=at)
    return DisputeCheck(
        report=report_case(judge_case(dossier), letters=False),
        being_read=tuple(one.name for one in given if one.reading is None and waits),
        unread=tuple(one.name for one in given if one.reading == b""),
    )
