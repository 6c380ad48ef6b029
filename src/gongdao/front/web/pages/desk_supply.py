"""Where the goods of a listing come from: one of the suppliers that the platform added for this
merchant, the product there, and what a piece may cost."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.web.pages.desk_access import Desk, desk_page, show
from gongdao.front.web.supply_forms import SupplyForm
from gongdao.market.draft_fields import read_fields
from gongdao.market.draft_listing import read_draft
from gongdao.market.models import Listing, Supplier, Supply
from gongdao.market.suppliers.keep_supplier import set_supply


@require_http_methods(["GET", "POST"])
@desk_page
def supply(request: HttpRequest, desk: Desk, listing_id: UUID) -> HttpResponseBase:
    """Say which product of which supplier a listing is; orders under way keep what they have."""
    row = desk.listing(listing_id)
    offer, _missing = read_fields(read_draft(row))
    suppliers = list(Supplier.objects.filter(merchant=desk.merchant, on=True).order_by("name"))
    posted = request.method == "POST"
    form = SupplyForm(
        suppliers, offer.asks, request.POST if posted else None, initial=_initial(row)
    )
    if posted and form.is_valid():
        _set(desk, row, form)
        messages.success(request, _("上游选好了。已付款、在充的订单照原来的。"))
        return redirect("desk_listing", listing_id=row.id)
    return show(
        request,
        desk,
        "desk_supply",
        "listings",
        status=422 if form.errors else 200,
        listing=row,
        title=offer.title or _("还没有标题"),
        form=form,
        suppliers=suppliers,
        asks=offer.asks,
    )


@transaction.atomic
def _set(desk: Desk, row: Listing, form: SupplyForm) -> None:
    given = form.cleaned_data
    set_supply(
        listing_id=row.id,
        supplier=form.supplier(),
        product=given["product"],
        ask=given["ask"],
        face=given["face"],
        most=given["most"],
    )
    desk.note("listing.supply", "listing", row.id)


def _initial(row: Listing) -> dict[str, str]:
    found = Supply.objects.filter(listing=row).first()
    if found is None:
        return {}
    return {
        "supplier": str(found.supplier_id),
        "product": found.product,
        "ask": found.ask,
        "face": str(Money(found.face_minor, found.currency)),
        "most": str(Money(found.most_minor, found.currency)),
    }


urlpatterns = [path("<uuid:listing_id>/supply/", supply, name="desk_supply")]
