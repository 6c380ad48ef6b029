"""The reading process of this worker: one child, started when first needed, anew for each case."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from uuid import UUID

from gongdao.casework.online.read_file import ReadText, ToRead
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.kept.read_apart import ReadingProcess, Request, read_apart
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_settings

_read_last: list[UUID] = []
"""The case that the process has read files of."""


@cache
def _process(folder: Path) -> ReadingProcess:
    settings = get_settings()
    process = ReadingProcess(
        folder=folder, memory_bytes=settings.reading_memory, seconds=settings.reading_timeout
    )
    atexit.register(process.close)
    return process


def read_with_process(wanted: ToRead) -> ReadText:
    """Make one reading in the child process; the texts kept spare what was read before. For another
    case than the last one a new process is taken, 0.8 s for a picture: a file that took its reader
    over learns nothing of anybody else's."""
    process = _process(own_scratch())
    if _read_last != [wanted.case_id]:
        process.renew()
        _read_last[:] = [wanted.case_id]
    request = Request(
        file=(wanted.root / wanted.path).resolve(),
        path=wanted.path,
        statement=wanted.statement,
        password=wanted.password or None,
        kept=KeptTexts.load(wanted.kept_text),
    )
    answer = read_apart(process=process, request=request)
    return ReadText(answer.read, answer.kept.dump())
