"""What a merchant's program does: listings, stock, orders, delivery, money. Another merchant's
things do not exist for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

from gongdao.core.errors import InputError, OrderRefused
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.front.api.by_method import ByMethod
from gongdao.front.api.caller import need_merchant
from gongdao.front.api.lean_handler import as_json
from gongdao.front.api.listings import write_offer
from gongdao.front.api.offer_body import FIELDS, one_of, read_offer_body
from gongdao.front.api.orders import idempotency_key, say_time, write_orders
from gongdao.front.api.paging import answer_page, only, text_of
from gongdao.front.api.read_body import Body
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.api_errors import NotThere
from gongdao.market.api_keys import Answer, Scope, answer_once
from gongdao.market.cancel_order import cancel_order
from gongdao.market.deliver_by_hand import LONGEST_TEXT, deliver_by_hand
from gongdao.market.models import ApiKey, Listing, ListingVersion, Order
from gongdao.market.offer import Delivery, Offer, read_offer
from gongdao.market.publish_listing import draft_listing, publish_listing
from gongdao.market.refusals import PriceUnderReview
from gongdao.market.review_listing import ask_price_review
from gongdao.market.review_official import ask_official_review
from gongdao.market.states import CancelReason, OrderState
from gongdao.market.thread import LONGEST_POST
from gongdao.vault.batch_names import batch_of_file, supplier_pseudonym
from gongdao.vault.canonical_form import MAX_FIELDS, CanonRules, FieldRule
from gongdao.vault.import_secrets import ImportReport, import_secrets
from gongdao.vault.make_sku import get_shelf, make_sku
from gongdao.vault.models import Batch
from gongdao.vault.queries import count_available
from gongdao.vault.read_text import TextSource
from gongdao.vault.refusals import Refusal
from gongdao.vault.sealing import Shelf
from gongdao.vault.states import SourceKind
from gongdao.vault.write_batch import BatchSource

MOST_STOCK = 1000
LONGEST_STOCK = 2 << 20
"""Bytes of one request that brings secrets; more of them by the command line."""
_MOST_REFUSED = 1000
_BATCHES = 50


def balance(request: HttpRequest) -> HttpResponse:
    """What stands on the merchant's accounts."""
    only(request)
    _key, merchant = need_merchant(request, Scope.BALANCE)
    money = find_merchant_money(merchant=SubjectRef("merchant", merchant))
    names = ("held", "free", "deposit", "under_way", "owed")
    told = {name: str(getattr(money, name)) for name in names}
    return as_json({**told, "currency": money.held.currency})


def listings(request: HttpRequest) -> HttpResponse:
    """The merchant's listings, newest first, whatever their state."""
    only(request, "page", "per_page")
    _key, merchant = need_merchant(request, Scope.LISTINGS)
    rows = Listing.objects.filter(merchant_id=merchant).order_by("-created_at", "-id")
    return answer_page(request, rows, _write_listings)


def _write_listings(rows: Sequence[Listing]) -> list[Any]:
    versions = ListingVersion.objects.filter(listing__in=rows)
    content = {(one.listing_id, one.number): one.content for one in versions}
    stock = count_available([one.sku_id for one in rows if one.sku_id], most=MOST_STOCK)
    found = []
    for one in rows:
        plain = content.get((one.id, one.version))
        found.append(
            {
                "id": str(one.id),
                "state": str(one.state),
                "version": one.version,
                "stock": stock.get(one.sku_id, 0) if one.sku_id else None,
                "created_at": say_time(one.created_at),
                "offer": write_offer(read_offer(plain)) if plain else None,
            }
        )
    return found


def add_listing(request: HttpRequest) -> HttpResponse:
    """A new listing, published at once; its shelf takes secrets of the fields named."""
    key, merchant = need_merchant(request, Scope.LISTINGS)
    body = Body(request)
    body.only(*FIELDS, "secret_fields")
    offer, names = read_offer_body(body), _secret_fields(body)

    def do() -> Answer:
        at = now()
        listing = draft_listing(merchant_id=merchant, sku_id=None, at=at)
        if offer.delivery is Delivery.SECRET:
            listing.sku_id = make_sku(
                owner=SubjectRef("listing", listing.id),
                seller=SubjectRef("merchant", merchant),
                rules=CanonRules(tuple(FieldRule(name) for name in names)),
                at=at,
            )
            listing.save(update_fields=["sku_id"])
        return _publish(listing.id, offer)

    return _once(request, key, do)


