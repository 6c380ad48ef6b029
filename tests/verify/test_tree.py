"""Trees, proofs and tiles of every size agree with the definition, computed the slow way."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.verify.log_kit import (
    SmallLog,
    naive_consistency,
    naive_path,
    naive_root,
)

from gongdao_verify.merkle import (
    BadProof,
    Edge,
    check_consistency,
    leaf_hash,
    root_from_inclusion,
)
from gongdao_verify.tlog_tiles import join_bundle, parse_tile_path, split_bundle
from gongdao_verify.tree_reader import (
    MissingTile,
    TreeReader,
    consistency_path,
    inclusion_path,
    read_hashes,
    root,
)

MOST = 1100
LARGE = (65_535, 65_536, 65_537)
_SETTINGS = settings(max_examples=150, deadline=None)


@cache
def _log(size: int) -> SmallLog:
    return SmallLog("test.example/log", [f"entry {n}".encode() for n in range(size)])


@cache
def _files(size: int) -> dict[str, bytes]:
    return _log(size).files()


@cache
def _leaves(size: int) -> list[bytes]:
    return _log(size).leaves()


@cache
def _root(size: int) -> bytes:
    return naive_root(_leaves(size))


def _source(size: int) -> Callable[[str], bytes]:
    return _files(size).__getitem__


@st.composite
def _places(draw: st.DrawFn, most: int = MOST) -> tuple[int, int]:
    """An index and the size of a tree that has it."""
    size = draw(st.integers(1, most))
    return draw(st.integers(0, size - 1)), size


def test_every_root_up_to_1100() -> None:
    """Grown leaf by leaf, and from a kept edge, each tree has the root of the definition."""
    edge = Edge()
    for size in range(MOST + 1):
        assert edge.root() == _naive_roots()[size]
        assert Edge(size, edge.hashes).root() == edge.root()
        edge.add(leaf_hash(f"entry {size}".encode()))


@cache
def _naive_roots() -> list[bytes]:
    """The root of each size by the definition, subtrees remembered."""
    leaves = _leaves(MOST)

    @cache
    def mth(start: int, end: int) -> bytes:
        if end - start < 2:
            return naive_root(leaves[start:end])
        k = 1
        while k * 2 < end - start:
            k *= 2
        left, right = mth(start, start + k), mth(start + k, end)
        return _node(left, right)

    return [mth(0, size) for size in range(MOST + 1)]


def _node(left: bytes, right: bytes) -> bytes:
    return naive_root([left, right])


def test_roots_from_tiles_of_every_size() -> None:
    """For each size up to 1,100, cut from the tiles of the largest as a server would have them."""
    whole = _files(MOST)

    def source(name: str) -> bytes:
        tile = parse_tile_path(name)
        assert tile.level is not None
        for found in (whole.get(f"{name.split('.p/')[0]}"), _partial(tile.level, tile.n)):
            if found is not None:
                return found[: tile.width * 32]
        raise MissingTile(name)

    def _partial(level: int, n: int) -> bytes | None:
        stem = f"tile/{level}/{n:03}.p/"
        return next((data for name, data in whole.items() if name.startswith(stem)), None)

    for size in range(MOST + 1):
        assert root(source, size) == _naive_roots()[size]


@_SETTINGS
@given(_places())
def test_inclusion_proofs(place: tuple[int, int]) -> None:
    """The path from tiles is that of the definition, and leads to the root."""
    index, size = place
    path = inclusion_path(_source(size), index, size, _root(size))
    assert path == naive_path(index, _leaves(size))
    found = root_from_inclusion(index=index, size=size, leaf=_leaves(size)[index], path=path)
    assert found == _root(size)


@_SETTINGS
@given(_places(), st.data())
def test_a_changed_inclusion_proof_fails(place: tuple[int, int], data: st.DataObject) -> None:
    """Another index or size, a hash changed, left out, added or moved: another root or none."""
    index, size = place
    path = naive_path(index, _leaves(size))
    changed, at, of = list(path), index, size
    match data.draw(st.sampled_from(["flip", "drop", "add", "index", "size"])):
        case "flip" if path:
            n = data.draw(st.integers(0, len(path) - 1))
            changed[n] = bytes([changed[n][0] ^ 1]) + changed[n][1:]
        case "drop" if path:
            changed.pop(data.draw(st.integers(0, len(path) - 1)))
        case "add":
            changed.insert(data.draw(st.integers(0, len(path))), bytes(32))
        case "index":
            at = data.draw(st.integers(-1, size).filter(lambda n: n != index))
        case _:
            of = data.draw(st.integers(0, 2 * size).filter(lambda n: n != size))
    leaf_ = _leaves(size)[index]
    try:
        found = root_from_inclusion(index=at, size=of, leaf=leaf_, path=changed)
    except BadProof:
        return
    # A larger tree whose right edge looks alike has the same path; its checkpoint has another root.
    same_shape = of != size and at == index and changed == path
    assert found != _root(size) or same_shape


@_SETTINGS
@given(_places())
def test_consistency_proofs(place: tuple[int, int]) -> None:
    """The path from tiles is that of the definition, and is accepted; of an earlier tree that is
    not this one's beginning it is refused."""
    old, size = place[0] + 1, place[1]
    path = consistency_path(_source(size), old, size, _root(size))
    assert path == naive_consistency(old, _leaves(size))
    roots = {"old_root": _naive_roots()[old], "new_root": _root(size)}
    check_consistency(old_size=old, new_size=size, path=path, **roots)
    other = naive_root([bytes(32), *_leaves(old)[1:]])
    for wrong in ({**roots, "old_root": other}, {**roots, "new_root": other}):
        with pytest.raises(BadProof):
            check_consistency(old_size=old, new_size=size, path=path, **wrong)


