"""Thousands of rows into the large tables at once, in PostgreSQL's binary form for COPY."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from gongdao.vault.states import UnitState

_HEAD = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_END = b"\xff\xff"
_STATE = UnitState.AVAILABLE.value.encode()
_UNIT = struct.Struct(f">hiqi16siqi16siqi{len(_STATE)}s")
_SEALED_HEAD = struct.Struct(">hiqi")
_SEALED_TAIL = struct.Struct(">i32sihii")
_UNITS = "COPY vault_unit (id, sku_id, pos, batch_id, sealed_id, state) FROM STDIN (FORMAT BINARY)"
_SEALED = "COPY vault_sealed (id, ciphertext, commitment, canon_v, line) FROM STDIN (FORMAT BINARY)"
SealedRow = tuple[int, bytes, bytes, int, int]
"""id, ciphertext, commitment, version of the canonical form, line."""


def copy_units(
    *, sku: UUID, batch: UUID, sealed_ids: Sequence[int], first_pos: int, uses: int
) -> None:
    """``uses`` units for each secret, with consecutive ids and positions."""
    size, sku_bytes, batch_bytes = len(_STATE), sku.bytes, batch.bytes
    pack, pos, rows = _UNIT.pack, first_pos, []
    for sealed in sealed_ids:
        for one in range(sealed, sealed + uses):
            rows.append(
                pack(*(6, 8, one, 16, sku_bytes, 8, pos, 16, batch_bytes, 8, sealed, size, _STATE))
            )
            pos += 1
    _copy(_UNITS, rows)


def copy_sealed(rows: Iterable[SealedRow]) -> None:
    """One row for each secret."""
    head, tail = _SEALED_HEAD.pack, _SEALED_TAIL.pack
    _copy(
        _SEALED,
        [
            head(5, 8, one, len(sealed)) + sealed + tail(32, commitment, 2, canon_v, 4, line)
            for one, sealed, commitment, canon_v, line in rows
        ],
    )


def _copy(statement: str, rows: list[bytes]) -> None:
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(b"".join((_HEAD, *rows, _END)))
