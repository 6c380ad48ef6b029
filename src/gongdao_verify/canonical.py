"""Canonical JSON (RFC 8785), for the values that leaves need: text, whole numbers, truth values,
null, lists and objects. No fractions: two programs can write those differently.

One value has one text, so that hashes can be compared. Object keys are sorted by UTF-16 code units;
text is UTF-8, with no more escapes than JSON demands; numbers are below 2^53, where JavaScript
still counts exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

LARGEST_NUMBER = (1 << 53) - 1
DEEPEST = 32


class BadCanonical(ValueError):
    """The bytes are not canonical JSON, or the value has no canonical form here."""


def canonical(value: object) -> bytes:
    """The canonical bytes of ``value``; BadCanonical if it holds something else than allowed."""
    try:
        return _write(_ordered(value, DEEPEST)).encode("utf-8")
    except UnicodeEncodeError:
        raise BadCanonical("half of a character (a lone surrogate)") from None


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical bytes are exactly ``data``; BadCanonical if there is none."""
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        if _write(value) != text:
            raise BadCanonical("not the canonical form")
    except RecursionError:
        raise BadCanonical("nested too deeply") from None
    except BadCanonical:
        raise
    except ValueError:
        raise BadCanonical("not JSON in UTF-8") from None
    if data.count(b"{") + data.count(b"[") > DEEPEST:
        _check_depth(value, DEEPEST)
    return value


def _in_order(keys: Iterable[str]) -> list[str]:
    """``keys`` by their UTF-16 code units, which for ASCII is Python's own order."""
    found = list(keys)
    return sorted(found, key=None if "".join(found).isascii() else _utf16)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _ordered(value: object, depth: int) -> object:
    """``value`` with its objects' keys in order, checked through and through."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _checked(int(value))
    if depth <= 0:
        raise BadCanonical("nested too deeply")
    if isinstance(value, list | tuple):
        return [_ordered(one, depth - 1) for one in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise BadCanonical("a key that is not text")
        return {key: _ordered(value[key], depth - 1) for key in _in_order(value)}
    raise BadCanonical(f"a value of type {type(value).__name__}")


def _checked(number: int) -> int:
    if abs(number) > LARGEST_NUMBER:
        raise BadCanonical("a number of 2^53 or more")
    return number


def _check_depth(value: object, depth: int) -> None:
    if not isinstance(value, list | dict):
        return
    if depth <= 0:
        raise BadCanonical("nested too deeply")
    for one in value.values() if isinstance(value, dict) else value:
        _check_depth(one, depth - 1)


def _parse_integer(text: str) -> int:
    if len(text) > 17:
        raise BadCanonical("a number of 2^53 or more")
    return _checked(int(text))


def _refuse_fraction(text: str) -> NoReturn:
    raise BadCanonical("a fraction")


def _parse_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of ``pairs``, which must be in order, each key once."""
    found = dict(pairs)
    keys = list(found)
    if len(keys) != len(pairs) or keys != _in_order(keys):
        raise BadCanonical("keys are out of order or repeated")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_parse_object,
    parse_int=_parse_integer,
    parse_float=_refuse_fraction,
    parse_constant=_refuse_fraction,
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_write = _ENCODER.encode
