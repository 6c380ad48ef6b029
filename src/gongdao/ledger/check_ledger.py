"""The trial balance, and whether everything that must agree does. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint, UniqueConstraint

from gongdao.core.language import Phrase
from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.decide_balance import AccountFacts, Difference, TrialLine, judge_accounts
from gongdao.ledger.snapshot import one_moment
from gongdao.ledger.transfers import MOVES

_ROOM = "gongdao.ledger"
_MOST = 100
"""Differences of one kind that are named one by one; more are cut off, not hidden: it is "no"."""


@dataclass(frozen=True)
class CheckedLedger:
    """What the check found. ``transfers`` is how many there are."""

    transfers: int
    lines: tuple[TrialLine, ...]
    differences: tuple[Difference, ...]

    @property
    def balanced(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def check_ledger() -> CheckedLedger:
    """Recompute every balance, hold, promise, roll-up and payout from the transfers, look for
    transfers that cannot be, and see that the database's guards are in place; as of one moment."""
    with one_moment(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_transfer")
        transfers = int(cursor.fetchone()[0])
        cursor.execute(load_sql(_ROOM, "check_accounts"))
        lines, differences = judge_accounts(map(_facts, cursor.fetchall()))
        cursor.execute(load_sql(_ROOM, "check_holds"), {"most": _MOST})
        differences += map(_hold, cursor.fetchall())
        cursor.execute(load_sql(_ROOM, "check_transfers"), _moves() | {"most": _MOST})
        differences += map(_transfer, cursor.fetchall())
        cursor.execute(load_sql(_ROOM, "check_guards"))
        there = {(row[0], row[1]): row[2] for row in cursor.fetchall()}
        differences += _missing_guards(there)
    return CheckedLedger(transfers, tuple(lines), tuple(differences))


def _facts(row: tuple[Any, ...]) -> AccountFacts:
    return AccountFacts(
        id=row[0],
        kind=AccountKind(row[1]) if row[1] else None,
        owner=SubjectRef(row[2], row[3]) if row[2] else None,
        currency=row[4] or "",
        net=row[5],
        posted=row[6],
        pending=row[7],
        promised=row[8],
        left_in_holds=row[9],
        open_payouts=row[10],
        rolled=row[11],
        net_up_to_roll_up=row[12],
    )


def _hold(row: tuple[Any, ...]) -> Difference:
    return Difference("hold", str(row[0]), Phrase("冻结 {id}：余额和它的转账对不上", id=row[0]))


def _transfer(row: tuple[Any, ...]) -> Difference:
    said = Phrase("转账 {seq} 不成立（{fault}）", seq=row[0], fault=row[1])
    return Difference(f"transfer_{row[1]}", str(row[0]), said)


def _moves() -> dict[str, list[str]]:
    triples = [
        (kind.value, source.value, target.value)
        for kind, (sources, targets) in MOVES.items()
        for source in sources
        for target in targets
    ]
    kinds, sources, targets = zip(*triples, strict=True)
    return {"kinds": list(kinds), "sources": list(sources), "targets": list(targets)}


def _missing_guards(there: dict[tuple[str, str], str]) -> Iterator[Difference]:
    for key, body in _expected_guards():
        if there.get(key) != body:
            said = Phrase("数据库的防护 {name} 不在、被停用或被改过", name=key[1])
            yield Difference("guard", f"{key[0]}/{key[1]}", said)


def _expected_guards() -> Iterator[tuple[tuple[str, str], str]]:
    """Kind, name and, of a function, its body: as the migration installs them."""
    script = load_sql(_ROOM, "guards")
    for name in re.findall(r"^CREATE TRIGGER (\w+)", script, re.M):
        yield ("trigger", name), ""
    for name in re.findall(r"ADD CONSTRAINT (\w+)", script):
        yield ("constraint", name), ""
    for name, body in re.findall(r"CREATE FUNCTION (\w+)\(.*?\$\$(.*?)\$\$", script, re.S):
        yield ("function", name), body
    for model in apps.get_app_config("ledger").get_models():
        for one in model._meta.constraints:
            if isinstance(one, CheckConstraint | UniqueConstraint):
                yield ("constraint", one.name), ""
