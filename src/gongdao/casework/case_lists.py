"""The two tables of a case file, timeline and numbered evidence list, as CSV that Excel opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gongdao.casework.index_words import PARTIES, STAGES, word
from gongdao.casework.originals import ROOT_FILES, Original


def number_evidence(
    report: Mapping[str, Any], originals: Sequence[Original]
) -> list[dict[str, Any]]:
    """The report's evidence list with digests added, then every original that it leaves out.

    A row has no, exhibit, title, source, proves, original (原件, 复制件 or 未说明), stage and
    digests.
    A row whose file is not in the folder is dropped: it cannot be sealed.
    """
    files = {one.path: one for one in originals if one.path not in ROOT_FILES}
    rows: list[dict[str, Any]] = []
    for given in rows_of(report, "evidence_list"):
        one = files.pop(str(given.get("exhibit", "")), None)
        if one is not None:
            number = given.get("no")
            used = {row["no"] for row in rows}
            good = isinstance(number, int) and 0 < number < 10_000 and number not in used
            rows.append(_row(number if good else max(used, default=0) + 1, one, given))
    last = max((row["no"] for row in rows), default=0)
    return rows + [_row(last + i, one, {}) for i, one in enumerate(files.values(), 1)]


def rows_of(report: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The list of objects at ``key``, empty where it is absent or something else."""
    rows = report.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def timeline_csv(report: Mapping[str, Any], mask: Callable[[str], str]) -> bytes:
    """timeline.csv: time, stage, who, what, exhibit."""
    rows = (
        (
            row.get("at"),
            word(STAGES, row.get("stage")),
            word(PARTIES, row.get("who")),
            row.get("what"),
            row.get("exhibit"),
        )
        for row in rows_of(report, "timeline")
    )
    return _csv(("时间", "阶段", "谁", "发生了什么", "证据文件"), rows, mask)


def evidence_csv(rows: Sequence[Mapping[str, Any]], mask: Callable[[str], str]) -> bytes:
    """evidence-list.csv: number, title, source, what it proves, original or copy, digests."""
    heads = ("编号", "名称", "来源", "证明内容", "原件或复制件", "阶段", "文件", "SHA-256", "SM3")
    keys = ("no", "title", "source", "proves", "original", "stage", "exhibit", "sha256", "sm3")
    unmasked = ("exhibit", "sha256", "sm3")
    cells = ([_Exact(row[key]) if key in unmasked else row[key] for key in keys] for row in rows)
    return _csv(heads, cells, mask)


class _Exact(str):
    """A cell that is a name or digest, to be written as it is."""


def _row(number: object, one: Original, given: Mapping[str, Any]) -> dict[str, Any]:
    original, stage = given.get("original"), given.get("stage") or one.path.split("/")[0]
    return {
        "no": number,
        "exhibit": one.path,
        "title": str(given.get("title") or one.path.rsplit("/", 1)[-1]),
        "source": str(given.get("source") or ""),
        "proves": str(given.get("proves") or ""),
        "original": "原件" if original is True else "复制件" if original is False else "未说明",
        "stage": word(STAGES, stage),
        "sha256": one.digests.sha256,
        "sm3": one.digests.sm3,
    }


def _csv(
    heads: Iterable[str], rows: Iterable[Iterable[object]], mask: Callable[[str], str]
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_cell(value, mask) for value in row])
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")


def _cell(value: object, mask: Callable[[str], str]) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, _Exact) else mask(str(value))
    # A cell that a spreadsheet would run as a formula is shown as text.
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else str(text)
