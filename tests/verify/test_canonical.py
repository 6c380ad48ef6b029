"""Canonical JSON and leaves: one text for one value, and nothing else is taken for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao_verify.canonical import DEEPEST, BadCanonical, canonical, parse_canonical
from gongdao_verify.leaf_form import (
    LOG_SUBJECT,
    BadLeaf,
    LeafForm,
    commitment,
    parse_leaf,
    write_leaf,
)

LARGEST = (1 << 53) - 1
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_values_have_one_text(value: Any) -> None:
    """Written and read back the same, JSON to everybody, and keys in the order of UTF-16."""
    data = canonical(value)
    assert parse_canonical(data) == value == json.loads(data)
    assert canonical(parse_canonical(data)) == data


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60) | TEXTS.map(str.encode) | VALUES.map(lambda v: json.dumps(v).encode())
)
def test_what_is_read_is_canonical(data: bytes) -> None:
    """Whatever is accepted is exactly what would have been written."""
    try:
        value = parse_canonical(data)
    except BadCanonical:
        return
    assert canonical(value) == data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("\u2028\u2029", '"\u2028\u2029"'),
        ("\x00\x08\t\n\x0b\x0c\r\x1b\x1f", '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001b\\u001f"'),
        ('\x7f\x80é€/<"\\', '"\x7f\x80é€/<\\"\\\\"'),
        ([LARGEST, -LARGEST, 0], f"[{LARGEST},-{LARGEST},0]"),
        ({"\ue000": 1, "\U0001f600": 2, "€": 3}, '{"€":3,"\U0001f600":2,"\ue000":1}'),
        ({"b": [True, None, False], "a": {}}, '{"a":{},"b":[true,null,false]}'),
        ((1, "x"), '[1,"x"]'),
    ],
)
def test_the_odd_corners(value: Any, text: str) -> None:
    """Line separators stay, controls are escaped the short way, an emoji sorts before U+E000."""
    assert canonical(value).decode() == text
    assert canonical(parse_canonical(text.encode())).decode() == text


@pytest.mark.parametrize(
    "value",
    [1 << 53, -(1 << 53), 0.5, float("nan"), "\ud800", {"\udfff": 1}, {1: 2}, b"x", {1}, object()],
)
def test_what_has_no_canonical_form(value: Any) -> None:
    """Large numbers, fractions, half characters and other types are refused, at any depth."""
    for wrong in (value, [value], {"a": [value]}):
        with pytest.raises(BadCanonical):
            canonical(wrong)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 ", " 1", "[1, 2]", "[1,]", "01", "-0", "+1", "1.0", "1e2", "NaN", "Infinity"),
        *('{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"a":2}', '{"\U0001f600":1,"€":2}'),
        *('"\\u2028"', '"\\/"', '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u000A"'),
        *('"\t"', '"\x00"', "'a'", "tru", "[1", '{"a":1', "9007199254740992", "1" * 5000),
        "\ufeff1",
    ],
)
def test_other_texts_of_a_value_are_refused(text: str) -> None:
    """Blanks, other escapes, other orders, repeated keys, other numbers, and what is no JSON."""
    with pytest.raises(BadCanonical):
        parse_canonical(text.encode())


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """Stray bytes, half sequences, and surrogates in UTF-8's clothes."""
    for data in (b'"\xff"', b'"\xe2\x82"', b'"\xed\xa0\x80"', b"\x00"):
        with pytest.raises(BadCanonical):
            parse_canonical(data)


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_ends_in_a_refusal(open_: str, close: str) -> None:
    """Up to the limit both ways, beyond it an error, and no crash however deep."""
    middle = "0"
    text = open_ * DEEPEST + middle + close * DEEPEST
    value = parse_canonical(text.encode())
    assert canonical(value).decode() == text
    for deep in (DEEPEST + 1, 900, 5_000, 200_000):
        with pytest.raises(BadCanonical):
            parse_canonical((open_ * deep + middle + close * deep).encode())
    with pytest.raises(BadCanonical, match="deeply"):
        canonical([value])
    wide: Any = [[] for _ in range(100)]
    assert parse_canonical(canonical(wide)) == wide


def test_a_loop_is_refused() -> None:
    """A list that holds itself has no text."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(BadCanonical, match="deeply"):
        canonical(loop)


def _form(**changes: Any) -> LeafForm:
    found = {"type": "case.sealed", "subject": "case:" + "0" * 32, "prev": None, "at": AT}
    return LeafForm(**{**found, "data": {}, **changes})


def test_leaves_are_written_as_they_are_read() -> None:
    """Any zone becomes UTC, microseconds are cut, a previous leaf is named by its hash."""
    china = timezone(timedelta(hours=8))
    form = _form(at=datetime(2026, 11, 22, 18, 0, 0, 999_999, china), prev=bytes(range(32)))
    found = parse_leaf(write_leaf(form))
    assert found.at == AT + timedelta(milliseconds=999)
    assert (found.prev, found.kind) == (bytes(range(32)), "case")
    about_log = _form(type="log.key", subject=LOG_SUBJECT, at=datetime(1, 1, 1, tzinfo=UTC))
    assert parse_leaf(write_leaf(about_log)) == about_log


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "case"}, "type"),
        ({"type": "Case.sealed"}, "type"),
        ({"type": "card.sealed"}, "subject"),
        ({"subject": "case:" + "g" * 32}, "subject"),
        ({"type": "log.key", "subject": "log:" + "1" * 32}, "subject"),
        ({"prev": bytes(31)}, "prev"),
        ({"at": datetime(2026, 1, 1)}, "at"),
        ({"data": {"a": 0.5}}, "data"),
        ({"data": {"a": 1 << 53}}, "data"),
        ({"data": {"a": b"x"}}, "data"),
        ({"data": {"a": "\ud800"}}, "data"),
        ({"data": {"a": "x\n"}}, "data"),
        ({"data": {"a": "x" * 513}}, "data"),
        ({"data": {"a": {"b": {"c": {}}}}}, "data"),
        ({"data": {"a b": 1}}, "data"),
        ({"data": {f"x{n}": "a" * 500 for n in range(9)}}, "size"),
    ],
)
def test_no_bad_leaf_is_written(changes: dict[str, Any], code: str) -> None:
    """What could not be read again is refused before it is hashed."""
    with pytest.raises(BadLeaf) as refused:
        write_leaf(_form(**changes))
    assert refused.value.code == code


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), VALUES, max_size=4))
def test_what_is_written_can_be_read(data: dict[str, Any]) -> None:
    """For any data either both work, to the same end, or the writer refuses."""
    form = _form(data=data)
    try:
        entry = write_leaf(form)
    except BadLeaf:
        return
    assert parse_leaf(entry) == form


def test_commitments_hide_and_bind() -> None:
    """Salt and value both count; a salt must be whole; equal values look different."""
    salt = bytes(range(32))
    assert commitment(salt, 9800) != commitment(bytes(32), 9800) != commitment(bytes(32), 9801)
    assert commitment(salt, "9800") != commitment(salt, 9800)
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(salt[:31], 9800)
    with pytest.raises(BadCanonical):
        commitment(salt, 98.0)
