"""Orders of the demonstration in every state a buyer can meet, made with the verbs of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from gongdao.core.language import mark
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.front.demo.fill_market import BUYER, Filled
from gongdao.front.gateways import make_sandbox
from gongdao.market.confirm_payment import confirm_payment
from gongdao.market.expire_orders import expire_orders
from gongdao.market.models import Order, OrderTest
from gongdao.market.own_orders import as_found, find_asked, query_code
from gongdao.market.place_order import Wanted, place_order
from gongdao.market.record_test import ToldTest, record_test
from gongdao.market.release_orders import confirm_receipt
from gongdao.market.reveal_order import reveal_order
from gongdao.market.terms import terms_number
from gongdao.payments.port import Report, Told
from gongdao.payments.sandbox_book import keep_payment

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class DemoOrder:
    """One order: of what, how long ago, and what its buyer did, in this order: ``expire``, ``pay``,
    ``pay_late``, ``look``, ``works``, ``fails``, ``confirm``."""

    name: str
    title: str
    ago: timedelta
    deeds: Sequence[str] = ()
    quantity: int = 1
    answers: dict[str, str] = field(default_factory=dict)
    told: str = ""
    """What it shows, for the list that is printed; empty for those that only make up numbers."""


_POINTS, _SMALL = "示例游戏点卡 100 元", "示例游戏点卡 30 元"
_LAST = "示例商超购物卡 200 元"
"""There is one of it."""
_DONE = ("pay", "look", "works", "confirm")
_PAST = tuple(
    DemoOrder(
        name=f"past-{n}",
        title=(_POINTS, _SMALL, "示例影音会员 月卡")[n % 3],
        ago=timedelta(hours=20 * 24 - n * 18),
        deeds=_DONE,
        quantity=1 + n % 2,
    )
    for n in range(26)
)
_OPEN = (
    DemoOrder("waits", _POINTS, 2 * _MINUTE, told=mark("等待付款")),
    DemoOrder("lapsed", _SMALL, 3 * _HOUR, ("expire",), told=mark("没有按时付款")),
    DemoOrder("ready", _POINTS, 20 * _MINUTE, ("pay",), told=mark("已发货，还没查看")),
    DemoOrder("tested", _SMALL, 5 * _HOUR, ("pay", "look", "works"), told=mark("试过能用，等确认")),
    DemoOrder("broken", _POINTS, 6 * _HOUR, ("pay", "look", "fails"), told=mark("试过不能用")),
    DemoOrder(
        "by-hand",
        "示例话费直充 50 元",
        10 * _MINUTE,
        ("pay",),
        answers={"要充的手机号": "13800000000"},
        told=mark("已付款，等商家充值"),
    ),
    DemoOrder(
        "gone", "示例商超购物卡 200 元", 4 * _HOUR, ("expire",), told=mark("付款晚了又没货，退款")
    ),
    DemoOrder(
        "last", "示例商超购物卡 200 元", 3 * _HOUR, ("pay", "look"), told=mark("已发货，查看过")
    ),
    DemoOrder("gone", "示例商超购物卡 200 元", 4 * _HOUR, ("pay_late",)),
)
DISPUTED = (
    DemoOrder(
        "dispute-unused",
        _SMALL,
        2 * _HOUR,
        ("pay", "look", "fails"),
        told=mark("有争议，等商家答复"),
    ),
    DemoOrder(
        "dispute-overdue",
        "示例话费直充 50 元",
        26 * _HOUR,
        ("pay",),
        answers={"要充的手机号": "13800000000"},
        told=mark("没按时发货，自动判定退款"),
    ),
    DemoOrder(
        "dispute-appealed", _POINTS, 3 * _HOUR, ("pay",), told=mark("对自动判定申诉，等人复核")
    ),
)
"""Orders that `fill_disputes` complains about."""


@dataclass(frozen=True)
class MadeOrder:
    """What to open an order with, and what it shows."""

    number: str
    code: str
    told: str


def fill_orders(*, stores: Stores, filled: Filled, at: datetime) -> list[MadeOrder]:
    """Make what is missing of the orders; those to look at, with their codes."""
    for wanted in (*_PAST, *_OPEN, *DISPUTED):
        order = _find_or_place(stores, filled, wanted, at)
        for deed in wanted.deeds:
            order.refresh_from_db()
            _do(stores, order, deed, at)
    shown = [(one, find_asked(request_of(one))) for one in (*_OPEN, *DISPUTED) if one.told]
    return [
        MadeOrder(order.number, query_code(stores=stores, order=order, at=at), one.told)
        for one, order in shown
        if order is not None
    ]


def request_of(wanted: DemoOrder) -> bytes:
    """The request under which an order of the demonstration is found again."""
    return sha256(f"demo order {wanted.name}".encode()).digest()


def _find_or_place(stores: Stores, filled: Filled, wanted: DemoOrder, at: datetime) -> Order:
    if known := find_asked(request_of(wanted)):
        return known
    listing, sandbox = filled.listings[wanted.title], make_sandbox()
    placed = place_order(
        stores=stores,
        wanted=Wanted(
            listing_id=listing.id,
            version=listing.version,
            quantity=wanted.quantity,
            contact=BUYER if wanted.told else f"{wanted.name}@demo.invalid",
            terms=terms_number(at - wanted.ago),
            gateway=sandbox.name,
            account=sandbox.account,
            answers=wanted.answers,
            request=request_of(wanted),
        ),
        at=at - wanted.ago,
    )
    return Order.objects.get(number=placed.number)


def _do(stores: Stores, order: Order, deed: str, at: datetime) -> None:
    """One deed, unless it was done before."""
    begun = order.placed_at
    if deed == "expire" and order.state == "placed":
        expire_orders(stores=stores, at=min(at, order.reserved_until + _MINUTE))
    elif deed in ("pay", "pay_late") and order.paid_at is None:
        _pay(stores, order, begun + (_MINUTE if deed == "pay" else 2 * _HOUR))
    elif deed == "look" and order.revealed_at is None:
        reveal_order(stores=stores, order=as_found(order), who="demo", at=begun + 3 * _MINUTE)
    elif deed in ("works", "fails") and not OrderTest.objects.filter(order=order).exists():
        note = "" if deed == "works" else "充值页提示“该卡已被使用”，时间见录屏。"
        told = ToldTest(deed == "works", True, note)
        record_test(stores=stores, order_id=order.id, result=told, at=begun + 6 * _MINUTE)
    elif deed == "confirm" and order.state == "delivered":
        confirm_receipt(stores=stores, order_id=order.id, at=begun + 10 * _MINUTE)


def _pay(stores: Stores, order: Order, at: datetime) -> None:
    """The sandbox's bank is told first, so that asking it finds the payment."""
    sandbox = make_sandbox()
    total = Money(order.total_minor, order.currency)
    trade_no = f"DEMO{order.number}"
    report = Report(order.number, trade_no, Told.PAID, total, sandbox.account)
    keep_payment(report, at)
    confirm_payment(
        stores=stores,
        report=report,
        gateway=sandbox.name,
        way="callback",
        digest=sha256(trade_no.encode()).digest(),
        at=at,
    )
