"""A log for tests: grows in memory or in a folder, signs checkpoints, can lie on demand."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LOG_SUBJECT, LeafForm, write_leaf
from gongdao_verify.merkle import Edge, leaf_hash, node_hash
from gongdao_verify.signed_note import (
    ED25519,
    VerifierKey,
    join_note,
    make_key_id,
    signature_line,
)
from gongdao_verify.tlog_tiles import join_bundle, tile_path, width_at
from gongdao_verify.tree_reader import consistency_path

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def make_keys(name: str) -> tuple[Ed25519PrivateKey, VerifierKey]:
    """The same key for the same name, every time."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    public = private.public_key().public_bytes_raw()
    return private, VerifierKey(name, make_key_id(name, ED25519, public), ED25519, public)


@dataclass
class SmallLog:
    """Entries, their tiles at every size, and a key; ``tiles`` are kept at full width only."""

    origin: str = "log.example.org/log"
    entries: list[bytes] = field(default_factory=list)
    heads: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.private, self.key = make_keys(self.origin)
        self._rows: list[list[bytes]] = [[]]
        for entry in self.entries:
            self._grow(leaf_hash(entry))

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.entries)

    def copy(self) -> SmallLog:
        """The same history, to be continued otherwise."""
        return SmallLog(self.origin, list(self.entries), dict(self.heads))

    def add(self, entry: bytes) -> bytes:
        """Append the bytes ``entry``, whatever they are; its leaf hash."""
        self.entries.append(entry)
        digest = leaf_hash(entry)
        self._grow(digest)
        return digest

    def add_leaf(self, type_: str, subject: str, **more: object) -> bytes:
        """Append a good leaf that continues its subject; ``prev``, ``at``, ``data`` on demand."""
        form = LeafForm(
            type_,
            subject,
            more.get("prev", self.heads.get(subject)),
            more.get("at", START + timedelta(seconds=self.size)),
            more.get("data", {"n": self.size}),
        )
        self.heads[subject] = self.add(write_leaf(form))
        return self.heads[subject]

    def begin(self) -> SmallLog:
        """The genesis leaf."""
        self.add_leaf("log.genesis", LOG_SUBJECT)
        return self

    def _grow(self, digest: bytes) -> None:
        row, level = self._rows[0], 0
        row.append(digest)
        while len(self._rows[level]) % 256 == 0:
            last = self._rows[level][-256:]
            while len(last) > 1:
                last = [node_hash(a, b) for a, b in zip(last[::2], last[1::2], strict=True)]
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(last[0])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves."""
        edge = Edge()
        for entry in self.entries[: self.size if size is None else size]:
            edge.add(leaf_hash(entry))
        return edge.root()

    def tile(self, level: int | None, n: int, width: int) -> bytes:
        """The bytes of a tile or bundle."""
        first = n * 256
        if level is None:
            return join_bundle(self.entries[first : first + width])
        return b"".join(self._rows[level][first : first + width])

    def source(self, path: str) -> bytes:
        """As a TileSource of the present tree, partial tiles of every width included."""
        from gongdao_verify.tlog_tiles import parse_tile_path

        tile = parse_tile_path(path)
        return self.tile(tile.level, tile.n, tile.width)

    def prove(self, old: int, new: int | None = None) -> list[bytes]:
        """A consistency proof."""
        return consistency_path(self.source, old, self.size if new is None else new)

    def sign(self, size: int | None = None, root: bytes | None = None) -> bytes:
        """The signed checkpoint at ``size``; with ``root`` a lie."""
        size = self.size if size is None else size
        text = Checkpoint(self.origin, size, self.root(size) if root is None else root).text()
        line = signature_line(self.key.name, self.key.key_id, self.private.sign(text.encode()))
        return join_note(text, [line])

    def publish(self, folder: Path) -> None:
        """Write the tiles of the present size and its checkpoint into ``folder``."""
        for level in (None, *range(len(self._rows))):
            n = 0
            while width := width_at(self.size, level, n):
                path = folder / tile_path(level, n, width)
                path.parent.mkdir(parents=True, exist_ok=True)
                if not (path.exists() and width == 256):
                    path.write_bytes(self.tile(level, n, width))
                n += 1
        (folder / "checkpoint").write_bytes(self.sign())


def fork_of(log: SmallLog, keep: int, entries: Iterable[bytes]) -> SmallLog:
    """A log under the same key whose history is another one after ``keep`` leaves."""
    other = SmallLog(log.origin, log.entries[:keep])
    for entry in entries:
        other.add(entry)
    return other


def submission(old: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The body of an add-checkpoint request."""
    from gongdao_verify.signed_note import encode_base64

    lines = [f"old {old}", *(encode_base64(one) for one in path), ""]
    return "\n".join(lines).encode() + b"\n" + note


def clear(folder: Path) -> None:
    """Throw a published log away."""
    shutil.rmtree(folder, ignore_errors=True)
