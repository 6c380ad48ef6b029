"""Following a case: deadlines kept, moved visibly; reminders planned once, whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.casework.online.follow_kit import (
    BEGUN,
    COMPLAINT,
    FILED,
    STATED,
    add_confirmed,
    begin,
    corrected_rules,
)
from tests.evidence.dossier_kit import at

from gongdao.casework.follow.deadlines import Change
from gongdao.casework.follow.results import Result, SaidResult
from gongdao.casework.online.addresses import remove_address
from gongdao.casework.online.deadlines import behind, deadline_rows, show_deadlines
from gongdao.casework.online.erase_case import erase_case
from gongdao.casework.online.filings import change_filing, filings_of, remove_filing
from gongdao.casework.online.follow_case import Followed, follow_case, open_cases_after
from gongdao.casework.online.models import Deadline, Reminder
from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.outcomes import reopen_case, say_result
from gongdao.core.codes import Outcome
from gongdao.front.stores import get_stores
from gongdao.rules.load import Rules

pytestmark = pytest.mark.django_db
AS_OF = at("11-12 10:00:00")


def follow(case: OpenCase, as_of=AS_OF, rules: Rules | None = None) -> Followed:
    """Follow the case; it is there."""
    followed = follow_case(stores=get_stores(), case_id=case.row.id, at=as_of, rules=rules)
    assert followed is not None
    return followed


def states(case: OpenCase) -> dict[str, str]:
    """Reminders of the case: state by key, without the address."""
    rows = Reminder.objects.filter(case_id=case.row.id)
    return {row.key.partition("/")[2]: row.state for row in rows}


@pytest.fixture
def corrected(tmp_path: Path) -> Rules:
    """Rule data with two more days off."""
    return corrected_rules(tmp_path / "data")


def test_deadlines_are_kept_once():
    """Following twice changes nothing the second time."""
    case = begin(COMPLAINT)
    first = follow(case)
    assert {c.change for c in first.changes} == {Change.NEW}
    rows = {row.key: row.due for row in deadline_rows(case.row.id)}
    assert rows == {view.key: view.due for view in first.deadlines}
    assert any(row.channel == "regulator_complaint" for row in deadline_rows(case.row.id))
    assert follow(case).changes == ()
    assert Deadline.objects.filter(case_id=case.row.id).count() == len(rows)


def test_a_corrected_calendar_moves_the_row_and_its_reminder(corrected: Rules):
    """What it was before stays beside it, when it was noticed too; the reminder moves, not
    doubles."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    follow(case)
    passed = f"passed/regulator_complaint/regulator_acceptance/{FILED:%Y%m}10T010000Z"
    before = Reminder.objects.get(case_id=case.row.id, key__endswith=passed)
    assert before.due == at("11-20 09:00:00")
    count = Reminder.objects.filter(case_id=case.row.id).count()
    followed = follow(case, AS_OF + timedelta(days=1), corrected)
    assert [c.change for c in followed.changes] == [Change.MOVED]
    row = Deadline.objects.get(case_id=case.row.id, key__contains="acceptance")
    assert (row.due_before, row.due) == (at("11-19 23:59:59"), at("11-23 23:59:59"))
    assert row.moved_at == AS_OF + timedelta(days=1)
    after = Reminder.objects.get(id=before.id)
    assert after.due == after.next_try == at("11-24 09:00:00")
    assert Reminder.objects.filter(case_id=case.row.id).count() == count
    follow(case, AS_OF + timedelta(days=2), corrected)
    assert Deadline.objects.get(id=row.id).due_before == at("11-19 23:59:59")


def test_a_page_shows_the_correction_before_the_job_ran(corrected: Rules):
    """Rows of older data against today's count: old and new date, and why."""
    case = begin(COMPLAINT)
    follow(case, rules=corrected)
    from gongdao.casework.follow.deadlines import find_deadlines
    from gongdao.casework.online.assemble_case import assemble_case

    assembled = assemble_case(case=case, as_of=AS_OF)
    fresh = find_deadlines(assembled.judgement.routes.clocks, as_of=AS_OF)
    shown = show_deadlines(rows=deadline_rows(case.row.id), fresh=fresh, at=AS_OF)
    [moved] = [one for one in shown if one.before]
    assert (moved.before, moved.view.due) == (at("11-23 23:59:59"), at("11-19 23:59:59"))
    assert moved.why is not None and "更正" in moved.why.zh()


def test_cases_behind_the_rules_are_found(corrected: Rules):
    """A case counted with other rule data comes up until it was followed again."""
    case = begin(COMPLAINT)
    follow(case, rules=corrected)
    from gongdao.rules.check import digest_rules

    assert behind(rules=digest_rules(), most=10) == [case.row.id]
    follow(case)
    assert behind(rules=digest_rules(), most=10) == []


