"""The watchdog (A13): finds every order whose status and promise disagree, and does what the rules
say: pushes it on, refunds, or says why it waits and calls a person.

What is found is judged again under the order's lock before anything is done, so that several
workers, and the order itself, may move meanwhile. Each believed payment is looked at once more ten
seconds after it came: then its order must have what was paid for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import GongdaoError
from gongdao.core.money import Money
from gongdao.core.named_sql import load_sql
from gongdao.core.stores import Stores
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.decide_top_up import TopUpState
from gongdao.market.decide_watch import Verdict, WatchDeed, WatchFacts, judge_order
from gongdao.market.limits import watch_limits
from gongdao.market.risk import PaidBy, note_pace
from gongdao.market.shown import find_shown
from gongdao.market.states import OrderState
from gongdao.market.watch_deeds import do_deed

SETTLED = timedelta(seconds=10)
"""How long a payment may take to be delivered before it is looked at."""
_PAGE = 200
_MOST_PAGES = 50
_PAYMENTS = 5000
_STATES = (OrderState.PLACED, OrderState.PAID, OrderState.REFUNDING)
_NEXT = """
SELECT id FROM market_order
WHERE state = %(state)s AND id > %(after)s AND (state <> 'placed' OR reserved_until <= %(at)s)
ORDER BY id LIMIT %(most)s
"""
"""Index market_order_open."""
_DOUBTED = """
SELECT DISTINCT t.order_id FROM market_topup t WHERE t.doubt <> '' AND NOT EXISTS (
  SELECT FROM market_finding f WHERE f.order_id = t.order_id AND f.code = 'supplier_doubt')
"""
"""Index market_topup_doubt."""
_BEHIND = """
SELECT DISTINCT f.order_id FROM market_finding f JOIN market_order o ON o.id = f.order_id
WHERE f.closed_at IS NULL AND f.code LIKE 'refund%%' AND o.state <> 'refunding'
"""
"""Findings that their order left behind: its refund was confirmed. Index market_finding_open."""
_UPTO = """
SELECT (SELECT upto FROM market_cursor WHERE name = 'payments' FOR UPDATE),
  (SELECT max(id) FROM payments_credit WHERE at <= %s AND id > coalesce(
    (SELECT upto FROM market_cursor WHERE name = 'payments'), 0))
"""


@dataclass
class WatchRound:
    """What a round found and did, by order; and which orders refused what had to be done."""

    found: dict[UUID, Verdict] = field(default_factory=dict)
    refused: dict[UUID, str] = field(default_factory=dict)


def watch_orders(*, stores: Stores, at: datetime) -> WatchRound:
    """One round over everything that is not settled. An order that refuses (its money is held by a
    dispute, say) keeps no other waiting; it is found again in the next round."""
    done = WatchRound()
    for order_id in _suspects(at):
        try:
            verdict = watch_order(stores=stores, order_id=order_id, at=at)
        except GongdaoError as error:
            done.refused[order_id] = error.code
            continue
        if verdict is not None:
            done.found[order_id] = verdict
    return done


def _suspects(at: datetime) -> Iterator[UUID]:
    """Orders worth a judgement: first those a payment points at, then all that wait."""
    seen = set()
    for order_id in check_payments(at=at):
        seen.add(order_id)
        yield order_id
    for order_id in (*_ids(_DOUBTED), *_ids(_BEHIND)):
        seen.add(order_id)
        yield order_id
    for state in _STATES:
        for page in _pages(state, at):
            for facts_id, facts in read_facts(page):
                limits = watch_limits(beijing(at).date())
                if facts_id not in seen and judge_order(facts, limits, at) is not None:
                    yield facts_id


def _ids(statement: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, ())
        return [row[0] for row in cursor.fetchall()]


def _pages(state: OrderState, at: datetime) -> Iterator[list[UUID]]:
    after = UUID(int=0)
    for _ in range(_MOST_PAGES):
        values = {"state": state.value, "after": after, "at": at, "most": _PAGE}
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, values)
            page = [row[0] for row in cursor.fetchall()]
        if not page:
            return
        yield page
        after = page[-1]


def watch_order(*, stores: Stores, order_id: UUID, at: datetime) -> Verdict | None:
    """Judge one order under its lock and do what follows; None where all is well by now, or where
    somebody else holds it."""
    limits = watch_limits(beijing(at).date())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM market_order WHERE id = %s FOR UPDATE SKIP LOCKED", (order_id,)
            )
            if cursor.fetchone() is None:
                return None
        ((_id, facts),) = read_facts([order_id])
        if facts.state is OrderState.PAID and is_in_doubt(order_id):
            return None  # its money may be gone: neither goods nor a refund on top of that
        verdict = judge_order(facts, limits, at)
        _close_others(order_id, verdict, at)
        if verdict is None:
            return None
        if not do_deed(stores=stores, order_id=order_id, verdict=verdict, facts=facts, at=at):
            return None
        _note(order_id, verdict, at)
    return verdict


def read_facts(order_ids: Sequence[UUID]) -> list[tuple[UUID, WatchFacts]]:
    """What is recorded of these orders."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("gongdao.market", "watch_facts"), {"ids": list(order_ids)})
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [(row["id"], _facts(row)) for row in rows]


