"""When to remind the buyer, and with which words. Pure.

The words travel through mail servers and push services, so they name no party, product, number or
amount; the page behind the link says the rest. Nothing is planned for the night. How far ahead and
how often are choices of this project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from gongdao.casework.follow.deadlines import DeadlineView
from gongdao.casework.follow.filings import Filing
from gongdao.casework.words import STEP_NAMES
from gongdao.core.clock import BEIJING, beijing
from gongdao.core.language import Bilingual, Phrase, mark

MORNING = time(9)
EVENING = time(21)
"""Between these, Beijing time, a reminder may arrive."""
DAYS_BEFORE = (7, 1)
ASK_ANSWER_AFTER = timedelta(days=7)
ASK_OUTCOME_AFTER = timedelta(days=28)
MOST_A_DAY = 2
LATE = timedelta(days=1)
"""How late a reminder is still planned: who was down overnight does not lose it."""
LINK = "{link}"
"""What stands for the case's link in a text, until it is sent."""


class Why(StrEnum):
    """What a reminder is for, the most pressing first."""

    BEFORE = "before"
    PASSED = "passed"
    ANSWER = "answer"
    OUTCOME = "outcome"


@dataclass(frozen=True)
class PlannedReminder:
    """One reminder, for everything of its kind that falls on one morning. ``key`` is stable over
    replanning, at most 160 characters. ``deadlines`` are the keys of those it belongs to, the first
    to end first; ``names`` say, for the page alone, what it is about. ``body`` holds ``LINK``
    once."""

    key: str
    why: Why
    at: datetime
    title: Phrase
    body: Phrase
    deadlines: tuple[str, ...] = ()
    names: tuple[Phrase | Bilingual, ...] = ()


def plan_reminders(
    *,
    deadlines: Iterable[DeadlineView],
    filings: Sequence[Filing],
    begun_at: datetime,
    outcome_known: bool,
    as_of: datetime,
    asked_at: datetime | None = None,
    late: timedelta = LATE,
    most_a_day: int = MOST_A_DAY,
) -> tuple[PlannedReminder, ...]:
    """Every reminder still to be sent at ``as_of``, in time order; none once the outcome of the
    case is known. A reminder with a key that was sent before is not to be sent again.

    ``asked_at``: when the buyer last said how it stands; the question comes again four weeks on.
    ``late``: how late a reminder is still listed. Days are filled before the late ones are left
    out, so that a reminder which moved to the next day does not vanish on that day.
    """
    if outcome_known:
        return ()
    running = tuple(deadlines)
    wanted = [
        *_before(running),
        *_passed(running),
        *_answers(running, filings),
        _outcome(filings, begun_at, asked_at),
    ]
    ends = {one.key: one.due for one in running}
    spread = _spread(wanted, ends, most_a_day)
    return tuple(one for one in spread if one.at >= as_of - late)


def fit_daytime(at: datetime) -> datetime:
    """``at``, or the next morning (09:00 Beijing) where it falls between 21:00 and 09:00."""
    local = beijing(at)
    if local.time() < MORNING:
        return _morning(local, 0)
    return local if local.time() < EVENING else _morning(local, 1)


def title_of(key: str) -> Phrase:
    """What the reminder with this key was about, however many deadlines it spoke of; raise KeyError
    for a key that was never planned."""
    return _TITLES[key.partition("/")[0]]


def say_reminder(reminder: PlannedReminder, *, link: str) -> tuple[str, str]:
    """Title and body in the language in use, with the case's link in its place."""
    return str(reminder.title), str(reminder.body).replace(LINK, link)


def _morning(at: datetime, days: int) -> datetime:
    """09:00 Beijing, ``days`` after the day of ``at``."""
    return datetime.combine(beijing(at).date() + timedelta(days=days), MORNING, BEIJING)


def _next_morning(at: datetime) -> datetime:
    """The first 09:00 Beijing after ``at``."""
    same = _morning(at, 0)
    return same if same > at else _morning(at, 1)


_WORDS: dict[str, tuple[Phrase, Phrase]] = {
    "before-7": (
        Phrase("公道：七天后有一件事到期"),
        Phrase("您的案件有一件事七天后到期，过期就不能再办。打开看看：{link}", link=LINK),
    ),
    "before-1": (
        Phrase("公道：明天有一件事到期"),
        Phrase("您的案件有一件事明天到期，过期就不能再办。打开看看：{link}", link=LINK),
    ),
    "passed": (
        Phrase("公道：对方的期限到了"),
        Phrase("您的案件里，对方答复的期限已过，可以走下一步了：{link}", link=LINK),
    ),
    "answer": (
        Phrase("公道：有答复了吗"),
        Phrase("您提交的材料一周了。有没有答复都请记一笔：{link}", link=LINK),
    ),
    "outcome": (
        Phrase("公道：事情解决了吗"),
        Phrase("四周过去了。结果怎样，请记一笔，好知道接下来做什么：{link}", link=LINK),
    ),
}
"""Title and body for one thing, by the first part of a reminder's key."""
_SEVERAL: dict[str, tuple[str, str]] = {
    "before-7": (
        mark("公道：七天后有 {n} 件事到期"),
        mark("您的案件有 {n} 件事七天后到期，过期就不能再办。打开看看：{link}"),
    ),
    "before-1": (
        mark("公道：明天有 {n} 件事到期"),
        mark("您的案件有 {n} 件事明天到期，过期就不能再办。打开看看：{link}"),
    ),
    "passed": (
        mark("公道：对方有 {n} 个期限到了"),
        mark("您的案件里，对方答复的 {n} 个期限已过，可以走下一步了：{link}"),
    ),
}
"""The same for several of one day. How many it is tells nothing of what they are."""
_TITLES: dict[str, Phrase] = {
    **{kind: title for kind, (title, _body) in _WORDS.items()},
    "before-7": Phrase("公道：七天后有事到期"),
    "before-1": Phrase("公道：明天有事到期"),
}


