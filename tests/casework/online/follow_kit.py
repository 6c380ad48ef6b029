"""Cases that run over weeks, without files: what is stated and filed is enough for deadlines."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from tests.evidence.dossier_kit import BUYER, ORDER, SILENT, at

from gongdao.casework.follow.filings import Filing
from gongdao.casework.follow.messenger_port import (
    Message,
    MessageDelayed,
    MessageRefused,
    Messenger,
    Receipt,
)
from gongdao.casework.online.addresses import KeptAddress, add_address, confirm_address
from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.filings import record_filing
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.codes import Demand, Reason
from gongdao.core.stores import Stores
from gongdao.evidence.statement import Claim, Statement
from gongdao.front import clock as front_clock
from gongdao.front.stores import get_stores
from gongdao.rules.load import DATA, Rules, load_rules

BEGUN = at("11-08 12:00:00")
FILED = at("11-10 09:00:00")
COMPLAINT = Filing("regulator_complaint", FILED, number="1330106002026111012345678")
STATED = Statement(
    order=ORDER,
    buyer=BUYER,
    claim=Claim(reasons=(Reason.INVALID_SECRET,), demand=Demand.REFUND),
    contacts=SILENT,
)


class Clock:
    """The time of this test; ``front`` asks here."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def __call__(self) -> datetime:
        """What time it is."""
        return self.at

    def go(self, **further: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**further)
        return self.at


def stop_clock(monkeypatch: pytest.MonkeyPatch, start: datetime) -> Clock:
    """Let every module of ``front`` that asks for the time ask a clock of this test. All of them
    are loaded before: one that is loaded meanwhile would keep the test's clock for good."""
    for part in ("web.urls", "worker.tasks", "worker.follow_tasks", "worker.retention_tasks"):
        import_module(f"gongdao.front.{part}")
    clock, real = Clock(start), front_clock.now
    for name, module in list(sys.modules.items()):
        if name.startswith("gongdao.front") and getattr(module, "now", None) is real:
            monkeypatch.setattr(module, "now", clock)
    return clock


def begin(
    *filings: Filing, statement: Statement = STATED, language: str = "zh", as_of: datetime = BEGUN
) -> OpenCase:
    """A case with what was filed."""
    case = begin_case(stores=get_stores(), at=as_of, statement=statement, language=language)
    for one in filings:
        record_filing(case=case, filing=one, at=one.outcome_at or one.filed_at)
    return case


def add_confirmed(
    case: OpenCase, kind: str = "mail", fields: Mapping[str, str] | None = None, *, as_of: datetime
) -> KeptAddress:
    """An address that was confirmed."""
    stores: Stores = get_stores()
    own = case.row.id.hex[-12:]
    given = fields or {"to": f"buyer-{own}@mail.example"}
    address, code = add_address(
        stores=stores, case=case, kind=kind, fields=given, network=own, at=as_of
    )
    confirm_address(stores=stores, case=case, address_id=address.id, code=code, at=as_of)
    return address


@dataclass
class Box(Messenger):
    """A messenger that keeps what it is given, or answers with ``error``."""

    took: list[Message] = field(default_factory=list)
    error: MessageRefused | MessageDelayed | None = None

    def send(self, message: Message) -> Receipt:
        """Take the message."""
        if self.error is not None:
            raise self.error
        self.took.append(message)
        return Receipt(message.channel, message.message_id)


def corrected_rules(folder: Path) -> Rules:
    """The published rules, copied into ``folder``, with two more days off in November 2026."""
    shutil.copytree(DATA, folder)
    path = folder / "calendar.toml"
    text = path.read_text(encoding="utf-8")
    begin_at = text.index('[[calendar]]\nid = "calendar/2026"')
    entry = text[begin_at:].replace('id = "calendar/2026"', 'id = "calendar/2026"\nversion = 2', 1)
    more = '  { first = 2026-11-16, last = 2026-11-17, name = "补假", name_en = "Extra" },\n]\nwork'
    path.write_text(text + "\n" + entry.replace("]\nwork", more, 1), encoding="utf-8")
    return load_rules(folder)
