"""Disputes of the demonstration in the states that somebody has to look at: one that waits for its
merchant, one that the rules decided with its refund, one under appeal at the arbiter's desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from gongdao.core.stores import Stores
from gongdao.disputes.appeal import Ground, appeal
from gongdao.disputes.collect_facts import Asked
from gongdao.disputes.events import Party
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.models import Case
from gongdao.disputes.open_case import open_case
from gongdao.disputes.queries import cases_of_order
from gongdao.disputes.states import Mover, ReasonCode
from gongdao.front.demo.fill_market import Filled
from gongdao.front.demo.fill_orders import DISPUTED, request_of
from gongdao.front.gateways import make_sandbox
from gongdao.market.give_back import refund_confirmed
from gongdao.market.own_orders import find_asked
from gongdao.payments.carry_out_refunds import carry_out_refunds

_BUYER = Party(Mover.BUYER)
_MINUTE = timedelta(minutes=1)
_ROUNDS = 2
"""The sandbox is asked for a refund, then whether it paid."""
_ASKED = {
    "unused": (
        ReasonCode.ALREADY_USED,
        "查看两分钟后去兑换，就提示“已被使用”。从查看之前开始录了屏。",
    ),
    "overdue": (ReasonCode.NOT_DELIVERED, "说好一小时内充值，过了一天还没有到账。"),
    "appealed": (ReasonCode.NOT_DELIVERED, "没有收到卡密，请退款。"),
}


def fill_disputes(*, stores: Stores, filled: Filled, at: datetime) -> list[Case]:
    """Make what is missing of the disputes, with the verbs of real ones; all of them."""
    made: list[Case] = []
    for wanted in DISPUTED:
        order = find_asked(request_of(wanted))
        assert order is not None and wanted.title in filled.listings
        there = cases_of_order(order_id=order.id).first()
        made.append(there or _open(stores, wanted.name, order.id, at))
    return made


def _open(stores: Stores, name: str, order_id: UUID, at: datetime) -> Case:
    reason, words = _ASKED[name.removeprefix("dispute-")]
    begun = at - (30 * _MINUTE if name == "dispute-appealed" else 20 * _MINUTE)
    case = open_case(
        stores=stores,
        order_id=order_id,
        asked=Asked(reason),
        by=_BUYER,
        words=words,
        at=begun,
    )
    if name == "dispute-overdue":
        _pay_back(stores, at)
    if name == "dispute-appealed":
        appeal(
            stores=stores,
            case_id=case.id,
            by=_BUYER,
            ground=Ground.REQUEST,
            words="记录里写已发货，可是页面一直打不开，我没有看到卡密。请人来看一下。",
            at=begun + 5 * _MINUTE,
        )
    case.refresh_from_db()
    return case


def _pay_back(stores: Stores, at: datetime) -> None:
    """The sandbox pays back what is asked of it, and the case ends."""
    sandbox = make_sandbox()
    for _round in range(_ROUNDS):
        carry_out_refunds(
            gateways={sandbox.name: sandbox},
            confirmed=lambda one: refund_confirmed(stores=stores, refund=one, at=at),
            at=at,
        )
    execute_remedies(stores=stores, at=at)
