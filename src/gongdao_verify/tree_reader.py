"""Proofs from tiles: whoever serves them is not trusted.

Every full tile must hash to the hash that the tile above it holds for it; the tiles on the right
edge together make the root, which is compared with the one that the caller trusts. So a wrong tile
is found before anything is concluded from it, and is named.

A source is a function from a tile's name to its bytes: a folder, a database, a web address. For a
name that it does not have it raises MissingTile, KeyError or FileNotFoundError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gongdao_verify.merkle import HASH_BYTES, BadProof, node_hash, root_of_edge
from gongdao_verify.tlog_tiles import TILE_WIDTH, tile_path, width_at

TileSource = Callable[[str], bytes]
"""The bytes of the tile or bundle with this name."""

_TILE_HEIGHT = 8
Levels = list[list[bytes]]
"""The hashes of one tile and of the perfect subtrees above them, lowest first."""


class MissingTile(LookupError):
    """A source has no tile of this name."""


class TreeReader:
    """The tree of ``size`` leaves in the tiles of ``source``; tiles once read are kept.

    With ``root``, nothing is answered unless the tiles lead to it. Without, tiles are only checked
    against one another. Any method raises BadProof, or what the source raises.
    """

    def __init__(self, source: TileSource, size: int, root: bytes | None = None) -> None:
        """Read nothing yet."""
        if size < 0:
            raise BadProof("a tree has no negative size")
        self._source, self.size, self._trusted = source, size, root
        self._tiles: dict[tuple[int, int], Levels] = {}
        self._edge: list[bytes] | None = None

    def root(self) -> bytes:
        """The root of the tree; BadProof if another one was given."""
        if self._edge is None:
            edge = [self._raw(height, n) for height, n in _perfect(0, self.size)]
            found = root_of_edge(edge)
            if self._trusted is not None and found != self._trusted:
                raise BadProof("the tiles at the right edge do not make the root")
            self._edge = edge
        return root_of_edge(self._edge)

    def hash_at(self, height: int, n: int) -> bytes:
        """The root over the leaves n·2^height to (n+1)·2^height - 1, all of them in the tree."""
        if height < 0 or n < 0 or (n + 1) << height > self.size:
            raise BadProof("no such subtree")
        if self._trusted is not None:
            self.root()
        return self._raw(height, n)

    def range_root(self, start: int, end: int) -> bytes:
        """The root over the leaves ``start`` to ``end`` - 1, where ``start`` is a multiple of the
        smallest power of two that is not below ``end`` - ``start``."""
        return root_of_edge([self.hash_at(height, n) for height, n in _perfect(start, end)])

    def inclusion_path(self, index: int) -> list[bytes]:
        """The sibling hashes of the leaf at ``index``, from the leaf upwards."""
        if not 0 <= index < self.size:
            raise BadProof("the index is outside of the tree")
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self.range_root(middle, end))
                end = middle
            else:
                path.append(self.range_root(start, middle))
                start = middle
        return path[::-1]

    def consistency_path(self, old: int) -> list[bytes]:
        """The proof that the tree of ``old`` leaves is the beginning of this one."""
        if not 0 < old <= self.size:
            raise BadProof("no proof is possible between these sizes")
        path, start, end = [], 0, self.size
        while end != old:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self.range_root(middle, end))
                end = middle
            else:
                path.append(self.range_root(start, middle))
                start = middle
        if start:  # else this subtree is the whole old tree, whose root the checker has
            path.append(self.range_root(start, end))
        return path[::-1]

    def _raw(self, height: int, n: int) -> bytes:
        """As `hash_at`, but the right edge is not yet compared with the root."""
        level, inside = divmod(height, _TILE_HEIGHT)
        per_tile = TILE_WIDTH >> inside
        tile, place = divmod(n, per_tile)
        return self._tile(level, tile)[inside][place]

    def _tile(self, level: int, n: int) -> Levels:
        """The tile, checked against the one above unless it is at the right edge."""
        known = self._tiles.get((level, n))
        if known is not None:
            return known
        width = width_at(self.size, level, n)
        levels = _climb(self._fetch(level, n, width))
        # The tile above is checked in turn by the one above it, and so on up to the right edge.
        full = width == TILE_WIDTH
        if full and self._raw((level + 1) * _TILE_HEIGHT, n) != levels[_TILE_HEIGHT][0]:
            raise BadProof(f"{tile_path(level, n)} is not what the tile above it says")
        self._tiles[level, n] = levels
        return levels

    def _fetch(self, level: int, n: int, width: int) -> bytes:
        """The tile's bytes; a partial one that is gone is cut from the full one."""
        name = tile_path(level, n, width)
        try:
            data = self._source(name)
        except (LookupError, FileNotFoundError):
            if width == TILE_WIDTH:
                raise
            data = self._source(tile_path(level, n))[: width * HASH_BYTES]
        if len(data) != width * HASH_BYTES:
            raise BadProof(f"{name} has the wrong length")
        return data


def root(source: TileSource, size: int) -> bytes:
    """The root that the tiles make at ``size``; they are checked against one another only."""
    return TreeReader(source, size).root()


def read_hashes(
    source: TileSource, size: int, places: Sequence[tuple[int, int]], root: bytes | None = None
) -> list[bytes]:
    """For each (height, n) the root over the leaves n·2^height to (n+1)·2^height - 1."""
    reader = TreeReader(source, size, root)
    return [reader.hash_at(height, n) for height, n in places]


def inclusion_path(
    source: TileSource, index: int, size: int, root: bytes | None = None
) -> list[bytes]:
    """The proof that the leaf at ``index`` is in the tree of ``size``; see TreeReader."""
    return TreeReader(source, size, root).inclusion_path(index)


def consistency_path(
    source: TileSource, old: int, new: int, root: bytes | None = None
) -> list[bytes]:
    """The proof that the tree of ``new`` leaves (with ``root``) continues that of ``old``."""
    return TreeReader(source, new, root).consistency_path(old)


def _split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2): where RFC 6962 cuts a tree in two."""
    return 1 << (size - 1).bit_length() - 1


def _perfect(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees (height, n) that lie side by side from ``start`` to ``end``."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def _climb(data: bytes) -> Levels:
    """The tile's hashes, and above them the nodes over full pairs, up to eight levels."""
    row = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
    levels = [row]
    for _ in range(_TILE_HEIGHT):
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        levels.append(row)
    return levels
