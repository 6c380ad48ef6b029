"""What goes in and comes out of the interface, as JSON Schema: one entry for each shape."""

from __future__ import annotations

from typing import Any

from gongdao.front.api.listings import MOST_STOCK
from gongdao.market.compared import LONGEST_LINK, LONGEST_NAME, MOST_SINGLES
from gongdao.market.coupons import LONGEST_CODE
from gongdao.market.deliver_by_hand import LONGEST_TEXT as LONGEST_HANDED
from gongdao.market.offer import (
    LONGEST_CAP,
    LONGEST_TEXT,
    LONGEST_TITLE,
    Delivery,
    GoodsKind,
    SourceKind,
)
from gongdao.market.record_test import LONGEST_NOTE
from gongdao.market.states import CancelReason, ListingState, OrderState
from gongdao.market.thread import LONGEST_POST
from gongdao.vault.refusals import Reason
from gongdao.vault.states import BatchState
from gongdao.vault.states import SourceKind as StockSource
from gongdao_verify.order_form import FORMAT

Shape = dict[str, Any]


def ref(name: str) -> Shape:
    """The shape ``name`` of `SHAPES`."""
    return {"$ref": f"#/components/schemas/{name}"}


def text(longest: int | None = None, **more: Any) -> Shape:
    """A text."""
    return {"type": "string", **({"maxLength": longest} if longest else {}), **more}


def whole(low: int, high: int | None = None, **more: Any) -> Shape:
    """A whole number."""
    return {"type": "integer", "minimum": low, **({"maximum": high} if high else {}), **more}


def codes(kind: type[Any]) -> Shape:
    """One of the codes of an enumeration."""
    return {"type": "string", "enum": [str(one.value) for one in kind]}


def listed(items: Shape, most: int | None = None) -> Shape:
    """A list."""
    return {"type": "array", "items": items, **({"maxItems": most} if most else {})}


def thing(must: Shape, may: Shape | None = None) -> Shape:
    """An object with exactly these fields; those of ``may`` can be left out."""
    return {
        "type": "object",
        "properties": {**must, **(may or {})},
        "required": list(must),
        "additionalProperties": False,
    }


