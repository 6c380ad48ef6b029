"""The layout of tiles and entry bundles (c2sp.org/tlog-tiles): names, widths, bytes.

A tile holds 256 hashes of one level side by side; level 0 are leaf hashes, and hash i of tile
(level, n) is the root over the 256^level leaves from (n·256 + i)·256^level on. At the right edge
a tile is partial: fewer hashes, under a name with its width. A bundle holds the entries of the
level-0 tile with the same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TILE_WIDTH = 256
LONGEST_ENTRY = 65_535
HIGHEST_LEVEL = 63
_GROUPS = re.compile(r"(?:x[0-9]{3}/){0,5}[0-9]{3}")
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/([x0-9/]{3,28})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True)
class Tile:
    """A tile's place: ``level`` None means an entry bundle; ``width`` 1 to 256."""

    level: int | None
    n: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Its name below the log's address."""
        return tile_path(self.level, self.n, self.width)


def tile_path(level: int | None, n: int, width: int = TILE_WIDTH) -> str:
    """The name of a tile, or (``level`` None) of a bundle: 1234067 is ``x001/x234/067``."""
    if (level is not None and not 0 <= level <= HIGHEST_LEVEL) or n < 0:
        raise ValueError("no such tile")
    if not 1 <= width <= TILE_WIDTH:
        raise ValueError("a tile has 1 to 256 hashes")
    name = f"{n % 1000:03}"
    while n := n // 1000:
        name = f"x{n % 1000:03}/{name}"
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{name}{partial}"


def parse_tile_path(path: str) -> Tile:
    """The tile that ``path`` names; ValueError unless it is exactly its name."""
    match = _PATH.fullmatch(path)
    if match and _GROUPS.fullmatch(match[2]):
        level = None if match[1] == "entries" else int(match[1])
        n = int(match[2].replace("x", "").replace("/", ""))
        width = TILE_WIDTH if match[3] is None else int(match[3])
        tile = Tile(level, n, width)
        allowed = (level or 0) <= HIGHEST_LEVEL and 1 <= width <= TILE_WIDTH
        if allowed and tile.path() == path:  # no leading zeros, and no 256 behind `.p/`
            return tile
    raise ValueError("not a tile's name")


def partial_width(size: int, level: int | None) -> int:
    """How many hashes the last tile of ``level`` has in a tree of ``size`` leaves; 0: it is full,
    or there is none."""
    return (size >> 8 * (level or 0)) % TILE_WIDTH


def full_tiles(size: int, level: int | None) -> int:
    """How many full tiles ``level`` has in a tree of ``size`` leaves."""
    return size >> 8 * (level or 0) + 8


def width_at(size: int, level: int | None, n: int) -> int:
    """The width of tile ``n`` of ``level`` in a tree of ``size`` leaves; 0: it is not there."""
    full = full_tiles(size, level)
    return TILE_WIDTH if n < full else partial_width(size, level) if n == full else 0


def split_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; ValueError if it is cut off or has more than 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        end = at + 2 + length
        if end > len(data) or len(data) - at < 2:
            raise ValueError("the bundle is cut off")
        if len(entries) == TILE_WIDTH:
            raise ValueError("the bundle has more than 256 entries")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def join_bundle(entries: Iterable[bytes]) -> bytes:
    """The bundle of ``entries``: each behind its length in two bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > LONGEST_ENTRY:
            raise ValueError("an entry is longer than 65,535 bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)
