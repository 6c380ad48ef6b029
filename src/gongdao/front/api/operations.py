"""Every operation of the interface as data: what its description is made from, and its test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gongdao.front.api.listings import LONGEST_WORDS
from gongdao.front.api.orders import LONGEST_KEY
from gongdao.front.api.paging import LAST_PAGE, MOST
from gongdao.front.api.shapes import NUMBER, UUID, Shape, codes, text, whole
from gongdao.market.api_keys import Scope
from gongdao.market.find_listings import Sorting
from gongdao.market.offer import GoodsKind
from gongdao.market.states import OrderState

NOBODY, CODE = "nobody", "code"
"""Who may: anybody; whoever has the order's query code, or a key of the account that placed it."""


@dataclass(frozen=True)
class Operation:
    """One method of one address. ``who``: a `Scope`, or NOBODY or CODE. ``gives``: status and shape
    of its answer, or a media type where that is no JSON; ``errors``: statuses of `Error`."""

    method: str
    path: str
    id: str
    says: str
    who: str
    gives: tuple[int, str]
    takes: str = ""
    errors: tuple[int, ...] = ()
    asks: dict[str, Shape] = field(default_factory=dict)
    once: bool = False
    """Takes an ``Idempotency-Key``."""
    also: tuple[int, str, str] | None = None
    """Another status that is no error, its shape, and what it says."""


