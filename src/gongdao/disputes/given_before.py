"""What earlier cases of an order gave back for the same thing, so that it is not given twice. Pure.

An earlier refund is for the same thing where it is certain: for the same reason about the whole
order, or about the same pieces. Where pieces are known of both, other pieces are another thing. In
between nobody but a person can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gongdao.rules.dispute_kinds import Liability
from gongdao.rules.load import load_rules

_WHOLE = frozenset({"undelivered", "shortfall", "overcharge", "paid", "promised"})
"""Bases of an amount that look at the order as a whole, whichever pieces were named."""
_NOT_PRICE = frozenset({"surplus"})
"""What was paid beyond the price goes back beside it."""


@dataclass(frozen=True)
class Earlier:
    """An earlier case: its reason, the base by which its rule counts (empty if none does), its
    pieces (none: not known) and the minor units that it gave back."""

    reason: str
    base: str
    places: tuple[int, ...]
    minor: int

    @classmethod
    def read(cls, row: Sequence[Any]) -> Earlier:
        """One of ``earlier`` in ``sql/order_facts.sql``."""
        reason, rule, named, found, minor = row
        base = _bases().get(rule or "", "")
        return cls(reason, base, () if base in _WHOLE else tuple(found or named or ()), minor)


def given_before(
    *, earlier: Iterable[Earlier], reason: str, places: tuple[int, ...]
) -> tuple[int, int]:
    """Minor units that were certainly given for the same thing as a case for ``reason`` about
    ``places`` (none: not known), and that may have been."""
    same = unclear = 0
    for one in earlier:
        if one.base in _NOT_PRICE:
            continue
        minor, known = one.minor, bool(places and one.places)
        if known:
            both = len(set(places) & set(one.places))
            minor = -(-one.minor * both // len(one.places))
        alike = known or one.base in _WHOLE or not (places or one.places)
        if one.reason == reason and alike:
            same += minor
        else:
            unclear += minor
    return same, unclear


@lru_cache(maxsize=1)
def _bases() -> dict[str, str]:
    """By what each row of every table in every version counts its amount, as verdicts name it."""
    tables = (one for one in load_rules().all() if isinstance(one, Liability))
    return {f"{table.ref}/{row.code}": row.amount.of for table in tables for row in table.rows}
