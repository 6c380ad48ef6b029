"""What the merchant's own record of his stock says of what was delivered.

A batch that was imported while the listing sold something else, test cards or a smaller face value,
is what the listing said then. The record speaks against its author alone: where it agrees with the
order nothing is known, since a merchant may put anything on a shelf.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.disputes.facts import Fact, FactName, Source
from gongdao.market.models import Order
from gongdao.market.offer import GoodsKind, Offer

_STOCK = """
SELECT c.place, b.id, shown.kind, shown.denomination, shown.currency
FROM vault_claim c JOIN vault_unit u ON u.id = c.unit_id JOIN vault_batch b ON b.id = u.batch_id
JOIN LATERAL (
  SELECT v.content ->> 'kind' AS kind, v.content ->> 'denomination' AS denomination,
    v.content -> 'price' ->> 'currency' AS currency
  FROM market_listingversion v
  WHERE v.listing_id = %(listing)s AND v.published_at <= b.began_at
  ORDER BY v.number DESC LIMIT 1) AS shown ON true
WHERE c.owner_kind = 'order' AND c.owner_id = %(order)s AND c.state = 'allocated' ORDER BY c.place
"""
"""Each piece with its batch and what the listing said when that was imported."""
_N, _P = FactName, Source.PLATFORM


def kind_facts(order: Order, at: datetime) -> Iterator[Fact]:
    """That what was delivered had been put on the shelf as test cards."""
    for _place, batch, kind, _face, _currency in _read(order):
        if kind == GoodsKind.TEST_CARD.value:
            yield Fact(_N.TEST_SECRET, True, _P, at, (f"batch:{batch}",))
            return


def face_facts(order: Order, offer: Offer, at: datetime) -> Iterator[Fact]:
    """That pieces had been put on the shelf with a smaller face value than the order was promised:
    what all pieces are worth together, and which are short."""
    listed = read_face(offer)
    if listed is None:
        return
    short: dict[int, Money] = {}
    batches = set[str]()
    for place, batch, _kind, denomination, currency in _read(order):
        face = _parse(denomination, currency)
        if face is not None and face.currency == listed.currency and face < listed:
            short[place] = face
            batches.add(f"batch:{batch}")
    if not short:
        return
    evidence = tuple(sorted(batches))[:50]
    whole = listed.minor * (order.quantity - len(short)) + sum(one.minor for one in short.values())
    yield Fact(_N.DELIVERED_FACE_MINOR, whole, _P, at, evidence)
    yield Fact(_N.AFFECTED_UNITS, len(short), _P, at, evidence)
    yield Fact(_N.AFFECTED_PLACES, tuple(sorted(short)), _P, at, evidence)


def read_face(offer: Offer) -> Money | None:
    """What a card is worth by its listing, where the denomination is an amount of money."""
    return _parse(offer.denomination, offer.price.currency)


def _parse(denomination: str, currency: str) -> Money | None:
    try:
        return Money.parse(denomination, currency)
    except InputError:
        return None


def _read(order: Order) -> list[tuple[int, str, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_STOCK, {"listing": order.listing_id, "order": order.id})
        found: list[tuple[int, str, str, str, str]] = cursor.fetchall()
        return found