def test_an_answer_ends_a_deadline():
    """The row stays, over; recording the opposite brings it back as the same row."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    follow(case)
    [one] = filings_of(case)
    refused = one.filing.__class__(
        COMPLAINT.channel, FILED, outcome=Outcome.REJECTED, outcome_at=FILED + timedelta(days=1)
    )
    change_filing(case=case, filing_id=one.id, filing=refused)
    follow(case)
    row = Deadline.objects.get(case_id=case.row.id, key__contains="acceptance")
    assert row.state == "over"
    passed = next(key for key in states(case) if "acceptance" in key)
    assert states(case)[passed] == "cancelled"
    change_filing(case=case, filing_id=one.id, filing=COMPLAINT)
    follow(case)
    again = Deadline.objects.get(id=row.id)
    assert again.state == "running" and states(case)[passed] == "pending"


def test_reminders_need_a_confirmed_address():
    """None without one; each address has its own; removing it cancels what was for it."""
    case = begin(COMPLAINT)
    follow(case)
    assert states(case) == {}
    first = add_confirmed(case, as_of=BEGUN)
    follow(case)
    count = Reminder.objects.filter(case_id=case.row.id, state="pending").count()
    assert count >= 2
    add_confirmed(case, "bark", {"key": "aBcDeFgHiJkLmN", "server": "api.day.app"}, as_of=BEGUN)
    follow(case)
    pending = Reminder.objects.filter(case_id=case.row.id, state="pending")
    assert pending.count() == 2 * count
    remove_address(case=case, address_id=first.id)
    follow(case)
    assert pending.count() == count
    assert not pending.filter(key__startswith=first.id.hex).exists()


def test_a_new_address_gets_nothing_of_the_past():
    """What was to be sent before it was confirmed is not sent to it."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=at("11-20 09:30:00"))
    follow(case, at("11-20 09:31:00"))
    assert not any("acceptance" in key for key in states(case))


def test_closing_cancels_and_reopening_plans_again():
    """Nothing is pending for a closed case; the same rows come back afterwards."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    follow(case)
    before = states(case)
    said = SaidResult(Result.REFUNDED, AS_OF, closes=True)
    say_result(case=case, said=said, after=None, at=AS_OF)
    follow(case)
    assert set(states(case).values()) == {"cancelled"}
    assert reopen_case(case=case, at=AS_OF) and not reopen_case(case=case, at=AS_OF)
    follow(case)
    pending = {key for key, state in states(case).items() if state == "pending"}
    assert {k for k in before if not k.startswith("outcome")} <= pending


def test_still_waiting_asks_again_four_weeks_on():
    """The question has a key of its own, so that it is asked once for each answer."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    follow(case)
    [asked] = [k for k in states(case) if k.startswith("outcome")]
    later = at("12-09 20:00:00")
    say_result(case=case, said=SaidResult(Result.WAITING, later, False), after=None, at=later)
    followed = follow(case, later)
    [again] = [one for one in followed.planned if one.key.startswith("outcome")]
    assert again.at == at("2027-01-07 09:00:00") and again.key != asked
    assert states(case)[again.key] == "pending"


def test_a_filing_taken_back_takes_its_deadline_along():
    """Its row is over and nothing of it is pending."""
    case = begin(COMPLAINT)
    add_confirmed(case, as_of=BEGUN)
    follow(case)
    remove_filing(case=case, filing_id=filings_of(case)[0].id)
    follow(case)
    assert Deadline.objects.get(case_id=case.row.id, key__contains="acceptance").state == "over"
    assert not [k for k, s in states(case).items() if "acceptance" in k and s == "pending"]


def test_an_erased_case_is_left_alone():
    """Following what has gone does nothing."""
    case = begin(COMPLAINT)
    follow(case)
    erase_case(stores=get_stores(), case_id=case.row.id, at=AS_OF, ask=lambda *_: None)
    assert follow_case(stores=get_stores(), case_id=case.row.id, at=AS_OF) is None
    assert not Deadline.objects.filter(case_id=case.row.id).exists()


def test_before_buying_nothing_is_planned():
    """A checklist has no reminders."""
    from gongdao.casework.online.begin_case import begin_case

    case = begin_case(stores=get_stores(), at=BEGUN, before_buying=True, statement=STATED)
    add_confirmed(case, as_of=BEGUN)
    assert follow(case).planned == () and states(case) == {}


def test_open_cases_go_by_in_batches():
    """Every open case comes up once, closed ones do not."""
    cases = [begin(as_of=BEGUN + timedelta(minutes=n)) for n in range(5)]
    said = SaidResult(Result.GAVE_UP, AS_OF, closes=True)
    say_result(case=cases[2], said=said, after=None, at=AS_OF)
    first = open_cases_after(None, most=2)
    rest = open_cases_after(first[-1], most=10)
    assert [*first, *rest] == [c.row.id for n, c in enumerate(cases) if n != 2]


def _due_together(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    """Deadlines of these keys, all of the buyer's, end on one day."""
    from gongdao.casework.follow.deadlines import find_deadlines
    from gongdao.casework.online import follow_case as module

    def some(clocks, *, as_of, rules=None):
        mine = next(v for v in find_deadlines(clocks, as_of=as_of, rules=rules) if v.buyer_acts)
        return tuple(
            replace(mine, key=key, due=at("11-30 23:59:59"), overdue=False) for key in keys
        )

    monkeypatch.setattr(module, "find_deadlines", some)


@pytest.mark.parametrize("gone_out", [True, False])
def test_one_message_for_two_deadlines_stays_one(monkeypatch: pytest.MonkeyPatch, gone_out: bool):
    """When the first of two that end on one day is met, the other does not go out a second time if
    the message about both did; the control: where it had not, the other gets its own."""
    case = begin()
    add_confirmed(case, as_of=BEGUN)
    morning = at("11-23 09:00:00")
    _due_together(monkeypatch, "k1", "k2")
    follow(case, at("11-22 12:00:00"))
    assert [key for key in states(case) if key.startswith("before-7/")] == ["before-7/k1"]
    if gone_out:
        Reminder.objects.filter(key__contains="before-7").update(state="sent", sent_at=morning)
    _due_together(monkeypatch, "k2")
    follow(case, morning + timedelta(hours=1))
    after = {key: one for key, one in states(case).items() if key.startswith("before-7/")}
    wanted = {"before-7/k1": "cancelled", "before-7/k2": "pending"}
    assert after == ({"before-7/k1": "sent"} if gone_out else wanted)
