"""Whether a database may be continued: it must hold everything that was ever signed.

What was signed is known from three places: the file beside the database, the database's own
checkpoints, and the published folder. The newest of them counts, and the database must lead to each
of them. Pure but for reading tiles.
"""

from __future__ import annotations

from collections.abc import Iterable

from gongdao.log.errors import LogForked, LogRolledBack
from gongdao.log.log_key import SignedHead
from gongdao_verify.merkle import BadProof, check_consistency
from gongdao_verify.tree_reader import TileSource, TreeReader


def newest_head(heads: Iterable[SignedHead | None]) -> SignedHead | None:
    """The newest of what is known to be signed; None where nothing was signed yet.

    Raise LogForked, with both notes, where two of one size have different roots.
    """
    found: dict[int, SignedHead] = {}
    for head in heads:
        if head is None:
            continue
        other = found.setdefault(head.size, head)
        if other.root != head.root:
            notes = (other.note.decode(), head.note.decode())
            raise LogForked(size=head.size, notes=notes)
    return max(found.values(), key=lambda head: head.size, default=None)


def check_holds(source: TileSource, *, size: int, head: SignedHead) -> None:
    """Raise unless the tree of ``size`` leaves in ``source`` begins with what ``head`` says:
    LogRolledBack where it is smaller, LogForked where it is another."""
    if size < head.size:
        raise LogRolledBack(size=size, signed=head.size)
    if not leads_to(source, head):
        raise LogForked(size=head.size, notes=(head.note.decode(),))


def leads_to(source: TileSource, head: SignedHead) -> bool:
    """Whether the tiles at the size of ``head`` make its root."""
    try:
        return TreeReader(source, head.size).root() == head.root
    except (BadProof, LookupError, FileNotFoundError):
        return False


def check_growth(source: TileSource, *, old: SignedHead | None, size: int, root: bytes) -> None:
    """Before signing: the stored tiles make ``root`` at ``size``, and continue ``old``. Raise
    LogForked otherwise; nothing is taken from memory."""
    try:
        reader = TreeReader(source, size, root)
        reader.root()
        if old is not None and old.size:
            check_consistency(
                old_size=old.size,
                old_root=old.root,
                new_size=size,
                new_root=root,
                path=reader.consistency_path(old.size),
            )
    except (BadProof, LookupError):
        notes = () if old is None else (old.note.decode(),)
        raise LogForked(size=size, notes=notes) from None
