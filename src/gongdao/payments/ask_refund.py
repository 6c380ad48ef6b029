"""Ask a service what became of a refund, before a person's word on it is booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from gongdao.core.money import Money
from gongdao.payments.models import Refund
from gongdao.payments.port import Gateway, GatewayError, GatewayRefused, Report, Told


class RefundFate(StrEnum):
    """What a service says of a refund when it is asked."""

    ARRIVED = "arrived"
    """It paid this amount back under our number."""
    FAILED = "failed"
    """It made the refund, and the money came back to it."""
    ABSENT = "absent"
    """It knows of no such refund, and can tell."""
    UNKNOWN = "unknown"
    """It is switched off, is silent, cannot be asked, is still at it, or tells of another amount.
    Where only the money's having arrived matters, of no such refund as well."""


def ask_refund(*, refund: Refund, gateways: Mapping[str, Gateway], at: datetime) -> RefundFate:
    """What became of ``refund`` (with its credit and intent) under the number it has now; of none
    that the service knows, `UNKNOWN`. Call it outside any transaction: a slow service must not hold
    a lock."""
    fate = ask_outcome(refund=refund, gateways=gateways, at=at)
    return RefundFate.UNKNOWN if fate is RefundFate.ABSENT else fate


def ask_outcome(*, refund: Refund, gateways: Mapping[str, Gateway], at: datetime) -> RefundFate:
    """As `ask_refund`, and tells apart what the service knows nothing of."""
    credit = refund.credit
    gateway = gateways.get(credit.gateway)
    if gateway is None:
        return RefundFate.UNKNOWN
    paid = Money(credit.amount_minor, credit.currency)
    intent = credit.intent
    report = Report(intent.out_trade_no, credit.trade_no, Told.PAID, paid, intent.account)
    try:
        answer = gateway.query_refund(refund.asked_no, report, at)
    except GatewayRefused as error:
        failed = error.problem.startswith("refund_")
        return RefundFate.FAILED if failed else RefundFate.UNKNOWN
    except GatewayError:
        return RefundFate.UNKNOWN
    if answer is None:
        return RefundFate.ABSENT if gateway.repeatable_refunds else RefundFate.UNKNOWN
    if not answer.done or answer.refund_no != refund.asked_no:
        return RefundFate.UNKNOWN
    same = answer.amount == Money(refund.amount_minor, credit.currency)
    return RefundFate.ARRIVED if same else RefundFate.UNKNOWN
