"""Options that many commands share, and reading them."""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gongdao.core.clock import BEIJING, parse_iso
from gongdao.core.errors import ArgumentError, InputError
from gongdao.core.language import LANGUAGES, use_language
from gongdao.core.language import gettext as _


def _choose_language(value: str) -> str:
    if value not in LANGUAGES:
        raise typer.BadParameter("zh | en")
    use_language(value)
    return value


AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="按这一时刻判断，默认现在。Judge as at this time."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出一个 JSON。One JSON object.")]
Lang = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="zh|en",
        callback=_choose_language,
        is_eager=True,
        help="界面语言。Language of what is shown.",
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="案件文件夹。Case folder.")]
Password = Annotated[
    str | None,
    typer.Option(
        "--password", help="账单压缩包的密码。Password of a zipped bill.", show_default=False
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="不读也不写识别缓存。Neither read nor keep readings.")
]


def read_as_of(text: str | None) -> datetime:
    """The instant asked for, or now: the one place where a case command reads the clock."""
    if text is None:
        return datetime.now(BEIJING).replace(microsecond=0)
    try:
        return parse_iso(text)
    except InputError as error:
        raise ArgumentError(error.reason, field="--as-of", hint=error.hint) from None


def print_json(value: Any) -> None:
    """One JSON object, Chinese readable, keys in the order of the report."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def escape_controls(text: str) -> str:
    """``text`` without what could steer a terminal: quotes and file names come from others."""
    return _CONTROL.sub("\ufffd", text)


def for_terminal(value: Any) -> Any:
    """``value`` (dicts, lists, texts) with every text fit to be printed."""
    if isinstance(value, str):
        return escape_controls(value)
    if isinstance(value, dict):
        return {for_terminal(key): for_terminal(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [for_terminal(one) for one in value]
    return value


def show_progress() -> Callable[[str, int, int], None] | None:
    """A progress line on the terminal while files are read; nothing when errors are piped."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(name: str, done: int, total: int) -> None:
        text = _("正在读取 {done}/{total}：{name}").format(
            done=done + 1, total=total, name=escape_controls(name)
        )
        sys.stderr.write(f"\r\x1b[K{_fit(text, shutil.get_terminal_size().columns - 1)}")
        if done + 1 == total:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return show


def _fit(text: str, columns: int) -> str:
    """As much of ``text`` as fits in ``columns``; Chinese takes two."""
    for end, char in enumerate(text):
        columns -= 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if columns < 0:
            return text[:end]
    return text
