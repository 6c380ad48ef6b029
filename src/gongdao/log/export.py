"""``gongdao log export``: the published log out of the database, as plain files, into any folder.

The folder may hold an earlier export, or one that was stopped: only what it lacks is written, and
the checkpoint last, so that whoever reads meanwhile sees the old log or the new one, never half.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.check_head import leads_to
from gongdao.log.errors import LeafNotCovered
from gongdao.log.integrate import Connection, connect, source_over
from gongdao.log.log_key import SignedHead
from gongdao.log.publish import PublishedFolder, tiles_between
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.signed_note import BadNote, parse_note
from gongdao_verify.tlog_tiles import TILE_WIDTH, Tile

_AT_ONCE = 64
_NEWEST = "SELECT size, root, note FROM log_checkpoint ORDER BY size DESC LIMIT 1"
_LINES = "SELECT line FROM log_cosignature WHERE size = %s ORDER BY id"

Progress = Callable[[int], None]
"""Called with how many files have been written."""


def export(*, database_url: str, folder: Path, progress: Progress | None = None) -> int:
    """Write everything that the newest checkpoint covers to ``folder``; its size.

    Raise InputError where the folder holds another log, LeafNotCovered where nothing is signed yet.
    """
    with closing(connect(database_url)) as connection:
        row = connection.execute(_NEWEST).fetchone()
        if row is None:
            raise LeafNotCovered
        size, note = int(row[0]), str(row[2])
        target, source = PublishedFolder(folder), source_over(connection)
        old = _exported(target, connection, note, size)
        wanted = (one for one in tiles_between(old, size) if not _is_there(folder, one))
        done = 0
        while tiles := list(islice(wanted, _AT_ONCE)):
            target.put_tiles([(one.path(), source(one.path())) for one in tiles])
            done += len(tiles)
            if progress is not None:
                progress(done)
        lines = (str(found[0]) for found in connection.execute(_LINES, (size,)))
        target.put_checkpoint("".join((note, *(f"{line}\n" for line in lines))).encode())
    return size


def _exported(target: PublishedFolder, connection: Connection, note: str, size: int) -> int:
    """For how many leaves the folder is complete; raise InputError where it is another log's."""
    published = target.checkpoint()
    if published is None:
        return 0
    try:
        old = Checkpoint.parse(parse_note(published).text)
        ours = Checkpoint.parse(parse_note(note.encode()).text)
        head = SignedHead(old.size, old.root, published)
        if (
            old.origin == ours.origin
            and old.size <= size
            and leads_to(source_over(connection), head)
        ):
            return old.size
    except BadNote:
        pass
    raise InputError(
        _("这个文件夹里是另一本日志，或者比数据库新"),
        file=str(target.folder),
        hint=_("请换一个空文件夹。"),
    )


def _is_there(folder: Path, tile: Tile) -> bool:
    """A file has its name only when it is whole; partial tiles are few and written again."""
    return tile.width == TILE_WIDTH and (folder / tile.path()).is_file()