@dataclass(frozen=True)
class _Wanted:
    """One thing to be reminded of at ``at``; ``ends`` orders those of one day, ``key`` is of the
    deadline, or of the filing where ``deadline`` is empty."""

    at: datetime
    ends: datetime
    key: str
    name: Phrase | Bilingual
    deadline: str = ""


def _planned(kind: str, why: Why, wanted: Iterable[_Wanted]) -> Iterator[PlannedReminder]:
    """One reminder for all things of one kind and morning, with the key of the first of them."""
    days: dict[datetime, list[_Wanted]] = {}
    for one in sorted(wanted, key=lambda w: (w.ends, w.key)):
        days.setdefault(one.at, []).append(one)
    for at, found in days.items():
        title, body = _WORDS[kind]
        if len(found) > 1 and kind in _SEVERAL:
            title, body = (Phrase.named(m, n=len(found), link=LINK) for m in _SEVERAL[kind])
        key = f"{kind}/{min(one.key for one in found)}"
        deadlines = tuple(one.deadline for one in found if one.deadline)
        names = tuple(one.name for one in found)
        yield PlannedReminder(key, why, at, title, body, deadlines, names)


def _wanted(one: DeadlineView, at: datetime) -> _Wanted:
    return _Wanted(at, one.due, one.key, one.name, one.key)


def _before(deadlines: Sequence[DeadlineView]) -> Iterator[PlannedReminder]:
    mine = [one for one in deadlines if one.buyer_acts and not one.overdue]
    for days in DAYS_BEFORE:
        wanted = [_wanted(one, _morning(one.due, -days)) for one in mine]
        yield from _planned(f"before-{days}", Why.BEFORE, wanted)


def _passed(deadlines: Sequence[DeadlineView]) -> Iterator[PlannedReminder]:
    theirs = [one for one in deadlines if not one.buyer_acts]
    wanted = [_wanted(one, _next_morning(one.due)) for one in theirs]
    yield from _planned("passed", Why.PASSED, wanted)


_FILED_AT = {"platform_answer": "in_platform"}
"""Deadlines that belong to a channel but run from a filing at another."""


def _answers(
    deadlines: Sequence[DeadlineView], filings: Sequence[Filing]
) -> Iterator[PlannedReminder]:
    """Filings of which nothing was heard and for which no deadline of the other side runs."""
    counted = {_FILED_AT.get(one.code, one.channel) for one in deadlines if not one.buyer_acts}
    alone = [one for one in filings if one.waits and one.channel not in counted]
    yield from _planned("answer", Why.ANSWER, [_unanswered(one) for one in alone])


def _unanswered(one: Filing) -> _Wanted:
    at = _next_morning(one.filed_at + ASK_ANSWER_AFTER)
    key = f"{one.channel}/{_stamp(one.filed_at)}"
    return _Wanted(at, one.filed_at, key, Phrase.named(STEP_NAMES[one.channel]))


def _outcome(
    filings: Sequence[Filing], begun_at: datetime, asked_at: datetime | None
) -> PlannedReminder:
    since = max((filing.filed_at for filing in filings), default=begun_at)
    since = max(since, asked_at) if asked_at else since
    at = _next_morning(since + ASK_OUTCOME_AFTER)
    title, body = _WORDS["outcome"]
    return PlannedReminder(f"outcome/{_stamp(since)}", Why.OUTCOME, at, title, body)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _spread(
    wanted: Sequence[PlannedReminder], ends: dict[str, datetime], most: int
) -> list[PlannedReminder]:
    """At most ``most`` a day: the less pressing move to the following days, except a warning
    that would come after its deadline; the others of that day lead to the same page."""
    order = list(Why)
    days: dict[datetime, int] = {}
    kept = []
    for one in sorted(wanted, key=lambda r: (r.at, order.index(r.why), r.key)):
        at = one.at
        while days.get(at, 0) >= most:
            at = _morning(at, 1)
        if one.why is Why.BEFORE and at != one.at and at > ends[one.deadlines[0]]:
            continue
        days[at] = days.get(at, 0) + 1
        kept.append(replace(one, at=at))
    return sorted(kept, key=lambda r: (r.at, order.index(r.why), r.key))
