"""Whether a planned split may be asked for now, and of how much; then its money is set aside.

The merchant's share waits in his free money until it is asked for: debts and payouts may take it
meanwhile, and what they took is not split any more. From then on a pending transfer keeps it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum

from gongdao.core.clock import beijing
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.day_out import find_day_out, has_open_payout
from gongdao.ledger.find_receiver import find_receiver
from gongdao.ledger.holds import find_holds
from gongdao.ledger.locks import lock_balances
from gongdao.ledger.pending import begin_pending
from gongdao.ledger.settle_debt import collect_debt
from gongdao.ledger.transfers import TransferKind
from gongdao.market.accounts import clearing_account, merchant_account
from gongdao.market.charge_back_notice import is_in_doubt
from gongdao.market.limits import payee_rest, share_limit
from gongdao.payments.models import Split

PAYOUTS_HELD, NO_RECEIVER = "payouts_held", "no_receiver"
REFUND_FIRST, STILL_HELD, SHARES_FIRST = "refund_first", "still_held", "shares_first"
PAID_OTHERWISE, CHARGE_BACK_TOLD = "paid_otherwise", "charge_back_told"
RECEIVER_NEW, NEEDS_SECOND, PAYOUT_FIRST = "receiver_new", "needs_second", "payout_first"
"""Why a split waits, or goes no more this way."""
TIMED = frozenset({RECEIVER_NEW, NEEDS_SECOND})
"""What is over at a known time, or by a person's word (none): `prepare_share` sets the next try."""
EACH_SECONDS = 1
"""How long after one split of a merchant the next one comes due where many wait for one time."""
_UNSETTLED = ("waiting", "requested", "stuck", "refused")


def prepare_share(
    *, split: Split, stores: Stores, held: Collection[UUID], at: datetime
) -> str | None:
    """Set the share's amount aside and name its receiver: None where it may be asked for now, else
    why not. The caller holds the row locked and writes it. ``held``: merchants whose payouts a
    ground holds back.

    A refund under way comes first: the service takes it out of what is not split yet. While the
    service says that the payment may be charged back, nothing of it leaves. An account receives
    once it has rested since it was verified. What is missing because a payout is open waits for the
    payout's end. Over the limit of a day a second person names the account (`pass_shares`): it
    stands in ``split.receiver`` then, and is asked about again where another one receives.
    """
    if split.owner_id in held:
        return PAYOUTS_HELD
    if split.credit.intent.owner_kind == "order" and is_in_doubt(split.credit.intent.owner_id):
        return CHARGE_BACK_TOLD
    if _refunds_wait(split):
        return REFUND_FIRST
    merchant = SubjectRef(split.owner_kind, split.owner_id)
    intent = split.credit.intent
    receiver = find_receiver(
        stores=stores,
        merchant=merchant,
        gateway=intent.gateway,
        until=at - payee_rest(beijing(at).date()),
    )
    if receiver is None:
        return _wait_for_receiver(split, stores, merchant, at)
    currency = split.credit.currency
    collect_debt(merchant=merchant, currency=currency, at=at)
    amount = _left_of(split)
    if amount < split.released_minor and has_open_payout(merchant=merchant, currency=currency):
        return PAYOUT_FIRST
    if not amount:
        return PAID_OTHERWISE
    if split.receiver != receiver.payee_id and _needs_second(split, Money(amount, currency), at):
        return NEEDS_SECOND
    split.amount_minor, split.receiver = amount, receiver.payee_id
    split.last = not _order_holds(split) and not _others(split).exists()
    split.pending_id = begin_pending(
        source=merchant_account(AccountKind.MERCHANT_FREE, merchant.id, currency),
        target=clearing_account(intent.gateway, intent.account, currency),
        amount=Money(amount, currency),
        kind=TransferKind.SPLIT,
        about=SubjectRef("split", split.id),
        reference=split.split_no,
        at=at,
    )
    return None


