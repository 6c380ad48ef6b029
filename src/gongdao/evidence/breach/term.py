"""The term of a membership or service: what was sold against what the account shows. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from gongdao.core.codes import Kind
from gongdao.core.language import Phrase
from gongdao.evidence.dossier import Dossier, time_of
from gongdao.evidence.finding import Finding
from gongdao.evidence.refuted import delivered_at

_TERMS: tuple[tuple[str, int], ...] = (
    (r"年卡|一年|12\s*个月|十二个月|365\s*天", 365),
    (r"半年|6\s*个月|六个月", 180),
    (r"季卡|3\s*个月|三个月|一季", 90),
    (r"月卡|(?<!\d)1\s*个月|一个月|包月", 30),
    (r"周卡|一周", 7),
)
_MOST = 0.9
"""A month is 28 to 31 days and a term may count from the order: a tenth less is no breach."""


def term_days(dossier: Dossier) -> int | None:
    """The term that was sold, in days: named in the product, the listing or the promise."""
    texts = [dossier.statement.order.product]
    texts += [s.value for s in dossier.seen("product", Kind.LISTING_PAGE)]
    texts.append(dossier.statement.order.promise)
    for text in texts:
        for pattern, days in _TERMS:
            if re.search(pattern, text):
                return days
        match = re.search(r"(\d{1,4})\s*天(?!内|之内|到|无理由)", text)
        if match:
            return int(match.group(1))
    return None


def term_short(dossier: Dossier) -> tuple[Finding, ...]:
    """Account pages that show a shorter term than was sold, days gone by since the delivery
    given back."""
    due, start = term_days(dossier), delivered_at(dossier) or dossier.statement.order.paid_at
    found = []
    for seen in dossier.seen("days", Kind.BALANCE_PAGE, Kind.CARRIER_BILL, Kind.ORDER_PAGE):
        if due is None or not seen.value.isdigit():
            continue
        fields = seen.exhibit.fields
        asked = next((s for s in dossier.seen("queried_at") if s.exhibit is seen.exhibit), None)
        at = time_of(asked) if "queried_at" in fields else None
        gone = max(at - start, timedelta(0)).days if at and start else 0
        if int(seen.value) + gone < due * _MOST:
            says = Phrase("买的是 {due} 天，账户页面显示 {got} 天", due=due, got=int(seen.value))
            found.append(Finding("term_short", says, (seen.exhibit.path,)))
    return tuple(found)
