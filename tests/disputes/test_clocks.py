"""One clock an open case, counted in the open; each step and deed leads somewhere that has one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING
from gongdao.disputes.clocks import (
    BadClock,
    StopReason,
    appeal_until,
    deed_of_silence,
    is_due,
    late_by,
    resume_clock,
    start_clock,
    stop_clock,
)
from gongdao.disputes.states import (
    BY,
    STEPS,
    TRANSITIONS,
    Deed,
    Mover,
    Silence,
    Step,
    allowed_deeds,
    next_step,
)
from gongdao.rules.dispute_queries import dispute_clock
from gongdao.rules.queries import work_calendar

AT = datetime(2026, 9, 30, 10, 0, tzinfo=BEIJING)
"""The day before a week of holidays."""
ON = AT.date()


def day_of(month: int, day: int, hour: int) -> datetime:
    """An hour of a day in 2026, Beijing time."""
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


OPEN = [step for step in Step if step in STEPS]


def clock(step: Step, at: datetime = AT):
    """The clock of a step; the one that runs to a named time runs an hour."""
    return start_clock(step=step, at=at, on=ON, until=at + timedelta(hours=1))


def test_every_step_is_placed():
    """Each step but NEW and CLOSED has forum, mover and clock; all can be reached and left."""
    assert set(OPEN) == set(Step) - {Step.NEW, Step.CLOSED}
    reached = {after for (_step, _deed), after in TRANSITIONS.items()}
    assert reached == set(Step) - {Step.NEW}
    for step in OPEN:
        assert STEPS[step].mover is not Mover.NOBODY
        assert any(after is not step for (one, _), after in TRANSITIONS.items() if one is step)


@pytest.mark.parametrize("step", OPEN)
def test_silence_is_said_and_happens(step):
    """Each open step has a clock whose silence is stated, and both silences lead on from it."""
    running = clock(step)
    assert running.due_at > running.started_at
    assert running.who is STEPS[step].mover
    assert running.counted.chinese and running.counted.english
    for deed in (Deed.SILENCE, Deed.SILENCE_UNTOLD):
        after = next_step(step=step, deed=deed)
        assert after is Step.CLOSED or after in STEPS


LEADS = {
    Silence.BECOMES_COMPLAINT: {Step.MERCHANT_ANSWER},
    Silence.JUDGED_AGAIN: {Step.MERCHANT_ANSWER},
    Silence.CLAIM_STANDS: {Step.EXECUTING},
    Silence.LAPSES: {Step.CLOSED},
    Silence.DECIDED_WITHOUT: {Step.ARBITER, Step.APPEAL_ARBITER},
    Silence.ESCALATES: {Step.MANAGEMENT, Step.EXECUTION_LATE},
    Silence.PLATFORM_PAYS: {Step.EXECUTING},
    Silence.TOLD_AGAIN: {Step.EXECUTION_LATE},
}


@pytest.mark.parametrize("step", OPEN)
def test_silence_leads_where_the_clock_says(step):
    """What the clock announces and where the table leads are the same thing."""
    assert next_step(step=step, deed=Deed.SILENCE) in LEADS[clock(step).silence]


@pytest.mark.parametrize("step", OPEN)
def test_untold_silence_never_counts_against_anybody(step):
    """Without a confirmed notice silence neither grants nor ends: a person or the next clock."""
    after = next_step(step=step, deed=Deed.SILENCE_UNTOLD)
    if STEPS[step].mover in (Mover.BUYER, Mover.MERCHANT):
        assert after not in (Step.CLOSED, Step.EXECUTING)


def test_silence_counts_only_after_notice():
    """A party's silence needs the notice; the platform's and the payment's own does not."""
    for step in OPEN:
        ours = STEPS[step].mover in (Mover.PLATFORM, Mover.PAYMENT)
        deed = deed_of_silence(clock(step), notice_confirmed=False)
        assert deed is (Deed.SILENCE if ours else Deed.SILENCE_UNTOLD)
        assert deed_of_silence(clock(step), notice_confirmed=True) is Deed.SILENCE


@pytest.mark.parametrize("step", OPEN)
def test_every_way_ends(step):
    """From each step some way leads to the end."""
    seen, front = set(), {step}
    while front:
        seen |= front
        front = {a for (s, _d), a in TRANSITIONS.items() if s in front} - seen
    assert Step.CLOSED in seen


