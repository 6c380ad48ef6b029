"""Put stock back on sale after a backup was restored, without what the public log says was
delivered since.

Called where the log has opened: then this database has every leaf that was ever signed. What the
orders of this database have is not counted again; every other delivery is by an order that is lost
here, and its units stay away for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.reader import MOST_IN_A_PAGE, find_entries, find_entries_of
from gongdao.market.models import Finding, Order
from gongdao.vault.after_restore import (
    WaitingBatch,
    find_given,
    find_unknown,
    find_waiting,
    let_import_go_on,
)
from gongdao.vault.quarantine_batches import lift_quarantine
from gongdao.vault.withdraw_batch import withdraw_again
from gongdao_verify.leaf_form import LeafForm

_AT_ONCE = 500
BEHIND_LOG = "restored_behind_log"
"""The finding at an order that was delivered after the backup."""


@dataclass
class RestoredStock:
    """What became of the batches that waited, by id: ``back`` on sale with so many units without
    those ``sold``; ``withdrawn`` in the lost time; ``unfinished`` imports that were finished in it,
    and cannot be here. ``gone`` are batches that were first imported in it, by their name in the
    log, ``orders`` how many orders of the lost time got units of this stock."""

    back: dict[UUID, int] = field(default_factory=dict)
    sold: int = 0
    orders: int = 0
    withdrawn: list[UUID] = field(default_factory=list)
    unfinished: list[UUID] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass
class _Since:
    """What the log says since the backup."""

    delivered: set[str] = field(default_factory=set)
    """Subjects of orders that got units."""
    imported: set[str] = field(default_factory=set)
    last: dict[str, str] = field(default_factory=dict)
    """The newest step of each batch, by subject; without those that a restore itself makes."""


def lift_restored(*, stores: Stores, at: datetime) -> RestoredStock | None:
    """Put every batch that waits for the log back on sale; None where none waits. Stopped anywhere
    it is simply called again. Appends leaves: not inside a transaction that appends others."""
    waiting = find_waiting()
    if not waiting:
        return None
    since = _read(min(one.size for one in waiting))
    lost = _find_lost(since.delivered)
    _call_person(lost, at)
    done = RestoredStock(orders=len(lost), gone=sorted(find_unknown(since.imported)))
    sold = list(sum(lost.values(), Counter[bytes]()).elements())
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
    else:
        lifted = lift_quarantine(
            stores=stores, batch=one.id, sold=sold, reason="log replayed", at=at
        )
        done.back[one.id] = lifted.back
        done.sold += lifted.sold


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
    told, after = Counter[bytes](), -1
    while page := find_entries_of(subject, after=after):
        for entry in page:
            told.update(_units(entry.form.data))
        after = page[-1].idx
    return told
