"""The index PDF of a case file: what is inside, what it shows, and the manifest's digest.

Set by typst from `index.typ` with fonts that ship as packages, so that the same input gives the
same bytes on every machine. Texts from outside go in as JSON strings, are cut to a length that
a page can hold, and lose what cannot be printed.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from gongdao.casework import index_words as words
from gongdao.casework.case_lists import rows_of
from gongdao.core.clock import beijing, say_minute
from gongdao.core.errors import SealError
from gongdao.core.language import gettext as _

_TEMPLATE = Path(__file__).with_name("index.typ")
_BOX = "□"
_MOST_ROWS = 300
_LONG, _SHORT = 600, 120
_TRIES = 8
_UNSHOWN = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_RUN = re.compile(r"[!-~]{20,}")
_Clean = Callable[..., str]


def index_pdf(
    *,
    report: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    letters: Mapping[str, tuple[str, str]],
    as_of: datetime,
    manifest_sha256: str,
    manifest_sm3: str,
    mask: Callable[[str], str],
) -> bytes:
    """The PDF (PDF/A-2b, A4). ``letters`` is name → (title, addressee); digests are hexadecimal.

    Raises SealError when it cannot be set.
    """
    data = index_data(report, evidence, letters, as_of, mask)
    data["manifest"] = {"sha256": _groups(manifest_sha256), "sm3": _groups(manifest_sm3)}
    data["qr"] = _qr(f"sha256:{manifest_sha256}")
    return _set_in_type(json.dumps(data, ensure_ascii=False), as_of)


def index_data(
    report: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    letters: Mapping[str, tuple[str, str]],
    as_of: datetime,
    mask: Callable[[str], str],
) -> dict[str, Any]:
    """What the template shows, all but digest and QR code, as clean plain strings."""

    def clean(value: object, limit: int = _SHORT) -> str:
        return printable("" if value is None else mask(str(value)), limit)

    number_of = {row["exhibit"]: str(row["no"]) for row in evidence}
    timeline = rows_of(report, "timeline")
    return {
        "title": "维权证据卷宗 · 索引",
        "subtitle": f"截至 {say_minute(as_of)}（北京时间）",
        "summary": _summary(report, clean),
        "stages": _stages(report),
        "elements": _elements(report, number_of),
        "conflicts": _conflicts(report, clean),
        "next": _next_steps(report, clean),
        "warnings": [clean(text, _LONG) for text in _list(report, "warnings")[:20]],
        "timeline": [_timeline_row(row, number_of, clean) for row in timeline[:_MOST_ROWS]],
        "timeline_more": max(0, len(timeline) - _MOST_ROWS),
        "evidence": [_evidence_row(row, clean) for row in evidence[:_MOST_ROWS]],
        "evidence_more": max(0, len(evidence) - _MOST_ROWS),
        "letters": [
            {"title": clean(title), "to": clean(to), "file": f"letters/{name}.docx"}
            for name, (title, to) in sorted(letters.items())
        ],
        "not_proven": list(words.NOT_PROVEN),
        "disclaimer": clean(report.get("disclaimer"), _LONG),
    }


def printable(text: str, limit: int) -> str:
    """``text`` on one line, without what cannot be printed, cut to ``limit`` characters."""
    kept, marks = [], 0
    for ch in unicodedata.normalize("NFC", text[: 4 * limit]):
        kind = unicodedata.category(ch)
        marks = marks + 1 if kind.startswith("M") else 0
        if ch.isspace() or kind in ("Zl", "Zp"):
            kept.append(" ")
        elif kind.startswith("C"):
            kept.append("" if ch in "\u200b\u200d\ufeff\u00ad" else _BOX)
        elif marks <= 2 and not "\ufe00" <= ch <= "\ufe0f":
            kept.append(ch)
    line = re.sub(r" {2,}", " ", "".join(kept)).strip()
    if len(line) > limit or len(text) > 4 * limit:
        line = line[: limit - 1] + "…"
    # A long run without a blank gets places where the line may break.
    return _RUN.sub(lambda run: re.sub(r"(.{8})(?=.)", "\\1\u200b", run[0]), line)


def _summary(report: Mapping[str, Any], clean: _Clean) -> list[dict[str, Any]]:
    case = _mapping(report, "case")
    currency = str(case.get("currency") or "CNY")
    paid = f"{case['paid']} {'元' if currency == 'CNY' else currency}" if case.get("paid") else ""
    reasons = case.get("reasons")
    rows = (
        ("平台", case.get("platform"), False),
        ("商家", case.get("merchant"), False),
        ("商品", case.get("product"), True),
        ("订单号", case.get("order_no"), True),
        ("实付", paid, False),
        ("付款时间", _minute(case.get("paid_at")), False),
        ("投诉理由", "、".join(map(str, reasons)) if isinstance(reasons, list) else reasons, True),
        ("诉求", words.word(words.DEMANDS, case.get("demand")), True),
    )
    shown = [
        {"label": label, "value": clean(value, _LONG if wide else _SHORT) or "—", "wide": wide}
        for label, value, wide in rows
    ]
    quote = clean(report.get("admission_quote"), _LONG)
    if quote:
        shown.append({"label": "对方自认", "value": f"“{quote}”", "wide": True})
    return shown if case else []


def _stages(report: Mapping[str, Any]) -> list[dict[str, str]]:
    given = _mapping(report, "stages")
    return [
        {"name": name, **_state(given.get(code, "missing"))} for code, name in words.STAGES.items()
    ]


def _elements(report: Mapping[str, Any], number_of: Mapping[str, str]) -> list[dict[str, Any]]:
    given, evidence = _mapping(report, "elements"), _mapping(report, "evidence")
    rows = []
    for code, name in words.ELEMENTS.items() if given else ():
        cells: dict[str, list[str]] = {stage: [] for stage in words.STAGES}
        shown = evidence.get(code)
        for item in shown if isinstance(shown, list) else ():
            path = str(item.get("exhibit", "")) if isinstance(item, Mapping) else str(item)
            number, stage = number_of.get(path), path.split("/")[0]
            if number and stage in cells and number not in cells[stage]:
                cells[stage].append(number)
        state = _state(given.get(code, "missing"))
        rows.append({"name": name, "cells": [n[:24] for n in cells.values()], **state})
    return rows


def _state(code: object) -> dict[str, str]:
    state, shown = words.STATES.get(str(code), ("missing", printable(str(code), 12)))
    return {"state": state, "word": shown}


def _conflicts(report: Mapping[str, Any], clean: _Clean) -> list[list[str]]:
    return [
        [
            words.word(words.CONFLICTS, clean(row.get("what"))),
            clean(row.get("case")),
            clean(row.get("exhibit_value")),
            clean(row.get("exhibit")),
        ]
        for row in rows_of(report, "contradictions")[:50]
    ]


def _next_steps(report: Mapping[str, Any], clean: _Clean) -> list[dict[str, str]]:
    steps = _list(report, "next_steps") or _list(report, "recommended")
    shown = []
    for step in steps[:10]:
        given = step if isinstance(step, Mapping) else {"code": step}
        code = given.get("title") or given.get("name") or given.get("code")
        title = words.word(words.STEPS, clean(code))
        shown.append({"title": title, "why": clean(given.get("why"), _LONG)})
    return shown


def _timeline_row(
    row: Mapping[str, Any], number_of: Mapping[str, str], clean: _Clean
) -> dict[str, str]:
    return {
        "at": _narrow(clean(_minute(row.get("at")), 30), 16),
        "stage": _narrow(words.word(words.STAGES, clean(row.get("stage"), 20)), 5),
        "who": _narrow(words.word(words.PARTIES, clean(row.get("who"), 40)), 8),
        "what": clean(row.get("what"), _LONG),
        "no": number_of.get(str(row.get("exhibit") or ""), ""),
    }


def _evidence_row(row: Mapping[str, Any], clean: _Clean) -> dict[str, str]:
    digest = str(row["sha256"])
    return {
        "no": str(row["no"]),
        "title": clean(row["title"]),
        "file": clean(row["exhibit"], 200),
        "proves": clean(row["proves"], _LONG),
        "source": clean(row["source"], 200),
        "original": clean(row["original"], 20),
        "sha": " ".join(digest[i : i + 4] for i in range(0, 16, 4)),
    }


def _narrow(text: str, most: int) -> str:
    """``text`` for a narrow column: a run of Latin may break after ``most`` characters."""
    return re.sub(rf"([!-~]{{{most}}})(?=[!-~])", "\\1\u200b", text)


def _minute(value: object) -> str:
    """A time of the report as ``2026-11-02 14:03`` in Beijing; anything else as it is."""
    text = "" if value is None else str(value)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if len(text) <= 10:
        return text
    return say_minute(at) if at.tzinfo else at.strftime("%Y-%m-%d %H:%M")


def _mapping(report: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = report.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(report: Mapping[str, Any], key: str) -> list[Any]:
    value = report.get(key)
    return value if isinstance(value, list) else []


def _groups(digest: str) -> list[str]:
    return [digest[i : i + 4] for i in range(0, len(digest), 4)]


def _qr(content: str) -> str:
    import segno

    out = io.BytesIO()
    segno.make(content, error="m", micro=False).save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


@cache
def typst_fonts() -> Any:
    """The fonts that PDFs are set in, which ship as packages."""
    import noto_cjk_sans_otc
    import pylopdf_fonts_zh_cn
    import typst

    folders = [
        pylopdf_fonts_zh_cn.sans_path().parent,
        Path(str(noto_cjk_sans_otc.FONT_PATH)).parent,
    ]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)


def _set_in_type(data: str, as_of: datetime) -> bytes:
    """Compile; a character that no font has becomes □ and the page is set again."""
    import typst

    moment = int(beijing(as_of).timestamp())
    source = _TEMPLATE.read_bytes()
    error = ""
    for attempt in range(_TRIES + 1):
        compiler = typst.Compiler(font_paths=typst_fonts(), sys_inputs={"data": data})
        try:
            pdf = compiler.compile(source, format="pdf", pdf_standards=["a-2b"], timestamp=moment)
        except typst.TypstError as failed:
            error = failed.diagnostic or failed.message
            unshown = {ch for text in _UNSHOWN.findall(error) for ch in _unescaped(text)}
            if not unshown:
                break
            data = _without(data, unshown, everything=attempt == _TRIES - 1)
            continue
        return pdf if isinstance(pdf, bytes) else b"".join(pdf or [])
    raise SealError(
        _("索引 PDF 排版失败：{reason}").format(reason=error.strip().splitlines()[0][:200])
    )


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def _without(data: str, unshown: set[str], *, everything: bool) -> str:
    """``data`` with ``unshown`` boxed; with ``everything``, all but common Chinese and ASCII."""
    if everything:
        return re.sub(r"[^\u0020-\u007e\u3000-\u303f\u4e00-\u9fa5\uff00-\uff5e·—…•“”]", _BOX, data)
    return data.translate({ord(ch): _BOX for ch in unshown if ch > "\x7f"})
