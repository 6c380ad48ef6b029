"""Password zips of bills: opened in memory, and nothing hostile gets through."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from gongdao.core.errors import UnreadableFile
from gongdao.evidence import zip_guard
from gongdao.evidence.bills import sheets
from gongdao.evidence.bills.read import read_bill
from gongdao.evidence.bills.sheets import xlsx_rows
from gongdao.evidence.bills.zips import open_bill_zip
from gongdao.evidence.zip_guard import member_name

INPUTS = Path(__file__).resolve().parents[3] / "shared" / "inputs"
HEADER = "流水号,时间,类型,金额,余额,关联订单,备注\n"
ROW = "B1,2026-11-11 00:03:11,消费,-58.00,2.00,PL1,年卡\n"


def sample(pattern: str) -> tuple[bytes, str]:
    """Bytes and name of a sample zip; skips where the material is absent."""
    found = sorted(INPUTS.glob(pattern))
    if not found:
        pytest.skip("the shared samples are not beside this repository")
    return found[0].read_bytes(), found[0].name


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("pattern", "password", "layout"),
    [("alipay_record*.zip", "123456", "alipay_app"), ("微信*.zip", "654321", "wechat_xlsx")],
)
def test_the_right_password_opens(pattern, password, layout):
    """Both sample zips are read with their password."""
    data, name = sample(pattern)
    assert read_bill(data=data, name=name, password=password).layout == layout


@pytest.mark.parametrize("password", [None, "", "000000", "９９９９９９", "x" * 500])
@pytest.mark.parametrize("pattern", ["alipay_record*.zip", "微信*.zip"])
def test_a_missing_or_wrong_password_says_where_it_is_found(pattern, password):
    """The error names the field and the place of the password, and nothing is half read."""
    data, name = sample(pattern)
    with pytest.raises(UnreadableFile, match="公众号") as caught:
        read_bill(data=data, name=name, password=password)
    assert caught.value.place.field == "password"


def test_member_names_without_utf8_flag_are_read():
    """A Chinese name stored without its flag is not shown as mojibake."""
    data, name = sample("微信*.zip")
    inner = open_bill_zip(data, name=name, password="654321")
    assert inner is not None
    assert inner.name.startswith("微信支付账单流水文件(")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_name_is_re_decoded(encoding):
    """UTF-8 and GBK names that zipfile shows as cp437 come back."""
    info = zipfile.ZipInfo("支付宝账单.csv".encode(encoding).decode("cp437"))
    assert member_name(info) == "支付宝账单.csv"


def test_the_bill_among_other_members_is_taken():
    """Folders and read-me files do not hide the bill."""
    data = zipped(("说明/readme.md", b"x"), ("a/b.csv", (HEADER + ROW).encode()))
    assert len(read_bill(data=data, name="z.zip").rows) == 1


@pytest.mark.parametrize(
    "member",
    ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "..\\evil.csv"],
)
def test_a_path_out_of_the_folder_is_refused(member, tmp_path, monkeypatch):
    """Traversal is refused by name, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableFile, match="文件夹之外"):
        read_bill(data=zipped((member, (HEADER + ROW).encode())), name="z.zip")
    assert list(tmp_path.rglob("*")) == []


