"""One button: open a dispute about an order. What is clear is decided and carried out at once.

The platform's own records are read first, the disputed money is kept from being released, and the
published rules judge: a clear case is decided, its remedy begun and the answer told in this one
transaction; what is not late yet rests until its promise; everything else is the merchant's move.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import DisputeRefused, NotYourMove
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.disputes.collect_facts import Asked
from gongdao.disputes.events import Docket, Party
from gongdao.disputes.execute_remedies import left_to_return
from gongdao.disputes.hold_money import fence_money
from gongdao.disputes.judge import follow_rules
from gongdao.disputes.locks import lock_case, lock_order
from gongdao.disputes.models import Case
from gongdao.disputes.say import NewFile, add_post
from gongdao.disputes.states import Deed, Forum, Mover, Step
from gongdao.log.new_leaf import new_subject
from gongdao.market.models import Order
from gongdao.market.states import PAID_FOR


def open_case(
    *,
    stores: Stores,
    order_id: UUID,
    asked: Asked,
    by: Party,
    words: str = "",
    files: Sequence[NewFile] = (),
    talk: bool = False,
    at: datetime,
) -> Case:
    """Open a case about a paid order, or find the one that is open. ``talk`` asks the merchant
    first and judges nothing yet.

    Raise DisputeRefused where nothing was paid or all of it is on its way back already.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        there = Case.objects.filter(order=order, state="open").first()
        if there is not None:
            return there
        docket = Docket(stores, _new_case(order, asked, at), order, at)
        docket.note("opened", by, reason=asked.reason.value, wanted=asked.wanted, talk=talk)
        if talk:
            docket.move(Deed.ASK, by)
        else:
            follow_rules(docket)
        docket.keep()
        if words.strip() or files:
            add_post(docket=docket, by=by, words=words, files=files)
        fence_money(case=docket.case, order=order, at=at)
        docket.write()
    return docket.case


def complain(*, stores: Stores, case_id: UUID, by: Party, at: datetime) -> Case:
    """Make a question a complaint without waiting for its clock: it is judged now. Raise
    NotYourMove where it is none, or not the buyer's."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        if Step(case.step) not in (Step.TALK_MERCHANT, Step.TALK_BUYER):
            raise NotYourMove
        if by.side is not Mover.BUYER:
            raise NotYourMove
        docket = Docket(stores, case, order, at)
        docket.note("said", by, deed="complain")
        follow_rules(docket, by=by)
        fence_money(case=case, order=order, at=at)
        docket.write()
    return case


def judge_again(*, stores: Stores, case_id: UUID, at: datetime) -> bool:
    """Judge an open case on what is recorded now, before its clock: an issuer or a supplier has
    answered. Whether that decided it; where a person has to weigh it, nothing changes."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.state != "open":
            return False
        docket = Docket(stores, case, order, at)
        moved = follow_rules(docket)
        fence_money(case=case, order=order, at=at)
        docket.write()
    return moved


def _new_case(order: Order, asked: Asked, at: datetime) -> Case:
    if order.state not in PAID_FOR:
        raise DisputeRefused(Phrase("这个订单还没有付款，没有可以处理的钱。"))
    left = left_to_return(order)
    if not left:
        raise DisputeRefused(Phrase("这一单的钱已经全部在退回，不用再投诉。"))
    wanted = left if asked.minor is None else asked.minor
    if not 0 < wanted <= left:
        raise DisputeRefused(Phrase("主张的金额要大于零，也不能超过还没有退的部分。"))
    return Case(
        id=new_id(at),
        order=order,
        merchant_id=order.merchant_id,
        buyer_digest=bytes(order.buyer_digest),
        log_subject=new_subject("dispute"),
        reason=asked.reason.value,
        wanted=asked.wanted,
        forum=Forum.COMPLAINT.value,
        mover=Mover.NOBODY.value,
        state="open",
        step=Step.NEW.value,
        amount_minor=wanted,
        currency=order.currency,
        rules_on=beijing(order.placed_at).date(),
        opened_at=at,
    )
