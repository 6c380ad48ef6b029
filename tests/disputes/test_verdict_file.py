"""A verdict recomputes to itself, has one text, and says so where it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.disputes.facts_kit import AT, ON, TABLES, facts, some_facts

from gongdao.disputes.decide_excuse import NamedExcuse
from gongdao.disputes.decide_liability import Mode, Remedy, decide
from gongdao.disputes.facts import Facts
from gongdao.disputes.states import ReasonCode
from gongdao.disputes.verdict_file import (
    BadVerdict,
    Basis,
    Decision,
    VerdictFile,
    differs,
    make_verdict,
    published,
    recompute,
)
from gongdao.disputes.verdict_json import (
    digest_verdict,
    plain_finding,
    read_finding,
    read_verdict,
    write_verdict,
)
from gongdao.rules.digest import digest_entry
from gongdao.rules.dispute_kinds import Share
from gongdao.rules.dispute_queries import excuse, liability
from gongdao_verify.canonical import canonical

BY_PERSON = Decision(
    Remedy.REFUND_PART, 4900, (Share("merchant", 100),), "看过录屏。", ("arbiter:1",)
)


def verdict(reason: str = "invalid", known: Facts | None = None, **more: Any) -> VerdictFile:
    """A verdict on a secret that the issuer calls invalid, unless said otherwise."""
    given: dict[str, Any] = {
        "case": "case:1",
        "order": "order:1",
        "reason": ReasonCode(reason),
        "basis": Basis.RULES,
        "decided_at": AT,
        "currency": "CNY",
        "rules_on": ON,
        "facts": known or facts(secret_in_two_orders=False, issuer_status="invalid"),
        "table": liability(reason, ON),
    }
    return make_verdict(**{**given, **more})


@given(data=st.data())
def test_every_verdict_recomputes(data):
    """Whatever the facts: what can be put down is read back equal, and recomputes to itself."""
    table = data.draw(st.sampled_from([t for t in TABLES if t.reason != "silence"]))
    known = data.draw(some_facts(table))
    automatic = decide(facts=known, table=table).mode is Mode.AUTOMATIC
    late = (judged := known.get("judged_at")) is not None and judged > AT
    file = verdict(
        table.reason,
        known,
        basis=Basis.RULES if automatic else Basis.PERSON,
        decision=None if automatic else BY_PERSON,
        decided_at=judged if late else AT,
    )
    text = write_verdict(file)
    again = read_verdict(text)
    assert again == file
    assert write_verdict(again) == text
    assert recompute(again) == file.finding
    assert differs(again) == ()


@given(data=st.data())
def test_a_finding_reads_back_equal(data):
    """A finding alone, trace included, is the same after JSON."""
    table = data.draw(st.sampled_from(TABLES))
    found = decide(facts=data.draw(some_facts(table)), table=table)
    assert read_finding(json.loads(canonical(plain_finding(found)))) == found


def altered(change: Any) -> bytes:
    """The bytes of a verdict after ``change`` on its plain values, canonical again."""
    plain = json.loads(write_verdict(verdict()))
    change(plain)
    return canonical(plain)


CHANGES = {
    "another amount": lambda p: p["result"].update(amount_minor=1),
    "another row": lambda p: p["finding"].update(row="unused"),
    "a finding that grants less": lambda p: p["finding"].update(amount_minor=1),
    "an issuer who said valid": lambda p: [
        f.update(value="valid") for f in p["facts"] if f["name"] == "issuer_status"
    ],
    "a buyer as the source of the payment": lambda p: [
        f.update(value=9900) for f in p["facts"] if f["name"] == "paid_minor"
    ],
    "a silence that was none": lambda p: p.update(basis="silence"),
    "another day of the rules": lambda p: p.update(rules_on="2025-01-01"),
    "a verdict before its facts": lambda p: p.update(decided_at="2026-11-20T03:59:59+00:00"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_an_altered_verdict_differs(name):
    """A verdict changed in what matters reads, and does not recompute."""
    file = read_verdict(altered(CHANGES[name]))
    assert differs(file)


def test_a_rule_of_ones_own_differs():
    """A file whose rule was rewritten, digest and result and all, is not the published rule."""

    def rewrite(plain: dict[str, Any]) -> None:
        rule = plain["rules"][0]
        row = next(row for row in rule["table"]["rows"] if row["code"] == "invalid")
        row.update(fault=[{"party": "platform", "percent": 100}])
        rule["digest"] = digest_entry(rule["kind"], rule["table"])
        for one in (plain["finding"], plain["result"]):
            one["parts"][0]["party"] = "platform"

    file = verdict()
    plain = json.loads(write_verdict(file))
    rewrite(plain)
    assert differs(read_verdict(canonical(plain))) == ("rule:liability/invalid@1",)
    own = replace(file.table, rows=tuple(r for r in file.table.rows if r.code != "unused"))
    with pytest.raises(BadVerdict, match="rule:liability/invalid@1"):
        verdict(table=own)
    assert published(file) == (("liability/invalid@1", True),)


def test_a_rule_unknown_here_still_recomputes():
    """A version that is not among the rules of this installation judges from the file alone."""
    later = replace(liability("invalid", ON), version=99)
    file = verdict(table=later)
    again = read_verdict(write_verdict(file))
    assert differs(again) == ()
    assert published(again) == (("liability/invalid@99", None),)


MALFORMED = {
    "another format": lambda p: p.update(format="gongdao-verdict/3"),
    "an older format with keys of a newer": lambda p: p.update(format="gongdao-verdict/1"),
    "places that are none": lambda p: p["result"].update(places=[2, 1]),
    "a key more": lambda p: p.update(more=1),
    "a key less": lambda p: p.pop("replaces"),
    "no rule": lambda p: p.update(rules=[]),
    "an unknown reason": lambda p: p.update(reason="bad_luck"),
    "a fact that does not exist": lambda p: p["facts"][0].update(name="gossip"),
    "a truth for a number": lambda p: p["result"].update(amount_minor=True),
    "a negative amount": lambda p: p["result"].update(amount_minor=-1),
    "a rule with another digest": lambda p: p["rules"][0].update(digest="0" * 64),
    "a rule of an unknown kind": lambda p: p["rules"][0].update(kind="Law"),
    "a time in another zone": lambda p: p.update(decided_at="2026-11-20T12:00:00+08:00"),
    "an excuse without its rule": lambda p: p.update(
        excuses=[{"rule": "excuse/upstream@1", "named_at": "2026-11-20T04:00:00+00:00"}]
    ),
    "an endless text": lambda p: p.update(case="x" * 4001),
    "a list for a text": lambda p: p.update(case=[]),
    "nothing for an object": lambda p: p.update(result=None),
}


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_a_malformed_verdict_is_refused(name):
    """What could not have been written is refused, with one kind of error."""
    with pytest.raises(BadVerdict):
        read_verdict(altered(MALFORMED[name]))


def test_there_is_one_text():
    """Blanks, another order, a fraction or bytes beyond the end are not the same verdict."""
    text = write_verdict(verdict())
    plain = json.loads(text)
    for other in (
        json.dumps(plain).encode(),
        text + b"\n",
        b" " + text,
        text[:-1],
        text.replace(b"9800", b"9800.0"),
        b"",
        b"{}",
        b"[" * 500,
        b"x" * ((1 << 20) + 1),
    ):
        with pytest.raises(BadVerdict):
            read_verdict(other)
    assert digest_verdict(text) == digest_verdict(write_verdict(read_verdict(text)))


@given(cut=st.integers(0, 2**16), byte=st.integers(0, 255))
def test_a_flipped_byte_never_passes(cut, byte):
    """Any one byte changed: refused, or found to differ in content; never an accident."""
    text = write_verdict(verdict())
    at = cut % len(text)
    broken = text[:at] + bytes([byte]) + text[at + 1 :]
    try:
        file = read_verdict(broken)
    except BadVerdict:
        return
    assert broken == text or write_verdict(file) == broken


def test_the_basis_must_carry():
    """No automatic verdict on what a person has to weigh, and none of a person without reasons,
    name or whole shares."""
    weak = facts(secret_in_two_orders=False, issuer_status="unknown", defect_shown=True)
    with pytest.raises(BadVerdict, match="not_automatic"):
        verdict(known=weak)
    bad = (
        replace(BY_PERSON, reasons=" "),
        replace(BY_PERSON, by=()),
        replace(BY_PERSON, shares=(Share("merchant", 90),)),
        replace(BY_PERSON, shares=()),
    )
    for decision in (None, *bad):
        with pytest.raises(BadVerdict, match="decision_without_reasons"):
            verdict(known=weak, basis=Basis.PERSON, decision=decision)
    with pytest.raises(BadVerdict, match="table_of_other_reason"):
        verdict(table=liability("late", ON))
    with pytest.raises(BadVerdict, match="rule_not_in_force"):
        verdict(rules_on=ON.replace(year=2025))
    with pytest.raises(BadVerdict, match="facts_after_verdict"):
        verdict(decided_at=AT - timedelta(seconds=1))
    with pytest.raises(BadVerdict, match="bad_replaces"):
        verdict(replaces="the one before")


def test_a_person_is_kept_within_the_payment():
    """What a person grants never exceeds what is left, and stands beside what the rules say."""
    known = facts(
        secret_in_two_orders=False, issuer_status="unknown", defect_shown=False, returned_minor=6000
    )
    much = replace(BY_PERSON, remedy=Remedy.REFUND_FULL, amount_minor=9800)
    file = verdict(known=known, basis=Basis.PERSON, decision=much)
    assert file.result.amount_minor == 3800
    assert file.finding.row == "not_shown" and not file.finding.grants
    assert differs(read_verdict(write_verdict(file))) == ()


def test_silence_is_its_own_table():
    """A verdict by silence rests on the table of silence, with what was asked for."""
    known = facts(silent="merchant", notice_confirmed=True, asked_minor=2500, wanted="refund")
    file = verdict("not_as_described", known, basis=Basis.SILENCE, table=liability("silence", ON))
    assert (file.result.remedy, file.result.amount_minor) == (Remedy.REFUND_PART, 2500)
    with pytest.raises(BadVerdict, match="not_automatic"):
        verdict(
            "not_as_described",
            facts(silent="merchant", notice_confirmed=False, asked_minor=2500),
            basis=Basis.SILENCE,
            table=liability("silence", ON),
        )


def test_excuses_travel_with_their_rules():
    """An excuse that was named is in the file with its rule, and what became of it recomputes."""
    named = NamedExcuse(excuse("upstream", ON), AT - timedelta(hours=2))
    known = facts(secret_in_two_orders=False, issuer_status="invalid", supplier_state="rejected")
    file = verdict(known=known, excuses=(named, named))
    assert [part.party for part in file.result.parts] == ["supplier"]
    again = read_verdict(write_verdict(file))
    assert again == file
    assert differs(again) == ()
    assert len(published(again)) == 2
