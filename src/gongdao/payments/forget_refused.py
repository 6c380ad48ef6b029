"""Let go of callbacks that were refused, or of no use, long ago: whoever knows the address can send
them without end. What was believed, and money that went back, is kept with the order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from gongdao.payments.decide_callback import CallbackVerdict

KEEP_REFUSED = timedelta(days=90)
"""How long a refused callback is kept with its reason, and one that nobody had a use for."""
_FORGET = """
DELETE FROM payments_callbackseen WHERE id = ANY(ARRAY(
  SELECT id FROM payments_callbackseen
  WHERE id > %(after)s AND verdict = ANY(%(gone)s) AND at < %(before)s ORDER BY id LIMIT %(most)s))
RETURNING id
"""
_STEP = 5000


def forget_refused(*, before: datetime) -> int:
    """Delete what was refused, or of no use, before ``before``, in steps that hold up nobody; how
    many."""
    gone, after = 0, 0
    while True:
        values: dict[str, Any] = {
            "after": after,
            "gone": [CallbackVerdict.REFUSED.value, CallbackVerdict.UNUSED.value],
            "before": before,
            "most": _STEP,
        }
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, values)
            ids = [row[0] for row in cursor.fetchall()]
        gone += len(ids)
        if len(ids) < _STEP:
            return gone
        after = max(ids)
