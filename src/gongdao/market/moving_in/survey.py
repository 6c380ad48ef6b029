"""The first reading of a dump: its goods and coupons, how many rows there are, what is unreadable.

Memory holds goods, coupons and a digest of each loop secret; secrets and orders only as numbers.
Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from gongdao.market.moving_in.dujiaoka_dump import (
    Moved,
    MovedCoupon,
    MovedCouponGoods,
    MovedGoods,
    MovedGroup,
    MovedOrder,
    MovedProblem,
    MovedSecret,
)
from gongdao.market.moving_in.rows import RefusedRow, RowReason
from gongdao.vault.canonical_form import CanonRules, FieldRule, canonical_fields, platform_form
from gongdao.vault.refusals import BadSecret

CARD_RULES = CanonRules((FieldRule("secret"),), keep_gaps=True)
"""A secret is taken whole, as it was sold: the old shop does not say of which fields it is made."""


def digest_of(text: str) -> bytes | None:
    """Equal for texts that the vault takes for the same secret; None for what it takes for none."""
    try:
        form = platform_form(canonical_fields((text,), CARD_RULES))
    except BadSecret:
        return None
    return blake2b(form, digest_size=16).digest()


@dataclass
class Survey:
    """What stands in the dump. ``seen`` counts rows by table; ``plain`` and ``loop`` are the goods
    that have unsold secrets to be sold once, and again and again."""

    goods: dict[int, MovedGoods] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    coupons: dict[int, MovedCoupon] = field(default_factory=dict, repr=False)
    coupon_goods: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    plain: set[int] = field(default_factory=set)
    loop: set[int] = field(default_factory=set)
    loop_texts: set[bytes] = field(default_factory=set, repr=False)
    seen: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.seen.values())

    def category_of(self, goods: MovedGoods) -> str:
        """What the old shop called the group of ``goods``."""
        return self.groups.get(goods.group_id or 0, "")


def survey_dump(
    records: Iterable[Moved],
    *,
    refuse: Callable[[RefusedRow], None],
    progress: Callable[[int], None] = lambda rows: None,
) -> Survey:
    """Read all of ``records``; what could not be understood goes to ``refuse``."""
    found = Survey()
    for number, one in enumerate(records, 1):
        if isinstance(one, MovedProblem):
            found.seen[one.table] += 1
            refuse(RefusedRow(one.table, one.id, one.column, RowReason.UNREADABLE))
        else:
            _note(found, one)
        if number % 10_000 == 0:
            progress(number)
    return found


def _note(found: Survey, one: Moved) -> None:
    if isinstance(one, MovedSecret):
        _note_secret(found, one)
    elif isinstance(one, MovedOrder):
        found.seen["orders"] += 1
        found.deleted["orders"] += one.deleted
    elif isinstance(one, MovedGoods):
        found.seen["goods"] += 1
        found.deleted["goods"] += one.deleted
        if not one.deleted:
            found.goods[one.id] = one
    elif isinstance(one, MovedGroup):
        found.seen["goods_group"] += 1
        found.groups[one.id] = one.name
    elif isinstance(one, MovedCoupon):
        found.seen["coupons"] += 1
        found.deleted["coupons"] += one.deleted
        if not one.deleted:
            found.coupons[one.id] = one
    elif isinstance(one, MovedCouponGoods):
        found.seen["coupons_goods"] += 1
        found.coupon_goods[one.coupon_id].add(one.goods_id)


def _note_secret(found: Survey, one: MovedSecret) -> None:
    found.seen["carmis"] += 1
    if one.sold:
        return
    found.deleted["carmis"] += one.deleted
    if one.loop:
        text = digest_of(one.text)
        if text is not None:
            found.loop_texts.add(text)
    if not one.deleted:
        (found.loop if one.loop else found.plain).add(one.goods_id)
