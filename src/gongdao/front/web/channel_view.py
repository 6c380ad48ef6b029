"""The map of channels as pages show it: what is open, later, spent, barred; why, until when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gongdao.casework.online.letter_drafts import GAP
from gongdao.casework.words import STEP_NAMES
from gongdao.channels.letters.letter import Letter, LetterField
from gongdao.channels.route import ORDER
from gongdao.core.clock import beijing, parse_iso
from gongdao.core.language import language, mark, translated
from gongdao.front.web.report import SeenCase
from gongdao.rules import queries
from gongdao.rules.model import Channel, Effect, Exclusion, FormField

_LANES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (mark("平台里"), ("in_platform", "management", "social")),
    (mark("钱经过的地方"), ("payment",)),
    (mark("公开反映"), ("board",)),
    (mark("调解和监管"), ("consumer_association", "regulator_complaint", "regulator_report")),
    (mark("法院和公安"), ("court", "police")),
)
_STATES = ("open", "later", "spent", "barred")
_STEP_PLACES = {
    "ask_merchant": "standing/#asks",
    "ask_issuer": "standing/#others",
    "check_balance": "standing/#others",
    "fix_contradictions": "standing/#contradictions",
    "withdraw": "standing/#against",
    "wait_for_regulator": "follow/",
    "wait_for_association": "follow/",
    "supplement_regulator": "channels/regulator_complaint/",
    "supplement_association": "channels/consumer_association/",
}
"""Where a step that is no channel is done, below the address of the case."""


@dataclass(frozen=True)
class ShownClock:
    """A running term for ``parts/clock.html``."""

    name: str
    since: datetime
    due: datetime
    at: datetime
    counted: str
    policy: bool
    estimated: bool


@dataclass(frozen=True)
class ShownChannel:
    """One channel with all that is to know before using it; ``rank`` counts from 1 in the
    recommended order, 0 where it is not recommended now."""

    code: str
    name: str
    state: str
    why: str
    cost: str
    achieves: str
    cannot: str
    entry: str
    policy: bool
    clocks: tuple[ShownClock, ...]
    closes: tuple[str, ...]
    filed: int
    rank: int = 0


@dataclass(frozen=True)
class ShownStep:
    """One recommended step, with the page on which it is taken."""

    code: str
    title: str
    why: str
    href: str
    is_channel: bool


@dataclass(frozen=True)
class Effected:
    """What filing here does elsewhere: the sentence, its articles, whether nobody knows."""

    says: str
    cites: tuple[str, ...]
    unknown: bool


def show_channels(seen: SeenCase) -> dict[str, ShownChannel]:
    """Every channel by its code, in the order in which a case usually meets them."""
    ranks = {code: n for n, code in enumerate(_channels_in(seen.report["recommended"]), 1)}
    return {code: _channel(seen, code, ranks.get(code, 0)) for code in ORDER}


def _channels_in(codes: Sequence[str]) -> list[str]:
    return [code for code in codes if code in ORDER]


def _channel(seen: SeenCase, code: str, rank: int) -> ShownChannel:
    told = seen.report["channels"]
    about, state = told["about"][code], told["states"][code]
    filed = sum(1 for one in seen.assembled.filings if one.filing.channel == code)
    on = beijing(seen.as_of).date()
    return ShownChannel(
        code=code,
        name=about["name"],
        state=state["state"],
        why=state["why"],
        cost=about["cost"],
        achieves=about["achieves"],
        cannot=about["cannot"],
        entry=about["entry"],
        policy=about["status"] == "house_policy",
        clocks=tuple(_clock(one, seen) for one in told["clocks"] if one["channel"] == code),
        closes=tuple(e.says for e in effects_of(code, on) if not e.unknown),
        filed=filed,
        rank=rank,
    )


def _clock(one: Mapping[str, Any], seen: SeenCase) -> ShownClock:
    rule = queries.deadline(one["deadline"], beijing(seen.as_of).date())
    return ShownClock(
        rule.name_en if language() == "en" else rule.name,
        parse_iso(one["since"]),
        parse_iso(one["due"]),
        seen.as_of,
        one["counted"],
        one["house_policy"],
        one["estimated"],
    )


def effects_of(code: str, on: date) -> tuple[Effected, ...]:
    """What filing at ``code`` shuts elsewhere, or may shut: to be read before it is done."""
    return tuple(
        _effect(edge, on)
        for edge in queries.exclusions(on)
        if edge.from_ == code and edge.to != "telecom_appeal" and edge.effect is not Effect.OPEN
    )


def stays_open_after(code: str, on: date) -> tuple[Effected, ...]:
    """What filing at ``code`` leaves open for certain."""
    return tuple(
        _effect(edge, on)
        for edge in queries.exclusions(on)
        if edge.from_ == code and edge.effect is Effect.OPEN
    )


def _effect(edge: Exclusion, on: date) -> Effected:
    cites = queries.articles(edge.basis, on).articles
    return Effected(
        edge.says_en if language() == "en" else edge.says,
        tuple(article.cite for article in cites),
        edge.effect is Effect.UNKNOWN,
    )


def show_lanes(
    channels: Mapping[str, ShownChannel],
) -> tuple[tuple[str, tuple[ShownChannel, ...]], ...]:
    """The map: kinds of places, and the channels of each."""
    return tuple((translated(name), tuple(channels[c] for c in codes)) for name, codes in _LANES)


def group_by_state(
    channels: Mapping[str, ShownChannel],
) -> tuple[tuple[str, tuple[ShownChannel, ...]], ...]:
    """Open ones first, the recommended before the others; then later, spent, barred."""
    groups = []
    for state in _STATES:
        mine = [one for one in channels.values() if one.state == state]
        mine.sort(key=lambda one: one.rank or len(ORDER) + 1)
        if mine:
            groups.append((state, tuple(mine)))
    return tuple(groups)


def show_steps(seen: SeenCase, case_url: str) -> tuple[ShownStep, ...]:
    """What to do, best first."""
    return tuple(
        ShownStep(
            one["code"],
            one["title"],
            one["why"],
            _step_href(one["code"], case_url),
            one["code"] in ORDER,
        )
        for one in seen.report["next_steps"]
    )


def _step_href(code: str, case_url: str) -> str:
    if code in ORDER:
        return f"{case_url}channels/{code}/"
    place = _STEP_PLACES.get(code, "")
    return f"{case_url}{place}" if place else ""


@dataclass(frozen=True)
class ShownField:
    """One field of the form, to be carried over: the value, its limit, and what is known; ``gap``:
    it is nothing yet but a place for what only the buyer can fill in."""

    code: str
    name: str
    value: str
    limit: int | None
    limit_unknown: bool
    hint: str
    long: bool
    gap: bool


def show_fields(letter: Letter, form: Channel) -> tuple[ShownField, ...]:
    """The fields of ``letter`` as the form asks for them."""
    return tuple(_field(one, form.field(one.code)) for one in letter.fields)


def _field(one: LetterField, rule: FormField | None) -> ShownField:
    english = language() == "en"
    notes = []
    if rule is not None:
        notes.append(translated(_REQUIRED[rule.required]))
        if rule.limit is None and rule.our_limit is not None:
            notes.append(translated(_OUR_LIMIT))
        note = rule.note_en if english else rule.note
        if note:
            notes.append(note)
    hint = (" " if english else "").join(notes)
    name = one.name_en or one.name if english else one.name
    long = len(one.value) > 60 or "\n" in one.value
    unknown = one.limit is None and long and not one.limit_known
    return ShownField(
        one.code, name, one.value, one.limit, unknown, hint, long, bool(GAP.fullmatch(one.value))
    )


_REQUIRED = {
    "yes": mark("必填。"),
    "no": mark("选填。"),
    "unknown": mark("不知道是否必填。"),
}
_OUR_LIMIT = mark("上限没有查到，这里按我们自己定的字数准备。")


def form_of(code: str, letter: Letter | None, on: date) -> Channel:
    """The form that ``letter`` was written for: the channel's own, or that of one body."""
    general = queries.channel(code, on)
    if letter is None:
        return general
    asked = [(one.code, one.name, one.limit) for one in letter.fields]
    for form in (general, *variants_of(code, on)):
        if asked == [(field.code, field.name, field.chars) for field in form.fields]:
            return form
    return general


@dataclass(frozen=True)
class ShownPlace:
    """Where to go: in words, and as an address where the words are one."""

    name: str
    says: str
    address: str


def show_places(code: str, form: Channel, on: date) -> tuple[ShownPlace, ...]:
    """Where this channel is entered: the form that the letter was written for first."""
    english = language() == "en"
    found = dict.fromkeys((form, *variants_of(code, on)))
    return tuple(
        ShownPlace(
            one.name_en if english else one.name,
            one.entry_en if english else one.entry,
            one.entry if _ADDRESS.fullmatch(one.entry) else "",
        )
        for one in found
    )


_ADDRESS = re.compile(r"https://[\w./-]{4,100}", re.ASCII)


def variants_of(code: str, on: date) -> tuple[Channel, ...]:
    """The bodies at which this channel can be used, each with its own form."""
    return tuple(one for one in queries.channels(on) if one.variant_of == code)


def say_step(code: str) -> str:
    """The name of a channel or step in the language in use."""
    return translated(STEP_NAMES.get(code, code))
