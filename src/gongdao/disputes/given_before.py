"""What earlier cases of an order gave back for the same thing, so that it is not given twice. Pure.

An earlier refund is for the same thing where it is certain: for the same reason about the whole
order, or about the same pieces. Where pieces are known of both, other pieces are another thing. In
between nobody but a person can tell. Whatever the reason, no piece brings more than its price.
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
_EVEN = frozenset({"shortfall", "overcharge", "paid"})
"""Those of them that are of every piece alike."""
_NOT_PRICE = frozenset({"surplus"})
"""What was paid beyond the price goes back beside it."""


@dataclass(frozen=True)
class Earlier:
    """An earlier case: its reason, the base by which its rule counts (empty if none does), its
    pieces (none: not known), the minor units that it gave back, and the pieces that were named,
    where these are not the ones that were found."""

    reason: str
    base: str
    places: tuple[int, ...]
    minor: int
    named: tuple[int, ...] = ()

    @classmethod
    def read(cls, row: Sequence[Any]) -> Earlier:
        """One of ``earlier`` in ``sql/order_facts.sql``."""
        reason, rule, named, found, minor = row
        base = _bases().get(rule or "", "")
        if base in _WHOLE:
            return cls(reason, base, (), minor)
        return cls(reason, base, tuple(found or named or ()), minor, tuple(named or ()))


def given_before(
    *,
    earlier: Sequence[Earlier],
    reason: str,
    places: tuple[int, ...],
    paid: int,
    quantity: int,
) -> tuple[int, int]:
    """Minor units that were certainly given for the same thing as a case for ``reason`` about
    ``places`` (none: not known), and that may have been; of an order of ``quantity`` pieces for
    which ``paid`` was paid."""
    same = unclear = 0
    given = _by_piece(earlier, paid, quantity)
    for one, by_piece in zip(earlier, given, strict=True):
        if one.base in _NOT_PRICE:
            continue
        minor, known = one.minor, bool(places and one.places)
        if known:
            minor = sum(by_piece.get(place, 0) for place in places)
        alike = known or one.base in _WHOLE or not (places or one.places)
        if one.reason == reason and alike:
            same += minor
        else:
            unclear += minor
    return same, unclear


def left_of_price(
    *, earlier: Sequence[Earlier], places: Iterable[int], paid: int, quantity: int
) -> int:
    """What earlier cases, for whatever reason, left of the price of ``places``, in minor units."""
    given = _by_piece(earlier, paid, quantity)
    price = -(-paid // quantity)
    return sum(price - sum(one.get(place, 0) for one in given) for place in set(places))


def _by_piece(earlier: Sequence[Earlier], paid: int, quantity: int) -> list[dict[int, int]]:
    """What each earlier case gave for each piece: an equal part for each that it was about, of none
    more than what was left of its price; what is more is for the others that were named. Where
    nobody said which, nobody can tell."""
    every = range(1, quantity + 1)
    room, found = dict.fromkeys(every, -(-paid // quantity)), []
    for one in earlier:
        given: dict[int, int] = {}
        left = 0 if one.base in _NOT_PRICE else one.minor
        for places in (every if one.base in _EVEN else one.places, one.named):
            left -= _lay(left, [place for place in places if room.get(place)], room, given)
        found.append(given)
    return found


def _lay(minor: int, places: list[int], room: dict[int, int], given: dict[int, int]) -> int:
    """Lay ``minor`` on ``places`` in equal parts, as far as there is room; how much was laid."""
    laid = 0
    for number, place in enumerate(sorted(places, key=lambda one: (room[one], one))):
        part = min(-(-(minor - laid) // (len(places) - number)), room[place])
        room[place] -= part
        given[place] = given.get(place, 0) + part
        laid += part
    return laid


@lru_cache(maxsize=1)
def _bases() -> dict[str, str]:
    """By what each row of every table in every version counts its amount, as verdicts name it."""
    tables = (one for one in load_rules().all() if isinstance(one, Liability))
    return {f"{table.ref}/{row.code}": row.amount.of for table in tables for row in table.rows}
