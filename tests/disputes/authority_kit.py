"""Requests of authorities in the register, entered by one person and confirmed by another."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from tests.disputes.disputes_kit import LATE, person

from gongdao.disputes.authority_register import Said
from gongdao.disputes.authority_requests import (
    NewRequest,
    confirm_request,
    end_request,
    enter_request,
    open_paper,
)
from gongdao.disputes.authority_states import Asks, Tell
from gongdao.disputes.models import AuthorityRequest, Case
from gongdao.front.stores import get_stores
from gongdao.market.staff import Actor

PAPER = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WHO = "某市公安局"


def actor(name: str) -> Actor:
    """Somebody of the staff."""
    user = person(name)
    return Actor(user.id, user.email)


def new_request(*orders: str, at=LATE, hours=720, **changed) -> NewRequest:
    """A request to let nothing move in the disputes of orders, by their numbers."""
    said = Said(
        authority=changed.pop("authority", WHO),
        basis="办理一起诈骗案件",
        asked="暂不处理这些订单的争议",
        paper_no=changed.pop("paper_no", "公调〔2026〕17 号"),
    )
    given = {
        "said": said,
        "asks": Asks.HOLD,
        "tell": Tell.ASKED,
        "dated_on": at.date(),
        "until": at + timedelta(hours=hours),
        "orders": orders,
        "name": "文书.pdf",
        "paper": BytesIO(PAPER),
    }
    return NewRequest(**given | changed)


def enter(*cases: Case, by="olga", at=LATE, **changed) -> AuthorityRequest:
    """A request about the orders of cases, entered and not checked."""
    numbers = [one.order.number for one in cases]
    request = new_request(*numbers, at=at, **changed)
    return enter_request(stores=get_stores(), request=request, by=actor(by), at=at)


def confirm(row: AuthorityRequest, by="petra", at=LATE) -> int:
    """A second person reads the paper and confirms it."""
    given = {"stores": get_stores(), "request_id": row.id, "by": actor(by), "at": at}
    assert b"".join(open_paper(**given, reason="核对")) == PAPER
    return confirm_request(**given, reason="文书属实")


def end(row: AuthorityRequest, at=LATE, by=("petra", "rosa")) -> int | None:
    """Two people say that it is over; how many clocks run on."""
    more = {"stores": get_stores(), "request_id": row.id, "reason": "来函解除", "at": at}
    assert end_request(**more, by=actor(by[0])) is None
    return end_request(**more, by=actor(by[1]))


def hold(*cases: Case, at=LATE, **changed) -> str:
    """The number in the register of a confirmed request that holds cases."""
    row = enter(*cases, at=at, **changed)
    confirm(row, at=at)
    return row.number
