"""The first orders of a fresh process: more of them at once than the pool has connections."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection
from tests.market.market_kit import AT

from gongdao.core.models import DataKey
from gongdao.front.stores import get_stores
from gongdao.market import market_key as keys

pytestmark = pytest.mark.django_db(transaction=True)
_NAME = "cold start"


class _OfOurs(dict[bytes, bytes]):
    """Keys in memory that a thread which an earlier test left behind cannot put there."""

    def __setitem__(self, master, key):
        if threading.current_thread().name.startswith(_NAME):
            super().__setitem__(master, key)


def _meet(monkeypatch, around):
    """One thread without a connection asks for the market's key first, while all connections are
    held by threads that ask for it next; what each got or raised. ``around`` is put around the
    making of the key."""
    monkeypatch.setattr(keys, "_held", _OfOurs())
    DataKey.objects.filter(subject_kind="market").delete()
    connection.close()
    connection.close_pool()  # a fresh one: nobody of an earlier test holds or awaits a part of it
    pool, found = connection.pool, []
    held, asked = threading.Barrier(pool.max_size + 1), threading.Event()
    make = keys._get_or_make

    def begin(stores, at):
        if threading.current_thread() is first:  # not a thread that an earlier test left behind
            asked.set()
        return make(stores, at)

    monkeypatch.setattr(keys, "_get_or_make", around(begin))

    def with_connection():
        connection.ensure_connection()
        held.wait()
        asked.wait()
        ask()

    def ask():
        try:
            found.append(keys.market_key(get_stores(), AT))
        except OperationalError as error:
            found.append(error)
        finally:
            connection.close()

    first = threading.Thread(target=ask, name=_NAME)
    others = [
        threading.Thread(target=with_connection, name=f"{_NAME} {n}") for n in range(pool.max_size)
    ]
    for thread in others:
        thread.start()
    held.wait()
    assert connection.pool is pool and not pool.get_stats().get("pool_available")
    monkeypatch.setattr(pool, "timeout", 1.5)
    first.start()
    for thread in (first, *others):
        thread.join()
    return found


def test_the_first_orders_do_not_wait_for_each_other(monkeypatch):
    """All get the same key, though whoever asked first had to wait for a connection."""
    found = _meet(monkeypatch, lambda make: make)
    assert not [one for one in found if isinstance(one, Exception)]
    assert len(set(found)) == 1 and DataKey.objects.filter(subject_kind="market").count() == 1


def test_with_a_lock_around_it_they_would(monkeypatch):
    """The control: who holds a lock while he waits for a connection starves all who hold one."""
    turn = threading.Lock()

    def locked(make):
        def alone(stores, at):
            with turn:
                return make(stores, at)

        return alone

    found = _meet(monkeypatch, locked)
    assert [one for one in found if isinstance(one, OperationalError)]
