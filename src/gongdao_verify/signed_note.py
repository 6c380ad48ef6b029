"""Signed notes (c2sp.org/signed-note), and witnesses' cosignatures (c2sp.org/tlog-cosignature).

    text, ends with a line feed
                                        an empty line
    — NAME BASE64(key id, signature)    one line for each signature

A reader trusts the keys that it was given (as "vkey" texts) and ignores all other signatures. A
signature that claims a known key and does not hold makes the whole note void.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, ECDSA, COSIGNATURE, TREE_HEAD, ML_DSA = 0x01, 0x02, 0x04, 0x05, 0x06
"""Kinds of keys. Only ED25519 and COSIGNATURE are verified here; the others are read, no more."""

MOST_SIGNATURES = 64
MOST_BYTES = 1 << 20
_LONGEST_VKEY = 8192
_DASH = "— "
_ED25519_BYTES, _TIME_BYTES = 64, 8


class BadNote(ValueError):
    """A note, key or signature is malformed or does not hold; the text says what."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name: ``public`` are the key's bytes, ``kind`` its signature type."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read ``NAME+KEYID+BASE64``; BadNote if it is malformed or the id is not the key's."""
        name, _, rest = vkey.partition("+")
        digits, _, body = rest.partition("+")
        if len(vkey) > _LONGEST_VKEY or not is_key_name(name):
            raise BadNote("the key has no proper name")
        data = decode_base64(body)
        if len(digits) != 8 or digits.strip("0123456789abcdef") or len(data) < 2:
            raise BadNote("the key is malformed")
        kind, public = data[0], data[1:]
        if kind not in (ED25519, ECDSA, COSIGNATURE, TREE_HEAD, ML_DSA):
            raise BadNote("the key is of an unknown kind")
        if kind in (ED25519, COSIGNATURE) and len(public) != 32:
            raise BadNote("the key has the wrong length")
        if digits != make_key_id(name, kind, public).hex():
            raise BadNote("the key does not have the id that it gives")
        return cls(name, bytes.fromhex(digits), kind, public)

    def keys_at(self, size: int) -> tuple[VerifierKey, ...]:
        """Itself, whatever the size: a log of which one key is known."""
        return (self,)

    def text(self) -> str:
        """The key as a "vkey", as `parse` reads it."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True)
class Signature:
    """One signature line: ``data`` is what follows the key id; ``line`` the text as it stood."""

    name: str
    key_id: bytes
    data: bytes
    line: str


@dataclass(frozen=True)
class Note:
    """A note taken apart; nothing is verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Verified:
    """A signature that holds. ``at`` is the witness's own time in seconds since 1970 (UTC), only
    in cosignatures."""

    key: VerifierKey
    signature: Signature = field(repr=False)
    at: int | None = None


def is_key_name(name: str) -> bool:
    """Whether ``name`` may name a key: not empty, no blanks of any sort, no plus sign."""
    return bool(name) and "+" not in name and not any(ch.isspace() or ch < " " for ch in name)


def make_key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes by which signature lines name a key."""
    named = name.encode() + b"\n" + bytes([kind])
    return hashlib.sha256(public if kind == ECDSA else named + public).digest()[:4]


def signature_line(name: str, key_id: bytes, data: bytes) -> str:
    """A signature line without its line feed, for whoever signs."""
    return f"{_DASH}{name} {encode_base64(key_id + data)}"


def cosigned_bytes(text: str, at: int) -> bytes:
    """What a witness signs: ``text`` of a checkpoint, seen at ``at`` (seconds since 1970)."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def parse_note(data: bytes) -> Note:
    """Take a note apart; BadNote if it is malformed, too long or has too many signatures."""
    if len(data) > MOST_BYTES:
        raise BadNote("the note is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadNote("the note is not UTF-8") from None
    if any(ch < " " and ch != "\n" for ch in whole):
        raise BadNote("the note holds control characters")
    text, gap, below = whole.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise BadNote("the note has no signatures, or is cut off")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise BadNote("the note has too many signatures")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """Read one signature line without its line feed, as a witness sends it; BadNote."""
    if len(line) > MOST_BYTES or any(ch < " " for ch in line):
        raise BadNote("a signature line is malformed")
    return _parse_line(line)


def _parse_line(line: str) -> Signature:
    name, gap, body = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap or not is_key_name(name):
        raise BadNote("a signature line is malformed")
    data = decode_base64(body)
    if len(data) < 5:
        raise BadNote("a signature is cut off")
    return Signature(name, data[:4], data[4:], line)


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """The signatures by ``keys`` that hold, one for each key, in the order of the note.

    Signatures by other keys are ignored, so the answer may be empty. BadNote: a signature names
    one of ``keys`` (by name and id) and does not hold, or two of ``keys`` cannot be told apart.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise BadNote("two keys share name and id")
    held: dict[VerifierKey, Verified] = {}
    for signature in note.signatures:
        wanted = known.get((signature.name, signature.key_id))
        if wanted is not None and wanted.kind in (ED25519, COSIGNATURE):
            verified = verify_signature(note.text, signature, wanted)
            held.setdefault(wanted, verified)
    return tuple(held.values())


def verify_signature(text: str, signature: Signature, key: VerifierKey) -> Verified:
    """Check one ``signature`` by ``key`` over the note's ``text``; BadNote if it does not hold."""
    at, data, message = None, signature.data, text.encode()
    if key.kind == COSIGNATURE:
        at, data = int.from_bytes(data[:_TIME_BYTES], "big"), data[_TIME_BYTES:]
        message = cosigned_bytes(text, at)
    elif key.kind != ED25519:
        raise BadNote("signatures of this kind are not verified here")
    if len(data) != _ED25519_BYTES:
        raise BadNote("a signature has the wrong length")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data, message)
    except (InvalidSignature, ValueError):
        raise BadNote(f"the signature by {key.name} does not hold") from None
    return Verified(key, signature, at)


def join_note(text: str, lines: Sequence[str]) -> bytes:
    """The note over ``text`` with the signature ``lines`` (without line feeds)."""
    return "\n".join((text, *lines, "")).encode()


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of ``text``; BadNote unless it is exactly what `encode_base64` would write."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("not base64") from None
    if encode_base64(data) != text:
        raise BadNote("not the one base64 text of its bytes")
    return data
