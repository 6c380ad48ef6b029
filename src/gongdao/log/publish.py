"""The log as plain files, for any web server or CDN: tiles and bundles first, checkpoint last.

A file has its name only when it is whole and on disk. Tiles are written before the checkpoint over
them is signed, so whatever was signed can be had from here even if the database is lost. The
checkpoint only moves forward.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gongdao.core.durable import sync_folder
from gongdao.log.file_lock import file_lock
from gongdao.log.grow import TileData
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import BadNote, parse_note
from gongdao_verify.tlog_tiles import (
    TILE_WIDTH,
    Tile,
    full_tiles,
    join_bundle,
    parse_tile_path,
    partial_width,
    tile_path,
)
from gongdao_verify.tree_reader import TileSource

File = tuple[str, bytes]
"""Name below the folder, and content."""

_NAME = "checkpoint"
_WRITERS = 4
"""Files waiting for the disk at once: it can write them together."""


class PublishedFolder:
    """The files below ``folder``, readable by everybody who may enter it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def checkpoint(self) -> bytes | None:
        """The checkpoint that is published now, cosignatures included; None before the first."""
        try:
            return (self.folder / _NAME).read_bytes()
        except FileNotFoundError:
            return None

    def source(self) -> TileSource:
        """The published tiles; FileNotFoundError for those that are not there."""
        return lambda path: (self.folder / path).read_bytes()

    def put_tiles(self, files: Sequence[File]) -> None:
        """Write tiles and bundles; all of them are on disk afterwards. Partial ones that a full
        tile has long replaced are deleted."""
        for name, _data in files:
            _make_folders(self.folder, (self.folder / name).parent)
        with ThreadPoolExecutor(_WRITERS) as writers:
            list(writers.map(self._put, files))
        for folder in {(self.folder / name).parent for name, _data in files}:
            sync_folder(folder)
        for name, _data in files:
            self._drop_partials(name)

    def put_checkpoint(self, note: bytes) -> None:
        """Publish ``note`` unless a newer one, or one of its size with more cosignatures, is."""
        _make_folders(self.folder, self.folder)
        with file_lock(self.folder / ".lock"):
            old = self.checkpoint()
            if old is None or _rank(old) <= _rank(note):
                self._put((_NAME, note))
                sync_folder(self.folder)

    def _put(self, file: File) -> None:
        path = self.folder / file[0]
        part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(file[1])
                opened.flush()
                os.fsync(opened.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _drop_partials(self, name: str) -> None:
        """A full tile was written: forget the partial ones of the tile before it. Readers that
        come late take the full tile, as the format has it."""
        if ".p/" in name:
            return
        tile = parse_tile_path(name)
        if tile.n:
            old = tile_path(tile.level, tile.n - 1)
            shutil.rmtree(self.folder / f"{old}.p", ignore_errors=True)


def tile_files(tiles: Iterable[TileData]) -> list[File]:
    """The tiles as files."""
    return [(tile_path(one.level, one.n, one.width), one.data) for one in tiles]


def bundle_files(entries: Sequence[bytes], first: int) -> list[File]:
    """The bundles of ``entries``, of which the first has the number ``first``, a multiple of 256:
    full ones, and at the end a partial one."""
    found = []
    for start in range(0, len(entries), TILE_WIDTH):
        part = entries[start : start + TILE_WIDTH]
        path = tile_path(None, (first + start) // TILE_WIDTH, len(part))
        found.append((path, join_bundle(part)))
    return found


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """Every tile and bundle that a folder complete for ``old`` leaves lacks for ``new`` leaves:
    full ones that were not full, and the partial ones of the new right edge."""
    for level in (None, *range((new.bit_length() + 7) // 8)):
        for n in range(full_tiles(old, level), full_tiles(new, level)):
            yield Tile(level, n)
        if width := partial_width(new, level):
            yield Tile(level, full_tiles(new, level), width)


def _rank(data: bytes) -> tuple[int, int]:
    """Size and signatures; what is no checkpoint ranks below every one."""
    try:
        note = parse_note(data)
        return Checkpoint.parse(note.text).size, len(note.signatures)
    except BadNote:
        return -1, 0


def _make_folders(root: Path, folder: Path) -> None:
    """Make ``folder`` for everybody to read, durably. What lies above ``root`` is made so too."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(mode=0o755, exist_ok=True)
        sync_folder(one.parent)
