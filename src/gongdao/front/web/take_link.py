"""A link that hands one case file to another browser: signed, short-lived, for one taking.

It holds no secret of the case and no right to see it: which file, until when, and a signature.
That it was used is counted in the database, so that of two takers one is refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.envelope import derive
from gongdao.core.errors import KeyGone, TooManyAttempts
from gongdao.core.stores import Stores

LASTS = timedelta(minutes=30)
_ONCE = Limit("take-case-file", 1, LASTS * 2)
_TAKEN = "taken"
_BODY = struct.Struct(">16sI")
_SIGNATURE_BYTES = 16
_LETTERS = 58
"""36 bytes in base 32."""


def make_take_link(*, stores: Stores, case_file_id: UUID, at: datetime) -> str:
    """The last part of the address, 58 small letters and digits; it works for ``LASTS``."""
    body = _BODY.pack(case_file_id.bytes, int(at.timestamp()))
    return _write(body + _sign(stores, body))


def read_take_link(token: str, *, stores: Stores, at: datetime) -> UUID:
    """The case file it stands for. Raises KeyGone for one that is forged or over."""
    try:
        data = base64.b32decode(f"{token[:_LETTERS].upper()}======")
    except (binascii.Error, ValueError):
        raise KeyGone from None
    body, signature = data[: _BODY.size], data[_BODY.size :]
    # one spelling alone, or the same link would count as another one
    whole = token == _write(data) and len(data) == _BODY.size + _SIGNATURE_BYTES
    if not whole or not hmac.compare_digest(signature, _sign(stores, body)):
        raise KeyGone
    case_file_id, made = _BODY.unpack(body)
    if not 0 <= at.timestamp() - made < LASTS.total_seconds():
        raise KeyGone
    return UUID(bytes=case_file_id)


def use_take_link(request: HttpRequest, token: str, *, stores: Stores, at: datetime) -> None:
    """Let this browser, and no other, take the file until the link ends. Raises KeyGone where
    another has."""
    case_file_id = read_take_link(token, stores=stores, at=at)
    if was_used_here(request, case_file_id):
        return
    try:
        count_attempt(stores=stores, limit=_ONCE, who=token, at=at)
    except TooManyAttempts:
        raise KeyGone from None
    request.session[_TAKEN] = [*request.session.get(_TAKEN, []), str(case_file_id)][-5:]


def was_used_here(request: HttpRequest, case_file_id: UUID) -> bool:
    """Whether this browser is the one that used the link: its download may break and be tried
    again."""
    return str(case_file_id) in request.session.get(_TAKEN, [])


def _write(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _sign(stores: Stores, body: bytes) -> bytes:
    key = derive(stores.masters.current, "take-link")
    return hmac.digest(key, body, "sha256")[:_SIGNATURE_BYTES]
