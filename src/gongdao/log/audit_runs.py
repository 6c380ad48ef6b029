"""Records on disk, in parts: what an auditor must know of every subject does not fit in memory.

Subjects fall into 1,024 parts by their hash. A run is one file of records grouped by part; it is
written once, whole and durably, and read part by part. Two kinds of records:

    a leaf      number, subject, leaf hash, the leaf before, tag of its type, whether there is one
    a head      subject, newest leaf hash, tag of its type; sorted by subject within the part

A subject is known by the SHA-256 of its name, a type by four bytes of the SHA-256 of its name.
"""

from __future__ import annotations

import os
import struct
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from gongdao.core.durable import sync_folder

PARTS = 1024
LEAF = struct.Struct(">Q32s32s32s4s?")
HEAD = struct.Struct(">32s32s4s")
_MAGIC = b"gdrun/1\n"
_INDEX = struct.Struct(f">{PARTS + 1}Q")
_START = len(_MAGIC) + _INDEX.size


class BrokenRun(ValueError):
    """A run file is missing, cut or not one of ours."""


def subject_key(subject: str) -> bytes:
    """The 32 bytes by which ``subject`` is known."""
    return sha256(subject.encode()).digest()


def part_of(key: bytes) -> int:
    """The part that a subject falls into."""
    return (key[0] << 8 | key[1]) >> 6


def type_tag(type_: str) -> bytes:
    """The four bytes by which a type is known."""
    return sha256(type_.encode()).digest()[:4]


class RunWriter:
    """Writes a run: parts in ascending order, each once. The file appears at the end, on disk."""

    def __init__(self, path: Path) -> None:
        self._path, self._new = path, path.with_name(f".{path.name}")
        self._ends = [_START] * (PARTS + 1)
        self._at, self._next = _START, 0

    def __enter__(self) -> RunWriter:
        self._file = self._new.open("wb")
        self._file.seek(_START)
        return self

    def add(self, part: int, data: bytes) -> None:
        """The records of ``part``."""
        if part < self._next:
            raise ValueError("parts come in ascending order")
        self._ends[self._next : part + 1] = [self._at] * (part + 1 - self._next)
        self._file.write(data)
        self._at, self._next = self._at + len(data), part + 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._file.close()
            self._new.unlink(missing_ok=True)
            return
        self._ends[self._next :] = [self._at] * (PARTS + 1 - self._next)
        self._file.seek(0)
        self._file.write(_MAGIC + _INDEX.pack(*self._ends))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._new, self._path)
        sync_folder(self._path.parent)


class Run:
    """A run on disk; a part is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                head = file.read(_START)
                size = file.seek(0, os.SEEK_END)
        except FileNotFoundError:
            raise BrokenRun(path.name) from None
        if len(head) != _START or not head.startswith(_MAGIC):
            raise BrokenRun(path.name)
        self.path, self._ends = path, _INDEX.unpack(head[len(_MAGIC) :])
        if self._ends[-1] != size or list(self._ends) != sorted(self._ends):
            raise BrokenRun(path.name)

    @property
    def size(self) -> int:
        """Bytes of records."""
        return int(self._ends[-1]) - _START

    def part(self, part: int) -> bytes:
        """The records of ``part``."""
        start, end = self._ends[part], self._ends[part + 1]
        if start == end:
            return b""
        with self.path.open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        if len(data) != end - start:
            raise BrokenRun(self.path.name)
        return data


def find_head(records: bytes, key: bytes) -> tuple[bytes, bytes] | None:
    """The newest leaf hash and type tag of the subject ``key`` in a part of heads, or None."""
    size = HEAD.size
    low, high = 0, len(records) // size
    while low < high:
        middle = (low + high) // 2
        if records[middle * size : middle * size + 32] < key:
            low = middle + 1
        else:
            high = middle
    found = records[low * size : (low + 1) * size]
    if found[:32] != key:
        return None
    return found[32:64], found[64:]
