"""The scenario book: stories of disputes as data, readable by a lawyer, and their facts.

One TOML file per kind of dispute; a story says what happened, who moves when, how it ends and what
money moves. Times are counted from the order: ``+1d2h30m``; amounts are yuan in text. What a story
does not mention is ordinary (``ORDINARY``): paid, delivered in time, revealed, nothing wrong.

    [[story]]
    id = "overdue"                      # unique in the book
    zh = "…" / en = "…"                 # what happened, in one sentence
    reason = "not_delivered"
    paid = "98.00"
    facts = { delivered = false, promise_by = "+1h" }
    at = "+2h"                          # the complaint
    moves = [ { at = "+3h", by = "merchant", deed = "offer", remedy = "refund_part",
                money = "50.00", then = "buyer_offer", until = "+75h" } ]
    [story.ends]
    outcome = "upheld"                  # or waits = "<step>" where it stays open
    basis = "rules" ; row = "overdue" ; remedy = "refund_full" ; money = "98.00"
    bears = { merchant = "98.00" }      # whose money
    made_good = "97.02"                 # what the platform brings the merchant back, less the fee
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gongdao.core.clock import BEIJING
from gongdao.core.money import Money
from gongdao.disputes.facts import AUTOMATIC, FACTS, Fact, FactName, Facts, FactType, Source
from gongdao.disputes.states import ReasonCode

BOOK = Path(__file__).parent
ORDERED = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
"""A Friday, 10:00 in Beijing."""
_SPAN = re.compile(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_MISSING = "missing"
"""Written as a fact's value: it is not known."""

ORDINARY: Mapping[str, Any] = {
    "returned_minor": "0.00",
    "compensated_minor": "0.00",
    "surplus_minor": "0.00",
    "quantity": 1,
    "delivered": True,
    "affected_units": 1,
    "paid_at": "+0m",
    "promise_by": "+1h",
    "delivered_at": "+1m",
    "delivered_in_hours": True,
    "revealed": True,
    "revealed_at": "+10m",
    "test_told": "none",
    "recording_before_reveal": False,
    "secret_in_two_orders": False,
    "secret_opened_by_others": False,
    "issuer_status": "unknown",
    "issuer_tells_time": False,
    "test_secret": False,
    "listing_says_test": False,
    "cancelled_by": "none",
    "price_supported": True,
    "overcharge_minor": "0.00",
    "supplier_state": "none",
    "platform_incident": False,
    "gateway_incident": False,
    "refund_promised_minor": "0.00",
    "defect_claimed": True,
    "no_return_confirmed": True,
    "paid_out": False,
    "wanted": "refund",
    "replacement_in_stock": False,
    "silent": "none",
    "notice_confirmed": True,
    "buyer_claims_30d": 1,
    "buyer_used_claims_90d": 0,
    "buyer_disproved_180d": 0,
    "buyer_open_cases": 1,
    "merchant_orders_90d": 500,
    "merchant_used_upheld_90d": 0,
    "merchant_silences_30d": 0,
    "merchant_empty_answers_30d": 0,
    "merchant_excuses_fallen_90d": 0,
    "parties_linked": False,
    "linked_orders_30d": 0,
}
_TOLD_BY = {
    FactName.RECORDING_BEFORE_REVEAL: Source.BUYER,
    FactName.DIFFERS_FROM_LISTING: Source.PERSON,
    FactName.DEFECT_SHOWN: Source.PERSON,
    FactName.BUYER_MISUSED: Source.MERCHANT,
}


@dataclass(frozen=True)
class Move:
    """Who does what when, with facts that became known by then; ``then`` and ``until`` are the step
    that it leads to and when that one's clock runs out."""

    at: datetime
    by: str
    deed: str
    then: str
    until: datetime | None
    facts: Mapping[str, Any]
    remedy: str
    money: int
    shares: Mapping[str, int]
    excuse: str
    why: str


@dataclass(frozen=True)
class Ends:
    """How it ends: ``outcome``, or the step in ``waits``; and the newest verdict, if there is one.
    ``money`` and ``bears`` are minor units; ``bears`` by whose money it is; ``made_good`` is what
    an overturned verdict had taken from the merchant."""

    outcome: str
    waits: str
    basis: str
    row: str
    remedy: str
    money: int
    units: int
    bears: Mapping[str, int]
    made_good: int = 0


@dataclass(frozen=True)
class Story:
    """One story; ``at``: when the buyer complains; ``until``: when the first clock runs out."""

    id: str
    zh: str
    en: str
    reason: ReasonCode
    paid: int
    asked: int
    at: datetime
    begins: str
    until: datetime | None
    facts: Mapping[str, Any]
    moves: tuple[Move, ...]
    ends: Ends


