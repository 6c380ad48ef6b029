"""The sealed case file of a case on the server: asked for, made by a job, kept encrypted."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from gongdao.casework.log_seal import Logged, SealDigests
from gongdao.casework.online.assemble_case import assemble_case
from gongdao.casework.online.export_folder import export_folder
from gongdao.casework.online.letter_drafts import drafts_of, with_drafts
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.log_case_seal import log_case_seal, receipt_of_leaf
from gongdao.casework.online.models import CaseFile, Filing, LetterDraft, MakingState
from gongdao.casework.online.open_case import OpenCase, open_row, subject_of
from gongdao.casework.report import report_case
from gongdao.casework.seal import seal_case
from gongdao.core.blobs import blob_name
from gongdao.core.envelope import open_chunks, sealed_file
from gongdao.core.errors import BlobStoreError, GongdaoError, KeyGone
from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.open_original import Purpose, Who, record_access

Ask = Callable[[UUID], None]
"""Asks for the case file with this id to be made, in the caller's transaction."""
Cover = Callable[[bytes], bool]
"""Waits a while for a checkpoint over the leaf with this hash; whether there is one."""
KEPT_FOR = timedelta(days=7)
"""How long a case file lies ready (retention/case_file)."""
STUCK_AFTER = timedelta(hours=1)
"""After so long nobody is making it any more: asking again makes a new one."""
INDEX = "index.pdf"


class Part(StrEnum):
    """What is kept of a case file: the whole zip, and its index on its own."""

    ZIP = "zip"
    INDEX = "index"


def ask_for_case_file(*, case: OpenCase, ask: Ask, at: datetime) -> CaseFile:
    """The newest case file if it is being made, or is ready and the case has not changed since;
    else a new one. Asked twice at once, it is made once."""
    with transaction.atomic():
        row = lock_case(case.row.id)
        newest = newest_case_file(case)
        if newest is not None and newest.state == MakingState.WAITING:
            if newest.asked_at > at - STUCK_AFTER:
                return newest
            give_up_case_file(case_file_id=newest.id, problem="stuck")
        if newest is not None and newest.state == MakingState.READY and not is_stale(case, newest):
            return newest
        made = CaseFile.objects.create(
            id=new_id(at), case=row, case_version=row.version, as_of=at, asked_at=at
        )
        ask(made.id)
        return made


def newest_case_file(case: OpenCase) -> CaseFile | None:
    """The case file that was asked for last."""
    return CaseFile.objects.filter(case_id=case.row.id).order_by("-asked_at", "-id").first()


def find_case_file(case: OpenCase, case_file_id: UUID) -> CaseFile | None:
    """A finished case file of this case; None where it has no such one."""
    rows = CaseFile.objects.filter(case_id=case.row.id, id=case_file_id, state=MakingState.READY)
    return rows.first()


def is_stale(case: OpenCase, row: CaseFile) -> bool:
    """Whether anything of the case changed after ``row`` was asked for: statement, files, their
    readings, filings, letters. Three queries."""
    subject = case.subject
    files = Original.objects.filter(subject_kind=subject.kind, subject_id=subject.id)
    seen = files.aggregate(added=Max("added_at"), read=Max("reading__read_at"))
    filed = Filing.objects.filter(case_id=case.row.id).aggregate(at=Max("recorded_at"))
    drafted = LetterDraft.objects.filter(case_id=case.row.id).aggregate(at=Max("changed_at"))
    changes = (case.row.changed_at, seen["added"], seen["read"], filed["at"], drafted["at"])
    newer = any(change is not None and change > row.as_of for change in changes)
    return newer or case.row.version != row.case_version


def make_case_file(
    *,
    stores: Stores,
    case_file_id: UUID,
    at: datetime,
    scratch: Path | None = None,
    cover: Cover | None = None,
) -> bool:
    """Make the zip as the command line would, keep it sealed under the case's key; False where
    there is nothing to do, or where it cannot be made, which is then noted.

    With ``cover`` its seal goes into the public log, and the receipt into the zip if it comes in
    time. A crash leaves it waiting; doing it again gives the same bytes, and the leaf that is in
    the log already. Raises BlobStoreError or
    OSError where the machine is in trouble: then it is to be tried again.
    """
    row = CaseFile.objects.select_related("case").filter(id=case_file_id).first()
    if row is None or row.state != MakingState.WAITING:
        return False
    try:
        case = open_row(stores=stores, row=row.case)
    except KeyGone:
        return False
    with tempfile.TemporaryDirectory(prefix="gongdao-", dir=scratch) as folder:
        try:
            path = _seal(stores, case, row, Path(folder), at, cover)
        except BlobStoreError:
            raise
        except GongdaoError as error:
            give_up_case_file(case_file_id=row.id, problem=error.code)
            return False
        return _keep(stores, case, row, path, at)


def give_up_case_file(*, case_file_id: UUID, problem: str) -> None:
    """Note that it cannot be made; ``problem`` is the code of an error and nothing else, because
    it stands in a plain column."""
    CaseFile.objects.filter(id=case_file_id, state=MakingState.WAITING).update(
        state=MakingState.FAILED, problem=problem
    )


