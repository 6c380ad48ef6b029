"""``gongdao chat …``: label single lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gongdao.core.clock import parse_iso
from gongdao.core.codes import Speaker
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang

if TYPE_CHECKING:
    from gongdao.evidence.chat_lines.label_lines import Line

_MAX_LINE = 1 << 20

chat_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@chat_app.callback()
def _group() -> None:
    """Keeps ``label`` a command of its own while it is the only one."""


@chat_app.command("label", help="逐行 JSON 进，逐行 JSON 出：labels 和 by。Label chat lines.")
def label(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="默认读标准输入。Default: stdin.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Read JSON lines (speaker, text, at, context); write JSON lines in the same order."""
    from gongdao.evidence.chat_lines.label_lines import label_lines

    source = file.open("rb") if file else sys.stdin.buffer
    name = str(file) if file else "-"
    with source:
        for line in _lines(source, name):
            found = label_lines([line])[0]
            answer = {
                "labels": [str(one) for one in found.labels],
                "by": found.by.isoformat() if found.by else None,
            }
            print(json.dumps(answer, ensure_ascii=False))


def _lines(source: Any, name: str) -> Iterator[Line]:
    number = 0
    while raw := source.readline(_MAX_LINE + 1):
        number += 1
        if len(raw) > _MAX_LINE:
            raise InputError(_("这一行太长，最多 1 MiB"), file=name, line=number)
        if raw.strip():
            yield _line(raw, name, number)


def _line(raw: bytes, name: str, number: int) -> Line:
    from gongdao.evidence.chat_lines.label_lines import Line

    try:
        row = json.loads(raw)
        speaker, text = Speaker(row["speaker"]), row["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            _("不是 {keys} 的 JSON").format(keys='{"speaker": …, "text": …}'),
            file=name,
            line=number,
            hint="speaker: buyer | merchant | platform | system",
        ) from None
    if not isinstance(text, str):
        raise InputError(_("text 要是文字"), file=name, line=number, field="text")
    try:
        at = parse_iso(str(row["at"])) if row.get("at") else None
    except InputError as error:
        raise InputError(
            error.reason, file=name, line=number, field="at", hint=error.hint
        ) from None
    return Line(speaker, text, at, str(row.get("context") or ""))
