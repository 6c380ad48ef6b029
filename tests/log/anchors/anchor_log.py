"""A log in the tests' database that grows by hand, and an anchor that does as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from tests.log.log_kit import STORES, sealed
from tests.log.small_log import make_keys

from gongdao.log.anchors.port import (
    AnchorCheck,
    AnchorDelayed,
    AnchorRefused,
    AnchorState,
    Receipt,
)
from gongdao.log.anchors.problems import Problem
from gongdao.log.append import append_leaves
from gongdao.log.models import LogAnchor, LogCheckpoint, LogEntry
from gongdao.log.new_leaf import NewLeaf
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.leaf_form import LOG_SUBJECT
from gongdao_verify.merkle import Edge, leaf_hash
from gongdao_verify.signed_note import join_note, signature_line

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ORIGIN = "log.example.org/log"


class GrowingLog:
    """Leaves get numbers and checkpoints when a test says so, at the time that it says."""

    def __init__(self) -> None:
        self._private, self._key = make_keys(ORIGIN)
        self._edge, self._size = Edge(), 0
        self.append([NewLeaf("log.genesis", LOG_SUBJECT, {"origin": ORIGIN})], AT - DAY)

    def append(self, leaves: list[NewLeaf], at: datetime = AT) -> None:
        """Append in a transaction."""
        with transaction.atomic():
            append_leaves(stores=STORES, leaves=leaves, at=at)

    def sign(self, at: datetime, leaves: int = 1) -> int:
        """Record ``leaves`` more, number everything that waits, sign; the size."""
        if leaves:
            self.append(sealed(leaves), at)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM log_pending RETURNING seq, leaf_hash, entry, subject")
            rows = sorted(cursor.fetchall())
        for _seq, digest, entry, subject in rows:
            self._edge.add(leaf_hash(bytes(entry)))
            LogEntry.objects.create(
                idx=self._size, leaf_hash=bytes(digest), entry=bytes(entry), subject=subject
            )
            self._size += 1
        if rows:
            self._record(at)
        return self._size

    def _record(self, at: datetime) -> None:
        root = self._edge.root()
        text = Checkpoint(ORIGIN, self._size, root).text()
        line = signature_line(self._key.name, self._key.key_id, self._private.sign(text.encode()))
        note = join_note(text, [line]).decode()
        LogCheckpoint.objects.create(size=self._size, root=root, note=note, signed_at=at)

    def anchors(self, kind: str = "told") -> list[LogAnchor]:
        """The rows of one kind, oldest checkpoint first."""
        return list(LogAnchor.objects.filter(kind=kind).order_by("size"))

    def states(self, kind: str = "told") -> dict[str, int]:
        """How many rows are in which state."""
        found: dict[str, int] = {}
        for row in self.anchors(kind):
            found[row.state] = found.get(row.state, 0) + 1
        return found

    def anchor_leaves(self) -> int:
        """How many leaves say that an anchor was obtained."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM log_entry WHERE position(%s in entry) > 0)"
                " + (SELECT count(*) FROM log_pending WHERE position(%s in entry) > 0)",
                [b'"t":"log.anchor"'] * 2,
            )
            return int(cursor.fetchone()[0])


def mark_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Fields that name a checkpoint, as the leaf about an anchor wants them."""
    return {"size": checkpoint.size, "chain_id": 1, "tx": f"0x{checkpoint.root.hex()}", "block": 1}


@dataclass
class ToldAnchor:
    """Keeps the port's promises; ``trouble`` is raised by the next call, ``looks`` is how often an
    anchor is looked at before it is confirmed; ``gone`` lists sizes that fell away again."""

    looks: int = 0
    final: bool = False
    kind: str = "told"
    trouble: Callable[[str, int], Exception | None] = lambda _deed, _size: None
    gone: set[int] = field(default_factory=set)
    submitted: list[int] = field(default_factory=list)
    upgraded: list[int] = field(default_factory=list)

    def submit(self, checkpoint: Checkpoint) -> Receipt:
        """Confirmed at once where no look is wanted."""
        if error := self.trouble("submit", checkpoint.size):
            raise error
        self.submitted.append(checkpoint.size)
        return self._at(mark_of(checkpoint), self.looks)

    def upgrade(self, receipt: Receipt) -> Receipt:
        """One look more."""
        size = int(receipt.fields["size"])
        if error := self.trouble("upgrade", size):
            raise error
        self.upgraded.append(size)
        if size in self.gone:
            self.gone.discard(size)
            return self._at(receipt.fields, 5)
        return self._at(receipt.fields, max(0, int(receipt.fields["left"]) - 1))

    def check(self, receipt: Receipt, checkpoint: Checkpoint) -> AnchorCheck:
        """By the fields alone."""
        return AnchorCheck(receipt.fields["size"] == checkpoint.size, receipt.at)

    def _at(self, fields: Any, left: int) -> Receipt:
        state = AnchorState.PENDING if left else AnchorState.CONFIRMED
        return Receipt(self.kind, state, {**fields, "left": left}, AT)


def delayed(detail: str = "down", *, service_down: bool = True) -> AnchorDelayed:
    """A service that does not answer, or says no to this one."""
    return AnchorDelayed(Problem("node_unreachable", detail), service_down=service_down)


def refused() -> AnchorRefused:
    """For good."""
    return AnchorRefused(Problem("reverted", "0x12"))
