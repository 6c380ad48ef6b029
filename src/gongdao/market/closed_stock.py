"""The unsold secrets of a shop that closed: taken off its shelves for good, handed back to the
merchant on the record, unreadable for everybody once the published wait is over.

Unsold is what the vault let go of as the shop closed (it has no fingerprint any more). What stood
aside before that has none of it: secrets that were perhaps delivered in a time that a restored
backup does not know, those that an issuer called bad, recalls. And a batch of which nobody knows
yet what was sold waits for whoever answers for it.

Nothing of it can be sold any more when it is handed back: first the shop is closed, then its
batches are withdrawn. What somebody bought stays as it is, with the key that opens it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.clock import beijing
from gongdao.core.errors import InputError
from gongdao.core.keys import destroy_key
from gongdao.core.language import Phrase
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.market.draft_listing import title_of
from gongdao.market.models import Listing, Merchant
from gongdao.market.states import MerchantState
from gongdao.rules.queries import policy
from gongdao.vault.discard_import import discard_import
from gongdao.vault.models import Batch, Reveal
from gongdao.vault.open_units import Opener
from gongdao.vault.reveal import digest_who
from gongdao.vault.states import BatchState
from gongdao.vault.withdraw_batch import withdraw_batch

CLOSED = "shop closed"
"""Why its batches are withdrawn."""
TAKEN_BACK = "taken_back"
"""The purpose under which the vault records that a secret went back to its merchant."""
_AT_ONCE = 500
_LEFT = """
SELECT b.id, b.state FROM vault_batch b JOIN vault_sku s ON s.id = b.sku_id
JOIN market_merchant m ON s.seller_kind = 'merchant' AND s.seller_id = m.id
WHERE m.state = 'closed' AND (b.state = 'live'
  OR b.state = 'incoming' AND NOT starts_with(b.reason, 'restored:'))
ORDER BY b.id
"""
_NEVER_SOLD = """
NOT EXISTS (SELECT FROM vault_unit w JOIN vault_claim c ON c.unit_id = w.id
  WHERE w.sealed_id = u.sealed_id AND w.id BETWEEN u.sealed_id AND u.sealed_id + 9999)
"""
_GUARDED = "EXISTS (SELECT FROM vault_fingerprint f WHERE f.sealed_id = u.id)"
_UNSOLD = f"""
FROM vault_unit u WHERE u.batch_id = %(batch)s AND u.id BETWEEN %(first)s AND %(last)s
  AND u.id = u.sealed_id AND u.state = 'withdrawn' AND {_NEVER_SOLD} AND NOT {_GUARDED}
"""
_DUE = f"""
SELECT b.id FROM vault_batch b JOIN vault_sku s ON s.id = b.sku_id
JOIN market_merchantclosing e ON s.seller_kind = 'merchant' AND s.seller_id = e.merchant_id
JOIN core_datakey k ON k.subject_kind = 'batch' AND k.subject_id = b.id AND k.destroyed_at IS NULL
WHERE greatest(e.ended_at, b.changed_at) <= %s AND b.state = 'withdrawn' AND NOT EXISTS (
  SELECT FROM vault_unit u WHERE u.batch_id = b.id AND u.id BETWEEN b.first_id AND b.last_id
    AND u.id = u.sealed_id AND ({_GUARDED} OR NOT {_NEVER_SOLD}))
"""


def clear_shelves(*, stores: Stores, at: datetime) -> int:
    """Withdraw what shops that have closed still have on their shelves; how many batches. Each in
    a transaction of its own, and looked up anew, so that a step that broke off is taken again.
    Secrets that were never sold may be imported again, here by anybody. Batches that a restored
    backup left in doubt stay until that is settled (`settle_doubted`)."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT)
        rows = cursor.fetchall()
    for batch, state in rows:
        if state == BatchState.INCOMING:
            discard_import(batch=batch)
        else:
            withdraw_batch(stores=stores, batch=batch, reason=CLOSED, may_return=True, at=at)
    return len(rows)


def find_last_day(closed_at: datetime) -> datetime:
    """Until when a merchant whose shop closed at this moment may take his secrets with him: as
    long again as the wait before."""
    days = policy("closing_wait", beijing(closed_at).date()).count or 0
    return closed_at + timedelta(days=days)


def _batches(merchant_id: UUID) -> list[Batch]:
    """What was withdrawn as his shop closed, and holds something."""
    found = Batch.objects.select_related("sku").filter(
        sku__seller_kind="merchant",
        sku__seller_id=merchant_id,
        state=BatchState.WITHDRAWN,
        reason=CLOSED,
        first_id__isnull=False,
    )
    return list(found.order_by("imported_at", "id"))


def count_unsold(merchant_id: UUID) -> int:
    """How many secrets a merchant whose shop closed can take with him."""
    total = 0
    for batch in _batches(merchant_id):
        values = {"batch": batch.id, "first": batch.first_id, "last": batch.last_id}
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {_UNSOLD}", values)
            total += cursor.fetchone()[0]
    return total


def take_back(
    *, stores: Stores, merchant_id: UUID, by: UUID, at: datetime
) -> Iterator[tuple[str, ...]]:
    """His unsold secrets, decrypted: what the goods were called, then the fields of each. That each
    was handed to the account ``by`` is recorded before it is. A batch whose key was destroyed gives
    none. Raise InputError for a shop that has not closed."""
    merchant = Merchant.objects.get(id=merchant_id)
    if merchant.state != MerchantState.CLOSED:
        raise InputError(Phrase("店铺退出完成以后，才能拿回没卖掉的卡密。"), field="state")
    return _take_back(stores, merchant_id, digest_who(stores, f"member/{by}"), at)


def _take_back(
    stores: Stores, merchant_id: UUID, who: bytes, at: datetime
) -> Iterator[tuple[str, ...]]:
    opener = Opener(stores)
    for batch in _batches(merchant_id):
        listing = Listing.objects.select_related("draft").filter(sku_id=batch.sku_id).first()
        title, after = title_of(listing) if listing else "", 0
        while ids := _next(batch, after):
            after = ids[-1]
            found = [one.secret for one in opener.open(ids)]
            _record(ids, merchant_id, who, at)
            yield from ((title, *one.fields) for one in found if one is not None)


def _next(batch: Batch, after: int) -> list[int]:
    values = {"batch": batch.id, "first": batch.first_id, "last": batch.last_id, "after": after}
    statement = f"SELECT u.id {_UNSOLD} AND u.id > %(after)s ORDER BY u.id LIMIT {_AT_ONCE}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic
def _record(ids: list[int], merchant_id: UUID, who: bytes, at: datetime) -> None:
    Reveal.objects.bulk_create(
        Reveal(
            unit_id=one,
            owner_kind="merchant",
            owner_id=merchant_id,
            who=who,
            purpose=TAKEN_BACK,
            at=at,
        )
        for one in ids
    )


def destroy_unsold(*, at: datetime) -> int:
    """Destroy the keys of what nobody bought of shops that closed, once its merchant had his time
    to take it; how many batches. A batch of which something was sold, or may have been, keeps its
    key: its buyers look at what they bought, and disputes rest on it."""
    days = policy("closing_wait", beijing(at).date()).count or 0
    with connection.cursor() as cursor:
        cursor.execute(_DUE, (at - timedelta(days=days),))
        rows = cursor.fetchall()
    return sum(destroy_key(subject=SubjectRef("batch", row[0]), at=at) for row in rows)
