"""Direct top-ups: begun for paid orders, claimed for asking, and moved on by what suppliers say.

The talk with a supplier happens between two transactions, never inside one. Before it the row says
that he is being asked, so that a crash in between leaves a top-up of which nobody knows: then he is
asked what became of it, and for it again only where he knows of none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.ids import new_id
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.market import models
from gongdao.market.decide_top_up import TopUpState, Way
from gongdao.market.market_key import order_keys
from gongdao.market.offer import Delivery
from gongdao.market.shown import find_shown
from gongdao.market.suppliers.port import SupplierWord, TopUpAsk
from gongdao.market.top_up_answers import take_word

LEASE = timedelta(seconds=60)
"""How long a claimed top-up is left alone; longer than a supplier may take to answer."""
_BEGIN = """
SELECT o.id FROM market_order o JOIN market_supply s ON s.listing_id = o.listing_id
JOIN market_supplier p ON p.id = s.supplier_id
WHERE o.state = 'paid' AND p."on"
  AND NOT EXISTS (SELECT FROM market_topup t WHERE t.order_id = o.id)
  AND NOT EXISTS (SELECT FROM market_finding f
    WHERE f.order_id = o.id AND f.code = 'charged_back' AND f.closed_at IS NULL)
  AND (o.risk = '' OR EXISTS (SELECT FROM market_riskanswer a
    WHERE a.order_id = o.id AND NOT a.told_by_somebody AND a.deliver_from <= %s))
ORDER BY o.paid_at LIMIT %s FOR UPDATE OF o SKIP LOCKED
"""
"""Index market_order_open."""


def begin_top_ups(*, stores: Stores, at: datetime, most: int = 100) -> int:
    """Write down the pieces of paid orders that a supplier delivers; return how many orders."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, (at, most))
            ids = [row[0] for row in cursor.fetchall()]
        begun = 0
        for order in models.Order.objects.filter(id__in=ids):
            offer = find_shown(order.listing_id, order.listing_version).offer
            if offer.delivery is Delivery.SUPPLIER:
                _begin(order, at)
                begun += 1
    return begun


def _begin(order: models.Order, at: datetime) -> None:
    supply = models.Supply.objects.get(listing_id=order.listing_id)
    pieces = range(1, order.quantity + 1)
    models.TopUp.objects.bulk_create(
        models.TopUp(
            id=new_id(at),
            order=order,
            place=place,
            supplier_id=supply.supplier_id,
            number=order.number if order.quantity == 1 else f"{order.number}X{place}",
            product=supply.product,
            face_minor=supply.face_minor,
            most_minor=supply.most_minor,
            currency=supply.currency,
            ask=supply.ask,
            begun_at=at,
            next_look_at=at,
        )
        for place in pieces
    )
    models.Order.objects.filter(id=order.id).update(why="top_up_asked")


@dataclass(frozen=True)
class Claimed:
    """A top-up that this worker has to ask for (``asks``) or to look after, and nobody else."""

    id: UUID
    supplier: models.Supplier
    asks: bool
    ask: TopUpAsk


def claim_top_up(*, stores: Stores, root: str, at: datetime) -> Claimed | None:
    """The top-up that is due longest, taken for `LEASE`; None where none is due. ``root`` is where
    suppliers call back."""
    if connection.in_atomic_block:
        raise RuntimeError("a claim is committed before its supplier is asked")
    with transaction.atomic():
        row = (
            models.TopUp.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("supplier", "order")
            .filter(next_look_at__lte=at, ended_at__isnull=True)
            .order_by("next_look_at")
            .first()
        )
        if row is None:
            return None
        asks, row.next_look_at = row.ask_next, at + LEASE
        if asks:
            row.ask_next, row.asks, row.asked_at = False, row.asks + 1, row.asked_at or at
        row.looks = row.looks + 1
        row.save(update_fields=["ask_next", "asks", "asked_at", "looks", "next_look_at"])
    return Claimed(row.id, row.supplier, asks, _ask_of(stores, row, root, at))


def _ask_of(stores: Stores, row: models.TopUp, root: str, at: datetime) -> TopUpAsk:
    entered = json.loads(order_keys(stores, at).open(row.order_id, bytes(row.order.sealed)))
    return TopUpAsk(
        number=row.number,
        product=row.product,
        account=entered["answers"].get(row.ask, "").strip(),
        face=Money(row.face_minor, row.currency),
        most=Money(row.most_minor, row.currency),
        notify_url=f"{root}/api/v1/supply/{row.supplier_id}/notify",
        supplier_no=row.supplier_no,
    )


def settle_claim(*, stores: Stores, claim: Claimed, word: SupplierWord, at: datetime) -> TopUpState:
    """Keep what the supplier said to a claim and move the top-up on; where it stands now."""
    way = Way.ASK if claim.asks else Way.POLL
    return take_word(stores=stores, top_up_id=claim.id, word=word, way=way, at=at)
