"""The tables of liability: no gap, no overlap, sums that hold, and nothing automatic on hearsay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.disputes.facts_kit import AT, ON, TABLES, facts, known_facts, some_facts, told_by

from gongdao.disputes.check_tables import check_tables, facts_needed, find_holes
from gongdao.disputes.decide_liability import (
    Finding,
    Mode,
    Party,
    Remedy,
    RowState,
    decide,
    left_of_payment,
    settle_remedy,
    share_out,
)
from gongdao.disputes.facts import AUTOMATIC, Fact, FactName, Source
from gongdao.disputes.states import ReasonCode
from gongdao.rules.check import check_rules
from gongdao.rules.dispute_faults import dispute_faults
from gongdao.rules.dispute_kinds import AmountRule, Condition, Share
from gongdao.rules.dispute_queries import embed_entry, liability, read_embedded
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.queries import policy

N = FactName
ANY_TABLE = st.sampled_from(TABLES)


def the(reason: ReasonCode | str):
    """The table in force."""
    return liability(str(reason), ON)


def test_every_reason_has_its_table_without_holes():
    """Each reason and silence has a table; over every combination of the values that it can tell
    apart exactly one row holds."""
    assert check_tables() == ()
    assert {table.reason for table in TABLES} == {*ReasonCode, "silence"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_a_missing_row_is_a_hole(table):
    """With any row taken out, a gap is seen; with any row twice, an overlap."""
    for row in table.rows:
        fewer = replace(table, rows=tuple(one for one in table.rows if one is not row))
        assert find_holes(fewer)
        assert find_holes(replace(table, rows=(*table.rows, replace(row, code="again"))))


def test_bad_tables_are_seen():
    """Unknown facts and values, comparisons of unlike things and a missing table are reported."""
    table = the("late")
    row = table.rows[0]
    bad = [
        Condition("gossip", one_of=("yes",)),
        Condition("delivered", one_of=("maybe",)),
        Condition("delivered", at_least=1),
        Condition("delivered_at", over="quantity"),
    ]
    known = load_rules()
    for one in bad:
        wrong = replace(table, rows=(replace(row, when=(one,)),))
        rules = Rules({**known.by_id, table.id: (wrong,)}, known.digests)
        assert any(line.startswith("liability/late@1") for line in check_tables(rules)), one
    fewer = {id: versions for id, versions in known.by_id.items() if id != table.id}
    assert any("liability/late:" in line for line in check_tables(Rules(fewer, known.digests)))


def test_a_row_that_does_not_add_up_is_seen():
    """Shares that make no whole, a remedy without fault or amount, and a wait without its time
    are faults of the data."""
    table = the("delivered_twice")
    row = table.rows[0]
    for wrong in (
        replace(row, fault=(Share("merchant", 70), Share("platform", 20))),
        replace(row, fault=(Share("merchant", 50), Share("merchant", 50))),
        replace(row, fault=(Share("neighbour", 100),)),
        replace(row, fault=()),
        replace(row, amount=AmountRule("nothing")),
        replace(row, amount=AmountRule("paid", 101)),
        replace(row, mode="wait"),
        replace(row, remedy="apology"),
        replace(row, when=(Condition("delivered"),)),
        replace(row, when=(Condition("delivered", one_of=("yes",), plus=3),)),
    ):
        assert list(dispute_faults(replace(table, rows=(wrong,)))), wrong
    assert not list(dispute_faults(table))
    assert check_rules().findings == ()


@given(data=st.data())
def test_what_is_known_is_decided_by_one_row(data):
    """With all facts known exactly one row fires, and the trace says so."""
    table = data.draw(ANY_TABLE)
    found = decide(facts=data.draw(known_facts(table)), table=table)
    assert found.row
    assert not found.missing
    assert [row.code for row in found.trace if row.state is RowState.FIRED] == [found.row]


@given(data=st.data())
def test_money_holds(data):
    """Never more than is left of the payment, parts sum to the amount, shares make a whole, and no
    remedy means no money."""
    table = data.draw(ANY_TABLE)
    known = data.draw(some_facts(table))
    found = decide(facts=known, table=table)
    assert 0 <= found.amount_minor <= left_of_payment(known)
    assert sum(part.minor for part in found.parts) == found.amount_minor
    assert sum(part.percent for part in found.parts) in (0, 100)
    assert found.grants or found.amount_minor == found.units == 0
    assert all(part.minor >= 0 for part in found.parts)


@given(data=st.data())
def test_automatic_means_trusted(data):
    """An automatic finding rests on nothing that a party or an arbiter told: told by such a
    source, any one of its facts makes it a person's."""
    table = data.draw(ANY_TABLE)
    known = data.draw(some_facts(table))
    found = decide(facts=known, table=table)
    if found.mode is not Mode.AUTOMATIC:
        return
    row = next(one for one in table.rows if one.code == found.row)
    used = {N(one.fact) for one in row.when} & set(known.by_name)
    assert all(known.by_name[name].source in AUTOMATIC for name in used)


