"""Names that are drawn, not counted: time-ordered ids, link tokens, codes that people type.

Ids order rows by time and are no secret. Tokens (130 bits) are: who holds one is let in. Codes
(50 bits) are short enough to be read out and typed, so whoever checks them must limit attempts.

Tokens and codes use 32 signs without look-alikes: no i, l, o, u. What people type is tidied, so
that ``O`` for ``0``, full-width letters, blanks and lost hyphens do no harm.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from uuid import UUID

_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
_MEANT = str.maketrans({"o": "0", "i": "1", "l": "1"})
_TOKEN_LENGTH = 26
_CODE_LENGTH = 10
_NUMBER_LENGTH = 12
_LONGEST_TYPED = 200
_SKIPPED_CATEGORIES = {"Pd", "Zs", "Zl", "Zp", "Cf", "Cc"}
_SKIPPED_SIGNS = {"\u2212", "\u30fc", "_", "·", "."}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(at: datetime) -> UUID:
    """A UUID version 7 (RFC 9562) for the moment ``at``: later moments sort after earlier ones.

    The 12 bits after the version hold the fraction of the millisecond (section 6.2, method 3), so
    the order holds to the microsecond; the last 62 bits are random. A time without zone, or
    outside 1970 to 10889, is a ValueError.
    """
    if at.tzinfo is None:
        raise ValueError("an id needs a time with its zone")
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    if not 0 <= microseconds // 1000 < 1 << 48:
        raise ValueError("an id needs a time from 1970 on")
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    return UUID(
        int=milliseconds << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    )


def new_token() -> str:
    """A secret of 130 random bits for a link: 26 lower-case signs."""
    return _draw(_TOKEN_LENGTH)


def new_number() -> str:
    """A number for an order: 12 signs, upper case, nearly 60 random bits, that nobody guesses or
    counts through. It is no secret: who knows it is not let in by it.

    A digit stands among its first six signs: a run of letters alone is taken for a word by whoever
    reads numbers out of texts and pictures, our own workbench included.
    """
    number = _draw(_NUMBER_LENGTH)
    while number[: _NUMBER_LENGTH // 2].isalpha():
        number = _draw(_NUMBER_LENGTH)
    return number.upper()


def new_code() -> str:
    """A secret of 50 random bits for people to type, as ``XXXXX-XXXXX``, in upper case."""
    return _show_code(_draw(_CODE_LENGTH))


def code_of_bits(bits: int) -> str:
    """The code for a number of 50 bits, as ``new_code`` writes it: for codes that are derived."""
    return _show_code(_spell(bits, _CODE_LENGTH))


def spell_bits(bits: int, length: int) -> str:
    """The lowest ``5 * length`` bits of a number in the signs of these codes, lower case."""
    return _spell(bits, length)


def tidy_token(text: str) -> str:
    """The token that ``text`` means, as ``new_token`` writes it; empty when it can be none."""
    return _tidy(text, _TOKEN_LENGTH)


def tidy_code(text: str) -> str:
    """The code that ``text`` means, as ``new_code`` writes it; empty when it can be none.

    Blanks, hyphens of any kind, case and width do not matter; O is 0, I and L are 1. Never
    raises: a wrong code and no code take the same way through the caller.
    """
    return _show_code(_tidy(text, _CODE_LENGTH))


def _draw(length: int) -> str:
    return _spell(secrets.randbits(5 * length), length)


def _spell(bits: int, length: int) -> str:
    return "".join(_SIGNS[bits >> 5 * place & 31] for place in range(length))


def _show_code(signs: str) -> str:
    half = _CODE_LENGTH // 2
    return f"{signs[:half]}-{signs[half:]}".upper() if signs else ""


def _tidy(text: str, length: int) -> str:
    if len(text) > _LONGEST_TYPED:
        return ""
    plain = unicodedata.normalize("NFKC", text).lower()
    signs = "".join(sign for sign in plain if not _is_skipped(sign)).translate(_MEANT)
    return signs if len(signs) == length and all(sign in _SIGNS for sign in signs) else ""


def _is_skipped(sign: str) -> bool:
    return unicodedata.category(sign) in _SKIPPED_CATEGORIES or sign in _SKIPPED_SIGNS
