"""Take back limits that rest on a wrong count of disproved claims: the claims are counted again as
they stood when the limit began, by the verdicts that stand now.

A limit that this count does not reach is lifted with its reason, said as an event of the case in
which it began, and told to whom it concerns. One that it reaches stays. Again, it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.stores import Stores
from gongdao.disputes.collect_facts import disproving_rows
from gongdao.disputes.conditions import holds
from gongdao.disputes.events import Docket
from gongdao.disputes.facts import Fact, FactName, Facts, Source
from gongdao.disputes.learning_models import HoldGround
from gongdao.disputes.locks import lock_case
from gongdao.disputes.notices import LIFTED
from gongdao.disputes.states import Mover
from gongdao.rules.at import at as rule_at
from gongdao.rules.dispute_kinds import AbuseRule

GROUND = "disproved_claims"
RECOUNTED = "recounted"
"""Why such a limit was lifted, as a code."""
_SINCE = timedelta(days=180)
_COUNT = """
SELECT count(*) FROM dispute_case c
WHERE substring(c.buyer_digest FROM 1 FOR 16) = %(buyer)s AND c.outcome = 'refused'
  AND c.opened_at > %(since)s AND c.opened_at <= %(until)s AND c.id IS DISTINCT FROM %(began)s AND (
    SELECT v.reason_code FROM dispute_verdict v
    WHERE v.case_id = c.id ORDER BY v.number DESC LIMIT 1
  ) = ANY(%(disproving)s)
"""
_BEGAN = """
SELECT c.id, e.id IS NOT NULL FROM dispute_case c
LEFT JOIN dispute_event e ON e.case_id = c.id AND e.kind = 'limited'
  AND e.data ->> 'rule' = %(rule)s AND e.at >= %(at)s
WHERE substring(c.buyer_digest FROM 1 FOR 16) = %(buyer)s
ORDER BY e.at, c.opened_at DESC LIMIT 1
"""
"""The case in which the limit was said first, else the buyer's newest, and which of both it is."""


@dataclass(frozen=True)
class Recount:
    """How many limits were looked at, and how many of them lifted."""

    looked: int
    lifted: int


def recount_limits(*, stores: Stores, at: datetime) -> Recount:
    """Count again behind every limit of this kind that stands, and lift those that it does not
    reach; each in a transaction of its own. Run twice, the second run lifts nothing."""
    rows = HoldGround.objects.filter(
        ground=GROUND, subject_kind="buyer", lifted_at__isnull=True, until__gt=at
    )
    standing = list(rows.filter(placed_by__isnull=True).order_by("placed_at"))
    lifted = sum(_recount(stores, row, at) for row in standing)
    return Recount(len(standing), lifted)


def _recount(stores: Stores, row: HoldGround, at: datetime) -> bool:
    rule = rule_at(row.rule.partition("@")[0], on=beijing(row.placed_at).date())
    if not isinstance(rule, AbuseRule):
        return False
    with transaction.atomic():
        case_id, began = _find_case(row)
        case, order = lock_case(case_id) if case_id else (None, None)
        mine = HoldGround.objects.select_for_update().filter(id=row.id, lifted_at__isnull=True)
        found = mine.first()
        count = _count(row, case_id if began else None)
        fact = Fact(FactName.BUYER_DISPROVED_180D, count, Source.PLATFORM, at)
        if found is None or all(holds(one, Facts((fact,))) for one in rule.when):
            return False
        found.lifted_at, found.lifted_why = at, RECOUNTED
        found.save(update_fields=["lifted_at", "lifted_why"])
        if case is not None and order is not None:
            _say(Docket(stores, case, order, at), found, count)
    return True


def _say(docket: Docket, row: HoldGround, count: int) -> None:
    """Tell it in the case and to the buyer."""
    docket.note("lifted", rule=row.rule, why=RECOUNTED, count=count)
    docket.tell_of([Mover.BUYER], LIFTED)
    docket.write()


def _count(row: HoldGround, began: UUID | None) -> int:
    """Claims that issuers disproved, of the cases before the one in which the limit ``began``."""
    values: dict[str, Any] = {
        "buyer": row.subject_id.bytes,
        "since": row.placed_at - _SINCE,
        "until": row.placed_at,
        "began": began,
        "disproving": disproving_rows(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        (count,) = cursor.fetchone()
    return int(count)


def _find_case(row: HoldGround) -> tuple[UUID | None, bool]:
    values: dict[str, Any] = {"buyer": row.subject_id.bytes, "rule": row.rule, "at": row.placed_at}
    with connection.cursor() as cursor:
        cursor.execute(_BEGAN, values)
        found = cursor.fetchone()
    return (found[0], found[1]) if found else (None, False)