def _secret_fields(body: Body) -> list[str]:
    given = body.raw("secret_fields")
    names = ["secret"] if given is None else given
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_FIELDS:
        raise InputError(_("一条卡密要有 1 到 {most} 个不同名的字段。").format(most=MAX_FIELDS))
    for name in names:
        plain = isinstance(name, str) and name.isascii() and name.isidentifier()
        if not plain or len(name) > 32:
            raise InputError(_("字段名用小写英文字母。"), field="secret_fields")
    return names


def add_version(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """The listing's next version; orders keep what they were shown."""
    key, merchant = need_merchant(request, Scope.LISTINGS)
    body = Body(request)
    body.only(*FIELDS)
    offer, row = read_offer_body(body), _own(listing_id, merchant)
    if (offer.delivery is Delivery.SECRET) != (row.sku_id is not None):
        raise InputError(_("发货方式定了就不能改，请另建一个商品。"), field="delivery")
    return _once(request, key, lambda: _publish(row.id, offer))


def _publish(listing_id: UUID, offer: Offer) -> Answer:
    """Publish; a price that a person has to see first is put before him, and nothing published."""
    at = now()
    try:
        version = publish_listing(stores=get_stores(), listing_id=listing_id, offer=offer, at=at)
    except PriceUnderReview as error:
        ask_price_review(listing_id=listing_id, offer=offer, at=at)
        ask_official_review(listing_id=listing_id, offer=offer, at=at)
        return 202, {"id": str(listing_id), "state": "under_review", "reason": str(error)}
    digest = bytes(version.digest).hex()
    return 201, {"id": str(listing_id), "version": version.number, "sha256": digest}


def _once(request: HttpRequest, key: ApiKey, do: Callable[[], Answer]) -> HttpResponse:
    """Do it; with an `Idempotency-Key` the same request again gets its first answer."""
    named = idempotency_key(request)
    if named is None:
        status, answer = do()
    else:
        asked = sha256(request.path.encode() + b"\0" + request.body).digest()
        status, answer = answer_once(key=key, named=named, request=asked, do=do, at=now())
    return as_json(answer, status=status)


def _own(listing_id: UUID, merchant: UUID) -> Listing:
    row = Listing.objects.filter(id=listing_id, merchant_id=merchant).first()
    if row is None:
        raise NotThere
    return row


def _shelf_of(listing_id: UUID, merchant: UUID) -> UUID:
    sku = _own(listing_id, merchant).sku_id
    if sku is None:
        raise InputError(_("这个商品不备货，没有卡密库。"), field="listing")
    return sku


def stock(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """How many are for sale, and the newest batches. Never a secret."""
    only(request)
    _key, merchant = need_merchant(request, Scope.STOCK)
    sku = _shelf_of(listing_id, merchant)
    batches = [
        {
            "id": str(one.id),
            "state": str(one.state),
            "source": one.source_kind,
            "secrets": one.secrets,
            "root": bytes(one.root).hex() if one.root else None,
            "imported_at": say_time(one.imported_at),
        }
        for one in Batch.objects.filter(sku_id=sku).order_by("-began_at")[:_BATCHES]
    ]
    return as_json({"available": count_available([sku], most=MOST_STOCK)[sku], "batches": batches})


def add_stock(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """Import secrets, one a line. The same body again is the same batch and changes nothing."""
    _key, merchant = need_merchant(request, Scope.STOCK)
    body = Body(request, LONGEST_STOCK)
    body.only("secrets", "source", "supplier", "dry_run")
    dry_run = body.truth("dry_run", default=False)
    file = io.BytesIO(body.text("secrets", longest=LONGEST_STOCK).encode())
    stores, shelf = get_stores(), get_shelf(_shelf_of(listing_id, merchant))
    refused: list[Refusal] = []
    report = import_secrets(
        stores=stores,
        sku=shelf.sku,
        batch=batch_of_file(stores=stores, sku=shelf.sku, file=file),
        source=_declared(stores, shelf, body),
        lines=TextSource(file, fields=len(shelf.rules.fields), encoding="utf-8"),
        at=now(),
        dry_run=dry_run,
        refuse=refused.append,
    )
    return as_json({**_write_report(report, refused), "dry_run": dry_run})


def _declared(stores: Stores, shelf: Shelf, body: Body) -> BatchSource:
    kind = one_of(SourceKind, body, "source")
    name = body.text("supplier", longest=80, default="")
    if not name:
        return BatchSource(kind)
    return BatchSource(kind, supplier_pseudonym(stores=stores, seller=shelf.seller, name=name))


def _write_report(report: ImportReport, refused: Sequence[Refusal]) -> dict[str, Any]:
    told = [
        {"line": one.number, "code": one.reason.value, "same_as": one.same_as, "words": str(one)}
        for one in refused[:_MOST_REFUSED]
    ]
    return {
        "batch": str(report.batch),
        "lines": report.lines,
        "accepted": report.accepted,
        "already": report.already,
        "refused": {reason.value: count for reason, count in report.refused.items()},
        "refused_lines": told,
        "root": report.root.hex() if report.root else None,
    }


def orders(request: HttpRequest) -> HttpResponse:
    """The merchant's orders that money has reached or may reach, newest first."""
    only(request, "state", "page", "per_page")
    _key, merchant = need_merchant(request, Scope.ORDERS)
    state = text_of(request, "state", 16)
    if state and state not in set(OrderState):
        raise InputError(_("没有这个状态。"), field="state")
    rows = Order.objects.filter(merchant_id=merchant).order_by("-placed_at", "-id")
    return answer_page(request, rows.filter(state=state) if state else rows, write_orders)


def _own_order(number: str, merchant: UUID) -> Order:
    number = number.strip().upper()
    row = None
    if "\0" not in number:
        row = Order.objects.filter(number=number, merchant_id=merchant).first()
    if row is None:
        raise NotThere
    return row


def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order of the merchant's."""
    only(request)
    _key, merchant = need_merchant(request, Scope.ORDERS)
    return as_json(write_orders([_own_order(number, merchant)])[0])


def deliver(request: HttpRequest, number: str) -> HttpResponse:
    """Hand over what a person delivers, one text for each piece. A second time is refused."""
    key, merchant = need_merchant(request, Scope.DELIVER)
    body = Body(request)
    body.only("texts")
    texts = body.text_list("texts", longest=LONGEST_TEXT)
    row = _own_order(number, merchant)
    done = deliver_by_hand(
        stores=get_stores(),
        order_id=row.id,
        merchant_id=merchant,
        texts=texts,
        by=key.user_id,
        at=now(),
    )
    if not done:
        raise OrderRefused(Phrase("这一单现在不用发货：没有付款、已经发过，或买家要先回答问题。"))
    return as_json({"number": row.number, "delivered": True})


def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel a paid order that cannot be fulfilled: its money goes back. Asked again, the same
    answer; after delivery it is refused."""
    key, merchant = need_merchant(request, Scope.DELIVER)
    body = Body(request)
    body.only("reason", "words")
    reason = one_of(CancelReason, body, "reason")
    words = body.text("words", longest=LONGEST_POST)
    row = _own_order(number, merchant)

    def do() -> Answer:
        done = cancel_order(
            stores=get_stores(),
            order_id=row.id,
            merchant_id=merchant,
            reason=reason,
            words=words,
            by=key.user_id,
            at=now(),
        )
        if not done:
            raise OrderRefused(Phrase("这一单不能取消：没有付款、已经发货，或钱已在退回。"))
        return 200, {"number": row.number, "cancelled": True}

    return _once(request, key, do)


urlpatterns = [
    path("/balance", ByMethod(GET=balance)),
    path("/listings", ByMethod(GET=listings, POST=add_listing)),
    path("/listings/<uuid:listing_id>/versions", ByMethod(POST=add_version)),
    path("/listings/<uuid:listing_id>/stock", ByMethod(GET=stock, POST=add_stock)),
    path("/orders", ByMethod(GET=orders)),
    path("/orders/<str:number>", ByMethod(GET=order)),
    path("/orders/<str:number>/deliver", ByMethod(POST=deliver)),
    path("/orders/<str:number>/cancel", ByMethod(POST=cancel)),
]
