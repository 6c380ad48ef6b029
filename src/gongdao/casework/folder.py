"""Read a case folder: case.toml becomes a Statement, before/ during/ after/ the list of files.

The format is docs/formats/case-folder.md. A value that cannot be used is an error that names the
line; a key that is not known is a note (people mistype, and nothing they wrote may be lost).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from gongdao.channels.route import PARTY_OF
from gongdao.core.clock import in_beijing, parse_iso
from gongdao.core.codes import (
    Category,
    Condition,
    Demand,
    Kind,
    Means,
    Outcome,
    Party,
    Payment,
    Reason,
    Speaker,
    Stage,
)
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.evidence.statement import (
    AlsoDemand,
    Buyer,
    Claim,
    Contact,
    ExhibitNote,
    Order,
    Statement,
)

CASE_FILE = "case.toml"
CORRECTIONS_FILE = "corrections.toml"
MAX_FILES = 500
_MAX_TOML = 1 << 20
_MAX_NOTES = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TOML_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
_STAGES = tuple(stage.value for stage in Stage)
_KEYS: dict[str, tuple[str, ...]] = {
    "": ("version", "order", "buyer", "claim", "contact", "exhibit", "chat_names"),
    "order": (
        *("platform", "platform_url", "merchant", "payee", "product", "category", "quantity"),
        *("face_value", "order_no", "transaction_no", "listed_price", "paid", "currency"),
        *("ordered_at", "paid_at", "payment", "promise", "delivered_at"),
    ),
    "buyer": ("own_use", "adult", "name", "phone", "province"),
    "claim": ("reasons", "demand", "amount", "suspect_fraud", "also"),
    "claim.also": ("demand", "amount"),
    "contact": ("at", "with", "by", "outcome", "note", "channel", "outcome_at"),
    "exhibit": ("file", "kind", "captured_at", "original", "condition", "note"),
}
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True)
class CaseFolder:
    """A case folder as found: ``files`` are POSIX paths within ``root``, sorted; ``notes`` are
    sentences about what was odd but did not stop the reading."""

    root: Path
    statement: Statement
    files: tuple[str, ...]
    notes: tuple[str, ...]


def load_case_folder(root: Path) -> CaseFolder:
    """Read ``root``. Raises CaseFolderError naming file, line and field when it cannot be used."""
    if not root.is_dir():
        raise CaseFolderError(
            _("不是案件文件夹"), file=str(root), hint=_("用 gongdao case new 新建一个。")
        )
    path = root / CASE_FILE
    if not path.is_file():
        raise CaseFolderError(
            _("没有 case.toml"), file=str(root), hint=_("用 gongdao case start 文件… 生成一份。")
        )
    if path.stat().st_size > _MAX_TOML:
        raise CaseFolderError(_("文件大于 1 MiB"), file=CASE_FILE)
    reader = _Reader(path.read_bytes())
    files, notes = list_files(root)
    statement = _as_on_disk(reader.statement(), files)
    notes += [
        _("case.toml 提到 {file}，但文件夹里没有这个文件。").format(file=name)
        for name in statement.exhibits
        if name not in files
    ]
    return CaseFolder(root, statement, tuple(files), (*reader.notes, *notes))


def list_files(root: Path) -> tuple[list[str], list[str]]:
    """Files under before/, during/ and after/ as sorted POSIX paths, and notes on what was left
    out (links, files elsewhere). Hidden files are not evidence."""
    files: list[str] = []
    notes: list[str] = []
    for folder, directories, names in os.walk(root, followlinks=False):
        links = [d for d in directories if (Path(folder) / d).is_symlink()]
        directories[:] = sorted(d for d in directories if not d.startswith("."))
        for name in sorted([*names, *links]):
            full = Path(folder) / name
            path = full.relative_to(root).as_posix()
            if name.startswith(".") or path in (CASE_FILE, CORRECTIONS_FILE):
                continue
            why = _why_left_out(full, path)
            if why is None:
                files.append(path)
            else:
                shown = path.encode("utf-8", "replace").decode()
                notes.append(why.format(file=_CONTROL.sub("?", shown)))
    if len(files) > MAX_FILES:
        raise CaseFolderError(
            _("证据文件有 {count} 个，最多 {limit} 个").format(count=len(files), limit=MAX_FILES),
            file=str(root),
            hint=_("请把无关的文件移出去。"),
        )
    if len(notes) > _MAX_NOTES:
        more = len(notes) - _MAX_NOTES
        notes[_MAX_NOTES:] = [_("还有 {count} 个文件没有采用。").format(count=more)]
    return files, notes


def _why_left_out(full: Path, path: str) -> str | None:
    """Why the file is no exhibit, as a sentence with ``{file}``; None where it is one."""
    if full.is_symlink() or not full.is_file():
        return _("{file} 是链接或特殊文件，没有采用。")
    if path.split("/")[0] not in _STAGES:
        return _("{file} 不在 before、during、after 里，没有采用。")
    if _CONTROL.search(path):
        return _("{file} 的文件名里有不能用的字符，没有采用，请改名。")
    return None


def _as_on_disk(statement: Statement, files: Iterable[str]) -> Statement:
    """``statement`` with file names spelt as the file system has them: the same Chinese or
    accented name has two Unicode spellings, and phones and editors differ."""
    spelt = {unicodedata.normalize("NFC", file): file for file in files}
    found = {}
    for name, note in statement.exhibits.items():
        real = spelt.get(unicodedata.normalize("NFC", name), name)
        found[real] = replace(note, file=real)
    return replace(statement, exhibits=found)


def parse_toml(data: bytes, file: str) -> tuple[str, dict[str, Any]]:
    """The text and the table of a TOML file a person wrote; raise CaseFolderError with the line
    that is wrong and what is usually the matter with it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CaseFolderError(_("不是 UTF-8 文本"), file=file, hint=_("请另存为 UTF-8。")) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        lines = text.splitlines()
        number = int(place[1]) if place else len(lines)
        shown = lines[number - 1].strip()[:60] if number and number <= len(lines) else str(error)
        raise CaseFolderError(
            _("TOML 写法有误：{error}").format(error=_CONTROL.sub("?", shown)),
            file=file,
            line=number,
            hint=_("文字和金额要加英文引号，同一项只写一次。"),
        ) from None
    except (ValueError, RecursionError):
        raise CaseFolderError(_("数字太长或嵌套太深"), file=file) from None