def _seal(
    stores: Stores, case: OpenCase, row: CaseFile, folder: Path, at: datetime, cover: Cover | None
) -> Path:
    root, out = folder / "case", folder / "case.zip"
    root.mkdir(mode=0o700)
    assembled = assemble_case(case=case, as_of=row.as_of)
    export_folder(
        stores=stores, assembled=assembled, into=root, who=Who.MACHINE, purpose=Purpose.SEAL, at=at
    )
    judgement = with_drafts(assembled.judgement, drafts_of(case))
    report = report_case(judgement, notes=case.content.notes)

    def log(digests: SealDigests) -> Logged | None:
        with transaction.atomic():
            leaf_hash = log_case_seal(stores=stores, digests=digests, at=at)
            if not CaseFile.objects.filter(id=row.id).update(leaf_hash=leaf_hash):
                raise KeyGone  # the case was erased meanwhile: nothing of it is logged
        if cover is None or not cover(leaf_hash):
            return None  # the receipt can be had by itself as soon as there is one
        return receipt_of_leaf(stores=stores, leaf_hash=leaf_hash, digests=digests)

    seal_case(
        folder=root,
        report=report,
        as_of=row.as_of,
        out=out,
        log=None if cover is None else log,
        unanchored_ok=True,
    )
    return out


def _keep(stores: Stores, case: OpenCase, row: CaseFile, path: Path, at: datetime) -> bool:
    """Store zip and index, then say that they are ready: never the other way round."""
    with path.open("rb") as source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        size = source.tell()
        source.seek(0)
        _put(stores, case, row, Part.ZIP, source)
    with zipfile.ZipFile(path) as archive:
        _put(stores, case, row, Part.INDEX, io.BytesIO(archive.read(INDEX)))
    with transaction.atomic():
        try:
            lock_case(case.row.id)
        except KeyGone:
            gone = True
        else:
            gone = not CaseFile.objects.filter(id=row.id).update(
                state=MakingState.READY,
                address=_address(row.id, Part.ZIP),
                size=size,
                sha256=sha256,
                made_at=at,
            )
    if gone:  # the case was erased meanwhile
        _drop_blobs(stores, row.case_id, row.id)
        return False
    older = CaseFile.objects.filter(case_id=row.case_id, asked_at__lt=row.asked_at)
    for old in older.exclude(state=MakingState.WAITING):
        drop_case_file(stores=stores, row=old)
    return True


def drop_case_file(*, stores: Stores, row: CaseFile) -> None:
    """Let go of a case file. It stops being offered, then its blobs go, then its row: stopped in
    between, it can be done again."""
    CaseFile.objects.filter(id=row.id).update(state=MakingState.FAILED, problem="dropped")
    _drop_blobs(stores, row.case_id, row.id)
    CaseFile.objects.filter(id=row.id).delete()


def sweep_case_files(*, stores: Stores, at: datetime) -> int:
    """Let go of every case file made more than ``KEPT_FOR`` ago; return how many."""
    rows = list(CaseFile.objects.filter(asked_at__lt=at - KEPT_FOR)[:1000])
    for row in rows:
        drop_case_file(stores=stores, row=row)
    return len(rows)


def open_case_file(
    *,
    stores: Stores,
    case: OpenCase,
    row: CaseFile,
    who: Who,
    at: datetime,
    part: Part = Part.ZIP,
) -> Iterator[bytes]:
    """The bytes of a finished case file, or of its index; the record is written before the first
    of them. Raises BlobMissing where it has gone."""
    purpose = Purpose.DOWNLOAD if part is Part.ZIP else Purpose.VIEW
    source = stores.blobs.open(blob_name(case.row.id, _address(row.id, part)))
    record_access(subject=case.subject, who=who, purpose=purpose, at=at, original=None)
    return _chunks(case.key, source, _aad(case, row.id, part))


def _chunks(key: bytes, source: BinaryIO, aad: bytes) -> Iterator[bytes]:
    with source:
        yield from open_chunks(key, source, aad)


def _put(stores: Stores, case: OpenCase, row: CaseFile, part: Part, source: BinaryIO) -> None:
    name = blob_name(case.row.id, _address(row.id, part))
    stores.blobs.put(name, sealed_file(case.key, source, _aad(case, row.id, part)))


def _drop_blobs(stores: Stores, case_id: UUID, case_file_id: UUID) -> None:
    for part in Part:
        stores.blobs.delete(blob_name(case_id, _address(case_file_id, part)))


def _address(case_file_id: UUID, part: Part) -> str:
    """Named by its row, not by its content: the same zip may also be an original of the case, and
    dropping the one must not touch the other."""
    return hashlib.sha256(f"case-file/{case_file_id}/{part}".encode()).hexdigest()


def _aad(case: OpenCase, case_file_id: UUID, part: Part) -> bytes:
    return subject_of(case.row.id).aad(f"case-file/{case_file_id}/{part}")
