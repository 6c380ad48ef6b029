"""``gongdao restore``: a backup brought back, checked before anything is touched.

Blobs go in first: they have names of their own and harm nothing. Then the database, in one
transaction. Then, in a process of its own with this version's code: its form is brought up to
date, stock is taken off sale until the log is replayed, cases that were erased since are erased
again, blobs of no case go, every original is opened, interrupted jobs go back to their queue.
Stopped at any point, it is simply run again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gongdao.casework.online.erasure_marks import is_mark
from gongdao.core.durable import make_folder, sync_folder
from gongdao.core.errors import InputError, ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.backup import Ground, Progress
from gongdao.front.server.backup_archive import (
    BLOBS,
    DATABASE,
    Source,
    check_members,
    members_of,
    opened_backup,
    read_manifest,
)
from gongdao.front.server.backup_database import check_free, holds_data, load
from gongdao.front.server.private_files import write_private

_UNFINISHED = "restoring.json"
_MODULE = "gongdao.front.server.after_restore"


@dataclass(frozen=True)
class Restored:
    """What is there after a restore: counts as the backup says, and what was done besides.
    ``unopened`` are originals that the store lacks or that do not open, ``waiting`` batches of
    secrets that are not sold before the public log has told what was sold since the backup."""

    made_at: str
    counts: dict[str, int]
    blobs: int
    erased_again: int
    removed: int
    requeued: int
    opened: int
    unopened: int
    waiting: int


def restore(
    *,
    ground: Ground,
    path: Path,
    environment: Mapping[str, str],
    replace: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Bring the backup at ``path`` back. ``environment`` is that of a server on the same ground.

    Raises InputError where the backup is broken, the master key is another, or data are there
    already and ``replace`` is False: then nothing was touched. ServerError or BlobStoreError: run
    it again once the trouble is over.
    """
    path = path.absolute()
    say = progress or (lambda _what, _done, _all: None)
    with opened_backup(path) as source:
        manifest = read_manifest(source, path, ground.masters)
        members = members_of(manifest)
        for number, _name in enumerate(check_members(source, members, path)):
            say(_("核对备份"), number, len(members))
        check_free(ground.database_url)
        _check_place(ground, manifest, replace=replace)
        _begin(ground, manifest)
        blobs = _put_blobs(ground, source, members, say)
        say(_("恢复数据库"), 0, 1)
        _load_database(ground, source)
    say(_("检查每一份材料"), 0, 1)
    done = _settle(manifest, environment)
    _end(ground)
    return Restored(made_at=manifest["made_at"], counts=manifest["counts"], blobs=blobs, **done)


def _put_blobs(ground: Ground, source: Source, members: Iterable[str], say: Progress) -> int:
    """Every blob of the backup into the store; how many."""
    names = [name.removeprefix(BLOBS) for name in members if name.startswith(BLOBS)]
    for number, name in enumerate(names):
        say(_("放回文件"), number, len(names))
        with source.open(f"{BLOBS}{name}") as blob:
            ground.blobs.put(name, blob)
    return len(names)


def _check_place(ground: Ground, manifest: Mapping[str, Any], *, replace: bool) -> None:
    """Raise InputError where something would be lost that nobody asked to replace. A restore of
    the same backup that was stopped may go on."""
    if holds_data(ground.database_url) or _holds_blobs(ground):
        if replace or _unfinished(ground) == _name(manifest):
            return
        raise InputError(
            _("这里已经有案件或文件，没有改动。"),
            hint=_("确定要用备份替换它们，就加上 --replace；最好先备份一次现在的。"),
        )


def _holds_blobs(ground: Ground) -> bool:
    return any(not is_mark(name) for name, _at in ground.blobs.names(""))


def _name(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['made_at']} {manifest['members'][DATABASE][1]}"


def _unfinished(ground: Ground) -> str:
    """Which backup a restore was stopped in, empty where none was."""
    try:
        return str(json.loads((ground.data_dir / _UNFINISHED).read_text("utf-8"))["backup"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""


def _begin(ground: Ground, manifest: Mapping[str, Any]) -> None:
    make_folder(ground.data_dir)
    write_private(ground.data_dir / _UNFINISHED, json.dumps({"backup": _name(manifest)}))
    sync_folder(ground.data_dir)


def _end(ground: Ground) -> None:
    (ground.data_dir / _UNFINISHED).unlink(missing_ok=True)
    sync_folder(ground.data_dir)


def _load_database(ground: Ground, source: Source) -> None:
    with tempfile.TemporaryDirectory(prefix="gongdao-", dir=ground.data_dir) as folder:
        dumped = Path(folder) / DATABASE
        with source.open(DATABASE) as inside, dumped.open("xb") as outside:
            shutil.copyfileobj(inside, outside, 1 << 20)
        load(ground.database_url, dumped)


def _settle(manifest: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, int]:
    """What needs the program itself, in a process of its own: counts of what was done."""
    asked = json.dumps({"removed": manifest["removed_meanwhile"]})
    done = subprocess.run(
        [sys.executable, "-m", _MODULE],
        input=asked,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split()[-60:])[-400:]
        raise ServerError(_("数据已经放回，最后的检查没有做完：{reason}").format(reason=reason))
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
