"""Judge a case by the rules on what is recorded now, and do what they say where they decide alone.

The same lines serve when a case begins, when a promise has passed, when a clock has run out (which
judges again first), and when an issuer's new answer is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date
from hashlib import sha256
from typing import Any
from uuid import UUID

from gongdao.core.ids import new_id
from gongdao.core.named_sql import load_sql
from gongdao.disputes.collect_facts import asked_of, collect_facts
from gongdao.disputes.conditions import names_of
from gongdao.disputes.decide_abuse import Measure
from gongdao.disputes.decide_excuse import Effect, ExcuseFinding, ExcuseState, NamedExcuse
from gongdao.disputes.decide_liability import Finding, Mode, Remedy
from gongdao.disputes.events import NOBODY, Docket
from gongdao.disputes.events import Party as Actor
from gongdao.disputes.execute_remedies import carry_out, due_of, plan_remedy, still_due
from gongdao.disputes.facts import Fact, FactName, Facts, Source, facts_from_json, facts_to_json
from gongdao.disputes.hold_money import release_rest, unfence_money
from gongdao.disputes.limit_money import within_price
from gongdao.disputes.models import Case, Excuse, Exhibit, RecordedFact, Verdict
from gongdao.disputes.note_limits import note_limits
from gongdao.disputes.queries import appellant_of
from gongdao.disputes.states import Deed, Mover, Outcome, ReasonCode, Step, next_step
from gongdao.disputes.table_rows import insert_rows, read_rows
from gongdao.disputes.told_facts import add_told
from gongdao.disputes.verdict_file import (
    Basis,
    Decision,
    Result,
    VerdictFile,
    judge,
    make_verdict,
)
from gongdao.disputes.verdict_json import write_verdict
from gongdao.rules.dispute_queries import excuse, liability
from gongdao.vault.run_sql import run_prepared

_SAID = (Source.PERSON.value, Source.BUYER.value, Source.MERCHANT.value)
"""Facts that only people know: kept with the case, and read back by every judgement."""


def facts_of(docket: Docket) -> Facts:
    """What is recorded now, and what an arbiter weighed in this case before. What this case paid is
    not among what was returned: each verdict says all that the case gives."""
    case = docket.case
    kept = not case._state.adding
    facts = collect_facts(
        stores=docket.stores,
        order=docket.order,
        asked=asked_of(case, docket.order),
        case_id=case.id if kept else None,
        at=docket.at,
        records=docket.records,
    )
    said = [*(_said(case) if kept else ()), *docket.told]
    weighed = [fact for fact in said if fact.source is Source.PERSON]
    return add_told(facts, said).with_facts(weighed)


def _said(case: Case) -> list[Fact]:
    """Facts that a person or a party set, the newest of each name and source, oldest first."""
    where = "WHERE case_id = %(case)s AND source = ANY(%(said)s) ORDER BY round, id"
    rows = read_rows(RecordedFact, where, {"case": case.id, "said": list(_SAID)})
    newest = {(row.name, row.source): row for row in rows}
    plain = (
        {
            "name": row.name,
            "value": row.value,
            "source": row.source,
            "at": row.at.astimezone(UTC).isoformat(),
            "evidence": row.evidence,
        }
        for row in sorted(newest.values(), key=lambda row: (row.round, row.id))
    )
    return [facts_from_json([one]).items[0] for one in plain]


def keep_facts(docket: Docket, facts: Facts) -> None:
    """Write what the case is judged on, as the round of its newest event."""
    values: dict[str, Any] = {
        "case": docket.case.id,
        "round": docket.case.moves,
        "facts": json.dumps(facts_to_json(facts)),
    }
    run_prepared(load_sql("gongdao.disputes", "keep_facts"), values)


def named_excuses(case: Case) -> tuple[NamedExcuse, ...]:
    """The excuses that were raised, in their order."""
    if case._state.adding:
        return ()
    rows = read_rows(Excuse, "WHERE case_id = %(case)s ORDER BY at, id", {"case": case.id})
    return tuple(NamedExcuse(excuse(row.excuse, case.rules_on), row.at) for row in rows)


def judge_now(docket: Docket, facts: Facts) -> tuple[Finding, tuple[ExcuseFinding, ...]]:
    """What the reason's table, in force on the order's day, says of ``facts``."""
    case = docket.case
    table = liability(ReasonCode(case.reason).value, case.rules_on)
    return judge(facts=facts, table=table, excuses=named_excuses(case), at=docket.at)


def follow_rules(docket: Docket, *, by: Actor = NOBODY, decides: bool = True) -> bool:
    """Judge, and do what follows where the rules decide alone, or rest until they can; whether the
    case moved. A case that begins always moves, and so does a question that its buyer (``by``) now
    makes a complaint: what rules cannot decide goes to the merchant, or where a published limit
    on the buyer says. Whoever appealed asked for a person: until one decided, or was silent, the
    rules decide nothing; nor in a case that begins while an authority holds its order (not
    ``decides``): it begins as one that the rules leave open."""
    step = Step(docket.case.step)
    if step is Step.MANAGEMENT and appellant_of(docket.case):  # no other step of an appeal judges
        return False
    facts = facts_of(docket)
    finding, _excuses = judge_now(docket, facts)
    begins = step in (Step.NEW, Step.DELIVERY_DUE) or by.side is Mover.BUYER
    limits = note_limits(docket, facts) if begins else frozenset[Measure]()
    automatic = finding.mode is Mode.AUTOMATIC and decides
    deed = _deed_of(finding, limits, docket, automatic)
    if next_step(step=step, deed=deed) is None or (deed is Deed.JUDGED_PERSON and not begins):
        return False
    if automatic:
        stand(docket, put_down(docket, facts=facts, basis=Basis.RULES), deed)
    else:
        if step is not Step.NEW and by is NOBODY:  # else its event says already why it moves
            docket.note("judged", mode=finding.mode.value)
        docket.move(deed, until=finding.again_at)
        docket.keep()
        keep_facts(docket, facts)
    return True


def follow_excuse(docket: Docket) -> bool:
    """Where records alone show the excuse that was named last, and it matters, nobody has anything
    more to show: the rules decide, or else a person. Whether the case moved."""
    facts = facts_of(docket)
    _finding, excuses = judge_now(docket, facts)
    if not excuses or excuses[-1].state is not ExcuseState.SHOWN:
        return False
    if excuses[-1].effect is Effect.CHANGES_NOTHING:
        return False
    if not follow_rules(docket):
        docket.note("judged", mode=Mode.PERSON.value)
        docket.move(Deed.SHOW)
        keep_facts(docket, facts)
    return True


def _deed_of(finding: Finding, limits: frozenset[Measure], docket: Docket, automatic: bool) -> Deed:
    """What the finding does. Limits on the buyer never change what records decide alone."""
    if automatic:
        return Deed.JUDGED_UPHELD if finding.grants else Deed.JUDGED_REFUSED
    if finding.mode is Mode.WAIT:
        return Deed.JUDGED_EARLY
    if Measure.PERSON_FIRST in limits:
        return Deed.PERSON_FIRST
    if Measure.ASK_RECORDING in limits and _lacks_recording(docket):
        return Deed.ASK_RECORDING
    return Deed.JUDGED_PERSON


def asks_recording(reason: ReasonCode, on: date) -> bool:
    """Whether a recording is something that the reason's table weighs."""
    rows = liability(reason.value, on).rows
    return any(FactName.RECORDING_BEFORE_REVEAL in names_of(c) for r in rows for c in r.when)


