"""Where a case stands, as one figure: six elements down, three stages across. Pure.

Made from the case report (docs/formats/case-report.md), so that the picture can say nothing that
the report does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gongdao.casework.words import ELEMENT_NAMES
from gongdao.core.codes import Element, Stage
from gongdao.core.language import Bilingual, translated
from gongdao.core.language import gettext as _
from gongdao.front.web.templatetags.meanings import Meaning, meaning

_HEADS: dict[Stage, Bilingual] = {
    Stage.BEFORE: Bilingual("交易前", "Before"),
    Stage.DURING: Bilingual("交易中", "During"),
    Stage.AFTER: Bilingual("交易后", "After"),
}
"""Heads of the columns: on a phone there is room for one short word in either language."""
_USUAL: dict[Element, tuple[Stage, ...]] = {
    Element.CONTRACT: (Stage.BEFORE, Stage.DURING),
    Element.PAYMENT: (Stage.DURING,),
    Element.BREACH: (Stage.AFTER,),
    Element.NOTICE: (Stage.DURING,),
    Element.ADMISSION: (Stage.DURING,),
    Element.RESPONDENT_IDENTITY: (Stage.BEFORE,),
}
"""In which stage the evidence for an element is usually saved: where a gap is shown as one."""
_STRENGTH = ("missing", "weak", "proven", "contradicted")


@dataclass(frozen=True)
class Cell:
    """What one stage gives to one element: the strongest finding (None: nothing, and nothing is
    expected), and in how many exhibits."""

    stage: str
    meaning: Meaning | None
    count: int


@dataclass(frozen=True)
class Row:
    """One element: its state and its three cells."""

    code: str
    name: str
    meaning: Meaning
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One stage: its state and what it lacks."""

    code: str
    name: str
    meaning: Meaning
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """The whole figure; ``summary`` says in one sentence what it shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    summary: str


def find_standing(report: Mapping[str, Any]) -> Standing:
    """The figure of a case report (``stages``, ``elements``, ``evidence``, ``evidence_list``)."""
    columns = tuple(_column(report, stage) for stage in Stage)
    rows = tuple(_row(report, element) for element in Element)
    return Standing(columns, rows, _summary(rows))


def _column(report: Mapping[str, Any], stage: Stage) -> Column:
    details = report.get("stage_details", {}).get(stage.value, {})
    state = meaning(report["stages"][stage.value])
    return Column(stage.value, str(_HEADS[stage]), state, tuple(details.get("lacks", ())))


def _row(report: Mapping[str, Any], element: Element) -> Row:
    stage_of = {row["exhibit"]: row["stage"] for row in report.get("evidence_list", ())}
    findings = report.get("evidence", {}).get(element.value, ())
    state = meaning(report["elements"][element.value])
    cells = tuple(_cell(element, stage, state, findings, stage_of) for stage in Stage)
    return Row(element.value, translated(ELEMENT_NAMES[element]), state, cells)


def _cell(
    element: Element,
    stage: Stage,
    state: Meaning,
    findings: Iterable[Mapping[str, str]],
    stage_of: Mapping[str, str],
) -> Cell:
    here = [f for f in findings if stage_of.get(f["exhibit"]) == stage.value]
    if here:
        shown = [meaning(f["proof"]) for f in here]
        strongest = max(shown, key=lambda m: _rank(m))
        return Cell(stage.value, strongest, len({f["exhibit"] for f in here}))
    gap = stage in _USUAL[element] and state.css in ("missing", "weak")
    return Cell(stage.value, meaning("missing") if gap else None, 0)


def _rank(shown: Meaning) -> int:
    return _STRENGTH.index(shown.css) if shown.css in _STRENGTH else -1


def _summary(rows: tuple[Row, ...]) -> str:
    """How many of the elements stand, and which do not."""
    done = [row for row in rows if row.meaning.css == "proven"]
    others = [row for row in rows if row.meaning.css != "proven"]
    said = _("要证明的 {all} 件事里，{done} 件已经成立。").format(all=len(rows), done=len(done))
    if not others:
        return said
    shown = _("{name}（{state}）")
    names = _("、").join(shown.format(name=row.name, state=row.meaning.label) for row in others)
    return said + _("还差：{names}。").format(names=names)
