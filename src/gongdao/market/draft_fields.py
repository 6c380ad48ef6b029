"""A listing as a merchant types it, and as an `Offer`: every field, and all that is wrong with it.

Pure. A draft keeps the texts as they were typed, so that nothing gets lost while it is incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import TypeVar

from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.market.compared import Compared, ComparedKind, Single
from gongdao.market.offer import (
    Delivery,
    GoodsKind,
    Missing,
    Offer,
    SourceKind,
    Tier,
    find_missing,
)
from gongdao.market.promise import ALWAYS, Promise, ServiceHours, Span, merged

TEXTS = (
    "title",
    "category",
    "denomination",
    "region",
    "account_limits",
    "source_proof",
    "after_sale",
    "how_to_redeem",
    "how_to_test",
    "compared_why",
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = (
    *("title", "kind", "category", "denomination", "region", "account_limits", "source"),
    *("source_proof", "delivery", "promise", "instant", "always", *DAYS, "closed", "asks"),
    *("price", "compared_price", "compared_kind", "compared_since", "compared_link"),
    *("compared_singles", "compared_why", "tiers", "most_per_buyer", "cap_days"),
    *("reserve_minutes", "protect_hours", "how_to_redeem", "how_to_test", "after_sale"),
)
"""Every field of the form, in its order."""
FIRST = {
    "kind": GoodsKind.RETAIL_CARD.value,
    "source": SourceKind.DISTRIBUTOR.value,
    "delivery": Delivery.SECRET.value,
    "promise": "10",
    "instant": "yes",
    "always": "yes",
    "most_per_buyer": "10",
    "cap_days": "0",
    "reserve_minutes": "15",
    "protect_hours": "48",
}
"""What a new draft begins with."""
_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至到]+\s*(\d{1,2})[:：](\d{2})")
_TIER = re.compile(r"(\d{1,5})\s*(?:件|个|张|pcs|x|×)?\s*(?:起)?\s*[ ,，:：\t]\s*(\S.*)")
_MOST_LINES = 60
_LONGEST_LABEL = 40
_MOST_ASKS = 6
E = TypeVar("E", GoodsKind, SourceKind, Delivery, ComparedKind)


class _Reader:
    """Reads fields one by one and keeps what is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self.wrong: list[Missing] = []

    def text(self, name: str) -> str:
        return str(self._fields.get(name, "")).replace("\r\n", "\n").strip()

    def refuse(self, name: str, reason: Phrase) -> None:
        self.wrong.append(Missing(name, reason))

    def code(self, name: str, kind: type[E], otherwise: E) -> E:
        found = self.text(name)
        if found in list(kind):
            return kind(found)
        self.refuse(name, Phrase("请选一个"))
        return otherwise

    def number(self, name: str) -> int:
        found = self.text(name)
        if found.isascii() and found.isdigit() and len(found) < 7:
            return int(found)
        self.refuse(name, Phrase("请写一个整数"))
        return 1

    def money(self, name: str, text: str) -> Money | None:
        try:
            return Money.parse(text)
        except InputError as error:
            self.refuse(name, Phrase("“{text}”不是金额", text=text[:20]))
            del error
            return None

    def lines(self, name: str) -> list[str]:
        found = [line.strip() for line in self.text(name).splitlines() if line.strip()]
        if len(found) > _MOST_LINES:
            self.refuse(name, Phrase("最多 {most} 行", most=_MOST_LINES))
        return found[:_MOST_LINES]


def read_fields(fields: Mapping[str, str]) -> tuple[Offer, tuple[Missing, ...]]:
    """The offer that ``fields`` describe, and everything that keeps it from being published, in the
    order of the form; where something is missing the offer has a stand-in."""
    reader = _Reader(fields)
    price = reader.money("price", reader.text("price")) if reader.text("price") else None
    compared = reader.text("compared_price")
    offer = Offer(
        **{name: reader.text(name) for name in TEXTS},
        kind=reader.code("kind", GoodsKind, GoodsKind.RETAIL_CARD),
        source=reader.code("source", SourceKind, SourceKind.RESALE),
        delivery=reader.code("delivery", Delivery, Delivery.SECRET),
        promise=Promise(_minutes(reader), reader.text("instant") == "yes"),
        hours=_hours(reader),
        price=price or Money(0),
        compared_price=reader.money("compared_price", compared) if compared else None,
        compared_with=_compared_with(reader),
        tiers=_tiers(reader),
        most_per_buyer=reader.number("most_per_buyer"),
        cap_days=reader.number("cap_days") if reader.text("cap_days") else 0,
        reserve_minutes=reader.number("reserve_minutes"),
        protect_hours=reader.number("protect_hours"),
        asks=_asks(reader),
    )
    found = {one.field: one for one in find_missing(offer)}
    if "price" in found:
        found.pop("tiers", None)  # they are compared with it
    found |= {one.field: one for one in reader.wrong}
    return offer, tuple(sorted(found.values(), key=lambda one: _place(one.field)))


def _place(name: str) -> int:
    return NAMES.index("always" if name == "hours" else name)


def _minutes(reader: _Reader) -> int:
    found = reader.number("promise")
    if not 1 <= found <= 60 * 24 * 30:
        reader.refuse("promise", Phrase("要在 {low} 到 {high} 之间", low=1, high=60 * 24 * 30))
        return 60
    return found


