"""Move a dujiaoka shop in: listings as drafts, stock, what was sold, old orders, coupons.

The dump is read three times, so that memory stays flat: what there is; what was sold; what is for
sale. What was sold comes first, so that a secret that the old shop both sold and still offers can
never be sold here. Every step is a transaction of its own that finds what an earlier run did: a run
that was killed is taken up again by the same command, and a second run changes nothing.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import BinaryIO
from uuid import UUID, uuid5

from django.db import connection, transaction

from gongdao.core.envelope import derive
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.market.market_key import market_key
from gongdao.market.moving_in.dujiaoka_dump import Moved, MovedOrder, MovedSecret, read_dujiaoka
from gongdao.market.moving_in.keep_orders import OldShop, find_kept, keep_orders
from gongdao.market.moving_in.make_drafts import (
    GOODS,
    LOOP_GOODS,
    Drafts,
    MovedListing,
    make_coupons,
    make_drafts,
)
from gongdao.market.moving_in.rows import RefusedRow, RowReason
from gongdao.market.moving_in.stock_stream import StockStream, find_for_sale, make_seen_table
from gongdao.market.moving_in.survey import CARD_RULES, Survey, digest_of, survey_dump
from gongdao.vault.discard_import import discard_import
from gongdao.vault.make_sku import make_sku
from gongdao.vault.models import Batch
from gongdao.vault.prepare_chunk import Chunk
from gongdao.vault.queries import find_incoming
from gongdao.vault.refusals import Reason
from gongdao.vault.register import Known
from gongdao.vault.split_line import Line
from gongdao.vault.states import BatchState
from gongdao.vault.withdraw_batch import withdraw_batch

SOLD_BEFORE = "sold before moving in"
_MOST_ID = 1 << 30
"""Ids of rows up to here fit into the number of a line; orders' come behind those of secrets."""
_ORDERS = 500
"""Orders in one transaction."""
_PIECE = 1 << 20
_STEP = 10_000


@dataclass(frozen=True)
class MoveIn:
    """What to move: the dump ``file`` (it can seek) of the shop ``shop``. ``loop_uses``: how often
    a secret that the old shop sold without end may be sold here."""

    shop: OldShop
    file: BinaryIO
    loop_uses: int | None = None
    dry_run: bool = False
    give_up: bool = False
    """Whether an unfinished run with another dump is dropped first; else it stands in the way."""


@dataclass
class MoveReport:
    """What became of the dump. ``told`` counts what is ``new`` and what was there ``already``:
    listings, coupons, cards (for sale), sold (never for sale), orders."""

    told: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[RowReason] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    listings: list[MovedListing] = field(default_factory=list)


def move_dujiaoka(
    *,
    stores: Stores,
    wanted: MoveIn,
    at: datetime,
    refuse: Callable[[RefusedRow], None] = lambda row: None,
    progress: Callable[[int, int, int], None] = lambda turn, done, of: None,
) -> MoveReport:
    """Move the shop in, outside a transaction; a dry run says the same and writes nothing.

    Every row that is not taken goes to ``refuse``; ``progress`` hears which of the three readings
    it is, and how many rows of how many (0: not known yet) are done. Raise InputError where the
    file is no dump.
    """
    if connection.in_atomic_block:
        raise RuntimeError("moving in commits step by step")
    if not wanted.dry_run:
        return _Mover(stores, wanted, at, refuse, progress).run()
    with transaction.atomic():
        make_seen_table()
        report = _Mover(stores, wanted, at, refuse, progress).run()
        transaction.set_rollback(True)
    return report


