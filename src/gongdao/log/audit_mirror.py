"""The auditor's view of a log's files: from the mirror if they lie there, else from the source.

What comes from the mirror is checked like everything else; if it does not hold, it is fetched anew,
for then our own disk is at fault and not the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.log.audit_leaves import Bundle, Fault, Records, check_bundles
from gongdao.log.audit_source import MOST_BUNDLE_BYTES, TILE_BYTES, FolderLog, LogSource
from gongdao.log.audit_state import AuditFolder
from gongdao_verify.merkle import HASH_BYTES, BadProof
from gongdao_verify.tlog_tiles import (
    TILE_WIDTH,
    full_tiles,
    join_bundle,
    partial_width,
    split_bundle,
    tile_path,
    width_at,
)
from gongdao_verify.tree_reader import MissingTile, TreeReader

_TILE_HEIGHT = 8
T = TypeVar("T")


class BadLog(Exception):
    """The log is at fault; ``fault`` says where and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.rule}: {fault.path}")
        self.fault = fault


@dataclass
class MirroredTree:
    """The tree of ``size`` leaves under ``root``, a few bundles at a time.

    Upper tiles are few and come from the source, checked against the root by TreeReader; they are
    kept until they were checked, and then go into the mirror.
    """

    folder: AuditFolder
    source: LogSource
    size: int
    root: bytes
    _upper: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._mirror = FolderLog(self.folder.mirror)
        self._reader = self._new_reader()

    def check_edge(self) -> None:
        """Check that the tiles at the right edge make the root; BadLog if they do not."""
        self._checked(self._reader.root)
        self._keep_upper()

    def consistency_path(self, old: int) -> list[bytes]:
        """The proof that the tree of ``old`` leaves is the beginning of this one; BadLog."""
        return self._checked(lambda: self._reader.consistency_path(old))

    def expected(self, n: int) -> tuple[bytes | None, bytes]:
        """For bundle ``n``: what its full tile must hash to, or (None and) the partial tile."""
        if n < full_tiles(self.size, 0):
            return self._checked(lambda: self._reader.hash_at(_TILE_HEIGHT, n)), b""
        first, width = n * TILE_WIDTH, partial_width(self.size, 0)
        leaves = range(first, first + width)
        row = self._checked(lambda: [self._reader.hash_at(0, leaf) for leaf in leaves])
        return None, b"".join(row)

    def forget_upper(self) -> None:
        """Put the upper tiles read so far into the mirror, and read on with empty hands."""
        self._keep_upper()
        self._reader = self._new_reader()

    def fetch(self, n: int, root: bytes | None, tile: bytes, since: int) -> tuple[Bundle, int]:
        """Bundle ``n`` for checking, and how many of its two files came from the mirror."""
        width = width_at(self.size, None, n)
        data, ours = self._read(tile_path(None, n, width), MOST_BUNDLE_BYTES)
        too = False
        if root is not None:
            tile, too = self._read(tile_path(0, n), TILE_BYTES)
        return Bundle(n, data, tile, root, since), ours + too

    def fetch_again(self, bundle: Bundle) -> Bundle:
        """The bundle from the source alone."""
        width = width_at(self.size, None, bundle.n)
        data = self._from_source(tile_path(None, bundle.n, width), MOST_BUNDLE_BYTES)
        tile = bundle.tile
        if bundle.root is not None:
            tile = self._from_source(tile_path(0, bundle.n), TILE_BYTES)
        return Bundle(bundle.n, data, tile, bundle.root, bundle.since)

    def keep(self, bundle: Bundle) -> None:
        """Put a checked bundle and its tile into the mirror."""
        for level, data in ((None, bundle.data), (0, bundle.tile)):
            self.folder.put(tile_path(level, bundle.n, bundle.width), data)

    def recheck(self, bundles: list[Bundle]) -> tuple[list[Bundle], Records | Fault]:
        """Fetch ``bundles``, some of which came from the mirror and did not hold, once more."""
        fresh = [self.fetch_again(bundle) for bundle in bundles]
        return fresh, check_bundles(fresh)

    def entry(self, index: int) -> bytes:
        """The leaf's bytes, which were checked before."""
        n, place = divmod(index, TILE_WIDTH)
        width = width_at(self.size, None, n)
        return split_bundle(self._read(tile_path(None, n, width), MOST_BUNDLE_BYTES)[0])[place]

    def _read(self, path: str, limit: int) -> tuple[bytes, bool]:
        try:
            return self._mirror.read(path, limit=limit), True
        except (MissingTile, InputError):
            return self._from_source(path, limit), False

    def _from_source(self, path: str, limit: int) -> bytes:
        """The file; a partial one that is gone is cut from the full one (c2sp.org/tlog-tiles)."""
        try:
            return self.source.read(path, limit=limit)
        except MissingTile:
            whole, partial, width = path.partition(".p/")
            if not partial:
                raise _missing(self.source, path) from None
        try:
            data = self.source.read(whole, limit=limit)
        except MissingTile:
            raise _missing(self.source, path) from None
        if whole.startswith("tile/entries/"):
            try:
                return join_bundle(split_bundle(data)[: int(width)])
            except ValueError as error:
                raise BadLog(Fault("bundle", whole, detail=str(error))) from None
        return data[: int(width) * HASH_BYTES]

    def _new_reader(self) -> TreeReader:
        return TreeReader(self._read_upper, self.size, self.root)

    def _read_upper(self, path: str) -> bytes:
        found = self._upper.get(path)
        if found is None:
            found = self._upper[path] = self._from_source(path, TILE_BYTES)
        return found

    def _keep_upper(self) -> None:
        for path, data in self._upper.items():
            self.folder.put(path, data)
        self._upper.clear()

    @staticmethod
    def _checked(ask: Callable[[], T]) -> T:
        """What ``ask`` answers; BadLog where the tiles do not hold together."""
        try:
            return ask()
        except BadProof as bad:
            text = str(bad)
            path = text.partition(" ")[0] if text.startswith("tile/") else "tile"
            raise BadLog(Fault("tile", path, detail=text.removeprefix(path).strip())) from None


def _missing(source: LogSource, path: str) -> InputError:
    return InputError(_("检查点说有这个文件，服务器却没有"), file=f"{source.name}/{path}")
