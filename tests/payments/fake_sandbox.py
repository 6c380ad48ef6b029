"""The sandbox with a book in memory: it passes the same tests as the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.payments.fake_server import AT, FakeService, Paid

from gongdao.core.money import Money
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.port import Callback, RefundReport, Report, Told


@dataclass
class FakeSandbox(FakeService):
    """Its own bank."""

    def __post_init__(self) -> None:
        self.name = "sandbox"

    def connect(self) -> None:
        """Make our side of it."""
        self.gateway = Sandbox(key=b"k" * 32, pay_url="http://127.0.0.1/sandbox/", book=self)

    def find_payment(self, out_trade_no: str) -> Report | None:
        """From the book."""
        paid = self.paid.get(out_trade_no)
        return report_of(paid) if paid else None

    def find_paid(self, day: date) -> Sequence[Report]:
        """From the book."""
        return [report_of(one) for one in self.paid.values()]

    def find_refund(self, refund_no: str) -> RefundReport | None:
        """From the book."""
        found = self.refunds.get(refund_no)
        return RefundReport(refund_no, True, Money(found[1])) if found else None

    def keep_refund(self, report: Report, refund: RefundReport) -> None:
        """Into the book."""
        self.refund_once(refund.refund_no, report.trade_no, refund.amount.minor)

    def callback(self, paid: Paid) -> Callback:
        """Signed by ourselves."""
        return Callback({}, dict(self.gateway.sign_callback(report_of(paid))))


def report_of(paid: Paid) -> Report:
    """A payment of the book."""
    told = Told(paid.state)
    return Report(paid.number, paid.trade_no, told, Money(paid.minor), "sandbox", AT)