class _Reader:
    """Turns the TOML table into dataclasses; knows the line of every key for its errors."""

    def __init__(self, data: bytes) -> None:
        self.notes: list[str] = []
        self.text, self.table = parse_toml(data, CASE_FILE)
        self._known("", self.table)
        version = self.table.get("version", 1)
        if version != 1 or isinstance(version, bool):
            raise self._wrong("version", _("只认识版本 1"))

    def statement(self) -> Statement:
        """The whole of case.toml."""
        return Statement(
            order=self._order(self._section("order")),
            buyer=self._buyer(self._section("buyer")),
            claim=self._claim(self._section("claim")),
            contacts=tuple(
                sorted(
                    (self._contact(row, i) for i, row in enumerate(self._rows("contact"))),
                    key=lambda contact: contact.at,
                )
            ),
            exhibits=self._exhibits(),
            chat_names={
                name: self._enum({name: role}, name, Speaker, "chat_names") or Speaker.SYSTEM
                for name, role in self._section("chat_names").items()
            },
        )

    def _exhibits(self) -> dict[str, ExhibitNote]:
        """Notes by file; of two for one file the later counts, and that is said."""
        found: dict[str, ExhibitNote] = {}
        for index, row in enumerate(self._rows("exhibit")):
            note = self._exhibit(row, index)
            if note.file in found:
                self.notes.append(
                    _("case.toml 里 {file} 写了两次，以后一次为准。").format(file=note.file)
                )
            found[note.file] = note
        return found

    def _quantity(self, t: Mapping[str, Any]) -> int | None:
        value = t.get("quantity", "")
        if value == "":
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
            raise self._wrong("order.quantity", _("要写成正整数"))
        return value

    def _order(self, t: dict[str, Any]) -> Order:
        self._known("order", t)
        currency = self._currency(t)
        return Order(
            platform=self._text(t, "platform", "order"),
            platform_url=self._text(t, "platform_url", "order"),
            merchant=self._text(t, "merchant", "order"),
            payee=self._text(t, "payee", "order"),
            product=self._text(t, "product", "order"),
            category=self._enum(t, "category", Category, "order"),
            quantity=self._quantity(t),
            face_value=self._money(t, "face_value", currency, "order"),
            order_no=self._text(t, "order_no", "order"),
            transaction_no=self._text(t, "transaction_no", "order"),
            listed_price=self._money(t, "listed_price", currency, "order"),
            paid=self._money(t, "paid", currency, "order"),
            ordered_at=self._time(t, "ordered_at", "order"),
            paid_at=self._time(t, "paid_at", "order"),
            payment=self._enum(t, "payment", Payment, "order"),
            promise=self._text(t, "promise", "order"),
            delivered_at=self._time(t, "delivered_at", "order"),
        )

    def _buyer(self, t: dict[str, Any]) -> Buyer:
        self._known("buyer", t)
        return Buyer(
            own_use=self._flag(t, "own_use", True, "buyer"),
            adult=self._flag(t, "adult", True, "buyer"),
            name=self._text(t, "name", "buyer"),
            phone=self._text(t, "phone", "buyer"),
            province=self._text(t, "province", "buyer"),
        )

    def _claim(self, t: dict[str, Any]) -> Claim:
        self._known("claim", t)
        reasons = t.get("reasons", [])
        if not isinstance(reasons, list):
            raise self._wrong("claim.reasons", _("要写成列表"))
        codes = [self._enum({"reasons": r}, "reasons", Reason, "claim") for r in reasons]
        rows = t.get("also", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._wrong("claim.also", _("要写成 [[{name}]]").format(name="claim.also"))
        also = []
        for row in rows:
            self._known("claim.also", row)
            demand = self._enum(row, "demand", Demand, "claim.also")
            if demand:
                also.append(AlsoDemand(demand, self._money(row, "amount", "CNY", "claim.also")))
        return Claim(
            reasons=tuple(dict.fromkeys(code for code in codes if code)),
            demand=self._enum(t, "demand", Demand, "claim"),
            amount=self._money(t, "amount", "CNY", "claim"),
            suspect_fraud=self._flag(t, "suspect_fraud", False, "claim"),
            also=tuple(also),
        )

    def _contact(self, t: dict[str, Any], index: int) -> Contact:
        where = f"contact[{index + 1}]"
        self._known("contact", t)
        at = self._time(t, "at", where)
        party = self._enum(t, "with", Party, where)
        if at is None or party is None:
            raise self._wrong(where, _("要有 at（时间）和 with（对方）"))
        outcome_at = self._time(t, "outcome_at", where)
        if outcome_at is not None and outcome_at < at:
            raise self._wrong(f"{where}.outcome_at", _("结果不能早于提交"))
        return Contact(
            at=at,
            party=party,
            by=self._enum(t, "by", Means, where) or Means.CHAT,
            outcome=self._enum(t, "outcome", Outcome, where) or Outcome.NO_ANSWER,
            note=self._text(t, "note", where),
            channel=self._channel(t, party, where),
            outcome_at=outcome_at,
        )

    def _channel(self, t: Mapping[str, Any], party: Party, where: str) -> str:
        """The channel of a filing; it must be one of the party's."""
        channel = self._text(t, "channel", where)
        known = [code for code, behind in PARTY_OF.items() if behind is party]
        if channel and channel not in known:
            raise self._wrong(
                f"{where}.channel",
                _("和 with = {party} 不相配").format(party=party.value),
                hint=_("可以写：{codes}。").format(codes=_join(known)) if known else "",
            )
        return channel

    def _exhibit(self, t: dict[str, Any], index: int) -> ExhibitNote:
        where = f"exhibit[{index + 1}]"
        self._known("exhibit", t)
        file = self._text(t, "file", where).replace("\\", "/")
        path = PurePosixPath(file)
        if not file or path.is_absolute() or ".." in path.parts or path.parts[0] not in _STAGES:
            raise self._wrong(f"{where}.file", _("要写成 before/、during/ 或 after/ 下的文件名"))
        original = t.get("original")
        return ExhibitNote(
            file=path.as_posix(),
            kind=self._enum(t, "kind", Kind, where),
            captured_at=self._time(t, "captured_at", where),
            original=None if original is None else self._flag(t, "original", True, where),
            condition=self._enum(t, "condition", Condition, where),
            note=self._text(t, "note", where),
        )

    def _section(self, name: str) -> dict[str, Any]:
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, _("要写成 [{name}] 一节").format(name=name))
        return value

    def _rows(self, name: str) -> list[dict[str, Any]]:
        rows = self.table.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._wrong(name, _("要写成 [[{name}]]").format(name=name))
        return rows

    def _known(self, section: str, table: Mapping[str, Any]) -> None:
        for key in table:
            if key in _KEYS[section]:
                continue
            near = difflib.get_close_matches(key, _KEYS[section], 1)
            meant = _("，是不是 {key}？").format(key=near[0]) if near else "。"
            name = f"{section}.{key}" if section else key
            self.notes.append(_("case.toml 里不认识 {name}").format(name=name) + meant)

    def _currency(self, table: Mapping[str, Any]) -> str:
        """Only yuan: amounts of receipts are yuan, and nothing may mix currencies unnoticed."""
        written = self._text(table, "currency", "order") or "CNY"
        if written.upper() not in ("CNY", "RMB", "人民币", "元", "¥"):
            raise self._wrong("order.currency", _("只支持人民币 CNY"))
        return "CNY"

    def _text(self, table: Mapping[str, Any], key: str, section: str) -> str:
        value = table.get(key, "")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
            value = str(value)
        if not isinstance(value, str):
            raise self._wrong(f"{section}.{key}", _("要写成文字"))
        return value.strip()

    def _flag(self, table: Mapping[str, Any], key: str, default: bool, section: str) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(f"{section}.{key}", _("只能是 true 或 false"))
        return value

    def _money(self, t: Mapping[str, Any], key: str, currency: str, section: str) -> Money | None:
        value = t.get(key, "")
        if value == "" or value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12:
            value = str(value)
        if not isinstance(value, str):
            raise self._wrong(f"{section}.{key}", _('金额要加引号，写成 "98.00"'))
        try:
            money = Money.parse(value, currency)
        except InputError as error:
            raise self._wrong(f"{section}.{key}", error.reason, hint=error.hint) from None
        if money.minor < 0:
            raise self._wrong(f"{section}.{key}", _("金额不能是负数"))
        return money

    def _time(self, table: Mapping[str, Any], key: str, section: str) -> datetime | None:
        value = table.get(key, "")
        if value == "":
            return None
        day_only = isinstance(value, str) and value.isascii() and len(value.strip()) <= 10
        if not isinstance(value, datetime | str) or day_only:
            raise self._wrong(f"{section}.{key}", _("要写到时分，例如 2026-11-02T14:03:21+08:00"))
        try:
            return in_beijing(value) if isinstance(value, datetime) else parse_iso(value)
        except InputError as error:
            raise self._wrong(f"{section}.{key}", error.reason, hint=error.hint) from None

    def _enum(self, t: Mapping[str, Any], key: str, codes: type[_E], section: str) -> _E | None:
        value = t.get(key, "")
        if value == "":
            return None
        try:
            return codes(value)
        except ValueError:
            known = [code.value for code in codes]
            near = difflib.get_close_matches(str(value), known, 1)
            raise self._wrong(
                f"{section}.{key}",
                _("不认识 {value}").format(value=_CONTROL.sub("?", repr(value)[:60])),
                hint=_("是不是 {code}？").format(code=near[0])
                if near
                else _("可以写：{codes}。").format(codes=_join(known)),
            ) from None

    def _wrong(self, field: str, reason: str, *, hint: str = "") -> CaseFolderError:
        line = _line_of(self.text, field)
        return CaseFolderError(reason, file=CASE_FILE, line=line, field=field, hint=hint)


def _line_of(text: str, field: str) -> int | None:
    """The line of ``contact[2].with`` or ``order.paid``: its key, else its section's heading."""
    section, _dot, key = field.rpartition(".")
    match = re.fullmatch(r"(.*)\[(\d+)\]", section or field)
    name, wanted = (match[1], int(match[2])) if match else (section, 1)
    if match and not section:
        key = ""
    here, count, heading = not name, 0, None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#")[0].strip()
        if re.fullmatch(r"\[\[?[^\[\]=]+\]?\]", bare):
            same = re.sub(r"[\s\"'\[\]]", "", bare) == (name or key)
            count += same
            here = same and count == wanted
            if here:
                heading = number
        elif here and key and line.split("=")[0].strip().strip("\"'") == key:
            return number
    return heading


def _join(words: Iterable[str]) -> str:
    return "、".join(words)
