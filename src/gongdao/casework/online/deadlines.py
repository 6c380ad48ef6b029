"""The deadlines of a case as last shown, kept so that a corrected date is never silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gongdao.casework.follow.deadlines import (
    Change,
    DeadlineChange,
    DeadlineView,
    StoredDeadline,
    compare_deadlines,
)
from gongdao.casework.follow.story import Moved
from gongdao.casework.online.models import Deadline, DeadlineState
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase


@dataclass(frozen=True)
class ShownDeadline:
    """A running deadline, and what it was before it was counted anew."""

    view: DeadlineView
    before: datetime | None = None
    moved_at: datetime | None = None
    why: Phrase | None = None


def deadline_rows(case_id: UUID) -> list[Deadline]:
    """What is kept of the deadlines of a case; one query."""
    return list(Deadline.objects.filter(case_id=case_id).order_by("due", "key"))


def stored_of(row: Deadline) -> StoredDeadline:
    """A row as the core compares it."""
    return StoredDeadline(row.key, row.due, row.rule, row.rules, row.estimated)


def keep_deadlines(
    *, case_id: UUID, fresh: Sequence[DeadlineView], at: datetime
) -> tuple[DeadlineChange, ...]:
    """Bring the rows up to ``fresh`` and return what changed. The caller holds the case's lock."""
    rows = {row.key: row for row in deadline_rows(case_id)}
    running = [r for r in rows.values() if r.state == DeadlineState.RUNNING]
    changes = compare_deadlines([stored_of(row) for row in running], fresh)
    moved = {c.key: c for c in changes if c.change is Change.MOVED}
    for view in fresh:
        row = rows.get(view.key)
        if row is None:
            _new(case_id, view, at).save(force_insert=True)
        elif _differs(row, view):
            _update(row, view, moved.get(view.key), at)
    over = [c.key for c in changes if c.change is Change.OVER]
    if over:
        Deadline.objects.filter(case_id=case_id, key__in=over).update(state=DeadlineState.OVER)
    return changes


def show_deadlines(
    *, rows: Iterable[Deadline], fresh: Sequence[DeadlineView], at: datetime
) -> tuple[ShownDeadline, ...]:
    """``fresh`` with what each was before, also where the rows are not up to date yet."""
    kept = {row.key: row for row in rows if row.state == DeadlineState.RUNNING}
    changes = compare_deadlines([stored_of(row) for row in kept.values()], fresh)
    moving = {c.key: c for c in changes if c.change is Change.MOVED}
    return tuple(_show(view, kept, moving, at) for view in fresh)


def moved_ones(shown: Iterable[ShownDeadline]) -> tuple[Moved, ...]:
    """Those that were counted anew, for the story of the case."""
    return tuple(
        Moved(one.view.name, one.before, one.view.due, one.moved_at)
        for one in shown
        if one.before is not None and one.moved_at is not None
    )


def behind(*, rules: str, most: int) -> list[UUID]:
    """Open cases with a running deadline that was counted with other rule data than ``rules``."""
    rows = Deadline.objects.filter(state=DeadlineState.RUNNING, case__closed_at__isnull=True)
    ids = rows.exclude(rules=rules).order_by("case_id").values_list("case_id", flat=True)
    return list(ids.distinct()[:most])


def _show(
    view: DeadlineView,
    kept: Mapping[str, Deadline],
    moving: Mapping[str, DeadlineChange],
    at: datetime,
) -> ShownDeadline:
    row, change = kept.get(view.key), moving.get(view.key)
    if change is not None:
        return ShownDeadline(view, change.before, at, change.why)
    if row is None or row.due_before is None:
        return ShownDeadline(view)
    return ShownDeadline(view, row.due_before, row.moved_at)


def _differs(row: Deadline, view: DeadlineView) -> bool:
    now = (view.due, view.estimated, view.rule, view.rules, DeadlineState.RUNNING.value)
    return (row.due, row.estimated, row.rule, row.rules, row.state) != now


def _new(case_id: UUID, view: DeadlineView, at: datetime) -> Deadline:
    return Deadline(
        id=new_id(at),
        case_id=case_id,
        key=view.key,
        channel=view.channel,
        rule=view.rule,
        estimated=view.estimated,
        since=view.since,
        due=view.due,
        rules=view.rules,
    )


def _update(row: Deadline, view: DeadlineView, change: DeadlineChange | None, at: datetime) -> None:
    if change is not None:
        row.due_before, row.moved_at = row.due, at
    row.due, row.estimated = view.due, view.estimated
    row.rule, row.rules = view.rule, view.rules
    row.state = DeadlineState.RUNNING
    row.save(update_fields=["due", "estimated", "due_before", "moved_at", "rule", "rules", "state"])
