"""What in a text stands or falls with the evidence: amounts, times, numbers, quotations, exhibits.

``find_values`` reads what a person typed, ``Known`` is what the exhibits carry, ``locked`` is what
must stay in a sentence that rests on them. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from gongdao.core.clock import beijing, say_second
from gongdao.core.codes import Speaker
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.reading import Exhibit, TimeBasis

_NARROW = {0xFF01 + i: 0x21 + i for i in range(94)} | {ord("￥"): "¥", 0x3000: " "}
_DIGITS = "零一二三四五六七八九"
_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN = "〇零一二两三四五六七八九十百千万"
_SUM = re.compile(
    r"(?:¥|RMB|CNY) {0,3}(?P<before>\d[\d,]{0,15}(?:\.\d{1,4})?)"
    r"|(?P<after>\d[\d,]{0,15}(?:\.\d{1,4})?) {0,3}(?P<wan>万)? {0,3}(?:元|块|圆|RMB|CNY|USD|美元)"
    rf"|(?P<han>[{_HAN}]{{1,16}})(?:元|块钱|圆)"
)
_BARE_SUM = re.compile(r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d{1,9})(\.\d{1,2})?(?![\d.])")
_TIME = re.compile(
    r"(?:(?P<y>20\d{2}) {0,3}[-/.年] {0,3})?(?P<m>\d{1,2}) {0,3}(?P<sep>[-/.月]) {0,3}"
    r"(?P<d>\d{1,2}) {0,3}[日号]?"
    r"(?P<gap>[T,， ]{0,3}(?:上午|下午|晚上|晚|凌晨|中午|早上)? {0,3})"
    r"(?:(?P<h>\d{1,2})(?:[:时点](?P<i>\d{2}|半)?)(?::\d{2})?)?"
)
_CLOCK = re.compile(
    r"(?P<half>上午|下午|晚上|晚|凌晨|中午|早上)? {0,3}(?<!\d)(?P<h>\d{1,2})"
    r"(?::(?P<i>\d{2})(?::\d{2})?"
    r"|[点时](?P<j>\d{1,2}|半)?(?![间候长效券卡数击名评]))"
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Za-z-]{0,30}\d){5})[A-Za-z0-9][A-Za-z0-9-]{5,99}")
_MAY_CARRY = re.compile(rf"\d|[{_HAN}](?:元|块钱|圆)")
"""Without any of it there is no sum, time or number in a text."""
_QUOTE = re.compile(r"“([^”]{1,500})”|「([^」]{1,500})」|『([^』]{1,500})』|\"([^\"]{1,500})\"")
_EXHIBIT = re.compile(r"证据 {0,3}(\d{1,4})")
_RULE = re.compile(rf"《[^》]{{2,40}}》|第[{_HAN}\d]{{1,8}}条(?:之[一二三四五六七八九十])?")
_ACCUSED = re.compile(
    r"诈骗|欺诈|骗|虚假宣传|假冒|伪造|盗[号窃刷用卖]|黑产|黑卡|洗钱|跑路|销赃|勾结|合谋|串通|一伙|恶意|故意|违法|犯罪|犯法|侵吞|挪用|卷款"
)
_LOCKED_WORDS = re.compile(
    r"据买家陈述|据我陈述|商家|平台|卖家|买家|发行方|运营商|承认|拒绝|答应|确认|至今|已过|[不没未无非否]"
)
_LOCKED_RUN = re.compile(
    r"[A-Za-z0-9]{0,64}\d[A-Za-z0-9]{0,64}(?:[.:*-]{1,8}[A-Za-z0-9*]{1,64}){0,8}"
)


_LONGEST = 20_000


class Held(StrEnum):
    """A kind of value that evidence has to carry."""

    AMOUNT = "amount"
    TIME = "time"
    NUMBER = "number"
    QUOTE = "quote"
    EXHIBIT = "exhibit"
    RULE = "rule"
    ACCUSATION = "accusation"


@dataclass(frozen=True)
class Value:
    """One value in a text: ``text`` as written, ``value`` in one spelling for all of its kind."""

    kind: Held
    text: str
    value: str


@dataclass(frozen=True)
class Known:
    """What the exhibits of a case carry on ``as_of``: values by kind, all words (without
    punctuation), and the words that are not the buyer's own."""

    as_of: date
    values: frozenset[tuple[Held, str]]
    words: str
    words_of_others: str

    def carries(self, value: Value) -> bool:
        """Whether an exhibit carries ``value``; what lies ahead of ``as_of`` needs none."""
        if value.kind is Held.QUOTE:
            return _bare(value.value) in self.words
        if value.kind is Held.ACCUSATION:
            return value.value in self.words_of_others
        if value.kind is Held.TIME:
            return self._carries_time(value.value)
        return (value.kind, value.value) in self.values

    def _carries_time(self, value: str) -> bool:
        day, _, clock = value.partition(" ")
        if day and _is_ahead(day, self.as_of):
            return True
        return all((Held.TIME, one) in self.values for one in _ways(day, clock))