def _lacks_recording(docket: Docket) -> bool:
    """Whether the recording has to be asked for: the buyer handed in nothing yet."""
    case = docket.case
    if docket.files or not asks_recording(ReasonCode(case.reason), case.rules_on):
        return False
    return not Exhibit.objects.filter(post__case_id=case.id, post__by=Mover.BUYER.value).exists()


def put_down(
    docket: Docket, *, facts: Facts, basis: Basis, decision: Decision | None = None
) -> VerdictFile:
    """The verdict file on ``facts``; raise BadVerdict where the basis does not carry it."""
    case = docket.case
    name = "silence" if basis is Basis.SILENCE else ReasonCode(case.reason).value
    if decision is not None:
        decision = within_price(decision=decision, case=case, order=docket.order, at=docket.at)
    before = None if case._state.adding else case.verdicts.order_by("-number").first()
    return make_verdict(
        case=case.log_subject,
        order=docket.order.log_subject,
        reason=ReasonCode(case.reason),
        basis=basis,
        decided_at=docket.at,
        currency=case.currency,
        rules_on=case.rules_on,
        facts=facts,
        table=liability(name, case.rules_on),
        excuses=() if basis is Basis.SILENCE else named_excuses(case),
        decision=decision,
        replaces=bytes(before.digest).hex() if before else "",
    )


