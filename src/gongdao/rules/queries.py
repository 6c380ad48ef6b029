"""What the other rooms ask of the rules; each answer is what was in force on a day.

A bare code (``management``) or a full id (``channel/management``) will do.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TypeVar

from gongdao.core.errors import NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.rules.at import all_at, at, find_at
from gongdao.rules.calendar import Calendar, make_calendar
from gongdao.rules.count import Count, count_deadline
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.model import (
    Article,
    Channel,
    CourtFee,
    Deadline,
    Entry,
    EvasionRule,
    Exclusion,
    Policy,
    Prohibited,
    ReasonRule,
    Retention,
    Situation,
    SmallClaims,
    Terms,
    Wage,
    YearCalendar,
)

E = TypeVar("E", bound=Entry)
NON_CONSUMER_LAWS = frozenset({"ecommerce_law", "civil_code", "spc_contract_general_2023"})
"""The laws a buyer for resale can rest on: contract and e-commerce law."""
CONSUMER_LAWS = frozenset(
    {
        "consumer_protection_law",
        "consumer_protection_law_impl_regs",
        "seven_day_return_measures",
        "spc_online_consumption_rules",
        "spc_prepaid_consumption_2025",
    }
)
"""The laws that protect consumers alone."""


@dataclass(frozen=True)
class Grounds:
    """Articles in force on the day, and the ids left out because they were not."""

    articles: tuple[Article, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The answer to one excuse, fitted to consumer or not, with its articles in force."""

    rule: EvasionRule
    text: str
    text_en: str
    ask: str
    ask_en: str
    articles: tuple[Article, ...]


@dataclass(frozen=True)
class Ceiling:
    """Small-claims ceilings; None where the province's average wage is not known.

    ``mandatory`` binds the court, ``by_agreement`` needs both parties. ``says`` explains.
    """

    province: str
    wage_year: int | None
    mandatory: Money | None
    by_agreement: Money | None
    says: str
    says_en: str


def _get(kind: type[E], prefix: str, code: str, on: date, rules: Rules | None = None) -> E:
    entry = at(code if code.startswith(prefix) else prefix + code, on=on, rules=rules)
    if not isinstance(entry, kind):
        raise NotKnown(_("规则数据中没有“{id}”。").format(id=code))
    return entry


def _all(kind: type[E], on: date) -> tuple[E, ...]:
    return tuple(e for e in all_at(on=on) if isinstance(e, kind))


def article(id: str, on: date) -> Article:
    """One article, by ``law_id/number``; raise NotKnown if it was not in force."""
    return _get(Article, "", id, on)


def articles(ids: tuple[str, ...], on: date) -> Grounds:
    """Those of ``ids`` that were in force, in the order given, and those that were not."""
    found: list[Article] = []
    left_out: list[str] = []
    for id in ids:
        entry = find_at(id, on=on)
        law = find_at(entry.law, on=on) if isinstance(entry, Article) else None
        if isinstance(entry, Article) and law is not None:
            found.append(entry)
        else:
            left_out.append(id)
    return Grounds(tuple(found), tuple(left_out))


def reason(code: str, on: date) -> ReasonRule:
    """Law, remedies, caveats and evidence for one reason of complaint."""
    return _get(ReasonRule, "reason/", code, on)


def articles_for(code: str, consumer: bool, on: date) -> tuple[Article, ...]:
    """Articles for one reason, strongest first; for a non-consumer contract and e-commerce law
    only. What was not in force on ``on`` is left out."""
    rule = reason(code, on)
    return articles(rule.consumer if consumer else rule.non_consumer, on).articles


def articles_punitive(code: str, on: date) -> tuple[Article, ...]:
    """Articles for extra damages: a consumer's only, and only where fraud can be proven."""
    return articles(reason(code, on).punitive, on).articles


def articles_to_report(code: str, consumer: bool, on: date) -> tuple[Article, ...]:
    """Articles whose breach an authority can punish, for a report (举报); without consumer law
    where the reporter bought for resale."""
    ids = reason(code, on).report
    kept = ids if consumer else tuple(i for i in ids if i.partition("/")[0] not in CONSUMER_LAWS)
    return articles(kept, on).articles


def evasion(code: str, on: date) -> EvasionRule:
    """The rule about one excuse."""
    return _get(EvasionRule, "evasion/", code, on)


def answer_to(code: str, consumer: bool, on: date) -> Answer:
    """The answer and counter-question to one excuse, with the articles in force."""
    rule = evasion(code, on)
    other = not consumer and rule.non_consumer_answer != ""
    return Answer(
        rule=rule,
        text=rule.non_consumer_answer if other else rule.answer,
        text_en=rule.non_consumer_answer_en if other else rule.answer_en,
        ask=rule.ask,
        ask_en=rule.ask_en,
        articles=articles(rule.consumer if consumer else rule.non_consumer, on).articles,
    )


def channel(code: str, on: date) -> Channel:
    """One channel: who may use it, what it needs, clock, form, cost, what it achieves."""
    return _get(Channel, "channel/", code, on)


def channels(on: date) -> tuple[Channel, ...]:
    """Every channel, general ones and the forms of single bodies."""
    return _all(Channel, on)