@given(data=st.data())
def test_more_knowledge_never_turns_a_decision(data):
    """A fact that was not known and becomes known leaves an automatic decision as it is (the
    buyer's own choice of remedy aside)."""
    table = data.draw(ANY_TABLE)
    whole = data.draw(known_facts(table))
    choice = {N.WANTED, N.REPLACEMENT_IN_STOCK}
    names = sorted(set(whole.by_name) - choice)
    kept = data.draw(st.sets(st.sampled_from(names)))
    part = replace(whole, items=tuple(f for f in whole.items if f.name in kept | choice))
    first = decide(facts=part, table=table)
    if first.mode is Mode.AUTOMATIC:
        more = decide(facts=whole, table=table)
        assert replace(first, trace=()) == replace(more, trace=())


@given(data=st.data(), more=st.integers(0, 100_000))
def test_who_paid_more_gets_no_less(data, more):
    """The amount never falls when the price rises and all else stays."""
    table = data.draw(ANY_TABLE)
    known = data.draw(known_facts(table))
    paid = known.whole(N.PAID_MINOR)
    dearer = known.with_facts([Fact(N.PAID_MINOR, paid + more, Source.GATEWAY, AT)])
    assert decide(facts=known, table=table).amount_minor <= (
        decide(facts=dearer, table=table).amount_minor
    )


@given(
    percents=st.lists(st.integers(1, 97), min_size=1, max_size=4),
    amount=st.integers(0, 10_000_000),
)
def test_sharing_out_loses_nothing(percents, amount):
    """Whatever the shares, what the parties bear sums to the amount, and each is within one unit
    of its exact part."""
    parties = [p for p in Party if p is not Party.BUYER][: len(percents)]
    shares = [Share(party, percent) for party, percent in zip(parties, percents, strict=True)]
    parts = share_out(shares, amount)
    whole = sum(percents)
    assert sum(part.minor for part in parts) == amount
    assert all(abs(p.minor * whole - amount * p.percent) < whole for p in parts)


def test_the_buyer_bears_his_own_share():
    """Half the buyer's fault halves the refund; all of it leaves nothing, and is no remedy."""
    half = (Share("merchant", 50), Share("buyer", 50))
    known = facts(paid_minor=9901)
    remedy, amount, parts = settle_remedy(
        remedy=Remedy.REFUND_FULL, amount_minor=9901, shares=half, facts=known
    )
    assert (remedy, amount) == (Remedy.REFUND_PART, 4951)
    assert [(p.party, p.minor) for p in parts] == [("merchant", 4951), ("buyer", 0)]
    none = settle_remedy(
        remedy=Remedy.REFUND_FULL,
        amount_minor=9901,
        shares=(Share("buyer", 100),),
        facts=known,
    )
    assert none[:2] == (Remedy.NONE, 0)


def test_supplier_and_payment_are_answered_for():
    """The merchant pays for his supplier, the platform for its payment service."""
    parts = share_out([Share("supplier", 50), Share("payment", 50)], 101)
    assert [(p.bearer, p.minor) for p in parts] == [("merchant", 51), ("platform", 50)]


def test_nothing_is_decided_without_what_was_paid():
    """Without the payment, the amount returned or the time of judging, a person is asked for it."""
    known = facts(secret_in_two_orders=True)
    for name in (N.PAID_MINOR, N.RETURNED_MINOR, N.JUDGED_AT, N.QUANTITY):
        fewer = replace(known, items=tuple(f for f in known.items if f.name is not name))
        found = decide(facts=fewer, table=the("delivered_twice"))
        assert (found.mode, name in found.missing) == (Mode.PERSON, True)


def test_what_is_missing_is_named():
    """A finding that cannot be made says which facts it needs, roots of derived ones included."""
    found = decide(facts=facts(secret_in_two_orders=False), table=the("already_used"))
    assert found.missing == (N.ISSUER_STATUS,)
    used = facts(
        secret_in_two_orders=False,
        issuer_status="used",
        revealed=True,
        issuer_tells_time=True,
        revealed_at=AT,
    )
    assert decide(facts=used, table=the("already_used")).missing == (N.ISSUER_USED_AT,)
    needed = facts_needed(the("already_used"))
    assert {N.ISSUER_STATUS, N.TEST_TOLD_AT, N.WANTED, N.PAID_MINOR} <= needed
    assert N.ISSUER_SAYS not in needed


