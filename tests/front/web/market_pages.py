"""What tests of the market's pages share: shops seen now, and the way a buyer goes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

from PIL import Image
from tests.market.market_kit import ACCOUNT, GATEWAY, add_stock, make_merchant, make_shop
from tests.market.offer_kit import OFFER

from gongdao.core.clock import parse_iso
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.models import Order
from gongdao.payments.models import Intent
from gongdao.payments.port import Report, Told

BUYER = "buyer@example.invalid"
__all__ = ["OFFER", "add_stock", "make_merchant", "make_shop", "parse_iso", "replace"]


def fill_in(client, listing, **more):
    """The order form of ``listing`` filled in and sent; fields of ``more`` replace ours."""
    page = client.get(f"/market/{listing.id}/order/")
    fields = {
        "version": listing.version,
        "ask": page.context["ask"],
        "quantity": 1,
        "contact": BUYER,
        "pay_with": GATEWAY,
        "terms": "on",
        "terms_number": page.context["terms_number"],
        **more,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return client.post(f"/market/{listing.id}/order/", given)


def buy(client, listing, **more):
    """An order of the browser's, waiting for money."""
    answer = fill_in(client, listing, **more)
    assert answer.status_code == 302, answer.content.decode()
    return Order.objects.get(number=answer["Location"].split("/")[2])


def pay(order, at=None, trade_no=""):
    """The payment service says that ``order`` was paid; the order as it stands then."""
    total = Money(order.total_minor, order.currency)
    report = Report(order.number, trade_no or f"T{order.number}", Told.PAID, total, ACCOUNT)
    digest = hashlib.sha256(report.trade_no.encode()).digest()
    confirm_payment(
        stores=get_stores(),
        report=report,
        gateway=Intent.objects.get(out_trade_no=order.number).gateway,
        way="callback",
        digest=digest,
        at=at or now(),
    )
    order.refresh_from_db()
    return order


def grey_png():
    """A small picture."""
    made = io.BytesIO()
    Image.new("L", (8, 8), 128).save(made, "PNG")
    return made.getvalue()


def text_of(answer):
    """What a page says."""
    return answer.content.decode()
