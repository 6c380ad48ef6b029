"""Notices about an order to its buyer: planned from the public log's leaves, sent by a worker, and
what became of each kept: accepted by the next hop, or failed and why.

The log is the queue: every event of an order is a leaf with a number, so a cursor over the leaves
misses none and costs orders nothing. A notice holds no secret, no query code and no amount: it says
what happened and where to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.market.cancel_order import WHY_CANCELLED
from gongdao.market.charge_back_notice import CHARGED_BACK
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Merchant, Notice, Order
from gongdao.market.notice_queue import settle_taken, take_due
from gongdao.market.notices_words import AGAIN, EVENT_OF_LEAF, EVENT_OF_WHY

LEAVES = 2000
"""How many leaves are looked at in one round."""
_READ = """
SELECT e.idx, convert_from(e.entry, 'UTF8')::jsonb ->> 't', o.id, o.why, o.state, o.sealed,
  CASE WHEN o.why = 'refund_bounced' THEN EXISTS (
    SELECT FROM log_entry b WHERE b.subject = e.subject AND b.idx < e.idx
      AND convert_from(b.entry, 'UTF8')::jsonb ->> 't' = 'order.refunded')
  ELSE false END
FROM log_entry e LEFT JOIN market_order o ON o.log_subject = e.subject
WHERE e.idx >= %s AND e.idx < %s ORDER BY e.idx
"""


@dataclass(frozen=True)
class Planned:
    """How many leaves a round looked at, and how many notices it planned."""

    leaves: int
    notices: int


@dataclass(frozen=True)
class Contact:
    """Where a buyer wants to be told: a channel and the fields of its address."""

    channel: str
    address: Mapping[str, str] = field(repr=False)


ReadContact = Callable[[str], Contact | None]
"""What a buyer entered as his contact, as an address; None where it is none."""


def plan_notices(
    *, stores: Stores, read: ReadContact, channels: Collection[str], at: datetime
) -> Planned:
    """Plan a notice for each event since the last look whose buyer can be told through one of
    ``channels``."""
    keys = order_keys(stores, at)  # before the transaction, in which it would be read every time
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO market_cursor VALUES ('notices', 0) ON CONFLICT DO NOTHING")
        cursor.execute("SELECT upto FROM market_cursor WHERE name = 'notices' FOR UPDATE")
        (begin,) = cursor.fetchone()
        cursor.execute(_READ, (begin, begin + LEAVES))
        rows = cursor.fetchall()
        if not rows:
            return Planned(0, 0)
        wanted = list[Notice]()
        for idx, leaf, order_id, why, state, sealed, refunded_before in rows:
            if order_id is None or not (event := _event_of(leaf, why, state)):
                continue
            if refunded_before and leaf in AGAIN:
                event = f"{AGAIN[leaf]}:{idx}"
            contact = _read_contact(keys, order_id, bytes(sealed), read)
            if contact is not None and contact.channel in channels:
                wanted.append(_notice(order_id, event, contact, at))
        planned = _keep(wanted)
        cursor.execute(
            "UPDATE market_cursor SET upto = %s WHERE name = 'notices'", (rows[-1][0] + 1,)
        )
    return Planned(len(rows), planned)


def _event_of(leaf: str, why: str, state: str) -> str:
    if leaf == "order.paid":
        return EVENT_OF_WHY.get(why, "") if state == "paid" else ""
    if leaf == "order.refund_requested" and why in (WHY_CANCELLED, CHARGED_BACK):
        return ""  # told as cancelled, as charged back
    if leaf == "order.charged_back" and why != CHARGED_BACK:
        return ""  # delivered before: nothing changes for its buyer
    return EVENT_OF_LEAF.get(leaf, "")


def plan_notice(
    *,
    stores: Stores,
    order_id: UUID,
    event: str,
    read: ReadContact,
    channels: Collection[str],
    at: datetime,
) -> bool:
    """Plan one notice; False where it was planned before, or where the buyer left no address that
    this installation can reach."""
    order = Order.objects.get(id=order_id)
    contact = find_contact(stores=stores, order=order, read=read, at=at)
    if contact is None or contact.channel not in channels:
        return False
    return _keep([_notice(order.id, event, contact, at)]) == 1


def _notice(order_id: UUID, event: str, contact: Contact, at: datetime) -> Notice:
    return Notice(
        id=new_id(at),
        order_id=order_id,
        event=event,
        channel=contact.channel,
        made_at=at,
        next_try_at=at,
    )


def _keep(notices: list[Notice]) -> int:
    """How many of them are new; those planned before stay as they are."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return Notice.objects.filter(id__in=[one.id for one in notices]).count() if notices else 0


def find_contact(
    *, stores: Stores, order: Order, read: ReadContact, at: datetime
) -> Contact | None:
    """Where the buyer of an order wants to be told; None too where that was erased."""
    return _read_contact(order_keys(stores, at), order.id, bytes(order.sealed), read)


def _read_contact(
    keys: OrderKeys, order_id: UUID, sealed: bytes, read: ReadContact
) -> Contact | None:
    if not sealed:
        return None
    return read(str(json.loads(keys.open(order_id, sealed)).get("contact", "")))


@dataclass(frozen=True)
class ClaimedNotice:
    """A notice that this worker has to send now, and nobody else."""

    id: UUID
    order: Order | None
    merchant: Merchant | None
    """Whom it is for: the buyer of the order, or this merchant."""
    event: str
    tries: int


def claim_notice(*, at: datetime) -> ClaimedNotice | None:
    """The notice that is due longest, taken for the time of a lease."""
    row = take_due(Notice.objects.select_related("order", "merchant"), at=at)
    if row is None:
        return None
    return ClaimedNotice(row.id, row.order, row.merchant, row.event, row.tries)


def settle_notice(*, claim: ClaimedNotice, problem: str, again: bool, at: datetime) -> str:
    """Write what became of a notice, and give the state it has now: see `settle_taken`."""
    rows = Notice.objects.all()
    return settle_taken(rows, id_=claim.id, tries=claim.tries, problem=problem, again=again, at=at)
