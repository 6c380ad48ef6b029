"""The leaves of receipt_vectors.json: one that keeps every rule, and what breaks one each."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.verify.log_kit import b64

SALT = bytes(range(32))
VALUE = {"currency": "CNY", "minor": 9800}
Json = dict[str, Any]


def dump(value: object) -> bytes:
    """Canonical JSON of values whose keys are ASCII."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def commitment(salt: bytes, value: object) -> str:
    """What the leaf says instead of ``value``."""
    return hashlib.sha256(b"gongdao-commit/v1\x00" + salt + dump(value)).hexdigest()


def make_entry(number: int, **changes: object) -> bytes:
    """A leaf about the order ``number``, with ``changes``."""
    found: Json = {
        "at": f"2026-11-22T10:00:{number:02}.{number:03}Z",
        "d": {"amount": commitment(SALT, VALUE), "from": "paid", "note": "第 1 张", "to": "done"},
        "prev": None,
        "sub": f"order:{number:032x}",
        "t": "order.state",
        "v": 1,
    }
    return dump({**found, **changes})


_WRONG: dict[str, tuple[str, Json]] = {
    "no data": ("data", {"d": None}),
    "a fraction": ("json", {"d": {"x": 0.5}}),
    "2^53": ("json", {"d": {"x": 1 << 53}}),
    "-2^53": ("json", {"d": {"x": -(1 << 53)}}),
    "a control character": ("data", {"d": {"x": "\x7f"}}),
    "a long text": ("data", {"d": {"x": "四" * 171}}),
    "a deep list": ("data", {"d": {"x": [[["y"]]]}}),
    "a name in capitals": ("data", {"d": {"X": 1}}),
    "a name that is not ASCII": ("data", {"d": {"é": 1}}),
    "an empty name": ("data", {"d": {"": 1}}),
    "another version": ("version", {"v": 2}),
    "a version that is text": ("version", {"v": "1"}),
    "a version that is true": ("version", {"v": True}),
    "another kind of subject": ("subject", {"sub": "card:" + "0" * 32}),
    "a short subject": ("subject", {"sub": "order:00"}),
    "a subject in capitals": ("subject", {"sub": "order:" + "A" * 32}),
    "a type without a dot": ("type", {"t": "order"}),
    "a type with two dots": ("type", {"t": "order.a.b"}),
    "a type with a line feed": ("type", {"t": "order.state\n"}),
    "a log's leaf with another subject": (
        "subject",
        {"t": "log.key", "sub": "log:" + "1" * 32},
    ),
    "a short prev": ("prev", {"prev": "00"}),
    "a prev that is a number": ("prev", {"prev": 0}),
    "a time without milliseconds": ("at", {"at": "2026-11-22T10:00:00Z"}),
    "the 30th of February": ("at", {"at": "2026-02-30T10:00:00.000Z"}),
    "the year 0000": ("at", {"at": "0000-01-01T00:00:00.000Z"}),
    "24 o'clock": ("at", {"at": "2026-11-22T24:00:00.000Z"}),
    "a leap second": ("at", {"at": "2026-12-31T23:59:60.000Z"}),
    "a key more": ("keys", {"w": 1}),
    "over 4,096 bytes": ("size", {"d": {f"x{n}": "a" * 500 for n in range(9)}}),
}
_RIGHT: dict[str, Json] = {
    "as it is": {},
    "2^53 - 1": {"d": {"x": (1 << 53) - 1, "y": 1 - (1 << 53)}},
    "U+2028 and beyond": {"d": {"x": "\u2028\u2029\ue000\U0001f600"}},
    "512 bytes": {"d": {"x": "四" * 170 + "ab"}},
    "three deep": {"d": {"x": [{"y": 1}, [], {}], "z": {"a": [1]}}},
    "empty data": {"d": {}},
    "a log's leaf": {"t": "log.key", "sub": "log:" + "0" * 32},
    "a leap day": {"at": "2028-02-29T23:59:59.999Z", "prev": "ab" * 32},
}


def make_leaves() -> list[Json]:
    """Each with its name, its bytes (base64), and why it is refused, if it is."""
    good = json.loads(make_entry(0))
    found: list[tuple[str, bytes, str | None]] = []
    found += [(n, dump({**good, **one}), None) for n, one in _RIGHT.items()]
    found += [(n, dump({**good, **one}), code) for n, (code, one) in _WRONG.items()]
    text = make_entry(0)
    found += [
        ("a key less", dump({k: v for k, v in good.items() if k != "prev"}), "keys"),
        ("no object", b"[]", "keys"),
        ("nothing", b"", "json"),
        ("a blank behind", text + b" ", "json"),
        ("an escaped slash", dump({**good, "d": {"x": "/"}}).replace(b'"/"', b'"\\/"'), "json"),
        ("an escaped letter", text.replace(b"paid", b"p\\u0061id"), "json"),
        ("half of a character", text.replace(b"paid", b"\\ud800"), "json"),
        ("not UTF-8", text.replace(b"paid", b"\xff"), "json"),
        ("-0", dump({**good, "d": {"x": 7}}).replace(b":7", b":-0"), "json"),
        ("1e3", dump({**good, "d": {"x": 7}}).replace(b":7", b":1e3"), "json"),
        ("keys out of order", text.replace(b'"at"', b'"zt"'), "json"),
        ("a key twice", text.replace(b'"v":1', b'"v":1,"v":1'), "json"),
        ("a byte order mark", b"\xef\xbb\xbf" + text, "json"),
    ]
    return [{"name": n, "entry": b64(data), "refused": code} for n, data, code in found]
