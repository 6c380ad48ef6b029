"""XLSX to cells, from its XML, with limits; no formula is computed and no link is followed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.bills.tables import MAX_COLUMNS, MAX_ROWS, Row
from gongdao.evidence.zip_guard import check_zip, read_member

_MAX_XML = 32 << 20
_MAX_EVENTS = 4_000_000
_MAX_DEPTH = 100
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_SHEET = re.compile(r"xl/worksheets/sheet\d*\.xml")


def xlsx_rows(data: bytes, *, name: str) -> list[Row]:
    """Rows of the first worksheet, blank ones left out; raise UnreadableFile when it is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_zip(archive, name=name, max_total=_MAX_XML)
            members = [info.filename for info in archive.infolist()]
            sheets = sorted((m for m in members if _SHEET.fullmatch(m)), key=lambda m: (len(m), m))
            if not sheets:
                raise _broken(name, Phrase("里面没有工作表"))
            strings = (
                _strings(_xml(archive, "xl/sharedStrings.xml", name), name)
                if ("xl/sharedStrings.xml" in members)
                else []
            )
            return list(_rows(_xml(archive, sheets[0], name), strings, name))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise _broken(name, str(error)[:80]) from None


def _broken(name: str, why: str | Phrase) -> UnreadableFile:
    return UnreadableFile(
        Phrase("XLSX 文件读不出来（{why}）", why=why),
        file=name or None,
        hint=Phrase("请重新导出账单，或另存为 CSV。"),
    )


def _xml(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    data = read_member(archive, member, limit=_MAX_XML, name=name)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\x00" in data[:200]:
        raise _broken(name, Phrase("里面有不该有的声明"))
    return data


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _elements(data: bytes, wanted: str, name: str) -> Iterator[ElementTree.Element]:
    """Finished elements of that local name; each is let go after use, and so is all around it."""
    above: list[ElementTree.Element] = []
    inside = 0
    try:
        events = ElementTree.iterparse(io.BytesIO(data), events=("start", "end"))
        for count, (event, element) in enumerate(events):
            if count > _MAX_EVENTS or len(above) > _MAX_DEPTH:
                raise _broken(name, Phrase("格子太多"))
            is_wanted = _local(element.tag) == wanted
            if event == "start":
                above.append(element)
                inside += is_wanted
                continue
            above.pop()
            inside -= is_wanted
            if is_wanted:
                yield element
            if above and not inside:
                above[-1].remove(element)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _broken(name, str(error)[:80]) from None


def _strings(data: bytes, name: str) -> list[str]:
    return [_text(item) for item in _elements(data, "si", name)]


def _text(element: ElementTree.Element) -> str:
    parts = (e.text or "" for e in element.iter() if _local(e.tag) == "t")
    return "".join(parts)


def _rows(data: bytes, strings: list[str], name: str) -> Iterator[Row]:
    for count, element in enumerate(_elements(data, "row", name), start=1):
        if count > MAX_ROWS:
            return
        written = element.get("r", "")
        line = int(written) if re.fullmatch(r"\d{1,7}", written) else count
        cells = [""] * MAX_COLUMNS
        width = 0
        for i, cell in enumerate(c for c in element if _local(c.tag) == "c"):
            column = _column(cell.get("r", ""), i)
            if column < MAX_COLUMNS:
                cells[column] = _value(cell, strings)
                width = max(width, column + 1)
        kept = tuple(cell.strip() for cell in cells[:width])
        if any(kept):
            yield Row(line, kept, ",".join(kept))


def _column(reference: str, fallback: int) -> int:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return fallback
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: ElementTree.Element, strings: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = next((e.text or "" for e in cell if _local(e.tag) == "v"), "")
    if kind == "s":
        known = value.isascii() and value.isdigit() and len(value) < 9 and int(value) < len(strings)
        return strings[int(value)] if known else ""
    return value
