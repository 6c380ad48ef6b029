"""``gongdao bench disputes``: how soon clear complaints are decided and all clocks swept.

On a durable database of its own. Complaints come at a fixed rate, whether or not the ones before
are answered, so that falling behind shows; a complaint counts when its verdict is committed and its
refund asked for. The sweep runs over open cases that are written straight into the tables.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from gongdao.front.bench.ground import stand_on_new_ground

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Complaints ``per_s`` for ``seconds`` over ``threads`` connections; ``open_cases`` to sweep,
    of which ``due`` have run out."""

    per_s: int = 50
    seconds: int = 10
    threads: int = 8
    open_cases: int = 100_000
    due: int = 200
    folder: Path | None = None


def measure_disputes(plan: Plan, say: Say) -> dict[str, Any]:
    """The figures as one object: milliseconds from the press of the button, seconds of a sweep."""
    with stand_on_new_ground(plan.folder):
        say(f"{plan.per_s * plan.seconds} orders")
        orders = _make_orders(plan.per_s * plan.seconds)
        say(f"{plan.per_s} complaints/s for {plan.seconds} s")
        times = _complain(orders, plan)
        verdicts, differing = _recompute()
        say(f"{plan.open_cases} open cases")
        sweep = _sweep(plan)
        book = _play_book()
        return {
            "complaints": len(times),
            "per_s": plan.per_s,
            "clear_case_p50_ms": _at(times, 50),
            "clear_case_p99_ms": _at(times, 99),
            "open_cases": plan.open_cases,
            "due": plan.due,
            **sweep,
            "verdicts": verdicts,
            "scenarios": book["stories"],
            "recompute_differs": differing + book["differs"],
        }


def _at(times: list[int], percent: int) -> int:
    ordered = sorted(times)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] // 1_000_000


def _make_orders(count: int) -> list[UUID]:
    """Paid orders of a listing that a person delivers, past their promise."""
    from gongdao.front.bench.late_orders import make_late_orders

    return make_late_orders(count)


def _complain(orders: list[UUID], plan: Plan) -> list[int]:
    """Open a case for each order when it is due; nanoseconds from then to the verdict."""
    lock, ticks = threading.Lock(), _ticks(orders, plan.per_s)

    def work(_number: int) -> list[int]:
        from django.db import connections

        found: list[int] = []
        while True:
            with lock:
                moment, order_id = next(ticks, (0, None))
            if order_id is None:
                connections.close_all()
                return found
            time.sleep(max(0, moment - time.monotonic_ns()) / 1_000_000_000)
            _open(order_id)
            found.append(time.monotonic_ns() - moment)

    with ThreadPoolExecutor(plan.threads) as pool:
        return [one for part in pool.map(work, range(plan.threads)) for one in part]


def _ticks(orders: list[UUID], per_s: int) -> Iterator[tuple[int, UUID | None]]:
    began = time.monotonic_ns() + 100_000_000
    for number, order_id in enumerate(orders):
        yield began + number * 1_000_000_000 // per_s, order_id


def _open(order_id: UUID) -> None:
    from gongdao.disputes.collect_facts import Asked
    from gongdao.disputes.events import Party
    from gongdao.disputes.open_case import open_case
    from gongdao.disputes.states import Mover, ReasonCode, Step
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores

    case = open_case(
        stores=get_stores(),
        order_id=order_id,
        asked=Asked(ReasonCode.NOT_DELIVERED),
        by=Party(Mover.BUYER),
        at=now(),
    )
    if case.step != Step.EXECUTING:
        raise RuntimeError(f"a clear case was not decided: {case.step}")


def _recompute() -> tuple[int, int]:
    """How many verdicts there are, and how many of their files do not recompute to themselves."""
    from gongdao.disputes.models import Verdict
    from gongdao.disputes.verdict_file import differs
    from gongdao.disputes.verdict_json import read_verdict

    files = list(Verdict.objects.values_list("file", flat=True))
    return len(files), sum(bool(differs(read_verdict(one.encode()))) for one in files)


