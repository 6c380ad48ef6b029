"""Refunds that we hold for paid out and of which a service's books say nothing.

The books of one day are compared with what was confirmed by its end. A refund stands in them on the
day on which the service began or ended it, which may be days before it was confirmed here: the
books of those days are looked through as well before anybody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from gongdao.core.clock import BEIJING, beijing
from gongdao.core.money import Money
from gongdao.payments.models import Refund
from gongdao.payments.port import BilledRefund, Gateway, GatewayError

NOT_IN_BOOKS = "not_in_books"
"""The problem: a confirmed refund that the service's books do not have."""
_BACK = timedelta(days=30)
"""How far back the books are looked through."""
_CLOCKS = timedelta(hours=1)
"""What was confirmed so shortly before midnight may stand in the next day's books: it is compared
with those, and with these as the day before."""


def find_missing(
    *, gateway: Gateway, day: date, listed: Sequence[BilledRefund], at: datetime
) -> list[Refund]:
    """The refunds (with credit and intent) confirmed by the end of ``day`` that stand in none of
    the service's books since they were asked for. ``listed``: the refunds in the books of ``day``.
    Raise GatewayError where books of a day before cannot be read (yet)."""
    end = datetime.combine(day + timedelta(days=1), time.min, BEIJING) - _CLOCKS
    rows = Refund.objects.filter(
        credit__gateway=gateway.name,
        credit__intent__account=gateway.account,
        state="confirmed",
        paid_elsewhere="",
        confirmed_at__gte=end - timedelta(days=1),
        confirmed_at__lt=end,
    )
    missing = list(rows.select_related("credit__intent").order_by("confirmed_at", "id"))
    missing = _without(missing, listed)
    before = day - timedelta(days=1)
    while missing and before >= max(_first_day(missing), day - _BACK):
        books = gateway.list_refunded(before, at)
        if books is None:
            raise GatewayError("bill_not_ready")
        missing = _without(missing, books)
        before -= timedelta(days=1)
    return missing


def _first_day(rows: Iterable[Refund]) -> date:
    return min(beijing(one.requested_at).date() for one in rows)


def _without(rows: list[Refund], listed: Sequence[BilledRefund]) -> list[Refund]:
    known = {(one.trade_no, one.refund_no, one.amount) for one in listed}
    return [one for one in rows if _as_billed(one) not in known]


def _as_billed(refund: Refund) -> tuple[str, str, Money]:
    credit = refund.credit
    return credit.trade_no, refund.asked_no, Money(refund.amount_minor, credit.currency)