def _facts(row: dict[str, Any]) -> WatchFacts:
    offer = find_shown(row["listing_id"], row["listing_version"]).offer
    return WatchFacts(
        state=OrderState(row["state"]),
        why=row["why"],
        delivery=offer.delivery,
        quantity=row["quantity"],
        units=row["units"],
        credited=row["credited"],
        held=row["held"],
        placed_at=row["placed_at"],
        reserved_until=row["reserved_until"],
        promise_by=row["promise_by"],
        paid_at=row["paid_at"],
        risk=row["risk"],
        answered=row["deliver_from"] is not None,
        deliver_from=row["deliver_from"],
        refund=row["refund"],
        refund_since=row["refund_since"],
        top_up=TopUpState(row["top_up"]) if row["top_up"] else None,
        doubt=row["doubt"] or "",
        supplied=row["supplied"],
    )


def check_payments(*, at: datetime) -> list[UUID]:
    """Look at payments believed since the last look, those of the last ten seconds not yet; orders
    that do not have what was paid for. Counts the buyers' pace on the way."""
    wrong: list[UUID] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO market_cursor VALUES ('payments', 0) ON CONFLICT DO NOTHING")
        cursor.execute(_UPTO, (at - SETTLED,))
        begin, end = cursor.fetchone()
        if end is None:
            return []
        end = min(end, begin + _PAYMENTS)
        cursor.execute(load_sql("gongdao.market", "watch_payments"), {"begin": begin, "end": end})
        paid = []
        for order_id, digest, minor, currency, is_wrong in cursor.fetchall():
            paid.append(PaidBy(bytes(digest), Money(minor, currency)))
            if is_wrong:
                wrong.append(order_id)
        note_pace(paid=paid, at=at)
        cursor.execute("UPDATE market_cursor SET upto = %s WHERE name = 'payments'", (end,))
    return wrong


_NOTE = """
INSERT INTO market_finding AS f (order_id, code, deed, times, found_at, acted_at, closed_at)
VALUES (%(order)s, %(code)s, %(deed)s, 1, %(at)s, %(at)s, %(closed)s)
ON CONFLICT (order_id, code) DO UPDATE
SET times = f.times + 1, acted_at = %(at)s, deed = %(deed)s, closed_at = %(closed)s
WHERE f.closed_at IS NOT NULL OR excluded.closed_at IS NOT NULL
"""
_CLOSE = """
UPDATE market_finding SET closed_at = %s
WHERE order_id = %s AND closed_at IS NULL
  AND code NOT IN (%s, 'charged_back', 'charge_back_returned', 'bill_differs', 'came_back',
    'not_in_books')
"""
"""What a service told of the money is no matter of where the order stands: a person settles it."""


def _note(order_id: UUID, verdict: Verdict, at: datetime) -> None:
    waits = verdict.deed in (WatchDeed.PERSON, WatchDeed.PUSH_REFUND)
    values: dict[str, Any] = {
        "order": order_id,
        "code": verdict.code,
        "deed": verdict.deed.value,
        "at": at,
        "closed": None if waits else at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


def _close_others(order_id: UUID, verdict: Verdict | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, (at, order_id, verdict.code if verdict else ""))
