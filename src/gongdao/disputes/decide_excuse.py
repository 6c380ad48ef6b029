"""Whether an excuse was shown: what it needs, by whom, until when. Unproven, it falls (B5). Pure.

An excuse moves nothing by being said. ``judge_excuse`` looks for the first of its proofs whose
facts are all known and hold; ``apply_excuses`` lets what was shown change a finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gongdao.disputes.conditions import holds, missing_of, names_of
from gongdao.disputes.decide_liability import Finding, Mode, Remedy, share_out
from gongdao.disputes.derive import derive
from gongdao.disputes.facts import FactName, Facts
from gongdao.rules.dispute_kinds import Excuse, ExcuseProof, Share


class ExcuseCode(StrEnum):
    """The excuses that the rules know; each has ``excuse/<code>``."""

    USER_ERROR = "user_error"
    SYSTEM_DELAY = "system_delay"
    THIRD_PARTY = "third_party"
    UPSTREAM = "upstream"
    ALREADY_PAID_OUT = "already_paid_out"
    VIRTUAL_GOODS = "virtual_goods"


class ExcuseState(StrEnum):
    """What became of an excuse."""

    OPEN = "open"
    """There is time left to show it."""
    SHOWN = "shown"
    FALLS = "falls"
    PERSON = "person"
    """Shown by what people brought: a person weighs it."""


class Effect(StrEnum):
    """What a shown excuse does."""

    DEFEATS_CLAIM = "defeats_claim"
    SHIFTS_FAULT = "shifts_fault"
    CHANGES_NOTHING = "changes_nothing"


@dataclass(frozen=True)
class NamedExcuse:
    """An excuse that a party named, and when: its time to show it runs from then."""

    rule: Excuse
    named_at: datetime


@dataclass(frozen=True)
class ExcuseFinding:
    """The result: ``proof`` and ``effect`` of what was shown (empty, None otherwise), ``fault``
    where it shifts, ``until`` when it had to be shown, and which facts are missing or have to be
    weighed."""

    rule: str
    state: ExcuseState
    until: datetime
    proof: str = ""
    effect: Effect | None = None
    fault: tuple[Share, ...] = ()
    missing: tuple[FactName, ...] = ()
    untrusted: tuple[FactName, ...] = ()


def judge_excuse(*, named: NamedExcuse, facts: Facts, at: datetime) -> ExcuseFinding:
    """What became of ``named`` at ``at``."""
    rule, facts = named.rule, derive(facts)
    until = named.named_at + timedelta(hours=rule.hours)
    for proof in rule.proofs:
        if all(holds(one, facts) for one in proof.when):
            return _shown(rule, proof, facts, until)
    missing = {name for p in rule.proofs for one in p.when for name in missing_of(one, facts)}
    state = ExcuseState.OPEN if at < until else ExcuseState.FALLS
    return ExcuseFinding(rule.ref, state, until, missing=tuple(sorted(missing)))


def _shown(rule: Excuse, proof: ExcuseProof, facts: Facts, until: datetime) -> ExcuseFinding:
    used = {name for one in proof.when for name in names_of(one)}
    untrusted = tuple(sorted(name for name in used if not facts.by_name[name].automatic))
    state = ExcuseState.PERSON if untrusted else ExcuseState.SHOWN
    effect = Effect(proof.effect)
    return ExcuseFinding(
        rule.ref, state, until, proof.code, effect, proof.fault, untrusted=untrusted
    )


def apply_excuses(finding: Finding, excuses: Iterable[ExcuseFinding]) -> Finding:
    """``finding`` as the excuses leave it, in the order in which they were named.

    One that is open or fell changes nothing. One that defeats the claim takes the remedy; one that
    shifts fault only moves who bears it. What a person has to weigh makes the case a person's, with
    what would follow as the proposal.
    """
    for excuse in excuses:
        if excuse.state in (ExcuseState.OPEN, ExcuseState.FALLS) or not finding.grants:
            continue
        if excuse.effect is Effect.DEFEATS_CLAIM:
            finding = replace(
                finding, remedy=Remedy.NONE, amount_minor=0, units=0, parts=(), places=()
            )
        elif excuse.effect is Effect.SHIFTS_FAULT:
            parts = share_out(excuse.fault, finding.amount_minor)
            finding = replace(finding, parts=parts)
        if excuse.state is ExcuseState.PERSON and excuse.effect is not Effect.CHANGES_NOTHING:
            untrusted = tuple(sorted({*finding.untrusted, *excuse.untrusted}))
            finding = replace(finding, mode=Mode.PERSON, untrusted=untrusted)
    return finding
