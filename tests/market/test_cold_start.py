"""The first orders of a fresh process: more of them at once than the pool has connections."""

from __future__ import annotations

import json
import os

import pytest
from tests.database import find_url
from tests.forked import run_forked

from gongdao.core.models import DataKey

pytestmark = pytest.mark.django_db(transaction=True)
_MEET = """
import json, sys, threading
import django
django.setup()
from django.db import OperationalError, connection
from gongdao.core.clock import parse_iso
from gongdao.front.stores import get_stores
from gongdao.market import market_key as keys

stores, at = get_stores(), parse_iso("2026-11-23T12:00:00+08:00")
pool, found = connection.pool, []
held, asked, turn = threading.Barrier(pool.max_size + 1), threading.Event(), threading.Lock()
make = keys._get_or_make

def begin(stores, at):
    asked.set()
    return make(stores, at)

def alone(stores, at):
    with turn:
        return begin(stores, at)

def ask():
    try:
        found.append(keys.market_key(stores, at).hex())
    except OperationalError:
        found.append(None)
    finally:
        connection.close()

def with_connection():
    connection.ensure_connection()
    held.wait()
    asked.wait()
    ask()

keys._get_or_make = alone if sys.argv[1] == "lock" else begin
first = threading.Thread(target=ask)
others = [threading.Thread(target=with_connection) for _ in range(pool.max_size)]
for one in others:
    one.start()
held.wait()
pool.timeout = float(sys.argv[2])
first.start()
for one in (first, *others):
    one.join()
print(json.dumps(found))
"""
"""One thread without a connection asks for the market's key first, while all connections are held
by threads that ask for it next; what each got, None where no connection was free in time. A process
of its own: nobody else holds, awaits or returns a connection, or knows the key."""


def _meet(way: str, patience_s: float) -> list[str | None]:
    env = {**os.environ, "DATABASE_URL": find_url()}
    done = run_forked(way, patience_s, env=env, code=_MEET)
    assert done.returncode == 0, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found


def test_the_first_orders_do_not_wait_for_each_other():
    """All get the same key, though whoever asked first had to wait for a connection."""
    found = _meet("free", 60)
    assert len(found) > 2 and None not in found
    assert len(set(found)) == 1 and DataKey.objects.filter(subject_kind="market").count() == 1


def test_with_a_lock_around_it_they_would():
    """The control: who holds a lock while he waits for a connection starves all who hold one."""
    assert None in _meet("lock", 1)
