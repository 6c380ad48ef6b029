"""Reading a case folder: what is wrong is named with its line, nothing written is lost."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.casework.case_kit import CASE, make_case

from gongdao.casework.folder import MAX_FILES, list_files, load_case_folder
from gongdao.core.clock import BEIJING
from gongdao.core.errors import CaseFolderError
from gongdao.core.money import Money


def test_a_plain_folder_is_read(tmp_path: Path) -> None:
    """Every value of case.toml arrives with its type, and the files are listed."""
    case = load_case_folder(make_case(tmp_path))
    order = case.statement.order
    assert (order.paid, order.order_no) == (Money(9800), "KM20261102000001")
    assert order.paid_at is not None and order.paid_at.utcoffset() == BEIJING.utcoffset(None)
    assert case.files == ("during/chat.txt",)
    assert case.notes == ()


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("version = 2", 1, "version", "版本"),
        ("version = true", 1, "version", "版本"),
        ("[order]\npaid = 98.00", 2, "order.paid", "引号"),
        ('[order]\npaid = "-5"', 2, "order.paid", "负数"),
        ('[order]\npaid = "98块"', 2, "order.paid", "不是金额"),
        ("[order]\nquantity = true", 2, "order.quantity", "正整数"),
        ("[order]\nquantity = 0", 2, "order.quantity", "正整数"),
        ('[order]\ncurrency = "USD"', 2, "order.currency", "CNY"),
        ("[order]\npaid_at = 2026-11-02", 2, "order.paid_at", "时分"),
        ('[order]\npaid_at = "2026-11-02"', 2, "order.paid_at", "时分"),
        ("[order]\npaid_at = 14:03:00", 2, "order.paid_at", "时分"),
        ('[order]\npaid_at = "昨天"', 2, "order.paid_at", "不是时间"),
        ("[order]\npaid_at = 0001-01-01T00:00:00Z", 2, "order.paid_at", "年"),
        ("[order]\npaid_at = 9999-12-31T23:59:59Z", 2, "order.paid_at", "年"),
        ('[order]\nmerchant = ["a"]', 2, "order.merchant", "文字"),
        ("[order]\nmerchant = 1.5", 2, "order.merchant", "文字"),
        ('[order]\npayment = "alipy"', 2, "order.payment", "不认识"),
        ("order = 5", None, "order", "[order]"),
        ("[[order]]\nx = 1", 1, "order", "[order]"),
        ('[claim]\nreasons = "invalid_secret"', 2, "claim.reasons", "列表"),
        ('[claim]\nreasons = ["invalid_secrets"]', 2, "claim.reasons", "不认识"),
        ('[claim]\nreasons = [["x"]]', 2, "claim.reasons", "不认识"),
        ("[claim]\nalso = [1]", 2, "claim.also", "[[claim.also]]"),
        ('[[contact]]\nnote = "x"', 1, "contact[1]", "with"),
        ("[contact]\nat = 2026-11-02T15:10:00", 1, "contact", "[[contact]]"),
        ('[buyer]\nown_use = "yes"', 2, "buyer.own_use", "true"),
        ('[[exhibit]]\nfile = "../x"', 2, "exhibit[1].file", "before/"),
        ('[[exhibit]]\nfile = "/etc/passwd"', 2, "exhibit[1].file", "before/"),
        ('[[exhibit]]\nfile = ""', 2, "exhibit[1].file", "before/"),
        ('[chat_names]\n"老板" = "seller"', 2, "chat_names.老板", "不认识"),
        ("[order]\npaid = abc", 2, None, "TOML"),
        ('[order]\npaid = "1"\npaid = "2"', 3, None, "TOML"),
        ("x = " + "[" * 100_000, None, None, "嵌套"),
        ("x = " + "1" * 5000, None, None, "太长"),
        ("[order]\norder_no = 0x" + "f" * 5000, 2, "order.order_no", "文字"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, text: str, line: int | None, field: str | None, says: str
) -> None:
    """A wrong value is one error with file, line, field and reason."""
    with pytest.raises(CaseFolderError) as caught:
        load_case_folder(make_case(tmp_path, text))
    place = caught.value.place
    assert place.file == "case.toml"
    assert place.field == field
    assert says in str(caught.value)
    if line is not None:
        assert place.line == line


def test_the_line_is_that_of_the_right_section(tmp_path: Path) -> None:
    """A key that occurs in several sections is found in the one that is wrong."""
    good = '[[contact]]\nat = 2026-11-02T15:10:00\nwith = "merchant"\nby = "chat"\n'
    with pytest.raises(CaseFolderError) as caught:
        load_case_folder(make_case(tmp_path, good * 2 + good.replace('"chat"', '"chatt"')))
    assert caught.value.place.line == 12
    assert caught.value.place.field == "contact[3].by"
    assert "是不是 chat" in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + CASE.encode(),
        CASE.replace("\n", "\r\n").encode(),
        CASE.replace("+08:00", "").encode(),
        CASE.replace('"98.00"', "98").encode(),
        CASE.replace('"98.00"', '"¥98"').encode(),
        CASE.replace('"KM20261102000001"', "20261102000001").encode(),
    ],
)
def test_harmless_spellings_are_taken(tmp_path: Path, raw: bytes) -> None:
    """A byte order mark, CRLF, a time without zone, a whole number of yuan are no reason to
    refuse."""
    order = load_case_folder(make_case(tmp_path, raw)).statement.order
    assert order.paid == Money(9800)
    assert order.paid_at is not None and order.paid_at.isoformat() == "2026-11-02T14:03:21+08:00"
    assert order.order_no.endswith("20261102000001")


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_other_encodings_are_refused_by_name(tmp_path: Path, encoding: str) -> None:
    """A file saved in another encoding is said to be that, not half read."""
    with pytest.raises(CaseFolderError, match="UTF-8"):
        load_case_folder(make_case(tmp_path, '[order]\nmerchant = "测试"'.encode(encoding)))


def test_mistyped_keys_are_noted(tmp_path: Path) -> None:
    """A key that is not known does not stop the reading, and the likely one is named."""
    text = '[order]\norder_nr = "A"\n[claim]\nreason = []\n[oder]\nx = 1\n'
    notes = " ".join(load_case_folder(make_case(tmp_path, text)).notes)
    assert "order.order_nr，是不是 order_no" in notes
    assert "claim.reason，是不是 reasons" in notes
    assert "oder，是不是 order" in notes


def test_two_entries_for_one_file(tmp_path: Path) -> None:
    """The later entry counts, and that there were two is said."""
    one = '[[exhibit]]\nfile = "during/chat.txt"\nkind = "chat"\nnote = "%s"\n'
    case = load_case_folder(make_case(tmp_path, one % "a" + one % "b"))
    assert case.statement.exhibits["during/chat.txt"].note == "b"
    assert "写了两次" in case.notes[0]


def test_missing_and_misplaced_files_are_noted(tmp_path: Path) -> None:
    """An entry without file, a file outside the stages, links and odd names are told, not used."""
    root = make_case(tmp_path, '[[exhibit]]\nfile = "during/gone.png"\n')
    (root / "stray.png").write_bytes(b"x")
    (root / "during" / "link.txt").symlink_to("/etc/passwd")
    (root / "during" / "links").symlink_to("/etc")
    (root / "during" / "a\nb.txt").write_text("x")
    os.mkfifo(root / "during" / "pipe")
    (root / "during" / ".hidden").write_text("x")
    case = load_case_folder(root)
    assert case.files == ("during/chat.txt",)
    notes = "\n".join(case.notes)
    for name in ("gone.png", "stray.png", "link.txt", "during/links", "a?b.txt", "pipe"):
        assert name in notes
    assert ".hidden" not in notes


def test_a_name_in_another_unicode_spelling_is_the_same_file(tmp_path: Path) -> None:
    """An entry typed composed belongs to the file that a phone saved decomposed."""
    name = "during/café.txt"
    root = make_case(tmp_path, f'[[exhibit]]\nfile = "{name}"\nkind = "chat"\n', {})
    there = unicodedata.normalize("NFD", name)
    (root / there).write_text("x")
    case = load_case_folder(root)
    assert there in case.statement.exhibits
    assert case.notes == ()


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    """A folder with more files than a case can have is refused at once."""
    root = make_case(tmp_path)
    for number in range(MAX_FILES + 1):
        (root / "after" / f"{number}.txt").touch()
    with pytest.raises(CaseFolderError, match=str(MAX_FILES)):
        list_files(root)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_case_toml_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    """Whatever lies in case.toml, it is read or refused with one error, never a crash."""
    root = make_case(tmp_path_factory.mktemp("any"), raw, {})
    try:
        load_case_folder(root)
    except CaseFolderError as error:
        assert str(error).startswith("case.toml")


_VALUES = st.sampled_from(
    ['"x"', "1", "1.5", "true", "[]", "{}", "nan", "inf", "2026-01-01", "10:00:00", '""', "[1]"]
)
_SECTIONS = {
    "order": [
        "platform",
        "quantity",
        "paid",
        "paid_at",
        "payment",
        "currency",
        "category",
        "order_no",
    ],
    "buyer": ["own_use", "adult", "name", "province"],
    "claim": ["reasons", "demand", "amount", "suspect_fraud", "also"],
    "chat_names": ["甲", "乙"],
}


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_type_in_any_place(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Every key with every TOML type is read or refused with its line."""
    section = data.draw(st.sampled_from(sorted(_SECTIONS)))
    key = data.draw(st.sampled_from(_SECTIONS[section]))
    text = f'[{section}]\n"{key}" = {data.draw(_VALUES)}\n'
    root = make_case(tmp_path_factory.mktemp("any"), text, {})
    try:
        load_case_folder(root)
    except CaseFolderError as error:
        assert error.place.line == 2
        assert error.place.field == f"{section}.{key}"
