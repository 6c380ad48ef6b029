"""The numbers of a case (docs/formats/case-report.md, ``facts``). Pure."""

from __future__ import annotations

from gongdao.channels.clocks import platform_silent_since
from gongdao.channels.route import over_threshold
from gongdao.core.codes import Reason, Speaker
from gongdao.evidence.breach.delivery import late_by
from gongdao.evidence.breach.secret import tested_at
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.dossier import Dossier, time_of
from gongdao.evidence.refuted import delivered_at, redeemed_times

_TESTED = frozenset(
    {
        Reason.INVALID_SECRET,
        Reason.ALREADY_REDEEMED,
        Reason.TEST_CARD_SOLD_AS_REAL,
        Reason.DUPLICATE_SECRET,
        Reason.REGION_MISMATCH,
        Reason.WRONG_DENOMINATION,
        Reason.RECLAIMED_OR_BANNED,
        Reason.MISDESCRIBED,
    }
)


def find_facts(dossier: Dossier) -> dict[str, int | bool]:
    """The facts that apply: whole minutes, hours and days, rounded; flags."""
    facts: dict[str, int | bool] = {"amount_over_500": over_threshold(dossier)}
    late = late_by(dossier)
    if late is not None:
        facts["late_by_minutes"] = round(late.total_seconds() / 60)
    since = platform_silent_since(dossier)
    if since is not None:
        facts["platform_silent_hours"] = round((dossier.as_of - since).total_seconds() / 3600)
    delivered = delivered_at(dossier) or dossier.statement.order.paid_at
    tests = [at for seen in tested_at(dossier) if (at := time_of(seen))]
    if tests and delivered and frozenset(dossier.statement.claim.reasons) & _TESTED:
        facts["test_delay_days"] = max(0, (min(tests) - delivered).days)
    redeemed = redeemed_times(dossier)
    ordered = dossier.statement.order.ordered_at or dossier.statement.order.paid_at
    if redeemed and ordered:
        facts["redeemed_before_order"] = min(at for _, at in redeemed) < ordered
    facts["merchant_threat"] = bool(dossier.labelled(Label.THREAT, by=Speaker.MERCHANT))
    return facts
