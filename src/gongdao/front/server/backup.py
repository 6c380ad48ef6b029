"""``gongdao backup``: database and blobs as they are at one moment, beside a running server.

Blobs are copied first, then the database, then the blobs that came meanwhile. A blob is stored
before its row and deleted after it, so every row of the dump has its blob in the backup, but for
one that came and was removed within the short while of the dump: those are noted. The marks of
erasure are copied last, so a case that was erased meanwhile does not come back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gongdao.casework.online.erasure_marks import marks_prefix
from gongdao.core.blobs import BlobStore, blob_name
from gongdao.core.envelope import MasterKeys
from gongdao.core.errors import BlobMissing, InputError
from gongdao.core.language import gettext as _
from gongdao.front.server.backup_archive import (
    BLOBS,
    DATABASE,
    Writer,
    check_members,
    members_of,
    opened_backup,
    read_manifest,
    written_whole,
)
from gongdao.front.server.backup_database import (
    Kept,
    Snapshot,
    check_there,
    dump,
    gone_since,
    hold_snapshot,
)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True)
class BackedUp:
    """A finished backup: what it holds, counted; ``lost`` are originals whose blob the store does
    not have although their row is there."""

    path: Path
    counts: dict[str, int]
    blobs: int
    size: int
    master_keys: tuple[str, ...]
    lost: int


@dataclass(frozen=True)
class Ground:
    """What a backup is made of, or restored to: database, blobs, and the keys to them."""

    database_url: str
    blobs: BlobStore
    masters: MasterKeys
    data_dir: Path


def back_up(
    *,
    ground: Ground,
    target: Path,
    at: datetime,
    version: str,
    replace: bool = False,
    progress: Progress | None = None,
) -> BackedUp:
    """Write a backup to ``target`` (``….tar``, or a new folder) and read it again to be sure. It
    has its name only when it is whole.

    Raises InputError where ``target`` is there already, ServerError or BlobStoreError where
    database or store are in trouble; then nothing is left behind.
    """
    target = target.absolute()
    if target.exists() and not replace:
        raise InputError(
            _("已经有这个文件或文件夹，没有覆盖"),
            file=str(target),
            hint=_("换个名字，或加上 --replace。"),
        )
    check_there(ground.database_url)
    say = progress or (lambda _what, _done, _all: None)
    with written_whole(target, replace=replace) as writer:
        _copy(ground, writer, say)
        with (
            tempfile.TemporaryDirectory(prefix="gongdao-", dir=target.parent) as folder,
            hold_snapshot(ground.database_url) as snapshot,
        ):
            say(_("导出数据库"), 0, 1)
            dumped = Path(folder) / DATABASE
            dump(ground.database_url, snapshot.name, dumped)
            with dumped.open("rb") as source:
                writer.add(DATABASE, source)
        _copy(ground, writer, say)
        _copy(ground, writer, say, prefix=marks_prefix())
        removed, lost = _missing(ground, writer, snapshot)
        _finish(ground, writer, snapshot, at, version, removed, lost)
        _verify(writer.place, ground.masters, say)
    return BackedUp(
        path=target,
        counts=snapshot.counts,
        blobs=len(writer.members) - 1,
        size=sum(member.size for member in writer.members.values()),
        master_keys=snapshot.master_keys,
        lost=len(lost),
    )


def _finish(
    ground: Ground,
    writer: Writer,
    snapshot: Snapshot,
    at: datetime,
    version: str,
    removed: Iterable[Kept],
    lost: Iterable[Kept],
) -> None:
    writer.finish(
        {
            "made_at": at.isoformat(timespec="seconds"),
            "gongdao": version,
            "postgresql": snapshot.server,
            "master_keys": list(snapshot.master_keys),
            "counts": snapshot.counts,
            "removed_meanwhile": sorted(str(one.id) for one in removed),
            "lost": sorted(str(one.id) for one in lost),
        },
        ground.masters,
    )


def _copy(ground: Ground, writer: Writer, say: Progress, *, prefix: str = "") -> None:
    """Every blob that is not in the backup yet; one that goes meanwhile is left out."""
    there = [name for name, _at in ground.blobs.names(prefix)]
    names = [name for name in there if f"{BLOBS}{name}" not in writer.members]
    for number, name in enumerate(names):
        say(_("复制文件"), number, len(names))
        try:
            with ground.blobs.open(name) as source:
                writer.add(f"{BLOBS}{name}", source)
        except BlobMissing:
            continue


def _missing(ground: Ground, writer: Writer, snapshot: Snapshot) -> tuple[list[Kept], list[Kept]]:
    """Originals of the dump without a blob: removed meanwhile, and lost by the store."""
    without = [
        one
        for one in snapshot.originals
        if f"{BLOBS}{blob_name(one.case_id, one.address)}" not in writer.members
    ]
    gone = gone_since(ground.database_url, [one.id for one in without]) if without else set()
    return [o for o in without if o.id in gone], [o for o in without if o.id not in gone]


def _verify(target: Path, masters: MasterKeys, say: Progress) -> None:
    """Read what was written, every byte."""
    with opened_backup(target) as source:
        members = members_of(read_manifest(source, target, masters))
        for number, _name in enumerate(check_members(source, members, target)):
            say(_("核对备份"), number, len(members))
