"""Where this process lays files in the clear: a folder of its own below the scratch folder.

Whoever has a folder there holds a lock on it, which the operating system takes away when the
process ends, however it ends. So the next process that starts can tell what a killed one left
behind from what somebody works with, and removes it before it does anything itself.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from gongdao.front.stores import get_settings

_PREFIX, _LOCK = "process-", ".lock"
_turn = threading.Lock()
_own: list[tuple[Path, int]] = []
"""The folder of this process and the handle that holds its lock, once it has one."""


def own_scratch() -> Path:
    """The folder of this process, made when it is first asked for; what dead processes left is
    removed then."""
    with _turn:
        if _own and _own[0][0].is_dir():
            return _own[0][0]
        _own[:] = [_take(get_settings().scratch)]
        return _own[0][0]


class OwnScratch(os.PathLike[str]):
    """The folder of this process as a setting, which is looked at long before it is needed."""

    def __fspath__(self) -> str:
        """Its path."""
        return str(own_scratch())


def sweep_scratch(*, ground: Path, before: datetime) -> int:
    """Remove what dead processes left below ``ground`` and, of all the rest, what was last written
    before ``before``: a file that still comes in is written all the time, and a private folder is
    younger than the longest job. Return how many entries went."""
    with _locked(ground):
        return _sweep(ground, before)


def _take(ground: Path) -> tuple[Path, int]:
    """Sweep, make a folder and lock it. All that under the lock of ``ground``, so that nobody takes
    the new folder for one whose owner died."""
    with _locked(ground):
        _sweep(ground, None)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=ground))
        handle = _lock(folder, create=True)
        assert handle is not None  # nobody else knows of it yet
    atexit.register(_let_go, os.getpid(), folder)
    return folder, handle


@contextmanager
def _locked(ground: Path) -> Iterator[None]:
    """While one sweeps, the others wait: it takes milliseconds."""
    handle = os.open(ground / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(folder: Path, *, create: bool = False) -> int | None:
    """A handle that holds the lock of a process's folder, None where somebody else does. Raises
    FileNotFoundError where the folder has none."""
    more = os.O_CREAT if create else 0
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | more, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _is_held(folder: Path) -> bool:
    """Whether a living process works in it; one of another user counts as living."""
    try:
        handle = _lock(folder)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    if handle is not None:
        os.close(handle)
    return handle is None


def _sweep(ground: Path, before: datetime | None) -> int:
    swept = 0
    for path in list(ground.iterdir()):
        if path.name.startswith(_PREFIX) and path.is_dir() and not path.is_symlink():
            swept += _sweep_old(path, before) if _is_held(path) else _remove(path)
        elif _is_old(path, before):
            swept += _remove(path)
    return swept


def _sweep_old(folder: Path, before: datetime | None) -> int:
    """What a living process forgot."""
    with suppress(PermissionError):  # another user's
        return sum(_remove(path) for path in list(folder.iterdir()) if _is_old(path, before))
    return 0


def _is_old(path: Path, before: datetime | None) -> bool:
    if before is None or path.name == _LOCK:
        return False
    with suppress(FileNotFoundError):  # its owner was quicker
        return path.lstat().st_mtime < before.timestamp()
    return False


def _remove(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError, PermissionError):
            path.unlink()
    return 1


def _let_go(owner: int, folder: Path) -> None:
    """At the end of the process that made it, not of a fork of it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
