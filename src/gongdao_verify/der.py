"""A reader for DER, the byte form of certificates and time-stamps: just what RFC 3161 needs.

Strict on purpose: one-byte tags, definite and shortest lengths, nothing left over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BOOLEAN, INTEGER, OCTET_STRING, OBJECT_ID = 0x01, 0x02, 0x04, 0x06
GENERALIZED_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31
CONTEXT_0, CONTEXT_1, CONTEXT_2 = 0xA0, 0xA1, 0xA2
_LONGEST = 1 << 20
_TIME = re.compile(r"(\d{14})(?:\.(\d{1,6})\d*)?Z")


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


@dataclass(frozen=True)
class Node:
    """One value: ``tag``, ``body`` without and ``raw`` with its tag and length."""

    tag: int
    body: bytes
    raw: bytes

    def expect(self, tag: int) -> Node:
        """This node if it has ``tag``, else DerError."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#04x} where {tag:#04x} was expected")
        return self

    def children(self, tag: int | None = None) -> list[Node]:
        """The values inside; with ``tag``, this node must have that tag."""
        if tag is not None:
            self.expect(tag)
        found, rest = [], self.body
        while rest:
            node, rest = _take(rest)
            found.append(node)
        return found

    def child(self, number: int, tag: int | None = None) -> Node:
        """The value at ``number`` inside (from 0), of ``tag`` if given, else DerError."""
        inside = self.children()
        if number >= len(inside):
            raise DerError("a value is missing")
        return inside[number] if tag is None else inside[number].expect(tag)


def read(data: bytes) -> Node:
    """The one value that ``data`` holds; DerError if it holds less or more."""
    if len(data) > _LONGEST:
        raise DerError("too long")
    node, rest = _take(data)
    if rest:
        raise DerError("bytes left over")
    return node


def _take(data: bytes) -> tuple[Node, bytes]:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise DerError("cut off, or a tag of several bytes")
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        start += count
        length = int.from_bytes(data[2:start], "big")
        if not 1 <= count <= 4 or length < 0x80 or data[2] == 0:
            raise DerError("not the shortest length")
    end = start + length
    if end > len(data):
        raise DerError("cut off")
    return Node(data[0], data[start:end], data[:end]), data[end:]


def integer(node: Node) -> int:
    """The value of an INTEGER."""
    body = node.expect(INTEGER).body
    if not body:
        raise DerError("an empty number")
    return int.from_bytes(body, "big", signed=True)


def object_id(node: Node) -> str:
    """The value of an OBJECT IDENTIFIER, dotted."""
    body = node.expect(OBJECT_ID).body
    if not body or body[-1] & 0x80:
        raise DerError("an object identifier is cut off")
    arcs, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def instant(node: Node) -> datetime:
    """The value of a GeneralizedTime, in UTC."""
    match = _TIME.fullmatch(node.expect(GENERALIZED_TIME).body.decode("ascii", "replace"))
    if not match:
        raise DerError("not a time in UTC")
    try:
        at = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise DerError("not a time") from None
    return at + timedelta(microseconds=int((match[2] or "0").ljust(6, "0")))