def clocks(code: str, on: date) -> tuple[Deadline, ...]:
    """The time limits of one channel that were in force on ``on``."""
    ids = (f"deadline/{c}" for c in channel(code, on).clock)
    return tuple(e for e in (find_at(i, on=on) for i in ids) if isinstance(e, Deadline))


def exclusions(on: date) -> tuple[Exclusion, ...]:
    """Every edge of the exclusion graph."""
    return _all(Exclusion, on)


def deadline(id: str, on: date, *, rules: Rules | None = None) -> Deadline:
    """One time limit."""
    return _get(Deadline, "deadline/", id, on, rules)


def deadlines(on: date) -> tuple[Deadline, ...]:
    """Every time limit."""
    return _all(Deadline, on)


def count(
    id: str, start: datetime, on: date, *, extended: int = 0, rules: Rules | None = None
) -> Count:
    """Count the time limit ``id`` from ``start`` by the version in force on ``on``."""
    calendar = work_calendar() if rules is None else calendar_of(rules)
    return count_deadline(
        start=start, rule=deadline(id, on, rules=rules), calendar=calendar, extended=extended
    )


@cache
def work_calendar() -> Calendar:
    """The calendar of every published year, by its newest version."""
    return calendar_of(load_rules())


def calendar_of(rules: Rules) -> Calendar:
    """The calendar that ``rules`` hold: of each year the newest version."""
    newest = (versions[-1] for versions in rules.by_id.values())
    return make_calendar(e for e in newest if isinstance(e, YearCalendar))


def situation(code: str, on: date) -> Situation:
    """What a circumstance changes: ``minor``, ``fraud_suspected``, ``paid_to_person`` …"""
    return _get(Situation, "situation/", code, on)


def policy(code: str, on: date) -> Policy:
    """One choice of this project's own."""
    return _get(Policy, "policy/", code, on)


def policies(on: date) -> tuple[Policy, ...]:
    """Every choice of this project's own."""
    return _all(Policy, on)


def find_prohibited(text: str, on: date) -> tuple[Prohibited, ...]:
    """The entries of the prohibited catalogue that ``text``, a listing's own words, falls under."""
    plain = plain_words(text)
    return tuple(
        rule
        for rule in _all(Prohibited, on)
        if any(plain_words(word) in plain for word in rule.words)
    )


_FILLERS = "\u115f\u1160"
"""Letters by their class that show nothing."""


def plain_words(text: str) -> str:
    """``text`` as it is searched for words: letters and digits alone, of one width and case, so
    that no blank, point or invisible sign hides one."""
    wide = unicodedata.normalize("NFKC", text).lower()
    return "".join(one for one in wide if one.isalnum() and one not in _FILLERS)


def terms_at(on: date) -> Terms:
    """The version of the market's terms in force on a day."""
    return _get(Terms, "terms/", "market", on)


def terms_versions() -> tuple[Terms, ...]:
    """Every version of the market's terms, the oldest first."""
    return tuple(e for e in load_rules().by_id["terms/market"] if isinstance(e, Terms))


def digest_of(entry: Entry) -> str:
    """SHA-256 of one version of an entry in hex, as the lock keeps it."""
    return load_rules().digests[entry.id, entry.version]


def retentions(on: date) -> tuple[Retention, ...]:
    """What is kept how long and why, by code."""
    return _all(Retention, on)


def retention_days(code: str, on: date) -> int | None:
    """After how many days ``code`` (``case``, ``upload``, ``session`` …) is to go; None where it
    ends with something else. Raise NotKnown for a code that is not in the data."""
    return _get(Retention, "retention/", code, on).days


def small_claims_ceiling(province: str, on: date, *, rules: Rules | None = None) -> Ceiling:
    """Small-claims ceilings in ``province`` by the latest wage published on ``on``, of last year
    or before; amounts are None where no wage is known. Raise NotKnown for a name that is no
    province."""
    rule = at("small_claims/ceiling", on=on, rules=rules)
    if not isinstance(rule, SmallClaims) or province not in rule.provinces:
        raise NotKnown(_("“{name}”不是省级行政区的全称。").format(name=province))
    wages = [
        e
        for e in all_at(on=on, rules=rules)
        if isinstance(e, Wage) and e.province == province and e.wage_year < on.year
    ]
    if not wages:
        return Ceiling(province, None, None, None, rule.unknown_says, rule.unknown_says_en)
    wage = max(wages, key=lambda w: w.wage_year)

    def share(percent: int) -> Money:
        return Money(wage.yuan.minor * percent // 100, wage.yuan.currency)

    return Ceiling(
        province=province,
        wage_year=wage.wage_year,
        mandatory=share(rule.mandatory_percent),
        by_agreement=share(rule.agreed_percent),
        says=rule.says,
        says_en=rule.says_en,
    )


def court_fee(amount: Money, on: date) -> CourtFee | None:
    """The court fee for a money claim of ``amount``; None above the range that is known."""
    if amount.currency != "CNY":
        return None
    fees = sorted(_all(CourtFee, on), key=lambda fee: fee.up_to.minor)
    return next((fee for fee in fees if amount.minor <= fee.up_to.minor), None)
