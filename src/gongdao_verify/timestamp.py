"""An RFC 3161 time-stamp, read and checked without the network.

The response holds a signed statement (TSTInfo) of an authority: "this digest existed at this
time". Checked here: the digest is that of the seal, the statement is what was signed, the named
certificate signed it. Whether that certificate deserves trust is chain.py's question.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gongdao_verify import der
from gongdao_verify.chain import CERTIFICATE_ERRORS, NotTrusted
from gongdao_verify.der import Node

_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERT, _SIGNING_CERT_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_RSA, _RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
_EC, _ED25519 = "1.2.840.10045.2.1", "1.3.101.112"

_HASHES: dict[str, tuple[str, type[hashes.HashAlgorithm]]] = {
    "2.16.840.1.101.3.4.2.1": ("sha256", hashes.SHA256),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512),
}
_SIGNED_WITH: dict[str, type[hashes.HashAlgorithm]] = {
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}


class BadStamp(Exception):
    """The time-stamp is damaged or belongs to other bytes; ``code`` is a key of words.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Stamp:
    """A sound time-stamp: when, signed by whom, with which further certificates; ``nonce`` is
    the requester's own number, if it comes back."""

    at: datetime
    authority: str
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    nonce: int | None = None


def read_stamp(response: bytes, sealed: bytes, extra: Sequence[x509.Certificate] = ()) -> Stamp:
    """Read ``response`` over the bytes ``sealed``; ``extra`` are certificates known besides.

    BadStamp: it is damaged or not of these bytes. NotTrusted: it cannot be judged here.
    """
    try:
        return _read(response, sealed, extra)
    except CERTIFICATE_ERRORS:  # not the DER of a time-stamp, or of the certificates in it
        raise BadStamp("stamp_form") from None


def _read(response: bytes, sealed: bytes, extra: Sequence[x509.Certificate]) -> Stamp:
    answer = der.read(response)
    if der.integer(answer.child(0, der.SEQUENCE).child(0)) not in (0, 1):
        raise BadStamp("stamp_refused")
    signed = _content(answer.child(1, der.SEQUENCE), _SIGNED_DATA).expect(der.SEQUENCE)
    info_bytes = _content(signed.child(2, der.SEQUENCE), _TST_INFO).expect(der.OCTET_STRING).body
    info = der.read(info_bytes).expect(der.SEQUENCE)
    _check_imprint(info.child(2, der.SEQUENCE), sealed)
    at = der.instant(info.child(4))
    embedded = _certificates(signed)
    signer_info = _only_signer(signed)
    signer = _find_signer(signer_info, (*embedded, *extra))
    if signer is None:
        raise NotTrusted("no_certificate", at)
    authority = _name(signer)
    try:
        _check_signature(signer_info, signer, info_bytes)
    except NotTrusted as doubt:
        raise NotTrusted(doubt.code, at, authority) from None
    numbers = [der.integer(part) for part in info.children()[5:] if part.tag == der.INTEGER]
    others = tuple(c for c in embedded if c != signer)
    return Stamp(at, authority, signer, others, numbers[0] if numbers else None)


def _content(info: Node, kind: str) -> Node:
    """The content of a ContentInfo or EncapsulatedContentInfo of type ``kind``."""
    if der.object_id(info.child(0)) != kind:
        raise der.DerError("another type of content")
    return info.child(1, der.CONTEXT_0).child(0)


def _hash_of(algorithm: Node) -> tuple[str, type[hashes.HashAlgorithm]]:
    known = _HASHES.get(der.object_id(algorithm.child(0)))
    if known is None:
        raise NotTrusted("algorithm")
    return known


def _check_imprint(imprint: Node, sealed: bytes) -> None:
    name, _ = _hash_of(imprint.child(0, der.SEQUENCE))
    digest = imprint.child(1, der.OCTET_STRING).body
    if not hmac.compare_digest(hashlib.new(name, sealed).digest(), digest):
        raise BadStamp("stamp_of_other")


def _certificates(signed: Node) -> list[x509.Certificate]:
    found = []
    for part in signed.children()[3:]:
        if part.tag != der.CONTEXT_0:
            continue
        for node in part.children()[:32]:
            try:
                found.append(x509.load_der_x509_certificate(node.raw))
            except CERTIFICATE_ERRORS:  # another kind of certificate: of no use, and no harm
                continue
    return found


def _only_signer(signed: Node) -> Node:
    signers = signed.children()[-1].children(der.SET)
    if len(signers) != 1:
        raise der.DerError("not one signer")
    return signers[0].expect(der.SEQUENCE)


def _find_signer(
    signer_info: Node, certificates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """The certificate that the signer's entry names, by issuer and number or by key id."""
    who = signer_info.child(1)
    for certificate in certificates:
        if who.tag == der.SEQUENCE:
            same = who.child(0).raw == certificate.issuer.public_bytes()
            if same and der.integer(who.child(1)) == certificate.serial_number:
                return certificate
        elif who.tag == 0x80 and who.body == _key_id(certificate):
            return certificate
    return None


def _key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, *CERTIFICATE_ERRORS):
        return None
    return found.value.digest


