"""Read a case folder: case.toml becomes a Statement, before/ during/ after/ the list of files.

The format is docs/formats/case-folder.md. A value that cannot be used is an error that names the
line; a key that is not known is a note (people mistype, and nothing they wrote may be lost).
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from gongdao.core.clock import BEIJING, parse_iso
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
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
_STAGES = tuple(stage.value for stage in Stage)
_KEYS: dict[str, tuple[str, ...]] = {
    "": ("version", "order", "buyer", "claim", "contact", "exhibit", "chat_names"),
    "order": (
        "platform platform_url merchant payee product category quantity face_value order_no "
        "transaction_no listed_price paid currency ordered_at paid_at payment promise delivered_at"
    ).split(),  # type: ignore[dict-item]  # a list reads better than eighteen quoted names
    "buyer": ("own_use", "adult", "name", "phone", "province"),
    "claim": ("reasons", "demand", "amount", "suspect_fraud", "also"),
    "claim.also": ("demand", "amount"),
    "contact": ("at", "with", "by", "outcome", "note"),
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
    statement = reader.statement()
    files, notes = list_files(root)
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
        directories[:] = sorted(d for d in directories if not d.startswith("."))
        for name in sorted(names):
            full = Path(folder) / name
            path = full.relative_to(root).as_posix()
            if name.startswith(".") or path in (CASE_FILE, CORRECTIONS_FILE):
                continue
            if full.is_symlink() or not full.is_file():
                notes.append(_("{file} 是链接或特殊文件，没有采用。").format(file=path))
            elif path.split("/")[0] not in _STAGES:
                notes.append(
                    _("{file} 不在 before、during、after 里，没有采用。").format(file=path)
                )
            else:
                files.append(path)
    if len(files) > MAX_FILES:
        raise CaseFolderError(
            _("证据文件有 {count} 个，最多 {limit} 个").format(count=len(files), limit=MAX_FILES),
            file=str(root),
            hint=_("请把无关的文件移出去。"),
        )
    return files, notes


class _Reader:
    """Turns the TOML table into dataclasses; knows the line of every key for its errors."""

    def __init__(self, data: bytes) -> None:
        self.notes: list[str] = []
        try:
            self.text = data.decode("utf-8-sig")
            self.table: dict[str, Any] = tomllib.loads(self.text)
        except UnicodeDecodeError:
            raise CaseFolderError(
                _("不是 UTF-8 文本"), file=CASE_FILE, hint=_("请另存为 UTF-8。")
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise CaseFolderError(
                _("TOML 写法有误：{error}").format(error=error), file=CASE_FILE
            ) from None
        self._known("", self.table)
        version = self.table.get("version", 1)
        if version != 1:
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
            exhibits={
                note.file: note
                for note in (self._exhibit(row, i) for i, row in enumerate(self._rows("exhibit")))
            },
            chat_names={
                name: self._enum({name: role}, name, Speaker, "chat_names") or Speaker.SYSTEM
                for name, role in self._section("chat_names").items()
            },
        )

    def _order(self, t: dict[str, Any]) -> Order:
        self._known("order", t)
        currency = self._text(t, "currency", "order") or "CNY"
        quantity = t.get("quantity")
        if quantity is not None and (not isinstance(quantity, int) or quantity < 1):
            raise self._wrong("order.quantity", _("要写成正整数"))
        return Order(
            platform=self._text(t, "platform", "order"),
            platform_url=self._text(t, "platform_url", "order"),
            merchant=self._text(t, "merchant", "order"),
            payee=self._text(t, "payee", "order"),
            product=self._text(t, "product", "order"),
            category=self._enum(t, "category", Category, "order"),
            quantity=quantity,
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
        also = []
        for row in t.get("also", []):
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
            raise self._wrong(where, _("要有 at（时间）和 with（对方）"), key="contact")
        return Contact(
            at=at,
            party=party,
            by=self._enum(t, "by", Means, where) or Means.CHAT,
            outcome=self._enum(t, "outcome", Outcome, where) or Outcome.NO_ANSWER,
            note=self._text(t, "note", where),
        )

    def _exhibit(self, t: dict[str, Any], index: int) -> ExhibitNote:
        where = f"exhibit[{index + 1}]"
        self._known("exhibit", t)
        file = self._text(t, "file", where).replace("\\", "/")
        path = PurePosixPath(file)
        if not file or path.is_absolute() or ".." in path.parts or path.parts[0] not in _STAGES:
            raise self._wrong(
                f"{where}.file", _("要写成 before/、during/ 或 after/ 下的文件名"), key="file"
            )
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

    def _text(self, table: Mapping[str, Any], key: str, section: str) -> str:
        value = table.get(key, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
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
        if isinstance(value, bool | float) or not isinstance(value, str | int):
            raise self._wrong(f"{section}.{key}", _("金额要加引号，写成 \"98.00\""))
        try:
            return Money.parse(str(value), currency)
        except InputError as error:
            raise self._wrong(f"{section}.{key}", error.reason, hint=error.hint) from None

    def _time(self, table: Mapping[str, Any], key: str, section: str) -> datetime | None:
        value = table.get(key, "")
        if value == "":
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=BEIJING)
        if isinstance(value, date) or not isinstance(value, str):
            raise self._wrong(
                f"{section}.{key}", _("要写到时分，例如 2026-11-02T14:03:21+08:00")
            )
        try:
            return parse_iso(value)
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
                _("不认识 {value}").format(value=repr(value)),
                hint=_("是不是 {code}？").format(code=near[0])
                if near
                else _("可以写：{codes}。").format(codes=_join(known)),
            ) from None

    def _wrong(
        self, field: str, reason: str, *, hint: str = "", key: str | None = None
    ) -> CaseFolderError:
        return CaseFolderError(
            reason,
            file=CASE_FILE,
            line=self._line(key or field.rsplit(".", 1)[-1]),
            field=field,
            hint=hint,
        )

    def _line(self, key: str) -> int | None:
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.split("=")[0].strip().strip('"[]') == key:
                return number
        return None


def _join(words: Iterable[str]) -> str:
    return "、".join(words)
