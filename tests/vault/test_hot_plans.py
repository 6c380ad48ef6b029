"""The hot statements never read a whole table, whatever the planner knew when it planned."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from tests.vault.vault_kit import (
    AT,
    LATER,
    SOON,
    STORES,
    claim,
    codes,
    make_shelf,
    put,
    run_sql,
)

from gongdao.core.errors import StockShort
from gongdao.vault import run_sql as run_sql_module
from gongdao.vault.allocate import allocate
from gongdao.vault.queries import count_available, get_units
from gongdao.vault.replace_unit import replace_unit
from gongdao.vault.reserve import release, release_reservations, reserve
from gongdao.vault.reveal import reveal

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6000
READ = """
SELECT relname, seq_tup_read FROM pg_stat_user_tables
WHERE relname IN ('vault_unit', 'vault_claim', 'vault_sealed', 'vault_reveal')
"""


def _read() -> dict[str, int]:
    """Rows that were read by going through whole tables."""
    run_sql("SELECT pg_stat_force_next_flush()")
    run_sql("SELECT 1")
    run_sql("SELECT pg_stat_clear_snapshot()")
    return dict(run_sql(READ))


def _live(shelf):
    """Everything that an order does, and what comes after it."""
    who, other = claim(), claim()
    reserve(sku=shelf, claim=who, units=2, until=SOON, at=AT)
    units = allocate(sku=shelf, claim=who, units=2, at=AT)
    allocate(sku=shelf, claim=who, units=2, at=AT)
    reveal(stores=STORES, claim=who, who="b", at=AT)
    replace_unit(claim=who, unit=units[0].unit, at=AT)
    reserve(sku=shelf, claim=other, units=1, until=AT, at=AT)
    release_reservations(at=AT + timedelta(minutes=1))
    allocate(sku=shelf, claim=other, units=1, at=LATER)
    third = claim()
    reserve(sku=shelf, claim=third, units=1, until=SOON, at=AT)
    release(claim=third)
    get_units(who)
    count_available([shelf], most=10)


@pytest.mark.parametrize("planned", ["empty", "fresh", "analyzed"])
def test_no_table_is_read_whole(planned):
    """Planned on empty tables, without statistics, or with them: only indexes are walked."""
    connection.close()  # the statements of other tests are planned already
    shelf = make_shelf()
    if planned == "empty":
        with pytest.raises(StockShort):
            _live(shelf)
        with pytest.raises(StockShort):
            allocate(sku=shelf, claim=claim(), units=1, at=AT)
        release(claim=claim())
    put(shelf, codes(MANY))
    for _ in range(10):
        allocate(sku=shelf, claim=claim(), units=MANY // 20, at=AT)
    if planned == "analyzed":
        run_sql("ANALYZE vault_unit, vault_claim, vault_sealed")
    _live(shelf)
    before = _read()
    for _ in range(30):
        _live(shelf)
    grown = {table: n - before.get(table, 0) for table, n in _read().items()}
    assert all(n < 500 for n in grown.values()), grown


def test_control_a_whole_table_is_seen():
    """A question that no index answers shows in the same counters."""
    put(make_shelf(), codes(MANY))
    before = _read()
    run_sql("SELECT count(*) FROM vault_unit WHERE pos + 0 = -1")
    assert _read()["vault_unit"] - before.get("vault_unit", 0) >= MANY


def test_the_way_of_planning_outlives_a_rollback():
    """Asked for in a transaction that is rolled back, it is asked for again; told outside, once."""
    shelf = make_shelf()
    put(shelf, codes(3))
    raw = connection.connection
    run_sql_module._ready.discard(raw)
    run_sql("SET plan_cache_mode = auto")
    with transaction.atomic():
        get = allocate(sku=shelf, claim=claim(), units=1, at=AT)
        transaction.set_rollback(True)
    assert get and run_sql("SHOW plan_cache_mode") == [("auto",)]
    assert release(claim=claim()) == 0
    assert run_sql("SHOW plan_cache_mode") == [("force_generic_plan",)]
    with CaptureSets() as asked:
        release(claim=claim())
    assert asked.count == 0


class CaptureSets:
    """Counts statements that change a setting."""

    count = 0

    def __enter__(self):
        self._execute = psycopg.Cursor.execute

        def execute(cursor, query, *given, **named):
            self.count += str(query).startswith("SET")
            return self._execute(cursor, query, *given, **named)

        setattr(psycopg.Cursor, "execute", execute)  # noqa: B010  a method, put back below
        return self

    def __exit__(self, *_error):
        setattr(psycopg.Cursor, "execute", self._execute)  # noqa: B010  as it was
