"""What a supplier says of a top-up: kept as it came, judged, and acted on, in one transaction.

Locks: the order first, then its top-up. An order is settled when all of its pieces have ended: done
is delivered, what was not done goes back.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from django.db import transaction

from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.ledger.transfers import TransferKind
from gongdao.market.decide_top_up import (
    Deed,
    Piece,
    Step,
    Told,
    TopUpFacts,
    TopUpState,
    Way,
    decide_top_up,
    pause_before,
    settle_pieces,
)
from gongdao.market.deliver_by_hand import Deliverer, hand_over, part_back
from gongdao.market.give_back import give_back
from gongdao.market.market_key import OrderKeys, order_keys
from gongdao.market.models import Order, SupplierAnswer, TopUp
from gongdao.market.states import OrderState
from gongdao.market.suppliers.port import SupplierWord

_WHY = {
    TopUpState.ASKED: "top_up_asked",
    TopUpState.UNKNOWN: "top_up_unknown",
    TopUpState.ACCEPTED: "top_up_charging",
    TopUpState.CHARGING: "top_up_charging",
}
_LONGEST_RAW = 64 * 1024
"""In bytes; of a longer answer the beginning is kept, and the digest of all of it."""


def find_top_up(*, supplier_id: UUID, number: str) -> UUID | None:
    """The top-up that ``number`` names at this supplier."""
    rows = TopUp.objects.filter(supplier_id=supplier_id, number=number)
    return rows.values_list("id", flat=True).first()


@transaction.atomic
def take_word(
    *, stores: Stores, top_up_id: UUID, word: SupplierWord, way: Way, at: datetime
) -> TopUpState:
    """Keep ``word`` and do what follows from it, once, however often it comes; where the top-up
    stands now."""
    order_id = TopUp.objects.values_list("order_id", flat=True).get(id=top_up_id)
    order = Order.objects.select_for_update().get(id=order_id)
    row = TopUp.objects.select_for_update(of=("self",)).get(id=top_up_id)
    facts = TopUpFacts(TopUpState(row.state), row.asks, row.refused_again)
    step = decide_top_up(facts, word.told, way)
    keys = order_keys(stores, at)
    _keep(keys, row, word, way, step, at)
    _move(row, word, step, at)
    if step.deed is Deed.END:
        if order.state == OrderState.PAID:
            _settle(stores, keys, order, row, at)
        elif step.state in (TopUpState.DONE, TopUpState.PARTIAL):
            TopUp.objects.filter(id=row.id).update(doubt="done_after_refund")
    elif order.state == OrderState.PAID and step.state in _WHY:
        Order.objects.filter(id=order.id).update(why=_WHY[step.state])
    return step.state


def _keep(
    keys: OrderKeys, row: TopUp, word: SupplierWord, way: Way, step: Step, at: datetime
) -> None:
    plain = {
        "raw": base64.b64encode(word.raw[:_LONGEST_RAW]).decode(),
        "payload": word.payload,
    }
    SupplierAnswer.objects.create(
        top_up=row,
        way=way.value,
        told=word.told.value,
        reason=word.reason[:64],
        state=step.state.value,
        sealed=keys.seal(_seal_id(row.id), json.dumps(plain).encode()),
        digest=sha256(word.raw).digest(),
        at=at,
    )


def _move(row: TopUp, word: SupplierWord, step: Step, at: datetime) -> None:
    running = step.deed in (Deed.LOOK_AGAIN, Deed.ASK_AGAIN)
    if step.deed is Deed.DOUBT:
        row.doubt = f"said_{word.told.value}"
    if running or step.deed is Deed.END:
        row.state, row.refused_again = step.state, step.refused_again
        row.supplier_no = row.supplier_no or word.supplier_no
        row.ask_next = row.ask_next or step.deed is Deed.ASK_AGAIN
        row.next_look_at = at + pause_before(row.looks) if running else None
        row.ended_at = None if running else at
    if step.deed is Deed.END and word.told is Told.PARTIAL and word.done is not None:
        row.done_minor = word.done.minor
    if word.cost is not None:
        row.cost_minor = word.cost.minor
        dear = word.cost.currency != row.currency or word.cost.minor > row.most_minor
        if dear and step.state is not TopUpState.REJECTED:
            row.doubt = row.doubt or "too_dear"
    row.save()


def _settle(stores: Stores, keys: OrderKeys, order: Order, last: TopUp, at: datetime) -> None:
    rows = list(TopUp.objects.filter(order=order).order_by("place"))
    pieces = tuple(Piece(TopUpState(r.state), r.face_minor, r.done_minor) for r in rows)
    end = settle_pieces(pieces, order.total_minor)
    if end is None:
        return
    if not end.delivered:
        give_back(stores=stores, order_id=order.id, why="top_up_failed", at=at)
        return
    hand_over(
        stores=stores,
        order=order,
        texts=[_said(keys, row) for row in rows],
        by=Deliverer("supplier", last.supplier_id),
        why="top_up_partial" if end.back else "top_up_done",
        at=at,
    )
    if end.back:
        amount = Money(end.back, order.currency)
        kind = TransferKind.REFUND
        part_back(order=order, amount=amount, reason="top_up_partial", kind=kind, at=at)


def _said(keys: OrderKeys, row: TopUp) -> str:
    """What the buyer gets for one piece: what the supplier delivered, or that it was done."""
    state = TopUpState(row.state)
    answers = SupplierAnswer.objects.filter(top_up=row, state=state.value, told=state.value)
    answer = answers.order_by("id").first()
    plain = json.loads(keys.open(_seal_id(row.id), bytes(answer.sealed))) if answer else {}
    if payload := plain.get("payload"):
        return str(payload)
    done = row.face_minor if state is TopUpState.DONE else row.done_minor
    if not done:
        return Phrase("没有充上，已退款。").zh()
    said = Phrase(
        "已充值 {done}（上游单号 {number}）。",
        done=Money(done, row.currency),
        number=row.supplier_no or row.number,
    )
    return said.zh()


def _seal_id(top_up_id: UUID) -> UUID:
    return uuid5(top_up_id, "answer")


def read_answers(*, stores: Stores, top_up_id: UUID, at: datetime) -> list[tuple[str, bytes]]:
    """What a supplier said of a top-up, oldest first: how it was taken, and the bytes that came."""
    keys = order_keys(stores, at)
    rows = SupplierAnswer.objects.filter(top_up_id=top_up_id).order_by("id")
    opened = [(row.told, keys.open(_seal_id(top_up_id), bytes(row.sealed))) for row in rows]
    return [(told, base64.b64decode(json.loads(plain)["raw"])) for told, plain in opened]
