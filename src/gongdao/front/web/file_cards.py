"""Files of a case as cards and pages show them, from rows and the report."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from gongdao.casework.online.files import CaseFileRow
from gongdao.casework.words import KIND_NAMES, STAGE_NAMES
from gongdao.core.codes import Kind, Stage
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.evidence.kept.models import FileState
from gongdao.front.web.report import SeenCase

_UNREAD = (FileState.WAITING, FileState.READING)


@dataclass(frozen=True)
class FileGroup:
    """The files of one stage; ``code`` empty for those that have no place yet."""

    code: str
    name: str
    cards: list[dict[str, Any]] = field(default_factory=list)


def card_of(seen: SeenCase, file: CaseFileRow) -> dict[str, Any]:
    """One file for ``parts/file_card.html``, with what the report says of it."""
    exhibit = seen.report["exhibits"].get(file.facts.path)
    number = next(
        (r["no"] for r in seen.report["evidence_list"] if r["exhibit"] == file.facts.path), None
    )
    link = seen.assembled.case.content.link
    unread = file.row.state in _UNREAD
    return {
        "id": file.row.id,
        "name": file.facts.name,
        "path": file.facts.path,
        "state": file.row.state,
        "kind": translated(KIND_NAMES[Kind(exhibit["kind"])]) if exhibit else "",
        "size": file.row.size,
        "href": reverse("file", args=[link, file.row.id]),
        "problem": "" if unread else _problem(file, exhibit),
        "no": number,
        "again": unread and exhibit is not None,
    }


def _problem(file: CaseFileRow, exhibit: dict[str, Any] | None) -> str:
    if exhibit and exhibit["problem"]:
        return _without_place(str(exhibit["problem"]), file.facts.path)
    if file.row.state == FileState.FAILED:
        return _("这份材料这次没读出来，不是您的问题；可以打开它再读一次。")
    return ""


def _without_place(problem: str, path: str) -> str:
    """A problem beside the name of its file: the place within the case folder says nothing here, a
    line of the file does."""
    found = re.match(rf"{re.escape(path)}(:\d+)?(?: \[[^\]]*\])?: ", problem)
    if found is None:
        return problem
    rest = problem[found.end() :]
    if not found[1]:
        return rest
    return _("第 {line} 行：{problem}").format(line=found[1][1:], problem=rest)


def name_files(seen: SeenCase, text: str) -> str:
    """``text`` of the report with files called as their owner calls them, not by their place within
    the case folder."""
    named = {f.facts.path: f.facts.name for f in seen.assembled.files if f.facts.path}
    for path in sorted(named, key=len, reverse=True):
        text = text.replace(path, named[path])
    return text


def groups_of(seen: SeenCase) -> list[FileGroup]:
    """The files by stage, in the order of stages; first those that have no place yet."""
    groups = {"": FileGroup("", _("正在读取"))}
    groups |= {
        stage.value: FileGroup(stage.value, translated(STAGE_NAMES[stage])) for stage in Stage
    }
    for file in seen.assembled.files:
        groups[file.facts.path.partition("/")[0]].cards.append(card_of(seen, file))
    return [group for group in groups.values() if group.cards or group.code]


def progress_of(seen: SeenCase) -> dict[str, Any]:
    """How far the reading is, for ``parts/progress.html``."""
    everything = len(seen.assembled.files)
    return {"done": everything - seen.assembled.unread, "all": everything}


def path_links(seen: SeenCase) -> dict[str, dict[str, Any]]:
    """For each exhibit path: number, address and name, as chips want them."""
    cards = (card_of(seen, file) for file in seen.assembled.files)
    return {card["path"]: card for card in cards if card["path"]}
