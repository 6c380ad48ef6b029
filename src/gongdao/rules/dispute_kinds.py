"""Rule data by which the market decides disputes: liability, excuses, abuse, clocks.

Conditions name facts of ``gongdao.disputes.facts``; this room knows them as words only. That every
name, value and table of rows fits together is shown by ``gongdao.disputes.check_tables``.
"""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.rules.model import Entry, Unit


@dataclass(frozen=True)
class Condition:
    """One test of one fact, by exactly one of: ``one_of`` (its value is one of these; truth is
    written ``yes`` and ``no``), ``at_least`` or ``below`` (a number), ``over`` or ``not_over``
    (greater, later than another fact, or not), with ``plus`` added to that other fact: minutes
    to a time, units to a number."""

    fact: str
    one_of: tuple[str, ...] = ()
    at_least: int | None = None
    below: int | None = None
    over: str = ""
    not_over: str = ""
    plus: int = 0


@dataclass(frozen=True)
class Share:
    """How much of the fault is whose: ``percent`` from 1 to 100."""

    party: str
    percent: int


@dataclass(frozen=True)
class AmountRule:
    """What is given back: ``percent`` of a base. Bases: ``nothing``, ``paid``, ``affected`` and
    ``undelivered`` (the price of those pieces), ``shortfall`` (the price of the face value that is
    missing), ``overcharge``, ``surplus``, ``promised``, ``asked``."""

    of: str
    percent: int = 100


@dataclass(frozen=True)
class LiabilityRow:
    """If all of ``when`` holds: whose fault, which remedy, how much, and in which ``mode``.

    ``automatic`` decides; ``person`` is a proposal to the arbiter; ``wait`` rests the case until
    the time in fact ``until`` plus ``until_plus`` minutes. ``replaceable``: where the buyer wanted
    a replacement and there is one, he gets that instead of money.
    """

    code: str
    when: tuple[Condition, ...]
    mode: str
    remedy: str
    amount: AmountRule
    says: str
    says_en: str
    fault: tuple[Share, ...] = ()
    replaceable: bool = False
    until: str = ""
    until_plus: int = 0


@dataclass(frozen=True, kw_only=True)
class Liability(Entry):
    """The table for one reason of complaint. Of its rows at most one can hold."""

    reason: str
    name: str
    name_en: str
    rows: tuple[LiabilityRow, ...]
    basis: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExcuseProof:
    """One way to show an excuse: if all of ``when`` holds, ``effect`` follows.

    ``defeats_claim``: the buyer has no claim; ``shifts_fault``: ``fault`` takes the place of the
    merchant's, the buyer's remedy stays; ``changes_nothing``: true, and no matter.
    """

    code: str
    when: tuple[Condition, ...]
    effect: str
    says: str
    says_en: str
    fault: tuple[Share, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Excuse(Entry):
    """What somebody must show who says so, and by when. ``by``: who controls the data and bears
    the burden; ``hours`` from the moment the excuse was named; ``falls``: what is said where
    nothing was shown; ``evasions``: the entries that answer the same words outside."""

    name: str
    name_en: str
    by: str
    hours: int
    needs: str
    needs_en: str
    falls: str
    falls_en: str
    proofs: tuple[ExcuseProof, ...]
    evasions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AbuseRule(Entry):
    """A limit or pattern, published: if all of ``when`` holds, ``measure`` applies to ``who``.

    ``hours`` bounds it. It never changes what trusted facts decide. ``says`` is the ground that
    the person concerned reads, with the way to appeal.
    """

    name: str
    name_en: str
    who: str
    when: tuple[Condition, ...]
    measure: str
    hours: int
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class DisputeClock(Entry):
    """How long one party has, and what its silence means. ``length`` None: until a time that the
    case itself names. ``stops``: the only reasons for which it may be stopped."""

    name: str
    name_en: str
    who: str
    length: int | None = None
    unit: Unit | None = None
    silence: str
    stops: tuple[str, ...] = ()
    says: str
    says_en: str


@dataclass(frozen=True, kw_only=True)
class DisputeStop(Entry):
    """A reason for which a clock may stand still, and for how many ``hours`` at most: in one case,
    all stops for it together. ``reference``: each stop names the paper it rests on, and the hours
    count for each paper by itself."""

    name: str
    name_en: str
    hours: int
    reference: bool = False
    says: str
    says_en: str
