"""The growing tree against the definition of RFC 6962, whatever the sizes of the batches."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gongdao.log.grow import TILE_BYTES, TileData, Tree, grow
from gongdao_verify.merkle import EMPTY_ROOT
from gongdao_verify.tlog_tiles import tile_path
from gongdao_verify.tree_reader import TreeReader

_LEAVES = [hashlib.sha256(b"leaf %d" % n).digest() for n in range(66_000)]


def _naive(hashes):
    """The Merkle tree hash by its definition, level by level: equal for every size."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    both = _naive(hashes[:split]) + _naive(hashes[split:])
    return hashlib.sha256(b"\x01" + both).digest()


class _Kept:
    """Tiles as a database keeps them: the widest of each."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}

    def keep(self, changed: list[TileData]) -> None:
        for one in changed:
            old = self.tiles.get((one.level, one.n), b"")
            assert one.data.startswith(old) and len(old) < TILE_BYTES
            self.tiles[one.level, one.n] = one.data

    def source(self, path: str) -> bytes:
        for (level, n), data in self.tiles.items():
            for width in range(1, len(data) // 32 + 1):
                if tile_path(level, n, width) == path:
                    return data[: 32 * width]
        raise KeyError(path)


@given(st.lists(st.integers(0, 700), max_size=6))
@example([255, 1, 1])
@example([256, 256])
@example([0, 1, 254, 1])
@settings(deadline=None, max_examples=60)
def test_batches_make_one_tree(sizes):
    """However leaves are cut into batches, root and tiles are those of the whole."""
    tree, kept = Tree(), _Kept()
    for size in sizes:
        tree, changed = grow(tree, _LEAVES[tree.size : tree.size + size])
        kept.keep(changed)
    hashes = _LEAVES[: tree.size]
    assert tree.root() == _naive(hashes)
    for n in range(-(-tree.size // 256)):
        assert kept.tiles[0, n] == b"".join(hashes[256 * n : 256 * (n + 1)])
    for (level, n), data in kept.tiles.items():
        for at in range(len(data) // 32 if level else 0):
            span = 256**level
            start = (n * 256 + at) * span
            assert data[32 * at : 32 * at + 32] == _naive(hashes[start : start + span])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025])
def test_stored_tiles_answer_for_every_size(size):
    """From the stored tiles, the reader makes the root of any size."""
    tree, changed = grow(Tree(), _LEAVES[:size])
    kept = _Kept()
    kept.keep(changed)
    assert TreeReader(kept.source, size).root() == tree.root() == _naive(_LEAVES[:size])


def test_every_size_up_to_1100():
    """For every size from 0 to 1,100: leaves one at a time and all at once give the one tree, with
    the root of the definition."""
    tree = Tree()
    for size in range(1101):
        assert tree == grow(Tree(), _LEAVES[:size])[0]
        assert tree.root() == _naive(_LEAVES[:size])
        tree = grow(tree, [_LEAVES[size]])[0]


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_around_the_third_level(size):
    """Where the third level of tiles begins, root and open tiles are right."""
    start = grow(Tree(), _LEAVES[:65_000])[0]
    tree, changed = grow(start, _LEAVES[65_000:size])
    assert tree.root() == _naive(_LEAVES[:size])
    assert (2 in {one.level for one in changed}) == (size >= 65_536)


@pytest.mark.parametrize(
    ("size", "opened"),
    [(1, ()), (1, (b"",)), (0, (b"x" * 32,)), (256, (b"",)), (2, (b"x" * 32,)), (1, (b"x" * 31,))],
)
def test_open_tiles_that_do_not_fit_are_refused(size, opened):
    """A tree whose open tiles are missing or of the wrong width is no tree."""
    with pytest.raises(ValueError, match="open tile"):
        Tree(size, opened)
