"""What the database itself refuses, whoever asks: every step that states.py does not allow."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from tests.vault.vault_kit import AT, SOON, STORES, claim, codes, put, run_sql, tamper, whole

from gongdao.vault.allocate import allocate
from gongdao.vault.check_units import check_units
from gongdao.vault.issuer_port import SecretStatus
from gongdao.vault.reserve import reserve
from gongdao.vault.reveal import reveal
from gongdao.vault.states import (
    BATCH_TRANSITIONS,
    CLAIM_TRANSITIONS,
    KEY_TRANSITIONS,
    UNIT_TRANSITIONS,
    BatchState,
    KeyState,
)

TABLES = "sku batch unit sealed fingerprint claim group reveal statuscheck key"


@pytest.fixture
def stocked(shelf):
    """One shelf with one batch; a unit allocated and revealed, one reserved, one checked."""

    class Issuer:
        name = "test"

        def ask(self, fields):
            return SecretStatus.VALID

    batch = put(shelf, codes(300)).batch
    sold, reserved = claim(), claim()
    allocate(sku=shelf, claim=sold, units=1, at=AT)
    reserve(sku=shelf, claim=reserved, units=1, until=SOON, at=AT)
    reveal(stores=STORES, claim=sold, who="b", at=AT)
    check_units(stores=STORES, batch=batch, port=Issuer(), sample=1, at=AT)
    return shelf


def _refused(statement, values=None):
    """Whether the database refuses this; nothing of it stays in either case."""
    try:
        with transaction.atomic():
            run_sql(statement, values)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    ("table", "transitions", "more"),
    [
        ("unit", UNIT_TRANSITIONS, {}),
        ("batch", BATCH_TRANSITIONS, {}),
        ("key", KEY_TRANSITIONS, {}),
        ("claim", CLAIM_TRANSITIONS, {}),
    ],
)
def test_the_triggers_are_the_tables(stocked, table, transitions, more):
    """Of every pair of states, just those are let through that states.py names."""
    for before, allowed in transitions.items():
        for after in transitions:
            with transaction.atomic():
                tamper(table, _to(table, before.value))
                refused = _refused(_to(table, after.value))
                transaction.set_rollback(True)
            assert refused != (after in allowed or after is before), (before, after)


def _to(table, state):
    """Every row into ``state``, with what a row in that state must have."""
    more = {
        "unit": "",
        "batch": ", root = {r}, imported_at = {a}",
        "key": ", wrapped = {w}",
        "claim": ", until = {u}, allocated_at = {l}",
    }[table].format(
        r="NULL" if state == BatchState.INCOMING else "coalesce(root, sha256('r'))",
        a="NULL" if state == BatchState.INCOMING else "changed_at",
        w="''" if state == KeyState.GONE else "'w'",
        u="claimed_at" if state == "reserved" else "NULL",
        l="NULL" if state == "reserved" else "coalesce(allocated_at, claimed_at)",
    )
    return f"UPDATE vault_{table} SET state = '{state}'{more}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault_unit SET pos = pos + 1",
        "UPDATE vault_unit SET sealed_id = sealed_id + 1",
        "UPDATE vault_unit SET batch_id = gen_random_uuid()",
        "UPDATE vault_unit SET state = 'sold'",
        "DELETE FROM vault_unit",
        "UPDATE vault_sealed SET ciphertext = ciphertext || 'x'",
        "UPDATE vault_sealed SET line = line + 1",
        "DELETE FROM vault_sealed",
        "INSERT INTO vault_sealed SELECT id + 9, 'short', commitment, 1, 1 FROM vault_sealed",
        "UPDATE vault_fingerprint SET fp = sha256(fp)",
        "DELETE FROM vault_fingerprint",
        "INSERT INTO vault_fingerprint SELECT kid, fp, sealed_id + 1 FROM vault_fingerprint",
        "UPDATE vault_batch SET root = sha256(root)",
        "UPDATE vault_batch SET secrets = secrets + 1",
        "UPDATE vault_batch SET source_kind = 'official'",
        "UPDATE vault_batch SET log_subject = 'batch:other'",
        "DELETE FROM vault_batch",
        "UPDATE vault_group SET root = sha256(root)",
        "DELETE FROM vault_group",
        "UPDATE vault_sku SET rules = '{}'",
        "UPDATE vault_sku SET uses_allowed = 2",
        "UPDATE vault_sku SET seller_id = gen_random_uuid()",
        "UPDATE vault_sku SET open_upto = open_upto - 1",
        "UPDATE vault_claim SET owner_id = gen_random_uuid()",
        "UPDATE vault_claim SET place = place + 1",
        "UPDATE vault_claim SET until = NULL WHERE state = 'reserved'",
        "UPDATE vault_claim SET allocated_at = now() WHERE state = 'allocated'",
        "DELETE FROM vault_claim WHERE state = 'allocated'",
        "INSERT INTO vault_claim SELECT unit_id, 'x', gen_random_uuid(), 1, 0, state, until,"
        " claimed_at, allocated_at FROM vault_claim",
        "INSERT INTO vault_claim SELECT -1, 'x', gen_random_uuid(), 1, 0, state, until,"
        " claimed_at, allocated_at FROM vault_claim LIMIT 1",
        "UPDATE vault_reveal SET at = at",
        "DELETE FROM vault_reveal",
        "UPDATE vault_statuscheck SET status = 'used'",
        "DELETE FROM vault_statuscheck",
        "DELETE FROM vault_key",
        "UPDATE vault_key SET made_at = now()",
        "UPDATE vault_key SET wrapped = ''",
    ],
)
def test_what_must_never_be_is_refused(stocked, statement):
    """Moving, rewriting and deleting what was sold, committed to or recorded."""
    assert _refused(statement), statement
    assert not whole()


@pytest.mark.parametrize("table", TABLES.split())
def test_nothing_is_emptied(stocked, table):
    """TRUNCATE is refused (the tests' own database has these triggers off, to be cleaned up)."""
    run_sql(f"ALTER TABLE vault_{table} ENABLE TRIGGER vault_{table}_whole")
    try:
        assert _refused(f"TRUNCATE vault_{table} CASCADE")
    finally:
        run_sql(f"ALTER TABLE vault_{table} DISABLE TRIGGER vault_{table}_whole")
    assert not _refused(f"TRUNCATE vault_{table} CASCADE")


def test_what_happens_every_day_passes(stocked):
    """The refusals let through what the verbs do: else they would prove nothing."""
    for statement in (
        "UPDATE vault_unit SET state = 'claimed' WHERE state = 'available'",
        "UPDATE vault_claim SET state = 'allocated', until = NULL, allocated_at = claimed_at"
        " WHERE state = 'reserved'",
        "DELETE FROM vault_claim WHERE state = 'reserved'",
        "UPDATE vault_batch SET state = 'withdrawn'",
        "UPDATE vault_sku SET open_upto = open_upto + 1",
        "UPDATE vault_key SET filled_upto = 7",
    ):
        assert not _refused(statement), statement


def test_a_fingerprint_goes_only_with_its_secret(stocked):
    """Of a withdrawn secret that nobody had it may go; of one that somebody has, never."""
    run_sql("UPDATE vault_batch SET state = 'withdrawn'")
    run_sql("UPDATE vault_unit SET state = 'withdrawn' WHERE state = 'available'")
    free = "(SELECT id FROM vault_unit WHERE state = 'withdrawn')"
    had = "(SELECT unit_id FROM vault_claim)"
    assert not _refused(f"DELETE FROM vault_fingerprint WHERE sealed_id IN {free}")
    assert _refused(f"DELETE FROM vault_fingerprint WHERE sealed_id IN {had}")
    run_sql("INSERT INTO vault_fingerprint SELECT 2, fp, sealed_id FROM vault_fingerprint")
    assert not _refused(f"DELETE FROM vault_fingerprint WHERE kid = 1 AND sealed_id IN {had}")