def prepare_rest(*, split: Split) -> str | None:
    """Whether what is left of a payment may be released to us: None, or why not yet. As long as
    anything can still become a share or go back, it stays frozen."""
    if _others(split).exists():
        return SHARES_FIRST
    if _order_holds(split):
        return STILL_HELD
    return REFUND_FIRST if _refunds_wait(split) else None


def _wait_for_receiver(split: Split, stores: Stores, merchant: SubjectRef, at: datetime) -> str:
    """No account has rested: it waits for the one that was verified last, if there is one."""
    gateway = split.credit.intent.gateway
    fresh = find_receiver(stores=stores, merchant=merchant, gateway=gateway)
    if fresh is None:
        return NO_RECEIVER
    rested = fresh.verified_at + payee_rest(beijing(at).date())
    split.next_try_at = _in_turn(split, RECEIVER_NEW, rested)
    return RECEIVER_NEW


def _needs_second(split: Split, amount: Money, at: datetime) -> bool:
    """Whether it is over the limit with what else leaves the merchant on this day; alone it is not,
    it is looked at again on the next day."""
    merchant = SubjectRef(split.owner_kind, split.owner_id)
    limit = share_limit(beijing(at).date())
    if amount.currency == limit.currency:
        out = find_day_out(merchant=merchant, currency=amount.currency, at=at)
        if out.minor + amount.minor <= limit.minor:
            return False
    midnight = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    alone = amount.currency == limit.currency and amount.minor <= limit.minor
    split.receiver = None
    tomorrow = midnight + timedelta(days=1)
    split.next_try_at = _in_turn(split, NEEDS_SECOND, tomorrow) if alone else None
    return True


def _in_turn(split: Split, problem: str, begin: datetime) -> datetime:
    """When it is looked at again: at ``begin``, or behind the last of the merchant's at this
    service that wait for then, so that together they keep nobody else waiting."""
    rows = Split.objects.filter(
        owner_kind=split.owner_kind,
        owner_id=split.owner_id,
        state="waiting",
        problem=problem,
        next_try_at__gte=begin,
        credit__intent__gateway=split.credit.intent.gateway,
    )
    last = rows.exclude(id=split.id).aggregate(last=Max("next_try_at"))["last"]
    return begin if last is None else last + timedelta(seconds=EACH_SECONDS)


def _left_of(split: Split) -> int:
    """How much of the share is there: what debts and payouts took out of the merchant's free money
    is missing from the oldest of the shares that wait."""
    currency = split.credit.currency
    free = merchant_account(AccountKind.MERCHANT_FREE, split.owner_id, currency)
    there = lock_balances([free.id]).get(free.id, 0)
    waiting = Split.objects.filter(
        owner_kind=split.owner_kind,
        owner_id=split.owner_id,
        part="share",
        state="waiting",
        credit__currency=currency,
    )
    older = waiting.filter(
        Q(planned_at__lt=split.planned_at) | Q(planned_at=split.planned_at, id__lt=split.id)
    )
    missing = max(0, _sum(waiting) - there) - _sum(older)
    return max(0, split.released_minor - max(0, missing))


def _sum(rows: QuerySet[Split]) -> int:
    return int(rows.aggregate(all=Sum("released_minor"))["all"] or 0)


def _refunds_wait(split: Split) -> bool:
    return split.credit.refunds.filter(state="requested").exists()


def _order_holds(split: Split) -> bool:
    """Whether money of the order is still held, for its sale or for a dispute."""
    intent = split.credit.intent
    holds = find_holds(owner=SubjectRef(intent.owner_kind, intent.owner_id))
    return any(one.left.minor for one in holds)


def _others(split: Split) -> QuerySet[Split]:
    """Other shares of the payment of which it is not known yet that nothing more happens."""
    rows = Split.objects.filter(credit_id=split.credit_id, part="share", state__in=_UNSETTLED)
    return rows.exclude(id=split.id)
