"""What a payment service is to us: seven methods that speak dataclasses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gongdao.core.errors import GongdaoError
from gongdao.core.money import Money


class GatewayError(GongdaoError):
    """The payment service did not answer, or not with anything usable: nothing is known then.

    ``problem`` is a short code that is kept, never words of the service's or of a buyer's.
    """

    code = "gateway"
    status = 502

    def __init__(self, problem: str) -> None:
        self.problem = problem[:64]
        super().__init__(problem)


class GatewayRefused(GatewayError):
    """The service answered, and it was a no: what was asked for has not happened."""

    code = "gateway_refused"


class BadCallback(GongdaoError):
    """A callback that cannot be a payment service's word; ``reason`` is kept with it, and the order
    it is about where that is known."""

    code = "bad_callback"
    status = 400

    def __init__(self, reason: str, out_trade_no: str = "") -> None:
        self.reason = reason
        self.out_trade_no = out_trade_no
        super().__init__(reason)


class UnusedEvent(BadCallback):
    """A service's own word, by its signature, of a kind we have no use for; ``kind`` is the
    service's name for it. It is accepted and kept: a service that is told no for long enough stops
    telling at all. To this program it claims nothing."""

    code = "unused_event"
    status = 200

    def __init__(self, kind: str) -> None:
        named = kind if _EVENT.fullmatch(kind) else "odd_name"
        super().__init__(f"other_event:{named}")


_EVENT = re.compile(r"[0-9A-Za-z._-]{1,48}")


@dataclass(frozen=True)
class Callback:
    """A callback as it arrived: query and form fields as sent, headers lower-case, raw body (empty
    where it was a form)."""

    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Told(StrEnum):
    """What a payment service says of a payment."""

    PAID = "paid"
    UNPAID = "unpaid"
    REFUNDED = "refunded"
    CLOSED = "closed"
    CHARGED_BACK = "charged_back"
    """The buyer's bank takes the money back from the service."""
    CHARGE_BACK_RETURNED = "charge_back_returned"
    """The service has again what the bank had taken: a dispute was won, or taken back."""
    REFUND_FAILED = "refund_failed"
    """A refund did not reach its buyer: the service has the money again."""


@dataclass(frozen=True)
class Report:
    """A payment as a service tells it, in a callback or asked. ``account`` is the merchant's at
    the service; ``trade_no`` the service's own number."""

    out_trade_no: str
    trade_no: str
    told: Told
    amount: Money
    account: str
    paid_at: datetime | None = None
    event_no: str = ""
    """The number of what happened to the payment later: the service's own of a chargeback, ours of
    a refund that failed."""


@dataclass(frozen=True)
class Asked:
    """What a buyer is asked to pay: what a gateway needs to begin."""

    out_trade_no: str
    amount: Money
    title: str
    notify_url: str
    return_url: str
    client_ip: str = ""


@dataclass(frozen=True)
class PayStep:
    """What the buyer does next: go to ``url``, post ``fields`` there, or scan ``qr``."""

    url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    qr: str = ""


@dataclass(frozen=True)
class RefundReport:
    """A refund as a service tells it."""

    refund_no: str
    done: bool
    amount: Money


@dataclass(frozen=True)
class BilledRefund:
    """A refund as a service's books tell it, by its number of the payment. ``refund_no`` is ours,
    and another or none where it was made in the service's own console."""

    trade_no: str
    refund_no: str
    amount: Money


class Gateway(Protocol):
    """One account at one payment service."""

    @property
    def name(self) -> str:
        """What settings, addresses and rows call it."""

    @property
    def account(self) -> str:
        """The merchant's at the service."""

    @property
    def accepted(self) -> bytes:
        """The body that tells the service its callback arrived."""

    @property
    def asks_first(self) -> bool:
        """Whether a callback is believed only after the service, asked, says the same: a leaked
        key then mints no money."""

    @property
    def repeatable_refunds(self) -> bool:
        """Whether a refund may be asked for again under its number without refunding more."""

    def start(self, asked: Asked, at: datetime) -> PayStep:
        """Where the buyer pays. Raise GatewayError."""

    def read_callback(self, callback: Callback, at: datetime) -> Report:
        """The report in a callback whose signature holds; raise BadCallback otherwise, UnusedEvent
        where it is the service's word and says nothing of a payment of ours."""

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """What the service says now; None where it knows no such payment. ``trade_no`` is the
        service's own number, where it is known. Raise GatewayError."""

    def refund(self, report: Report, refund_no: str, amount: Money, at: datetime) -> RefundReport:
        """Ask for ``amount`` back under our own ``refund_no``. Raise GatewayRefused where the
        service says no, GatewayError where nothing is known."""

    def query_refund(self, refund_no: str, report: Report, at: datetime) -> RefundReport | None:
        """What became of a refund; None where the service knows none. Raise GatewayError."""

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """Every payment of a day (Beijing time) by the service's own books; None where it hands out
        none. Raise GatewayError."""

    def list_refunded(self, day: date, at: datetime) -> Sequence[BilledRefund] | None:
        """Every refund of a day by the same books, whoever made it; None where they tell of none.
        Raise GatewayError."""
