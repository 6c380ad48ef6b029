"""Ids sort by time; tokens and codes survive the way people copy and type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core import ids
from gongdao.core.ids import new_code, new_id, new_number, new_token, tidy_code, tidy_token
from gongdao.evidence.labels import clean_value

SIGNS = set("0123456789abcdefghjkmnpqrstvwxyz")
MOMENTS = st.datetimes(
    datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)
)  # a day from the edges, so that a step stays inside
NOISE = st.text("  \t\u3000\u200b-－–—−_·.", max_size=3)


def test_an_id_has_the_layout_of_version_7() -> None:
    """The example time of RFC 9562, appendix A.6, gives its first 48 bits, version and variant."""
    made = new_id(datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5))))
    assert str(made).startswith("017f22e2-79b0-7000-")
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


@given(MOMENTS, st.integers(1, 10**9))
def test_later_ids_sort_after(at: datetime, step_us: int) -> None:
    """One microsecond is enough to tell two ids apart by order."""
    assert new_id(at) < new_id(at + timedelta(microseconds=step_us))
    assert new_id(at) < new_id(at + timedelta(microseconds=1))


def test_ids_of_one_moment_differ() -> None:
    """The random half keeps ids of the same microsecond apart."""
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert len({new_id(at) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("at", [datetime(2026, 11, 2), datetime(1969, 12, 31, tzinfo=UTC)])
def test_an_id_needs_a_real_time(at: datetime) -> None:
    """A time without zone or before 1970 has no place in an id."""
    with pytest.raises(ValueError, match="an id needs"):
        new_id(at)


def test_tokens_and_codes_have_their_bits() -> None:
    """26 and 10 signs of a set of 32, each of which turns up, and none comes twice."""
    tokens = [new_token() for _ in range(500)]
    codes = [new_code() for _ in range(500)]
    assert {len(token) for token in tokens} == {26}
    assert {(len(code), code[5]) for code in codes} == {(11, "-")}
    assert set("".join(tokens)) == SIGNS
    assert set("".join(codes).lower()) - {"-"} == SIGNS
    assert all(code == code.upper() for code in codes)
    assert len(set(tokens)) == len(set(codes)) == 500
    for place in range(26):
        assert len({token[place] for token in tokens}) > 20, "each place is drawn"


def test_a_number_is_never_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A draw of letters alone, or with a digit near the end only, is drawn again; what comes out
    is a number to whoever reads texts."""
    draws = iter(("abcdefghjkmn", "abcdefghjk7n", "abcde5ghjkmn"))
    assert not clean_value("order_no", "ABCDEFGHJKMN")
    monkeypatch.setattr(ids, "_draw", lambda length: next(draws))
    assert new_number() == "ABCDE5GHJKMN"
    assert clean_value("order_no", "ABCDE5GHJKMN") == "ABCDE5GHJKMN"


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@st.composite
def typed(draw: st.DrawFn, length: int) -> tuple[str, str]:
    """Signs as they are drawn, and one of the ways people type them."""
    signs = draw(st.text(sorted(SIGNS), min_size=length, max_size=length))
    alike = {"0": "0oO", "1": "1iIlL"}
    out = draw(NOISE)
    for sign in signs:
        wanted = alike.get(sign, sign + sign.upper())
        out += draw(st.sampled_from(wanted)) + draw(NOISE)
    return signs, _full_width(out) if draw(st.booleans()) else out


@given(typed(10), typed(26))
def test_what_people_type_is_understood(code: tuple[str, str], token: tuple[str, str]) -> None:
    """Case, width, blanks, hyphens and look-alikes are put right in codes and tokens alike."""
    assert tidy_code(code[1]) == f"{code[0][:5]}-{code[0][5:]}".upper()
    assert tidy_token(token[1]) == token[0]


def test_what_is_drawn_is_tidy_already() -> None:
    """A fresh code or token is its own canonical form, so digests of both agree."""
    for code, token in [(new_code(), new_token()) for _ in range(100)]:
        assert (tidy_code(code), tidy_token(token)) == (code, token)


@given(st.text(max_size=60) | st.text("0o1iIlLuU-9x", min_size=8, max_size=30))
def test_tidying_gives_a_code_or_nothing(text: str) -> None:
    """Whatever is typed becomes a well-formed code or token, or an empty text; never an error."""
    for tidy, length in ((tidy_code, 11), (tidy_token, 26)):
        tidied = tidy(text)
        assert tidied == "" or (len(tidied) == length and tidy(tidied) == tidied)
        assert set(tidied.lower()) - {"-"} <= SIGNS


@pytest.mark.parametrize(
    "text", ["", "7K2QM-9XD4", "7K2QM-9XD4TT", "7K2QM-9XD4U", "7K2QM-9XD4我", "7K2QM" * 1000]
)
def test_what_can_be_no_code_is_empty(text: str) -> None:
    """Too short, too long, or a sign that is never used: no code, and no error either."""
    assert tidy_code(text) == ""
