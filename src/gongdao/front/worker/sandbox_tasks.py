"""The job of the sandbox's "pay late": a payment that comes when nobody waits for it any more."""

from __future__ import annotations

from hashlib import sha256

from procrastinate.contrib.django import app

from gongdao.core.ids import new_number
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.gateways import take_report
from gongdao.front.stores import get_settings
from gongdao.payments.port import Report, Told
from gongdao.payments.sandbox_book import keep_payment

LATE_S = 20 * 60


def pay_later(*, out_trade_no: str, amount: Money) -> None:
    """Let the sandbox pay ``amount`` in `LATE_S` seconds."""
    job = sandbox_pays.configure(schedule_in={"seconds": LATE_S})
    job.defer(
        out_trade_no=out_trade_no,
        trade_no=f"S{new_number()}",
        minor=amount.minor,
        currency=amount.currency,
    )


@app.task(name="sandbox_pays", queue="quick")
def sandbox_pays(out_trade_no: str, trade_no: str, minor: int, currency: str) -> None:
    """Pay, and tell of it; the same job again tells the same."""
    if not get_settings().sandbox:
        return
    report = Report(out_trade_no, trade_no, Told.PAID, Money(minor, currency), "sandbox", now())
    keep_payment(report, now())
    take_report(report, "sandbox", "callback", sha256(trade_no.encode()).digest())
