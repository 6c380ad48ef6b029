"""Decide which checkpoints get an anchor: of each minute (or longer span) the last one.

A later checkpoint speaks for all before it, so the last of a span is enough; the span must be over,
so that it stays the last. What was recorded meanwhile is planned when somebody looks again: a day
without a worker leaves no gap. A span whose only new leaves say that an anchor was obtained gets
none, or a quiet log would anchor its own anchors for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from gongdao.log.anchors.port import AnchorState

LEAST_SPAN = timedelta(minutes=1)
_LATECOMERS = timedelta(seconds=5)
"""A checkpoint is dated before it is written down; nothing is dated earlier than this."""
_ONLY_ANCHORS = b'"t":"log.anchor","v":1}'
"""How the entry of such a leaf ends, in its one canonical form."""

_PLAN = """
INSERT INTO log_anchor (kind, size, state, receipt, tries, problem, asked_at, next_try_at)
SELECT %(kind)s, last.size, %(pending)s, '', 0, '', %(at)s, %(at)s
FROM (
  SELECT size, lag(size, 1, %(since)s) OVER (ORDER BY size) AS before
  FROM (
    SELECT DISTINCT ON (span) size
    FROM (
      SELECT size, floor(extract(epoch FROM signed_at) / %(span_s)s) AS span
      FROM log_checkpoint WHERE size > %(since)s AND signed_at < %(until)s
    ) AS spans
    ORDER BY span, size DESC
  ) AS lasts
) AS last
WHERE EXISTS (
  SELECT 1 FROM log_entry AS entry
  WHERE entry.idx >= last.before AND entry.idx < last.size
  AND substring(entry.entry FROM octet_length(entry.entry) - %(length)s + 1) <> %(anchor)s
)
ON CONFLICT (kind, size) DO NOTHING
"""
_SINCE = "SELECT coalesce(max(size), 0) FROM log_anchor WHERE kind = %s"


def plan_anchors(*, kinds: Mapping[str, timedelta], at: datetime) -> int:
    """Add a pending row for each checkpoint that gets an anchor of each of ``kinds``, which say
    how long their spans are (a minute at least). Returns how many were added; again is harmless."""
    planned = 0
    for kind, span in kinds.items():
        if span < LEAST_SPAN:
            raise ValueError("at most one anchor a minute")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SINCE, [kind])
            cursor.execute(_PLAN, _values(kind, span, int(cursor.fetchone()[0]), at))
            planned += cursor.rowcount
    return planned


def _values(kind: str, span: timedelta, since: int, at: datetime) -> dict[str, Any]:
    span_s = int(span.total_seconds())
    now_s = int((at - _LATECOMERS).timestamp())
    return {
        "kind": kind,
        "pending": AnchorState.PENDING.value,
        "at": at,
        "since": since,
        "span_s": span_s,
        "until": datetime.fromtimestamp(now_s - now_s % span_s, UTC),
        "anchor": _ONLY_ANCHORS,
        "length": len(_ONLY_ANCHORS),
    }
