"""A connection is told once how to plan, also where its first statement runs in a transaction."""

from __future__ import annotations

from weakref import WeakSet

import psycopg
import pytest
from django.db import connection, transaction

from gongdao.vault.run_sql import run_prepared

pytestmark = pytest.mark.django_db(transaction=True)
ASK = "SELECT current_setting('plan_cache_mode')"


class _Taken(Exception):
    """Undoes a transaction."""


@pytest.fixture
def told(monkeypatch):
    """A connection that nobody told yet, and each time that it is; what it is told it does."""
    with connection.cursor() as cursor:
        cursor.execute("RESET plan_cache_mode")
    monkeypatch.setattr("gongdao.vault.run_sql._ready", WeakSet())
    times = []
    execute = psycopg.Cursor.execute

    def listen(cursor, query, *more, **named):
        if "SET plan_cache_mode" in str(query):
            times.append(query)
        return execute(cursor, query, *more, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", listen)
    return times


def ask():
    """How statements are planned now."""
    return run_prepared(ASK, {})[0][0]


def test_it_is_told_once_for_all_transactions(told):
    """In three transactions one after the other, and outside of them."""
    for _ in range(3):
        with transaction.atomic():
            assert ask() == "force_generic_plan"
    assert ask() == "force_generic_plan" and len(told) == 1


def test_what_a_rollback_takes_back_is_told_again(told):
    """A transaction, or a part of one, that is undone takes it back; the next statement tells it
    anew."""
    with pytest.raises(_Taken), transaction.atomic():
        ask()
        raise _Taken
    with transaction.atomic():
        with pytest.raises(_Taken), transaction.atomic():
            ask()
            raise _Taken
        assert ask() == "force_generic_plan"
    assert ask() == "force_generic_plan" and len(told) == 3