def nullable(shape: Shape) -> Shape:
    """The shape, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


UUID: Shape = {"type": "string", "format": "uuid"}
TIME: Shape = {"type": "string", "format": "date-time"}
SOME_TIME = nullable(TIME)
MONEY: Shape = {"type": "string", "pattern": r"^-?\d{1,13}\.\d\d$"}
"""Yuan and fen, as in ``98.00``."""
PRICE: Shape = {"type": "string", "pattern": r"^\d{1,6}(\.\d{1,2})?$"}
CURRENCY: Shape = {"type": "string", "const": "CNY"}
DIGEST: Shape = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NUMBER: Shape = {"type": "string", "maxLength": 16}
COUNT = whole(0)
TRUTH: Shape = {"type": "boolean"}
_TEXTS: Shape = {"type": "object", "additionalProperties": text(500), "maxProperties": 20}
_ALWAYS: Shape = {"type": "string", "const": "always"}
_SPAN: Shape = {"type": "array", "items": text(5), "minItems": 2, "maxItems": 2}
_HOURS = thing(
    {"week": {"type": "array", "items": listed(_SPAN, 24), "minItems": 7, "maxItems": 7}},
    {"closed": listed({"type": "string", "format": "date"}, 100)},
)
_DISCLOSED: Shape = {
    "title": text(LONGEST_TITLE),
    "kind": codes(GoodsKind),
    "category": text(LONGEST_TEXT),
    "denomination": text(LONGEST_TEXT),
    "region": text(LONGEST_TEXT),
    "account_limits": text(LONGEST_TEXT),
    "source": codes(SourceKind),
    "delivery": codes(Delivery),
    "promise": thing({"minutes": whole(1, 20_160)}, {"instant": TRUTH}),
    "after_sale": text(LONGEST_TEXT),
    "how_to_redeem": text(LONGEST_TEXT),
    "how_to_test": text(LONGEST_TEXT),
}
_LIMITS: Shape = {
    "most_per_buyer": whole(1, 500),
    "cap_days": whole(0, LONGEST_CAP),
    "reserve_minutes": whole(5, 60),
    "protect_hours": whole(24, 720),
    "asks": listed(text(80), 5),
}
_DAY: Shape = {"type": "string", "format": "date"}
_COMPARED = {
    "anyOf": [
        thing({"kind": {"const": "own_earlier"}, "since": _DAY}),
        thing({"kind": {"const": "official"}, "link": text(LONGEST_LINK)}),
        thing(
            {
                "kind": {"const": "combined"},
                "singles": listed(
                    thing({"name": text(LONGEST_NAME), "price": PRICE}), MOST_SINGLES
                ),
            }
        ),
        {"type": "null"},
    ]
}
_WISHED = thing(
    {**_DISCLOSED, "source_proof": text(LONGEST_TEXT), "price": PRICE},
    {
        "hours": {"anyOf": [_ALWAYS, _HOURS]},
        "compared_price": nullable(PRICE),
        "compared_why": text(LONGEST_TEXT),
        "compared_with": _COMPARED,
        "tiers": listed(thing({"quantity": whole(2, 500), "unit": PRICE}), 10),
        **_LIMITS,
    },
)
_OFFER = thing(
    {
        **_DISCLOSED,
        "hours": _HOURS,
        "price": MONEY,
        "currency": CURRENCY,
        "compared_price": nullable(MONEY),
        "compared_why": text(),
        "compared_with": _COMPARED,
        "tiers": listed(thing({"quantity": whole(2), "unit": MONEY})),
        **_LIMITS,
    }
)
_FOUND: Shape = {
    "id": UUID,
    "version": whole(1),
    "title": text(),
    "kind": codes(GoodsKind),
    "category": text(),
    "denomination": text(),
    "region": text(),
    "source": codes(SourceKind),
    "delivery": codes(Delivery),
    "price": MONEY,
    "currency": CURRENCY,
    "merchant": thing({"id": UUID, "name": text()}),
    "promised_by": SOME_TIME,
    "stock": nullable(whole(0, MOST_STOCK)),
    "published_at": TIME,
}


def page_of(name: str) -> Shape:
    """A page of a long list."""
    return thing(
        {"items": listed(ref(name), 100), "page": whole(1), "per_page": whole(1), "total": COUNT}
    )


SHAPES: dict[str, Shape] = {
    "Error": thing(
        {"error": thing({"code": text(), "message": text()}, {"field": text()})},
    ),
    "Found": thing(_FOUND),
    "FoundPage": page_of("Found"),
    "Listing": thing({**_FOUND, "offer": ref("Offer"), "sha256": DIGEST}),
    "Offer": _OFFER,
    "WishedOrder": thing(
        {
            "listing": UUID,
            "version": whole(1, 1_000_000),
            "quantity": whole(1, 500),
            "contact": text(254),
            "terms": whole(1, 1_000_000),
            "pay_with": text(16),
        },
        {
            "answers": _TEXTS,
            "client_ip": text(45),
            "coupon": text(LONGEST_CODE),
            "no_return": TRUTH,
        },
    ),
    "PlacedOrder": thing(
        {
            "number": NUMBER,
            "query_code": text(),
            "total": MONEY,
            "currency": CURRENCY,
            "reserved_until": TIME,
            "promise_by": TIME,
            "off": nullable(MONEY),
            "pay": nullable(ref("WayToPay")),
        }
    ),
    "WayToPay": thing(
        {
            "url": text(),
            "fields": {"type": "object", "additionalProperties": text()},
            "qr": text(),
        }
    ),
    "Payer": thing({}, {"client_ip": text(45)}),
    "Payable": thing({"number": NUMBER, "pay": ref("WayToPay")}),
    "Order": thing(
        {
            "number": NUMBER,
            "state": codes(OrderState),
            "why": text(),
            "why_words": text(),
            "listing": UUID,
            "version": whole(1),
            "title": text(),
            "quantity": whole(1),
            "total": MONEY,
            "currency": CURRENCY,
            "promise_by": TIME,
            "placed_at": TIME,
            "reserved_until": TIME,
            "paid_at": SOME_TIME,
            "delivered_at": SOME_TIME,
            "revealed_at": SOME_TIME,
            "protected_until": SOME_TIME,
            "ended_at": SOME_TIME,
            "snapshot_sha256": DIGEST,
            "log_subject": text(),
        }
    ),
    "OrderPage": page_of("Order"),
    "Secret": thing(
        {
            "place": whole(1),
            "fields": {"type": "object", "additionalProperties": text()},
            "commitment": DIGEST,
            "salt": DIGEST,
            "batch": nullable(UUID),
            "index": nullable(COUNT),
            "replaced": TRUTH,
        }
    ),
    "Secrets": thing({"number": NUMBER, "secrets": listed(ref("Secret"))}),
    "TestResult": thing(
        {"works": TRUTH}, {"recorded": nullable(TRUTH), "note": text(LONGEST_NOTE)}
    ),
    "TestKept": thing({"number": NUMBER, "kept": TRUTH}),
    "Confirmed": thing({"number": NUMBER, "released": TRUTH}),
    "OrderReceipt": thing(
        {
            "format": {"type": "string", "const": FORMAT},
            "placed": text(),
            "delivered": listed(text()),
            "batches": listed(text()),
            "snapshot": {"type": "object"},
            "units": listed({"type": "object"}),
        }
    ),
    "Balance": thing(
        {
            "held": MONEY,
            "free": MONEY,
            "deposit": MONEY,
            "under_way": MONEY,
            "owed": MONEY,
            "currency": CURRENCY,
        }
    ),
    "OwnListing": thing(
        {
            "id": UUID,
            "state": codes(ListingState),
            "version": COUNT,
            "stock": nullable(whole(0, MOST_STOCK)),
            "created_at": TIME,
            "offer": nullable(ref("Offer")),
        }
    ),
    "OwnListingPage": page_of("OwnListing"),
    "WishedOffer": _WISHED,
    "WishedListing": {
        **_WISHED,
        "properties": {
            **_WISHED["properties"],
            "secret_fields": {
                "type": "array",
                "items": text(32, pattern="^[A-Za-z_][A-Za-z0-9_]*$"),
                "minItems": 1,
                "maxItems": 8,
                "uniqueItems": True,
            },
        },
    },
    "Published": thing({"id": UUID, "version": whole(1), "sha256": DIGEST}),
    "UnderReview": thing(
        {"id": UUID, "state": {"type": "string", "const": "under_review"}, "reason": text()}
    ),
    "Stock": thing(
        {
            "available": whole(0, MOST_STOCK),
            "batches": listed(
                thing(
                    {
                        "id": UUID,
                        "state": codes(BatchState),
                        "source": codes(StockSource),
                        "secrets": COUNT,
                        "root": nullable(DIGEST),
                        "imported_at": SOME_TIME,
                    }
                )
            ),
        }
    ),
    "WishedStock": thing(
        {"secrets": text(2 << 20), "source": codes(StockSource)},
        {"supplier": text(80), "dry_run": TRUTH},
    ),
    "Imported": thing(
        {
            "batch": UUID,
            "dry_run": TRUTH,
            "lines": COUNT,
            "accepted": COUNT,
            "already": COUNT,
            "refused": {"type": "object", "additionalProperties": COUNT},
            "refused_lines": listed(
                thing(
                    {
                        "line": whole(1),
                        "code": codes(Reason),
                        "same_as": nullable(whole(1)),
                        "words": text(),
                    }
                )
            ),
            "root": nullable(DIGEST),
        }
    ),
    "HandedOver": thing({"texts": listed(text(LONGEST_HANDED), 500)}),
    "Delivered": thing({"number": NUMBER, "delivered": TRUTH}),
    "Cancelling": thing({"reason": codes(CancelReason), "words": text(LONGEST_POST)}),
    "Cancelled": thing({"number": NUMBER, "cancelled": TRUTH}),
}
"""Every shape by its name."""
