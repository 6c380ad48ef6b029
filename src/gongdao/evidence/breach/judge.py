"""One entry: how well each claimed reason is shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gongdao.core.codes import Reason
from gongdao.evidence.breach import conduct, delivery, listing, secret
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.finding import Contradiction, Judged

_JUDGES: Mapping[Reason, Callable[[Dossier], Judged]] = {
    Reason.NOT_DELIVERED: delivery.not_delivered,
    Reason.PARTLY_DELIVERED: delivery.partly_delivered,
    Reason.LATE_DELIVERY: delivery.late_delivery,
    Reason.CANCELLED_BY_MERCHANT: delivery.cancelled_by_merchant,
    Reason.TOPUP_NOT_CREDITED: delivery.topup_not_credited,
    Reason.INVALID_SECRET: secret.invalid_secret,
    Reason.ALREADY_REDEEMED: secret.already_redeemed,
    Reason.WRONG_DENOMINATION: secret.wrong_denomination,
    Reason.TEST_CARD_SOLD_AS_REAL: secret.test_card,
    Reason.REGION_MISMATCH: secret.region_mismatch,
    Reason.RECLAIMED_OR_BANNED: secret.reclaimed_or_banned,
    Reason.DUPLICATE_SECRET: secret.duplicate_secret,
    Reason.FAKE_DISCOUNT: listing.fake_discount,
    Reason.REFUND_REFUSED: conduct.refund_refused,
    Reason.IDENTITY_WITHHELD: conduct.identity_withheld,
    Reason.BOUGHT_BY_MINOR: conduct.bought_by_minor,
}
_WITH_CONTRADICTIONS: Mapping[Reason, Callable[[Dossier, Sequence[Contradiction]], Judged]] = {
    Reason.HOURS_MISREPRESENTED: listing.hours_misrepresented,
    Reason.MISDESCRIBED: listing.misdescribed,
}


def judge_breach(dossier: Dossier, contradictions: Sequence[Contradiction]) -> dict[Reason, Judged]:
    """Each claimed reason with what carries and what weakens it, in the order claimed."""
    return {
        reason: _JUDGES[reason](dossier)
        if reason in _JUDGES
        else _WITH_CONTRADICTIONS[reason](dossier, contradictions)
        for reason in dossier.statement.claim.reasons
    }
