"""Case folders onto the server and off it, for the command line; Django is set up before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.export_folder import export_folder
from gongdao.casework.online.import_folder import import_folder
from gongdao.casework.online.open_case import OpenCase, open_row
from gongdao.casework.online.read_file import read_file
from gongdao.casework.online.unlock_case import unlock_case
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.worker.reading import read_with_process
from gongdao.front.worker.tasks import MOST_ROUNDS, ask_for_reading

_LINK = re.compile(r"/c/([^/\s?#]+)")


def bring_in(
    *, root: Path, read_now: bool, language: str, example: bool = False
) -> tuple[str, str, int]:
    """A new case with everything of the folder ``root``: its link, its code, how many files.

    Without ``read_now`` the files wait for a worker.
    """
    ask: Callable[[Original, int], None] = _ask_nobody if read_now else ask_for_reading
    case = import_folder(
        stores=get_stores(), root=root, ask=ask, at=now(), language=language, example=example
    )
    files = Original.objects.filter(subject_kind="case", subject_id=case.row.id)
    if read_now:
        _read(case)
    return case.content.link, case.content.code, files.count()


def _ask_nobody(_row: Original, _ahead: int) -> None:
    """The files are read by whoever imports them."""


def _read(case: OpenCase) -> None:
    """Read every file, and again those to which another told something new, a few rounds."""
    rows = Original.objects.filter(subject_kind="case", subject_id=case.row.id)
    waiting = list(rows.order_by("added_at", "id").values_list("id", flat=True))
    for _round in range(MOST_ROUNDS):
        again: list[UUID] = []
        for row_id in waiting:
            _read_one(row_id, again)
        waiting = list(dict.fromkeys(again))


def _read_one(row_id: UUID, again: list[UUID]) -> None:
    def ask(row: Original, _ahead: int) -> None:
        again.append(row.id)

    read_file(
        stores=get_stores(),
        original_id=row_id,
        read=read_with_process,
        ask=ask,
        at=now(),
        scratch=own_scratch(),
    )


def take_out(*, link: str, code: str, into: Path) -> int:
    """Write the case behind ``link`` (or its whole address) as the case folder ``into``, which must
    not be there yet, or be empty; how many files it has. Raises CaseLocked, InputError."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise InputError(_("文件夹已经有东西了，没有覆盖"), file=str(into))
    found = _LINK.search(link)
    row = unlock_case(
        stores=get_stores(),
        link=found[1] if found else link.strip(),
        code=code,
        network="command line",
        at=now(),
    )
    part = into.with_name(f".{into.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        at = now()
        assembled = assemble_case(case=open_row(stores=get_stores(), row=row), as_of=at)
        count = export_folder(
            stores=get_stores(),
            assembled=assembled,
            into=part,
            who=Who.OWNER,
            purpose=Purpose.EXPORT,
            at=at,
        )
        if into.is_dir():
            into.rmdir()
        part.rename(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return count