_BOOK = """
import json
from gongdao.disputes.verdict_file import differs
from tests.scenarios.pure_half import run_story
from tests.scenarios.scenario_book import stories
runs = [run_story(one) for one in stories()]
wrong = [one for one in runs if one.verdict is not None and differs(one.verdict)]
print(json.dumps({"stories": len(runs), "differs": len(wrong)}))
"""


def _play_book() -> dict[str, int]:
    """The scenario book of a checkout, each story played through rules and clocks; none where there
    is no checkout beside this package."""
    root = Path(__file__).parents[4]
    if not (root / "tests/scenarios/scenario_book.py").is_file():
        return {"stories": 0, "differs": 0}
    done = subprocess.run(
        [sys.executable, "-c", _BOOK],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def _sweep(plan: Plan) -> dict[str, Any]:
    """Seconds of one whole round over many open cases, with nothing due and with some."""
    from gongdao.disputes.fire_clocks import fire_due_clocks, follow_orders
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores

    at = now()
    _write_open_cases(plan, at)

    def sweep() -> tuple[int, int]:
        began, moved = time.monotonic_ns(), 0
        follow_orders(stores=get_stores(), at=at)
        while count := fire_due_clocks(stores=get_stores(), at=at).count:
            moved += count
        return time.monotonic_ns() - began, moved

    took, moved = sweep()
    quiet, _none = sweep()
    seconds = {"sweep_100k_s": took, "sweep_quiet_s": quiet}
    return {
        **{name: round(ns / 1_000_000_000, 3) for name, ns in seconds.items()},
        "swept": moved,
    }


_ORDERS = """
INSERT INTO market_order (id, number, merchant_id, listing_id, listing_version, quantity,
  total_minor, currency, state, buyer_digest, code_round, sealed, snapshot_digest, terms,
  promise_by, placed_at, reserved_until, paid_at, delivered_at, revealed_at, protected_until, why,
  risk, log_subject)
SELECT gen_random_uuid(), 'B' || lpad(n::text, 14, '0'), o.merchant_id, o.listing_id,
  o.listing_version, 1, o.total_minor, o.currency, 'delivered', sha256(n::text::bytea), 0, o.sealed,
  o.snapshot_digest, o.terms, o.promise_by, o.placed_at, o.reserved_until, o.paid_at, o.promise_by,
  o.promise_by, o.promise_by + interval '30 days', 'delivered', '', 'order:' || md5('bench' || n)
FROM (SELECT * FROM market_order LIMIT 1) AS o, generate_series(1, %(count)s) AS n
"""
_CASES = """
INSERT INTO dispute_case (id, order_id, merchant_id, buyer_digest, log_subject, reason, forum,
  mover, state, step, outcome, ending, wanted, late, amount_minor, currency, rules_on, opened_at,
  moves, handovers, fenced, needs_person, clock_who, clock_started_at, clock_due_at, clock_unit,
  clock_count, clock_calendar, clock_silence, clock_rule, clock_stop_reason,
  clock_stop_reference, stood, places)
SELECT o.id, o.id, o.merchant_id, o.buyer_digest, 'dispute:' || md5(o.number), 'other', 'complaint',
  'platform', 'open', 'arbiter', '', '', 'refund', '{}', o.total_minor, o.currency,
  o.placed_at::date, o.placed_at, 1, 0, true, '', 'platform', o.placed_at,
  CASE WHEN o.number <= %(last)s THEN %(at)s - interval '1 minute'
    ELSE %(at)s + random() * interval '47 hours' END,
  'hours', 48, '', 'escalates', 'dispute_clock/platform@1', '', '', '{}', '[]'
FROM market_order o WHERE o.number LIKE 'B00%%'
"""
_CHAINS = """
INSERT INTO log_subject (name, last_hash, last_type, count)
SELECT log_subject, sha256(log_subject::bytea), 'dispute.opened', 1 FROM dispute_case
WHERE reason = 'other'
"""


def _write_open_cases(plan: Plan, at: datetime) -> None:
    from django.db import connection

    values: dict[str, Any] = {
        "count": plan.open_cases,
        "at": at,
        "last": f"B{plan.due:014d}",
    }
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, values)
        cursor.execute(_CASES, values)
        cursor.execute(_CHAINS)
        cursor.execute("VACUUM ANALYZE market_order, dispute_case, log_subject")
