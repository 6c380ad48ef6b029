"""Close a merchant's shop: he leaves, or the platform closes it.

From the first moment nothing new is sold. Open orders are delivered or refunded, as their promises
say; protection times and disputes run out. When nothing has been open for the published wait
(``policy/closing_wait``), the deposit goes to the merchant's free money, from which an ordinary
payout takes it. Each step is looked up in what is recorded, so a step that was broken off is taken
again, and none is taken twice. What becomes of secrets that nobody bought: `closed_stock`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.post_transfers import post_transfer
from gongdao.ledger.queries import find_merchant_money, find_spendable
from gongdao.ledger.transfers import TransferKind
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf
from gongdao.market.accounts import merchant_account
from gongdao.market.cancel_models import MerchantClosing
from gongdao.market.closed_stock import clear_shelves, destroy_unsold
from gongdao.market.draft_listing import take_off
from gongdao.market.models import Listing, Merchant, Order
from gongdao.market.staff import check_reason
from gongdao.market.states import OPEN, ListingState, MerchantState
from gongdao.rules.queries import policy

CURRENCY = "CNY"
_DEPOSIT = "closing"
"""Reference of the transfer that returns the deposit: it is written once."""


@dataclass(frozen=True)
class Claims:
    """What the room above knows of disputes about a merchant's orders: how many are open, and when
    the last one was settled."""

    open: int
    last_ended: datetime | None


FindClaims = Callable[[UUID], Claims]


@dataclass(frozen=True)
class StillOpen:
    """What has to end before the deposit goes back. ``until``: the end of the wait, once all else
    has ended."""

    orders: int
    disputes: int
    held: Money
    owed: Money
    until: datetime | None

    def __bool__(self) -> bool:
        return bool(
            self.orders or self.disputes or self.held.minor or self.owed.minor or self.until
        )


def begin_closing(
    *, stores: Stores, merchant_id: UUID, wanted_by: str, by: UUID, reason: str, at: datetime
) -> bool:
    """Sell nothing more from now on; ``wanted_by`` is merchant or platform, ``by`` the account.
    False where it was begun before. Raise InputError without a reason."""
    text = check_reason(reason)
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(id=merchant_id)
        if merchant.state in (MerchantState.CLOSING, MerchantState.CLOSED):
            return False
        merchant.state = MerchantState.CLOSING
        merchant.save(update_fields=["state"])
        MerchantClosing.objects.create(
            merchant=merchant,
            wanted_by=wanted_by,
            by_id=by,
            reason=text,
            begun_at=at,
            currency=CURRENCY,
        )
        offered = Listing.objects.filter(merchant=merchant, state=ListingState.PUBLISHED)
        for listing_id in offered.order_by("id").values_list("id", flat=True):
            take_off(stores=stores, listing_id=listing_id, at=at)
        leaf = NewLeaf(
            "merchant.closing", merchant.log_subject, {"by": wanted_by}, secret={"reason": text}
        )
        append_leaves(stores=stores, leaves=[leaf], at=at)
    return True


def find_open(*, merchant_id: UUID, claims: Claims, at: datetime) -> StillOpen:
    """What is still open of a merchant at this moment; falsy where nothing is."""
    orders = Order.objects.filter(merchant_id=merchant_id)
    waiting = orders.filter(state__in=sorted(OPEN)).count()
    money = find_merchant_money(merchant=SubjectRef("merchant", merchant_id), currency=CURRENCY)
    quiet = not (waiting or claims.open or money.held.minor or money.owed.minor)
    last = max(filter(None, [_last_ended(merchant_id), claims.last_ended]), default=None)
    until = None
    if quiet and last is not None:
        days = policy("closing_wait", beijing(at).date()).count or 0
        end = last + timedelta(days=days)
        until = end if end > at else None
    return StillOpen(waiting, claims.open, money.held, money.owed, until)


def _last_ended(merchant_id: UUID) -> datetime | None:
    rows = Order.objects.filter(merchant_id=merchant_id, ended_at__isnull=False)
    found: datetime | None = rows.aggregate(last=Max("ended_at"))["last"]
    return found


def finish_closing(
    *, stores: Stores, merchant_id: UUID, find_claims: FindClaims, at: datetime
) -> StillOpen | None:
    """Return the deposit and close the shop; None where that is done, now or before. Where
    something is open, what it is, and nothing moves.

    Raise InputError for a merchant whose closing was never begun.
    """
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(id=merchant_id)
        if merchant.state == MerchantState.CLOSED:
            return None
        if merchant.state != MerchantState.CLOSING:
            raise InputError(Phrase("这家店没有在退出。"), field="state")
        open_ = find_open(merchant_id=merchant_id, claims=find_claims(merchant_id), at=at)
        if open_:
            return open_
        row = MerchantClosing.objects.get(merchant=merchant)
        returned = _return_deposit(merchant_id, at)
        row.ended_at, row.returned_minor = at, returned.minor
        row.save(update_fields=["ended_at", "returned_minor"])
        merchant.state = MerchantState.CLOSED
        merchant.save(update_fields=["state"])
        leaf = NewLeaf(
            "merchant.closed",
            merchant.log_subject,
            {"by": row.wanted_by},
            secret={"reason": row.reason},
        )
        append_leaves(stores=stores, leaves=[leaf], at=at)
    return None


def _return_deposit(merchant_id: UUID, at: datetime) -> Money:
    """Move what is left of the deposit to the free money; the ledger refuses more than there is."""
    deposit = merchant_account(AccountKind.MERCHANT_DEPOSIT, merchant_id, CURRENCY)
    left = find_spendable(deposit)
    if left.minor:
        post_transfer(
            source=deposit,
            target=merchant_account(AccountKind.MERCHANT_FREE, merchant_id, CURRENCY),
            amount=left,
            kind=TransferKind.DEPOSIT_RETURN,
            about=SubjectRef("merchant", merchant_id),
            reference=_DEPOSIT,
            at=at,
        )
    return left


def finish_closings(*, stores: Stores, find_claims: FindClaims, at: datetime) -> int:
    """Look at every shop that is being closed; how many were closed now. Then what is left on the
    shelves of those that are closed is taken off them, and in the end made unreadable."""
    closing = Merchant.objects.filter(state=MerchantState.CLOSING).order_by("id")
    done = 0
    for merchant_id in closing.values_list("id", flat=True):
        left = finish_closing(
            stores=stores, merchant_id=merchant_id, find_claims=find_claims, at=at
        )
        done += left is None
    clear_shelves(stores=stores, at=at)
    destroy_unsold(at=at)
    return done