class _Mover:
    """One run."""

    def __init__(
        self,
        stores: Stores,
        wanted: MoveIn,
        at: datetime,
        refuse: Callable[[RefusedRow], None],
        progress: Callable[[int, int, int], None],
    ) -> None:
        self._stores, self._wanted, self._shop, self._at = stores, wanted, wanted.shop, at
        self._hand_on, self._progress = refuse, progress
        self.report = MoveReport()
        self._survey = Survey()
        self._drafts = Drafts()
        self._naming = b""
        self._looks = token_bytes(32) if wanted.dry_run else None
        self._orders: list[MovedOrder] = []

    def run(self) -> MoveReport:
        """All of it."""
        report, shop = self.report, self._shop
        self._survey = survey_dump(
            read_dujiaoka(self._wanted.file),
            refuse=self._refuse,
            progress=lambda n: self._progress(1, n, 0),
        )
        report.rows, report.deleted = self._survey.seen, self._survey.deleted
        self._naming = self._name_run()
        self._drafts = make_drafts(
            shop=shop,
            survey=self._survey,
            loop_uses=self._wanted.loop_uses,
            refuse=self._refuse,
            at=self._at,
        )
        report.listings, report.told["listings"] = self._drafts.made, self._drafts.told
        self._move_sold()
        self._move_stock()
        report.told["coupons"] = make_coupons(
            stores=self._stores,
            shop=shop,
            survey=self._survey,
            drafts=self._drafts,
            refuse=self._refuse,
            at=self._at,
        )
        return report

    def _counted(self, turn: int, *tables: str) -> Iterator[Moved]:
        """The records of ``tables``, once more."""
        rows = sum(self._survey.seen[table] for table in tables)
        records = read_dujiaoka(self._wanted.file, tables=tables)
        for number, one in enumerate(records, 1):
            yield one
            if number % _STEP == 0:
                self._progress(turn, number, rows)

    def _refuse(self, row: RefusedRow) -> None:
        self.report.refused[row.reason] += 1
        self._hand_on(row)

    def _name_run(self) -> bytes:
        """Equal for the same file again, whoever holds the master key by then."""
        digest = sha256()
        self._wanted.file.seek(0)
        while piece := self._wanted.file.read(_PIECE):
            digest.update(piece)
        key = derive(market_key(self._stores, self._at), "moved in")
        return hmac.digest(key, digest.digest(), "sha256")

    def _batch(self, sku: UUID) -> UUID:
        return uuid5(sku, self._naming.hex())

    def _stream(self, refuse: Callable[[Chunk, Known], None]) -> StockStream:
        return StockStream(stores=self._stores, at=self._at, looks=self._looks, refuse=refuse)

    def _open(self, stream: StockStream, sku: UUID) -> None:
        batch, left = self._batch(sku), find_incoming(sku)
        if self._wanted.give_up and left not in (None, batch) and not self._wanted.dry_run:
            discard_import(batch=left)
        stream.open_shelf(sku=sku, batch=batch)

    def _move_sold(self) -> None:
        """Secrets that were sold, and what orders delivered, onto a shelf that belongs to no
        listing, and off it for good; and the orders."""
        shop = self._shop
        sku = make_sku(
            owner=SubjectRef("moved_sold", uuid5(shop.merchant_id, shop.name)),
            seller=SubjectRef("merchant", shop.merchant_id),
            rules=CARD_RULES,
            at=self._at,
        )
        stream = self._stream(self._tell_sold)
        self._open(stream, sku)
        self.report.told["orders"] = Counter()
        for one in self._counted(2, "carmis", "orders"):
            if isinstance(one, MovedSecret) and one.sold:
                self._add(stream, sku, one)
            elif isinstance(one, MovedOrder):
                self._take_order(stream, sku, one)
        self._send_orders()
        for batch in stream.finish():
            if Batch.objects.filter(id=batch, state=BatchState.LIVE).exists():
                withdraw_batch(stores=self._stores, batch=batch, reason=SOLD_BEFORE, at=self._at)
        self.report.told["sold"] = stream.told

    def _take_order(self, stream: StockStream, sku: UUID, order: MovedOrder) -> None:
        if order.id >= _MOST_ID or order.id < 1:
            self._refuse(RefusedRow("orders", str(order.id), "id", RowReason.NUMBER))
            return
        loops = self._survey.loop_texts
        for text in order.secrets:
            if not loops or digest_of(text) not in loops:
                stream.add(sku, Line(_MOST_ID + order.id, (text,)))
        if order.deleted:
            return
        if order.paid.minor < 0 or not 0 <= order.quantity < _MOST_ID:
            self._refuse(RefusedRow("orders", str(order.id), "actual_price", RowReason.NUMBER))
            return
        self._orders.append(order)
        if len(self._orders) >= _ORDERS:
            self._send_orders()

    def _send_orders(self) -> None:
        orders, self._orders = self._orders, []
        if self._wanted.dry_run:
            new = len(orders) - len(find_kept(self._shop, orders))
        else:
            new = keep_orders(stores=self._stores, shop=self._shop, orders=orders, at=self._at)
        self.report.told["orders"].update(new=new, already=len(orders) - new)

    def _tell_sold(self, chunk: Chunk, known: Known) -> None:
        """A secret that is known is guarded already, which is all that is wanted; unless it is on
        a shelf from where it could be sold."""
        for refusal in chunk.refusals:
            if refusal.reason is not Reason.IN_FILE:
                self._tell(refusal.number, RowReason(refusal.reason.value))
        stocked = [p for p, one in known.refused.items() if one.reason is Reason.IN_STOCK]
        for_sale = find_for_sale(stores=self._stores, forms=[chunk.forms[p] for p in stocked])
        for place in sorted(for_sale):
            self._tell(chunk.lines[stocked[place]], RowReason.STILL_FOR_SALE)
        for place, refusal in sorted(known.refused.items()):
            if refusal.reason is Reason.ON_PLATFORM:
                self._tell(chunk.lines[place], RowReason.ON_PLATFORM)

    def _tell(self, number: int, reason: RowReason) -> None:
        if number > _MOST_ID:
            self._refuse(RefusedRow("orders", str(number - _MOST_ID), "info", reason))
        else:
            self._refuse(RefusedRow("carmis", str(number), "carmi", reason))

    def _move_stock(self) -> None:
        stream = self._stream(self._tell_stock)
        for sku in self._drafts.skus.values():
            self._open(stream, sku)
        for one in self._counted(3, "carmis"):
            if not isinstance(one, MovedSecret) or one.sold or one.deleted:
                continue
            if one.loop and self._wanted.loop_uses is None:
                self._refuse(RefusedRow("carmis", str(one.id), "is_loop", RowReason.NO_LIMIT))
                continue
            both = one.loop and one.goods_id in self._survey.plain
            shelf = self._drafts.skus.get((LOOP_GOODS if both else GOODS, one.goods_id))
            if shelf is None:
                self._refuse(RefusedRow("carmis", str(one.id), "goods_id", RowReason.NO_GOODS))
            else:
                self._add(stream, shelf, one)
        stream.finish()
        self.report.told["cards"] = stream.told

    def _tell_stock(self, chunk: Chunk, known: Known) -> None:
        found = [*chunk.refusals, *known.refused.values()]
        for refusal in sorted(found, key=lambda one: one.number):
            same = refusal.reason in (Reason.IN_FILE, Reason.IN_STOCK)
            self._tell(refusal.number, RowReason.KNOWN if same else RowReason(refusal.reason.value))

    def _add(self, stream: StockStream, sku: UUID, one: MovedSecret) -> None:
        if 0 < one.id < _MOST_ID:
            stream.add(sku, Line(one.id, (one.text,)))
        else:
            self._refuse(RefusedRow("carmis", str(one.id), "id", RowReason.NUMBER))
