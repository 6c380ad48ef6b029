"""Files that come in pieces, over connections that break: each piece counts once.

A sender begins with its own name for the file and learns how far it is; sends pieces of
``PIECE_BYTES`` (the last is shorter), each at its offset; and finishes. Every step may be repeated:
the answer is always how many bytes are there. Until it is finished nothing of it can be seen in
the case; afterwards it is a file like any other, there once.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from gongdao.casework.add import safe_name
from gongdao.casework.online.files import Ask, Limits, add_file, check_room
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Upload
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.blobs import blob_name
from gongdao.core.envelope import open_chunks, open_sealed, seal, sealed_file
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores

PIECE_BYTES = 4 * 1024 * 1024
KEPT_FOR = timedelta(hours=24)
"""How long an upload may rest before it is thrown away."""
_LONGEST_KEY = 64


@dataclass(frozen=True)
class Progress:
    """How far an upload is: ``offset`` bytes of ``length`` are there; ``original_id`` once it is
    a file of the case."""

    upload_id: UUID
    offset: int
    length: int
    original_id: UUID | None = None


def begin_upload(
    *, case: OpenCase, client_key: str, name: str, length: int, limits: Limits, at: datetime
) -> Progress:
    """Begin an upload, or find the one that this sender began under ``client_key``.

    Raises InputError where the case has no room for it, or where another file has that key.
    """
    name = safe_name(name)
    if not 0 < len(client_key) <= _LONGEST_KEY:
        raise InputError(_("上传请求不完整，请刷新页面后再试。"))
    if length <= 0:
        raise InputError(_("文件是空的"), file=name)
    with transaction.atomic():
        lock_case(case.row.id)
        known = Upload.objects.filter(case_id=case.row.id, client_key=client_key).first()
        if known is not None:
            if known.length != length or _name_of(case, known) != name:
                raise InputError(_("这个文件和之前没传完的不是同一个，请重新选择。"), file=name)
            return _progress(known)
        coming = Upload.objects.filter(case_id=case.row.id, original=None)
        reserved = coming.aggregate(total=Sum("length"))["total"] or 0
        check_room(
            case=case,
            name=name,
            size=length,
            limits=limits,
            more_files=coming.count(),
            more_bytes=reserved,
        )
        upload_id = new_id(at)
        row = Upload.objects.create(
            id=upload_id,
            case_id=case.row.id,
            client_key=client_key,
            sealed=seal(case.key, json.dumps({"name": name}).encode(), _aad(case, upload_id)),
            length=length,
            begun_at=at,
        )
        return _progress(row)


def put_piece(
    *, stores: Stores, case: OpenCase, upload_id: UUID, offset: int, piece: bytes
) -> Progress | None:
    """Take the piece at ``offset``; a piece that is not the next one changes nothing. None where
    there is no such upload. Raises InputError for a piece of the wrong length.

    The piece is stored before it is counted: stopped between the two, it is sent and stored again.
    """
    with transaction.atomic():
        row = _locked(case, upload_id)
        if row is None:
            return None
        if row.original_id is not None or offset != row.received:
            return _progress(row)
        if len(piece) != min(PIECE_BYTES, row.length - offset) or not piece:
            raise InputError(_("收到的这一段长度不对，请重传这一段。"))
        number = offset // PIECE_BYTES
        aad = _piece_aad(case, row.id, number)
        name = _piece_name(case.row.id, row.id, number)
        stores.blobs.put(name, sealed_file(case.key, io.BytesIO(piece), aad))
        row.received = offset + len(piece)
        row.save(update_fields=["received"])
        return _progress(row)


def finish_upload(
    *,
    stores: Stores,
    case: OpenCase,
    upload_id: UUID,
    limits: Limits,
    ask: Ask,
    at: datetime,
) -> Progress | None:
    """Make the upload a file of the case and ask for its reading, in one transaction; then drop
    the pieces. Not before all bytes are there: then the answer says how far it is. None where
    there is no such upload."""
    with transaction.atomic():
        lock_case(case.row.id)
        row = _locked(case, upload_id)
        if row is None:
            return None
        if row.original_id is None and row.received == row.length:
            kept = add_file(
                stores=stores,
                case=case,
                name=_name_of(case, row),
                source=cast(BinaryIO, PiecesFile(stores, case, row)),
                limits=limits,
                ask=ask,
                at=at,
            )
            row.original = kept.row
            row.save(update_fields=["original"])
        progress = _progress(row)
    if progress.original_id is not None:
        _drop_pieces(stores, row)
    return progress


def sweep_uploads(*, stores: Stores, at: datetime) -> int:
    """Throw away uploads begun more than ``KEPT_FOR`` ago, finished or not; return how many. A
    finished one only leaves its own record: the file stays in the case."""
    swept = 0
    old = Upload.objects.filter(begun_at__lt=at - KEPT_FOR).values_list("id", flat=True)
    for upload_id in list(old):
        with transaction.atomic():
            row = Upload.objects.select_for_update().filter(id=upload_id).first()
            if row is None:
                continue
            _drop_pieces(stores, row)
            row.delete()
            swept += 1
    return swept


class PiecesFile(io.RawIOBase):
    """The pieces of an upload as one file in the clear, in memory piece by piece, never on disk;
    it can be read from its beginning any number of times."""

    def __init__(self, stores: Stores, case: OpenCase, row: Upload) -> None:
        super().__init__()
        self._stores, self._case, self._row = stores, case, row
        self._chunks = self._open()
        self._rest = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """To its beginning."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Back to the beginning; nowhere else."""
        if offset or whence:
            raise io.UnsupportedOperation("only to the beginning")
        self._chunks, self._rest = self._open(), b""
        return 0

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes (at least one but at the end); all with -1."""
        if size < 0:
            return b"".join([self._take(), *self._chunks])
        if not self._rest:
            self._rest = next(self._chunks, b"")
        given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def _take(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest

    def _open(self) -> Iterator[bytes]:
        case, row = self._case, self._row
        for number in range(_pieces(row)):
            name = _piece_name(case.row.id, row.id, number)
            with self._stores.blobs.open(name) as source:
                yield from open_chunks(case.key, source, _piece_aad(case, row.id, number))


def _locked(case: OpenCase, upload_id: UUID) -> Upload | None:
    rows = Upload.objects.select_for_update()
    return rows.filter(case_id=case.row.id, id=upload_id).first()


def _progress(row: Upload) -> Progress:
    return Progress(row.id, row.received, row.length, row.original_id)


def _name_of(case: OpenCase, row: Upload) -> str:
    table = json.loads(open_sealed(case.key, bytes(row.sealed), _aad(case, row.id)))
    return str(table["name"])


def _aad(case: OpenCase, upload_id: UUID) -> bytes:
    return case.subject.aad(f"upload/{upload_id}")


def _piece_aad(case: OpenCase, upload_id: UUID, number: int) -> bytes:
    return case.subject.aad(f"upload/{upload_id}/{number}")


def _pieces(row: Upload) -> int:
    return -(-row.length // PIECE_BYTES)


def _piece_name(case_id: UUID, upload_id: UUID, number: int) -> str:
    """Where a piece lies: among the blobs of its case, so that erasing the case takes it along.
    The name needs no key, so that sweeping needs none; it says nothing about the file."""
    return blob_name(case_id, hashlib.sha256(f"piece/{upload_id}/{number}".encode()).hexdigest())


def _drop_pieces(stores: Stores, row: Upload) -> None:
    for number in range(_pieces(row)):
        stores.blobs.delete(_piece_name(row.case_id, row.id, number))
