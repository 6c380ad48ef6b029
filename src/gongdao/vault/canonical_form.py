"""One secret, one form: what is compared, committed to and fingerprinted.

The bytes are described one by one in docs/formats/card-secrets.md. Pure, and fast for ASCII,
which nearly all secrets are: a million of them pass through here in one import.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.vault.refusals import BadSecret, Reason

CANON_V = 1
"""Version of the canonical form that new secrets get; every version ever used stays readable."""
SALT_BYTES = 32
MAX_BYTES = 4096
"""Longest secret, all fields together, in UTF-8."""
MAX_FIELDS = 8

_COMMIT = b"card-commit/v1\x00"
_FINGERPRINT = b"card-fp/v1\x00platform\x00"
_MINUS = "\u2212"
_ASCII_CONTROLS = bytes(b for b in range(128) if b < 32 or b == 127)
_ASCII_GAPS = _ASCII_CONTROLS + b" -"
_ASCII_SIGNS = bytes(b for b in range(128) if not chr(b).isalnum())
_UPPER = bytes(range(256)).upper()
_BLANKS = "\t\n\x0b\x0c\r"
_DIGITS = b"0123456789"
_ALNUM = bytes(b for b in range(128) if chr(b).isalnum())


class Signs(StrEnum):
    """Which signs a field may consist of."""

    ANY = "any"
    DIGITS = "digits"
    ALNUM = "alnum"


@dataclass(frozen=True)
class FieldRule:
    """One field of a secret: its name, its signs, and how many (in the canonical form)."""

    name: str
    signs: Signs = Signs.ANY
    shortest: int = 1
    longest: int = MAX_BYTES


@dataclass(frozen=True)
class CanonRules:
    """How secrets of one product are read and compared; fixed when its shelf is made.

    ``fold_case``: small letters mean the same as capitals. ``keep_gaps``: blanks and hyphens belong
    to the secret (passwords, links). Neither changes what counts as the same secret on the
    platform: there case and signs between letters never matter.
    """

    fields: tuple[FieldRule, ...] = (FieldRule("code"),)
    fold_case: bool = False
    keep_gaps: bool = False

    def __post_init__(self) -> None:
        names = [one.name for one in self.fields]
        if not 1 <= len(names) <= MAX_FIELDS or len(set(names)) < len(names) or "" in names:
            raise InputError(_("一条卡密要有 1 到 {most} 个不同名的字段。").format(most=MAX_FIELDS))
        if any(not 1 <= one.shortest <= one.longest <= MAX_BYTES for one in self.fields):
            raise InputError(_("字段的长度要写成从小到大。"))

    def to_json(self) -> dict[str, Any]:
        """As stored beside the shelf."""
        return {
            "fields": [
                {
                    "name": one.name,
                    "signs": one.signs.value,
                    "shortest": one.shortest,
                    "longest": one.longest,
                }
                for one in self.fields
            ],
            "fold_case": self.fold_case,
            "keep_gaps": self.keep_gaps,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CanonRules:
        """What `to_json` wrote."""
        fields = tuple(
            FieldRule(one["name"], Signs(one["signs"]), one["shortest"], one["longest"])
            for one in stored["fields"]
        )
        return cls(fields, stored["fold_case"], stored["keep_gaps"])


def canonical_fields(fields: Sequence[str], rules: CanonRules) -> list[bytes]:
    """Each field in canonical form, UTF-8; raise BadSecret where rules or limits refuse it."""
    if len(fields) != len(rules.fields):
        raise BadSecret(Reason.FIELDS)
    found, size = [], 0
    for text, rule in zip(fields, rules.fields, strict=True):
        one = _canonical(text, rules)
        size += len(one)
        if not one:
            raise BadSecret(Reason.EMPTY)
        if size > MAX_BYTES:
            raise BadSecret(Reason.TOO_LONG)
        _check_shape(one, rule)
        found.append(one)
    return found


def pack_fields(fields: Sequence[bytes]) -> bytes:
    """Number of fields in one byte, then each with its length in two: no two lists pack alike."""
    if len(fields) == 1:
        return b"\x01" + len(fields[0]).to_bytes(2, "big") + fields[0]
    return bytes([len(fields)]) + b"".join(len(one).to_bytes(2, "big") + one for one in fields)


def unpack_fields(packed: bytes) -> list[bytes]:
    """What `pack_fields` was given; ValueError for anything that it does not write."""
    found, at = [], 1
    for _field in range(packed[0] if packed else 0):
        size = int.from_bytes(packed[at : at + 2], "big")
        at += 2 + size
        found.append(packed[at - size : at])
    if not found or at != len(packed):
        raise ValueError("not a list of fields")
    return found


def canonical_form(fields: Sequence[str], rules: CanonRules) -> bytes:
    """The canonical form of a secret: what a commitment is about."""
    return pack_fields(canonical_fields(fields, rules))


def platform_form(canonical: Sequence[bytes]) -> bytes:
    """What is the same for the same secret in every shop, however it was typed, split or cased;
    raise BadSecret when nothing is left to tell it by."""
    joined = canonical[0] if len(canonical) == 1 else b"".join(canonical)
    if joined.isascii():
        form = joined.translate(_UPPER, _ASCII_SIGNS)
    else:
        text = unicodedata.normalize("NFKC", joined.decode())
        form = "".join(c for c in text if unicodedata.category(c)[0] in "LN").encode()
        form = form.translate(_UPPER)
    if not form:
        raise BadSecret(Reason.SHAPE)
    return form


def fingerprint(key: bytes, form: bytes) -> bytes:
    """32 bytes that are equal for equal `platform_form`s, and say nothing without ``key``."""
    return hmac.digest(key, _FINGERPRINT + form, "sha256")


def commit(salt: bytes, canonical: bytes) -> bytes:
    """The commitment to a secret: 32 bytes that can go public, opened by salt and secret."""
    size = len(canonical).to_bytes(4, "big")
    return hashlib.sha256(_COMMIT + salt + size + canonical).digest()


def _canonical(text: str, rules: CanonRules) -> bytes:
    if text.isascii() and not rules.keep_gaps:
        raw = text.encode()
        return raw.translate(_UPPER if rules.fold_case else None, _ASCII_GAPS)
    try:
        raw = _tidy(unicodedata.normalize("NFKC", text), rules.keep_gaps).encode()
    except UnicodeEncodeError:  # half a character: the file's encoding was guessed wrongly
        raise BadSecret(Reason.UNDECODABLE) from None
    return raw.translate(_UPPER) if rules.fold_case else raw


def _tidy(text: str, keep_gaps: bool) -> str:
    kept: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category[0] == "Z" or char in _BLANKS:
            if keep_gaps and kept and kept[-1] != " ":
                kept.append(" ")
        elif category in ("Cc", "Cf") or (not keep_gaps and (category == "Pd" or char == _MINUS)):
            continue
        else:
            kept.append(char)
    # What was taken out may have kept a letter and its accent apart.
    return unicodedata.normalize("NFKC", "".join(kept)).strip(" ")


def _check_shape(field: bytes, rule: FieldRule) -> None:
    length = len(field) if field.isascii() else len(field.decode())
    if not rule.shortest <= length <= rule.longest:
        raise BadSecret(Reason.TOO_LONG if length > rule.longest else Reason.SHAPE)
    if rule.signs is Signs.ANY:
        return
    allowed = _DIGITS if rule.signs is Signs.DIGITS else _ALNUM
    if field.translate(None, allowed):
        raise BadSecret(Reason.SHAPE)
