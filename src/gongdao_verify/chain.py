"""From the time-stamp's signer up to a root that the reader has pinned, as of the stamped time.

Deliberately narrow: RSA, ECDSA or Ed25519 with SHA-2; no name constraints; no revocation (that
needs the network, and is among what the verifier says it does not prove).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
CERTIFICATE_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises, late, where a part of a certificate cannot be read."""

_DEEPEST = 6
_MOST_STEPS = 64
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
}


class NotTrusted(Exception):
    """The time-stamp may be sound but gives no anchor; ``code`` names the sentence in words.py."""

    def __init__(self, code: str, at: datetime | None = None, authority: str = "") -> None:
        super().__init__(code)
        self.code, self.at, self.authority = code, at, authority


def find_chain(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> x509.Certificate:
    """The pinned root that vouches for ``signer`` at the time ``at``; raise NotTrusted."""
    try:
        _check_purpose(signer)
        steps = [0]
        root = _climb(signer, others, roots, at, 0, steps)
    except CERTIFICATE_ERRORS:
        raise NotTrusted("bad_certificate") from None
    if root is None:
        raise NotTrusted("no_chain")
    if not _valid(signer, at):
        raise NotTrusted("expired")
    return root


def _climb(
    lower: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
    depth: int,
    steps: list[int],
) -> x509.Certificate | None:
    """Depth first: a pinned root above ``lower``, or None."""
    if lower in roots:
        return lower
    for upper in (*roots, *others):
        steps[0] += 1
        if depth >= _DEEPEST or steps[0] > _MOST_STEPS:
            return None
        if upper.subject != lower.issuer or not _valid(upper, at):
            continue
        if not _may_issue(upper, depth) or not _issued(upper, lower):
            continue
        root = _climb(upper, others, roots, at, depth + 1, steps)
        if root is not None:
            return root
    return None


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _issued(upper: x509.Certificate, lower: x509.Certificate) -> bool:
    weak = lower.signature_hash_algorithm
    if weak is not None and not isinstance(weak, (hashes.SHA256, hashes.SHA384, hashes.SHA512)):
        return False
    try:
        lower.verify_directly_issued_by(upper)
    except (InvalidSignature, *CERTIFICATE_ERRORS):
        return False
    return True


def _may_issue(upper: x509.Certificate, below: int) -> bool:
    """Whether ``upper`` is an authority that may have ``below`` further ones under it."""
    basic = _extension(upper, x509.BasicConstraints)
    if basic is None or not basic.ca:
        return False
    if basic.path_length is not None and basic.path_length < below:
        return False
    usage = _extension(upper, x509.KeyUsage)
    purposes = _extension(upper, x509.ExtendedKeyUsage)
    return (
        (usage is None or usage.key_cert_sign)
        and (purposes is None or bool({ExtendedKeyUsageOID.TIME_STAMPING, _ANY} & set(purposes)))
        and _understood(upper)
    )


def _check_purpose(signer: x509.Certificate) -> None:
    """RFC 3161, 2.3: time-stamping must be the one purpose, and marked critical."""
    try:
        purpose = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise NotTrusted("purpose") from None
    if not purpose.critical or list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise NotTrusted("purpose")
    usage = _extension(signer, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise NotTrusted("purpose")
    if not _understood(signer):
        raise NotTrusted("bad_certificate")


def _understood(certificate: x509.Certificate) -> bool:
    return all(e.oid in _UNDERSTOOD for e in certificate.extensions if e.critical)


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
