"""Runs a story through the pure half: rules, steps, clocks, verdict file; no database, no money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.scenarios.scenario_book import ORDERED, Move, Story, facts_of

from gongdao.disputes.clocks import Clock, deed_of_silence, is_due, start_clock
from gongdao.disputes.decide_excuse import NamedExcuse
from gongdao.disputes.decide_liability import Finding, Mode, Remedy
from gongdao.disputes.facts import FactName, Facts
from gongdao.disputes.states import BY, STEPS, Deed, Mover, Silence, Step, next_step
from gongdao.disputes.verdict_file import Basis, Decision, VerdictFile, judge, make_verdict
from gongdao.rules.dispute_kinds import Share
from gongdao.rules.dispute_queries import excuse, liability

ON = ORDERED.date()
_DECIDES = {Deed.DECIDE_UPHELD, Deed.DECIDE_REFUSED}
_AGREES = {Deed.ACCEPT_OFFER, Deed.ACCEPT_CLAIM}


@dataclass
class Run:
    """A story on its way. ``verdict`` is the newest one; ``way`` every step with its clock."""

    story: Story
    step: Step = Step.NEW
    clock: Clock | None = None
    outcome: str = ""
    verdict: VerdictFile | None = None
    more: dict[str, Any] = field(default_factory=dict)
    excuses: tuple[NamedExcuse, ...] = ()
    offer: Move | None = None
    appellant: str = "none"
    way: list[tuple[Step, Clock | None]] = field(default_factory=list)

    def facts(self, at: datetime) -> Facts:
        """What is known at ``at``."""
        return facts_of(self.story, at, self.more)

    def judged(self, at: datetime) -> Finding:
        """What the rules of its reason say at ``at``."""
        table = liability(self.story.reason, ON)
        return judge(facts=self.facts(at), table=table, excuses=self.excuses, at=at)[0]

    def go(self, deed: Deed, at: datetime, until: datetime | None = None) -> None:
        """Do ``deed``; the clock goes on, or is begun anew, or ends."""
        after = next_step(step=self.step, deed=deed)
        assert after is not None, f"{self.story.id}: no {deed} from {self.step}"
        goes_on = self.step.same_clock(deed)
        self.step = after
        if after is Step.CLOSED:
            self.clock = None
        elif not goes_on:
            self.clock = start_clock(step=after, at=at, on=ON, until=until)
        self.way.append((after, self.clock))

    def put_down(self, basis: Basis, at: datetime, decision: Decision | None = None) -> None:
        """Write the verdict."""
        name = "silence" if basis is Basis.SILENCE else self.story.reason
        self.verdict = make_verdict(
            case=f"case:{self.story.id}",
            order=f"order:{self.story.id}",
            reason=self.story.reason,
            basis=basis,
            decided_at=at,
            currency="CNY",
            rules_on=ON,
            facts=self.facts(at),
            table=liability(name, ON),
            excuses=() if basis is Basis.SILENCE else self.excuses,
            decision=decision,
        )


def run_story(story: Story) -> Run:
    """Play ``story`` to its last move; raise AssertionError where a move is not allowed, a clock is
    not due, or a party acts that may not."""
    run = Run(story)
    if story.begins == "ask":
        run.go(Deed.ASK, story.at)
    else:
        _judge(run, story.at)
    for move in story.moves:
        _play(run, move)
        assert run.step == move.then, f"{story.id}: {move.deed} led to {run.step}"
        if move.until is not None:
            assert run.clock is not None
            assert run.clock.due_at == move.until, f"{story.id}: {run.clock.due_at}"
    return run


def _judge(run: Run, at: datetime) -> bool:
    """Let the rules move the case, if they can from where it is; whether they did."""
    found = run.judged(at)
    grants = Deed.JUDGED_UPHELD if found.grants else Deed.JUDGED_REFUSED
    deed = {Mode.AUTOMATIC: grants, Mode.WAIT: Deed.JUDGED_EARLY, Mode.PERSON: Deed.JUDGED_PERSON}
    if next_step(step=run.step, deed=deed[found.mode]) is None:
        return False
    run.go(deed[found.mode], at, found.again_at)
    if found.mode is Mode.AUTOMATIC:
        run.put_down(Basis.RULES, at)
    return True


def _play(run: Run, move: Move) -> None:
    run.more.update(move.facts)
    if move.by == "clock":
        _ring(run, move)
        return
    if move.deed in ("complain", "judge_again"):
        assert _judge(run, move.at), f"{run.story.id}: nothing new to judge"
        return
    deed = Deed(move.deed)
    assert Mover(move.by) in BY.get(deed, {Mover.PAYMENT}), f"{move.by} may not {deed}"
    if deed is Deed.EXCUSE:
        run.excuses += (NamedExcuse(excuse(move.excuse, ON), move.at),)
        run.go(deed, move.at)
        return
    if deed is Deed.APPEAL:
        run.appellant = move.by
    if deed in (Deed.OFFER, Deed.COUNTER_OFFER):
        run.offer = move
    run.go(deed, move.at)
    if deed in _DECIDES:
        run.put_down(Basis.PERSON, move.at, _decided(move))
    elif deed in _AGREES:
        run.put_down(Basis.AGREEMENT, move.at, _agreed(run, deed))


def _ring(run: Run, move: Move) -> None:
    """The clock runs out: judged again first, then silence, if a notice makes it count."""
    assert run.clock is not None and is_due(run.clock, move.at), f"{run.story.id}: not due"
    if run.clock.silence in (Silence.JUDGED_AGAIN, Silence.CLAIM_STANDS) and _judge(run, move.at):
        return
    known = run.facts(move.at).get(FactName.NOTICE_CONFIRMED) is True
    silence = run.clock.silence
    deed = deed_of_silence(run.clock, notice_confirmed=known)
    his = silence is Silence.PLATFORM_PAYS and run.appellant == "merchant"
    run.go(Deed.JUDGED_REFUSED if his else deed, move.at)  # his appeal stands: nothing is given
    if deed is Deed.SILENCE and silence in (Silence.CLAIM_STANDS, Silence.PLATFORM_PAYS):
        who = "merchant" if silence is Silence.CLAIM_STANDS else "management"
        run.more |= {"silent": who, "appellant": run.appellant}
        run.put_down(Basis.SILENCE, move.at)


def _decided(move: Move) -> Decision:
    shares = tuple(Share(party, percent) for party, percent in move.shares.items())
    return Decision(Remedy(move.remedy), move.money, shares, move.why, (move.by,))


def _agreed(run: Run, deed: Deed) -> Decision:
    merchant = (Share("merchant", 100),)
    if deed is Deed.ACCEPT_CLAIM:
        return Decision(Remedy.REFUND_FULL, run.story.asked, merchant, "", ("merchant",))
    assert run.offer is not None
    units = 1 if run.offer.remedy == "replacement" else 0
    remedy = Remedy(run.offer.remedy)
    return Decision(remedy, run.offer.money, merchant, "", ("buyer", "merchant"), units=units)


def outcome_of(run: Run) -> str:
    """How the case ended, or will once its remedy is carried out; empty while it is open."""
    if run.step not in (Step.CLOSED, Step.EXECUTING, Step.EXECUTION_LATE):
        return ""
    if run.verdict is None:
        silent = run.way[-2][1] if len(run.way) > 1 else None
        lapsed = silent is not None and silent.silence is Silence.LAPSES
        return "lapsed" if lapsed and run.story.moves[-1].by == "clock" else "withdrawn"
    if run.verdict.basis is Basis.AGREEMENT:
        return "settled"
    if run.verdict.result.remedy is Remedy.NONE:
        return "refused"
    whole = run.verdict.result.remedy in (Remedy.REFUND_FULL, Remedy.REPLACEMENT)
    return (
        "upheld" if whole or run.verdict.result.amount_minor >= run.story.asked else "partly_upheld"
    )


def money_of(run: Run) -> dict[str, int]:
    """Whose money pays how much, in minor units; nothing for no verdict."""
    paid: dict[str, int] = {}
    for part in run.verdict.result.parts if run.verdict else ():
        if part.minor:
            paid[part.bearer] = paid.get(part.bearer, 0) + part.minor
    return paid


__all__ = ["STEPS", "Run", "money_of", "outcome_of", "run_story"]
