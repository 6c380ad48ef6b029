"""Run a named statement on Django's connection, parsed and planned once per connection.

Django binds values on the client and has every statement planned anew; planning a hot statement
takes longer than running it. The first use on a connection asks for plans that hold for all values:
each statement here has one good plan, whatever they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakSet

import psycopg
from django.db import connection, transaction

from gongdao.core.named_sql import load_sql
from gongdao.core.subject import SubjectRef

PACKAGE = "gongdao.vault"
MOST_UNITS = 10_000
"""Most units of one claim."""
_NEVER_BY_ITSELF = 1_000_000_000
"""Executions after which any statement would be prepared unasked; None would forbid it to us."""

_ready: WeakSet[psycopg.Connection[Any]] = WeakSet()
"""Connections that have been told."""


def run_prepared(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run ``statement`` with ``values`` sent apart from it; its rows, if it gives any."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        if raw not in _ready:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
            raw.prepare_threshold = _NEVER_BY_ITSELF
            # A rollback would take it back: it is told for good where the transaction is, too.
            transaction.on_commit(partial(_ready.add, raw))
        cursor.execute(statement.encode(), values, prepare=True, binary=True)
        result = cursor.pgresult
        return cursor.fetchall() if result is not None and result.nfields else []


def run_named(name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run ``sql/<name>.sql`` of this room."""
    return run_prepared(load_sql(PACKAGE, name), values)


def owner_values(claim: SubjectRef) -> dict[str, Any]:
    """What the statements call the owner of a claim."""
    return {"vault_owner_kind": claim.kind, "vault_owner_id": claim.id}


def unit_values(claim: SubjectRef, sku: UUID, units: int) -> dict[str, Any]:
    """The same, with the shelf and how many units of it are asked for: 1 to 10,000, or
    ValueError."""
    if not 1 <= units <= MOST_UNITS:
        raise ValueError(f"{units} units in one claim")
    return {**owner_values(claim), "vault_sku": sku, "vault_units": units}
