"""The form of our leaves (docs/formats/log-leaf.md): read strictly, written once.

A leaf says that something of a type happened to a subject (a random pseudonym), what the subject's
leaf before was, and data. What could tell of a person is in the data only as a commitment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gongdao_verify.canonical import BadCanonical, canonical, parse_canonical

MOST_BYTES = 4096
LONGEST_TEXT_BYTES = 512
DEEPEST_DATA = 3
SALT_BYTES = 32
LOG_SUBJECT = "log:" + "0" * 32
"""The subject of all leaves about the log itself."""

_KEYS = ["at", "d", "prev", "sub", "t", "v"]
_TYPE = re.compile(r"([a-z][a-z0-9_]{0,31})\.[a-z][a-z0-9_]{0,31}").fullmatch
_SUBJECT = re.compile(r"([a-z][a-z0-9_]{0,31}):[0-9a-f]{32}").fullmatch
_HASH = re.compile(r"[0-9a-f]{64}").fullmatch
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z").fullmatch
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}").fullmatch
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]").search


class BadLeaf(ValueError):
    """The entry is no leaf of ours; ``code`` says which part is wrong: size, json, keys, version,
    type, subject, prev, at or data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True)
class LeafForm:
    """One leaf: ``prev`` is the leaf hash of the subject's leaf before, None at its first."""

    type: str
    subject: str
    prev: bytes | None
    at: datetime
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The part of the type before the dot."""
        return self.type.partition(".")[0]


def parse_leaf(entry: bytes) -> LeafForm:
    """Read the leaf whose bytes are ``entry``; BadLeaf unless every rule holds."""
    if len(entry) > MOST_BYTES:
        raise BadLeaf("size")
    try:
        found = parse_canonical(entry)
    except BadCanonical as bad:
        raise BadLeaf("json", str(bad)) from None
    if not isinstance(found, dict) or list(found) != _KEYS:
        raise BadLeaf("keys")
    if found["v"] != 1 or found["v"] is True:
        raise BadLeaf("version")
    _check_names(found["t"], found["sub"])
    prev = found["prev"]
    if prev is not None and not (isinstance(prev, str) and _HASH(prev)):
        raise BadLeaf("prev")
    at = _parse_at(found["at"])
    if not isinstance(found["d"], dict):
        raise BadLeaf("data")
    _check_data(found["d"], DEEPEST_DATA)
    before = None if prev is None else bytes.fromhex(prev)
    return LeafForm(found["t"], found["sub"], before, at, found["d"])


def write_leaf(form: LeafForm) -> bytes:
    """The bytes of the leaf ``form``; BadLeaf if it breaks a rule. Times are cut to whole
    milliseconds and must have a zone."""
    if form.at.tzinfo is None:
        raise BadLeaf("at", "no time zone")
    _check_names(form.type, form.subject)
    if form.prev is not None and len(form.prev) != 32:
        raise BadLeaf("prev")
    _check_data(form.data, DEEPEST_DATA)
    at = form.at.astimezone(UTC)
    try:
        entry = canonical(
            {
                "at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z".rjust(24, "0"),
                "d": form.data,
                "prev": None if form.prev is None else form.prev.hex(),
                "sub": form.subject,
                "t": form.type,
                "v": 1,
            }
        )
    except BadCanonical as bad:
        raise BadLeaf("data", str(bad)) from None
    if len(entry) > MOST_BYTES:
        raise BadLeaf("size")
    return entry


def commitment(salt: bytes, value: object) -> str:
    """What a leaf says instead of ``value``: 64 hex digits that tell nothing without the 32 random
    bytes ``salt``, and can be opened in one way only. BadCanonical, or ValueError for the salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hashlib.sha256(b"gongdao-commit/v1\x00" + salt + canonical(value)).hexdigest()


def _check_names(type_: object, subject: object) -> None:
    kind = _TYPE(type_) if isinstance(type_, str) else None
    if kind is None:
        raise BadLeaf("type")
    of = _SUBJECT(subject) if isinstance(subject, str) else None
    if of is None or of[1] != kind[1] or (kind[1] == "log" and subject != LOG_SUBJECT):
        raise BadLeaf("subject")


def _parse_at(text: object) -> datetime:
    if not isinstance(text, str) or not _AT(text):
        raise BadLeaf("at")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadLeaf("at") from None


def _check_data(value: object, depth: int) -> None:
    """Keys are plain names; texts are short and without control characters; no deep nesting."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list | tuple):
        if depth <= 0:
            raise BadLeaf("data", "nested too deeply")
        if isinstance(value, dict):
            for name, one in value.items():
                if not isinstance(name, str) or not _FIELD(name):
                    raise BadLeaf("data", "a name that is not plain")
                _check_data(one, depth - 1)
        else:
            for one in value:
                _check_data(one, depth - 1)
    elif value is not None and not isinstance(value, int):
        raise BadLeaf("data", f"a value of type {type(value).__name__}")


def _check_text(text: str) -> None:
    # A character has at most four bytes, so that short texts need not be counted.
    if len(text) > LONGEST_TEXT_BYTES // 4 and _bytes_of(text) > LONGEST_TEXT_BYTES:
        raise BadLeaf("data", "a text is too long")
    if _CONTROL(text):
        raise BadLeaf("data", "a control character")


def _bytes_of(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
