"""Receipts (c2sp.org/tlog-proof): one leaf's place in a log, in a file that verifies offline.

c2sp.org/tlog-proof@v1
extra BASE64                     what else the reader needs; signed by nobody
index NUMBER
BASE64                           sibling hashes, from the leaf upwards
                                 an empty line
the signed checkpoint, with the cosignatures of witnesses
"""

from __future__ import annotations

from dataclasses import dataclass

from gongdao_verify.checkpoint import parse_number
from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.signed_note import BadNote, decode_base64, encode_base64

HEADER = "c2sp.org/tlog-proof@v1"
MOST_BYTES = 2 << 20
MOST_HASHES = 63


@dataclass(frozen=True)
class TlogProof:
    """A receipt taken apart; nothing is verified yet. ``checkpoint`` is the signed note."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """Read a receipt; BadNote if it is malformed or too long."""
        if len(data) > MOST_BYTES:
            raise BadNote("the receipt is too long")
        head, gap, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise BadNote("no receipt") from None
        if not gap or lines.pop(0) != HEADER:
            raise BadNote("no receipt")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise BadNote("the receipt has no index")
        index = parse_number(lines.pop(0).removeprefix("index "))
        path = tuple(decode_base64(line) for line in lines)
        if len(path) > MOST_HASHES or any(len(one) != HASH_BYTES for one in path):
            raise BadNote("the receipt's path is malformed")
        return cls(index, path, checkpoint, extra)

    def dump(self) -> bytes:
        """The receipt as a file, as `parse` reads it."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [encode_base64(one) for one in self.path]
        return "\n".join((*lines, "", "")).encode() + self.checkpoint
