"""Cases as rows without OCR: readings are written as the readers would have made them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction

from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.files import Limits, add_file
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import OpenCase, change_case, open_row
from gongdao.casework.online.prefill import ALL_FIELDS
from gongdao.casework.online.read_file import ReadText, ToRead
from gongdao.casework.online.stale import context_of
from gongdao.core.blobs import BlobStore, case_prefix
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Kind
from gongdao.core.digest import digest_bytes
from gongdao.core.stores import Stores
from gongdao.evidence.kept.keep_original import keep_original
from gongdao.evidence.kept.models import Original
from gongdao.evidence.kept.write_reading import write_reading
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.reading import Exhibit, Field, Message
from gongdao.evidence.statement import Statement

AT = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
LIMITS = Limits(file_bytes=20 << 20, files=20, case_bytes=60 << 20)


@dataclass
class Asked:
    """Whoever asks for readings, by original id and how many stand before it."""

    rows: list[tuple[UUID, int]] = field(default_factory=list)

    def __call__(self, row: Original, ahead: int) -> None:
        """Note what is asked for."""
        self.rows.append((row.id, ahead))

    @property
    def ids(self) -> list[UUID]:
        """The originals asked for."""
        return [row for row, _ahead in self.rows]


def new_case(
    stores: Stores,
    *,
    statement: Statement | None = None,
    readings: Iterable[Exhibit] = (),
    at: datetime = AT,
) -> OpenCase:
    """A case in which everything in ``statement`` was said by the buyer, with these readings."""
    case = begin_case(stores=stores, at=at, statement=statement)
    if statement is not None:
        case = change_case(
            stores=stores,
            case_id=case.row.id,
            change=lambda content: replace(content, touched=ALL_FIELDS),
            at=at,
        )
    for exhibit in readings:
        put_reading(stores, case, exhibit, at=at)
    return reopen(stores, case)


def reopen(stores: Stores, case: OpenCase) -> OpenCase:
    """The case as it is in the database now."""
    return open_row(stores=stores, row=Case.objects.get(id=case.row.id))


def put_reading(
    stores: Stores, case: OpenCase, exhibit: Exhibit, *, at: datetime = AT, data: bytes = b""
) -> Original:
    """Add a file with this reading; its bytes are its path unless given."""
    plain = data or exhibit.path.encode()
    with transaction.atomic():
        lock_case(case.row.id)
        kept = keep_original(
            stores=stores,
            key=case.key,
            subject=case.subject,
            name=exhibit.path.rpartition("/")[2],
            source=io.BytesIO(plain),
            at=at,
            max_bytes=1 << 30,
            path=exhibit.path,
        )
        read = ReadFile(replace(exhibit, digests=digest_bytes(plain)))
        write_reading(
            key=case.key,
            row=kept.row,
            read=read,
            kept_text=b"",
            context=context_of(case.content.statement, read),
            at=at,
        )
    return kept.row


def add(stores: Stores, case: OpenCase, name: str, data: bytes, asked: Asked) -> Original:
    """Add a file that is to be read."""
    return add_file(
        stores=stores,
        case=case,
        name=name,
        source=io.BytesIO(data),
        limits=LIMITS,
        ask=asked,
        at=AT,
    ).row


@dataclass
class FakeReader:
    """Reads files as told, by name; ``made`` lists what it was asked to read."""

    shows: Mapping[str, Exhibit]
    made: list[ToRead] = field(default_factory=list)

    def __call__(self, wanted: ToRead) -> ReadText:
        """What the file shows, under the path asked for."""
        self.made.append(wanted)
        data = (wanted.root / wanted.path).read_bytes()
        note = wanted.statement.exhibits.get(wanted.path)
        name = wanted.path.rpartition("/")[2]
        shown = self.shows.get(name, Exhibit(name, digest_bytes(b""), "text/plain", Kind.OTHER, ""))
        kind = note.kind if note and note.kind else shown.kind
        exhibit = replace(shown, path=wanted.path, digests=digest_bytes(data), kind=kind)
        return ReadText(ReadFile(exhibit), b"")


def picture(kind: Kind, **fields: str) -> Exhibit:
    """A picture that shows ``fields``."""
    shown = {name: Field(value) for name, value in fields.items()}
    return Exhibit("", digest_bytes(b""), "image/png", kind, "read", fields=shown)


def chat(*messages: Message) -> Exhibit:
    """A chat as a text file."""
    return Exhibit("", digest_bytes(b""), "text/plain", Kind.CHAT, "read", messages=messages)


def blobs_of(stores: Stores, case: OpenCase) -> set[str]:
    """The names of all blobs of the case."""
    return {name for name, _at in stores.blobs.names(case_prefix(case.row.id))}


class Broken(Exception):
    """The process ends here."""


@dataclass
class BreakingBlobs:
    """A store that ends the process at its ``at``-th writing call, before or after doing it."""

    inner: BlobStore
    at: int
    after: bool
    calls: int = 0

    def _step(self, call, *given):
        self.calls += 1
        if self.calls == self.at and not self.after:
            raise Broken
        done = call(*given)
        if self.calls == self.at:
            raise Broken
        return done

    def put(self, name: str, source: BinaryIO) -> int:
        """See BlobStore."""
        return self._step(self.inner.put, name, source)

    def delete(self, name: str) -> bool:
        """See BlobStore."""
        return self._step(self.inner.delete, name)

    def __getattr__(self, name: str):
        return getattr(self.inner, name)
