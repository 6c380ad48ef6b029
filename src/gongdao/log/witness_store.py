"""What a witness cosigned last, one file for each log, and the one act that changes it.

    STATE/witness/<SHA-256 of the origin>/checkpoint   the last cosigned note; what GET shows
    STATE/witness/<SHA-256 of the origin>/lock
    STATE/forks/<…>.txt                                two notes that no log may sign both

Looking at the last size, judging, signing and keeping happen under one lock, and the answer leaves
after the note is on disk: whatever ends the process, no cosignature is out that a later one could
contradict. A file that is damaged is refused, never taken for none.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.file_lock import file_lock
from gongdao.log.signed_head import Step, no_step
from gongdao.log.witness import (
    Answer,
    Cosigned,
    Request,
    join_cosigned,
    judge_request,
    origin_name,
)
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import BadNote, join_note, parse_note, verify_note

MOST_FORKS = 64
"""Two roots for one size prove the fault once; a log that goes on must not fill the disk."""
_LONGEST_NOTE = 1 << 20


def add_checkpoint(
    *, state: Path, key: CosignerKey, request: Request, at: int, step: Step = no_step
) -> Answer:
    """Judge ``request`` at ``at`` (seconds since 1970), cosign and keep it if it may be.

    OSError: it could not be kept; nothing was cosigned. InputError: what was kept is damaged.
    """
    folder = state / "witness" / origin_name(request.checkpoint.origin)
    make_folder(folder)
    with file_lock(folder / "lock"):
        last, kept = _read_last(folder, key)
        refused = judge_request(request, last, at=at)
        step("sign")
        if refused is None:
            line = key.cosign(request.text, at=at)
            _write_durably(folder / "checkpoint", join_cosigned(request, line), step)
            step("answer")
            return Answer(200, f"{line}\n".encode())
    if refused.fork:
        _keep_fork(state, kept, request)
    return refused.answer


def read_checkpoint(*, state: Path, name: str) -> bytes | None:
    """The last cosigned note of the log ``name`` (64 hex digits), or None."""
    if len(name) != 64 or name.strip("0123456789abcdef"):
        return None
    return _read(state / "witness" / name / "checkpoint")


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_NOTE)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read_last(folder: Path, key: CosignerKey) -> tuple[Cosigned | None, bytes]:
    """What was cosigned last, and its note; our own cosignature in it shows that it is whole."""
    data = _read(folder / "checkpoint")
    if data is None:
        return None, b""
    try:
        note = parse_note(data)
        held = verify_note(note, [key.verifier()])
        checkpoint = Checkpoint.parse(note.text)
    except BadNote:
        held = ()
    if not held or held[0].at is None or origin_name(checkpoint.origin) != folder.name:
        raise InputError(
            _("见证方记下的检查点坏了，不能再签"),
            file=str(folder / "checkpoint"),
            hint=_("不要删除它。换一把新密钥和一个新文件夹。"),
        )
    return Cosigned(checkpoint.size, checkpoint.root, held[0].at), data


def _write_durably(path: Path, data: bytes, step: Step) -> None:
    """Replace ``path``; it is on disk, or as it was, whatever happens."""
    new = path.with_name(".new")  # under the lock there is one writer
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        step("write")
        file.write(data)
        file.flush()
        step("sync")
        os.fsync(file.fileno())
    step("rename")
    os.replace(new, path)
    step("sync folder")
    sync_folder(path.parent)


def _keep_fork(state: Path, kept: bytes, request: Request) -> None:
    """Put both notes away for people: together they prove that the log signed two histories."""
    folder = state / "forks"
    make_folder(folder)
    other = join_note(request.text, request.lines)
    digest = hashlib.sha256(request.text.encode()).hexdigest()
    path = folder / f"{origin_name(request.checkpoint.origin)}-{digest[:16]}.txt"
    if not path.exists() and sum(1 for _one in folder.iterdir()) < MOST_FORKS:
        new = folder / f".{secrets.token_hex(8)}"
        new.write_bytes(kept + b"\n" + other)
        os.replace(new, path)