def test_hours_are_exact():
    """24 hours over a holiday are 24 hours, and the counting says so."""
    running = clock(Step.MERCHANT_ANSWER)
    assert running.due_at == AT + timedelta(hours=24)
    assert (running.amount, running.unit, running.calendar) == (24, "hours", "")
    assert "24" in running.counted.english and running.rule == "dispute_clock/answer@1"


def test_working_days_skip_the_holiday():
    """Three working days from 30 September end after the national holiday, at 24:00 Beijing."""
    running = clock(Step.APPEAL_ARBITER)
    assert running.calendar == "china_working_days"
    assert running.due_at == datetime(2026, 10, 10, 23, 59, 59, tzinfo=BEIJING)
    assert "国庆节" in running.counted.chinese


def test_a_named_end_is_needed():
    """The promise's clock runs to the time that the case names, which must lie ahead."""
    assert clock(Step.DELIVERY_DUE).due_at == AT + timedelta(hours=1)
    for until in (None, AT, AT - timedelta(seconds=1)):
        with pytest.raises(BadClock):
            start_clock(step=Step.DELIVERY_DUE, at=AT, on=ON, until=until)


@pytest.mark.parametrize("step", [Step.NEW, Step.CLOSED])
def test_no_clock_before_or_after(step):
    """A case that is not open has no clock; neither has a start without a zone."""
    with pytest.raises(BadClock):
        start_clock(step=step, at=AT, on=ON)
    with pytest.raises(BadClock):
        start_clock(step=Step.ARBITER, at=datetime(2026, 1, 1), on=ON)


@given(
    stop=st.integers(0, 47 * 3600), stood=st.integers(0, 10_000_000), after=st.integers(0, 10**6)
)
def test_stopping_wins_and_loses_nothing(stop, stood, after):
    """A stopped clock is never due; resumed, exactly what was left is left."""
    running = clock(Step.ARBITER)
    at = AT + timedelta(seconds=stop)
    stopped = stop_clock(running, at=at, reason=StopReason.ISSUER_ASKED, on=ON)
    assert not is_due(stopped, running.due_at + timedelta(seconds=after))
    assert late_by(stopped, running.due_at + timedelta(seconds=after)) == timedelta(0)
    again = resume_clock(stopped, at=at + timedelta(seconds=stood))
    assert again.runs
    assert again.due_at - (at + timedelta(seconds=stood)) == running.due_at - at


@pytest.mark.parametrize(
    ("stop", "resume", "due"),
    [
        # Three left; the holiday and its make-up Saturday do not matter to how many they are.
        ((9, 30, 11), (9, 30, 20), (10, 10)),
        ((9, 30, 11), (10, 1, 11), (10, 10)),
        ((9, 30, 11), (10, 7, 9), (10, 10)),
        ((9, 30, 11), (10, 8, 9), (10, 12)),
        # Stopped on the first of the three (the 8th), two are left.
        ((10, 8, 11), (10, 16, 9), (10, 20)),
        ((10, 8, 11), (10, 17, 9), (10, 20)),
        # Stopped on the last day: the rest of a working day is left.
        ((10, 10, 11), (10, 14, 9), (10, 14)),
        ((10, 10, 11), (10, 18, 9), (10, 19)),
    ],
)
def test_a_clock_of_working_days_resumes_with_those_left(stop, resume, due):
    """As many working days come after the day of running on as were left after that of the stop,
    by the published calendar: a stop over a holiday wins and loses nobody a day."""
    running = clock(Step.APPEAL_ARBITER)
    assert running.due_at == datetime(2026, 10, 10, 23, 59, 59, tzinfo=BEIJING)
    at = day_of(*stop)
    stopped = stop_clock(running, at=at, reason=StopReason.LEGAL_HOLD, on=ON)
    again = resume_clock(stopped, at=day_of(*resume))
    assert again.due_at == day_of(due[0], due[1], 23) + timedelta(minutes=59, seconds=59)
    assert again.runs


@given(stop=st.integers(0, 13), stood=st.integers(0, 60))
def test_working_days_are_left_as_they_were(stop, stood):
    """Whatever the days, the working days after running on are those that were left."""
    works = work_calendar().works
    running = clock(Step.APPEAL_ARBITER, datetime(2026, 9, 21, 10, tzinfo=BEIJING))
    at = min(running.started_at + timedelta(days=stop), running.due_at - timedelta(hours=1))
    stopped = stop_clock(running, at=at, reason=StopReason.LEGAL_HOLD, on=ON)
    on = at + timedelta(days=stood)
    again = resume_clock(stopped, at=on)

    def days(first, last):
        """The working days after ``first`` up to ``last``."""
        count = (last.astimezone(BEIJING).date() - first.astimezone(BEIJING).date()).days
        day = first.astimezone(BEIJING).date()
        return sum(works(day + timedelta(days=n)) for n in range(1, count + 1))

    assert works(again.due_at.astimezone(BEIJING).date()) and again.due_at >= on
    left = days(at, running.due_at)
    assert days(on, again.due_at) == left or (left == 0 and days(on, again.due_at) == 1)