def test_a_symbolic_link_is_refused():
    """A link in an archive could point anywhere."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("bill.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnreadableFile, match="符号链接"):
        read_bill(data=out.getvalue(), name="z.zip")


def test_a_bomb_is_refused_before_it_is_unpacked():
    """A ratio no text has is refused from the headers alone."""
    data = zipped(("bill.csv", b"0" * (30 << 20)))
    assert len(data) < 1 << 17
    with pytest.raises(UnreadableFile, match="压缩炸弹"):
        read_bill(data=data, name="z.zip")


def test_a_lying_header_does_not_help():
    """A member that claims to be small is still cut off at the limit."""
    data = zipped(("bill.csv", b"0123456789abcdef" * 4096))
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        pytest.raises(UnreadableFile, match="MB"),
    ):
        zip_guard.read_member(archive, "bill.csv", limit=100, name="z.zip")


def test_too_many_members_are_refused():
    """Thousands of members are no bill."""
    data = zipped(*((f"{i}.csv", b"") for i in range(zip_guard.MAX_MEMBERS + 1)))
    with pytest.raises(UnreadableFile, match="超过"):
        read_bill(data=data, name="z.zip")


def test_aes_is_said_plainly():
    """A member with the AES method gets a plain answer, not a traceback."""
    data = bytearray(zipped(("bill.csv", (HEADER + ROW).encode())))
    central = data.rfind(b"PK\x01\x02")
    for start, flags, method in ((0, 6, 8), (central, 8, 10)):
        struct.pack_into("<H", data, start + flags, 1)
        struct.pack_into("<H", data, start + method, 99)
    with pytest.raises(UnreadableFile, match="AES"):
        read_bill(data=bytes(data), name="z.zip", password="123456")


def test_a_zip_without_a_bill_is_refused():
    """Pictures in a zip are asked for one by one."""
    with pytest.raises(UnreadableFile, match="没有账单文件"):
        read_bill(data=zipped(("a.png", b"x")), name="z.zip")


def test_a_torn_zip_is_refused():
    """Half a download is told as damage."""
    data = zipped(("bill.csv", (HEADER + ROW).encode()))
    with pytest.raises(UnreadableFile, match="损坏"):
        read_bill(data=data[: len(data) // 2], name="z.zip")


def sheet(rows: str, strings: str = "") -> bytes:
    """A minimal workbook with these rows."""
    return zipped(
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", f"<sst>{strings}</sst>".encode()),
        (
            "xl/worksheets/sheet1.xml",
            f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode(),
        ),
    )


def test_cells_keep_their_columns():
    """Gaps, inline strings, shared strings and numbers keep place and text."""
    data = sheet(
        '<row r="7"><c r="B7" t="s"><v>0</v></c><c r="D7"><v>548.58000000000004</v></c>'
        '<c r="E7" t="inlineStr"><is><t>备注</t></is></c></row>',
        "<si><r><t>支</t></r><r><t>出</t></r></si>",
    )
    rows = xlsx_rows(data, name="a.xlsx")
    assert [(r.line, r.cells) for r in rows] == [
        (7, ("", "支出", "", "548.58000000000004", "备注"))
    ]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="ZZZ1" t="s"><v>9</v></c></row>',
        '<row r="99999999"><c t="s"><v>-1</v></c></row>',
        '<row><c r="A1" t="s"><v>abc</v></c></row>',
    ],
)
def test_strange_references_cost_nothing(rows):
    """Cells far outside, or pointing nowhere, are left out."""
    assert xlsx_rows(sheet(rows), name="a.xlsx") == []


@pytest.mark.parametrize(
    "rows", ["<row", "<row><c></row>", "<!DOCTYPE x><row/>", "<!ENTITY a 'b'>"]
)
def test_broken_or_declaring_xml_is_refused(rows):
    """Damage and entity tricks give one clear error."""
    with pytest.raises(UnreadableFile, match="XLSX"):
        xlsx_rows(sheet(rows), name="a.xlsx")


def test_serial_dates_are_read():
    """A workbook that stores times as day numbers still gives times."""
    header = "".join(
        f'<c r="{chr(65 + i)}1" t="inlineStr"><is><t>{n}</t></is></c>'
        for i, n in enumerate(["流水号", "时间", "类型", "金额", "余额"])
    )
    row = '<c r="A2"><v>1</v></c><c r="B2"><v>46328.5</v></c><c r="D2"><v>-58.0</v></c>'
    data = sheet(f'<row r="1">{header}</row><row r="2">{row}</row>')
    bill = read_bill(data=data, name="a.xlsx")
    assert [f"{r.at:%Y-%m-%d %H:%M}" for r in bill.rows if r.at] == ["2026-11-02 12:00"]


def test_a_sheet_of_endless_or_nested_cells_is_refused(monkeypatch):
    """Elements are counted while they are read, and so is their depth."""
    nested = "<row>" + "<c>" * 1000 + "</c>" * 1000 + "</row>"
    with pytest.raises(UnreadableFile, match="格子太多"):
        xlsx_rows(sheet(nested), name="a.xlsx")
    monkeypatch.setattr(sheets, "_MAX_EVENTS", 100)
    with pytest.raises(UnreadableFile, match="格子太多"):
        xlsx_rows(sheet("<row>" + "<c/>" * 100 + "</row>"), name="a.xlsx")
