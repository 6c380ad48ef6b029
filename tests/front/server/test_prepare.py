"""Bringing a database to this version's form, by several processes that start at once."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection
from tests.front.server.server_kit import wait_until
from tests.log.log_kit import database_url

from gongdao.front.server.django_processes import _MIGRATION_LOCK, prepare

_WAITS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE '%%advisory_lock%%' AND pid <> pg_backend_pid()
  AND pid <> %s"""


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_migrations_holds_up_no_index():
    """While one process migrates and another one waits for it, an index is built beside writes."""
    url, ended = database_url(), []

    def wait() -> None:
        try:
            prepare(url)
            ended.append(True)
        finally:
            connection.close()

    with psycopg.connect(url, autocommit=True) as first, psycopg.connect(url) as look:
        look.autocommit = True
        first.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
        waiting = threading.Thread(target=wait)
        waiting.start()
        pid = first.info.backend_pid
        wait_until(lambda: look.execute(_WAITS, (pid,)).fetchone() == (1,))
        first.execute("SET statement_timeout = '20s'")
        first.execute("CREATE TABLE indexed_meanwhile (id int)")
        try:
            first.execute("CREATE INDEX CONCURRENTLY ON indexed_meanwhile (id)")
        finally:
            first.execute("DROP TABLE indexed_meanwhile")
            first.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))
            waiting.join()
    assert ended
