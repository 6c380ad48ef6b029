"""Have a time-stamp authority (RFC 3161, any address) stamp bytes, and believe nothing unread.

The answer is taken only if it is about these bytes, carries our own number (nonce), and its
signature holds; with roots given, it must also lead to one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gongdao.core.errors import ArgumentError, SealError
from gongdao.core.language import Bilingual, Phrase
from gongdao.core.language import gettext as _
from gongdao.core.post import Address, NoAnswer, Why, post
from gongdao_verify.anchor import ANCHORED, check_token
from gongdao_verify.chain import CERTIFICATE_ERRORS, NotTrusted
from gongdao_verify.main import read_roots
from gongdao_verify.timestamp import BadStamp, read_stamp
from gongdao_verify.words import LANGUAGES, say

PATIENCE_S = 20.0
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
}
SLOW, LONG, UNREACHABLE = "tsa_slow", "tsa_long", "tsa_unreachable"
UNUSABLE, NOT_OURS = "tsa_unusable", "tsa_not_ours"


@dataclass(frozen=True)
class Timestamp:
    """A time-stamp as taken: ``response`` is the whole answer, as kept in ``.tsr`` files.

    ``trusted`` says whether it led to one of the roots that were given.
    """

    at: datetime
    authority: str
    trusted: bool
    response: bytes


class NoTimestamp(SealError):
    """No good answer came. ``problem`` is one of the names above; ``detail`` goes with it: seconds,
    the reason, or a key of the verifier's words."""

    code = "no_timestamp"

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(say_no_timestamp(problem, detail))
        self.problem = problem
        self.detail = detail


def say_no_timestamp(problem: str, detail: str) -> Phrase:
    """The sentence of a NoTimestamp."""
    if problem == SLOW:
        return Phrase("时间戳机构 {seconds} 秒内没有答复。", seconds=detail)
    if problem == LONG:
        return Phrase("时间戳机构的答复过大。")
    if problem == UNREACHABLE:
        return Phrase("联系不上时间戳机构：{reason}", reason=detail)
    if problem == NOT_OURS:
        return Phrase("时间戳机构的答复不是对这次请求的答复。")
    code, at, authority = (*detail.split("|", 2), "", "")[:3]
    said = (say(code, language).format(at=at, authority=authority) for language in LANGUAGES)
    return Phrase("时间戳机构的答复不能用：{reason}", reason=Bilingual(*said))


def request_timestamp(
    *,
    data: bytes,
    url: str,
    roots: Sequence[x509.Certificate] = (),
    patience_s: float = PATIENCE_S,
) -> Timestamp:
    """Have the authority at ``url`` (http or https) stamp ``data``; it gets the SHA-256 only.

    Waits ``patience_s`` seconds in all. Raises ArgumentError for a bad address, NoTimestamp (a
    SealError) when no good answer comes.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    address = _address(url)
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    try:
        response = post(
            address=address, body=request.as_bytes(), headers=_HEADERS, patience_s=patience_s
        )
    except NoAnswer as none:
        problem = {Why.SLOW: SLOW, Why.LONG: LONG}.get(none.why, UNREACHABLE)
        detail = f"{patience_s:g}" if problem == SLOW else none.detail
        raise NoTimestamp(problem, detail) from None
    return _check(response, data, request.nonce, roots)


def check_tsa_url(url: str) -> None:
    """Raise ArgumentError unless ``url`` is an http or https address."""
    _address(url)


def load_roots(paths: Sequence[Path]) -> list[x509.Certificate]:
    """The PEM certificates in the files at ``paths``; ArgumentError if one holds none."""
    roots: list[x509.Certificate] = []
    for path in paths:
        try:
            roots += read_roots(path)
        except (OSError, *CERTIFICATE_ERRORS):
            raise ArgumentError(_("读不出根证书（PEM）"), file=str(path)) from None
    return roots


def _address(url: str) -> Address:
    try:
        return Address.parse(url)
    except ValueError:
        raise ArgumentError(
            _("时间戳地址要以 http:// 或 https:// 开头"), hint=_("例如 http://tsa.example/tsr。")
        ) from None


def _check(
    response: bytes, data: bytes, nonce: int | None, roots: Sequence[x509.Certificate]
) -> Timestamp:
    try:
        stamp = read_stamp(response, data, roots)
    except (BadStamp, NotTrusted) as bad:
        raise NoTimestamp(UNUSABLE, f"{bad.code}|?|?") from None
    if stamp.nonce != nonce:
        raise NoTimestamp(NOT_OURS)
    anchor, _findings = check_token(response, data, roots)
    if roots and anchor.state != ANCHORED:
        detail = f"{anchor.reason}|{stamp.at:%Y-%m-%dT%H:%M:%SZ}|{stamp.authority}"
        raise NoTimestamp(UNUSABLE, detail)
    return Timestamp(stamp.at, stamp.authority, anchor.state == ANCHORED, response)
