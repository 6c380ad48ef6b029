"""The whole case as one line in time: what happened, what was filed, what came of it, what is to
come. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gongdao.casework.follow.deadlines import WHOSE, DeadlineView
from gongdao.casework.follow.filings import Filing
from gongdao.casework.follow.results import SaidResult
from gongdao.casework.timeline import find_timeline
from gongdao.casework.words import OUTCOME_NAMES, STEP_NAMES
from gongdao.channels.route import PARTY_OF
from gongdao.core.clock import say_minute
from gongdao.core.codes import Outcome
from gongdao.core.language import Phrase, mark
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.statement import Statement

_WHO: dict[str, str] = {**WHOSE, "issuer": mark("发行方"), "system": mark("系统")}
_OF_PARTY = {"association": "consumer_association", "management": "platform", "social": "platform"}


@dataclass(frozen=True)
class Telling:
    """One point of the story. ``exhibit``: path of what shows it, empty where only the buyer says
    so; ``later``: still to come."""

    at: datetime
    what: Phrase
    who: Phrase | None = None
    exhibit: str = ""
    later: bool = False


@dataclass(frozen=True)
class Moved:
    """A deadline that was counted anew: what it was, what it is, when that was noticed."""

    name: object
    before: datetime
    after: datetime
    at: datetime


def tell_story(
    *,
    dossier: Dossier,
    stated: Statement,
    filings: Iterable[Filing],
    deadlines: Iterable[DeadlineView],
    results: Iterable[SaidResult] = (),
    moved: Iterable[Moved] = (),
    as_of: datetime,
) -> tuple[Telling, ...]:
    """Every dated point of the case, in time order, what is to come at the end.

    ``stated`` is the statement without filings: each filing tells itself, with its number.
    """
    events = find_timeline(replace(dossier, statement=stated))
    told = [Telling(e.at, e.what, _who(e.who), e.exhibit) for e in events]
    for filing in filings:
        told.extend(_filed(filing))
    told.extend(_said(one) for one in results)
    told.extend(_moved(one) for one in moved)
    for deadline in deadlines:
        what = Phrase("期限“{name}”到期", name=deadline.name)
        later = deadline.due > as_of
        told.append(Telling(deadline.due, what, deadline.whose, later=later))
    return tuple(sorted(told, key=lambda one: (one.later, one.at, one.what.zh())))


def _filed(filing: Filing) -> list[Telling]:
    name = Phrase.named(STEP_NAMES[filing.channel])
    what = Phrase("提交：{channel}", channel=name)
    if filing.number:
        what = Phrase("提交：{channel}（编号 {number}）", channel=name, number=filing.number)
    told = [Telling(filing.filed_at, what, _who("buyer"), filing.receipt)]
    if filing.outcome not in (None, Outcome.NO_ANSWER) and filing.outcome_at is not None:
        outcome = Phrase.named(OUTCOME_NAMES[filing.outcome])
        heard = Phrase("{channel}：{outcome}", channel=name, outcome=outcome)
        if filing.returned:
            heard = Phrase(
                "{channel}：{outcome}，退回 {amount} 元",
                channel=name,
                outcome=outcome,
                amount=filing.returned,
            )
        by = "buyer" if filing.outcome is Outcome.WITHDRAWN else PARTY_OF[filing.channel].value
        told.append(Telling(filing.outcome_at, heard, _who(_OF_PARTY.get(by, by))))
    return told


def _said(said: SaidResult) -> Telling:
    what = Phrase("您记的结果：{result}", result=said.name)
    if said.amount:
        what = Phrase("您记的结果：{result}，{amount} 元", result=said.name, amount=said.amount)
    return Telling(said.at, what, _who("buyer"))


def _moved(moved: Moved) -> Telling:
    what = Phrase(
        "期限“{name}”更正：由 {before} 改为 {after}",
        name=moved.name,
        before=say_minute(moved.before),
        after=say_minute(moved.after),
    )
    return Telling(moved.at, what)


def _who(code: str) -> Phrase | None:
    return Phrase.named(_WHO[code]) if code in _WHO else None
