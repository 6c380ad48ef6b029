"""The verdict file: facts, rules and result in one canonical JSON that anybody recomputes. Pure.

``docs/formats/verdict.md`` is the format; ``verdict_json`` writes and reads it. The file holds the
rules themselves with their digests, so that a stranger needs no data of ours; ``recompute`` judges
anew, ``differs`` names what is not as the file says. A person's or the parties' decision stands
beside what the rules alone say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from gongdao.disputes.decide_excuse import (
    ExcuseFinding,
    NamedExcuse,
    apply_excuses,
    judge_excuse,
)
from gongdao.disputes.decide_liability import (
    Finding,
    Part,
    Remedy,
    decide,
    settle_remedy,
)
from gongdao.disputes.facts import FactName, Facts
from gongdao.disputes.states import ReasonCode
from gongdao.rules.dispute_kinds import Liability, Share
from gongdao.rules.load import load_rules
from gongdao.rules.model import Entry

_SHA256 = re.compile("[0-9a-f]{64}")
_CURRENCY = re.compile("[A-Z]{3}")
NEWEST = 2
"""Version of the file's form. 2 names the pieces that are replaced."""


class BadVerdict(ValueError):
    """A file that is no verdict: not canonical, unknown or missing keys, impossible values."""


class Basis(StrEnum):
    """What a verdict rests on."""

    RULES = "rules"
    SILENCE = "silence"
    """The other side's silence after confirmed notice: the table ``liability/silence``."""
    PERSON = "person"
    AGREEMENT = "agreement"


@dataclass(frozen=True)
class Decision:
    """What a person decided, or the parties agreed. ``by``: opaque ids, two where a second arbiter
    was needed; ``reasons``: own words; ``rules``: the refs that it names as its basis.

    ``remedy`` and ``amount_minor`` are what was asked for; the result is what ``settle_remedy``
    makes of them.
    """

    remedy: Remedy
    amount_minor: int
    shares: tuple[Share, ...]
    reasons: str
    by: tuple[str, ...]
    rules: tuple[str, ...] = ()
    units: int = 0
    places: tuple[int, ...] = ()
    """Which pieces to replace; none named: all."""


@dataclass(frozen=True)
class VerdictFile:
    """One verdict. ``case`` and ``order`` are opaque ids; ``rules_on`` the day whose rules decide;
    ``replaces`` the SHA-256 of the verdict that an appeal takes the place of, empty for none."""

    case: str
    order: str
    reason: ReasonCode
    basis: Basis
    decided_at: datetime
    currency: str
    rules_on: date
    facts: Facts
    table: Liability
    finding: Finding
    result: Result
    """What follows: of the decision where there is one, else of what the rules say."""
    excuses: tuple[NamedExcuse, ...] = ()
    excuse_findings: tuple[ExcuseFinding, ...] = ()
    decision: Decision | None = None
    replaces: str = ""
    version: int = NEWEST
    """Of the file's form; older ones are read, and written as they were."""


@dataclass(frozen=True)
class Result:
    """What is to be carried out: ``amount_minor`` in the file's currency, ``units`` to replace and
    which pieces these are (``places``; none named: all), and who bears it; ``parts`` sum to the
    amount."""

    remedy: Remedy
    amount_minor: int
    units: int
    parts: tuple[Part, ...]
    places: tuple[int, ...] = ()


def make_verdict(
    *,
    case: str,
    order: str,
    reason: ReasonCode,
    basis: Basis,
    decided_at: datetime,
    currency: str,
    rules_on: date,
    facts: Facts,
    table: Liability,
    excuses: tuple[NamedExcuse, ...] = (),
    decision: Decision | None = None,
    replaces: str = "",
) -> VerdictFile:
    """Judge and put down the verdict; raise BadVerdict where the basis does not carry it: RULES
    and SILENCE need an automatic finding, PERSON and AGREEMENT a decision with reasons, and no
    rule may differ from what is published under its name."""
    found, excuse_findings = judge(facts=facts, table=table, excuses=excuses, at=decided_at)
    file = VerdictFile(
        case=case,
        order=order,
        reason=reason,
        basis=basis,
        decided_at=decided_at,
        currency=currency,
        rules_on=rules_on,
        facts=facts,
        table=table,
        finding=found,
        result=result_of(found, decision, facts),
        excuses=excuses,
        excuse_findings=excuse_findings,
        decision=decision,
        replaces=replaces,
    )
    faults = (*_unpublished(file), *carries(file))
    if faults:
        raise BadVerdict("; ".join(faults))
    return file


def judge(
    *, facts: Facts, table: Liability, excuses: tuple[NamedExcuse, ...], at: datetime
) -> tuple[Finding, tuple[ExcuseFinding, ...]]:
    """What the rules say of ``facts`` at ``at``, with the excuses that were named."""
    found = tuple(judge_excuse(named=one, facts=facts, at=at) for one in excuses)
    return apply_excuses(decide(facts=facts, table=table), found), found


