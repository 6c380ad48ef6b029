"""Time-stamp tokens made by hand, right or wrong in one point each, with a small DER writer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from tests.casework.local_tsa import Key

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SHA256 = "2.16.840.1.101.3.4.2.1"
TST_INFO = "1.2.840.113549.1.9.16.1.4"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        body += bytes(reversed(septets))
    return tlv(0x06, body)


def number(value: int) -> bytes:
    """An INTEGER, not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def seq(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(0x30, *parts)


def _attribute(kind: str, value: bytes) -> bytes:
    return seq(oid(kind), tlv(0x31, value))


_PSS = seq(
    oid("1.2.840.113549.1.1.10"),
    seq(
        tlv(0xA0, seq(oid(SHA256))),
        tlv(0xA1, seq(oid("1.2.840.113549.1.1.8"), seq(oid(SHA256)))),
        tlv(0xA2, number(32)),
    ),
)


def _sign(key: Key, message: bytes, scheme: str) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and signature."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return seq(oid("1.2.840.10045.4.3.2")), key.sign(message, ec.ECDSA(hashes.SHA256()))
    if scheme == "pss":
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return _PSS, key.sign(message, pss, hashes.SHA256())
    if scheme == "sha1":
        algorithm = seq(oid("1.2.840.113549.1.1.5"))
        return algorithm, key.sign(message, padding.PKCS1v15(), hashes.SHA1())
    algorithm = seq(oid("1.2.840.113549.1.1.11" if scheme == "sha256" else "1.2.840.113549.1.1.1"))
    return algorithm, key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def forge(
    data: bytes,
    key: Key,
    certificate: x509.Certificate,
    *,
    embedded: tuple[x509.Certificate, ...] | None = None,
    at: str = f"{AT:%Y%m%d%H%M%S}Z",
    scheme: str = "rsa",
    named: x509.Certificate | None = None,
    name_it: bool = True,
    status: int = 0,
    by_key_id: bool = False,
    imprint_oid: str = SHA256,
    change_info: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """A TimeStampResp over ``data``; ``change_info`` edits TSTInfo after it was signed."""
    imprint = seq(seq(oid(imprint_oid)), tlv(0x04, hashlib.sha256(data).digest()))
    info = seq(number(1), oid("1.2.3.4.1"), imprint, number(7), tlv(0x18, at.encode()))
    attributes = [
        _attribute("1.2.840.113549.1.9.3", oid(TST_INFO)),
        _attribute("1.2.840.113549.1.9.4", tlv(0x04, hashlib.sha256(info).digest())),
    ]
    if name_it:
        raw = (named or certificate).public_bytes(Encoding.DER)
        ess = seq(seq(seq(tlv(0x04, hashlib.sha256(raw).digest()))))
        attributes.append(_attribute("1.2.840.113549.1.9.16.2.47", ess))
    body = b"".join(sorted(attributes))
    algorithm, signature = _sign(key, tlv(0x31, body), scheme)
    who = seq(certificate.issuer.public_bytes(), number(certificate.serial_number))
    if by_key_id:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        who = tlv(0x80, found.value.digest)
    signer = seq(number(1), who, seq(oid(SHA256)), tlv(0xA0, body), algorithm, tlv(0x04, signature))
    certificates = (certificate,) if embedded is None else embedded
    signed = seq(
        number(3),
        tlv(0x31, seq(oid(SHA256))),
        seq(oid(TST_INFO), tlv(0xA0, tlv(0x04, change_info(info)))),
        tlv(0xA0, *(c.public_bytes(Encoding.DER) for c in certificates)) if certificates else b"",
        tlv(0x31, signer),
    )
    content = seq(oid("1.2.840.113549.1.7.2"), tlv(0xA0, signed))
    return seq(seq(number(status)), content)


__all__ = ["AT", "forge", "number", "oid", "seq", "tlv"]
