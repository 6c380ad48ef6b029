"""The Merkle tree over the commitments of a batch (RFC 6962), kept as roots over groups of 256.

256 is a power of two, so the tree over n commitments is the tree over its groups' roots: a proof
for one of a million needs one group's commitments and four thousand roots, not a million.
"""

from __future__ import annotations

from collections.abc import Sequence

from gongdao_verify.merkle import EMPTY_ROOT, leaf_hash, node_hash

GROUP = 256


def group_root(commitments: Sequence[bytes]) -> bytes:
    """The root over one group: 1 to 256 commitments (as leaf entries)."""
    return root_of([leaf_hash(one) for one in commitments])


def root_of(nodes: Sequence[bytes]) -> bytes:
    """The root over nodes of equal height, of which only the last may be incomplete."""
    level = list(nodes)
    while len(level) > 1:
        paired = [node_hash(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(level) & ~1 :]
    return level[0] if level else EMPTY_ROOT


def inclusion_path(
    *, index: int, size: int, group: Sequence[bytes], roots: Sequence[bytes]
) -> list[bytes]:
    """The inclusion proof of commitment ``index`` in a batch of ``size``: siblings, lowest first.

    ``group`` are the commitments of its group, ``roots`` the roots of all groups.
    """
    n, place = divmod(index, GROUP)
    wanted = min(GROUP, size - n * GROUP)
    if not 0 <= index < size or len(group) != wanted or len(roots) != -(-size // GROUP):
        raise ValueError("group and roots are not those of this batch")
    return _path([leaf_hash(one) for one in group], place) + _path(list(roots), n)


def _path(level: list[bytes], index: int) -> list[bytes]:
    path = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        paired = [node_hash(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(level) & ~1 :]
        index >>= 1
    return path
