"""The clocks that run, each with its start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.evidence.dossier_kit import ORDER, SILENT, Story, at, contact, page

from gongdao.channels.clocks import Clock, find_clocks, platform_silent_since, regulator_accepted_at
from gongdao.core.codes import Payment
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.statement import Contact


def dossier(*contacts: Contact, **more: Any) -> Dossier:
    """A dossier with these contacts."""
    return Story(contacts=contacts, **more).dossier()


def names(found: tuple[Clock, ...]) -> set[tuple[str, str]]:
    """Channel and deadline of each clock."""
    return {(c.channel, c.deadline.rpartition("/")[2]) for c in found}


def test_silence_starts_with_the_first_unanswered_contact():
    """Asking again does not start the clock anew."""
    asked = [contact(f"11-0{day} 10:00:00", "platform", "no_answer") for day in (3, 5, 7)]
    assert platform_silent_since(dossier(*asked)) == at("11-03 10:00:00")


def test_an_answer_stops_the_silence():
    """After a real answer it starts again with the next question."""
    asked = (
        contact("11-03 10:00:00", "platform", "no_answer"),
        contact("11-04 10:00:00", "platform", "rejected"),
    )
    assert platform_silent_since(dossier(*asked)) is None
    again = (*asked, contact("11-06 10:00:00", "platform", "promised"))
    assert platform_silent_since(dossier(*again)) == at("11-06 10:00:00")


def test_a_ticket_with_an_answer_is_no_silence():
    """The result on the page is the answer."""
    open_ = page("after/t.png", "complaint_receipt", ticket_no="T1", at="2026-11-03 10:00:00")
    done = page(
        "after/t.png",
        "complaint_receipt",
        ticket_no="T1",
        at="2026-11-03 10:00:00",
        result="不予支持",
    )
    assert platform_silent_since(dossier(pages=(open_,))) == at("11-03 10:00:00")
    assert platform_silent_since(dossier(pages=(done,))) is None


def test_clocks_of_a_platform_and_a_regulator():
    """Each body has its own."""
    found = names(find_clocks(dossier(*SILENT, contact("11-10 09:00:00", "regulator", "accepted"))))
    assert ("management", "platform_answer") in found
    assert ("regulator_complaint", "regulator_mediation") in found
    assert ("court", "limitation") in found


def test_the_wechat_clock_runs_for_wechat_only():
    """Its times are its own."""
    pressed = contact("11-10 09:00:00", "payment", "no_answer")
    wechat = replace(ORDER, payment=Payment.WECHAT)
    assert any(c.channel == "payment" for c in find_clocks(dossier(pressed, order=wechat)))
    assert not any(c.channel == "payment" for c in find_clocks(dossier(pressed)))


def test_house_policy_is_called_so():
    """Forty-eight hours are ours, limitation is law."""
    policy = {c.deadline.rpartition("/")[2]: c.policy for c in find_clocks(dossier(*SILENT))}
    assert policy["platform_answer"] is True
    assert policy["limitation"] is False


def test_acceptance_on_paper():
    """12315's page says when; an association's page is another body's."""
    ours = page("after/a.png", "complaint_receipt", accepted_at="2026-11-10 10:26:00")
    theirs = page("after/a.png", "complaint_receipt", accepted_at="2026-11-10 10:26:00",
                  lines=("示例市消费者协会",))  # fmt: skip
    assert regulator_accepted_at(dossier(pages=(ours,))) == at("11-10 10:26:00")
    assert regulator_accepted_at(dossier(pages=(theirs,))) is None
