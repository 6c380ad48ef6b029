"""What the rule data consists of: frozen dataclasses, one per kind of entry.

Texts come in pairs, Chinese and English (``gives`` / ``gives_en``). References to other entries
are ids; ``check.py`` sees to it that each one exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gongdao.core.money import Money


class Status(StrEnum):
    """What stands behind an entry."""

    STATUTE = "statute"
    REGULATION = "regulation"
    JUDICIAL_INTERPRETATION = "judicial_interpretation"
    PLATFORM_RULE = "platform_rule"
    HOUSE_POLICY = "house_policy"


class Unit(StrEnum):
    """Unit of a time limit. Hours are exact; days, months and years end at 24:00 Beijing time."""

    HOURS = "hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    YEARS = "years"


class Shift(StrEnum):
    """What happens when the last day is no working day.

    ``rest_day``: weekends and holidays both move it (Civil Code, Civil Procedure Law).
    ``festival``: the text speaks of public holidays only, so a plain weekend has two readings.
    """

    NONE = "none"
    REST_DAY = "rest_day"
    FESTIVAL = "festival"


class Confidence(StrEnum):
    """How well a fact is founded: official text or own test, a page that drives it, indirect."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry has. ``in_force_to`` is the last day in force, None while it lasts."""

    id: str
    version: int
    in_force_from: date
    in_force_to: date | None = None
    source: str
    status: Status
    checked: date
    note: str = ""
    note_en: str = ""

    @property
    def code(self) -> str:
        """The id without its kind: ``management`` for ``channel/management``."""
        return self.id.rpartition("/")[2]

    @property
    def ref(self) -> str:
        """``deadline/regulator_mediation@2``: what a decision stores."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Law(Entry):
    """A law, regulation, rule or interpretation as a whole."""

    title: str
    title_en: str
    short: str
    order: str = ""
    """Number of the order or notice by which it was issued, where the name alone is ambiguous."""


@dataclass(frozen=True, kw_only=True)
class Article(Entry):
    """One article: ``gives`` is an own sentence on what it gives, never its text.

    ``law_title`` and ``law_short`` come from the law's own entry at loading.
    """

    law: str
    article: str
    gives: str
    gives_en: str
    law_title: str = ""
    law_short: str = ""

    @property
    def cite(self) -> str:
        """``《中华人民共和国电子商务法》第四十九条``."""
        return f"《{self.law_title}》{say_article(self.article)}"

    @property
    def cite_short(self) -> str:
        """``电子商务法第四十九条``."""
        return f"{self.law_short}{say_article(self.article)}"


@dataclass(frozen=True, kw_only=True)
class Deadline(Entry):
    """A time limit. ``length`` None: the text gives no number (``及时``) or the parties agree it.

    ``starts`` is the code of the event it runs from; ``acts`` who has to move; ``basis`` the
    articles, empty where there is none. ``extension`` is a further ``length`` in the same unit.
    """

    name: str
    name_en: str
    length: int | None = None
    unit: Unit | None = None
    starts: str
    starts_zh: str
    starts_en: str
    shift: Shift = Shift.NONE
    acts: str
    basis: tuple[str, ...] = ()
    extension: int | None = None
    extension_times: int = 0
    minimum: bool = False
    """True for a duty to keep or wait *at least* so long."""
    backward: bool = False
    """True for a window that lies *before* its event; it is not counted forward."""
    says: str
    says_en: str


@dataclass(frozen=True)
class DaysOff:
    """Announced days off, ``first`` to ``last``, both included."""

    first: date
    last: date
    name: str
    name_en: str


@dataclass(frozen=True, kw_only=True)
class YearCalendar(Entry):
    """One published year: the days off, and the weekend days that are worked."""

    year: int
    off: tuple[DaysOff, ...]
    work: tuple[date, ...]


@dataclass(frozen=True)
class FormField:
    """One field of a channel's form.

    ``required``: yes | no | unknown. ``limit``: the channel's own limit in characters, None where
    it is not known or there is none. ``our_limit``: what Gongdao keeps to on its own account.
    """

    code: str
    name: str
    name_en: str
    required: str = "unknown"
    limit: int | None = None
    limit_known: bool = False
    our_limit: int | None = None
    note: str = ""
    note_en: str = ""

    @property
    def chars(self) -> int | None:
        """The limit to keep to: the channel's own if known, else ours, else None."""
        return self.limit if self.limit is not None else self.our_limit