def _is_ahead(day: str, as_of: date) -> bool:
    year, month, number = (int(x) for x in day.split("-"))
    try:
        return date(year or as_of.year, month, number) >= as_of
    except ValueError:
        return False


def _ways(day: str, clock: str) -> Iterator[str]:
    """Day and clock apart, as they are kept in ``Known``."""
    if day:
        yield day
    if clock:
        yield f" {clock}"


def find_values(text: str) -> tuple[Value, ...]:
    """Every value in ``text``, in no given order; each spelling once."""
    plain = _narrow(text[:_LONGEST])
    found = [Value(Held.QUOTE, m[0], q) for m in _QUOTE.finditer(plain) if (q := _inner(m))]
    found += [Value(Held.EXHIBIT, m[0], m[1].lstrip("0")) for m in _EXHIBIT.finditer(plain)]
    found += [Value(Held.RULE, m[0], m[0]) for m in _RULE.finditer(plain)]
    found += [Value(Held.ACCUSATION, m[0], m[0]) for m in _ACCUSED.finditer(plain)]
    rest = _blank(_EXHIBIT, _blank(_RULE, plain))
    times, rest = _find_times(rest)
    sums = [Value(Held.AMOUNT, m[0].strip(), _fen(m)) for m in _SUM.finditer(rest)]
    numbers = [
        Value(Held.NUMBER, m[0], _number(m[0])) for m in _NUMBER.finditer(_blank(_SUM, rest))
    ]
    return tuple(dict.fromkeys([*found, *times, *sums, *numbers]))


def _find_times(text: str) -> tuple[list[Value], str]:
    """Days and times of day, and ``text`` without them."""
    found = []
    for match in _TIME.finditer(text):
        month, day = int(match["m"]), int(match["d"])
        if not (1 <= month <= 12 and 1 <= day <= 31) or not (match["y"] or match["sep"] == "月"):
            continue
        clock = _clock(match["h"], match["i"], match["gap"]) if match["h"] else ""
        said = f"{match['y'] or 0}-{month}-{day} {clock}"
        found.append(Value(Held.TIME, match[0].strip(), said))
        text = text.replace(match[0], " " * len(match[0]), 1)
    for match in _CLOCK.finditer(text):
        clock = _clock(match["h"], match["i"] or match["j"], match["half"] or "")
        if clock:
            found.append(Value(Held.TIME, match[0].strip(), f" {clock}"))
    return found, _blank(_CLOCK, text)


def _clock(hour: str, minute: str | None, half: str) -> str:
    """``14:03``, or ``14`` where only the hour is said; empty where no clock shows it."""
    h = int(hour) + (12 if re.search("下午|晚", half) and int(hour) < 12 else 0)
    m = 30 if minute == "半" else int(minute) if minute else None
    if h > 24 or (m is not None and m > 59):
        return ""
    return f"{h}" if m is None else f"{h}:{m:02d}"


def _inner(match: re.Match[str]) -> str:
    inner = next((group for group in match.groups() if group), "")
    return inner if len(_bare(inner)) > 3 else ""


def _fen(match: re.Match[str]) -> str:
    if match["han"]:
        return str(_han(match["han"]) * 100)
    number = Decimal((match["before"] or match["after"]).replace(",", ""))
    return str(int(number * (1_000_000 if match["wan"] else 100)))


def _han(text: str) -> int:
    """``三百零五`` → 305."""
    total = here = digit = 0
    for sign in text.replace("两", "二").replace("〇", "零"):
        if sign == "万":
            total, here, digit = (total + here + digit) * 10_000, 0, 0
        elif sign in _UNITS:
            here, digit = here + max(digit, 1) * _UNITS[sign], 0
        else:
            digit = _DIGITS.index(sign)
    return total + here + digit


