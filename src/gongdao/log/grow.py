"""The growing tree, kept as its open tiles: the partial one of each level. Pure.

Leaves fill the level-0 tile; a full tile's root is one hash of the tile above. From the open tiles
follow the perfect subtrees at the right edge, and from them the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gongdao_verify.merkle import HASH_BYTES, Edge, node_hash, root_of_edge
from gongdao_verify.tlog_tiles import TILE_WIDTH, partial_width

TILE_BYTES = TILE_WIDTH * HASH_BYTES
_TILE_HEIGHT = 8


@dataclass(frozen=True)
class TileData:
    """The hashes of one tile, side by side; ``n`` counts the tiles of its level."""

    level: int
    n: int
    data: bytes

    @property
    def width(self) -> int:
        """How many hashes it has."""
        return len(self.data) // HASH_BYTES


@dataclass(frozen=True)
class Tree:
    """A tree of ``size`` leaves; ``open`` are the hashes of the partial tile of each level, lowest
    first, empty where the last tile is full."""

    size: int = 0
    open: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        widths = [len(one) for one in self.open]
        if widths != [partial_width(self.size, n) * HASH_BYTES for n in range(len(widths))]:
            raise ValueError("the open tiles do not fit the size")
        if self.size >> _TILE_HEIGHT * len(widths):
            raise ValueError("an open tile is missing")

    def edge(self) -> tuple[bytes, ...]:
        """The perfect subtrees at the right edge, largest first."""
        found: list[bytes] = []
        for data in reversed(self.open):
            edge = Edge()
            for at in range(0, len(data), HASH_BYTES):
                edge.add(data[at : at + HASH_BYTES])
            found += edge.hashes
        return tuple(found)

    def root(self) -> bytes:
        """The root of the tree."""
        return root_of_edge(self.edge())


def grow(tree: Tree, hashes: Sequence[bytes]) -> tuple[Tree, list[TileData]]:
    """``tree`` with the leaves whose hashes are given, and every tile that is new or wider by them
    (full and partial, each once, lowest level first)."""
    opened, changed = list(tree.open), []
    level, new = 0, list(hashes)
    while new:
        if level == len(opened):
            opened.append(b"")
        data = opened[level] + b"".join(new)
        first = tree.size >> _TILE_HEIGHT * (level + 1)
        tiles = [data[at : at + TILE_BYTES] for at in range(0, len(data), TILE_BYTES)]
        changed += [TileData(level, first + n, one) for n, one in enumerate(tiles)]
        opened[level] = tiles.pop() if len(data) % TILE_BYTES else b""
        new = [_root_of_full(one) for one in tiles]
        level += 1
    return Tree(tree.size + len(hashes), tuple(opened)), changed


def _root_of_full(data: bytes) -> bytes:
    """The root over the 256 hashes of a full tile."""
    row = [data[at : at + HASH_BYTES] for at in range(0, TILE_BYTES, HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
