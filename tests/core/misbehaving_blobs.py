"""A BlobStore that fails on demand, to be put between a caller under test and a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar

from gongdao.core.blobs import BlobStore
from gongdao.core.errors import BlobStoreError

T = TypeVar("T")


class Fault(StrEnum):
    """How the next call goes wrong."""

    LOST = "lost"
    """Fails; nothing was done."""
    BROKEN = "broken"
    """A put breaks off when half of the source is read; other calls as LOST."""
    DONE = "done"
    """Was carried out, and is reported as failed."""
    LATE = "late"
    """Succeeds, but ``meanwhile`` runs first: what others do while a slow store is at it."""


class _Broken:
    """A source that breaks off after its first piece of ``size`` bytes."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._left = source, size

    def read(self, size: int = -1) -> bytes:
        """What the source has, until the break."""
        if not self._left:
            raise BlobStoreError("the connection broke")
        piece = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


class MisbehavingBlobs:
    """Passes calls to ``inner``; each that writes or opens takes the next of ``faults`` first.

    ``None`` among the faults lets a call pass. ``calls`` counts what was asked for, by method.
    """

    def __init__(
        self,
        inner: BlobStore,
        *faults: Fault | None,
        meanwhile: Callable[[], object] = lambda: None,
        break_after: int = 1000,
    ) -> None:
        self.inner = inner
        self.faults = list(faults)
        self.calls: list[str] = []
        self._meanwhile = meanwhile
        self._break_after = break_after

    def put(self, name: str, source: BinaryIO) -> int:
        """See BlobStore."""
        if self.faults and self.faults[0] is Fault.BROKEN:
            self.faults.pop(0)
            self.calls.append("put")
            half: Any = _Broken(source, self._break_after)
            return self.inner.put(name, half)
        return self._do("put", lambda: self.inner.put(name, source))

    def open(self, name: str) -> BinaryIO:
        """See BlobStore."""
        return self._do("open", lambda: self.inner.open(name))

    def size(self, name: str) -> int | None:
        """See BlobStore."""
        return self._do("size", lambda: self.inner.size(name))

    def delete(self, name: str) -> bool:
        """See BlobStore."""
        return self._do("delete", lambda: self.inner.delete(name))

    def names(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """See BlobStore."""
        return self._do("names", lambda: self.inner.names(prefix))

    def delete_all(self, prefix: str) -> int:
        """See BlobStore."""
        return self._do("delete_all", lambda: self.inner.delete_all(prefix))

    def sweep(self, before: datetime) -> int:
        """See BlobStore."""
        return self._do("sweep", lambda: self.inner.sweep(before))

    def _do(self, call: str, act: Callable[[], T]) -> T:
        self.calls.append(call)
        fault = self.faults.pop(0) if self.faults else None
        if fault in (Fault.LOST, Fault.BROKEN):
            raise BlobStoreError(f"{call}: lost")
        if fault is Fault.LATE:
            self._meanwhile()
        result = act()
        if fault is Fault.DONE:
            raise BlobStoreError(f"{call}: done, but the answer was lost")
        return result