@_SETTINGS
@given(_places(), st.data())
def test_a_changed_consistency_proof_fails(place: tuple[int, int], data: st.DataObject) -> None:
    """A hash changed, left out or added, or the sizes another: refused."""
    old, size = place[0] + 1, place[1]
    path = naive_consistency(old, _leaves(size))
    sizes = {"old_size": old, "new_size": size}
    match data.draw(st.sampled_from(["flip", "drop", "add", "swap"])):
        case "flip" if path:
            n = data.draw(st.integers(0, len(path) - 1))
            path[n] = bytes([path[n][0] ^ 1]) + path[n][1:]
        case "drop" if path:
            path.pop(data.draw(st.integers(0, len(path) - 1)))
        case "add":
            path.insert(data.draw(st.integers(0, len(path))), bytes(32))
        case _:
            sizes = {"old_size": size + 1, "new_size": old}
    with pytest.raises(BadProof):
        check_consistency(**sizes, old_root=_naive_roots()[old], new_root=_root(size), path=path)


@pytest.mark.parametrize("size", LARGE)
def test_around_65536(size: int) -> None:
    """Where a third level of tiles begins: root, proofs at the borders and some between them."""
    source, leaves = _source(size), _leaves(size)
    reader = TreeReader(source, size, _root(size))
    choice = random.Random(size)
    some = {0, 255, 256, 65_279, 65_280, size - 2, size - 1, *choice.sample(range(size), 5)}
    for index in some:
        path = reader.inclusion_path(index)
        assert path == naive_path(index, leaves)
        found = root_from_inclusion(index=index, size=size, leaf=leaves[index], path=path)
        assert found == _root(size)
    for old in some - {0}:
        path = reader.consistency_path(old)
        assert path == naive_consistency(old, leaves)
        old_root = naive_root(leaves[:old])
        check_consistency(
            old_size=old, old_root=old_root, new_size=size, new_root=_root(size), path=path
        )
    row = read_hashes(source, size, [(0, 7), (8, 3), (4, 1)], _root(size))
    assert row == [leaves[7], naive_root(leaves[768:1024]), naive_root(leaves[16:32])]