def test_a_rest_names_its_end():
    """Before the promise the case rests until just after it; with the supplier's patience where
    that is the rule."""
    known = facts(
        delivered=False,
        delivered_units=0,
        promise_by=AT + timedelta(hours=1),
        supplier_state="unknown",
    )
    early = decide(facts=known, table=the("not_delivered"))
    assert (early.mode, early.again_at) == (Mode.WAIT, AT + timedelta(hours=1, seconds=1))
    supply = decide(facts=known, table=the("supplier_unknown"))
    assert supply.again_at == AT + timedelta(hours=25, seconds=1)
    again = known.with_facts([Fact(N.JUDGED_AT, early.again_at, Source.PLATFORM, AT)])
    incidents = [
        Fact(name, False, Source.PLATFORM, AT) for name in (N.PLATFORM_INCIDENT, N.GATEWAY_INCIDENT)
    ]
    late = decide(facts=again.with_facts(incidents), table=the("not_delivered"))
    assert (late.mode, late.row) == (Mode.AUTOMATIC, "overdue")


def test_b13_holds_to_its_limits():
    """Revealed and used: thirty minutes to test, three claims in ninety days, three upheld cases
    of the merchant are the published limits, exactly."""

    def found(**changed: object) -> Finding:
        known = {
            "issuer_status": "unknown",
            "secret_in_two_orders": False,
            "secret_opened_by_others": False,
            "test_told": "fails",
            "revealed": True,
            "revealed_at": AT,
            "test_told_at": AT + timedelta(minutes=30),
            "recording_before_reveal": True,
            "buyer_used_claims_90d": 2,
            "merchant_used_upheld_90d": 0,
        }
        return decide(facts=facts(**{**known, **changed}), table=the("already_used"))

    assert found().row == "recorded_and_tested"
    assert (found().mode, found().amount_minor) == (Mode.PERSON, 9800)
    late = found(test_told_at=AT + timedelta(minutes=30, microseconds=1))
    assert (late.row, late.amount_minor) == ("late_test", 0)
    assert found(buyer_used_claims_90d=3).row == "many_such_claims"
    no_video = {"recording_before_reveal": False}
    assert found(**no_video).row == "word_against_word"
    assert found(**no_video, merchant_used_upheld_90d=3).row == "merchant_record"
    assert found(**no_video, merchant_used_upheld_90d=2).row == "word_against_word"
    assert all(row.mode != "automatic" for row in the("already_used").rows[4:])


def test_told_by_an_arbiter_is_a_persons_case():
    """An issuer's answer that an arbiter put down proposes, and does not decide."""
    known = facts(issuer_status="invalid", secret_in_two_orders=False)
    table = the("invalid")
    assert decide(facts=known, table=table).mode is Mode.AUTOMATIC
    told = decide(facts=told_by(known, N.ISSUER_STATUS, Source.PERSON), table=table)
    assert (told.mode, told.amount_minor) == (Mode.PERSON, 9800)
    assert N.ISSUER_SAYS in told.untrusted


def test_two_rows_at_once_go_to_a_person():
    """Were a table to overlap, nothing would be decided by the row that happens to come first."""
    table = the("invalid")
    doubled = replace(table, rows=(*table.rows, replace(table.rows[1], code="again")))
    known = facts(issuer_status="invalid", secret_in_two_orders=False)
    assert decide(facts=known, table=table).mode is Mode.AUTOMATIC
    assert decide(facts=known, table=doubled).mode is Mode.PERSON


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_a_table_travels_with_its_digest(table):
    """Embedded in a verdict and read back, a table is the same; its digest is the published one."""
    plain = embed_entry(table)
    assert read_embedded(plain) == table
    assert plain["digest"] == load_rules().digests[table.id, table.version]


def test_tables_and_policies_say_the_same():
    """Where the market's own policies fix a number that a table uses too, both are the same."""
    late = next(row for row in the("late").rows if row.code == "late")
    assert late.amount.percent == policy("late_compensation", ON).count
    patience = next(row for row in the("supplier_unknown").rows if row.until)
    assert patience.until_plus == policy("top_up_patience", ON).count * 60
    assert policy("second_arbiter", ON).amount.minor == 200_000
