"""Let go of what the market promises not to keep (the retention table): codes sent to contacts,
papers of merchants who left long ago, what buyers filled in for old orders, words of old threads,
files beside old tests.

Each step may be broken off and run again: keys are destroyed last, and what is gone stays gone.
A step takes a bounded number at once: whoever calls it repeats it until it finds none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gongdao.core.keys import destroy_key
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.erase_originals import erase_blobs, erase_rows
from gongdao.evidence.kept.models import Original
from gongdao.log.models import LogOpening
from gongdao.log.reader import find_entries_of
from gongdao.market.cancel_models import MerchantClosing
from gongdao.market.desk_models import Thread, ThreadPost
from gongdao.market.models import Merchant, Order
from gongdao.market.moved_models import MovedOrder
from gongdao.market.states import MerchantState, OrderState
from gongdao.market.vetting_models import ContactProof, MerchantPaper
from gongdao_verify.merkle import leaf_hash

_AT_ONCE = 500
NAMELESS = "（已删除）"
"""What stands in the place of a person's name; a company's is public."""


def forget_contacts(*, before: datetime) -> int:
    """Delete codes that were sent to a contact, and the address with them, where they ended before;
    how many."""
    return ContactProof.objects.filter(until__lt=before).delete()[0]


def find_left(*, before: datetime) -> list[UUID]:
    """Merchants whose shop was closed for good before."""
    rows = MerchantClosing.objects.filter(
        ended_at__lt=before, merchant__state=MerchantState.CLOSED.value
    )
    return list(rows.values_list("merchant_id", flat=True))


def forget_papers(*, stores: Stores, before: datetime, at: datetime) -> int:
    """Erase what identifies merchants who left before: papers, contact, a person's number and
    name; how many merchants."""
    kept = Q(papers__isnull=False) | ~Q(sealed=b"")
    rows = Merchant.objects.filter(kept, id__in=find_left(before=before)).distinct()
    done = list(rows.values_list("id", flat=True)[:_AT_ONCE])
    for merchant_id in done:
        _forget_merchant(stores, merchant_id, at)
    return len(done)


def _forget_merchant(stores: Stores, merchant_id: UUID, at: datetime) -> None:
    subject = SubjectRef("merchant", merchant_id)
    erase_blobs(stores=stores, subject=subject)
    with transaction.atomic():
        row = Merchant.objects.select_for_update().get(id=merchant_id)
        MerchantPaper.objects.filter(merchant=row).delete()
        _forget_openings(row.log_subject)
        erase_rows(subject)
        row.sealed = b""
        row.legal_name = row.legal_name if row.uscc else NAMELESS
        row.save(update_fields=["sealed", "legal_name"])
        destroy_key(subject=subject, at=at)


def _ended(before: datetime, order: str = "") -> Q:
    """Orders that had ended before, or that nobody paid in time; ``order`` is the way to them."""
    unpaid = {f"{order}state": OrderState.EXPIRED, f"{order}reserved_until__lt": before}
    return Q(**{f"{order}ended_at__lt": before}) | Q(**unpaid)


def forget_entered(*, before: datetime, keep: Collection[UUID] = ()) -> int:
    """Erase what buyers filled in for orders that had ended before, but those to ``keep``: contact,
    answers, account; how many orders. The order itself stays."""
    rows = Order.objects.filter(_ended(before)).exclude(sealed=b"").exclude(id__in=keep)
    done = list(rows.order_by("id").values_list("id", flat=True)[:_AT_ONCE])
    return Order.objects.filter(id__in=done).update(sealed=b"")


def forget_moved(*, before: datetime) -> int:
    """Erase what is sealed of orders that came from an old shop before, and what opens them; how
    many. Number, amount and state stay."""
    rows = MovedOrder.objects.filter(moved_at__lt=before).exclude(sealed=b"")
    done = list(rows.order_by("id").values_list("id", flat=True)[:_AT_ONCE])
    return MovedOrder.objects.filter(id__in=done).update(sealed=b"", proof=b"")


def forget_threads(*, before: datetime, keep: Collection[UUID] = ()) -> int:
    """Erase the words of threads in which nobody wrote since, and whose order had ended before and
    is not one to ``keep``; how many threads. Who wrote when stays, as the public log has it."""
    ended = Q(order=None) | (_ended(before, "order__") & ~Q(order__in=keep))
    written = ThreadPost.objects.exclude(sealed=b"").values("thread")
    rows = Thread.objects.filter(ended, last_at__lt=before, id__in=written)
    done = list(rows.order_by("last_at").values_list("id", flat=True)[:_AT_ONCE])
    for thread in Thread.objects.filter(id__in=done):
        with transaction.atomic():
            ThreadPost.objects.filter(thread=thread).update(sealed=b"")
            _forget_openings(thread.log_subject)
    return len(done)


def _forget_openings(subject: str) -> None:
    """Delete what opens the commitments of a subject's leaves; the leaves say nothing any more."""
    hashes = [leaf_hash(entry.entry) for entry in find_entries_of(subject)]
    LogOpening.objects.filter(leaf_hash__in=hashes).delete()


def forget_tested_files(
    *, stores: Stores, before: datetime, keep: Collection[UUID] = (), at: datetime
) -> int:
    """Erase files beside the tests of orders that had ended before, but those to ``keep``; how many
    orders."""
    held = Original.objects.filter(subject_kind="order").values_list("subject_id", flat=True)
    rows = Order.objects.filter(_ended(before), id__in=held.distinct()).exclude(id__in=keep)
    done = list(rows.values_list("id", flat=True)[:_AT_ONCE])
    for order_id in done:
        subject = SubjectRef("order", order_id)
        erase_blobs(stores=stores, subject=subject)
        with transaction.atomic():
            erase_rows(subject)
            destroy_key(subject=subject, at=at)
    return len(done)
