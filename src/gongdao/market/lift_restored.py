"""Put stock back on sale after a backup was restored, without what the public log says was
delivered since, and without what may have been.

Called where the log has opened: then this database has every leaf that was ever signed. What the
orders of this database have is not counted again; every other delivery is by an order that is lost
here, and its units stay away for good.

A delivery whose leaf was never published is in nobody's log; its payment is in the service's books.
So they are asked as well (`settle_lost`), and a shelf with such a payment stays away until a person
answers for it (`settle_doubted`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.reader import MOST_IN_A_PAGE, find_entries
from gongdao.market.models import Finding, Order
from gongdao.market.settle_lost import LostMoney, forms_of, settle_lost
from gongdao.payments.port import Gateway
from gongdao.vault.after_restore import (
    DOUBTED,
    WaitingBatch,
    find_given,
    find_unknown,
    find_waiting,
    let_import_go_on,
)
from gongdao.vault.quarantine_batches import doubt_batch, lift_quarantine
from gongdao.vault.withdraw_batch import withdraw_again
from gongdao_verify.leaf_form import LeafForm

_AT_ONCE = 500
_SLACK = timedelta(days=1)
BEHIND_LOG = "restored_behind_log"
"""The finding at an order that was delivered after the backup."""


@dataclass
class RestoredStock:
    """What became of the batches that waited, by id: ``back`` on sale with so many units without
    those ``sold``; ``withdrawn`` in the lost time; ``unfinished`` imports that were finished in it,
    and cannot be here; ``doubted`` stay away until a person answers for them, with so many units
    of them sold. ``money`` is what the payment services told. ``gone`` are batches
    that were first imported in it, by their name in the log, ``orders`` how many orders of the lost
    time got units of this stock."""

    back: dict[UUID, int] = field(default_factory=dict)
    sold: int = 0
    orders: int = 0
    withdrawn: list[UUID] = field(default_factory=list)
    unfinished: list[UUID] = field(default_factory=list)
    doubted: dict[UUID, int] = field(default_factory=dict)
    money: LostMoney = field(default_factory=LostMoney)
    gone: list[str] = field(default_factory=list)


@dataclass
class _Since:
    """What the log says since the backup."""

    delivered: set[str] = field(default_factory=set)
    """Subjects of orders that got units."""
    imported: set[str] = field(default_factory=set)
    last: dict[str, str] = field(default_factory=dict)
    """The newest step of each batch, by subject; without those that a restore itself makes."""


def lift_restored(
    *, stores: Stores, gateways: Mapping[str, Gateway], at: datetime
) -> RestoredStock | None:
    """Put every batch that waits for the log back on sale, but for what is in doubt; None where
    none waits. Stopped anywhere it is simply called again. Appends leaves, and asks payment
    services: not inside a transaction. Raise GatewayError where one of them does not answer."""
    waiting = find_waiting()
    if not waiting:
        return None
    size = min(one.size for one in waiting)
    since = _read(size)
    lost = _find_lost(since.delivered)
    _call_person(lost, at)
    done = RestoredStock(orders=len(lost), gone=sorted(find_unknown(since.imported)))
    restored = min(one.since for one in waiting)
    made = _find_made(size, restored)
    done.money = settle_lost(stores=stores, gateways=gateways, since=made, until=restored, at=at)
    sold = list(sum(lost.values(), Counter[bytes]()).elements())
    _call_person(done.money.behind, at)
    for one in waiting:
        _settle(stores, one, since, sold, done, at)
    return done


def _settle(
    stores: Stores,
    one: WaitingBatch,
    since: _Since,
    sold: list[bytes],
    done: RestoredStock,
    at: datetime,
) -> None:
    if one.incoming:
        if one.log_subject in since.imported:
            done.unfinished.append(one.id)
        else:
            let_import_go_on(batch=one.id, at=at)
    elif since.last.get(one.log_subject) == "batch.withdrawn":
        withdraw_again(batch=one.id, reason="withdrawn before the restore", at=at)
        done.withdrawn.append(one.id)
    elif done.money.doubted is None or one.sku in done.money.doubted:
        done.doubted[one.id] = doubt_batch(batch=one.id, sold=sold, reason=DOUBTED, at=at)
    else:
        lifted = lift_quarantine(
            stores=stores, batch=one.id, sold=sold, reason="log replayed", at=at
        )
        done.back[one.id] = lifted.back
        done.sold += lifted.sold


def _find_made(size: int, restored: datetime) -> datetime:
    """A time before which nothing is lost: of the newest leaf that was in the backup, a day earlier
    for clocks and leaves that waited; where it had none, of the first sign of life."""
    entries = find_entries(before=size, count=1) if size else []
    if entries:
        return entries[0].form.at - _SLACK
    first = Order.objects.order_by("placed_at").values_list("placed_at", flat=True).first()
    return min(first or restored, restored) - _SLACK


def _read(size: int) -> _Since:
    found = _Since()
    for form in _leaves_from(size):
        if form.kind == "order" and _units(form.data):
            found.delivered.add(form.subject)
        elif form.type == "batch.imported":
            found.imported.add(form.subject)
        elif form.type == "batch.withdrawn":
            found.last.setdefault(form.subject, form.type)
    return found


def _leaves_from(size: int) -> Iterator[LeafForm]:
    """Every covered leaf from number ``size`` on, newest first."""
    before = None
    while page := find_entries(before=before, count=MOST_IN_A_PAGE):
        for entry in page:
            if entry.idx < size:
                return
            yield entry.form
        before = page[-1].idx


def _units(data: Any) -> list[bytes]:
    units = data.get("units", ())
    return [bytes.fromhex(one) for one in units if isinstance(one, str)]


def _find_lost(subjects: set[str]) -> dict[str, Counter[bytes]]:
    """What the log says that each order got, and this database does not know of."""
    found: dict[str, Counter[bytes]] = {}
    names = sorted(subjects)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        here = dict(Order.objects.filter(log_subject__in=some).values_list("log_subject", "id"))
        given = find_given([SubjectRef("order", order_id) for order_id in here.values()])
        for subject in some:
            rest = _told(subject)
            if subject in here:
                rest -= given.get(here[subject], Counter())
            if rest:
                found[subject] = rest
    return found


def _call_person(lost: Collection[str], at: datetime) -> None:
    """Note every order that is here, and got in the lost time what this database does not know of:
    its payment is lost here as well, and the log takes no second delivery."""
    behind = Order.objects.filter(log_subject__in=lost).values_list("id", flat=True)
    rows = [
        Finding(order_id=one, code=BEHIND_LOG, deed="person", found_at=at, acted_at=at)
        for one in behind
    ]
    Finding.objects.bulk_create(rows, ignore_conflicts=True)


def _told(subject: str) -> Counter[bytes]:
    """All units that the log says the order got, from its first leaf on."""
    return Counter(unit for form in forms_of(subject) for unit in _units(form.data))
