"""The labels a line can carry; docs/reference/chat-labels.md defines each."""

from __future__ import annotations

from enum import StrEnum

from gongdao.core.codes import Speaker


class Label(StrEnum):
    """What a line amounts to."""

    ADMISSION_NOT_DELIVERED = "admission_not_delivered"
    ADMISSION_BAD_SECRET = "admission_bad_secret"
    ADMISSION_OTHER_FAULT = "admission_other_fault"
    AMBIGUOUS = "ambiguous"
    APOLOGY_ONLY = "apology_only"
    DENIAL = "denial"
    ALREADY_SHIPPED = "already_shipped"
    PROMISE_REFUND = "promise_refund"
    PROMISE_REDELIVER = "promise_redeliver"
    PROMISE_TIME = "promise_time"
    REFUND_REFUSED = "refund_refused"
    VIRTUAL_NO_REFUND = "virtual_no_refund"
    FINAL_INTERPRETATION = "final_interpretation"
    EVASION_USER_ERROR = "evasion_user_error"
    EVASION_THIRD_PARTY = "evasion_third_party"
    EVASION_UPSTREAM = "evasion_upstream"
    EVASION_SYSTEM_DELAY = "evasion_system_delay"
    EVASION_TO_PLATFORM = "evasion_to_platform"
    EVASION_TO_MERCHANT = "evasion_to_merchant"
    EVASION_TO_PAYMENT = "evasion_to_payment"
    REQUEST_INFO = "request_info"
    THREAT = "threat"
    NEUTRAL = "neutral"
    DEMAND_REFUND = "demand_refund"
    DEMAND_REDELIVER = "demand_redeliver"
    STATES_BAD_SECRET = "states_bad_secret"
    STATES_NOT_DELIVERED = "states_not_delivered"
    ABUSIVE = "abusive"


ADMISSIONS = frozenset(
    {
        Label.ADMISSION_NOT_DELIVERED,
        Label.ADMISSION_BAD_SECRET,
        Label.ADMISSION_OTHER_FAULT,
    }
)
ALONE = frozenset({Label.NEUTRAL, Label.APOLOGY_ONLY})
"""Labels that stand alone."""

_BUYER_ONLY = frozenset(
    {
        Label.DEMAND_REFUND,
        Label.DEMAND_REDELIVER,
        Label.STATES_BAD_SECRET,
        Label.STATES_NOT_DELIVERED,
        Label.ABUSIVE,
    }
)
_BUYER = _BUYER_ONLY | {Label.THREAT, Label.NEUTRAL}


def labels_of(speaker: Speaker) -> frozenset[Label]:
    """The labels that lines of ``speaker`` can carry."""
    if speaker is Speaker.BUYER:
        return frozenset(_BUYER)
    every = frozenset(Label) - _BUYER_ONLY
    if speaker is Speaker.MERCHANT:
        return every - {Label.EVASION_TO_MERCHANT}
    return every - {Label.EVASION_TO_PLATFORM}
