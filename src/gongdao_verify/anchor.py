"""Whether an RFC 3161 time-stamp ties bytes to a time, up to a root that the reader trusts."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gongdao_verify import manifest
from gongdao_verify.archive import Finding
from gongdao_verify.chain import NotTrusted, find_chain
from gongdao_verify.timestamp import BadStamp, read_stamp

ANCHORED, UNANCHORED = "anchored", "unanchored"


@dataclass(frozen=True)
class Anchor:
    """Whether the seal is tied to a time: ``state`` anchored or unanchored.

    ``reason`` is a key of words.py where unanchored; ``at`` and ``authority`` are what the
    time-stamp says, and worth something only where anchored.
    """

    state: str
    reason: str = ""
    at: datetime | None = None
    authority: str = ""
    detail: str = ""


def check_token(
    token: bytes, seal: bytes, roots: Sequence[x509.Certificate]
) -> tuple[Anchor, set[Finding]]:
    """Judge the RFC 3161 response ``token`` over ``seal``; any finding is an alteration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd certificates: what matters is judged below
        return _judge_token(token, seal, roots)


def _judge_token(
    token: bytes, seal: bytes, roots: Sequence[x509.Certificate]
) -> tuple[Anchor, set[Finding]]:
    try:
        stamp = read_stamp(token, seal, roots)
    except BadStamp as bad:
        return (
            Anchor(UNANCHORED, "bad_stamp"),
            {Finding(manifest.STAMP, "bad_stamp", bad.code)},
        )
    except NotTrusted as doubt:
        return Anchor(UNANCHORED, doubt.code, doubt.at, doubt.authority), set()
    if not roots:
        return Anchor(UNANCHORED, "no_roots", stamp.at, stamp.authority), set()
    try:
        root = find_chain(stamp.signer, stamp.certificates, roots, stamp.at)
    except NotTrusted as doubt:
        return Anchor(UNANCHORED, doubt.code, stamp.at, stamp.authority), set()
    fingerprint = hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()
    return Anchor(ANCHORED, "", stamp.at, stamp.authority, fingerprint), set()
