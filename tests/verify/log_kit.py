"""A small log for tests, written without the code under test: naive trees, own signing, own tiles.

Everything is computed from the definitions (RFC 6962 2.1, the C2SP specifications) in the slowest
way, so that it can be the oracle. Keys come from names, so that runs give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def leaf(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _cut(size: int) -> int:
    """The largest power of two below ``size``."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of leaf hashes, RFC 6962 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _cut(len(leaves))
    return _node(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D), RFC 6962 2.1.1."""
    if len(leaves) == 1:
        return []
    k = _cut(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """PROOF(m, D), RFC 6962 2.1.2."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = _cut(len(leaves))
    if old <= k:
        return [*naive_consistency(old, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(old - k, leaves[k:], False), naive_root(leaves[:k])]


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Signer:
    """A test key made from ``name`` (and ``salt``), under that name."""

    name: str
    salt: str = ""

    @property
    def _key(self) -> Ed25519PrivateKey:
        seed = hashlib.sha256(f"gongdao test key\n{self.name}\n{self.salt}".encode()).digest()
        return Ed25519PrivateKey.from_private_bytes(seed)

    def _id(self, kind: int) -> bytes:
        public = self._key.public_key().public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]

    def vkey(self, kind: int) -> str:
        """The public key as text: 1 for logs, 4 for witnesses."""
        public = self._key.public_key().public_bytes_raw()
        return f"{self.name}+{self._id(kind).hex()}+{b64(bytes([kind]) + public)}"

    def sign(self, text: str) -> str:
        """The line of a log's signature."""
        return f"— {self.name} {b64(self._id(1) + self._key.sign(text.encode()))}\n"

    def cosign(self, text: str, at: int) -> str:
        """The line of a witness's cosignature at ``at`` (seconds)."""
        signature = self._key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"— {self.name} {b64(self._id(4) + at.to_bytes(8, 'big') + signature)}\n"


@dataclass
class SmallLog:
    """A log with its ``origin`` as name and the ``entries`` so far."""

    origin: str
    entries: list[bytes] = field(default_factory=list)
    salt: str = ""

    @property
    def signer(self) -> Signer:
        """The log's key."""
        return Signer(self.origin, self.salt)

    def leaves(self, size: int | None = None) -> list[bytes]:
        """The leaf hashes of the first ``size`` entries."""
        return [leaf(entry) for entry in self.entries[:size]]

    def text(self, size: int | None = None) -> str:
        """The text of the checkpoint at ``size``."""
        size = len(self.entries) if size is None else size
        return f"{self.origin}\n{size}\n{b64(naive_root(self.leaves(size)))}\n"

    def note(self, size: int | None = None, *lines: str) -> str:
        """The signed checkpoint at ``size``, with further signature ``lines``."""
        text = self.text(size)
        return "\n".join((text, self.signer.sign(text))) + "".join(lines)

    def receipt(self, index: int, note: str, extra: bytes | None = None) -> bytes:
        """The receipt of the leaf at ``index`` under ``note``, a signed checkpoint."""
        size = int(note.split("\n")[1])
        lines = ["c2sp.org/tlog-proof@v1"]
        if extra is not None:
            lines.append(f"extra {b64(extra)}")
        lines.append(f"index {index}")
        lines += [b64(one) for one in naive_path(index, self.leaves(size))]
        return ("\n".join(lines) + "\n\n" + note).encode()

    def write(self, folder: Path, note: str | None = None) -> None:
        """The log as plain files: tiles, bundles, checkpoint and the key as ``vkey``."""
        for name, data in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "checkpoint").write_text(note or self.note(), "utf-8")
        (folder / "vkey").write_text(self.signer.vkey(1) + "\n", "utf-8")

    def files(self) -> dict[str, bytes]:
        """Name → bytes of every tile and bundle of the log at its present size."""
        files = {}
        row, level = self.leaves(), 0
        while row:
            for n in range(0, len(row), 256):
                part = row[n : n + 256]
                files[_name(str(level), n // 256, len(part))] = b"".join(part)
            full = len(row) // 256
            row, level = [naive_root(row[n * 256 : n * 256 + 256]) for n in range(full)], level + 1
        for n in range(0, len(self.entries), 256):
            part = self.entries[n : n + 256]
            bundle = b"".join(len(one).to_bytes(2, "big") + one for one in part)
            files[_name("entries", n // 256, len(part))] = bundle
        return files


def _name(level: str, n: int, width: int) -> str:
    digits = f"{n:03}" if n < 1000 else f"x{n // 1000:03}/{n % 1000:03}"
    return f"tile/{level}/{digits}" + ("" if width == 256 else f".p/{width}")
