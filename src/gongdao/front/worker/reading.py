"""The reading process of this worker: one child, started when first needed."""

from __future__ import annotations

import atexit
from functools import cache

from gongdao.casework.online.read_file import ReadText, ToRead
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.kept.read_apart import ReadingProcess, Request, read_apart
from gongdao.front.stores import get_settings


@cache
def _process() -> ReadingProcess:
    settings = get_settings()
    process = ReadingProcess(
        folder=settings.scratch,
        memory_bytes=settings.reading_memory,
        seconds=settings.reading_timeout,
    )
    atexit.register(process.close)
    return process


def read_with_process(wanted: ToRead) -> ReadText:
    """Make one reading in the child process; the texts kept spare what was read before."""
    request = Request(
        file=(wanted.root / wanted.path).resolve(),
        path=wanted.path,
        statement=wanted.statement,
        password=wanted.password or None,
        kept=KeptTexts.load(wanted.kept_text),
    )
    answer = read_apart(process=_process(), request=request)
    return ReadText(answer.read, answer.kept.dump())
