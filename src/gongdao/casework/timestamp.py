"""Ask a time-stamp authority (RFC 3161, any address) to stamp a seal, and believe nothing unread.

The answer is taken only if it is about these bytes, carries our own number (nonce), and its
signature holds; with roots given, it must also lead to one of them.
"""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509

from gongdao.core.errors import ArgumentError, SealError
from gongdao.core.language import gettext as _
from gongdao.core.language import language
from gongdao_verify.chain import CERTIFICATE_ERRORS, NotTrusted
from gongdao_verify.check import ANCHORED, check_token
from gongdao_verify.main import read_roots
from gongdao_verify.timestamp import BadStamp, read_stamp
from gongdao_verify.words import say

PATIENCE_S = 20.0
_LONGEST = 1 << 20
_T = TypeVar("_T")


@dataclass(frozen=True)
class Timestamp:
    """A time-stamp as taken: ``response`` is what goes into the file as seal.tsr.

    ``trusted`` says whether it led to one of the roots that were given.
    """

    at: datetime
    authority: str
    trusted: bool
    response: bytes


def request_timestamp(
    *,
    seal: bytes,
    url: str,
    roots: Sequence[x509.Certificate] = (),
    patience_s: float = PATIENCE_S,
) -> Timestamp:
    """Have the authority at ``url`` (http or https) stamp the bytes ``seal``.

    Waits ``patience_s`` seconds in all. Raises ArgumentError for a bad address, SealError when
    no good answer comes.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    check_tsa_url(url)
    request = (
        TimestampRequestBuilder()
        .data(seal)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    response = _within(patience_s, lambda: _post(url, request.as_bytes(), patience_s))
    return _check(response, seal, request.nonce, roots)


def check_tsa_url(url: str) -> None:
    """Raise ArgumentError unless ``url`` is an http or https address."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or any(ch <= " " or ch > "~" for ch in url):
        raise ArgumentError(
            _("时间戳地址要以 http:// 或 https:// 开头"), hint=_("例如 http://tsa.example/tsr。")
        )


def load_roots(paths: Sequence[Path]) -> list[x509.Certificate]:
    """The PEM certificates in the files at ``paths``; ArgumentError if one holds none."""
    roots: list[x509.Certificate] = []
    for path in paths:
        try:
            roots += read_roots(path)
        except (OSError, *CERTIFICATE_ERRORS):
            raise ArgumentError(_("读不出根证书（PEM）"), file=str(path)) from None
    return roots


def _check(
    response: bytes, seal: bytes, nonce: int | None, roots: Sequence[x509.Certificate]
) -> Timestamp:
    try:
        stamp = read_stamp(response, seal, roots)
    except (BadStamp, NotTrusted) as bad:
        reason = say(bad.code, language()).format(at="?", authority="?")
        raise SealError(_("时间戳机构的答复不能用：{reason}").format(reason=reason)) from None
    if stamp.nonce != nonce:
        raise SealError(_("时间戳机构的答复不是对这次请求的答复。"))
    anchor, _findings = check_token(response, seal, roots)
    if roots and anchor.state != ANCHORED:
        reason = say(anchor.reason, language()).format(at=stamp.at, authority=stamp.authority)
        raise SealError(_("时间戳机构的答复不能用：{reason}").format(reason=reason))
    return Timestamp(stamp.at, stamp.authority, anchor.state == ANCHORED, response)


def _post(url: str, body: bytes, patience_s: float) -> bytes:
    request = urllib.request.Request(
        url,
        data=body,
        headers={
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
            "User-Agent": "gongdao",
        },
    )
    with _opener().open(request, timeout=patience_s) as answer:
        data: bytes = answer.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise SealError(_("时间戳机构的答复过大。"))
    return data


def _opener() -> urllib.request.OpenerDirector:
    """http and https, through the proxy of the environment; no redirects, no other schemes."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _within(seconds: float, deed: Callable[[], _T]) -> _T:
    """Do ``deed`` with an end to the waiting: a peer that drips bytes defeats socket timeouts."""
    done: queue.SimpleQueue[tuple[_T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((deed(), None))
        except (OSError, http.client.HTTPException, ValueError, SealError) as error:
            done.put((None, error))

    threading.Thread(target=run, daemon=True, name="timestamp").start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise SealError(
            _("时间戳机构 {seconds} 秒内没有答复。").format(seconds=f"{seconds:g}")
        ) from None
    if error is None:
        return result  # type: ignore[return-value]  # no error: the deed's own result
    if isinstance(error, SealError):
        raise error
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        raise SealError(_("时间戳机构 {seconds} 秒内没有答复。").format(seconds=f"{seconds:g}"))
    raise SealError(_("联系不上时间戳机构：{reason}").format(reason=_reason(error)))


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", None) or error
    return (str(reason) or type(error).__name__)[:200]
