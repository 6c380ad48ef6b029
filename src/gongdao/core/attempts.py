"""Count attempts in PostgreSQL, so that several processes share one limit."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connection

from gongdao.core.envelope import derive
from gongdao.core.errors import TooManyAttempts
from gongdao.core.models import Attempt
from gongdao.core.stores import Stores

_COUNT = """
INSERT INTO core_attempt AS a (bucket, window_ends, count) VALUES (%(bucket)s, %(ends)s, 1)
ON CONFLICT (bucket) DO UPDATE SET
  count = CASE WHEN a.window_ends <= %(at)s THEN 1 ELSE a.count + 1 END,
  window_ends = CASE WHEN a.window_ends <= %(at)s THEN %(ends)s ELSE a.window_ends END
RETURNING count, window_ends
"""
"""Adds one to the bucket, or starts a new window; the primary key serialises writers."""


@dataclass(frozen=True)
class Limit:
    """``most`` attempts in each ``window``; ``name`` is part of the bucket."""

    name: str
    most: int
    window: timedelta


def count_attempt(*, stores: Stores, limit: Limit, who: str, at: datetime) -> None:
    """Count one attempt of ``who``; raise TooManyAttempts beyond the limit.

    ``who`` (an address, a link) is kept as a keyed digest only.
    """
    values: dict[str, str | datetime] = {
        "bucket": _bucket(stores, limit, who),
        "at": at,
        "ends": at + limit.window,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        count, ends = cursor.fetchone()
    if count > limit.most:
        raise TooManyAttempts(ends)


def take_back_attempt(*, stores: Stores, limit: Limit, who: str) -> None:
    """Count one attempt of ``who`` less: it turned out to be none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_attempt SET count = count - 1 WHERE bucket = %s AND count > 0",
            (_bucket(stores, limit, who),),
        )


USED_UP = "(SELECT a.window_ends FROM core_attempt a WHERE a.bucket = %(tries_bucket)s" + (
    " AND a.window_ends > %(tries_at)s AND a.count >= %(tries_most)s)"
)
"""A column for a statement of the caller's: until when a limit is used up, or null."""


def used_up_values(*, stores: Stores, limit: Limit, who: str, at: datetime) -> dict[str, object]:
    """The values that ``USED_UP`` names."""
    bucket = _bucket(stores, limit, who)
    return {"tries_bucket": bucket, "tries_at": at, "tries_most": limit.most}


def _bucket(stores: Stores, limit: Limit, who: str) -> str:
    key = _naming(stores.masters.current)
    return hmac.new(key, f"{limit.name}/{who}".encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _naming(master: bytes) -> bytes:
    return derive(master, "attempts")


def forget_attempts(*, before: datetime) -> int:
    """Delete counters whose window ended before ``before``; return how many."""
    return Attempt.objects.filter(window_ends__lt=before).delete()[0]