@dataclass(frozen=True)
class Attachments:
    """What may be attached; None means not known."""

    files: int | None = None
    mb_each: int | None = None
    types: tuple[str, ...] = ()
    known: bool = False


@dataclass(frozen=True, kw_only=True)
class Channel(Entry):
    """Where a buyer can turn. ``who``: consumer | any_buyer | reporter | carrier_customer.

    ``needs`` are codes of what the filing asks for; ``opens_after`` names the deadlines that must
    have run out first; ``variant_of`` the general channel of which this is one body's form.
    """

    name: str
    name_en: str
    variant_of: str = ""
    who: str
    who_zh: str
    who_en: str
    needs: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()
    fields: tuple[FormField, ...] = ()
    attachments: Attachments = Attachments()
    public: bool = False
    cost: str
    cost_en: str
    achieves: str
    achieves_en: str
    cannot: str
    cannot_en: str
    entry: str
    entry_en: str
    opens_after: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    review: date
    confidence: Confidence

    def field(self, code: str) -> FormField | None:
        """The form field with this code, or None."""
        return next((f for f in self.fields if f.code == code), None)


class Effect(StrEnum):
    """What one filing does to another channel."""

    REFUSED = "refused"
    MERGED = "merged"
    OPEN = "open"
    UNKNOWN = "unknown"


class When(StrEnum):
    """At which point of the first filing the effect sets in."""

    FILED = "filed"
    ACCEPTED = "accepted"
    PENDING = "pending"
    SETTLED = "settled"


@dataclass(frozen=True, kw_only=True)
class Exclusion(Entry):
    """A directed edge: once ``from_`` is ``when``, ``to`` is ``effect`` for the same dispute.

    ``from_`` and ``to`` are channel codes, or the bodies ``arbitration``, ``other_agency``,
    ``other_mediation``. Without ``basis`` the effect is ``unknown`` and says so.
    """

    from_: str
    to: str
    when: When
    effect: Effect
    basis: tuple[str, ...] = ()
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class SmallClaims(Entry):
    """Which shares of the average wage bound small claims, and the provinces there are.

    ``unknown_says`` is what to say where a province's wage is not in the data.
    """

    mandatory_percent: int
    agreed_percent: int
    provinces: tuple[str, ...]
    basis: tuple[str, ...] = ()
    says: str
    says_en: str
    unknown_says: str
    unknown_says_en: str


@dataclass(frozen=True, kw_only=True)
class Wage(Entry):
    """Average yearly wage of employed persons in one province and ``wage_year``; in force from
    the day it was published."""

    province: str
    wage_year: int
    yuan: Money


@dataclass(frozen=True, kw_only=True)
class CourtFee(Entry):
    """Fee for a money claim up to ``up_to``; ``halved`` in summary and small-claims procedure."""

    up_to: Money
    full: Money
    halved: Money
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class ReasonRule(Entry):
    """Law, remedies and evidence for one reason of complaint.

    Article ids, the strongest first: ``consumer`` and ``non_consumer`` for the demand,
    ``punitive`` only where extra damages are claimed, ``report`` for what an authority can punish.
    ``reasoning`` and the ``caveats`` suit both; what only a consumer can say is in the fields with
    ``consumer`` or ``punitive``. ``remedies`` and ``evidence`` are the codes of the case folder
    (demands, exhibit kinds), the best first. ``decides``: the one fact on which it turns.
    """

    name: str
    name_en: str
    consumer: tuple[str, ...]
    non_consumer: tuple[str, ...]
    punitive: tuple[str, ...] = ()
    report: tuple[str, ...] = ()
    remedies: tuple[str, ...]
    non_consumer_remedies: tuple[str, ...]
    reasoning: str
    reasoning_en: str
    consumer_reasoning: str = ""
    consumer_reasoning_en: str = ""
    punitive_if: str = ""
    punitive_if_en: str = ""
    caveats: tuple[str, ...] = ()
    caveats_en: tuple[str, ...] = ()
    consumer_caveats: tuple[str, ...] = ()
    consumer_caveats_en: tuple[str, ...] = ()
    evidence: tuple[str, ...]
    decides: str
    decides_en: str