def _hours(reader: _Reader) -> ServiceHours:
    closed = set()
    for line in reader.lines("closed"):
        try:
            closed.add(date.fromisoformat(line))
        except ValueError:
            reader.refuse("closed", Phrase("日期写成 2026-12-31 这样，一行一个"))
    if reader.text("always") == "yes":
        return ServiceHours(ALWAYS.week, frozenset(closed))
    week = tuple(_spans(reader, day) for day in DAYS)
    return ServiceHours(week, frozenset(closed))


def _spans(reader: _Reader, day: str) -> tuple[Span, ...]:
    text = reader.text(day)
    found, rest = [], _SPAN.sub("", text).strip(" ,，、;；\n")
    for match in _SPAN.finditer(text):
        start, end = _clock(match[1], match[2]), _clock(match[3], match[4])
        if start is None or end is None or (end != time(0) and end <= start):
            rest = text
            break
        found.append(Span(start, end))
    if rest:
        reader.refuse(
            day, Phrase("时间写成 09:00-18:00，几段之间用逗号，休息就空着；到半夜写 24:00")
        )
        return ()
    return merged(found)


def _clock(hours: str, minutes: str) -> time | None:
    """24:00 is the day's end, 00:00 as a `Span` has it."""
    hour, minute = int(hours), int(minutes)
    if (hour, minute) == (24, 0):
        return time(0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _compared_with(reader: _Reader) -> Compared | None:
    """What each kind needs is read for that kind alone."""
    if not reader.text("compared_kind"):
        return None
    kind = reader.code("compared_kind", ComparedKind, ComparedKind.OFFICIAL)
    since, text = None, reader.text("compared_since")
    if kind is ComparedKind.OWN_EARLIER and text:
        try:
            since = date.fromisoformat(text)
        except ValueError:
            reader.refuse("compared_since", Phrase("日期写成 2026-12-31 这样"))
    link = reader.text("compared_link") if kind is ComparedKind.OFFICIAL else ""
    singles = _singles(reader) if kind is ComparedKind.COMBINED else ()
    return Compared(kind, since, link, singles)


def _singles(reader: _Reader) -> tuple[Single, ...]:
    found = []
    for line in reader.lines("compared_singles"):
        name, _blank, price = line.rpartition(" ")
        unit = reader.money("compared_singles", price) if name else None
        if not name:
            said = Phrase("一行一件，先写名称，空格，再写单价，比如 50 元卡 50.00")
            reader.refuse("compared_singles", said)
        elif unit is not None:
            found.append(Single(name.strip(), unit))
    return tuple(found)


def _tiers(reader: _Reader) -> tuple[Tier, ...]:
    found = {}
    for line in reader.lines("tiers"):
        match = _TIER.fullmatch(line)
        unit = reader.money("tiers", match[2]) if match else None
        if match is None:
            reader.refuse("tiers", Phrase("一行一档，先写件数再写单价，比如 10 95.00"))
        elif unit is not None:
            found[int(match[1])] = unit
    return tuple(Tier(quantity, unit) for quantity, unit in sorted(found.items()))


def _asks(reader: _Reader) -> tuple[str, ...]:
    found = list(dict.fromkeys(reader.lines("asks")))
    if len(found) > _MOST_ASKS or any(len(one) > _LONGEST_LABEL for one in found):
        said = Phrase("最多 {n} 项，每项最多 {most} 个字", n=_MOST_ASKS, most=_LONGEST_LABEL)
        reader.refuse("asks", said)
    return tuple(found[:_MOST_ASKS])


def write_fields(offer: Offer) -> dict[str, str]:
    """``offer`` as it would have been typed: what a new version starts from."""
    always = offer.hours.week == ALWAYS.week
    days = {
        day: "" if always else ", ".join(_say_span(span) for span in spans)
        for day, spans in zip(DAYS, offer.hours.week, strict=True)
    }
    with_ = offer.compared_with
    singles = with_.singles if with_ else ()
    return {
        **{name: str(getattr(offer, name)) for name in TEXTS},
        **days,
        "compared_kind": with_.kind.value if with_ else "",
        "compared_since": with_.since.isoformat() if with_ and with_.since else "",
        "compared_link": with_.link if with_ else "",
        "compared_singles": "\n".join(f"{one.name} {one.price}" for one in singles),
        "kind": offer.kind.value,
        "source": offer.source.value,
        "delivery": offer.delivery.value,
        "promise": str(offer.promise.minutes),
        "instant": "yes" if offer.promise.instant else "",
        "always": "yes" if always else "",
        "closed": "\n".join(sorted(day.isoformat() for day in offer.hours.closed)),
        "asks": "\n".join(offer.asks),
        "price": str(offer.price),
        "compared_price": str(offer.compared_price) if offer.compared_price else "",
        "tiers": "\n".join(f"{tier.quantity} {tier.unit}" for tier in offer.tiers),
        "most_per_buyer": str(offer.most_per_buyer),
        "cap_days": str(offer.cap_days),
        "reserve_minutes": str(offer.reserve_minutes),
        "protect_hours": str(offer.protect_hours),
    }


def _say_span(span: Span) -> str:
    end = "24:00" if span.end == time(0) else f"{span.end:%H:%M}"
    return f"{span.start:%H:%M}-{end}"