def recompute(file: VerdictFile) -> Finding:
    """What the rules in the file say of the facts in the file, judged anew."""
    found, _excuses = judge(
        facts=file.facts, table=file.table, excuses=file.excuses, at=file.decided_at
    )
    return found


def result_of(found: Finding, decision: Decision | None, facts: Facts) -> Result:
    """What follows; a decision is kept within what is left of the payment."""
    if decision is None:
        return Result(found.remedy, found.amount_minor, found.units, found.parts, found.places)
    remedy, amount, parts = settle_remedy(
        remedy=decision.remedy,
        amount_minor=decision.amount_minor,
        shares=decision.shares,
        facts=facts,
    )
    if remedy is not Remedy.REPLACEMENT:
        return Result(remedy, amount, 0, parts)
    return Result(remedy, amount, decision.units, parts, decision.places)


def in_money(file: VerdictFile, claimed_minor: int) -> Result:
    """What a verdict that gives a replacement gives where there is none: by the rules, what they
    give to who wants money; by persons, ``claimed_minor``, borne as they decided."""
    wanted = file.facts.by_name.get(FactName.WANTED)
    if file.decision is None and wanted is not None:
        facts = file.facts.with_facts([replace(wanted, value="refund")])
        found, _excuses = judge(
            facts=facts, table=file.table, excuses=file.excuses, at=file.decided_at
        )
        return result_of(found, None, facts)
    shares = file.decision.shares if file.decision else ()
    decision = Decision(Remedy.REFUND_FULL, claimed_minor, shares, "", ())
    return result_of(file.finding, decision, file.facts)


def differs(file: VerdictFile) -> tuple[str, ...]:
    """Codes of what is not as the file says; empty where it recomputes to itself.

    ``finding``, ``excuses`` and ``result`` are compared with what comes out anew; ``rule:<ref>`` is
    a rule published here under that name and version with other content; the rest as ``carries``.
    """
    found, excuses = judge(
        facts=file.facts, table=file.table, excuses=file.excuses, at=file.decided_at
    )
    faults = ["finding"] if found != file.finding else []
    faults += ["excuses"] if excuses != file.excuse_findings else []
    faults += ["result"] if result_of(found, file.decision, file.facts) != file.result else []
    return (*faults, *_unpublished(file), *carries(file))


def _unpublished(file: VerdictFile) -> tuple[str, ...]:
    return tuple(f"rule:{ref}" for ref, known in published(file) if known is False)


def published(file: VerdictFile) -> tuple[tuple[str, bool | None], ...]:
    """Each rule of the file by ref: True where it is what is published here, False where another
    content is published under that name and version, None where none is."""
    by_id = load_rules().by_id
    found: list[tuple[str, bool | None]] = []
    for rule in rules_of(file):
        known = [one for one in by_id.get(rule.id, ()) if one.version == rule.version]
        found.append((rule.ref, known[0] == rule if known else None))
    return tuple(found)


def rules_of(file: VerdictFile) -> tuple[Entry, ...]:
    """The rules that the file holds: the table, then those of its excuses, each once."""
    return tuple(dict.fromkeys((file.table, *(one.rule for one in file.excuses))))


def carries(file: VerdictFile) -> tuple[str, ...]:
    """Codes of why its basis does not carry a verdict; empty where it does."""
    faults = []
    by_rules = file.basis in (Basis.RULES, Basis.SILENCE)
    table = "silence" if file.basis is Basis.SILENCE else str(file.reason)
    if file.table.reason != table or file.table.id != f"liability/{table}":
        faults.append("table_of_other_reason")
    if by_rules and (not file.finding.decides or file.decision is not None):
        faults.append("not_automatic")
    if not by_rules and (file.decision is None or not _is_founded(file.decision, file.basis)):
        faults.append("decision_without_reasons")
    ended = file.table.in_force_to is not None and file.table.in_force_to < file.rules_on
    if ended or file.table.in_force_from > file.rules_on:
        faults.append("rule_not_in_force")
    judged_at = file.facts.time(FactName.JUDGED_AT)
    if file.decided_at.tzinfo is None or (judged_at is not None and judged_at > file.decided_at):
        faults.append("facts_after_verdict")
    if not _CURRENCY.fullmatch(file.currency):
        faults.append("bad_currency")
    if file.replaces and not _SHA256.fullmatch(file.replaces):
        faults.append("bad_replaces")
    return tuple(faults)


def _is_founded(decision: Decision, basis: Basis) -> bool:
    """Who decided is named, a person's reasons are given, and the shares make a whole."""
    percents = [share.percent for share in decision.shares]
    whole = sum(percents) == 100 if percents else decision.remedy is Remedy.NONE
    whole = whole and len(decision.places) in (0, decision.units)
    reasons = decision.reasons.strip() or basis is Basis.AGREEMENT
    return bool(reasons and decision.by and whole and all(p > 0 for p in percents))
