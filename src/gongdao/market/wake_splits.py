"""Wake splits that sleep because of something outside them, once that is over.

A share whose merchant has no account at the service, or is held back, or whose service is off, has
no next try: however many of them wait, they cost the worker nothing. Whether the ground is gone is
asked for each merchant and service, not for each row. Those of one merchant then come due one after
the other, so that they keep nobody else waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.find_receiver import find_receiver
from gongdao.ledger.models import Payee
from gongdao.market.prepare_split import EACH_SECONDS, NO_RECEIVER, PAYOUTS_HELD, SHARES_FIRST
from gongdao.market.send_splits import GATEWAY_OFF
from gongdao.payments.models import Split
from gongdao.payments.port import Gateway

_Ground = tuple[str, str, UUID, str]
"""Why a split sleeps, whose it is (kind and id), and at which service."""
_WAKE = """
WITH asleep AS (
  SELECT w.id, w.owner_id, w.planned_at
  FROM payments_split w JOIN payments_credit c ON c.id = w.credit_id
  JOIN payments_intent i ON i.id = c.intent_id
  JOIN unnest(%(problems)s::text[], %(owners)s::uuid[], %(gateways)s::text[])
    AS gone (problem, owner_id, gateway)
    ON gone.problem = w.problem AND gone.owner_id = w.owner_id AND gone.gateway = i.gateway
  WHERE w.state = 'waiting' AND w.next_try_at IS NULL
  FOR UPDATE OF w SKIP LOCKED
),
placed AS (
  SELECT id, row_number() OVER (PARTITION BY owner_id ORDER BY planned_at, id) - 1 AS place
  FROM asleep
)
UPDATE payments_split s
SET next_try_at = %(at)s::timestamptz + placed.place * %(each)s * interval '1 second'
FROM placed WHERE s.id = placed.id
"""
_WAKE_RESTS = """
UPDATE payments_split SET next_try_at = %(at)s WHERE id IN (
  SELECT r.id FROM payments_split r
  WHERE r.part = 'rest' AND r.state = 'waiting' AND r.next_try_at IS NULL
    AND r.problem IN ('', %(shares_first)s)
    AND NOT EXISTS (SELECT FROM payments_split s WHERE s.credit_id = r.credit_id
      AND s.part = 'share' AND s.state IN ('waiting', 'requested', 'stuck', 'refused'))
  FOR UPDATE SKIP LOCKED)
"""


def wake_splits(
    *,
    stores: Stores,
    gateways: Mapping[str, Gateway],
    held: Collection[UUID],
    at: datetime,
) -> int:
    """Let come due what sleeps without a ground: its merchant has a verified account there now, is
    none of ``held`` (whom a ground holds back), its service is one of ``gateways``; and the rest of
    a payment whose shares have all ended. How many were woken. A row that somebody works on at this
    moment is left to the next call."""
    rows = Split.objects.filter(state="waiting", next_try_at=None)
    grounds = rows.filter(problem__in=[NO_RECEIVER, PAYOUTS_HELD, GATEWAY_OFF])
    named = ("problem", "owner_kind", "owner_id", "credit__intent__gateway")
    asleep = set(grounds.order_by().values_list(*named).distinct())
    gone = [
        *(one for one in asleep if one[0] == GATEWAY_OFF and one[3] in gateways),
        *(one for one in asleep if one[0] == PAYOUTS_HELD and one[2] not in held),
        *_with_receiver(stores, [one for one in asleep if one[0] == NO_RECEIVER]),
    ]
    values: dict[str, Any] = {
        "problems": [one[0] for one in gone],
        "owners": [one[2] for one in gone],
        "gateways": [one[3] for one in gone],
        "each": EACH_SECONDS,
        "at": at,
        "shares_first": SHARES_FIRST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WAKE_RESTS, values)
        woken = cursor.rowcount
        if gone:
            cursor.execute(_WAKE, values)
            woken += cursor.rowcount
    return int(woken)


def _with_receiver(stores: Stores, grounds: list[_Ground]) -> list[_Ground]:
    """Those whose merchant has an account at the service by now; of merchants without any verified
    account nothing is opened."""
    verified = Payee.objects.filter(
        owner_id__in={one[2] for one in grounds}, verified_at__isnull=False, retired_at=None
    )
    some = set(verified.values_list("owner_kind", "owner_id")) if grounds else set()
    return [
        one
        for one in grounds
        if (one[1], one[2]) in some
        and find_receiver(stores=stores, merchant=SubjectRef(one[1], one[2]), gateway=one[3])
    ]
