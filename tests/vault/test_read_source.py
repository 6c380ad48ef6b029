"""Lists of secrets in every dress: separators, labels, encodings, tables, workbooks."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao.core.errors import GongdaoError, InputError, UnreadableFile
from gongdao.vault.canonical_form import CanonRules, FieldRule
from gongdao.vault.read_source import Form, find_form, read_source
from gongdao.vault.read_text import MAX_LINE, find_encoding
from gongdao.vault.refusals import Reason
from gongdao.vault.split_line import Line, Separator

ONE = CanonRules()
PAIR = CanonRules((FieldRule("number"), FieldRule("pin")))


def lines_of(data: bytes, name: str = "a.txt", rules: CanonRules = PAIR) -> list[Line]:
    """What is read from a file with these bytes."""
    return list(read_source(io.BytesIO(data), name=name, rules=rules))


def _fields(data: bytes, name: str = "a.txt", rules: CanonRules = PAIR) -> list[tuple[str, ...]]:
    return [line.fields for line in lines_of(data, name, rules)]


def _book(rows: list[list[object]], *more: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheets = [book.active, *(book.create_sheet() for _ in more)]
    for sheet, content in zip(sheets, (rows, *more), strict=True):
        for row in content:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "between",
    [
        *("----", "--", "---", "——", "—", "|", "｜", "║", ",", "，", ";", "；", ":", "：", "/"),
        *("／", "=", "、", " ", "\t", "\u3000", "  ", " | "),
    ],
)
def test_every_separator_divides(between):
    """Number and pin come apart, whatever stands between them, hyphens within them or not."""
    text = "".join(f"10{i:04d}-AB{between}PIN{i:06d}\n" for i in range(20))
    assert _fields(text.encode()) == [(f"10{i:04d}-AB", f"PIN{i:06d}") for i in range(20)]


@pytest.mark.parametrize(
    "line",
    [
        "卡号：A1 密码：B2",
        "卡号:A1,密码:B2",
        "卡号：A1密码：B2",
        "账号：A1----密码：B2",
        "CDKEY=A1|PIN=B2",
        "Card No: A1    Pin: B2",
        "账号 : A1    密码 : B2",
    ],
)
def test_labels_are_no_part_of_a_secret(line):
    """What names a field in front of it is taken off."""
    assert _fields(f"{line}\n".encode()) == [("A1", "B2")]


def test_a_list_may_be_put_together_from_several():
    """A line that the file's separator does not divide is divided by another, else refused."""
    lines = lines_of(b"1----2\n3----4\n5|6\n7 8\n9\na----b----c\n", rules=PAIR)
    assert [line.fields for line in lines[:4]] == [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")]
    assert [(line.number, line.reason) for line in lines[4:]] == [
        (5, Reason.FIELDS),
        (6, Reason.FIELDS),
    ]


def test_one_field_is_the_whole_line():
    """A secret of one field keeps its blanks and hyphens; its label goes."""
    text = "ABCD EFGH-1234\n兑换码：XYZ-1\n https://a.example/r?c=1 \n"
    assert _fields(text.encode(), rules=ONE) == [
        ("ABCD EFGH-1234",),
        ("XYZ-1",),
        ("https://a.example/r?c=1",),
    ]


def test_what_shops_append_is_cut_off_and_counted():
    """Preselection, premium and cost behind ║ are no secret; that they were there is told."""
    file = io.BytesIO("A1║头像║1.00║0.50\nB2║║║\n".encode())
    source = read_source(file, name="a.txt", rules=ONE)
    assert [line.fields for line in source] == [("A1",), ("B2",)]
    assert source.appended == 2


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_every_encoding_is_found(encoding):
    """The same list comes out of each encoding that such files have, with or without a mark."""
    text = "".join(f"卡号：A{i}　密码：B{i}\r\n" for i in range(30)) + "备注一二三----号"
    assert _fields(text.encode(encoding))[:30] == [(f"A{i}", f"B{i}") for i in range(30)]


def test_big5_is_told_from_gbk():
    """Traditional characters in Big5, which are valid GB18030 as well, are read as Big5."""
    text = "".join(f"卡號：A{i}，密碼：B{i}，請儘快使用這張點數卡\r\n" for i in range(30))
    assert find_encoding(io.BytesIO(text.encode("big5"))) == "big5"
    assert find_encoding(io.BytesIO(text.encode("gb18030"))) == "gb18030"
    text = "1234｜5678\r\n"
    assert _fields(text.encode("big5")) == [("1234", "5678")]
    assert _fields(text.encode("gbk")) == [("1234", "5678")]


def test_a_line_in_another_encoding_is_refused_alone():
    """A broken line has its number in the list of refusals; those around it are taken."""
    data = "A1----好的\n".encode() * 3 + b"A2----\xff\xfe\x80\n" + b"A3----B3\n"
    lines = lines_of(data, rules=PAIR)
    assert lines[3].number == 4 and lines[4].fields == ("A3", "B3")
    assert [one.number for one in lines if one.reason is Reason.UNDECODABLE] == [4]


def test_blank_lines_and_headers_are_counted():
    """Neither is a secret, neither is refused, both are told."""
    source = read_source(
        io.BytesIO("卡号----密码\n\n1----2\n  \n".encode()), name="a.txt", rules=PAIR
    )
    assert [(line.number, line.fields) for line in source] == [(3, ("1", "2"))]
    assert (source.header, source.blank) == (1, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end):
    """Lines of any system are counted as an editor counts them, also the last without its end."""
    lines = lines_of(end.join(["A", "", "B"]).encode(), rules=ONE)
    assert [(line.number, line.fields) for line in lines] == [(1, ("A",)), (3, ("B",))]


def test_a_line_without_end_is_refused_in_flat_memory():
    """Megabytes without a line end are one refused line, and what follows is read."""
    data = b"A\n" + b"x" * (3 << 20) + b"\nB\n" + b"y" * (MAX_LINE + 1)
    assert [(line.number, line.fields, line.reason) for line in lines_of(data, rules=ONE)] == [
        (1, ("A",), None),
        (2, (), Reason.UNDECODABLE),
        (3, ("B",), None),
        (4, (), Reason.UNDECODABLE),
    ]


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){0,3}", fullmatch=True), max_size=30))
def test_plain_lists_come_back(texts):
    """Whatever codes are written one a line are read one a line."""
    data = "\n".join(texts).encode()
    assert [line.fields[0] for line in lines_of(data, rules=ONE)] == texts


