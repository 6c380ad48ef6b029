"""What the database itself refuses, whoever asks: changing or losing what the log said.

Runs over Django's connection, with every trigger as it is installed.
"""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from tests.log.log_kit import AT, append_some, make_ground

from gongdao.log.models import LogCheckpoint, LogCosignature, LogEntry, LogHead, LogPending, LogTile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(tmp_path, transactional_db):
    """A log of 300 leaves with a cosignature, and three leaves waiting."""
    ground = make_ground(tmp_path)
    append_some(300)
    ground.run()
    LogCosignature.objects.create(size=300, name="w", line="— w AAAA")
    append_some(3)
    return ground


def _refused(statement: str, words: str = "append-only") -> None:
    with (
        pytest.raises(DatabaseError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_entry SET subject = 'x' WHERE idx = 0",
        "DELETE FROM log_entry WHERE idx = 299",
        "UPDATE log_checkpoint SET note = 'x'",
        "DELETE FROM log_checkpoint",
        "UPDATE log_cosignature SET line = 'x'",
        "DELETE FROM log_cosignature",
        "UPDATE log_pending SET subject = 'x'",
        "DELETE FROM log_tile WHERE level = 0 AND n = 1",
        "DELETE FROM log_head",
        "UPDATE log_tile SET width = 43, data = substring(data FOR 43 * 32) WHERE n = 1",
        "UPDATE log_tile SET data = decode(repeat('00', 8192), 'hex') WHERE width = 256",
        "UPDATE log_tile SET n = 7 WHERE level = 0 AND n = 1",
        "UPDATE log_tile SET level = 1, n = 7 WHERE level = 0 AND n = 1",
    ],
)
def test_published_rows_stand_still(filled, statement):
    """Rows of the log are not changed or deleted; tiles neither shrink nor move."""
    before = _state()
    _refused(statement)
    assert _state() == before


@pytest.mark.parametrize("table", ["entry", "checkpoint", "cosignature", "pending", "tile", "head"])
def test_tables_are_not_emptied(filled, table):
    """TRUNCATE is refused (the tests' own database has these triggers off, to be cleaned up)."""
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"ALTER TABLE log_{table} ENABLE TRIGGER log_{table}_whole")
        cursor.execute(f"TRUNCATE log_{table}")


@pytest.mark.parametrize("size", [299, 300, 0])
def test_the_head_only_grows(filled, size):
    """The head never moves back, and never stands still under another root."""
    _refused(f"UPDATE log_head SET size = {size}, root = decode(repeat('00', 32), 'hex')", "grows")


def test_a_tile_may_grow(filled):
    """Control: a partial tile with one hash more is let through."""
    wider = "data || decode(repeat('00', 32), 'hex')"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE log_tile SET width = width + 1, data = {wider} WHERE n = 1")
        assert cursor.rowcount == 1
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO log_entry VALUES (300, decode(repeat('00', 32), 'hex'), 'x', 's')",
        "INSERT INTO log_pending (leaf_hash, entry, subject) VALUES ('\\x00', 'x', 's')",
        "INSERT INTO log_entry SELECT 300, leaf_hash, entry, subject FROM log_entry WHERE idx = 0",
        "INSERT INTO log_entry SELECT -1, leaf_hash, entry, subject FROM log_pending LIMIT 1",
        "INSERT INTO log_tile VALUES (0, 9, 2, decode(repeat('00', 32), 'hex'))",
        "INSERT INTO log_head SELECT 2, size, root, edge FROM log_head",
    ],
)
def test_rows_that_cannot_be_are_refused(filled, statement):
    """A hash that is not its entry's, a leaf twice, a tile of another width, a second head."""
    _refused(statement, "violates")


def test_nothing_was_moved_by_any_of_it(filled):
    """Control of the fixture: the log above is whole, so that the refusals mean something."""
    assert (LogEntry.objects.count(), LogPending.objects.count()) == (300, 3)
    assert LogHead.objects.get().size == LogCheckpoint.objects.get().size == 300
    assert sorted(LogTile.objects.values_list("level", "n", "width")) == [
        (0, 0, 256),
        (0, 1, 44),
        (1, 0, 1),
    ]
    assert LogCheckpoint.objects.get().signed_at == AT


def _state() -> list[list[tuple[object, ...]]]:
    """Everything in the log's tables."""
    found = []
    with connection.cursor() as cursor:
        for table in ("entry", "checkpoint", "cosignature", "pending", "tile", "head"):
            cursor.execute(f"SELECT t::text FROM log_{table} t ORDER BY 1")
            found.append(cursor.fetchall())
    return found
