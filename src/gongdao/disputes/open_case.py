"""One button: open a dispute about an order. What is clear is decided and carried out at once.

The platform's own records are read first, the disputed money is kept from being released, and the
published rules judge: a clear case is decided, its remedy begun and the answer told in this one
transaction; what is not late yet rests until its promise; everything else is the merchant's move.
Where an authority holds the order's disputes nothing is decided, and the clock stands still.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import DisputeRefused, NotYourMove
from gongdao.core.ids import new_id
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.disputes.authority_register import holds_of
from gongdao.disputes.case_keys import new_own_key
from gongdao.disputes.collect_facts import Asked, read_left
from gongdao.disputes.conditions import names_of
from gongdao.disputes.events import Docket, Party, is_held
from gongdao.disputes.facts import Fact, FactName, Facts, Source
from gongdao.disputes.hold_money import fence_money
from gongdao.disputes.judge import follow_rules, keep_facts
from gongdao.disputes.locks import lock_case, lock_order
from gongdao.disputes.models import Case
from gongdao.disputes.order_money import read_money
from gongdao.disputes.say import NewFile, add_post
from gongdao.disputes.states import Deed, Forum, Mover, ReasonCode, Step
from gongdao.disputes.stop_clock import hold_if_asked
from gongdao.disputes.table_rows import read_rows
from gongdao.disputes.told_facts import facts_told
from gongdao.log.new_leaf import new_subject
from gongdao.market.models import Order
from gongdao.market.shown import find_shown
from gongdao.market.states import PAID_FOR
from gongdao.rules.dispute_queries import liability

_UNASKED = """
SELECT c.id FROM dispute_case c JOIN market_order o ON o.id = c.order_id
JOIN market_listingversion v ON v.listing_id = o.listing_id AND v.number = o.listing_version
WHERE c.state = 'open' AND c.opened_at > %(since)s AND c.reason = ANY(%(reasons)s)
  AND v.content ->> 'category' = ANY(%(categories)s)
  AND o.revealed_at IS NOT NULL AND EXISTS (
  SELECT FROM vault_claim k JOIN vault_unit u ON u.id = k.unit_id
  WHERE k.owner_id = c.order_id AND k.owner_kind = 'order' AND k.state = 'allocated'
    AND NOT EXISTS (SELECT FROM vault_statuscheck s WHERE s.sealed_id = u.sealed_id
      AND s.at >= c.opened_at AND (s.status <> 'unknown' OR s.at > %(again)s)))
ORDER BY c.opened_at LIMIT %(most)s
"""

TALKING = frozenset({Step.TALK_MERCHANT, Step.TALK_BUYER})
"""Where a question stands that its buyer can make a complaint."""


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
        there = read_rows(Case, "WHERE order_id = %(id)s AND state = 'open'", {"id": order.id})
        if there:
            return there[0]
        told, money = _told(order, asked, at), read_money(order.id)
        case = _new_case(order, asked, money.left if money else 0, at)
        docket = Docket(stores, case, order, at, told, len(files), money=money)
        said: dict[str, Any] = {"places": docket.case.places} if docket.case.places else {}
        said |= {"reason": asked.reason.value, "wanted": asked.wanted, "talk": talk}
        docket.note("opened", by, **said)
        asked_to_hold = bool(holds_of(order_id=order.id, at=at))
        if talk:
            docket.move(Deed.ASK, by)
        else:
            follow_rules(docket, decides=not asked_to_hold)
        docket.keep()
        if talk and docket.told:
            keep_facts(docket, Facts(docket.told))
        if words.strip() or files:
            add_post(docket=docket, by=by, words=words, files=files)
        fence_money(case=docket.case, order=order, at=at)
        if asked_to_hold:
            hold_if_asked(docket)
        docket.write()
    return docket.case


def complain(*, stores: Stores, case_id: UUID, by: Party, at: datetime) -> Case:
    """Make a question a complaint without waiting for its clock: it is judged now. Raise
    NotYourMove where it is none, or not the buyer's."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        if Step(case.step) not in TALKING:
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
    answered. Whether that decided it; where a person has to weigh it, or nothing may move,
    nothing changes."""
    with transaction.atomic():
        case, order = lock_case(case_id)
        if case.state != "open" or is_held(case, at):
            return False
        docket = Docket(stores, case, order, at)
        moved = follow_rules(docket)
        fence_money(case=case, order=order, at=at)
        docket.write()
    return moved


def asks_issuer(reason: ReasonCode, on: date) -> bool:
    """Whether what the issuer says is something that the reason's table weighs."""
    rows = liability(reason.value, on).rows
    return any(FactName.ISSUER_SAYS in names_of(one) for row in rows for one in row.when)


def find_unasked(
    *, categories: Collection[str], since: datetime, again: datetime, most: int
) -> list[Case]:
    """At most ``most`` open cases about goods of ``categories``, opened after ``since``, that an
    issuer's word may decide, but none was heard since they were opened, nor asked for after
    ``again``; oldest first, with their orders. What nobody read is not sent."""
    asking = [one.value for one in ReasonCode if asks_issuer(one, beijing(again).date())]
    values: dict[str, list[str] | datetime | int] = {
        "categories": list(categories),
        "reasons": asking,
        "since": since,
        "again": again,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNASKED, values)
        found = [one for (one,) in cursor.fetchall()]
    rows = Case.objects.select_related("order").filter(id__in=found).order_by("opened_at")
    return [row for row in rows if asks_issuer(ReasonCode(row.reason), row.rules_on)]


def _check_places(order: Order, places: tuple[int, ...]) -> list[int]:
    """The pieces that are named, ascending; none for an order of one."""
    named = sorted(set(places))
    if named and not 1 <= named[0] <= named[-1] <= order.quantity:
        raise DisputeRefused(Phrase("这一单没有您选的那一件。"))
    return named if order.quantity > 1 else []


def _told(order: Order, asked: Asked, at: datetime) -> tuple[Fact, ...]:
    if not asked.told:
        return ()
    region = find_shown(order.listing_id, order.listing_version).offer.region
    return facts_told(told=asked.told, listed_region=region, by=Source.BUYER, at=at)


def _price_of(order: Order, places: tuple[int, ...], left: int, at: datetime) -> int:
    """What the named pieces cost, less what earlier cases gave back for them."""
    price = -(-order.total_minor * len(places) // order.quantity)
    if left < order.total_minor:
        price = min(price, read_left(order=order, places=places, case_id=None, at=at))
    if not price:
        raise DisputeRefused(Phrase("您选的几件，价款已经退给您了；别的几件有问题，请选那几件。"))
    return price


def _new_case(order: Order, asked: Asked, left: int, at: datetime) -> Case:
    if order.state not in PAID_FOR:
        raise DisputeRefused(Phrase("这个订单还没有付款，没有可以处理的钱。"))
    if not left:
        raise DisputeRefused(Phrase("这一单的钱已经全部在退回，不用再投诉。"))
    places, most = _check_places(order, asked.places), left
    if places:
        most = min(left, _price_of(order, tuple(places), left, at))
    wanted = most if asked.minor is None else asked.minor
    if not 0 < wanted <= left:
        raise DisputeRefused(Phrase("主张的金额要大于零，也不能超过还没有退的部分。"))
    if wanted > most:
        price = Money(most, order.currency)
        raise DisputeRefused(Phrase("选中的几件一共 {most}，主张的金额不能更多。", most=str(price)))
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
        places=places,
        currency=order.currency,
        rules_on=beijing(order.placed_at).date(),
        opened_at=at,
        own_key=new_own_key(),
    )
