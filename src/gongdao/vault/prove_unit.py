"""That a secret was in its batch: an inclusion proof under the root that the public log holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from gongdao.core.errors import NoSuchShelf
from gongdao.vault.batch_tree import GROUP, inclusion_path
from gongdao.vault.models import Batch, Group

_PLACE = """
SELECT u.batch_id, (u.pos - b.first_pos) / k.uses_allowed, s.commitment
FROM vault_unit u JOIN vault_batch b ON b.id = u.batch_id JOIN vault_sku k ON k.id = u.sku_id
JOIN vault_sealed s ON s.id = u.sealed_id WHERE u.id = %s
"""
_GROUP = """
SELECT s.commitment FROM vault_unit u JOIN vault_sealed s ON s.id = u.id
WHERE u.batch_id = %s AND u.id BETWEEN %s AND %s ORDER BY u.id LIMIT %s
"""


@dataclass(frozen=True)
class UnitProof:
    """``commitment`` is entry ``index`` (from 0) of the tree of ``size`` entries with the root
    ``root``, as ``path`` shows (RFC 6962); the leaf with the root is of ``log_subject``."""

    commitment: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes
    log_subject: str


def prove_unit(unit: int) -> UnitProof:
    """The proof for ``unit``; raise NoSuchShelf where there is none, or its batch is not whole."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, (unit,))
        found = cursor.fetchone()
        row = Batch.objects.filter(id=found[0], root__isnull=False).first() if found else None
        if row is None:
            raise NoSuchShelf
        groups = Group.objects.filter(batch_id=row.id).order_by("n")
        roots = [(bytes(root), first) for root, first in groups.values_list("root", "first_id")]
        index = int(found[1])
        cursor.execute(_GROUP, (row.id, roots[index // GROUP][1], row.last_id, GROUP))
        group = [bytes(one) for (one,) in cursor.fetchall()]
    path = inclusion_path(
        index=index, size=row.secrets, group=group, roots=[root for root, _first in roots]
    )
    return UnitProof(
        commitment=bytes(found[2]),
        index=index,
        size=row.secrets,
        path=tuple(path),
        root=bytes(row.root or b""),
        log_subject=row.log_subject,
    )
