"""What splitting a payment (分账) is to us: three methods that speak dataclasses.

A service that holds a buyer's money hands it out by our word: shares of one payment to receivers
that it knows, and what is left to us. Every number is ours and is sent again unchanged, so that
asking twice moves once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from gongdao.core.money import Money
from gongdao.payments.port import Report

RECEIVERS: dict[str, re.Pattern[str]] = {
    "alipay": re.compile(r"2088[0-9]{12}"),
    "stripe": re.compile(r"acct_[0-9A-Za-z]{8,64}"),
    "wechat": re.compile(r"[0-9]{8,12}"),
}
"""The services that can split, and how an account that receives there is written: the user id of
支付宝 (2088…), the connected account of Stripe, the merchant number (mchid) of 微信支付."""


class ShareState(StrEnum):
    """What became of a share, or of a split as a whole."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Share:
    """``amount`` of a payment for ``account``, the receiver's at the service."""

    account: str
    amount: Money


@dataclass(frozen=True)
class ShareReport:
    """A share as the service tells it: ``number`` is its own for it, ``reason`` its code where it
    said no."""

    share: Share
    state: ShareState
    number: str = ""
    reason: str = ""


@dataclass(frozen=True)
class SplitReport:
    """A split as the service tells it, by our ``split_no``. ``state`` is that of the shares, or of
    the release where there are none."""

    split_no: str
    state: ShareState
    shares: tuple[ShareReport, ...] = ()


@runtime_checkable
class Splitter(Protocol):
    """One account at one payment service that splits what it holds."""

    @property
    def name(self) -> str:
        """What settings, addresses and rows call the service."""

    @property
    def splits(self) -> bool:
        """Whether this account is set up to split; orders are marked for it then."""

    @property
    def freezes(self) -> bool:
        """Whether what is not split stays locked at the service until it is released."""

    def split(
        self,
        report: Report,
        split_no: str,
        shares: Sequence[Share],
        at: datetime,
        *,
        last: bool,
    ) -> SplitReport:
        """Ask for ``shares`` of a payment under our ``split_no``; the same again is the same split.
        ``last`` releases the rest to us with it, where the service freezes. Raise GatewayRefused
        where it says no, GatewayError where nothing is known."""

    def query_split(self, split_no: str, report: Report, at: datetime) -> SplitReport | None:
        """What became of a split or a release; None where the service knows none. Raise
        GatewayError."""

    def release_rest(self, report: Report, split_no: str, at: datetime) -> SplitReport:
        """Release to us what is still frozen of a payment; nothing of it can be split afterwards.
        Raise GatewayRefused, GatewayError."""


def state_of(shares: Sequence[ShareReport]) -> ShareState:
    """The state of a split by its shares: one that waits makes it wait, one refused refuses it."""
    states = {one.state for one in shares}
    for state in (ShareState.WAITING, ShareState.REFUSED):
        if state in states:
            return state
    return ShareState.DONE