@dataclass(frozen=True)
class Deciders:
    """Who decided a person's verdict, who seconded it, and their words, sealed."""

    first: UUID | None = None
    second: UUID | None = None
    sealed: bytes = b""


BY_RULES = Deciders()
"""Nobody: the rules, silence, or the parties themselves."""


def stand(
    docket: Docket,
    file: VerdictFile,
    deed: Deed,
    by: Actor = NOBODY,
    deciders: Deciders = BY_RULES,
) -> Verdict:
    """Let a verdict stand: the case moved by ``deed``, the file kept, its remedy carried out, less
    what the case gave on verdicts that this one replaces."""
    case, result = docket.case, file.result
    case.ending = ending_of(file.facts, result, file.basis).value
    docket.move(deed, by)
    row = _keep_verdict(docket, file, deciders)
    keep_facts(docket, file.facts)
    if result.remedy is Remedy.NONE:
        end_without(docket)
        if Step(case.step) is Step.EXECUTING:  # granted, but nothing is left that could be given
            carry_out(docket=docket)
        return row
    due = due_of(result) if row.number == 1 else still_due(docket, due_of(result))
    plan_remedy(docket=docket, basis=f"verdict:{row.number}", due=due)
    carry_out(docket=docket)
    return row


def _keep_verdict(docket: Docket, file: VerdictFile, deciders: Deciders) -> Verdict:
    case, result = docket.case, file.result
    number = 1 if docket.begins else case.verdicts.count() + 1
    text = write_verdict(file)
    digest = sha256(text).digest()
    named: dict[str, Any] = {"places": list(result.places)} if result.places else {}
    docket.note(
        "decided",
        verdict=number,
        digest=digest.hex(),
        basis=file.basis.value,
        remedy=result.remedy.value,
        amount_minor=result.amount_minor,
        rule=file.table.ref,
        row=file.finding.row,
        **named,
    )
    docket.keep()
    row = Verdict(
        id=new_id(docket.at),
        case=case,
        number=number,
        file=text.decode(),
        digest=digest,
        event=case.moves,
        automatic=file.basis is not Basis.PERSON,
        reason_code=f"{file.table.ref}/{file.finding.row}",
        remedy=result.remedy.value,
        amount_minor=result.amount_minor,
        currency=case.currency,
        fault={part.party.value: part.percent for part in result.parts},
        decided_by_id=deciders.first,
        seconded_by_id=deciders.second,
        sealed=deciders.sealed,
        at=docket.at,
    )
    insert_rows([row])
    return row


def end_without(docket: Docket) -> None:
    """The case ends and nothing is paid: what was fenced goes where the sale's money goes."""
    unfence_money(case=docket.case, order=docket.order, at=docket.at)
    release_rest(case=docket.case, order=docket.order, at=docket.at)
    docket.money = None


def ending_of(facts: Facts, result: Result, basis: Basis) -> Outcome:
    """How a case ends that is decided, or agreed, like this."""
    if basis is Basis.AGREEMENT:
        return Outcome.SETTLED
    if result.remedy is Remedy.NONE:
        return Outcome.REFUSED
    asked = facts.whole(FactName.ASKED_MINOR) or 0
    whole = result.remedy in (Remedy.REFUND_FULL, Remedy.REPLACEMENT)
    return Outcome.UPHELD if whole or result.amount_minor >= asked else Outcome.PARTLY_UPHELD
