"""A payment service that remembers what a restored database forgot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from types import ModuleType
from typing import cast

import pytest
from tests.market.market_kit import ACCOUNT, AT, GATEWAY

from gongdao.core.clock import beijing
from gongdao.core.money import Money
from gongdao.log.reader import Entry
from gongdao.payments.port import Gateway, GatewayError, Report, Told
from gongdao_verify.leaf_form import LeafForm, write_leaf


def paid(number: str, total: Money) -> Report:
    """The word that ``number`` was paid, a minute after the backup."""
    return Report(number, f"T{number}", Told.PAID, total, ACCOUNT, AT)


@dataclass
class Books:
    """The two questions that a restore asks. ``silent``: it hands out no books; ``down``: it does
    not answer."""

    paid: list[Report] = field(default_factory=list)
    silent: bool = False
    down: bool = False
    name: str = GATEWAY
    account: str = ACCOUNT

    def query(self, out_trade_no: str, at: datetime, *, trade_no: str = "") -> Report | None:
        """What was paid under the number."""
        if self.down:
            raise GatewayError("timeout")
        return next((one for one in self.paid if one.out_trade_no == out_trade_no), None)

    def list_paid(self, day: date, at: datetime) -> Sequence[Report] | None:
        """Everything, on its day."""
        if self.down:
            raise GatewayError("timeout")
        if self.silent:
            return None
        return [one for one in self.paid if beijing(one.paid_at or at).date() == day]


class FakeLog:
    """The log as a replay leaves it: what was published, in its order, read in small pages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *readers: ModuleType) -> None:
        self.entries: list[Entry] = []
        for module in readers:
            if hasattr(module, "find_entries"):
                monkeypatch.setattr(module, "find_entries", self._newest_first)
            if hasattr(module, "find_entries_of"):
                monkeypatch.setattr(module, "find_entries_of", self._of)

    def tell(self, type_: str, subject: str, **data: object) -> None:
        """Publish a leaf."""
        entry = write_leaf(LeafForm(type_, subject, None, AT, data))
        self.entries.append(Entry(len(self.entries), sha256(entry).digest(), entry))

    def _newest_first(self, *, before: int | None = None, count: int = 3) -> list[Entry]:
        top = len(self.entries) if before is None else before
        return self.entries[max(0, top - min(count, 3)) : top][::-1]

    def _of(self, subject: str, *, after: int = -1) -> list[Entry]:
        own = [one for one in self.entries if one.form.subject == subject and one.idx > after]
        return own[:1]


def services(books: Books) -> dict[str, Gateway]:
    """The payment services as the restore asks them: nothing else of them is ever called."""
    return {GATEWAY: cast(Gateway, books)}
