"""Order something: one form, then the page that asks for payment. Sent twice it is one order."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from gongdao.core.attempts import Limit, count_attempt
from gongdao.core.errors import InputError, OrderRefused, StockShort, TermsOutdated, TooManyAttempts
from gongdao.core.ids import new_token, tidy_token
from gongdao.core.language import gettext as _
from gongdao.front.clock import now
from gongdao.front.gateways import find_gateway, get_gateways
from gongdao.front.stores import get_stores
from gongdao.front.web.held import network_of
from gongdao.front.web.market_access import buyer_id, hold_order
from gongdao.front.web.market_form import OrderForm
from gongdao.front.web.market_view import MOST_STOCK, promised_by, say_stock
from gongdao.front.web.pages.market import stock_left, why_closed
from gongdao.market.coupon_tries import limiting_guesses
from gongdao.market.find_listings import find_listing
from gongdao.market.models import Listing, Order
from gongdao.market.offer import GoodsKind, Offer
from gongdao.market.own_orders import find_asked
from gongdao.market.place_order import Wanted, place_order
from gongdao.market.shown import find_shown
from gongdao.market.terms import terms_number

NEW_ORDERS = Limit("market-order", 60, timedelta(hours=1))
"""Orders from one network: unpaid ones keep goods from others."""


@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, listing_id: UUID) -> HttpResponseBase:
    """The form; what is sent becomes an order, once, or the form again with what is wrong."""
    listing = find_listing(listing_id)
    if listing is None:
        raise Http404
    offer = find_shown(listing.id, listing.version).offer
    if request.method == "GET":
        wanted = request.GET.get("quantity", "")
        first = {"quantity": wanted} if wanted.isascii() and wanted.isdigit() else None
        form = OrderForm(offer, list(get_gateways()), initial=first)
        return _show(request, listing, offer, form, ask=new_token())
    ask = tidy_token(request.POST.get("ask", "")) or new_token()
    form = OrderForm(offer, list(get_gateways()), request.POST)
    if request.POST.get("version") != str(listing.version):
        form.is_valid()
        form.add_error(None, _("商品内容刚改过。下面是现在的内容，请核对后再下单。"))
    if not form.is_valid():
        return _show(request, listing, offer, form, ask=ask, status=422)
    return _place(request, listing, offer, form, ask)


def _place(
    request: HttpRequest, listing: Listing, offer: Offer, form: OrderForm, ask: str
) -> HttpResponseBase:
    at, given = now(), form.cleaned_data
    count_attempt(stores=get_stores(), limit=NEW_ORDERS, who=network_of(request), at=at)
    gateway = find_gateway(given["pay_with"])
    wanted = Wanted(
        listing_id=listing.id,
        version=listing.version,
        quantity=given["quantity"],
        contact=given["contact"],
        terms=_terms_read(request),
        gateway=gateway.name,
        account=gateway.account,
        answers=form.answers(),
        buyer_id=buyer_id(request),
        coupon=given["coupon"],
        no_return=given["no_return"],
        request=_name_request(listing, given, ask),
    )
    guesses = limiting_guesses(
        stores=get_stores(),
        code=given["coupon"],
        listing_id=listing.id,
        caller=network_of(request),
        at=at,
    )
    try:
        with guesses, transaction.atomic():
            number = place_order(stores=get_stores(), wanted=wanted, at=at).number
        placed = Order.objects.get(number=number)
    except IntegrityError:  # the same form sent again, or at the same moment
        again = find_asked(wanted.request or b"")
        if again is None:
            raise
        placed = again
    except TooManyAttempts as error:
        form.add_error("coupon", str(error))
        return _show(request, listing, offer, form, ask=ask, status=error.status)
    except StockShort:
        left = stock_left(listing, offer)
        said = _("没有那么多了：{stock}。改少一些，或换一个商品。").format(stock=say_stock(left))
        form.add_error("quantity", said if left else _("刚刚卖完了，没有下单，也不用付款。"))
        return _show(request, listing, offer, form, ask=ask, status=StockShort.status)
    except InputError as error:
        field = error.place.field
        form.add_error(field if field in ("quantity", "coupon") else None, error.reason)
        return _show(request, listing, offer, form, ask=ask, status=422)
    except OrderRefused as error:
        form.add_error(None, str(error))
        if isinstance(error, TermsOutdated):
            form.data = {**request.POST.dict(), "terms": ""}  # to be ticked once more
        return _show(request, listing, offer, form, ask=ask, status=error.status)
    hold_order(request, placed)
    return redirect("market_order", number=placed.number)


def _terms_read(request: HttpRequest) -> int:
    """The version of the terms that the form linked to; 0 for none, which is never in force."""
    given = request.POST.get("terms_number", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 0


def _name_request(listing: Listing, given: dict[str, Any], ask: str) -> bytes:
    """The same form sent again, with the same words in it, is the same request. ``ask`` is drawn
    anew for each form that is shown, so that nobody else can name it."""
    words = json.dumps([str(listing.id), ask, given], default=str, sort_keys=True)
    return sha256(f"page\0{words}".encode()).digest()


def _show(
    request: HttpRequest,
    listing: Listing,
    offer: Offer,
    form: OrderForm,
    *,
    ask: str,
    status: int = 200,
) -> HttpResponse:
    stock = stock_left(listing, offer)
    context: dict[str, Any] = {
        "listing": listing,
        "offer": offer,
        "is_test": offer.kind is GoodsKind.TEST_CARD,
        "form": form,
        "ask": ask,
        "by": promised_by(offer, now()),
        "terms_number": terms_number(now()),
        "stock": say_stock(stock) if stock is None or stock < MOST_STOCK else "",
        "closed": why_closed(listing, offer, stock),
        "here": "market",
    }
    return render(request, "pages/market_buy.html", context, status=status)


urlpatterns = [path("<uuid:listing_id>/order/", order, name="market_buy")]