@dataclass(frozen=True, kw_only=True)
class EvasionRule(Entry):
    """The answer to one excuse. ``ask`` is the counter-question that moves the burden back.

    ``answer`` suits every buyer unless ``non_consumer_answer`` is given; ``not_when`` says when
    the excuse is right.
    """

    name: str
    name_en: str
    answer: str
    answer_en: str
    non_consumer_answer: str = ""
    non_consumer_answer_en: str = ""
    ask: str
    ask_en: str
    consumer: tuple[str, ...]
    non_consumer: tuple[str, ...]
    not_when: str
    not_when_en: str


@dataclass(frozen=True, kw_only=True)
class Situation(Entry):
    """A circumstance that changes route and law, whatever the reason.

    ``first`` are channels to take first, ``closed`` those that do not fit; ``adds`` articles for
    a consumer, ``non_consumer_adds`` for others; ``statute_set``: consumer | contract | unchanged.
    """

    name: str
    name_en: str
    statute_set: str
    first: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    non_consumer_adds: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    do: tuple[str, ...]
    do_en: tuple[str, ...]
    never: tuple[str, ...] = ()
    never_en: tuple[str, ...] = ()
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class Policy(Entry):
    """A choice of this project, with the number it fixes: an amount, or a count with its unit."""

    name: str
    name_en: str
    amount: Money | None = None
    count: int | None = None
    unit: str = ""
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class Retention(Entry):
    """What an installation keeps of one kind, how long and why.

    ``days`` is what the sweeper reads; None: it ends with what ``until`` names. ``basis`` names
    the articles where a law sets the period; ``see`` further entries. ``external``: kept by
    somebody else than the software, so that no sweeper of ours ends it.
    """

    name: str
    name_en: str
    what: str
    what_en: str
    days: int | None = None
    until: str
    until_en: str
    why: str
    why_en: str
    basis: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    external: bool = False


@dataclass(frozen=True, kw_only=True)
class Prohibited(Entry):
    """Goods that may not be listed. ``words``: one of them in a listing's title, category or
    description is enough; blanks and case do not matter. ``basis`` names articles where a law
    forbids the trade; without one it is our own choice."""

    name: str
    name_en: str
    words: tuple[str, ...]
    why: str
    why_en: str
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TermsPart:
    """One part of the terms: a heading and its points, pair by pair in both languages."""

    heading: str
    heading_en: str
    points: tuple[str, ...]
    points_en: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Terms(Entry):
    """One version of the terms that buyer and merchant accept, as a whole. ``changes`` says what
    differs from the version before. Its digest is what an acceptance is of."""

    name: str
    name_en: str
    changes: str
    changes_en: str
    parts: tuple[TermsPart, ...]


_DIGITS = "零一二三四五六七八九"


def say_number(number: int) -> str:
    """A whole number from 1 to 9999 in Chinese numerals, as statutes count: ``一百二十二``."""
    text, gap = "", False
    for power, mark in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, power)
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + mark
            gap = False
        else:
            gap = bool(text)
    return text[1:] if text.startswith("一十") else text


def say_article(article: str) -> str:
    """``第四十九条`` for ``"49"``, ``第二百八十七条之二`` for ``"287-2"``."""
    number, _, sub = article.partition("-")
    tail = f"之{say_number(int(sub))}" if sub else ""
    return f"第{say_number(int(number))}条{tail}"
