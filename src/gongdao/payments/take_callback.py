"""Take a callback: its signature first, then the service's own word where it can be asked.

Nothing here holds a transaction open: a slow service must not hold a lock. Whoever calls this
credits the report afterwards.
"""

from __future__ import annotations

from datetime import datetime

from gongdao.payments.decide_callback import has_sound_number, has_sound_numbers, judge_answer
from gongdao.payments.port import BadCallback, Callback, Gateway, Report, Told

LONGEST_BODY = 64 * 1024
_LATER = (Told.CHARGED_BACK, Told.CHARGE_BACK_RETURNED, Told.REFUND_FAILED)
"""What happens to a payment after it was credited: a person looks at it, nothing is booked."""


def take_callback(*, gateway: Gateway, callback: Callback, at: datetime) -> Report:
    """The report that may be credited. Raise BadCallback where it is not the service's word, and
    GatewayError where the service does not answer: then it has to call again.

    A callback that claims no payment changes nothing and is not asked back.
    """
    report = gateway.read_callback(callback, at)
    if report.told in _LATER and has_sound_number(report.trade_no):
        return report  # names the payment by the service's number alone
    if not has_sound_numbers(report):
        raise BadCallback("bad_number")
    if not gateway.asks_first or report.told is not Told.PAID:
        return report
    answer = gateway.query(report.out_trade_no, at, trade_no=report.trade_no)
    problem = judge_answer(report, answer)
    if problem:
        raise BadCallback(problem, report.out_trade_no)
    return report
