"""Take what is left of a batch off the shelf, whatever sales are under way."""

from __future__ import annotations

from django.db import connection

from gongdao.core.subject import SubjectRef
from gongdao.vault.models import Batch
from gongdao.vault.states import UnitState

_FROM_SHELF = """
UPDATE vault_unit SET state = %(to)s
WHERE batch_id = %(batch)s AND id BETWEEN %(first)s AND %(last)s AND state = ANY(%(from)s)
"""
_FROM_CLAIMS = """
WITH mine AS MATERIALIZED (
  SELECT c.unit_id FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id
  WHERE c.state = 'reserved' AND u.batch_id = %(batch)s
  ORDER BY c.unit_id FOR UPDATE OF c
),
gone AS (
  DELETE FROM vault_claim WHERE unit_id = ANY (ARRAY(SELECT unit_id FROM mine))
  RETURNING unit_id, owner_kind, owner_id
),
down AS (
  UPDATE vault_unit SET state = %(to)s WHERE id = ANY (ARRAY(SELECT unit_id FROM gone))
)
SELECT owner_kind, owner_id FROM gone
"""


def take_down(row: Batch, *, to: UnitState) -> tuple[int, list[SubjectRef]]:
    """Put every unit of the locked batch ``row`` that is on the shelf, held or only reserved into
    the state ``to``. How many units, and the claims that lost their reservations.

    A sale or a release that is under way may move a unit between the two looks: so both are
    repeated until neither finds anything. What is allocated stays.
    """
    sources = [UnitState.AVAILABLE] + [UnitState.HELD] * (to is UnitState.WITHDRAWN)
    values = {
        "to": to.value,
        "from": [one.value for one in sources],
        "batch": row.id,
        "first": row.first_id,
        "last": row.last_id,
    }
    units, losers = 0, dict[SubjectRef, None]()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FROM_SHELF, values)
            moved = cursor.rowcount
            cursor.execute(_FROM_CLAIMS, values)
            lost = [SubjectRef(kind, owner) for kind, owner in cursor.fetchall()]
        units += moved + len(lost)
        losers.update(dict.fromkeys(lost))
        if not moved and not lost:
            return units, list(losers)
