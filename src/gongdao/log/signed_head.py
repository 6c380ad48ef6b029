"""What was signed last, outside the database: one file that only ever moves forward.

A database can be rolled back by restoring a backup; this file is in no backup. It holds the newest
signed checkpoint itself. It is replaced only by whoever knows what stands in it now, under a lock,
and the new one is on disk before anybody sees the signature.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from gongdao.core.durable import make_folder, sync_folder
from gongdao.log.errors import HeadMoved
from gongdao.log.file_lock import file_lock

Step = Callable[[str], None]
"""Called with the name of each step before it is taken: where tests stop a process."""


def no_step(name: str) -> None:
    """Nothing happens between steps."""


class SignedHeadFile:
    """The newest signed note at ``path``; the lock lies beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """The note, or None where nothing was signed yet on this machine."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def swap(self, *, expected: bytes | None, new: bytes, step: Step = no_step) -> None:
        """Put ``new`` in the place of ``expected`` (None: no file yet), durably. Raise HeadMoved
        where something else stands there, OSError where it cannot be written."""
        make_folder(self.path.parent)
        with file_lock(self.path.with_name(f"{self.path.name}.lock")):
            if self.read() != expected:
                raise HeadMoved
            part = self.path.with_name(f".{self.path.name}-{secrets.token_hex(4)}")
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(new)
                    file.flush()
                    os.fsync(file.fileno())
                step("rename head")
                os.replace(part, self.path)
            finally:
                part.unlink(missing_ok=True)
            step("sync head")
            sync_folder(self.path.parent)
