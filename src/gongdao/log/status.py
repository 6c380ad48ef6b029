"""How the log stands: for the operator, beside a running server. Changes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from gongdao.log.errors import LogRefused
from gongdao.log.integrate import connect, load_tree, take_lock
from gongdao.log.known_heads import check_heads, find_heads
from gongdao.log.log_key import LogKey
from gongdao.log.publish import PublishedFolder
from gongdao.log.queue_gate import is_closed
from gongdao.log.signed_head import SignedHeadFile

_COUNTS = """
SELECT (SELECT count(*) FROM log_pending), (SELECT count(*) FROM log_cosignature WHERE size = %s),
       (SELECT count(*) FROM log_anchor WHERE state = 'confirmed')
"""


@dataclass(frozen=True)
class LogStatus:
    """``size`` leaves in the database, ``signed`` of them under the newest signed checkpoint and
    ``published`` in the folder; ``waiting`` have no number yet. ``refused`` says why the log
    stands still, empty where it does not; ``running``: a sequencer is at work. ``closed``: so much
    waits that new leaves are refused."""

    origin: str
    size: int
    signed: int
    published: int
    waiting: int
    cosignatures: int
    anchors: int
    running: bool
    refused: str
    closed: bool


def get_status(
    *, database_url: str, head_file: SignedHeadFile, key: LogKey, folder: PublishedFolder
) -> LogStatus:
    """Look at everything that a sequencer would look at."""
    with closing(connect(database_url)) as connection:
        running = not take_lock(connection)
        size, refused, signed, published = 0, "", 0, 0
        try:
            size = load_tree(connection).size
            heads = find_heads(connection, file=head_file, key=key, published=folder.checkpoint())
            published = heads.published.size if heads.published else 0
            signed = max((head.size for head in heads.all()), default=0)
            check_heads(heads, connection, size=size, place=str(head_file.path))
        except LogRefused as error:
            refused = str(error)
        closed = is_closed(connection)
        row = connection.execute(_COUNTS, (signed,)).fetchone() or (0, 0, 0)
    return LogStatus(
        origin=key.origin,
        size=size,
        signed=signed,
        published=published,
        waiting=int(row[0]),
        cosignatures=int(row[1]),
        anchors=int(row[2]),
        running=running,
        refused=refused,
        closed=closed,
    )
