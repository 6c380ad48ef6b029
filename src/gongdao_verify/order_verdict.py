"""The judgement about a buyer's receipt: what was delivered had been in its batch before the order,
and was delivered in this order; what replaced a piece of it had been so before it was given.

1. Each leaf is in the log, and all of them under one checkpoint, so that their numbers are an order
   in time: batches, then the order, then its delivery.
2. What was shown is what the leaf ``order.placed`` commits to.
3. Each piece is listed in a leaf ``order.delivered`` of the same order, or ``order.replaced``, and
   a card secret is in the tree whose root its leaf ``batch.imported`` holds.
4. Where the receipt tells salts, the secret itself is what is committed to.

No network, no clock. What the receipt does not prove is said with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from gongdao_verify.canonical import canonical
from gongdao_verify.log_verdict import LogState, LogVerdict, judge_receipt
from gongdao_verify.merkle import BadProof, leaf_hash, root_from_inclusion
from gongdao_verify.order_form import (
    GIVING_LEAVES,
    REPLACED,
    OrderForm,
    UnitForm,
    parse_order_form,
)
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.tlog_policy import Policy

_GRADES = tuple(LogState)


@dataclass(frozen=True)
class OrderVerdict:
    """What `judge_order` answers. ``state`` is the lowest of all its leaves; ``leaves`` are the
    order's, its deliveries and its batches, in that order."""

    state: LogState
    reason: str = ""
    detail: str = ""
    form: OrderForm | None = None
    placed: LogVerdict | None = None
    delivered: tuple[LogVerdict, ...] = ()
    batches: tuple[LogVerdict, ...] = ()
    sources: tuple[str, ...] = field(default=())
    replaced: int = 0
    """How many pieces were given in the place of others, after the delivery."""

    @property
    def leaves(self) -> tuple[LogVerdict, ...]:
        """All leaves that were judged."""
        first = () if self.placed is None else (self.placed,)
        return (*first, *self.delivered, *self.batches)

    @property
    def opened(self) -> int:
        """How many pieces were compared with what they are, not only with their commitments."""
        return sum(bool(one.opened) for one in self.form.units) if self.form else 0

    @property
    def exit_code(self) -> int:
        """0 consistent, 1 invalid."""
        return int(self.state is LogState.INVALID)

    def not_proven(self) -> tuple[str, ...]:
        """The keys (of words.py) of what stays unproven."""
        if self.state is LogState.INVALID or self.placed is None:
            return ()
        found = ["np_order_works", "np_order_source"]
        if self.form is not None and self.opened < len(self.form.units):
            found.append("np_order_secret")
        if self.replaced:
            found.append("np_order_replaced")
        found += [key for one in self.leaves for key in one.not_proven()]
        return tuple(dict.fromkeys(key for key in found if key != "np_log_truth"))


def judge_order(
    data: bytes, *, policy: Policy | None, roots: Sequence[x509.Certificate] = ()
) -> OrderVerdict:
    """Judge a buyer's receipt; BadReceipt if the bytes are none at all."""
    try:
        form = parse_order_form(data)
        return _judge(form, policy, roots)
    except BadReceipt as bad:
        if bad.code == "no_order_receipt":
            raise
        return OrderVerdict(LogState.INVALID, bad.code, bad.detail)


def _judge(
    form: OrderForm, policy: Policy | None, roots: Sequence[x509.Certificate]
) -> OrderVerdict:
    def read(proofs: Sequence[bytes], *types: str) -> tuple[LogVerdict, ...]:
        return tuple(_leaf(one, types, policy, roots) for one in proofs)

    (placed,) = read([form.placed], "order.placed")
    delivered = read(form.delivered, *GIVING_LEAVES)
    batches = read(form.batches, "batch.imported")
    _check_one_log(placed, (*delivered, *batches))
    _check_order(form, placed, delivered)
    replaced = sum(_check_unit(unit, placed, delivered, batches) for unit in form.units)
    every = (placed, *delivered, *batches)
    weakest = min(every, key=lambda one: _GRADES.index(one.state))
    return OrderVerdict(
        weakest.state,
        weakest.reason,
        form=form,
        placed=placed,
        delivered=delivered,
        batches=batches,
        sources=tuple(dict.fromkeys(str(_data(one).get("source")) for one in batches)),
        replaced=replaced,
    )


def _leaf(
    proof: bytes, types: Sequence[str], policy: Policy | None, roots: Sequence[x509.Certificate]
) -> LogVerdict:
    found = judge_receipt(proof, policy=policy, roots=roots)
    if found.state is LogState.INVALID:
        raise BadReceipt(found.reason, f"{types[0]} {found.detail}".strip())
    if found.leaf is None or found.leaf.type not in types:
        raise BadReceipt("other_leaf", types[0])
    return found


def _check_one_log(placed: LogVerdict, others: Sequence[LogVerdict]) -> None:
    """Under one checkpoint the numbers of leaves are comparable; under two, only with a proof that
    one continues the other."""
    head = (placed.origin, placed.size, placed.root)
    if any((one.origin, one.size, one.root) != head for one in others):
        raise BadReceipt("two_checkpoints")


def _check_order(form: OrderForm, placed: LogVerdict, delivered: Sequence[LogVerdict]) -> None:
    digest = hashlib.sha256(canonical(form.snapshot)).hexdigest()
    if _data(placed).get("snapshot") != digest:
        raise BadReceipt("other_snapshot")
    if any(_subject(one) != _subject(placed) for one in delivered):
        raise BadReceipt("other_order")
    if any(one.index <= placed.index for one in delivered):
        raise BadReceipt("delivered_before_order")
    if form.snapshot.get("quantity") != len(form.units):
        raise BadReceipt("other_quantity")
    if len({one.commitment for one in form.units}) != len(form.units):
        raise BadReceipt("repeated_unit")


def _check_unit(
    unit: UnitForm,
    placed: LogVerdict,
    delivered: Sequence[LogVerdict],
    batches: Sequence[LogVerdict],
) -> bool:
    """Whether it was given in the place of another; BadReceipt unless it was delivered here, out of
    a batch that was there before."""
    given = [leaf for leaf in delivered if unit.commitment.hex() in _listed(leaf)]
    if not given:
        raise BadReceipt("not_delivered_here")
    first = min(given, key=lambda one: one.index)
    replaced = first.leaf is not None and first.leaf.type == REPLACED
    if unit.batch is None:
        return replaced
    if unit.batch >= len(batches):
        raise BadReceipt("bad_unit", "batch")
    if batches[unit.batch].index >= (first if replaced else placed).index:
        raise BadReceipt("batch_after_replacement" if replaced else "batch_after_order")
    try:
        root = root_from_inclusion(
            index=unit.index, size=unit.size, leaf=leaf_hash(unit.commitment), path=unit.path
        )
    except BadProof as bad:
        raise BadReceipt("not_in_batch", str(bad)) from None
    if root.hex() != _data(batches[unit.batch]).get("root"):
        raise BadReceipt("not_in_batch")
    return replaced


def _listed(leaf: LogVerdict) -> list[object]:
    units = _data(leaf).get("units")
    return units if isinstance(units, list) else []


def _data(verdict: LogVerdict) -> dict[str, object]:
    return dict(verdict.leaf.data) if verdict.leaf is not None else {}


def _subject(verdict: LogVerdict) -> str:
    return verdict.leaf.subject if verdict.leaf is not None else ""
