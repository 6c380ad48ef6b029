"""A table of notices as a queue: one worker takes a row at a time, what fails is tried again, and
nothing is sent over and over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 720))
"""How long to wait after each try that may be repeated; then it is given up."""
LEASE = timedelta(minutes=5)
"""How long a claimed notice is left alone; longer than any messenger may take."""
_Row = TypeVar("_Row", bound=models.Model)


def take_due(rows: models.QuerySet[_Row], *, at: datetime) -> _Row | None:
    """The row of ``rows`` that is due longest, taken for `LEASE`. One that was taken and never
    settled is sent once more under the same id, by which a mailbox drops the double; then it is
    given up."""
    with transaction.atomic():
        row: Any = (
            rows.select_for_update(skip_locked=True, of=("self",))
            .filter(state__in=["planned", "sending"], next_try_at__lte=at)
            .order_by("next_try_at")
            .first()
        )
        if row is None:
            return None
        if row.state == "sending" and row.problem == "interrupted":
            row.state, row.ended_at, row.next_try_at = "failed", at, None
            row.save(update_fields=["state", "ended_at", "next_try_at"])
            return None
        row.problem = "interrupted" if row.state == "sending" else ""
        row.state, row.tries, row.next_try_at = "sending", row.tries + 1, at + LEASE
        row.save(update_fields=["state", "tries", "next_try_at", "problem"])
    taken: _Row = row
    return taken


def settle_taken(
    rows: models.QuerySet[_Row],
    *,
    id_: UUID,
    tries: int,
    problem: str,
    again: bool,
    at: datetime,
) -> str:
    """Write what became of a row taken at its try ``tries``: accepted where there was no
    ``problem``; tried ``again`` later or given up. The state it has now; nothing changes, and "" is
    given, where another worker took it over."""
    changed: dict[str, Any] = {"problem": problem[:80], "next_try_at": None}
    if not problem:
        changed |= {"state": "accepted", "ended_at": at}
    elif again and tries <= len(BACK_OFF):
        changed |= {"state": "planned", "next_try_at": at + BACK_OFF[tries - 1]}
    else:
        changed |= {"state": "failed", "ended_at": at}
    mine = rows.filter(id=id_, state="sending", tries=tries)
    return str(changed["state"]) if mine.update(**changed) else ""
