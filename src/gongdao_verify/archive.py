"""The zip, opened with suspicion: every byte must belong to a file that every tool sees alike.

Zip readers differ where an archive is odd (two entries of one name, bytes before, between or
after the entries, a local name unlike the central one, links, ``..``), so each oddity is a
finding. What cannot be read safely at all raises Unreadable. Nothing is ever extracted.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes

from gongdao_verify.manifest import is_safe

MOST_ENTRIES = 20_000
MOST_BYTES = 16 << 30
_BOMB_RATIO, _BOMB_FLOOR = 200, 64 << 20
_CHUNK = 1 << 20
_LOCAL = struct.Struct("<4s5H3L2H")
_HARMLESS_EXTRAS = {0x0001, 0x000A, 0x5455, 0x7875}  # zip64 sizes; file times; owner
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


class Unreadable(Exception):
    """The file is no case file that can be read; ``code`` names the sentence in words.py."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is not as sealed: ``kind`` is a key of words.py, ``name`` a file."""

    name: str
    kind: str
    detail: str = ""


class Archive:
    """An open case file: ``members`` by name, and the ``findings`` of its structure."""

    def __init__(self, path: Path) -> None:
        """Open and examine ``path``; raise Unreadable."""
        try:
            self._size = path.stat().st_size
            if not stat.S_ISREG(path.stat().st_mode):
                raise Unreadable("not_a_file")
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise Unreadable("cannot_open", error.strerror or "") from None
        try:
            self._zip = zipfile.ZipFile(self._file)
            self.members: dict[str, zipfile.ZipInfo] = {}
            self.findings: list[Finding] = []
            self._limits()
            self._layout()
            self._names()
        except Unreadable:
            self._file.close()
            raise
        except (*_READ_ERRORS, ValueError, struct.error) as error:
            self._file.close()
            raise Unreadable("not_a_zip", type(error).__name__) from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def digests(self, name: str) -> tuple[str, str] | None:
        """SHA-256 and SM3 of one member in hexadecimal; None if its bytes are damaged."""
        sha, sm3 = hashlib.sha256(), hashes.Hash(hashes.SM3())
        try:
            for chunk in self._chunks(name):
                sha.update(chunk)
                sm3.update(chunk)
        except _READ_ERRORS:
            return None
        return sha.hexdigest(), sm3.finalize().hex()

    def small(self, name: str, limit: int = 16 << 20) -> bytes | None:
        """The content of one member; None if it is absent, damaged or over ``limit`` bytes."""
        if name not in self.members or self.members[name].file_size > limit:
            return None
        try:
            return b"".join(self._chunks(name))
        except _READ_ERRORS:
            return None

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._zip.open(self.members[name]) as member:
            while chunk := member.read(_CHUNK):
                yield chunk

    def _limits(self) -> None:
        entries = self._zip.infolist()
        total = sum(entry.file_size for entry in entries)
        if len(entries) > MOST_ENTRIES or total > MOST_BYTES:
            raise Unreadable("too_large")
        if total > _BOMB_FLOOR + _BOMB_RATIO * self._size:
            raise Unreadable("bomb")
        for entry in entries:
            if entry.flag_bits & 0x1:
                raise Unreadable("encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable("method")

    def _layout(self) -> None:
        """Entries must follow one another from the first byte to the directory."""
        entries = sorted(self._zip.infolist(), key=lambda entry: entry.header_offset)
        expected = 0
        for entry in entries:
            if entry.header_offset < expected:
                raise Unreadable("overlap")
            if entry.header_offset > expected:
                self._hidden(entry.filename)
            expected = self._entry_end(entry)
        start = self._zip.start_dir
        if start != expected:
            self._hidden("")
        directory = sum(
            46 + len(_name_bytes(entry)) + len(entry.extra) + len(entry.comment)
            for entry in entries
        )
        if self._size - start - directory not in (22, 22 + 76) or self._zip.comment:
            self._hidden("")
        if any(entry.comment for entry in entries):
            self._hidden("")

    def _entry_end(self, entry: zipfile.ZipInfo) -> int:
        """Where the entry ends, after comparing its local header with the directory."""
        self._file.seek(entry.header_offset)
        head = self._file.read(_LOCAL.size)
        mark, needs, flags, method, time, date, crc, packed, size, n, m = _LOCAL.unpack(head)
        name, extra = self._file.read(n), self._file.read(m)
        described = bool(flags & 0x8)
        sizes = {entry.compress_size, entry.file_size, 0xFFFFFFFF, 0 if described else -1}
        when = entry.date_time
        same = (
            mark == b"PK\x03\x04"
            and name == _name_bytes(entry)
            and (flags, method, needs)
            == (entry.flag_bits, entry.compress_type, entry.extract_version)
            and (crc == entry.CRC or (described and crc == 0))
            and {packed, size} <= sizes
            and date == (when[0] - 1980) << 9 | when[1] << 5 | when[2]
            and time == when[3] << 11 | when[4] << 5 | when[5] // 2
        )
        if not same:
            self.findings.append(Finding(entry.filename, "header"))
        if not (_plain_extra(extra) and _plain_extra(entry.extra)):
            self._hidden(entry.filename)
        end = entry.header_offset + _LOCAL.size + n + m + entry.compress_size
        return self._after_descriptor(end) if described else end

    def _after_descriptor(self, end: int) -> int:
        """Behind the data descriptor (sizes written after the data) that starts at ``end``."""
        self._file.seek(end)
        following = self._file.read(28)
        for length in (16, 24, 12, 20):
            if following[length : length + 4] in (b"PK\x03\x04", b"PK\x01\x02"):
                return end + length
        return end

    def _names(self) -> None:
        folded: dict[str, str] = {}
        for entry in self._zip.infolist():
            name, mode = entry.filename, entry.external_attr >> 16
            if name.endswith("/") and entry.file_size == 0 and is_safe(name[:-1]):
                continue  # a folder
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                self.findings.append(Finding(name, "special"))
            if not is_safe(name) or entry.orig_filename != name:
                self.findings.append(Finding(entry.orig_filename, "unsafe_name"))
            alike = unicodedata.normalize("NFC", name).casefold()
            if name in self.members:
                self.findings.append(Finding(name, "duplicate"))
            elif alike in folded:
                self.findings.append(Finding(name, "ambiguous_name", folded[alike]))
            folded.setdefault(alike, name)
            self.members.setdefault(name, entry)

    def _hidden(self, name: str) -> None:
        self.findings.append(Finding(name, "hidden_bytes"))


def _name_bytes(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")


def _plain_extra(extra: bytes) -> bool:
    while extra:
        if len(extra) < 4:
            return False
        kind, length = struct.unpack_from("<HH", extra)
        if kind not in _HARMLESS_EXTRAS or length > 64 or 4 + length > len(extra):
            return False
        extra = extra[4 + length :]
    return True
