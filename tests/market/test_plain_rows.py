"""Rows that are read in one piece are what the tokens say, wherever a piece of the file ends."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao.core.errors import InputError
from gongdao.market.moving_in import mysql_dump
from gongdao.market.moving_in.mysql_dump import MysqlDump

_SIGNS = ("a", "''", "\\'", "\\\\", "\\n", ")", ",", "(", "\n", "卡", '"', ";", " ")
_TEXTS = st.lists(st.sampled_from(_SIGNS), max_size=8).map(lambda parts: "'" + "".join(parts) + "'")
_VALUES = st.one_of(
    st.just("NULL"),
    st.just("null"),
    st.just("TRUE"),
    st.just("0xAB12"),
    st.just("_binary 'x'"),
    st.just("NULLX"),
    st.integers(-9, 999).map(str),
    st.just("-1.50"),
    st.just("1e5"),
    st.just("12ab"),
    _TEXTS,
)
_ROWS = st.lists(st.lists(_VALUES, min_size=3, max_size=3), min_size=1, max_size=5)


def _read(text: str) -> list[object]:
    """The rows until the dump breaks, and how it broke."""
    found: list[object] = []
    try:
        for row in MysqlDump(io.BytesIO(text.encode()), tables={"t"}):
            found.append((row.line, row.values))
    except InputError as error:
        found.append(str(error))
    return found


@given(
    rows=_ROWS,
    comma=st.sampled_from([",", ", ", " ,\n"]),
    kept=st.floats(0.2, 1),
    piece=st.sampled_from([7, 31, 1 << 18]),
)
@settings(max_examples=150, deadline=None)
def test_a_row_in_one_piece_is_the_row_of_its_tokens(rows, comma, kept, piece):
    """The same rows, lines and faults with the short way and without it, for whole dumps and for
    such as are cut off."""
    values = ",".join(f"({comma.join(row)})" for row in rows)
    text = f"CREATE TABLE `t` (`a` int, `b` int, `c` text);\nINSERT INTO `t` VALUES {values};\n"
    text = text[: int(len(text) * kept)] if kept < 0.9 else text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mysql_dump, "_PIECE", piece)
        short = _read(text)
        patch.setattr(mysql_dump, "_PLAIN_ROW", re.compile("(?!)"))
        assert _read(text) == short