def _check_signature(signer_info: Node, signer: x509.Certificate, info_bytes: bytes) -> None:
    digest_name, digest_kind = _hash_of(signer_info.child(2, der.SEQUENCE))
    attributes = signer_info.child(3, der.CONTEXT_0)
    values = _attributes(attributes)
    if der.object_id(values[_CONTENT_TYPE]) != _TST_INFO:
        raise BadStamp("stamp_form")
    digest = values[_MESSAGE_DIGEST].expect(der.OCTET_STRING).body
    if not hmac.compare_digest(hashlib.new(digest_name, info_bytes).digest(), digest):
        raise BadStamp("stamp_signature")
    _check_named(values, signer)
    # What is signed is the SET OF attributes; in the message it carries another tag.
    message = bytes([der.SET]) + attributes.raw[1:]
    signature = signer_info.child(5, der.OCTET_STRING).body
    try:
        _verify(signer, signer_info.child(4, der.SEQUENCE), digest_kind, message, signature)
    except InvalidSignature:
        raise BadStamp("stamp_signature") from None
    except CERTIFICATE_ERRORS:
        raise NotTrusted("algorithm") from None


def _attributes(node: Node) -> dict[str, Node]:
    """Attribute type → its one value; the two that a signature stands on must be there."""
    values: dict[str, Node] = {}
    for attribute in node.children():
        kind = der.object_id(attribute.child(0))
        inside = attribute.child(1, der.SET).children()
        if kind in values or not inside:
            raise der.DerError("an attribute twice or empty")
        values[kind] = inside[0]
    if not {_CONTENT_TYPE, _MESSAGE_DIGEST} <= values.keys():
        raise der.DerError("an attribute is missing")
    return values


def _check_named(values: dict[str, Node], signer: x509.Certificate) -> None:
    """The signed attributes must name the signer's certificate by its hash (RFC 5816)."""
    raw = signer.public_bytes(Encoding.DER)
    if _SIGNING_CERT_V2 in values:
        first = values[_SIGNING_CERT_V2].child(0, der.SEQUENCE).child(0, der.SEQUENCE)
        parts = first.children()
        given = parts and parts[0].tag == der.SEQUENCE
        name = _hash_of(parts[0])[0] if given else "sha256"
        named = first.child(1 if given else 0, der.OCTET_STRING).body
    elif _SIGNING_CERT in values:
        first = values[_SIGNING_CERT].child(0, der.SEQUENCE).child(0, der.SEQUENCE)
        name, named = "sha1", first.child(0, der.OCTET_STRING).body
    else:
        raise NotTrusted("not_named")
    if not hmac.compare_digest(hashlib.new(name, raw).digest(), named):
        raise BadStamp("stamp_signature")


def _verify(
    signer: x509.Certificate,
    algorithm: Node,
    digest_kind: type[hashes.HashAlgorithm],
    message: bytes,
    signature: bytes,
) -> None:
    """Check the signature by its algorithm; InvalidSignature, or NotTrusted if unknown here."""
    oid, key = der.object_id(algorithm.child(0)), signer.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        if oid == _RSA_PSS:
            scheme, kind = _pss(algorithm.child(1, der.SEQUENCE))
            key.verify(signature, message, scheme, kind())
            return
        kind = digest_kind if oid == _RSA else _signed_with(oid)
        key.verify(signature, message, padding.PKCS1v15(), kind())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = digest_kind if oid == _EC else _signed_with(oid)
        key.verify(signature, message, ec.ECDSA(kind()))
    elif isinstance(key, ed25519.Ed25519PublicKey) and oid == _ED25519:
        key.verify(signature, message)
    else:
        raise NotTrusted("algorithm")


def _signed_with(oid: str) -> type[hashes.HashAlgorithm]:
    if oid not in _SIGNED_WITH:
        raise NotTrusted("algorithm")
    return _SIGNED_WITH[oid]


def _pss(parameters: Node) -> tuple[padding.PSS, type[hashes.HashAlgorithm]]:
    """RSASSA-PSS with the hash, mask hash and salt length that it names itself."""
    kind = mask = None
    salt = 20
    for part in parameters.children():
        if part.tag == der.CONTEXT_0:
            kind = _hash_of(part.child(0))[1]
        elif part.tag == der.CONTEXT_1:
            mask = _hash_of(part.child(0).child(1))[1]
        elif part.tag == der.CONTEXT_2:
            salt = der.integer(part.child(0))
    if kind is None or mask is None or not 0 <= salt <= 512:
        raise NotTrusted("algorithm")
    return padding.PSS(padding.MGF1(mask()), salt), kind


def _name(certificate: x509.Certificate) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = certificate.subject.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return certificate.subject.rfc4514_string()