def read_time(text: str) -> datetime:
    """``+1d2h`` after the order."""
    match = _SPAN.fullmatch(text)
    if match is None or text == "+":
        raise ValueError(f"{text!r} is no time after the order")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ORDERED + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@cache
def stories() -> tuple[Story, ...]:
    """Every story of the book, by file and order in it."""
    found: list[Story] = []
    for path in sorted(BOOK.glob("*.toml")):
        document = tomllib.loads(path.read_text("utf-8"))
        found += [_read_story(one) for one in document["story"]]
    return tuple(found)


def facts_of(story: Story, at: datetime, more: Mapping[str, Any] | None = None) -> Facts:
    """The facts of ``story`` as they are at ``at``, with those that became known since."""
    said = {**ORDINARY, **story.facts, **(more or {})}
    delivered = said["delivered"] is True
    quantity = said["quantity"]
    said.setdefault("delivered_units", quantity if delivered else 0)
    said["paid_minor"] = said.get("paid_minor", str(Money(story.paid)))
    said["asked_minor"] = said.get("asked_minor", str(Money(story.asked)))
    gone = set() if delivered else {"delivered_at", "delivered_in_hours"}
    if not delivered or said["revealed"] is False:
        said["revealed"] = False
        gone.add("revealed_at")
    known = {k: v for k, v in said.items() if k not in gone and v != _MISSING}
    facts = [_fact(FactName(name), value, at) for name, value in known.items()]
    facts.append(Fact(FactName.JUDGED_AT, at, Source.PLATFORM, at, ("clock",)))
    return Facts(tuple(facts))


def _fact(name: FactName, value: Any, at: datetime) -> Fact:
    """One fact of a story. ``{ value = …, source = "…" }`` names who told it."""
    source = None
    if isinstance(value, dict):
        value, source = value["value"], Source(value["source"])
    kind = FACTS[name]
    if kind.type is FactType.TIME:
        value = read_time(value)
    elif kind.type is FactType.MONEY:
        value = Money.parse(value).minor
    if source is None:
        trusted = [one for one in Source if one in kind.sources & AUTOMATIC]
        recorded = Source.ISSUER if Source.ISSUER in kind.sources else None
        source = _TOLD_BY.get(name) or recorded or trusted[0]
    return Fact(name, value, source, at, (f"record:{name}",))


def _read_story(plain: dict[str, Any]) -> Story:
    paid = Money.parse(plain["paid"]).minor
    at = read_time(plain["at"])
    unknown = set(plain) - {
        *("id", "zh", "en", "reason", "paid", "asked", "at", "begins", "until"),
        *("facts", "moves", "ends"),
    }
    if unknown:
        raise ValueError(f"{plain['id']}: unknown keys {unknown}")
    return Story(
        id=plain["id"],
        zh=plain["zh"],
        en=plain["en"],
        reason=ReasonCode(plain["reason"]),
        paid=paid,
        asked=_minor(plain.get("asked"), paid),
        at=at,
        begins=plain.get("begins", ""),
        until=read_time(plain["until"]) if "until" in plain else None,
        facts=plain.get("facts", {}),
        moves=tuple(_read_move(one) for one in plain.get("moves", ())),
        ends=_read_ends(plain["ends"]),
    )


def _read_move(plain: dict[str, Any]) -> Move:
    return Move(
        at=read_time(plain["at"]),
        by=plain["by"],
        deed=plain["deed"],
        then=plain["then"],
        until=read_time(plain["until"]) if "until" in plain else None,
        facts=plain.get("facts", {}),
        remedy=plain.get("remedy", "none"),
        money=_minor(plain.get("money"), 0),
        shares=plain.get("shares", {}),
        excuse=plain.get("excuse", ""),
        why=plain.get("why", ""),
    )


def _read_ends(plain: dict[str, Any]) -> Ends:
    return Ends(
        outcome=plain.get("outcome", ""),
        waits=plain.get("waits", ""),
        basis=plain.get("basis", ""),
        row=plain.get("row", ""),
        remedy=plain.get("remedy", ""),
        money=_minor(plain.get("money"), 0),
        units=plain.get("units", 0),
        bears={party: Money.parse(text).minor for party, text in plain.get("bears", {}).items()},
        made_good=_minor(plain.get("made_good"), 0),
    )


def _minor(text: str | None, otherwise: int) -> int:
    return otherwise if text is None else Money.parse(text).minor
