"""Envelope encryption: values and files under a data key, data keys under a master key.

Each case has a data key of its own, kept only wrapped under the master key. Destroying the
wrapped key destroys the case, wherever copies of its files may lie. The bytes are described one by
one in docs/formats/sealed-data.md, the reasons in docs/explanation/encryption.md.

AES-256-GCM throughout. A key that a caller holds never encrypts by itself: each use has its own
key, derived by HKDF, so that two uses can never meet. ``aad`` says where a thing belongs (which
case, which column): opened with another ``aad``, it does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError, SealedDataError
from gongdao.core.language import gettext as _
from gongdao.core.os_errors import os_reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEY_BYTES = 32
"""Length of every key."""
SEGMENT_BYTES = 1 << 20
"""Plain bytes in each segment of a sealed stream but the last."""

_WRAPPED = b"\x11"
_VALUE = b"\x21"
_STREAM = b"\x31"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_SALT_BYTES = 32
_PREFIX_BYTES = 7
_ID_BYTES = 4
_OWN = "envelope:"
_WRAPPED_BYTES = 1 + _ID_BYTES + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES


@dataclass(frozen=True)
class MasterKeys:
    """The keys of an installation: the first wraps, all of them unwrap. Never shown.

    Who has them and the database reads everything; who loses them reads nothing any more.
    """

    keys: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise InputError(_("没有主密钥。"))
        if len(set(self.ids)) < len(self.keys):
            raise InputError(_("同一把主密钥写了两次。"))

    @classmethod
    def parse(cls, text: str, *, file: str | None = None) -> MasterKeys:
        """One base64 key a line (or between commas), the current one first.

        Blank lines and lines that begin with ``#`` are skipped. InputError names ``file`` and
        line, never what stands there.
        """
        keys = []
        for number, line in enumerate(re.split(r"[\n,]", text), 1):
            if (word := line.strip()) and not word.startswith("#"):
                keys.append(_parse_key(word, file, number))
        return cls(tuple(keys))

    @property
    def current(self) -> bytes:
        """The key that wraps; from it come also the server's own keys (``derive``)."""
        return self.keys[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of each key, 8 hexadecimal digits, in the same order; fit to be shown."""
        return tuple(_key_id(key).hex() for key in self.keys)


def new_master_key() -> str:
    """A fresh random master key, as a line for ``MasterKeys.parse``."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def load_master_keys(path: Path, given: str | None, *, may_create: bool = True) -> MasterKeys:
    """The master keys from ``given`` (the environment), else from the file at ``path``.

    A missing file is made, with one new key, unless ``may_create`` is false: over a database that
    holds data already, a new key would open nothing and hide the loss. InputError: no keys, a
    key that is none, or a file that others may read.
    """
    if given is not None and given.strip():
        return MasterKeys.parse(given)
    try:
        text = read_private(path)
        if text is None and may_create:
            create_private(path, new_master_key() + "\n")
            text = read_private(path)
    except OSError as error:
        raise InputError(os_reason(error), file=str(path)) from error
    if text is None:
        raise InputError(
            _("没有主密钥文件，而数据库里已有用它加密的数据。"),
            file=str(path),
            hint=_("请从备份恢复这个文件；新密钥打不开旧数据。"),
        )
    return MasterKeys.parse(text, file=str(path))


def wrap(masters: MasterKeys, data_key: bytes, aad: bytes) -> bytes:
    """``data_key`` encrypted under the current master key and bound to ``aad``: 65 bytes."""
    if len(data_key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    master, nonce = masters.current, secrets.token_bytes(_NONCE_BYTES)
    header = _WRAPPED + _key_id(master)
    return header + nonce + _wrapping(master).encrypt(nonce, data_key, header + aad)


def unwrap(masters: MasterKeys, wrapped: bytes, aad: bytes) -> bytes:
    """The data key inside; SealedDataError when it was altered or its master key is not there."""
    key_id = wrapped_by(wrapped)
    master = next((key for key in masters.keys if _key_id(key).hex() == key_id), None)
    if master is None:
        raise SealedDataError(_("主密钥里没有编号为 {key_id} 的那一把。").format(key_id=key_id))
    start = 1 + _ID_BYTES
    nonce, body = wrapped[start : start + _NONCE_BYTES], wrapped[start + _NONCE_BYTES :]
    try:
        return _wrapping(master).decrypt(nonce, body, wrapped[:start] + aad)
    except InvalidTag:
        raise _altered() from None


def rewrap(masters: MasterKeys, wrapped: bytes, aad: bytes) -> bytes:
    """``wrapped`` under the current master key; unchanged when it is so already."""
    data_key = unwrap(masters, wrapped, aad)
    return wrapped if wrapped_by(wrapped) == masters.ids[0] else wrap(masters, data_key, aad)


def wrapped_by(wrapped: bytes) -> str:
    """The id of the master key that a wrapped key needs; nothing else is checked yet."""
    if len(wrapped) != _WRAPPED_BYTES:
        raise _cut_short()
    if wrapped[:1] != _WRAPPED:
        raise _unknown_version(wrapped[:1])
    return wrapped[1 : 1 + _ID_BYTES].hex()


def new_data_key() -> bytes:
    """A fresh random key for one case."""
    return secrets.token_bytes(KEY_BYTES)


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for ``purpose`` alone; nothing of ``key`` follows from it."""
    if purpose.startswith(_OWN):
        raise ValueError(f"purposes that begin with {_OWN} are the envelope's own")
    return _derive(key, purpose)


def seal(key: bytes, plain: bytes, aad: bytes) -> bytes:
    """``plain`` encrypted under ``key`` and bound to ``aad``, 29 bytes longer.

    Made for values that fit in memory; at most 2^32 under one key.
    """
    return sealer(key)(plain, aad)


def sealer(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """``seal`` for many values under one ``key``, which is derived once: five times as fast."""
    encrypt = AESGCM(_derive(key, _OWN + "value")).encrypt

    def seal_one(plain: bytes, aad: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VALUE + nonce + encrypt(nonce, plain, _VALUE + aad)

    return seal_one


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """What ``seal`` was given; SealedDataError when key, ``aad`` or a single bit differs."""
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise _cut_short()
    if sealed[:1] != _VALUE:
        raise _unknown_version(sealed[:1])
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(_derive(key, _OWN + "value")).decrypt(nonce, body, _VALUE + aad)
    except InvalidTag:
        raise _altered() from None


def seal_chunks(key: bytes, source: BinaryIO, aad: bytes) -> Iterator[bytes]:
    """The sealed stream of what ``source`` gives, piece by piece; two segments in memory."""
    salt = secrets.token_bytes(_SALT_BYTES)
    cipher, nonce_of = _stream_cipher(key, salt)
    yield _STREAM + salt
    for number, segment, last in _segments(source, SEGMENT_BYTES):
        yield cipher.encrypt(nonce_of(number, last), segment, _STREAM + aad)


def open_chunks(key: bytes, source: BinaryIO, aad: bytes) -> Iterator[bytes]:
    """The plain bytes of a sealed stream, segment by segment; two segments in memory.

    Each piece given out is genuine and in its place. Only the normal end says that none is missing:
    whoever stops at a SealedDataError must throw away what came before.
    """
    header = _read(source, 1 + _SALT_BYTES)
    if len(header) < 1 + _SALT_BYTES:
        raise _cut_short()
    if header[:1] != _STREAM:
        raise _unknown_version(header[:1])
    cipher, nonce_of = _stream_cipher(key, header[1:])
    for number, segment, last in _segments(source, SEGMENT_BYTES + _TAG_BYTES):
        if len(segment) < _TAG_BYTES:
            raise _cut_short()
        try:
            plain = cipher.decrypt(nonce_of(number, last), segment, _STREAM + aad)
        except InvalidTag:
            raise _altered() from None
        if plain:
            yield plain


def sealed_file(key: bytes, source: BinaryIO, aad: bytes) -> BinaryIO:
    """The sealed stream of ``source`` as a file, to be read once in sequence: for a store."""
    return BufferedReader(_ChunkFile(seal_chunks(key, source, aad)))


def seal_stream(key: bytes, source: BinaryIO, sink: BinaryIO, aad: bytes) -> int:
    """Encrypt all of ``source`` into ``sink``; returns the bytes written."""
    return _pour(seal_chunks(key, source, aad), sink)


def open_stream(key: bytes, source: BinaryIO, sink: BinaryIO, aad: bytes) -> int:
    """Decrypt all of ``source`` into ``sink``; returns the bytes written.

    After a SealedDataError, what was written to ``sink`` must be thrown away.
    """
    return _pour(open_chunks(key, source, aad), sink)


def sealed_size(plain_size: int) -> int:
    """How many bytes ``seal_stream`` makes of ``plain_size`` bytes."""
    segments = max(1, -(-plain_size // SEGMENT_BYTES))
    return 1 + _SALT_BYTES + plain_size + segments * _TAG_BYTES


def address_of(key: bytes, sha256_hex: str) -> str:
    """Under which name a file lies in the store: 64 hex digits that only ``key`` can compute.

    The same file has the same address within a case, and another one in every other case.
    """
    digest = bytes.fromhex(sha256_hex)
    if len(digest) != 32:
        raise ValueError("an address is made from a SHA-256 in hexadecimal")
    return hmac.digest(_derive(key, _OWN + "address"), digest, "sha256").hex()


def code_digest(key: bytes, code: str) -> bytes:
    """What is kept of a short ``code`` (tidied before): 32 bytes, of no use without ``key``.

    A code has 50 bits, too few for a plain digest: who steals the database alone must not be able
    to try them all.
    """
    return hmac.digest(_derive(key, _OWN + "code"), code.encode(), "sha256")


def code_fits(masters: MasterKeys, code: str, kept: bytes) -> bool:
    """Whether ``kept`` is the digest of ``code`` under any master key, so that codes survive a new
    one; takes the same time whichever it is, and for a ``kept`` of 32 zero bytes."""
    return any([same(code_digest(key, code), kept) for key in masters.keys])


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def _derive(key: bytes, purpose: str, salt: bytes | None = None, length: int = KEY_BYTES) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return HKDF(SHA256(), length, salt, b"gongdao/1/" + purpose.encode()).derive(key)


def _key_id(master: bytes) -> bytes:
    return hashlib.sha256(_derive(master, _OWN + "key id")).digest()[:_ID_BYTES]


def _wrapping(master: bytes) -> AESGCM:
    return AESGCM(_derive(master, _OWN + "wrap"))


def _parse_key(word: str, file: str | None, line: int) -> bytes:
    with suppress(binascii.Error, ValueError):
        key = base64.b64decode(word, validate=True)
        if len(key) == KEY_BYTES:
            return key
    raise InputError(_("不是主密钥：要 32 个字节的 base64，一行一把。"), file=file, line=line)


def read_private(path: Path) -> str | None:
    """The text of a file that only its owner may read; None when there is none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        if os.name != "nt" and os.fstat(file.fileno()).st_mode & 0o077:
            raise InputError(
                _("别人也能读这个主密钥文件。"),
                file=str(path),
                hint=_("请运行 chmod 600，并考虑更换密钥。"),
            )
        return file.read().decode("utf-8", "replace")


def create_private(path: Path, text: str) -> None:
    """Write ``text`` whole and on disk, 0600; when another process was faster, leave its file."""
    make_folder(path.parent)
    part = path.parent / f".{secrets.token_hex(16)}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
        sync_folder(path.parent)
    finally:
        part.unlink()


def _stream_cipher(key: bytes, salt: bytes) -> tuple[AESGCM, Callable[[int, bool], bytes]]:
    """The cipher of one stream, and the nonce of its segment: prefix, number, whether the last."""
    both = _derive(key, _OWN + "stream", salt, KEY_BYTES + _PREFIX_BYTES)
    prefix = both[KEY_BYTES:]
    return AESGCM(
        both[:KEY_BYTES]
    ), lambda number, last: prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _segments(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """All of ``source`` in pieces of ``size`` with number and whether it is the last one."""
    number, piece = 0, _read(source, size)
    while True:
        following = _read(source, size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


def _read(source: BinaryIO, size: int) -> bytes:
    """Exactly ``size`` bytes, fewer only at the end; a source may give less at a time."""
    pieces = []
    while size and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _pour(chunks: Iterator[bytes], sink: BinaryIO) -> int:
    written = 0
    for chunk in chunks:
        sink.write(chunk)
        written += len(chunk)
    return written


class _ChunkFile(RawIOBase):
    """Pieces of any length as a file that cannot seek."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _cut_short() -> SealedDataError:
    return SealedDataError(_("加密数据不完整，打不开。"))


def _altered() -> SealedDataError:
    return SealedDataError(_("加密数据打不开：内容被改动、位置不对，或不是这把密钥加密的。"))


def _unknown_version(first: bytes) -> SealedDataError:
    return SealedDataError(_("加密数据的格式 {first} 不认识。").format(first=f"0x{first.hex()}"))
