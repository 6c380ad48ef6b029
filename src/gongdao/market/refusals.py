"""What the market refuses about listings; a branch of the tree in `core.errors`.

Refused
├── PriceUnderReview      a price far under the market waits for a person of the platform
└── OrderRefused
    └── TooManyPieces     this buyer has as much of the listing as one may have in a time
"""

from __future__ import annotations

from gongdao.core.errors import OrderRefused, Refused
from gongdao.core.language import Phrase

_TOO_LOW = Phrase(
    "单价比同类商品低得多，先由平台看过再上架。同意后再点一次“上架”；写高一些就不用等。"
)


class PriceUnderReview(Refused):
    """The price of a listing, or what a coupon makes of it, is far under the market's: it is
    published, or the coupon made, once somebody of the platform approved; nothing changed."""

    code = "price_under_review"

    def __init__(self, words: Phrase = _TOO_LOW) -> None:
        super().__init__(words)


class TooManyPieces(OrderRefused):
    """With this order the buyer would have more of the listing than one may within its days."""

    code = "too_many_pieces"

    def __init__(self, most: int, days: int) -> None:
        self.most, self.days = most, days
        super().__init__(
            Phrase(
                "这个商品每人 {days} 天内最多 {most} 件，以前买的也算。请少买几件，或过些天再买。",
                days=days,
                most=most,
            )
        )
