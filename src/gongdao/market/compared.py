"""What a struck-through price is compared with, structured, so that a buyer can look it up (A7).

Article 16 of the price-marking rules (entry `price_marking_antifraud_rules/16`) asks for a compared
price that is true, and says what holds where its details are not given; a manufacturer's suggested
price has to be called that. Which details each kind needs is our own choice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from gongdao.core.clock import beijing
from gongdao.core.language import Phrase
from gongdao.core.money import Money

LONGEST_LINK = 255
LONGEST_NAME = 80
MOST_SINGLES = 10
SHOWN_FOR = timedelta(days=7)
"""How long an earlier price of one's own was shown at least: as long as article 16 looks back."""
EARLIEST = date(2020, 1, 1)
"""No listing is older: a day before is a slip of the pen."""


class ComparedKind(StrEnum):
    """What is compared with."""

    OWN_EARLIER = "own_earlier"
    """What this listing cost itself, from a day on."""
    OFFICIAL = "official"
    """What the issuer suggests, at an address that anybody can open."""
    COMBINED = "combined"
    """What its parts cost, bought one by one."""


@dataclass(frozen=True)
class Single:
    """One part, and what it costs by itself."""

    name: str
    price: Money


@dataclass(frozen=True)
class Compared:
    """What a price is compared with, and what each kind needs for it."""

    kind: ComparedKind
    since: date | None = None
    """The first day on which this listing showed the price (`OWN_EARLIER`)."""
    link: str = ""
    """Where the issuer says the price (`OFFICIAL`)."""
    singles: tuple[Single, ...] = ()
    """The parts, whose prices make the price (`COMBINED`)."""

    def plain(self) -> dict[str, Any]:
        """As JSON that `compared_of` reads back."""
        return {
            "kind": self.kind.value,
            "since": self.since.isoformat() if self.since else None,
            "link": self.link,
            "singles": [
                {"name": one.name, "minor": one.price.minor, "currency": one.price.currency}
                for one in self.singles
            ],
        }


def compared_of(plain: Mapping[str, Any]) -> Compared:
    """What `Compared.plain` wrote."""
    return Compared(
        kind=ComparedKind(plain["kind"]),
        since=date.fromisoformat(plain["since"]) if plain["since"] else None,
        link=plain["link"],
        singles=tuple(
            Single(one["name"], Money(one["minor"], one["currency"])) for one in plain["singles"]
        ),
    )


def find_compared_gaps(with_: Compared, price: Money) -> Iterator[tuple[str, Phrase]]:
    """What ``with_`` lacks to bear ``price``: field and reason."""
    if with_.kind is ComparedKind.OWN_EARLIER and with_.since is None:
        yield "compared_since", Phrase("写明从哪一天起是这个价")
    if with_.kind is ComparedKind.OFFICIAL and not _is_link(with_.link):
        yield "compared_link", Phrase("写明官方标价的网址，以 https:// 开头")
    if with_.kind is ComparedKind.COMBINED:
        yield from _judge_singles(with_.singles, price)


def _judge_singles(singles: Sequence[Single], price: Money) -> Iterator[tuple[str, Phrase]]:
    if not 2 <= len(singles) <= MOST_SINGLES:
        yield "compared_singles", Phrase("写 2 到 {most} 件单品和各自的单价", most=MOST_SINGLES)
    elif any(not one.name.strip() or len(one.name) > LONGEST_NAME for one in singles):
        yield "compared_singles", Phrase("每件单品要有名称，最多 {most} 个字", most=LONGEST_NAME)
    elif any(one.price.minor <= 0 or one.price.currency != price.currency for one in singles):
        yield "compared_singles", Phrase("单价要大于零")
    elif sum(one.price.minor for one in singles) != price.minor:
        yield "compared_singles", Phrase("各件单价加起来要等于划线价")


def _is_link(text: str) -> bool:
    if len(text) > LONGEST_LINK or not text.isprintable() or " " in text:
        return False
    try:
        found = urlsplit(text)
        host = found.hostname or ""
    except ValueError:
        return False
    return found.scheme == "https" and "." in host.strip(".") and "@" not in found.netloc


def is_possible_day(since: date, *, at: datetime) -> bool:
    """Whether a listing can have shown a price from the day ``since`` (Beijing) on: it is over or
    has begun at ``at``, and no earlier than `EARLIEST`."""
    return EARLIEST <= since <= beijing(at).date()


@dataclass(frozen=True)
class PriceStep:
    """A price that the listing showed from ``at`` on, until the next one."""

    price: Money
    at: datetime


def was_shown(price: Money, *, since: date, steps: Sequence[PriceStep], at: datetime) -> bool:
    """Whether the listing asked ``price`` or more from the day ``since`` (Beijing) for at least
    `SHOWN_FOR`, before ``at``. ``steps``: every price it showed, the oldest first. Never from a day
    that cannot be one (`is_possible_day`)."""
    if not is_possible_day(since, at=at):
        return False
    begin = beijing(at).replace(
        year=since.year, month=since.month, day=since.day, hour=0, minute=0, second=0, microsecond=0
    )
    last = begin + timedelta(days=1)  # from some hour of that day
    before = [one for one in steps if one.at < last]
    if not before or before[-1].price < price:
        return False
    start = max(before[-1].at, begin)
    end = start + SHOWN_FOR
    during = [one for one in steps if before[-1].at < one.at < end]
    return end <= at and all(one.price >= price for one in during)
