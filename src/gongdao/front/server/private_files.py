"""Small files for one reader: written whole, mode 0600, owned by the owner of their folder.

Root may work in a folder that belongs to somebody else; so links are not followed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Put ``text`` at ``path``, whole and durably."""
    new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    handle = _open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def open_log(path: Path, *, keep_bytes: int) -> int:
    """A handle to append to ``path``; what is longer than ``keep_bytes`` is put aside first."""
    if path.exists() and path.stat().st_size > keep_bytes:
        os.replace(path, path.with_name(f"{path.name}.1"))
    return _open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def take_lock(path: Path, *, patience: float = 0) -> int | None:
    """A handle that holds the lock ``path`` until it is closed or its process ends.

    None if another process still holds it after ``patience`` seconds. The handle is not inherited
    by programs that this process starts.
    """
    handle = _open(path, os.O_RDWR | os.O_CREAT)
    give_up = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    os.close(handle)
                    return None
            time.sleep(0.02)
    except BaseException:
        os.close(handle)
        raise


def _open(path: Path, flags: int) -> int:
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle
