"""The auditor's way through all leaves: fetched ahead, checked in other processes, kept in order.

What is in memory at once is bounded: a few segments on their way, and records up to some megabytes
before they become a run on disk.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from gongdao.log.audit_leaves import Bundle, Fault, Records, begin_worker, check_bundles
from gongdao.log.audit_mirror import BadLog, MirroredTree
from gongdao.log.audit_runs import RunWriter
from gongdao.log.audit_source import LogSource
from gongdao.log.audit_state import AuditFolder
from gongdao_verify.tlog_tiles import TILE_WIDTH

Say = Callable[[int, int], None]
"""Called with how many leaves are done, and how many there are."""

_SEGMENT = 8
"""Bundles that are fetched and checked together: 2,048 leaves, about 0.8 MB."""
_FETCHERS = 16
_AHEAD = 24
"""Segments on their way at once."""
_RUN_BYTES = 8 << 20
_FORGET_AFTER = 128
"""Segments after which upper tiles in memory are let go."""
_ALONE_BELOW = 8 * _SEGMENT * TILE_WIDTH
"""Fewer leaves than this are not worth a process."""


@dataclass(frozen=True)
class _Fetched:
    bundles: list[Bundle]
    ours: list[int]
    """How many of the two files of each bundle came from the mirror."""


def walk_leaves(*, tree: MirroredTree, folder: AuditFolder, jobs: int, progress: Say) -> None:
    """Check every leaf from where ``folder`` is up to the end of ``tree``, in tile and in form, and
    keep its record. Saves as it goes. Raise BadLog at the first fault."""
    start, size = folder.progress.position, tree.size
    if start >= size:
        return
    buffer = _Buffer(folder)
    with _checkers(jobs if size - start > _ALONE_BELOW else 1) as checkers:
        for last, records in _check_in_order(tree, start, checkers):
            buffer.add(records, position=min((last + 1) * TILE_WIDTH, size))
            progress(buffer.position - start, size - start)
    buffer.flush()


def _check_in_order(
    tree: MirroredTree, start: int, checkers: Executor | None
) -> Iterator[tuple[int, Records]]:
    """(number of the last bundle, records) of each segment, checked and in the mirror."""
    first, last = start // TILE_WIDTH, (tree.size - 1) // TILE_WIDTH
    segments = iter(range(first, last + 1, _SEGMENT))
    fetching: deque[tuple[range, Future[_Fetched]]] = deque()
    checking: deque[tuple[range, _Fetched, Future[Records | Fault]]] = deque()
    done = 0
    with ThreadPoolExecutor(_FETCHERS) as fetchers, _cancelling(tree.source, fetching, checking):
        while True:
            while (
                len(fetching) + len(checking) < _AHEAD and (at := next(segments, None)) is not None
            ):
                numbers = range(at, min(at + _SEGMENT, last + 1))
                expected = [tree.expected(n) for n in numbers]
                fetching.append((numbers, fetchers.submit(_fetch, tree, numbers, expected, start)))
            while fetching and (_has_come(fetching[0][1]) or not checking):
                numbers, fetched = fetching.popleft()
                checking.append((numbers, fetched.result(), _check(checkers, fetched.result())))
            if not checking:
                return
            numbers, given, found = checking.popleft()
            yield numbers[-1], _settle(tree, given, found.result())
            done += 1
            if done % _FORGET_AFTER == 0:
                tree.forget_upper()


def _has_come(fetched: Future[_Fetched]) -> bool:
    """Whether it can be checked. One that failed waits until all before it are in the mirror."""
    return fetched.done() and not fetched.exception()


def _fetch(
    tree: MirroredTree,
    numbers: range,
    expected: Sequence[tuple[bytes | None, bytes]],
    since: int,
) -> _Fetched:
    found = [
        tree.fetch(n, root, tile, since) for n, (root, tile) in zip(numbers, expected, strict=True)
    ]
    return _Fetched([bundle for bundle, _ours in found], [ours for _bundle, ours in found])


def _check(checkers: Executor | None, fetched: _Fetched) -> Future[Records | Fault]:
    if checkers is not None:
        return checkers.submit(check_bundles, fetched.bundles)
    done: Future[Records | Fault] = Future()
    done.set_result(check_bundles(fetched.bundles))
    return done


def _settle(tree: MirroredTree, fetched: _Fetched, found: Records | Fault) -> Records:
    """The records; what is new goes into the mirror. Raise BadLog for a fault of the log."""
    bundles, ours = fetched.bundles, fetched.ours
    if isinstance(found, Fault) and any(ours):
        bundles, found = tree.recheck(bundles)
        ours = [0] * len(bundles)
    if isinstance(found, Fault):
        raise BadLog(found)
    for bundle, files in zip(bundles, ours, strict=True):
        if files < 2:
            tree.keep(bundle)
    return found


class _Buffer:
    """Records in memory until they are worth a file."""

    def __init__(self, folder: AuditFolder) -> None:
        self._folder, self.position = folder, folder.progress.position
        self._parts: dict[int, bytearray] = {}
        self._bytes = 0

    def add(self, records: Records, *, position: int) -> None:
        """Take ``records``; all leaves below ``position`` have theirs now."""
        for part, data in records.items():
            self._parts.setdefault(part, bytearray()).extend(data)
            self._bytes += len(data)
        self.position = position
        if self._bytes >= _RUN_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write a run, and remember how far we are."""
        if self._parts:
            path = self._folder.new_run()
            with RunWriter(path) as writer:
                for part in sorted(self._parts):
                    writer.add(part, bytes(self._parts[part]))
            leaves = (*self._folder.progress.leaves, path.name)
            self._folder.remember(leaves=leaves, position=self.position)
            self._parts, self._bytes = {}, 0


@contextmanager
def _checkers(jobs: int) -> Iterator[Executor | None]:
    """Processes to check in; None: this one."""
    if jobs < 2:
        yield None
        return
    with ExitStack() as stack:
        pool = ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), initializer=begin_worker
        )
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        yield pool


@contextmanager
def _cancelling(source: LogSource, *queues: deque[Any]) -> Iterator[None]:
    """When something fails, or somebody presses Ctrl-C, nobody waits for what was asked for."""
    try:
        yield
    except BaseException:
        for queue in queues:
            for one in queue:
                one[-1].cancel()
        source.close()
        raise
