"""The job that reads what buyers handed in, in the child process for strangers' files, before the
person who decides looks at the case."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from procrastinate.contrib.django import app

from gongdao.casework.online.read_file import ReadFn, ToRead
from gongdao.core.errors import BlobMissing, SealedDataError
from gongdao.disputes.events import NOBODY
from gongdao.disputes.exhibit_reads import buyers_files, find_unread, keep_read
from gongdao.disputes.models import Case
from gongdao.disputes.open_exhibit import open_exhibit
from gongdao.evidence.kept.read_apart import READERS
from gongdao.evidence.kept.reading_json import dump_reading
from gongdao.evidence.statement import Statement
from gongdao.front.clock import now
from gongdao.front.scratch import own_scratch
from gongdao.front.stores import get_stores
from gongdao.front.worker.reading import read_with_process
from gongdao.front.worker.tasks import READING

log = logging.getLogger("gongdao.disputes")
_MOST = 20
_WORK_FOR_S = 30


@app.periodic(cron="* * * * * */10")
@app.task(name="read_dispute_files", queue=READING, queueing_lock="read_dispute_files")
def read_dispute_files(timestamp: int) -> None:
    """Read the files of cases that wait for a person of the platform."""
    read_waiting_files(read=read_with_process)


def read_waiting_files(*, read: ReadFn, clock: Callable[[], float] = time.monotonic) -> int:
    """Read what waits, for a bounded time, those of one case after the other; how many."""
    end, done = clock() + _WORK_FOR_S, 0
    for exhibit_id, case_id in find_unread(readers=READERS, most=_MOST):
        if clock() >= end:
            break
        try:
            _read(exhibit_id, case_id, read)
        except (BlobMissing, SealedDataError) as error:
            log.error("the exhibit %s does not open: %s", exhibit_id, error.code)
            _keep(Case.objects.get(id=case_id), exhibit_id, b"")
        done += 1
    return done


def _read(exhibit_id: UUID, case_id: UUID, read: ReadFn) -> None:
    stores, at = get_stores(), now()
    case = Case.objects.get(id=case_id)
    found = open_exhibit(stores=stores, case=case, exhibit_id=exhibit_id, by=NOBODY, at=at)
    files = buyers_files(stores=stores, case=case, readers=READERS, at=at)
    path = next((one.path for one in files if one.id == exhibit_id), None)
    if found is None or path is None:
        return
    with tempfile.TemporaryDirectory(dir=own_scratch()) as place:
        root = Path(place)
        file = root / path
        file.parent.mkdir(parents=True)
        file.write_bytes(found.content)
        wanted = ToRead(case_id=case.id, root=root, path=path, statement=Statement(), kept_text=b"")
        reading = dump_reading(read(wanted).read)
    _keep(case, exhibit_id, reading)


def _keep(case: Case, exhibit_id: UUID, reading: bytes) -> None:
    keep_read(
        stores=get_stores(),
        case=case,
        exhibit_id=exhibit_id,
        reading=reading,
        readers=READERS,
        at=now(),
    )
