"""Whether a compared price was supported by deals. Pure.

The rule: a compared price that is not explained must not exceed the lowest deal price of the
seven days before the comparison; with no deal in those days, not the last deal price before it
(明码标价和禁止价格欺诈规定, article 16). A compared price equal to the face value printed on a
card is the value of the goods and no discount claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from gongdao.core.clock import beijing
from gongdao.core.codes import Kind
from gongdao.core.money import Money
from gongdao.evidence.deals import Deal
from gongdao.evidence.dossier import Dossier, captured_at, money_of
from gongdao.evidence.refuted import face_value_of

_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class PriceCheck:
    """``supported`` is None where there are no deal records to check against; ``exhibits`` carry
    the figures; ``shown_lower`` are prices that earlier listings showed within the window."""

    compared_price: Money
    compared_at: datetime
    lowest_deal_7_days: Money | None
    last_deal_before: Money | None
    supported: bool | None
    deals_counted: int
    exhibits: tuple[str, ...]
    shown_lower: tuple[tuple[str, Money, datetime], ...] = ()


def check_price(dossier: Dossier) -> PriceCheck | None:
    """Check the struck-through price of this order, or None where none was shown."""
    order = dossier.statement.order
    listing = _listing_of_order(dossier)
    compared = order.listed_price or (
        money_of(dossier.first("listed_price", Kind.LISTING_PAGE)) if listing else None
    )
    at = order.ordered_at or order.paid_at
    face = face_value_of(dossier)
    if compared is None or at is None or (face and compared == face):
        return None
    product = order.product
    before = [(p, d) for p, d in dossier.deals if d.at < at and _same_product(d.product, product)]
    week = [(path, deal) for path, deal in before if deal.at >= _window_start(deal, at)]
    lowest = min((deal.price for _, deal in week), default=None)
    last = max(before, key=lambda pair: pair[1].at)[1].price if before else None
    limit = lowest or last
    shown = _listings_in_window(dossier, at, listing)
    paths = dict.fromkeys(
        [
            *([listing] if listing else []),
            *(p for p, _ in (week or before)),
            *(p for p, _, _ in shown),
        ]
    )
    return PriceCheck(
        compared,
        at,
        lowest,
        last,
        None if limit is None else compared <= limit,
        len(week),
        tuple(paths),
        shown,
    )


def _window_start(deal: Deal, at: datetime) -> datetime:
    """Seven days before ``at``; a deal dated by the day alone counts if its day reaches in."""
    start = at - _WINDOW
    local = beijing(deal.at)
    by_day = (local.hour, local.minute, local.second) == (0, 0, 0)
    return beijing(start).replace(hour=0, minute=0, second=0, microsecond=0) if by_day else start


_TERM = re.compile(r"半年|[年季月周日]卡|终身")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(元|个月|月|天|点|[Gg][Bb]?|张)")


def _same_product(sold: str, bought: str) -> bool:
    """Whether a deal is of the goods bought: no other term and no other size is named."""
    if not sold or not bought:
        return True
    for pattern in (_TERM, _SIZE):
        a, b = set(pattern.findall(sold)), set(pattern.findall(bought))
        if a and b and not a & b:
            return False
    return True


def _listing_of_order(dossier: Dossier) -> str | None:
    """The listing whose price is the one paid, else the latest one."""
    paid = dossier.statement.order.paid
    listings = dossier.of(Kind.LISTING_PAGE)
    for seen in dossier.seen("price", Kind.LISTING_PAGE):
        if paid and money_of(seen) == paid:
            return seen.exhibit.path
    return listings[-1].path if listings else None


def _listings_in_window(
    dossier: Dossier, at: datetime, own: str | None
) -> tuple[tuple[str, Money, datetime], ...]:
    found = []
    for seen in dossier.seen("price", Kind.LISTING_PAGE):
        price, taken = money_of(seen), captured_at(seen.exhibit, dossier)
        if price is None or taken is None or seen.exhibit.path == own:
            continue
        if at - _WINDOW <= taken < at:
            found.append((seen.exhibit.path, price, taken))
    return tuple(found)
