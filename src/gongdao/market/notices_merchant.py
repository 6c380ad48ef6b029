"""Notices to merchants, and to both sides of a thread: planned here, sent as those to buyers are.

One notice for a thread says that there is something to read; until that side has read it, or ten
minutes have passed, further posts need no other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from gongdao.core.clock import beijing
from gongdao.core.ids import new_id
from gongdao.core.stores import Stores
from gongdao.market.admit_merchant import open_merchant
from gongdao.market.desk_models import Thread
from gongdao.market.desk_states import Side
from gongdao.market.models import Merchant, MerchantMember, Notice
from gongdao.market.notices import Contact, ReadContact, plan_notice
from gongdao.market.pause_merchant import review_due
from gongdao.market.states import MerchantState

ONE_IN = timedelta(minutes=10)
"""A side that has not read is told of a thread once in so long."""
REMIND_DAYS = (1, 7, 30)
"""How many days before his re-verification is due a merchant is told, the nearest first."""


def find_merchant_contact(
    *, stores: Stores, merchant: Merchant, read: ReadContact
) -> Contact | None:
    """Where a merchant is told: the contact that he proved, else his first member's address."""
    proven = read(open_merchant(stores=stores, merchant=merchant).contact)
    if proven is not None:
        return proven
    members = MerchantMember.objects.filter(merchant=merchant).order_by("added_at", "id")
    mail = members.values_list("user__email", flat=True).first()
    return read(mail) if mail else None


def plan_merchant_notice(
    *,
    stores: Stores,
    merchant: Merchant,
    event: str,
    read: ReadContact,
    channels: Collection[str],
    at: datetime,
) -> bool:
    """Plan one notice; False where it was planned before, or where he cannot be reached."""
    contact = find_merchant_contact(stores=stores, merchant=merchant, read=read)
    if contact is None or contact.channel not in channels:
        return False
    row = Notice(
        id=new_id(at),
        merchant=merchant,
        event=event,
        channel=contact.channel,
        made_at=at,
        next_try_at=at,
    )
    Notice.objects.bulk_create([row], ignore_conflicts=True)
    return Notice.objects.filter(id=row.id).exists()


def plan_payee_notices(
    *,
    stores: Stores,
    merchant: Merchant,
    payee_id: UUID,
    read: ReadContact,
    channels: Collection[str],
    at: datetime,
) -> int:
    """Tell a merchant's contact and each of his members that an account of his was verified, to
    which his shares will go; how many were told now."""
    first = find_merchant_contact(stores=stores, merchant=merchant, read=read)
    events = {f"payee:{payee_id.hex}": first}
    members = MerchantMember.objects.filter(merchant=merchant, user__is_active=True)
    for number, mail in members.order_by("id").values_list("id", "user__email"):
        contact = read(mail)
        if contact != first:
            events[f"payee:{payee_id.hex}:{number}"] = contact
    rows = [
        Notice(
            id=new_id(at),
            merchant=merchant,
            event=event,
            channel=contact.channel,
            made_at=at,
            next_try_at=at,
        )
        for event, contact in events.items()
        if contact is not None and contact.channel in channels
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return Notice.objects.filter(id__in=[one.id for one in rows]).count()


def find_addressee(
    *, stores: Stores, merchant: Merchant, event: str, read: ReadContact
) -> Contact | None:
    """Who is told of ``event``: the member that it names, where he is one still, else the
    merchant's contact."""
    kind, _payee, member = (*event.split(":"), "", "")[:3]
    if kind != "payee" or not member:
        return find_merchant_contact(stores=stores, merchant=merchant, read=read)
    rows = MerchantMember.objects.filter(merchant=merchant, id=member, user__is_active=True)
    mail = rows.values_list("user__email", flat=True).first()
    return read(mail) if mail else None


def plan_post_notice(
    *,
    stores: Stores,
    thread_id: UUID,
    read: ReadContact,
    channels: Collection[str],
    at: datetime,
) -> bool:
    """Tell the side that did not write last that there is something to read. False where it was
    told and has not read since, or cannot be reached: a question about a listing is answered on its
    page alone."""
    with transaction.atomic():
        thread = Thread.objects.select_for_update().get(id=thread_id)
        if thread.last_by == Side.BUYER:
            begin = f"thread:{thread.id.hex}:"
            sent = Notice.objects.filter(merchant_id=thread.merchant_id, event__startswith=begin)
            if _is_told(thread.merchant_seen, sent, at):
                return False
            return plan_merchant_notice(
                stores=stores,
                merchant=Merchant.objects.get(id=thread.merchant_id),
                event=f"{begin}{thread.posts}",
                read=read,
                channels=channels,
                at=at,
            )
        if thread.order_id is None:
            return False
        sent = Notice.objects.filter(order_id=thread.order_id, event__startswith="message:")
        if _is_told(thread.buyer_seen, sent, at):
            return False
        return plan_notice(
            stores=stores,
            order_id=thread.order_id,
            event=f"message:{thread.posts}",
            read=read,
            channels=channels,
            at=at,
        )


def _is_told(seen: int, sent: Collection[Notice], at: datetime) -> bool:
    """Whether one of ``sent`` is fresh, and the post that it told of was not read yet."""
    fresh = [one for one in sent if one.made_at > at - ONE_IN]
    return any(int(one.event.rpartition(":")[2]) > seen for one in fresh)


def plan_review_notices(
    *, stores: Stores, read: ReadContact, channels: Collection[str], at: datetime
) -> int:
    """Tell merchants whose re-verification is due soon: 30, 7 and 1 days before, each once; how
    many were told now. One whom nobody could tell for a while gets the nearest notice alone."""
    told = 0
    for merchant in Merchant.objects.filter(
        state__in=[MerchantState.ACTIVE, MerchantState.PAUSED]
    ).order_by("id"):
        due = review_due(merchant)
        left = (due - beijing(at).date()).days
        stage = next((days for days in REMIND_DAYS if 0 <= left <= days), None)
        if stage is not None:
            told += plan_merchant_notice(
                stores=stores,
                merchant=merchant,
                event=f"review:{due.isoformat()}:{stage}",
                read=read,
                channels=channels,
                at=at,
            )
    return told
