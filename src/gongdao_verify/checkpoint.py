"""Checkpoints (c2sp.org/tlog-checkpoint): what a log signs about its tree at one size."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.signed_note import BadNote, decode_base64, encode_base64

LARGEST_SIZE = (1 << 63) - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


def parse_number(text: str) -> int:
    """A size or index in decimal without leading zeros, at most 2^63 - 1; BadNote otherwise."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise BadNote("not a size or index")
    return int(text)


@dataclass(frozen=True)
class Checkpoint:
    """The log ``origin`` had ``size`` leaves under the 32-byte ``root``.

    ``extensions`` are further lines; ours has none, and nothing is concluded from them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note (up to its last line feed); BadNote if it is no checkpoint."""
        *lines, end = text.split("\n")
        if end or len(lines) < 3 or not all(lines):
            raise BadNote("no checkpoint: lines are missing, empty or cut off")
        origin, size, root, *extensions = lines
        digest = decode_base64(root)
        if len(digest) != HASH_BYTES:
            raise BadNote("no checkpoint: the root is not 32 bytes long")
        return cls(origin, parse_number(size), digest, tuple(extensions))

    def text(self) -> str:
        """The lines that are signed, each with its line feed."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)
