"""How payment services of this family sign: sorted fields joined, hashed with a key.

epay V1 (易支付, 彩虹): non-empty fields but `sign` and `sign_type`, sorted by name, `k=v` joined
with `&`, values not URL-encoded, the key appended with nothing between, MD5 in lower case.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_NOT_SIGNED = frozenset({"sign", "sign_type"})


def signing_text(fields: Mapping[str, str]) -> str:
    """The text that is signed; what is no text (half a surrogate pair) cannot be signed by anybody
    and becomes a question mark."""
    signed = sorted((k, v) for k, v in fields.items() if k not in _NOT_SIGNED and v != "")
    text = "&".join(f"{name}={value}" for name, value in signed)
    return text.encode("utf-8", "replace").decode()


def md5_sign(fields: Mapping[str, str], key: str, *, joint: str = "") -> str:
    """The MD5 signature; ``joint`` stands between text and key (`&key=` in one variant)."""
    return hashlib.md5((signing_text(fields) + joint + key).encode()).hexdigest()


def hmac_sign(fields: Mapping[str, str], key: bytes) -> str:
    """HMAC-SHA256 over the same text, in hexadecimal."""
    return hmac.new(key, signing_text(fields).encode(), hashlib.sha256).hexdigest()


def is_same(given: str, right: str) -> bool:
    """Compare signatures in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
