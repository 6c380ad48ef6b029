"""A cosigner's key: what a witness or auditor signs checkpoints with (c2sp.org/tlog-cosignature).

Kept as Go's "skey" text, one line, mode 0600. A cosigner must never say two things that do not
agree, and what it said before stands in its state folder. So a key is tied to one folder: with
another, or an emptied one, it is refused, and a new key must be made.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.file_lock import file_lock
from gongdao_verify.signed_note import (
    COSIGNATURE,
    ED25519,
    BadNote,
    VerifierKey,
    cosigned_bytes,
    decode_base64,
    encode_base64,
    is_key_name,
    make_key_id,
    signature_line,
)

_LONGEST_FILE = 4096
_LATEST_TIME = (1 << 63) - 1
_SEED_BYTES = 32


@dataclass(frozen=True)
class CosignerKey:
    """An Ed25519 key under the name of its cosigner."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def make(cls, name: str) -> CosignerKey:
        """A new key; BadNote if ``name`` cannot name one."""
        if not is_key_name(name):
            raise BadNote("not a name for a key")
        return cls(name, secrets.token_bytes(_SEED_BYTES))

    @classmethod
    def parse(cls, skey: str) -> CosignerKey:
        """Read ``PRIVATE+KEY+NAME+KEYID+BASE64``; BadNote if it is malformed."""
        head, _plus, rest = skey.strip().partition("+KEY+")
        name, _plus, rest = rest.partition("+")
        digits, _plus, body = rest.partition("+")
        data = decode_base64(body)
        if head != "PRIVATE" or not is_key_name(name) or len(data) != 1 + _SEED_BYTES:
            raise BadNote("not a signing key")
        key = cls(name, data[1:])
        if data[0] != ED25519 or digits != make_key_id(name, ED25519, key._public()).hex():
            raise BadNote("not a signing key")
        return key

    def text(self) -> str:
        """The secret line that `parse` reads."""
        digits = make_key_id(self.name, ED25519, self._public()).hex()
        return f"PRIVATE+KEY+{self.name}+{digits}+{encode_base64(bytes([ED25519]) + self.seed)}"

    def verifier(self) -> VerifierKey:
        """The public key of the cosignatures, as a policy names it."""
        public = self._public()
        key_id = make_key_id(self.name, COSIGNATURE, public)
        return VerifierKey(self.name, key_id, COSIGNATURE, public)

    def cosign(self, text: str, *, at: int) -> str:
        """The signature line (without its line feed) over the checkpoint ``text``, at ``at``
        seconds since 1970."""
        if not 0 < at <= _LATEST_TIME:
            raise ValueError("not a time to sign at")
        signature = self._private().sign(cosigned_bytes(text, at))
        return signature_line(self.name, self.verifier().key_id, at.to_bytes(8, "big") + signature)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def _public(self) -> bytes:
        return self._private().public_key().public_bytes_raw()


def open_cosigner_key(*, path: Path, state: Path, name: str | None) -> CosignerKey:
    """The key at ``path``, made under ``name`` where there is none, tied to the folder ``state``.

    InputError: it cannot be read, is named otherwise, or was used with another state folder.
    """
    make_folder(state)
    with file_lock(state / "key.lock"):
        key = _read_key(path) if path.exists() else _make_key(path, name)
        if name is not None and name != key.name:
            raise InputError(
                _("这把密钥的名字是 {name}").format(name=key.name), file=str(path), field="--name"
            )
        _tie(path, state)
    return key


def _read_key(path: Path) -> CosignerKey:
    with path.open("rb") as file:
        data = file.read(_LONGEST_FILE)
    try:
        return CosignerKey.parse(data.decode("utf-8"))
    except (BadNote, UnicodeDecodeError):
        raise InputError(_("这个文件不是签名密钥"), file=str(path)) from None


def _make_key(path: Path, name: str | None) -> CosignerKey:
    if name is None:
        raise InputError(
            _("还没有密钥，要给它起一个名字"),
            file=str(path),
            field="--name",
            hint=_("写成不带 https:// 的地址，例如 witness.example.org/w1。"),
        )
    try:
        key = CosignerKey.make(name)
    except BadNote:
        raise InputError(
            _("密钥的名字里不能有空格和加号"), file=str(path), field="--name"
        ) from None
    make_folder(path.parent)
    _write_new(path, f"{key.text()}\n")
    return key


def _tie(path: Path, state: Path) -> None:
    """Let ``path`` and ``state`` know each other; InputError where they know others."""
    mine, theirs = path.with_name(f"{path.name}.state"), state / "key.state"
    tie = _read_tie(theirs)
    if tie is None:
        tie = secrets.token_hex(16)
        if mine.exists():
            raise InputError(
                _("这把密钥签过的检查点不在文件夹 {folder} 里").format(folder=state),
                file=str(path),
                hint=_("找回原来的文件夹；找不回来就换一把新密钥，旧的不能再用。"),
            )
        # The key learns first: a tie that only the key knows is refused, never trusted.
        _write_new(mine, f"{tie}\n")
        _write_new(theirs, f"{tie}\n")
    elif _read_tie(mine) != tie:
        raise InputError(
            _("文件夹 {folder} 属于另一把密钥").format(folder=state),
            file=str(path),
            hint=_("一把密钥只配一个文件夹。"),
        )


def _read_tie(path: Path) -> str | None:
    try:
        return path.read_text("ascii")[:64].strip()
    except FileNotFoundError:
        return None


def _write_new(path: Path, text: str) -> None:
    """Make ``path`` for the owner alone, whole and durably; FileExistsError if it is there."""
    new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(new, path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)