@settings(deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_read_without_harm(data):
    """Rubbish gives lines, refusals or one clear error, never anything else."""
    for name in ("a.txt", "a.csv", "a.xlsx"):
        try:
            lines_of(data, name, PAIR)
        except GongdaoError:
            continue


def test_csv_by_its_header():
    """Columns are found by their names, in whatever order, and others are left out and counted."""
    text = '序号,密码,面值,卡号\n1,"P,1",50,N1\n2,"P""2",50,N2\n'
    for encoding in ("utf-8-sig", "gbk"):
        source = read_source(io.BytesIO(text.encode(encoding)), name="a.csv", rules=PAIR)
        assert [line.fields for line in source] == [("N1", "P,1"), ("N2", 'P"2')]
        assert (source.header, source.appended) == (1, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，"])
def test_csv_delimiters(delimiter):
    """Any usual delimiter is found, without a header too."""
    text = "".join(f"N{i}{delimiter}P{i}\r\n" for i in range(9))
    assert _fields(text.encode(), "a.csv") == [(f"N{i}", f"P{i}") for i in range(9)]


def test_csv_columns_may_be_named_by_number():
    """Where neither header nor count tell, the caller does."""
    data = b"1,N1,50,P1\n2,N2,50\n"
    source = read_source(io.BytesIO(data), name="a.csv", rules=PAIR, columns=[2, 4])
    assert [(line.fields, line.reason) for line in source] == [
        (("N1", "P1"), None),
        ((), Reason.FIELDS),
    ]
    assert [line.reason for line in lines_of(data, "a.csv", PAIR)] == [Reason.FIELDS] * 2


def test_a_list_named_csv_is_still_a_list():
    """Secrets with dashes between their fields, in a file that is a table by name alone."""
    assert _fields(b"N1----P1\nN2----P2\n", "a.csv") == [("N1", "P1"), ("N2", "P2")]


@pytest.mark.parametrize(
    "cell", ["1.23457E+15", "6.21E+18", "#N/A", "########", "1E+12", '="1.5E+20"']
)
def test_what_a_spreadsheet_spoilt_is_refused(cell):
    """A number of which digits are gone is never sold as a secret."""
    found = lines_of(f'N1,"{cell.replace(chr(34), chr(34) * 2)}"\n'.encode(), "a.csv", PAIR)
    assert [line.reason for line in found] == [Reason.SPREADSHEET]


def test_what_keeps_a_spreadsheet_from_it_is_taken_off():
    """Marks that make a cell text are no part of the secret."""
    data = b'"=""001""","=""0002"""\n\'003,\t0004\t\n'
    assert _fields(data, "a.csv") == [("001", "0002"), ("003", "0004")]


def test_an_open_quotation_mark_is_named():
    """A quotation mark without its pair swallows no stock silently: the line is named."""
    data = b'N0,P0\nN1,"P1\n' + b"N,P\n" * 60_000
    with pytest.raises(InputError, match="2"):
        lines_of(data, "a.csv", PAIR)


def test_workbooks():
    """Texts and whole numbers are taken; rows are counted as the program counts them."""
    rows = [["卡号", "密码"], [1001, "0001"], [None, None], ["N-2", 22.0]]
    source = read_source(io.BytesIO(_book(rows)), name="x", rules=PAIR)
    assert [(line.number, line.fields) for line in source] == [
        (2, ("1001", "0001")),
        (4, ("N-2", "22")),
    ]
    assert (source.header, source.blank) == (1, 1)


def test_the_first_sheet_with_anything_in_it():
    """An empty sheet in front does not hide the stock."""
    assert _fields(_book([], [["N1", "P1"]]), "a.xlsx") == [("N1", "P1")]


@pytest.mark.parametrize(
    "cell", [1234567890123456789, 1.5, True, datetime(2026, 1, 2), -5, 10**15, "1.2E+19"]
)
def test_what_a_workbook_spoilt_is_refused(cell):
    """Numbers beyond 15 digits, fractions, dates and truth values were codes once."""
    found = lines_of(_book([["N1", "P1"], ["N2", cell]]), "a.xlsx", PAIR)
    assert [line.reason for line in found] == [None, Reason.SPREADSHEET]


def test_a_workbook_is_known_by_its_bytes():
    """Whatever it is named."""
    assert find_form(io.BytesIO(_book([["A"]])), "cards.txt") is Form.XLSX
    assert find_form(io.BytesIO(b"A\n"), "cards.xlsx") is Form.TEXT
    assert find_form(io.BytesIO(b"A\n"), "cards.CSV") is Form.CSV


def test_a_broken_workbook_is_one_clear_error():
    """Cut short, not a workbook, or with declarations that a workbook does not have."""
    book = _book([["A", "B"]])
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/workbook.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><workbook/>")
    for data in (book[: len(book) // 2], b"PK\x03\x04 nothing", other.getvalue()):
        with pytest.raises(InputError):
            lines_of(data, "a.xlsx", PAIR)


def test_a_bomb_is_not_unpacked():
    """An archive that grows a thousandfold is refused before it is read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    with pytest.raises(UnreadableFile):
        lines_of(file.getvalue(), "a.xlsx", PAIR)


def test_what_was_found_is_told():
    """Encoding and separator stand beside the lines, and may be given instead."""
    source = read_source(io.BytesIO("1----2\n".encode("utf-16")), name="a.txt", rules=PAIR)
    assert (source.encoding, source.separator) == ("utf-16", Separator.DASHES)
    given_it = read_source(
        io.BytesIO("1=2=3".encode("gbk")),
        name="a.txt",
        rules=CanonRules(tuple(FieldRule(n) for n in "abc")),
        encoding="GBK",
        separator=Separator.EQUALS,
    )
    assert [line.fields for line in given_it] == [("1", "2", "3")] and given_it.encoding == "gbk"
    with pytest.raises(InputError):
        read_source(io.BytesIO(b"1"), name="a.txt", rules=ONE, encoding="klingon")


def test_lines_do_not_show_what_they_hold():
    """A line in a list, a log or an error is its number."""
    assert "SECRET" not in repr(lines_of(b"SECRET-1\n", rules=ONE))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_workbook_is_read_or_refused(changes):
    """Bytes changed anywhere in a workbook give other lines or one clear error."""
    data = bytearray(_BOOK)
    for place, value in changes:
        data[place % len(data)] = value
    with suppress(GongdaoError):
        lines_of(bytes(data), "a.xlsx", PAIR)


_BOOK = _book([["卡号", "密码"], ["N1", "P1"], [1, 2]])
