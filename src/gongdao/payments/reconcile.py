"""Find payments whose callback was lost, by asking for every unpaid intent.

Several workers may do this at once: an intent is taken by writing when it was asked for, and its
service is asked outside the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection

from gongdao.payments.decide_callback import has_sound_numbers
from gongdao.payments.port import Gateway, GatewayError, Report, Told

OLD_ENOUGH = timedelta(minutes=1)
"""Before that a callback is not late."""
GIVEN_UP = timedelta(days=7)
"""After that only a bill finds a payment."""
TakeReport = Callable[[Report, str, str, bytes], bool]
"""Credits a report: what is said, which service said it, how (query, bill), the digest of what was
said. Returns whether the money was new."""
_TAKE = """
UPDATE payments_intent SET asked_at = %(at)s WHERE id IN (
  SELECT id FROM payments_intent
  WHERE trade_no = '' AND gateway = ANY(%(gateways)s)
    AND created_at BETWEEN %(oldest)s AND %(newest)s
    AND (asked_at IS NULL
      OR asked_at + greatest(interval '1 minute', (asked_at - created_at) / 2) <= %(at)s)
  ORDER BY created_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING gateway, out_trade_no
"""


@dataclass
class Round:
    """What a round found: how many were asked for or read, what was credited that no callback had
    told, and problems by service."""

    looked: int = 0
    found: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def ask_about_unpaid(
    *, gateways: Mapping[str, Gateway], take: TakeReport, at: datetime, most: int = 200
) -> Round:
    """Ask for every unpaid intent that is due: at first a minute after it began, then at growing
    distances. A service that does not answer is left alone for the rest of the round."""
    values: dict[str, Any] = {
        "at": at,
        "gateways": list(gateways),
        "oldest": at - GIVEN_UP,
        "newest": at - OLD_ENOUGH,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        due = cursor.fetchall()
    done = Round()
    for name, out_trade_no in due:
        if name in done.problems:
            continue
        try:
            ask_about(
                gateway=gateways[name], out_trade_no=out_trade_no, take=take, at=at, into=done
            )
        except GatewayError as error:
            done.problems[name] = error.problem
    return done


def ask_about(
    *, gateway: Gateway, out_trade_no: str, take: TakeReport, at: datetime, into: Round
) -> None:
    """Ask what became of one intent, and credit what was paid. Raise GatewayError."""
    into.looked += 1
    report = gateway.query(out_trade_no, at)
    if report is not None and report.told is Told.PAID and has_sound_numbers(report):
        credit_found(report, gateway, "query", take, into)


def credit_found(report: Report, gateway: Gateway, way: str, take: TakeReport, into: Round) -> None:
    """Credit what a service said without being called by it; ``way`` says where."""
    if take(report, gateway.name, way, sha256(repr(report).encode()).digest()):
        into.found.append(report.out_trade_no)
