"""What our receipts carry in ``extra``: the leaf's bytes, salts and values, anchors.

Nobody has signed any of it; here only its form is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gongdao_verify.canonical import BadCanonical, canonical, parse_canonical
from gongdao_verify.leaf_form import SALT_BYTES
from gongdao_verify.signed_note import BadNote, decode_base64, encode_base64

VERSION = 1
MOST_ANCHORS = 16
MOST_OPENINGS = 64
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class BadReceipt(Exception):
    """The receipt does not hold; ``code`` names the sentence in words.py."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Opening:
    """Salt and value of a commitment in the leaf."""

    salt: bytes
    value: Any


@dataclass(frozen=True)
class Extra:
    """``anchors`` are objects as they were read; log_anchors.py judges them."""

    entry: bytes | None = None
    openings: Mapping[str, Opening] = field(default_factory=dict)
    anchors: tuple[Mapping[str, Any], ...] = ()

    def dump(self) -> bytes:
        """The bytes of an extra, as `parse_extra` reads them."""
        found: dict[str, Any] = {"v": VERSION}
        if self.entry is not None:
            found["entry"] = encode_base64(self.entry)
        if self.openings:
            found["openings"] = {
                name: {"salt": one.salt.hex(), "value": one.value}
                for name, one in self.openings.items()
            }
        if self.anchors:
            found["anchors"] = list(self.anchors)
        return canonical(found)


def parse_extra(data: bytes | None) -> Extra:
    """Read the extra of a receipt; BadReceipt if it is malformed. No extra is an empty one."""
    if data is None:
        return Extra()
    try:
        found = parse_canonical(data)
        if not isinstance(found, dict) or not is_number(found.get("v")) or found["v"] != VERSION:
            raise BadReceipt("bad_extra", "version")
        entry = found.get("entry")
        return Extra(
            None if entry is None else decode_base64(_text(entry)),
            _openings(found.get("openings", {})),
            _anchors(found.get("anchors", [])),
        )
    except (BadCanonical, BadNote) as bad:
        raise BadReceipt("bad_extra", str(bad)) from None


def read_hex(value: object, length: int | None = None) -> bytes:
    """The bytes of the lower-case hex digits ``value``, ``length`` bytes if given; BadReceipt."""
    text = _text(value)
    if not _HEX.fullmatch(text) or (length is not None and len(text) != 2 * length):
        raise BadReceipt("bad_extra", "hex")
    return bytes.fromhex(text)


def is_number(value: object) -> bool:
    """Whether a JSON value is a number of 0 or more (true is none, though Python thinks so)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadReceipt("bad_extra", "text")
    return value


def _openings(value: object) -> dict[str, Opening]:
    if not isinstance(value, dict) or len(value) > MOST_OPENINGS:
        raise BadReceipt("bad_extra", "openings")
    found = {}
    for name, one in value.items():
        if not isinstance(one, dict) or one.keys() != {"salt", "value"}:
            raise BadReceipt("bad_extra", "openings")
        found[name] = Opening(read_hex(one["salt"], SALT_BYTES), one["value"])
    return found


def _anchors(value: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list) or len(value) > MOST_ANCHORS:
        raise BadReceipt("bad_extra", "anchors")
    if not all(isinstance(one, dict) for one in value):
        raise BadReceipt("bad_extra", "anchors")
    return tuple(value)
