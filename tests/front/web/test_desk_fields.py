"""A listing as it is typed: read back as it was written, and every mistake at its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.market.offer_kit import OFFER

from gongdao.core.money import Money
from gongdao.market.compared import Compared, ComparedKind, Single
from gongdao.market.draft_fields import DAYS, FIRST, NAMES, read_fields, write_fields
from gongdao.market.offer import Tier
from gongdao.market.promise import ServiceHours, Span

WEEKDAY = (Span(time(9), time(12)), Span(time(14), time(0)))
FULL = replace(
    OFFER,
    hours=ServiceHours((WEEKDAY,) * 5 + ((), ()), frozenset({date(2027, 2, 6)})),
    compared_price=Money(12000),
    compared_why="官网标价",
    tiers=(Tier(10, Money(9500)), Tier(100, Money(9000))),
    asks=("账号", "区服"),
)


_LINK = Compared(ComparedKind.OFFICIAL, link="https://cards.example.com/100")
_SINCE = Compared(ComparedKind.OWN_EARLIER, since=date(2026, 10, 1))
_PARTS = Compared(
    ComparedKind.COMBINED, singles=(Single("50 元 卡", Money(5000)), Single("另一张", Money(7000)))
)
_WHOLE = replace(FULL, compared_with=_LINK)


@pytest.mark.parametrize(
    "offer",
    [OFFER, FULL, *(replace(FULL, compared_with=with_) for with_ in (_LINK, _SINCE, _PARTS))],
)
def test_what_was_written_is_read_back(offer):
    """Every field of an offer goes through the form unchanged, and nothing is missing."""
    assert read_fields(write_fields(offer)) == (offer, ())


def test_an_empty_draft_names_everything():
    """Nothing typed: all that has to be said is missing, in the order of the form."""
    _offer, missing = read_fields(FIRST)
    fields = [one.field for one in missing]
    assert fields == sorted(fields, key=NAMES.index) and len(set(fields)) == len(fields)
    assert {"title", "category", "denomination", "region", "price", "source_proof"} <= set(fields)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("price", "十块"),
        ("price", "0"),
        ("compared_price", "abc"),
        ("tiers", "十件 95"),
        ("tiers", "10 九十"),
        ("tiers", "10 99999"),
        ("promise", "0"),
        ("promise", "1.5"),
        ("most_per_buyer", "-1"),
        ("reserve_minutes", "4"),
        ("protect_hours", "9999999"),
        ("closed", "2027-02-30"),
        ("kind", "nothing"),
        ("delivery", ""),
        ("asks", "字" * 41),
        ("compared_kind", "nothing"),
        ("compared_kind", "own_earlier"),
        ("compared_kind", "combined"),
        ("compared_link", "cards.example.com"),
    ],
)
def test_each_mistake_stands_at_its_field(name, text):
    """One wrong entry in a whole offer is the one thing that is missing."""
    _offer, missing = read_fields({**write_fields(_WHOLE), name: text})
    at = {"own_earlier": "compared_since", "combined": "compared_singles"}.get(text, name)
    assert [one.field for one in missing] == [at]


@pytest.mark.parametrize("text", ["9点", "09:00-25:00", "18:00-09:00", "09:00-12:00 下午", "09:00"])
def test_hours_that_are_none_are_refused(text):
    """A day's spans are read whole or not at all."""
    _offer, missing = read_fields({**write_fields(FULL), "mon": text})
    assert [one.field for one in missing] == ["mon"]


def test_a_week_without_hours_is_refused():
    """No service time at all stands at the first field of the hours."""
    typed = {**write_fields(FULL), **dict.fromkeys(DAYS, "")}
    _offer, missing = read_fields(typed)
    assert [one.field for one in missing] == ["hours"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60)))
def test_whatever_is_typed_is_read(typed):
    """No text breaks the reading: there is always an offer, and reasons for fields of the form."""
    offer, missing = read_fields({**FIRST, **typed})
    assert offer is not None
    assert {one.field for one in missing} <= {*NAMES, "hours"}
    assert all(str(one.reason) for one in missing)
