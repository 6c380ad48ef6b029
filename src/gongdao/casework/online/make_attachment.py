"""What to attach in a channel, and the files for it, made when somebody asks for them.

A copy of a picture is made in a process of its own with limits of time and memory, as every
stranger's file is opened; nothing of it is kept. Each original that is opened is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from gongdao.casework.online.assemble_case import AssembledCase
from gongdao.channels.attachments import (
    OURS,
    AttachmentItem,
    AttachmentPlan,
    Form,
    attachables,
    bytes_of,
    plan_attachments,
)
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_preview import View, find_preview
from gongdao.evidence.kept.open_original import Purpose, Who, open_original, plain_file
from gongdao.evidence.kept.run_apart import run_apart
from gongdao.rules.model import Attachments, Channel

_PROGRAM = "gongdao.casework.online.attach_process"
_SECONDS = 25
_MEMORY_BYTES = 2 * 1024**3


def plan_for(*, stores: Stores, assembled: AssembledCase, channel: Channel) -> AttachmentPlan:
    """What to attach in ``channel``, from everything of the case that was read."""
    j = assembled.judgement
    pixels = _pixels(stores, assembled, channel.attachments, j.dossier.as_of)
    return plan_attachments(channel, attachables(j.dossier, j.closure, pixels))


def _pixels(
    stores: Stores, assembled: AssembledCase, limits: Attachments, at: datetime
) -> Mapping[str, tuple[int, int]]:
    """Width and height of the pictures for which they matter: those too big to go as they are,
    and all of them where there are more than the form takes."""
    kept_to = Attachments(limits.files or OURS.files, limits.mb_each or OURS.mb_each)
    crowded = len(assembled.files) > (kept_to.files or 0)
    found = {}
    for file in assembled.files:
        big = file.row.size > bytes_of(kept_to)
        if not file.facts.path or not (big or crowded):
            continue
        shown = find_preview(
            stores=stores, key=assembled.case.key, row=file.row, view=View(), at=at
        )
        if shown is not None and shown.webp:
            found[file.facts.path] = (shown.width, shown.height)
    return found


def make_attachment(
    *,
    stores: Stores,
    assembled: AssembledCase,
    item: AttachmentItem,
    who: Who,
    at: datetime,
    scratch: Path | None = None,
) -> bytes:
    """The file for ``item``. Raises UnreadableFile where no copy can be made that fits, or not
    within the time; Busy where too many are being made."""
    rows = {file.facts.path: file.row for file in assembled.files if file.facts.path}
    case = assembled.case
    if item.form is Form.KEEP:
        chunks = open_original(
            stores=stores,
            key=case.key,
            row=rows[item.exhibits[0].path],
            who=who,
            purpose=Purpose.ATTACH,
            at=at,
        )
        return b"".join(chunks)
    with ExitStack() as open_files:
        folders = [
            open_files.enter_context(
                plain_file(
                    stores=stores,
                    key=case.key,
                    row=rows[exhibit.path],
                    path=f"{number}",
                    who=who,
                    purpose=Purpose.ATTACH,
                    at=at,
                    folder=scratch,
                )
            )
            for number, exhibit in enumerate(item.exhibits)
        ]
        folder = folders[0]
        for number, other in enumerate(folders[1:], 1):
            (other / f"{number}").rename(folder / f"{number}")
        made = _make_apart(folder, item)
    if not made:
        raise UnreadableFile(
            Phrase("做不出放得下又看得清的副本"),
            file=item.name,
            hint=Phrase("请只截取要紧的部分，作为单独的图片添加。"),
        )
    return made


def _make_apart(folder: Path, item: AttachmentItem) -> bytes:
    """The copy, made in a process that can harm nobody; empty where it cannot be done."""
    told = {
        "names": [str(number) for number in range(len(item.exhibits))],
        "form": item.form.value,
        "max_bytes": item.max_bytes,
        "piece": item.piece,
        "pieces": item.pieces,
    }
    arguments = [str(folder.resolve()), str(_SECONDS), str(_MEMORY_BYTES), json.dumps(told)]
    made = run_apart(
        module=_PROGRAM, arguments=arguments, seconds=_SECONDS * 2, most_bytes=item.max_bytes
    )
    return made or b""
