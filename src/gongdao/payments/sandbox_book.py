"""What the sandbox's bank remembers, in two tables of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.payments.models import SandboxPayment, SandboxRefund
from gongdao.payments.port import RefundReport, Report, Told


class TableBook:
    """The book of `gateways.sandbox.Sandbox`."""

    def find_payment(self, out_trade_no: str) -> Report | None:
        """The newest payment made for ``out_trade_no``."""
        row = SandboxPayment.objects.filter(out_trade_no=out_trade_no).order_by("-id").first()
        return None if row is None else _report_of(row)

    def find_paid(self, day: date) -> Sequence[Report]:
        """Every payment made on ``day`` in Beijing."""
        first = datetime.combine(day, time.min, BEIJING)
        rows = SandboxPayment.objects.filter(
            at__gte=first, at__lt=first + timedelta(days=1), told=Told.PAID.value
        )
        return [_report_of(row) for row in rows.order_by("id")]

    def find_refund(self, refund_no: str) -> RefundReport | None:
        """The refund made under ``refund_no``."""
        row = SandboxRefund.objects.filter(refund_no=refund_no).first()
        if row is None:
            return None
        return RefundReport(row.refund_no, True, Money(row.amount_minor, row.currency))

    def keep_refund(self, report: Report, refund: RefundReport) -> None:
        """Remember a refund; the same number again changes nothing."""
        SandboxRefund.objects.get_or_create(
            refund_no=refund.refund_no,
            defaults={
                "trade_no": report.trade_no,
                "amount_minor": refund.amount.minor,
                "currency": refund.amount.currency,
            },
        )


def keep_payment(report: Report, at: datetime) -> None:
    """Remember that the sandbox's page was told to pay."""
    SandboxPayment.objects.create(
        out_trade_no=report.out_trade_no,
        trade_no=report.trade_no,
        told=report.told.value,
        amount_minor=report.amount.minor,
        currency=report.amount.currency,
        at=at,
    )


def _report_of(row: SandboxPayment) -> Report:
    amount = Money(row.amount_minor, row.currency)
    return Report(row.out_trade_no, row.trade_no, Told(row.told), amount, "sandbox", row.at)