_UNDER_REVIEW = (
    *(202, "UnderReview"),
    "Not published: the price is far under the market, and a person looks at it first.",
)
_PAGED: dict[str, Shape] = {"page": whole(1, LAST_PAGE), "per_page": whole(1, MOST)}
_SEARCH: dict[str, Shape] = {
    "text": text(LONGEST_WORDS),
    "category": text(32),
    "kind": codes(GoodsKind),
    "merchant": UUID,
    "sort": codes(Sorting),
    **_PAGED,
}
_O, _M = "/api/v1/orders", "/api/v1/merchant"
_NUMBER = _O + "/{number}"

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/api/v1/openapi.json", "describe", "This document.", NOBODY, (200, "object")),
    Operation(
        "GET",
        "/api/v1/listings",
        "searchListings",
        "Search what is on offer.",
        NOBODY,
        (200, "FoundPage"),
        errors=(400,),
        asks=_SEARCH,
    ),
    Operation(
        "GET",
        "/api/v1/listings/{listing_id}",
        "readListing",
        "One listing on offer, with everything that it discloses.",
        NOBODY,
        (200, "Listing"),
        errors=(400, 404),
    ),
    Operation(
        "POST",
        _O,
        "placeOrder",
        "Place an order: goods are set aside, and a way to pay is answered. With a key of the "
        "scope `buyer` it is the account's.",
        NOBODY,
        (201, "PlacedOrder"),
        takes="WishedOrder",
        errors=(400, 401, 403, 409, 413, 422, 429, 503),
        once=True,
    ),
    Operation(
        "GET",
        _O,
        "listOrders",
        "The account's orders, newest first.",
        Scope.BUYER,
        (200, "OrderPage"),
        errors=(400,),
        asks=_PAGED,
    ),
    Operation(
        "GET",
        _NUMBER,
        "readOrder",
        "Where an order stands.",
        CODE,
        (200, "Order"),
        errors=(404, 429),
    ),
    Operation(
        "POST",
        _NUMBER + "/pay",
        "askToPay",
        "The way to pay for an order that waits for money, asked for again.",
        CODE,
        (200, "Payable"),
        takes="Payer",
        errors=(400, 404, 409, 413, 429, 502),
    ),
    Operation(
        "POST",
        _NUMBER + "/secrets",
        "readSecrets",
        "What was bought. That it was read is recorded, the first time in the public log.",
        CODE,
        (200, "Secrets"),
        errors=(404, 409, 410, 429),
    ),
    Operation(
        "GET",
        _NUMBER + "/receipt",
        "readReceipt",
        "The buyer's receipt without secrets and salts, to be shown to anybody.",
        CODE,
        (200, "OrderReceipt"),
        errors=(404, 409, 429),
    ),
    Operation(
        "POST",
        _NUMBER + "/receipt",
        "readWholeReceipt",
        "The buyer's receipt with the secrets in it. That they were read is recorded.",
        CODE,
        (200, "OrderReceipt"),
        errors=(404, 409, 410, 429),
    ),
    Operation(
        "POST",
        _NUMBER + "/test",
        "tellTest",
        "What came of the test right after the reveal. `kept` is false where there is nothing to "
        "test.",
        CODE,
        (200, "TestKept"),
        takes="TestResult",
        errors=(400, 404, 413, 429),
    ),
    Operation(
        "POST",
        _NUMBER + "/confirm",
        "confirmOrder",
        "It works: the money goes to the merchant. `released` is false where none is held.",
        CODE,
        (200, "Confirmed"),
        errors=(404, 409, 429),
    ),
    Operation(
        "GET",
        _M + "/balance",
        "readBalance",
        "What stands on the merchant's accounts.",
        Scope.BALANCE,
        (200, "Balance"),
        errors=(400,),
    ),
    Operation(
        "GET",
        _M + "/listings",
        "listOwnListings",
        "The merchant's listings, newest first.",
        Scope.LISTINGS,
        (200, "OwnListingPage"),
        errors=(400,),
        asks=_PAGED,
    ),
    Operation(
        "POST",
        _M + "/listings",
        "addListing",
        "A new listing, checked as a whole and published.",
        Scope.LISTINGS,
        (201, "Published"),
        takes="WishedListing",
        errors=(400, 413, 422),
        once=True,
        also=_UNDER_REVIEW,
    ),
    Operation(
        "POST",
        _M + "/listings/{listing_id}/versions",
        "addVersion",
        "The listing's next version.",
        Scope.LISTINGS,
        (201, "Published"),
        takes="WishedOffer",
        errors=(400, 404, 413, 422),
        once=True,
        also=_UNDER_REVIEW,
    ),
    Operation(
        "GET",
        _M + "/listings/{listing_id}/stock",
        "readStock",
        "How many are for sale, and the newest batches.",
        Scope.STOCK,
        (200, "Stock"),
        errors=(400, 404),
    ),
    Operation(
        "POST",
        _M + "/listings/{listing_id}/stock",
        "addStock",
        "Import secrets, one a line. The same body again is the same batch and changes nothing.",
        Scope.STOCK,
        (200, "Imported"),
        takes="WishedStock",
        errors=(400, 404, 409, 413),
    ),
    Operation(
        "GET",
        _M + "/orders",
        "listSales",
        "The merchant's orders, newest first.",
        Scope.ORDERS,
        (200, "OrderPage"),
        errors=(400,),
        asks={"state": codes(OrderState), **_PAGED},
    ),
    Operation(
        "GET",
        _M + "/orders/{number}",
        "readSale",
        "One order of the merchant's.",
        Scope.ORDERS,
        (200, "Order"),
        errors=(400, 404),
    ),
    Operation(
        "POST",
        _M + "/orders/{number}/deliver",
        "deliver",
        "Hand over what a person delivers, one text for each piece. A second time is refused.",
        Scope.DELIVER,
        (200, "Delivered"),
        takes="HandedOver",
        errors=(400, 404, 409, 413),
    ),
    Operation(
        "POST",
        _M + "/orders/{number}/cancel",
        "cancelSale",
        "Cancel a paid order that cannot be fulfilled: its money goes back, and the buyer is told. "
        "After delivery it is refused.",
        Scope.DELIVER,
        (200, "Cancelled"),
        takes="Cancelling",
        errors=(400, 404, 409, 413, 422),
        once=True,
    ),
    Operation(
        "POST",
        "/api/v1/supply/{supplier_id}/notify",
        "supplierCalls",
        "Where a supplier calls back, in his own form and with his own signature.",
        NOBODY,
        (200, "*/*"),
        takes="*/*",
        errors=(400, 404, 413),
    ),
    Operation(
        "POST",
        "/pay/{gateway}/notify",
        "serviceCalls",
        "Where a payment service calls back, in its own form and with its own signature.",
        NOBODY,
        (200, "*/*"),
        takes="*/*",
        errors=(400, 409, 413, 503),
    ),
    Operation(
        "GET",
        "/pay/{gateway}/notify",
        "serviceCallsByAddress",
        "The same, for services that put their fields into the address.",
        NOBODY,
        (200, "*/*"),
        errors=(400, 409, 503),
    ),
)
PLACES: dict[str, Shape] = {
    "number": NUMBER,
    "listing_id": UUID,
    "supplier_id": UUID,
    "gateway": text(16),
}
"""The parts of addresses that stand in braces."""
ONCE: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request again, under the same key, gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
