"""Tiles and bundles out of the database, as a source for anybody who reads trees.

A partial tile is the beginning of the tile that is kept, so every width up to that can be had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.tlog_tiles import TILE_WIDTH, join_bundle, parse_tile_path
from gongdao_verify.tree_reader import MissingTile, TileSource

Query = Callable[[str, Sequence[Any]], Sequence[tuple[Any, ...]]]
"""Runs a statement with its values, over whatever connection, and gives all rows."""

_TILE = "SELECT substring(data FOR %s) FROM log_tile WHERE level = %s AND n = %s AND width >= %s"
_BUNDLE = "SELECT entry FROM log_entry WHERE idx >= %s AND idx < %s ORDER BY idx"


def tile_rows(query: Query) -> TileSource:
    """The source over ``query``. It raises MissingTile for what is not there (yet), ValueError for
    what is no tile's name."""

    def read(path: str) -> bytes:
        tile = parse_tile_path(path)
        if tile.level is None:
            start = tile.n * TILE_WIDTH
            rows = query(_BUNDLE, (start, start + tile.width))
            if len(rows) < tile.width:
                raise MissingTile(path)
            return join_bundle(bytes(row[0]) for row in rows)
        wanted = (tile.width * HASH_BYTES, tile.level, tile.n, tile.width)
        found = query(_TILE, wanted)
        if not found:
            raise MissingTile(path)
        return bytes(found[0][0])

    return read
