"""The auditor's check that no secret was delivered more often than it may be, over the whole log.

A leaf ``order.delivered`` or ``order.replaced`` names the commitment of each unit;
``batch.imported`` says how often a secret of the batch may be used, mostly once. Of which batch a
commitment is only its buyer can tell, so each may be delivered as often as the largest ``uses``
that any batch of the log declared.

Kept like subjects are (audit_runs.py): a commitment's record holds how often it was delivered, one
record of its own the largest ``uses``. No subject has a name that leads to their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from gongdao.log.audit_runs import LEAF, Run, find_head, part_of, type_tag
from gongdao_verify.leaf_form import LeafForm
from gongdao_verify.merkle import HASH_BYTES
from gongdao_verify.order_form import GIVING_LEAVES

UNIT_TAG = type_tag("a delivered unit")
USES_TAG = type_tag("uses of a secret")
USES_KEY = sha256(b"uses of a secret").digest()
_NONE = bytes(HASH_BYTES)


def unit_records(index: int, form: LeafForm) -> Iterator[tuple[int, bytes]]:
    """Part and record of everything that the leaf number ``index`` says about units."""
    if form.type in GIVING_LEAVES:
        units = form.data.get("units")
        for unit in units if isinstance(units, list) else ():
            key = sha256(f"unit {unit}".encode()).digest()
            yield part_of(key), LEAF.pack(index, key, _NONE, _NONE, UNIT_TAG, False)
    elif form.type == "batch.imported":
        uses = form.data.get("uses")
        if isinstance(uses, int) and not isinstance(uses, bool) and uses > 1:
            kept = uses.to_bytes(HASH_BYTES, "big")
            yield part_of(USES_KEY), LEAF.pack(index, USES_KEY, kept, _NONE, USES_TAG, False)


def find_most_uses(leaves: Sequence[Run], heads: Sequence[Run]) -> int:
    """The largest ``uses`` in new ``leaves``, or that earlier audits kept in ``heads`` (oldest
    first); 1 where no batch declared more."""
    part, most = part_of(USES_KEY), 1
    for run in leaves:
        for _index, key, kept, *_rest in LEAF.iter_unpack(run.part(part)):
            if key == USES_KEY:
                most = max(most, int.from_bytes(kept, "big"))
    for run in heads:
        head = find_head(run.part(part), USES_KEY)
        if head is not None:
            most = max(most, int.from_bytes(head[0], "big"))
    return most


def count_on(before: tuple[bytes, bytes] | None) -> int:
    """How often a unit was delivered, now that it is once more."""
    return 1 if before is None else int.from_bytes(before[0], "big") + 1


def as_count(count: int) -> bytes:
    """The count as a record holds it."""
    return count.to_bytes(HASH_BYTES, "big")
