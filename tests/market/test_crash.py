"""Web, worker, log and database killed at random while buyers order; afterwards everything is where
it belongs. `make soak` does it with 2,000 orders."""

from __future__ import annotations

import os
import time
from collections import Counter

import psycopg
import pytest
from tests.market.crash_kit import Buyers, Killer, Server, make_shop, running_server

from gongdao.payments.carry_out_refunds import LEASE

pytestmark = pytest.mark.slow
ORDERS = int(os.environ.get("GONGDAO_CRASH_ORDERS", "200"))
CLIENTS = 8
PATIENCE_S = 2 * LEASE.total_seconds()
"""A worker killed while it asks for a refund leaves it to the next one after its lease."""
_STATES = "SELECT state, count(*) FROM market_order WHERE paid_at IS NOT NULL GROUP BY state"
_WRONG = """
SELECT o.number, o.state, count(c.unit_id) FROM market_order o
LEFT JOIN vault_claim c ON c.owner_kind = 'order' AND c.owner_id = o.id AND c.state = 'allocated'
WHERE o.paid_at IS NOT NULL GROUP BY o.id
HAVING count(c.unit_id) <> CASE WHEN o.state = 'delivered' THEN o.quantity ELSE 0 END
"""
_UNPAID = """
SELECT o.number FROM market_order o JOIN payments_intent i ON i.owner_id = o.id
WHERE (i.trade_no <> '') <> (o.paid_at IS NOT NULL)
"""
_LEAVES = """
SELECT o.state, array_agg(convert_from(e.entry, 'UTF8')::jsonb ->> 't' ORDER BY e.idx)
FROM market_order o JOIN log_entry e ON e.subject = o.log_subject
WHERE o.paid_at IS NOT NULL GROUP BY o.id
"""
_REFUNDS = "SELECT state, count(*) FROM payments_refund GROUP BY state"
_OPEN = "SELECT id FROM payments_refund WHERE state = 'requested'"
_ENDS = ("order.delivered", "order.revealed")


def _ask(server: Server, statement: str) -> list[tuple]:
    """The rows of one statement; what was killed last may go once more before it stays up."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        server.wait()
        try:
            with psycopg.connect(server.database_url()) as connection:
                return connection.execute(statement).fetchall()
        except (psycopg.OperationalError, AssertionError):
            if time.monotonic() > give_up:
                raise


def _settle(server: Server, seconds: float = PATIENCE_S) -> Counter:
    """Wait until nothing is under way; the paid orders by state."""
    give_up = time.monotonic() + seconds
    while True:
        states = Counter(dict(_ask(server, _STATES)))
        waiting = _ask(server, "SELECT count(*) FROM log_pending")[0][0]
        if not waiting and not set(states) - {"delivered"} and not _ask(server, _OPEN):
            return states
        if time.monotonic() > give_up:
            raise AssertionError(f"stuck: {states}, {waiting} leaves wait")
        time.sleep(0.5)


def test_killed_at_random_nothing_is_lost_and_nothing_doubled(tmp_path):
    """Every payment has exactly its secret or its refund, no secret was given twice, ledger, stock
    and log are whole, and nothing is stuck."""
    with running_server(tmp_path, GONGDAO_WEB_WORKERS="2") as server:
        wanted = make_shop(server, 2 * ORDERS)
        killer = Killer(server, rounds=max(2, ORDERS // 200), seed=7)
        buyers = Buyers(server, wanted, killer)
        killer.start()
        buyers.buy(ORDERS, CLIENTS)
        killer.join()
        assert not killer.problem, killer.problem
        server.wait()
        states = _settle(server)
        assert len(buyers.bought) == ORDERS == sum(states.values())
        assert states == Counter(delivered=ORDERS)
        twice = sum(one.paid_twice for one in buyers.bought)
        assert twice and _ask(server, _REFUNDS) == [("confirmed", twice)]
        assert not _ask(server, _WRONG) and not _ask(server, _UNPAID)
        assert Counter(map(buyers.read, buyers.bought)) == states
        secrets = Counter(secret for one in buyers.bought for secret in one.secrets)
        assert len(secrets) == ORDERS and set(secrets.values()) == {1}
        _settle(server)
        for state, types in _ask(server, _LEAVES):
            assert types[0] == "order.placed" and types[-1] in _ENDS, (state, types)
            assert len(types) == len(set(types))
        for command in (("ledger", "check"), ("stock", "check"), ("log", "status")):
            done = server.run(*command)
            assert done.returncode == 0, done.stdout + done.stderr
