"""The buyer's receipt (A18): what he was given had been committed to in its batch before his order,
and was delivered in it. `gongdao-verify` checks it offline, without us.

Made from the public log, from commitments and their proofs. Only whoever may see the secrets gets
them and their salts into it; without them it can be shown to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

from gongdao.core.clock import beijing
from gongdao.core.errors import NotDelivered
from gongdao.core.money import Money
from gongdao.core.stores import Stores
from gongdao.core.subject import SubjectRef
from gongdao.log.errors import LeafNotCovered
from gongdao.log.reader import Entry, find_entries_of
from gongdao.log.receipt import make_receipts
from gongdao.market.coupon_models import CouponUse
from gongdao.market.coupons import TakenUse
from gongdao.market.deliver_by_hand import Handed
from gongdao.market.models import Handover, Order
from gongdao.market.shown import Bargain, find_shown, rules_then
from gongdao.market.states import OrderState
from gongdao.vault.canonical_form import canonical_form
from gongdao.vault.make_sku import get_shelf
from gongdao.vault.prove_unit import UnitProof, prove_unit
from gongdao.vault.queries import get_units, last_checked
from gongdao.vault.reveal import RevealedSecret
from gongdao_verify.canonical import canonical
from gongdao_verify.order_form import FORMAT, GIVING_LEAVES
from gongdao_verify.signed_note import encode_base64

_READABLE = (OrderState.DELIVERED, OrderState.COMPLETED)


@dataclass(frozen=True)
class Pieces:
    """What was read out to the buyer, on the record, by the verbs that do so."""

    secrets: Sequence[RevealedSecret] = field(default=(), repr=False)
    handed: Sequence[Handed] = field(default=(), repr=False)


def make_order_receipt(*, stores: Stores, order: Order, opened: Pieces = Pieces()) -> bytes:
    """The receipt of a delivered order, canonical JSON. ``opened`` puts salts and secrets into it;
    of a piece that was replaced it shows the one that the buyer has now.

    Raise NotDelivered where there is nothing to show, LeafNotCovered while a leaf of it still waits
    for its checkpoint.
    """
    if order.state not in _READABLE:
        raise NotDelivered
    own = find_entries_of(order.log_subject)
    placed = _of_type(own, "order.placed")
    delivered = [one for one in own if one.form.type in GIVING_LEAVES]
    units, subjects = _vault_units(order, opened.secrets)
    units += _handed_units(order, opened.handed)
    imported = [_of_type(find_entries_of(one, count=1), "batch.imported") for one in subjects]
    told = {unit for one in delivered for unit in _listed(one)}
    waits = any(one["commitment"] not in told for one in units)
    if len(placed) != 1 or waits or not units or not all(imported):
        raise LeafNotCovered
    wanted = [placed[0], *delivered, *(one[0] for one in imported)]
    receipts = make_receipts(
        stores=stores, leaf_hashes=[one.leaf_hash for one in wanted], openings=False
    )
    proofs = [encode_base64(one) for one in receipts]
    split = 1 + len(delivered)
    return canonical(
        {
            "format": FORMAT,
            "placed": proofs[0],
            "delivered": proofs[1:split],
            "batches": proofs[split:],
            "snapshot": snapshot_of(order),
            "units": units,
        }
    )


def snapshot_of(order: Order) -> Mapping[str, Any]:
    """What was shown when the order was placed, as the leaf ``order.placed`` commits to it."""
    used = CouponUse.objects.filter(order_id=order.id).first()
    bargain = Bargain(
        order.number,
        find_shown(order.listing_id, order.listing_version),
        order.quantity,
        Money(order.total_minor, order.currency),
        beijing(order.promise_by),
        order.terms,
        TakenUse(used.coupon_id, Money(used.off_minor, order.currency)) if used else None,
        no_return=order.no_return,
        rules=rules_then(at=order.placed_at, digest=bytes(order.rules_digest))
        if order.rules_digest is not None
        else None,
    )
    return bargain.plain()


def _of_type(entries: Sequence[Entry], type_: str) -> list[Entry]:
    return [one for one in entries if one.form.type == type_]


def _listed(entry: Entry) -> list[Any]:
    units = entry.form.data.get("units")
    return units if isinstance(units, list) else []


def _vault_units(
    order: Order, secrets: Sequence[RevealedSecret]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The card secrets of the order, and the log's subjects of their batches, each once."""
    forms = _forms(order, secrets)
    subjects: list[str] = []
    checked: dict[UUID, str | None] = {}
    found = []
    for unit in get_units(SubjectRef("order", order.id)):
        proof = prove_unit(unit.unit)
        if proof.log_subject not in subjects:
            subjects.append(proof.log_subject)
        if unit.batch not in checked:
            at = last_checked(unit.batch)
            checked[unit.batch] = at.astimezone(UTC).isoformat() if at else None
        told = _plain(proof, subjects.index(proof.log_subject), checked[unit.batch])
        found.append(told | forms.get(unit.unit, {}))
    return found, subjects


def _plain(proof: UnitProof, batch: int, checked_at: str | None) -> dict[str, Any]:
    return {
        "batch": batch,
        "checked_at": checked_at,
        "commitment": proof.commitment.hex(),
        "index": proof.index,
        "path": [one.hex() for one in proof.path],
        "size": proof.size,
    }


def _forms(order: Order, secrets: Sequence[RevealedSecret]) -> dict[int, dict[str, str]]:
    """Salt and canonical form of each secret that was read out, by unit."""
    sku = find_shown(order.listing_id, order.listing_version).sku_id
    if not secrets or sku is None:
        return {}
    rules = get_shelf(sku).rules
    return {
        one.unit: {
            "form": canonical_form(list(one.fields.values()), rules).hex(),
            "salt": one.salt.hex(),
        }
        for one in secrets
    }


def _handed_units(order: Order, handed: Sequence[Handed]) -> list[dict[str, Any]]:
    """What a person or a supplier handed over."""
    texts = {one.place: {"salt": one.salt.hex(), "text": one.text} for one in handed}
    rows = Handover.objects.filter(order=order).order_by("place")
    return [
        {"commitment": bytes(row.commitment).hex(), "place": row.place, **texts.get(row.place, {})}
        for row in rows
    ]
