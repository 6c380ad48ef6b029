"""Let the money of an order go to its merchant: the buyer confirmed, or protection has ended."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import GongdaoError
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.holds import find_holds
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.settle_hold import Part, settle_hold
from gongdao.ledger.transfers import Ground, TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import merchant_account, platform_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.limits import market_fee
from gongdao.market.plan_split import plan_split

_LOG = logging.getLogger("gongdao.market")
_DUE = """
SELECT o.id, o.merchant_id, o.log_subject, o.placed_at FROM market_order o
WHERE o.state = 'delivered' AND o.protected_until <= %(at)s
  AND (NOT EXISTS (SELECT FROM ledger_hold h WHERE h.owner_kind = 'order' AND h.owner_id = o.id
                   AND h.purpose <> 'sale' AND h.left_minor > 0)
    OR EXISTS (SELECT FROM ledger_hold h WHERE h.owner_kind = 'order' AND h.owner_id = o.id
               AND h.purpose = 'sale' AND h.left_minor > 0))
  AND NOT EXISTS (SELECT FROM market_finding f WHERE f.order_id = o.id
                  AND f.code = 'release_refused' AND f.acted_at > %(again)s)
  AND NOT EXISTS (SELECT FROM market_finding f WHERE f.order_id = o.id
                  AND f.code = 'charged_back' AND f.closed_at IS NULL)
ORDER BY o.protected_until LIMIT %(most)s FOR UPDATE OF o SKIP LOCKED
"""
"""An order of which every part is held for something else (a dispute) is not due; one that refused
is not asked again at once, so that a few of them never fill the whole batch. What a payment service
says it is taking back stays where it is, as the surest cover, until somebody has looked."""
_REFUSED = """
INSERT INTO market_finding AS f (order_id, code, deed, times, found_at, acted_at)
VALUES (%(order)s, 'release_refused', 'person', 1, %(at)s, %(at)s)
ON CONFLICT (order_id, code) DO UPDATE
SET times = f.times + 1, acted_at = %(at)s, closed_at = NULL
"""
_SETTLED = """
UPDATE market_finding SET closed_at = %(at)s
WHERE order_id = %(order)s AND code = 'release_refused' AND closed_at IS NULL
"""
ASKED_AGAIN = timedelta(minutes=10)
"""How long an order that refused to be released is left alone."""
_CONFIRMED = """
SELECT id, merchant_id, log_subject, placed_at FROM market_order
WHERE id = %s AND state = 'delivered' FOR UPDATE
"""
_COMPLETE = """
UPDATE market_order SET state = 'completed', ended_at = %s, why = %s
WHERE id = %s AND state = 'delivered'
"""


def fee_of(amount: Money, *, placed_at: datetime) -> Money:
    """The platform's share of a release, rounded down to whole minor units: by the rules of the day
    (Beijing) on which the order was placed."""
    share = market_fee(beijing(placed_at).date())
    return Money(amount.minor * share // 10_000, amount.currency)


def confirm_receipt(*, stores: Stores, order_id: UUID, at: datetime) -> bool:
    """The buyer says that it works: release now. False where there is nothing to release, where all
    of it is in dispute, and where his bank may be taking it back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CONFIRMED, (order_id,))
            row = cursor.fetchone()
        if row is None or _is_fenced(order_id) or is_in_doubt(order_id):
            return False
        leaf = NewLeaf("order.confirmed", row[2])
        paid = _release(stores, row, Ground.CONFIRMATION, [leaf], at)
    _collect(paid, at)
    return True


def release_due(*, stores: Stores, at: datetime, most: int = 200) -> int:
    """Release orders whose protection has ended; return how many.

    Money that is held for something else than the sale (a dispute's hold) stays: the rest goes to
    the merchant, and an order of which nothing is left for the sale waits. An order that refuses
    keeps none of the others waiting: it is noted for a person, and tried again later.
    """
    done, paid = 0, set[tuple[UUID, str]]()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_DUE, {"at": at, "again": at - ASKED_AGAIN, "most": most})
            rows = cursor.fetchall()
        for row in rows:
            try:
                with transaction.atomic():
                    paid |= _release(stores, row, Ground.EXPIRY, [], at)
            except GongdaoError as error:
                _LOG.error("order %s cannot be released: %s", row[0], error.code)
                _note(_REFUSED, row[0], at)
            else:
                _note(_SETTLED, row[0], at)
                done += 1
    _collect(paid, at)
    return done


def _collect(paid: set[tuple[UUID, str]], at: datetime) -> None:
    """What the merchants owe is taken from what they got, each in a transaction of its own: the
    platform's balances are not locked while orders are."""
    for merchant_id, currency in sorted(paid):
        collect_debt(merchant=SubjectRef("merchant", merchant_id), currency=currency, at=at)


def _note(statement: str, order_id: UUID, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"order": order_id, "at": at})


def _is_fenced(order_id: UUID) -> bool:
    """Whether money of the order is held for something else, and none for its sale."""
    holds = [one for one in find_holds(owner=SubjectRef("order", order_id)) if one.left.minor]
    return bool(holds) and all(one.purpose != "sale" for one in holds)


def _release(
    stores: Stores,
    row: tuple[UUID, UUID, str, datetime],
    ground: Ground,
    leaves: list[NewLeaf],
    at: datetime,
) -> set[tuple[UUID, str]]:
    """Release one order; which merchant got money, in which currency."""
    paid = set[tuple[UUID, str]]()
    order_id, merchant_id, subject, placed_at = row
    for hold in find_holds(owner=SubjectRef("order", order_id)):
        if hold.purpose != "sale" or not hold.left.minor:
            continue
        fee = fee_of(hold.left, placed_at=placed_at)
        money = hold.left.currency
        free = merchant_account(AccountKind.MERCHANT_FREE, merchant_id, money)
        parts = [Part(free, hold.left - fee, TransferKind.RELEASE)]
        if fee.minor:
            target = platform_account(AccountKind.PLATFORM_FEE, money)
            parts.append(Part(target, fee, TransferKind.FEE))
        settle_hold(hold_id=hold.id, parts=parts, ground=ground, reference=str(order_id), at=at)
        plan_split(
            order_id=order_id,
            merchant_id=merchant_id,
            released=hold.left - fee,
            cause=f"{ground}:{order_id}",
            at=at,
        )
        paid.add((merchant_id, money))
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, (at, ground.value, order_id))
    leaves = [*leaves, NewLeaf("order.released", subject)]
    append_leaves(stores=stores, leaves=leaves, at=at)
    return paid
