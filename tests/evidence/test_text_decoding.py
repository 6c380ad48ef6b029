"""Bytes to text: every encoding that exports come in, and none that raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.errors import UnreadableFile
from gongdao.evidence import text_decoding
from gongdao.evidence.text_decoding import decode_text, split_lines

CHINESE = "2026-11-02 15:10:03 买家: 卡密无效\r\n商家: 稍等\r\n"


@pytest.mark.parametrize(
    ("codec", "named", "bom"),
    [
        ("utf-8", "utf-8", False),
        ("utf-8-sig", "utf-8", True),
        ("gb18030", "gb18030", False),
        ("gbk", "gb18030", False),
        ("utf-16", "utf-16-le", True),
        ("utf-16-le", "utf-16-le", False),
        ("utf-16-be", "utf-16-be", False),
    ],
)
def test_known_encodings_are_told(codec, named, bom):
    """Each encoding gives the same text back, with its name and with plain line ends."""
    read = decode_text(CHINESE.encode(codec))
    assert read.text == CHINESE.replace("\r\n", "\n")
    assert (read.encoding, read.bom, read.lost) == (named, bom, 0)


def test_a_damaged_byte_does_not_turn_the_text_into_another_encoding():
    """One bad byte in UTF-8 costs one character, not the whole text."""
    read = decode_text(CHINESE.encode().replace("稍".encode(), b"\xe7\xa8"))
    assert read.encoding == "utf-8"
    assert read.lost == 1
    assert "卡密无效" in read.text


def test_a_cut_gb18030_file_stays_gb18030():
    """A file cut in the middle of a character keeps its encoding."""
    read = decode_text(CHINESE.encode("gb18030")[:-3] + b"\xb5")
    assert read.encoding == "gb18030"
    assert "卡密无效" in read.text


def test_too_large_a_text_is_refused_with_its_name(monkeypatch):
    """Over the limit there is one clear error that names the file."""
    monkeypatch.setattr(text_decoding, "MAX_TEXT_BYTES", 10)
    with pytest.raises(UnreadableFile, match=r"big\.txt"):
        decode_text(b"x" * 11, name="big.txt")


def test_endless_lines_are_refused(monkeypatch):
    """A file of more lines than any export is told as such."""
    monkeypatch.setattr(text_decoding, "MAX_LINES", 3)
    with pytest.raises(UnreadableFile, match="行"):
        decode_text(b"\n\n\n\n")


@given(st.binary(max_size=400))
def test_any_bytes_become_text(data):
    """Whatever the bytes, there is text and an encoding, and lines can be counted."""
    read = decode_text(data)
    assert "\r" not in read.text
    assert len(split_lines(read.text)) == read.text.count("\n") + 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_categories=["Cs"])))
def test_utf8_text_comes_back(text):
    """UTF-8 without a mark comes back as it was."""
    assert decode_text(text.encode()).text == text.removeprefix("\ufeff")
