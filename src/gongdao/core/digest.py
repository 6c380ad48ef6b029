"""SHA-256 and SM3 of bytes and files, streamed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Digests:
    """Lower-case hexadecimal digests and the size in bytes of one file."""

    sha256: str
    sm3: str
    size: int


def digest_bytes(data: bytes) -> Digests:
    """Both digests of ``data``."""
    sha, sm3 = hashes.Hash(hashes.SHA256()), hashes.Hash(hashes.SM3())
    sha.update(data)
    sm3.update(data)
    return Digests(sha.finalize().hex(), sm3.finalize().hex(), len(data))


def digest_file(path: Path) -> Digests:
    """Both digests of the file at ``path``, read once in 1 MiB pieces."""
    sha, sm3, size = hashes.Hash(hashes.SHA256()), hashes.Hash(hashes.SM3()), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
            sm3.update(chunk)
            size += len(chunk)
    return Digests(sha.finalize().hex(), sm3.finalize().hex(), size)
