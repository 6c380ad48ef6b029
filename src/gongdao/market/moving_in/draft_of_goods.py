"""What an old shop's goods say of a listing, as it would be typed here, and what is still missing.

Pure. Nothing is invented: a field that the dump does not hold stays empty, and what keeps the draft
from being published is what the merchant's desk would say of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any

from gongdao.core.language import Bilingual, Phrase
from gongdao.core.money import Money
from gongdao.market.draft_fields import NAMES, read_fields
from gongdao.market.moving_in.dujiaoka_dump import MovedGoods
from gongdao.market.offer import Delivery, Missing
from gongdao.rules.queries import find_prohibited

_TAGS = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True)
class Draft:
    """``fields`` of the form of a listing, ``beside`` the old shop's own words, ``missing`` what
    has to be written before it can be published."""

    fields: dict[str, str]
    beside: dict[str, Any]
    missing: tuple[Missing, ...]


def draft_of_goods(goods: MovedGoods, *, category: str, on: date) -> Draft:
    """The draft that ``goods`` make; ``category`` is what the old shop called their group."""
    most = goods.most_per_order
    fields = {name: "" for name in NAMES} | {
        "title": goods.name.strip(),
        "delivery": (Delivery.SECRET if goods.automatic else Delivery.MANUAL).value,
        "price": str(goods.price) if goods.price.minor > 0 else "",
        "tiers": "\n".join(f"{one.quantity} {one.price}" for one in goods.tiers),
        "asks": "\n".join(one.label for one in goods.questions if one.label),
        "most_per_buyer": "" if most is None else str(most),
    }
    _offer, missing = read_fields(fields)
    found = list(missing)
    for rule in find_prohibited(f"{goods.name}\n{category}", on=on):
        what = Bilingual(rule.name, rule.name_en)
        found.append(Missing("title", Phrase("这类商品禁止上架：{what}。", what=what)))
    if goods.struck_price > goods.price > Money(0):
        why = Phrase("旧店的划线价没有搬：要有成交记录或说明才能写")
        found.append(Missing("compared_price", why))
    return Draft(fields, _beside(goods, category), tuple(found))


def _beside(goods: MovedGoods, category: str) -> dict[str, Any]:
    """The old words, for the merchant to take from; markup is taken out."""
    return {
        "category": category,
        "summary": goods.summary,
        "keywords": goods.keywords,
        "prompt": _text(goods.prompt),
        "description": _text(goods.description),
        "struck_price": str(goods.struck_price),
        "was_open": goods.is_open,
        "sold": goods.sold,
        "hook": bool(goods.hook),
    }


def _text(html: str) -> str:
    lines = unescape(_TAGS.sub("\n", html)).splitlines()
    return "\n".join(filter(None, map(str.strip, lines)))
