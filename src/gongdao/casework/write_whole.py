"""Write a file of a case whole or not at all, and one process at a time.

Ctrl-C, a full disk or a second process must never leave half a case.toml behind.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, data: str | bytes) -> None:
    """Put ``data`` (text as UTF-8) at ``path``: written beside it first, then renamed over it.

    A file that is there keeps its permissions; a link is written through, not replaced. Raises
    OSError where the folder cannot be written.
    """
    path = path.resolve()
    raw = data.encode("utf-8") if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".write-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the case folder ``root`` for writing; a second process waits until it is free.

    The lock goes with the process: nothing is left behind if it dies. File systems without locks
    are used without one.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network share that knows no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
