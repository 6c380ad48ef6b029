"""The lists in a case file: lines as coreutils writes and checks them (`sha256sum -c`)."""

from __future__ import annotations

import re

MANIFEST, MANIFEST_SM3 = "manifest.sha256", "manifest.sm3"
INDEX, SEAL = "index.pdf", "seal.sha256"
STAMP, RECEIPT = "seal.tsr", "seal.tlog-proof"
SEALED = frozenset({MANIFEST, MANIFEST_SM3, INDEX})
"""What seal.sha256 covers."""
OUTSIDE = SEALED | {SEAL, STAMP, RECEIPT}
"""What the manifest does not cover."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


class BadList(ValueError):
    """A list is malformed; the text says where, and is fit to be shown."""


def is_safe(name: str) -> bool:
    """Whether ``name`` is a plain path inside: relative, ``/`` between parts, no tricks."""
    parts = name.split("/")
    return (
        0 < len(name.encode("utf-8", "replace")) <= 1024
        and all(part not in ("", ".", "..") for part in parts)
        and "\\" not in name
        and not re.match(r"[A-Za-z]:", name)
        and all(ch >= " " and not "\x7f" <= ch <= "\x9f" for ch in name)
        and not any("\ud800" <= ch <= "\udfff" or ch in "\u2028\u2029" for ch in name)
    )


def parse(data: bytes) -> dict[str, str]:
    """File name → digest (64 lower-case hex digits), in the order of the list.

    Every line is ``DIGEST␠␠NAME`` and ends with a line feed; names are safe, sorted by their
    UTF-8 bytes, and appear once. BadList otherwise.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadList("UTF-8") from None
    if not text.endswith("\n"):
        raise BadList("EOF")
    listed: dict[str, str] = {}
    before = b""
    for number, line in enumerate(text[:-1].split("\n"), 1):
        match = _LINE.fullmatch(line)
        if not match or not is_safe(match[2]):
            raise BadList(f"line {number}")
        name = match[2].encode()
        if listed and name <= before:
            raise BadList(f"line {number}: order")
        listed[match[2]], before = match[1], name
    return listed
