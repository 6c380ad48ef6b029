"""Put a reading right: the correction stands beside what was read, never instead of it."""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from pathlib import Path

from gongdao.casework.case_toml import quote
from gongdao.casework.check import read_corrections
from gongdao.casework.folder import CORRECTIONS_FILE, load_case_folder
from gongdao.casework.write_whole import locked, write_whole
from gongdao.core.clock import beijing, find_instant
from gongdao.core.errors import CaseFolderError, InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.evidence.gather import Corrections

_HEAD = "# 人工更正：识别出的原值仍然保留，这里写正确的值\n"
_MONEY = ("price", "listed_price", "face_value", "amount")
_TIMES = (
    *("paid_at", "ordered_at", "delivered_at", "cancelled_at", "at", "queried_at", "credited_at"),
    *("redeemed_at", "accepted_at"),
)
FIELDS = (
    *_MONEY,
    *_TIMES,
    *("promise", "service_hours", "merchant", "quantity", "uscc", "name", "address", "product"),
    *("platform", "platform_url", "payee", "to_person", "order_no", "txn_no", "status", "secret"),
    *("error", "credited", "account", "days", "body", "reason", "ticket_no", "receipt_no"),
    *("holder", "small_print"),
)
"""Fields that readings have (docs/formats/case-report.md)."""
_FIELD = re.compile(r"[a-z][a-z_]*(?: ?\d+)?")
_LONGEST = 2000


def correct_field(*, root: Path, file: str, field: str, value: str, at: datetime) -> str | None:
    """Write a correction into corrections.toml; return the correction it replaces, if any.

    Raises CaseFolderError where ``file`` is no exhibit of the case, InputError for a field that
    no reading has or a value that it cannot have.
    """
    path = _find_exhibit(root, file)
    value = check_correction(field, value)
    with locked(root):
        known = {path: dict(fields) for path, fields in read_corrections(root).items()}
        before = known.get(path, {}).get(field)
        known.setdefault(path, {})[field] = value
        write_whole(root / CORRECTIONS_FILE, say_corrections(known, at))
    return before


def say_corrections(corrections: Corrections, at: datetime) -> str:
    """The text of corrections.toml, stamped with the moment of its last change."""
    rows = [
        f"\n[[correction]]\nfile  = {quote(path)}\nfield = {quote(name)}\nvalue = {quote(text)}\n"
        for path, fields in sorted(corrections.items())
        for name, text in sorted(fields.items())
    ]
    stamp = f"# {beijing(at).isoformat(timespec='seconds')}\n"
    return _HEAD + stamp + "".join(rows)


def check_correction(field: str, value: str) -> str:
    """``value`` as it is kept; raise InputError for a field that no reading has or a value that
    it cannot have."""
    _check_field(field)
    return _check_value(field, value)


def _find_exhibit(root: Path, file: str) -> str:
    """The exhibit meant by ``file``: its path within the case, or as the shell completes it."""
    files = load_case_folder(root).files
    plain = file.replace("\\", "/").removeprefix("./")
    if plain in files:
        return plain
    try:
        typed = Path(file).resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError):
        typed = ""
    if typed in files:
        return typed
    near = difflib.get_close_matches(plain, files, 1)
    raise CaseFolderError(
        _("案件里没有这个文件"),
        file=file,
        hint=_("是不是 {code}？").format(code=near[0])
        if near
        else _("写成 during/receipt.png 这样的路径。"),
    )


def _check_field(field: str) -> None:
    if _FIELD.fullmatch(field) and re.sub(r" ?\d+$", "", field) in (*FIELDS, "clause"):
        return
    near = difflib.get_close_matches(field, FIELDS, 1)
    raise InputError(
        _("没有 {field} 这一项").format(field=field[:40]),
        field="FIELD",
        hint=_("是不是 {code}？").format(code=near[0])
        if near
        else _("可以写：{codes}。").format(codes="、".join(FIELDS)),
    )


def _check_value(field: str, value: str) -> str:
    value = value.strip()
    if len(value) > _LONGEST or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", value):
        raise InputError(_("太长或含有不能用的字符"), field="VALUE")
    if field in _MONEY:
        return str(Money.parse(value, field="VALUE"))
    if field in _TIMES and find_instant(value) is None:
        raise InputError(
            _("“{text}”不是时间").format(text=value[:60]),
            field="VALUE",
            hint=_("请写成 2026-11-02 14:03:21。"),
        )
    return value