@_SETTINGS
@given(st.sampled_from([1, 2, 255, 256, 257, 511, 600, 1024, 1100]), st.data())
def test_a_wrong_tile_is_found_and_named(size: int, data: st.DataObject) -> None:
    """One bit in any tile that a proof needs: refused before anything is concluded from it."""
    files = {name: one for name, one in _files(size).items() if "entries" not in name}
    name = data.draw(st.sampled_from(sorted(files)))
    changed = bytearray(files[name])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    asked: list[str] = []

    def source(wanted: str) -> bytes:
        asked.append(wanted)
        return bytes(changed) if wanted == name else files[wanted]

    index = data.draw(st.integers(0, size - 1))
    reader = TreeReader(source, size, _root(size))
    try:
        path = reader.inclusion_path(index)
    except BadProof as bad:
        partial = ".p/" in name
        assert ("right edge" if partial else name) in str(bad)
    else:
        assert name not in asked and path == naive_path(index, _leaves(size))


def test_tiles_of_another_log_are_refused() -> None:
    """Whole and consistent among themselves, but not under the root that is trusted."""
    other = SmallLog("x", [b"x", *_log(600).entries[1:]]).files().__getitem__
    assert root(other, 600) != _root(600)
    for call in (
        lambda: TreeReader(other, 600, _root(600)).root(),
        lambda: inclusion_path(other, 3, 600, _root(600)),
        lambda: consistency_path(other, 3, 600, _root(600)),
        lambda: read_hashes(other, 600, [(0, 3)], _root(600)),
    ):
        with pytest.raises(BadProof, match="right edge"):
            call()


def test_tiles_of_the_wrong_length_and_missing_ones() -> None:
    """A short or long tile is refused by name, a missing one told as the source tells it; a
    partial one that is gone is cut from the full one."""
    files = dict(_files(600))
    for change in (lambda data: data[:-1], lambda data: data + b"x", lambda data: b""):
        wrong = {**files, "tile/0/001": change(files["tile/0/001"])}
        with pytest.raises(BadProof, match="tile/0/001 has the wrong length"):
            inclusion_path(wrong.__getitem__, 300, 600)
    del files["tile/0/001"]
    with pytest.raises(KeyError):
        inclusion_path(files.__getitem__, 300, 600)
    later = {name: data for name, data in _files(1024).items() if ".p/" not in name}
    later["tile/1/000.p/2"] = _files(600)["tile/1/000.p/2"]
    assert root(later.__getitem__, 600) == _root(600)


def test_what_no_tree_has_is_refused() -> None:
    """Indices, sizes and subtrees outside of the tree, and edges that do not fit."""
    reader = TreeReader(_source(600), 600)
    for call in (
        lambda: reader.inclusion_path(600),
        lambda: reader.inclusion_path(-1),
        lambda: reader.consistency_path(0),
        lambda: reader.consistency_path(601),
        lambda: reader.hash_at(0, 600),
        lambda: reader.hash_at(10, 0),
        lambda: reader.hash_at(-1, 0),
        lambda: TreeReader(_source(600), -1),
        lambda: Edge(3, [bytes(32)]),
        lambda: root_from_inclusion(index=0, size=1, leaf=bytes(31), path=[]),
        lambda: root_from_inclusion(index=0, size=2, leaf=bytes(32), path=[bytes(33)]),
    ):
        with pytest.raises(BadProof):
            call()
    assert TreeReader(_source(600), 0).root() == Edge().root()


@given(st.lists(st.binary(max_size=70), max_size=256))
def test_bundles_are_read_as_written(entries: list[bytes]) -> None:
    """Any entries, empty ones too; cut off anywhere else than between two they are refused."""
    data = join_bundle(entries)
    assert split_bundle(data) == entries
    borders, at = {0}, 0
    for entry in entries:
        at += 2 + len(entry)
        borders.add(at)
    for end in {1, len(data) - 1} - borders:
        if 0 < end < len(data):
            with pytest.raises(ValueError, match="cut off"):
                split_bundle(data[:end])


def test_the_limits_of_bundles() -> None:
    """65,535 bytes an entry and 256 entries are taken, one more is refused."""
    assert split_bundle(join_bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(ValueError, match="65,535"):
        join_bundle([bytes(65_536)])
    with pytest.raises(ValueError, match="more than 256"):
        split_bundle(bytes(2 * 257))
