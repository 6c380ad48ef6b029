"""What is on offer, for anybody: searched, and read as a buyer is shown it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.api.by_method import ByMethod
from gongdao.front.api.lean_handler import as_json
from gongdao.front.api.orders import say_time
from gongdao.front.api.paging import answer_page, only, text_of
from gongdao.front.clock import now
from gongdao.market.api_errors import NotThere
from gongdao.market.compared import Compared
from gongdao.market.find_listings import Listed, Search, Sorting, find_versions, read_listed
from gongdao.market.models import ListingVersion
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.promise import deliver_by
from gongdao.vault.queries import count_available

MOST_STOCK = 1000
"""Stock is counted up to here."""
LONGEST_WORDS = 100


def search(request: HttpRequest) -> HttpResponse:
    """Listings on offer that fit."""
    only(request, "text", "category", "kind", "merchant", "sort", "page", "per_page")
    return answer_page(request, find_versions(_search_of(request)), _write_found)


def _search_of(request: HttpRequest) -> Search:
    kind = text_of(request, "kind", 16)
    sort = text_of(request, "sort", 16) or Sorting.NEWEST.value
    merchant = text_of(request, "merchant", 36)
    if kind and kind not in set(GoodsKind):
        raise InputError(_("没有这一种。"), field="kind")
    if sort not in set(Sorting):
        raise InputError(_("没有这种排序。"), field="sort")
    return Search(
        text=text_of(request, "text", LONGEST_WORDS),
        category=text_of(request, "category", 32),
        kind=GoodsKind(kind) if kind else None,
        merchant_id=_uuid(merchant, "merchant") if merchant else None,
        sorting=Sorting(sort),
    )


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InputError(_("不是编号。"), field=field) from None


def _write_found(rows: Sequence[ListingVersion]) -> list[Any]:
    listed = read_listed(rows)
    counted = count_available([one.sku_id for one in listed if one.sku_id], most=MOST_STOCK)
    at = now()
    return [
        _write(one, row.number, counted.get(one.sku_id) if one.sku_id else None, at)
        for one, row in zip(listed, rows, strict=True)
    ]


def _write(one: Listed, version: int, stock: int | None, at: datetime) -> dict[str, Any]:
    offer = one.offer
    in_vault = offer.delivery is Delivery.SECRET
    return {
        "id": str(one.listing_id),
        "version": version,
        "title": offer.title,
        "kind": offer.kind.value,
        "category": offer.category,
        "denomination": offer.denomination,
        "region": offer.region,
        "source": offer.source.value,
        "delivery": offer.delivery.value,
        "price": str(offer.price),
        "currency": offer.price.currency,
        "merchant": {"id": str(one.merchant_id), "name": one.merchant_name},
        "promised_by": say_time(_promised(offer, at)),
        "stock": (stock or 0) if in_vault else None,
        "published_at": say_time(one.published_at),
    }


def _promised(offer: Offer, at: datetime) -> datetime | None:
    """By when goods ordered and paid at this moment come; None where no service time follows."""
    try:
        return deliver_by(offer.promise, offer.hours, at)
    except ValueError:
        return None


def show(request: HttpRequest, listing_id: UUID) -> HttpResponse:
    """One listing on offer, with everything that it discloses."""
    only(request)
    row = find_versions(Search()).filter(listing_id=listing_id).first()
    if row is None:
        raise NotThere
    (found,) = _write_found([row])
    digest = bytes(row.digest).hex()
    return as_json({**found, "offer": write_offer(read_listed([row])[0].offer), "sha256": digest})


def write_offer(offer: Offer) -> dict[str, Any]:
    """An offer as the interface says it: amounts as text. Where the proof of its source lies is
    nobody's business."""
    plain = offer.plain()
    del plain["source_proof"]
    return {
        **plain,
        "price": str(offer.price),
        "currency": offer.price.currency,
        "compared_price": _say(offer.compared_price),
        "cap_days": offer.cap_days,
        "compared_with": _say_compared(offer.compared_with),
        "tiers": [{"quantity": one.quantity, "unit": str(one.unit)} for one in offer.tiers],
    }


def _say_compared(with_: Compared | None) -> dict[str, Any] | None:
    if with_ is None:
        return None
    singles = [{"name": one.name, "price": str(one.price)} for one in with_.singles]
    since = with_.since.isoformat() if with_.since else ""
    told = {"since": since, "link": with_.link, "singles": singles}
    return {"kind": with_.kind.value} | {name: one for name, one in told.items() if one}


def _say(money: Money | None) -> str | None:
    return None if money is None else str(money)


urlpatterns = [
    path("", ByMethod(GET=search)),
    path("/<uuid:listing_id>", ByMethod(GET=show)),
]
