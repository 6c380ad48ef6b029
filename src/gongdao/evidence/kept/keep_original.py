"""Take an uploaded file in: byte for byte, encrypted, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes

from gongdao.core.blobs import blob_name
from gongdao.core.digest import Digests
from gongdao.core.envelope import address_of, seal, sealed_file
from gongdao.core.errors import InputError
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import FileState, Original
from gongdao.evidence.kept.original_facts import OriginalFacts, dump_facts

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Kept:
    """The row of an original; ``already`` where the same bytes had been kept before."""

    row: Original
    facts: OriginalFacts
    already: bool


def keep_original(
    *,
    stores: Stores,
    key: bytes,
    subject: SubjectRef,
    name: str,
    source: BinaryIO,
    at: datetime,
    max_bytes: int,
    path: str = "",
) -> Kept:
    """Keep the bytes of ``source`` (seekable) under their content address.

    The blob is stored whole before its row is written, so a row never points at nothing; doing it
    again after a crash finds the blob or writes the same one. The caller holds the lock of the
    subject and the transaction. Raises InputError for an empty or too large file.
    """
    digests = _measure(source, max_bytes, name)
    address = address_of(key, digests.sha256)
    facts = OriginalFacts(name, path, digests)
    known = Original.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, address=address
    ).first()
    if known is not None:
        return Kept(known, facts, True)
    source.seek(0)
    aad = subject.aad(f"original/{address}")
    stores.blobs.put(blob_name(subject.id, address), sealed_file(key, source, aad))
    row = Original.objects.create(
        id=new_id(at),
        subject_kind=subject.kind,
        subject_id=subject.id,
        address=address,
        size=digests.size,
        sealed=seal(key, dump_facts(facts), subject.aad(f"facts/{address}")),
        state=FileState.WAITING,
        added_at=at,
    )
    return Kept(row, facts, False)


def _measure(source: BinaryIO, max_bytes: int, name: str) -> Digests:
    source.seek(0)
    sha, sm3, size = hashes.Hash(hashes.SHA256()), hashes.Hash(hashes.SM3()), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise InputError(
                _("文件太大，最多 {limit} MB").format(limit=max_bytes >> 20), file=name
            )
        sha.update(chunk)
        sm3.update(chunk)
    if not size:
        raise InputError(_("文件是空的"), file=name)
    return Digests(sha.finalize().hex(), sm3.finalize().hex(), size)
