"""The Merkle tree of RFC 6962 over SHA-256: hashes, inclusion proofs, consistency proofs.

A leaf is hashed with a zero byte before it, two nodes with a one before them, so that no leaf can
pass for a node. A proof must have exactly the length that index and size call for. Checked against
the published vectors of Certificate Transparency and against Go's implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""


class BadProof(ValueError):
    """A proof, or a tile that it comes from, does not hold; the text says what, fit to be shown."""


def leaf_hash(entry: bytes) -> bytes:
    """The 32-byte hash of the leaf that holds ``entry``."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root_of_edge(edge: Sequence[bytes]) -> bytes:
    """The root over the perfect subtrees ``edge``, largest (leftmost) first: a tree of n leaves
    has one for each 1 in the binary digits of n."""
    if not edge:
        return EMPTY_ROOT
    *others, root = edge
    for left in reversed(others):
        root = node_hash(left, root)
    return root


class Edge:
    """A growing tree, of which only the perfect subtrees at its right edge are kept: ``size``
    leaves in at most 64 hashes."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Continue a tree of ``size`` leaves with the subtrees ``hashes``, largest first."""
        self.size, self._hashes = size, list(hashes)
        if len(self._hashes) != size.bit_count():
            raise BadProof("the edge does not fit the size")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The perfect subtrees, largest first."""
        return tuple(self._hashes)

    def add(self, leaf: bytes) -> None:
        """Put the leaf with the hash ``leaf`` behind the last one."""
        size, hashes = self.size, self._hashes
        while size & 1:
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return root_of_edge(self._hashes)


def root_from_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that a tree of ``size`` leaves has if ``leaf`` (a leaf hash) is at ``index``.

    ``path`` are the sibling hashes from the leaf upwards. The caller compares the result with the
    root that it trusts. BadProof: the lengths are not those that index and size call for.
    """
    if not 0 <= index < size:
        raise BadProof("the index is outside of the tree")
    _check_lengths((leaf, *path))
    # Below `inner` the leaf's way and the tree's right edge are apart; above, siblings are only on
    # the left, where the size has a 1.
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        raise BadProof("the proof has the wrong length")
    root = leaf
    for level, sibling in enumerate(path):
        left = level >= inner or index >> level & 1
        root = node_hash(sibling, root) if left else node_hash(root, sibling)
    return root


def check_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of ``old_size`` is the beginning of that of ``new_size``.

    BadProof if not, or if the proof is longer or shorter than it must be. An old tree without
    leaves is refused: everything continues it, so there is nothing to prove (RFC 6962, 2.1.2).
    """
    if not 0 < old_size <= new_size:
        raise BadProof("no proof is possible between these sizes")
    _check_lengths((old_root, new_root, *path))
    if old_size == new_size:
        if path or old_root != new_root:
            raise BadProof("two trees of one size differ, or the proof is not empty")
        return
    # `start` leads up to the largest perfect subtree that ends where the old tree ends; if that
    # is the whole old tree, its root is not repeated in the proof.
    start = (old_size & -old_size).bit_length() - 1
    index = (old_size - 1) >> start
    inner = ((old_size - 1) ^ (new_size - 1)).bit_length() - start
    whole = index == 0
    if len(path) != (0 if whole else 1) + inner + (index >> inner).bit_count():
        raise BadProof("the proof has the wrong length")
    seed, rest = (old_root, path) if whole else (path[0], path[1:])
    old = new = seed
    for level, sibling in enumerate(rest):
        if level >= inner or index >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    if old != old_root:
        raise BadProof("the proof does not lead to the old root")
    if new != new_root:
        raise BadProof("the proof does not lead to the new root")


def _check_lengths(found: Iterable[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in found):
        raise BadProof("a hash is not 32 bytes long")
