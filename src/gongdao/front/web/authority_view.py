"""Requests of authorities on pages: what they ask in words, how they stand, what parties read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.core.models import User
from gongdao.core.stores import Stores
from gongdao.disputes.authority_models import AuthorityRequest, AuthoritySubject
from gongdao.disputes.authority_register import ToldRequest, read_said, told_requests
from gongdao.disputes.authority_states import Asks, RequestState, Tell
from gongdao.market.models import MerchantMember
from gongdao.market.vetting_models import StaffDeed

ASKS: dict[Asks, str] = {
    Asks.HOLD: mark("争议不动"),
    Asks.KEEP: mark("材料不销毁"),
    Asks.INFORMATION: mark("提供情况"),
}
TELLS: dict[Tell, str] = {
    Tell.NOTHING: mark("不能告诉双方"),
    Tell.ASKED: mark("可以说有机关要求，不能说是谁"),
    Tell.WHO: mark("可以说是哪个机关"),
}
SHOWS = {
    "waiting": mark("等第二个人核对"),
    "standing": mark("有效的"),
    "over": mark("已经结束"),
    "refused": mark("没有通过"),
    "all": mark("全部要求"),
}
"""The lists of the register."""


def standing_of(row: AuthorityRequest, at: datetime) -> str:
    """In which list of the register a request is."""
    if row.state == RequestState.CONFIRMED:
        return "over" if row.until is not None and row.until <= at else "standing"
    names = {RequestState.ENTERED: "waiting", RequestState.REFUSED: "refused"}
    return names.get(RequestState(row.state), "over")


_SHAPES = {"waiting": "waiting", "standing": "attention", "over": "spent", "refused": "barred"}


def request_rows(
    *, stores: Stores, rows: Sequence[AuthorityRequest], me: UUID, at: datetime
) -> list[dict[str, Any]]:
    """Requests for the desk. What they say is there for who entered one, or opened its paper, which
    is recorded; who is a party to one of its orders (``barred``) reads neither that nor which."""
    people = {one for row in rows for one in (row.entered_by_id, row.checked_by_id) if one}
    mails = dict(User.objects.filter(id__in=people).values_list("id", "email"))
    named: dict[UUID, list[str]] = {}
    barred: set[UUID] = set()
    mine = set(MerchantMember.objects.filter(user_id=me).values_list("merchant_id", flat=True))
    for one in AuthoritySubject.objects.filter(request__in=rows).select_related("order"):
        named.setdefault(one.request_id, []).append(one.order.number)
        if one.order.buyer_id == me or one.order.merchant_id in mine:
            barred.add(one.request_id)
    looked = _looked_at(rows, me)
    said = {row.id: read_said(stores=stores, row=row) for row in rows}
    return [
        {
            "row": row,
            "asks": translated(ASKS[Asks(row.asks)]),
            "tell": translated(TELLS[Tell(row.tell)]),
            "show": (show := standing_of(row, at)),
            "state": translated(SHOWS[show]),
            "shape": _SHAPES[show],
            "gone": said[row.id] is None,
            "barred": row.id in barred,
            "said": said[row.id] if row.id in looked - barred else None,
            "orders": [] if row.id in barred else sorted(named.get(row.id, [])),
            "entered_by": mails.get(row.entered_by_id, ""),
            "checked_by": mails.get(row.checked_by_id, "") if row.checked_by_id else "",
            "mine": row.entered_by_id == me,
        }
        for row in rows
    ]


def _looked_at(rows: Sequence[AuthorityRequest], me: UUID) -> set[UUID]:
    """Which of ``rows`` somebody entered, or opened the paper of."""
    ids = [str(row.id) for row in rows]
    looks = StaffDeed.objects.filter(
        deed="request.look", about_kind="request", about_id__in=ids, who=me
    )
    seen = set(looks.values_list("about_id", flat=True))
    return {row.id for row in rows if row.entered_by_id == me or str(row.id) in seen}


def told_lines(*, stores: Stores, order_id: UUID, at: datetime) -> list[dict[str, Any]]:
    """What the parties to an order read of requests: no more than the authority allows."""
    return [_line(one) for one in told_requests(stores=stores, order_id=order_id, at=at)]


def _line(one: ToldRequest) -> dict[str, Any]:
    does = {
        Asks.HOLD: _("{who}要求这个订单的争议不动。"),
        Asks.KEEP: _("{who}要求这个订单的争议材料不销毁。"),
        Asks.INFORMATION: _("{who}要求平台提供这个订单的情况。"),
    }
    who = one.who or _("有关机关")
    return {
        "says": does[one.asks].format(who=who),
        "number": one.number,
        "until": one.until,
        "ended_at": one.ended_at,
        "hidden": not one.who,
    }
