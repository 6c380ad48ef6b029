"""The log's signing key: from the environment, else a file that is made when a log is begun.

Kept as Go's "skey" text, one line, mode 0600. Its name is the log's origin, the first line of every
checkpoint: a log keeps both for life. It is in no backup; who has it can sign in the log's name.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.errors import LogKeyUnfit
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import (
    ED25519,
    BadNote,
    VerifierKey,
    join_note,
    make_key_id,
    parse_note,
    signature_line,
    verify_note,
)


@dataclass(frozen=True)
class SignedHead:
    """A checkpoint that this log signed: ``note`` is the signed note, byte for byte."""

    size: int
    root: bytes
    note: bytes


class LogKey:
    """Signs for the log ``origin``. The secret half is never shown.

    ``next``, if there is one, is the key that is about to take its place (rotate_key.py).
    """

    def __init__(self, skey: str) -> None:
        """The key in ``skey`` (``PRIVATE+KEY+NAME+KEYID+BASE64``); BadNote if it is malformed."""
        self.next: LogKey | None = None
        parsed = CosignerKey.parse(skey)
        self._private = Ed25519PrivateKey.from_private_bytes(parsed.seed)
        public = self._private.public_key().public_bytes_raw()
        self.origin = parsed.name
        key_id = make_key_id(parsed.name, ED25519, public)
        self.verifier = VerifierKey(parsed.name, key_id, ED25519, public)

    def sign(self, text: str) -> bytes:
        """The signed note over ``text``."""
        signature = self._private.sign(text.encode())
        return join_note(text, [signature_line(self.origin, self.verifier.key_id, signature)])

    def sign_head(self, *, size: int, root: bytes) -> SignedHead:
        """The signed checkpoint of that tree. Only the sequencer may call this."""
        return SignedHead(size, root, self.sign(Checkpoint(self.origin, size, root).text()))

    def parse_head(self, data: bytes, former: Iterable[VerifierKey] = ()) -> SignedHead:
        """A checkpoint that this key signed, the next one, or one of the log's ``former`` keys;
        BadNote if it is anything else."""
        note = parse_note(data)
        own = [self.verifier, *([self.next.verifier] if self.next else [])]
        if not verify_note(note, dict.fromkeys((*own, *former))):
            raise BadNote("not signed by this log")
        checkpoint = Checkpoint.parse(note.text)
        if checkpoint.origin != self.origin:
            raise BadNote("a checkpoint of another log")
        return SignedHead(checkpoint.size, checkpoint.root, data)


def load_log_key(
    *, path: Path, given: str = "", origin: str, asked: str = "", may_create: bool = False
) -> LogKey:
    """The key from ``given`` (the environment), else from the file at ``path``.

    Only with ``may_create`` a missing file is made, for a log named ``origin``. ``asked`` is the
    origin that was set on purpose. Raise LogKeyUnfit where there is no key, or where its name is
    not ``asked``; InputError for a file that is no key or that others may read.
    """
    if given.strip():
        key = _parse(given, "GONGDAO_LOG_KEY")
    else:
        text = _read_private(path)
        if text is None and may_create:
            create_key_file(path, origin)
            text = _read_private(path)
        if text is None:
            raise LogKeyUnfit(
                _(
                    "没有日志的签名密钥 {path}，而日志已经开始。请把它放回来："
                    "随便换一把，旧回执就对不上。要换密钥，用 gongdao log rotate-key。"
                ).format(path=path)
            )
        key = _parse(text, str(path))
        key.next = _load_next(next_key_path(path), key)
    if asked and asked != key.origin:
        raise LogKeyUnfit(
            _(
                "签名密钥是日志 {name} 的，GONGDAO_LOG_ORIGIN 却是 {asked}。"
                "日志的名称不能改：请改回去，或用那本日志的密钥。"
            ).format(name=key.origin, asked=asked)
        )
    return key


def next_key_path(path: Path) -> Path:
    """Where the key lies that will take the place of the one at ``path``."""
    return path.with_name(f"{path.name}.next")


def take_next_key(path: Path) -> None:
    """Let the new key take the place of the one at ``path``, durably; done twice, nothing
    happens. Only once the old one has signed its last checkpoint."""
    try:
        os.replace(next_key_path(path), path)
    except FileNotFoundError:
        return
    sync_folder(path.parent)


def create_key_file(path: Path, origin: str) -> None:
    """A new key for the log ``origin`` at ``path``, on disk; one that is there already stays."""
    _create_private(path, f"{CosignerKey.make(origin).text()}\n")


def _load_next(path: Path, key: LogKey) -> LogKey | None:
    text = _read_private(path)
    if text is None:
        return None
    found = _parse(text, str(path))
    if found.origin != key.origin:
        raise InputError(_("这是另一本日志的签名密钥"), file=str(path))
    return found


def _parse(text: str, place: str) -> LogKey:
    try:
        return LogKey(text)
    except BadNote:
        raise InputError(_("这不是日志的签名密钥"), file=place) from None


def _read_private(path: Path) -> str | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise InputError(
                _("别人也能读这个签名密钥"), file=str(path), hint=_("请运行 chmod 600。")
            )
        return file.read(4096).decode("utf-8", "replace")


def _create_private(path: Path, text: str) -> None:
    """Write ``text`` whole and on disk, 0600; when another process was faster, leave its file."""
    make_folder(path.parent)
    part = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
