"""Rows of this room's tables, read and written by statements planned once per connection.

Django has every statement planned anew and builds it anew: a clear complaint reads and writes a
dozen kinds of rows, and getting ready for them took longer than all else. What is written travels
as one JSON value, which the database's own input functions read: what does not fit is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import AutoField, BigAutoField, Field, JSONField, Model

from gongdao.vault.run_sql import run_prepared

M = TypeVar("M", bound=Model)
_NUMBERED = AutoField, BigAutoField


def read_rows(model: type[M], where: str, values: Mapping[str, Any]) -> list[M]:
    """The rows of ``model`` that ``where`` says (``WHERE … ORDER BY … FOR UPDATE``, in SQL)."""
    columns, table = _columns(model), model._meta.db_table
    found = run_prepared(f"SELECT {columns} FROM {table} {where}", values)
    return [row_of(model, one) for one in found]


def row_of(model: type[M], values: Sequence[Any]) -> M:
    """A row of ``model`` out of its columns' values, in their order."""
    return model.from_db("default", _names(model), values)


def insert_rows(rows: Sequence[Model]) -> None:
    """Insert ``rows``, all of one model, in their order. Numbers that the database gives out are
    not read back."""
    if not rows:
        return
    run_prepared(_insert(type(rows[0])), {"rows": json.dumps([plain_row(one) for one in rows])})
    for one in rows:
        one._state.adding, one._state.db = False, "default"


def update_row(row: Model) -> None:
    """Write every column of a row that is there."""
    run_prepared(_update(type(row)), {"row": json.dumps(plain_row(row)), "id": row.pk})


def columns_of(model: type[Model], table: str) -> str:
    """Every column of ``model``, for a statement that calls it ``table``."""
    return ", ".join(f'{table}."{one.column}"' for one in _fields(model))


@cache
def _fields(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@cache
def _names(model: type[Model]) -> list[str]:
    return [one.attname for one in _fields(model)]


@cache
def _columns(model: type[Model]) -> str:
    return columns_of(model, model._meta.db_table)


@cache
def _written(model: type[Model]) -> tuple[tuple[str, str, bool], ...]:
    """What is written of a row: attribute, column, and whether it is JSON itself."""
    given = (one for one in _fields(model) if not isinstance(one, _NUMBERED))
    return tuple((one.attname, str(one.column), isinstance(one, JSONField)) for one in given)


def _quoted(model: type[Model]) -> str:
    return ", ".join(f'"{column}"' for _name, column, _json in _written(model))


@cache
def _insert(model: type[Model]) -> str:
    table, columns = model._meta.db_table, _quoted(model)
    return f"""INSERT INTO {table} ({columns})
      SELECT {columns} FROM json_populate_recordset(NULL::{table}, %(rows)s::json)"""


@cache
def _update(model: type[Model]) -> str:
    table, columns = model._meta.db_table, _quoted(model)
    return f"""UPDATE {table} SET ({columns}) =
      (SELECT {columns} FROM json_populate_record(NULL::{table}, %(row)s::json))
      WHERE id = %(id)s"""


def plain_row(row: Model) -> dict[str, Any]:
    """What is written of a row, as JSON knows it."""
    plain: dict[str, Any] = {}
    for name, column, is_json in _written(type(row)):
        value = getattr(row, name)
        plain[column] = value if is_json else _as_json(value)
    return plain


def _as_json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):  # a moment is one, too
        return value.isoformat()
    if isinstance(value, bytes | memoryview | bytearray):
        return "\\x" + bytes(value).hex()
    return value