def _number(text: str) -> str:
    return text.replace("-", "").upper()


def _narrow(text: str) -> str:
    return text.translate(_NARROW)


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda m: " " * len(m[0]), text)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", _narrow(text)).lower()


def known_of(dossier: Dossier) -> Known:
    """What the exhibits of ``dossier`` carry, to hold a letter against; worked out once for many
    checks."""
    texts = [text for exhibit in dossier.exhibits for text in _texts(exhibit)]
    mine = {x.message.text for x in dossier.lines_of(Speaker.BUYER)}
    others = [m.text for e in dossier.exhibits for m in e.messages if m.text not in mine]
    others += [line.text for e in dossier.exhibits if not e.messages for line in e.lines]
    values = {(Held.EXHIBIT, str(n)) for n in range(1, len(dossier.exhibits) + 1)}
    for text in dict.fromkeys(texts):
        if _MAY_CARRY.search(text):
            values |= _carried(text)
    on = beijing(dossier.as_of).date()
    return Known(on, frozenset(values), _bare("".join(texts)), "\n".join(others))


def with_text(known: Known, text: str) -> Known:
    """``known`` and what stands in ``text`` already."""
    values = known.values | _carried(text)
    values |= {(v.kind, v.value) for v in find_values(text) if v.kind is Held.RULE}
    words = f"{known.words} {_bare(text)}"
    return Known(known.as_of, values, words, f"{known.words_of_others}\n{text}")


def _carried(text: str) -> set[tuple[Held, str]]:
    """Everything that ``text`` of an exhibit can be quoted for; an amount may stand bare there,
    with its fen or as the whole value of a field."""
    found: set[tuple[Held, str]] = set()
    for value in find_values(text):
        if value.kind is Held.TIME:
            found |= _time_ways(value.value)
        elif value.kind in (Held.AMOUNT, Held.NUMBER):
            found.add((value.kind, value.value))
    for match in _BARE_SUM.finditer(_narrow(text)):
        if match[2] or match[0] == text.strip():
            yuan = Decimal(match[0].replace(",", ""))
            found.add((Held.AMOUNT, str(int(yuan * 100))))
    return found


def _time_ways(value: str) -> set[tuple[Held, str]]:
    """The ways to say an instant: with and without the year, the minute, on a 12-hour clock."""
    day, _, clock = value.partition(" ")
    ways = {day, f"0-{day.partition('-')[2]}"} if day else set()
    if clock:
        hour, _, minute = clock.partition(":")
        for h in {int(hour), int(hour) - 12 if int(hour) > 12 else int(hour)}:
            ways |= {f" {h}", f" {h}:{minute}"} if minute else {f" {h}"}
    return {(Held.TIME, way) for way in ways}


def _texts(exhibit: Exhibit) -> Iterator[str]:
    yield from (field.value for field in exhibit.fields.values())
    yield from (line.text for line in exhibit.lines)
    for message in exhibit.messages:
        yield message.text
        yield from _said(message.at)
    for row in exhibit.rows:
        yield from _said(row.at)
        yield from (f"{row.amount}元", row.item, row.note, row.counterparty)
        yield from (row.transaction_no, row.merchant_order_no)
    for time in exhibit.times:
        yield from _said(time.at if time.basis is not TimeBasis.CLAIMED else None)


def _said(at: datetime | None) -> Iterable[str]:
    return (say_second(at),) if at else ()


def locked(text: str) -> Counter[str]:
    """What has to stay in a sentence that rests on evidence, however else it is worded: figures,
    numbers, quotations, exhibits, who did it, and whether it says yes or no."""
    plain = _narrow(text)
    found = Counter(m[0] for m in _QUOTE.finditer(plain))
    rest = _blank(_QUOTE, plain)
    found += Counter(m[0] for m in _LOCKED_RUN.finditer(rest))
    words = Counter(m[0] for m in _LOCKED_WORDS.finditer(rest))
    found["negation"] += sum(words.pop(sign, 0) for sign in "不没未无非否")
    found += words + Counter(m[0] for m in _ACCUSED.finditer(rest))
    found += Counter(m[0] for m in _RULE.finditer(rest))
    found += Counter(m[0] for m in _SUM.finditer(rest) if m["han"])
    return +found
