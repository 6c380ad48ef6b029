"""RSA signatures as the payment services make them: PKCS #1 v1.5 with SHA-256, in base64."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

_FEWEST_BITS = 2048


def rsa_sign(text: bytes, key: RSAPrivateKey) -> str:
    """The signature of ``text`` in base64."""
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def rsa_holds(text: bytes, given: str, key: RSAPublicKey) -> bool:
    """Whether ``given`` is a signature of ``text``; anything that is none is False."""
    try:
        key.verify(base64.b64decode(given, validate=True), text, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def read_private_key(text: str) -> RSAPrivateKey:
    """An RSA key as services hand it out: PEM, or its base64 alone. ValueError otherwise."""
    try:
        key = load_der_private_key(_der(text), None)
    except (TypeError, UnsupportedAlgorithm):
        raise ValueError("no RSA key without a password") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _FEWEST_BITS:
        raise ValueError("no RSA key of 2048 bits or more")
    return key


def read_public_key(text: str) -> RSAPublicKey:
    """An RSA public key as PEM, as base64 alone, or the one in a PEM certificate. ValueError
    otherwise."""
    if "BEGIN CERTIFICATE" in text:
        key = load_pem_x509_certificate(text.encode()).public_key()
    else:
        found = load_der_public_key(_der(text))
        if not isinstance(found, RSAPublicKey):
            raise ValueError("no RSA key")
        key = found
    if not isinstance(key, RSAPublicKey) or key.key_size < _FEWEST_BITS:
        raise ValueError("no RSA key of 2048 bits or more")
    return key


def certificate_serial(text: str) -> str:
    """The serial number of a PEM certificate in upper-case hexadecimal. ValueError otherwise."""
    return f"{load_pem_x509_certificate(text.encode()).serial_number:X}"


def _der(text: str) -> bytes:
    bare = re.sub(r"-----[A-Z ]+-----|\s", "", text)
    try:
        return base64.b64decode(bare, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
