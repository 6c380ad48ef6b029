"""Where sealed files lie: the port, and a plain folder behind it.

A blob has a name ``ab/<case id>/<64 hex digits>`` and bytes; whether they are encrypted is the
caller's business (they are). What a store promises is held to by one set of tests for all stores:
a blob is there whole or not at all, and every call can be repeated.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import BlobMissing, BlobStoreError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason

_CASE = r"[0-9a-f]{2}/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/"
_NAME = re.compile(_CASE + r"[0-9a-f]{64}")
_PREFIX = re.compile(rf"(?:[0-9a-f]{{2}}/|{_CASE})?")
_PART = re.compile(r"\.[0-9a-f]{32}\.part")
_PIECE_BYTES = 1 << 20
_ATTEMPTS = 10


class BlobStore(Protocol):
    """Keeps files by name. A name or prefix of another shape is a ValueError.

    BlobStoreError: the store is in trouble, the same call again may succeed. A call that failed
    may have been carried out all the same; repeating it does no harm.
    """

    def put(self, name: str, source: BinaryIO) -> int:
        """Store what ``source`` gives, once through, and return its size in bytes.

        Nobody ever sees half of it. A blob of that name is replaced at once. An error of
        ``source`` is passed on, and then nothing is stored.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """The blob, to be read in sequence and closed; BlobMissing when there is none."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes of the blob, or None when there is none."""
        ...

    def delete(self, name: str) -> bool:
        """Remove the blob; whether there was one. To remove nothing is no error."""
        ...

    def names(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Names below ``prefix`` in order, each with the time it was stored (UTC, to the second).

        ``prefix`` is empty, ``ab/`` or ``ab/<case id>/``.
        """
        ...

    def delete_all(self, prefix: str) -> int:
        """Remove all blobs below ``ab/<case id>/`` and their unfinished parts; how many blobs."""
        ...

    def sweep(self, before: datetime) -> int:
        """Remove what unfinished puts left behind before that time; how many pieces."""
        ...


def case_prefix(case_id: UUID) -> str:
    """Below which the blobs of a case lie; the first part spreads cases over 256 folders.

    It is the end of the id, which is random: the beginning is the time.
    """
    return f"{case_id.hex[-2:]}/{case_id}/"


def blob_name(case_id: UUID, address: str) -> str:
    """The name of the file with ``address`` (64 hex digits) in a case."""
    return check_name(case_prefix(case_id) + address)


def is_name(name: str) -> bool:
    """Whether ``name`` has the one shape that is allowed."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """``name`` itself if it has the one shape that is allowed; otherwise a ValueError."""
    if not is_name(name):
        raise ValueError(f"not the name of a blob: {name[:120]!r}")
    return name


def check_prefix(prefix: str, *, whole_case: bool = False) -> str:
    """``prefix`` itself if it ends where a part of a name ends; otherwise a ValueError.

    With ``whole_case`` it must name one case, so that a slip cannot remove more.
    """
    if not _PREFIX.fullmatch(prefix) or (whole_case and len(prefix) <= 3):
        raise ValueError(f"not a prefix of blobs: {prefix[:120]!r}")
    return prefix


class FolderBlobs:
    """A BlobStore in a folder: files 0600 in folders 0700, on disk before ``put`` returns."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, source: BinaryIO) -> int:
        """See BlobStore: written beside its place, synced, then renamed."""
        path = self._root / check_name(name)
        part = path.parent / f".{secrets.token_hex(16)}.part"
        try:
            size = _write_part(part, source)
            with _disk():
                part.replace(path)
                sync_folder(path.parent)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return size

    def open(self, name: str) -> BinaryIO:
        """See BlobStore."""
        path = self._root / check_name(name)
        with _disk():
            try:
                return path.open("rb")
            except FileNotFoundError:
                raise BlobMissing(_("存储里没有这个文件。")) from None

    def size(self, name: str) -> int | None:
        """See BlobStore."""
        path = self._root / check_name(name)
        with _disk():
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> bool:
        """See BlobStore; folders that become empty go as well."""
        path = self._root / check_name(name)
        with _disk():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
        self._settle(path.parent)
        return True

    def names(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """See BlobStore."""
        check_prefix(prefix)
        for path in self._files(prefix):
            name = path.relative_to(self._root).as_posix()
            if is_name(name) and (modified := _modified(path)):
                yield name, modified

    def delete_all(self, prefix: str) -> int:
        """See BlobStore; folders that become empty go as well."""
        check_prefix(prefix, whole_case=True)
        folder, removed = self._root / prefix, 0
        for path in list(self._files(prefix)):
            with _disk():
                path.unlink(missing_ok=True)
            removed += not path.name.startswith(".")
        self._settle(folder)
        return removed

    def sweep(self, before: datetime) -> int:
        """See BlobStore: the parts that a killed process left, and empty folders."""
        removed = 0
        for path in list(self._files("")):
            modified = _modified(path) if _PART.fullmatch(path.name) else None
            if modified and modified < before:
                with _disk():
                    path.unlink(missing_ok=True)
                removed += 1
                self._settle(path.parent)
        return removed

    def _files(self, prefix: str) -> Iterator[Path]:
        """Every file below ``prefix`` in order; what vanishes meanwhile is left out."""
        folders = [self._root / prefix]
        for _level in range(2 - prefix.count("/")):
            folders = [one for folder in folders for one in _entries(folder) if one.is_dir()]
        for folder in folders:
            yield from _entries(folder)

    def _settle(self, folder: Path) -> None:
        """Remove ``folder`` and those above it while they are empty; then it is on disk."""
        while folder != self._root and (_removed(folder) or not folder.exists()):
            folder = folder.parent
        with _disk():
            sync_folder(folder)


def _removed(folder: Path) -> bool:
    with suppress(OSError):  # not empty, or gone already
        folder.rmdir()
        return True
    return False


def _write_part(part: Path, source: BinaryIO) -> int:
    """All of ``source`` in a new file, on disk; trouble of the disk is told from the source's."""
    size = 0
    with _open_part(part) as file:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            rest = memoryview(piece)
            with _disk():
                while rest:
                    rest = rest[file.write(rest) :]
        with _disk():
            os.fsync(file.fileno())
    return size


def _open_part(part: Path) -> FileIO:
    """A new file for the owner alone; its folder may be removed as empty at any moment."""
    for _attempt in range(_ATTEMPTS):
        with _disk(), suppress(FileNotFoundError):
            make_folder(part.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            return FileIO(os.open(part, flags, 0o600), "wb")
    raise BlobStoreError(_("存储文件的地方出了问题：{reason}。").format(reason=_("没有这个文件")))


def _entries(folder: Path) -> list[Path]:
    with _disk():
        try:
            return sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []


def _modified(path: Path) -> datetime | None:
    with _disk():
        try:
            return datetime.fromtimestamp(path.stat().st_mtime_ns // 10**9, UTC)
        except FileNotFoundError:
            return None


@contextmanager
def _disk() -> Iterator[None]:
    """What the disk refuses, as a BlobStoreError."""
    try:
        yield
    except OSError as error:
        reason = os_reason(error)
        raise BlobStoreError(
            _("存储文件的地方出了问题：{reason}。").format(reason=reason)
        ) from error
