"""Facts are typed, sourced, each known once, and their JSON has one form."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.disputes.facts_kit import AT, TABLES, facts, some_facts, told_by

from gongdao.disputes.derive import derive
from gongdao.disputes.facts import (
    AUTOMATIC,
    FACTS,
    BadFacts,
    Fact,
    FactName,
    Facts,
    FactType,
    Source,
    facts_from_json,
    facts_to_json,
)
from gongdao_verify.canonical import canonical

N = FactName


def test_every_fact_is_declared():
    """Each name has a type, a meaning and somebody who can record it; choices have values."""
    assert set(FACTS) == set(FactName)
    for name, kind in FACTS.items():
        assert kind.meaning and kind.sources, name
        assert (kind.type is FactType.CHOICE) == bool(kind.choices), name


def test_what_people_tell_is_never_automatic():
    """No fact that only the parties or an arbiter can tell carries a verdict by itself."""
    told = [n for n in FACTS if not FACTS[n].automatic]
    assert N.RECORDING_BEFORE_REVEAL in told
    assert N.DEFECT_SHOWN in told
    assert not {Source.BUYER, Source.MERCHANT, Source.PERSON} & AUTOMATIC


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        (N.DELIVERED, "yes", Source.PLATFORM),
        (N.DELIVERED, 1, Source.PLATFORM),
        (N.QUANTITY, True, Source.PLATFORM),
        (N.QUANTITY, -1, Source.PLATFORM),
        (N.PAID_MINOR, 2**53, Source.GATEWAY),
        (N.TEST_TOLD, "perhaps", Source.PLATFORM),
        (N.PROMISE_BY, datetime(2026, 1, 1), Source.PLATFORM),
        (N.DELIVERED, True, Source.MERCHANT),
        (N.ISSUER_STATUS, "used", Source.BUYER),
    ],
)
def test_a_wrong_fact_is_refused(name, value, source):
    """A value of another type, out of range, or from who cannot know it is no fact."""
    with pytest.raises(BadFacts):
        Fact(name, value, source, AT)


def test_a_fact_has_a_zone_and_bounded_evidence():
    """A time without a zone, an empty or endless evidence id are refused."""
    for at, evidence in ((datetime(2026, 1, 1), ()), (AT, ("",)), (AT, ("x" * 201,))):
        with pytest.raises(BadFacts):
            Fact(N.DELIVERED, True, Source.PLATFORM, at, evidence)


def test_a_fact_is_known_once():
    """The same name twice is refused; with_facts puts the new one in its place."""
    first = Fact(N.DELIVERED, True, Source.PLATFORM, AT)
    with pytest.raises(BadFacts):
        Facts((first, Fact(N.DELIVERED, False, Source.PLATFORM, AT)))
    replaced = Facts((first,)).with_facts([Fact(N.DELIVERED, False, Source.PLATFORM, AT)])
    assert replaced.get(N.DELIVERED) is False
    assert len(replaced.items) == 1


@given(data=st.data())
def test_json_reads_back_equal(data):
    """What is written as JSON, through canonical bytes, reads back equal and writes the same."""
    known = data.draw(some_facts(data.draw(st.sampled_from(TABLES))))
    text = canonical(facts_to_json(known))
    again = facts_from_json(json.loads(text))
    assert again == known
    assert canonical(facts_to_json(again)) == text


def test_json_is_strict():
    """Another key, order, spelling of a time, type or unknown name is refused."""
    plain = facts_to_json(facts(delivered=True, promise_by=AT))
    delivered = next(one for one in plain if one["name"] == "delivered")
    promised = next(one for one in plain if one["name"] == "promise_by")
    bad = [
        {**delivered, "more": 1},
        {k: v for k, v in delivered.items() if k != "evidence"},
        {**delivered, "name": "gossip"},
        {**delivered, "source": "rumour"},
        {**delivered, "value": 1},
        {**delivered, "at": "2026-11-20T12:00:00+08:00"},
        {**delivered, "at": "0001-01-01T00:00:00+08:00"},
        {**promised, "value": "2026-11-20T04:00:00Z"},
        {**delivered, "evidence": "record:1"},
    ]
    for one in bad:
        with pytest.raises(BadFacts):
            facts_from_json([one])
    with pytest.raises(BadFacts):
        facts_from_json(list(reversed(plain)))
    with pytest.raises(BadFacts):
        facts_from_json({"facts": plain})


@pytest.mark.parametrize(
    ("status", "revealed", "tells", "minutes", "said"),
    [
        ("valid", True, False, 0, "unused"),
        ("invalid", True, False, 0, "invalid"),
        ("unknown", True, False, 0, "not_told"),
        ("used", False, False, 0, "before"),
        ("used", True, False, 0, "not_told"),
        ("used", True, True, 0, "before"),
        ("used", True, True, -1, "before"),
        ("used", True, True, 1, "after"),
    ],
)
def test_what_the_issuer_says(status, revealed, tells, minutes, said):
    """The issuer's answer beside the reveal: a use in the same second counts as before it."""
    known = derive(
        facts(
            issuer_status=status,
            revealed=revealed,
            revealed_at=AT,
            issuer_tells_time=tells,
            issuer_used_at=AT + timedelta(minutes=minutes),
        )
    )
    assert known.get(N.ISSUER_SAYS) == said
    assert known.by_name[N.ISSUER_SAYS].source is Source.ISSUER


def test_a_derived_fact_is_as_good_as_its_worst_source():
    """What an arbiter put down stays his when something follows from it; nothing said in its own
    name survives."""
    known = facts(issuer_status="used", revealed=False, issuer_says="unused")
    assert derive(known).get(N.ISSUER_SAYS) == "before"
    told = derive(told_by(known, N.ISSUER_STATUS, Source.PERSON))
    assert told.by_name[N.ISSUER_SAYS].source is Source.PERSON
    assert derive(facts(issuer_says="unused")).get(N.ISSUER_SAYS) is None