def test_stopping_needs_an_allowed_reason():
    """A reason that the rule does not name, a second stop, a stop when due, are refused."""
    running = clock(Step.MERCHANT_ANSWER)
    with pytest.raises(BadClock):
        stop_clock(running, at=AT, reason=StopReason.GATEWAY_ASKED, on=ON)
    with pytest.raises(BadClock):
        stop_clock(running, at=running.due_at, reason=StopReason.OUTAGE, on=ON)
    stopped = stop_clock(running, at=AT, reason=StopReason.OUTAGE, on=ON)
    with pytest.raises(BadClock):
        stop_clock(stopped, at=AT, reason=StopReason.OUTAGE, on=ON)
    with pytest.raises(BadClock):
        resume_clock(running, at=AT)
    with pytest.raises(BadClock):
        resume_clock(stopped, at=AT - timedelta(seconds=1))


def test_stops_are_reasons():
    """Each reason that a rule allows is one that the code knows."""
    for step in OPEN:
        assert set(dispute_clock(STEPS[step].clock, ON).stops) <= set(StopReason)


def test_due_to_the_second():
    """A clock is due at its very moment, and late from then on."""
    running = clock(Step.MERCHANT_ANSWER)
    assert not is_due(running, running.due_at - timedelta(microseconds=1))
    assert is_due(running, running.due_at)
    assert late_by(running, running.due_at + timedelta(hours=2)) == timedelta(hours=2)


def test_words_and_handing_over_win_no_time():
    """Saying something or handing the case on leaves the clock as it is."""
    for step in OPEN:
        if (step, Deed.SAY) in TRANSITIONS:
            assert step.same_clock(Deed.SAY)
    assert Step.ARBITER.same_clock(Deed.HAND_OVER)
    assert not Step.BUYER_OFFER.same_clock(Deed.OFFER)
    assert not Step.EXECUTION_LATE.same_clock(Deed.SILENCE)


def test_an_offer_is_answered_by_the_other_side():
    """Who made an offer cannot accept it; only the mover of the step can."""
    assert Deed.ACCEPT_OFFER in allowed_deeds(step=Step.BUYER_OFFER, by=Mover.BUYER)
    assert Deed.ACCEPT_OFFER not in allowed_deeds(step=Step.BUYER_OFFER, by=Mover.MERCHANT)
    assert Deed.ACCEPT_OFFER in allowed_deeds(step=Step.MERCHANT_OFFER, by=Mover.MERCHANT)
    assert Deed.ACCEPT_OFFER not in allowed_deeds(step=Step.MERCHANT_OFFER, by=Mover.BUYER)


def test_only_the_platform_decides():
    """No party can decide, hand over or judge; the buyer can always withdraw while it is open."""
    for step in OPEN:
        for by in (Mover.BUYER, Mover.MERCHANT):
            deeds = set(allowed_deeds(step=step, by=by))
            assert not deeds & {Deed.DECIDE_UPHELD, Deed.DECIDE_REFUSED, Deed.HAND_OVER}
            assert not any(deed.startswith("judged") for deed in deeds)
        executing = step in (Step.EXECUTING, Step.EXECUTION_LATE)
        assert ((step, Deed.WITHDRAW) in TRANSITIONS) == (not executing)
    assert set(BY) <= set(Deed)


def test_the_time_to_appeal():
    """A closed case can be appealed for ten working days."""
    closed = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    assert appeal_until(closed_at=closed, on=ON) == datetime(
        2026, 12, 4, 23, 59, 59, tzinfo=BEIJING
    )


@given(deeds=st.lists(st.sampled_from(list(Deed)), max_size=60))
def test_no_history_loses_its_clock(deeds):
    """Whatever is tried in whatever order: exactly one clock, or an end."""
    step, running, at = Step.NEW, None, AT
    for deed in deeds:
        after = next_step(step=step, deed=deed)
        if after is None:
            continue
        at += timedelta(minutes=7)
        if after is Step.CLOSED:
            running = None
        elif not step.same_clock(deed):
            running = clock(after, at)
        step = after
        assert (running is None) == (step is Step.CLOSED)
        assert running is None or running.who is STEPS[step].mover
