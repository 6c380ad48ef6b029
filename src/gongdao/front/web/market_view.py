"""What the market's pages show, put into words: cards, blocks of the disclosure, orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gongdao.core.clock import beijing, say_minute
from gongdao.core.language import gettext as _
from gongdao.core.language import translated
from gongdao.core.money import Money
from gongdao.front.web.market_words import (
    DELIVERY_NAMES,
    KIND_NAMES,
    SOURCE_NAMES,
    category_name,
    say_closed,
    say_hours,
    say_length,
    say_moment,
    say_promise,
)
from gongdao.front.web.templatetags.values import money
from gongdao.market.compared import ComparedKind
from gongdao.market.find_listings import Listed
from gongdao.market.merchant_facts import FEWEST_FOR_SHARE, MOST_COUNTED, MerchantFacts
from gongdao.market.offer import Delivery, GoodsKind, Offer
from gongdao.market.price_history import PriceHistory
from gongdao.market.promise import deliver_by

MOST_STOCK = 1000
"""Stock is counted up to here; beyond it the pages say "more than"."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Card:
    """A listing in a list. ``stock`` is None where nothing is kept in stock."""

    id: UUID
    title: str
    is_test: bool
    kind: str
    category: str
    denomination: str
    region: str
    source: str
    price: Money
    merchant: str
    by: str
    stock: int | None

    @property
    def sold_out(self) -> bool:
        """Whether there is nothing to sell now."""
        return self.stock == 0


def make_card(listed: Listed, stock: int | None, at: datetime) -> Card:
    """The card of a listing for somebody who looks ``at`` this moment."""
    offer = listed.offer
    return Card(
        id=listed.listing_id,
        title=offer.title,
        is_test=offer.kind is GoodsKind.TEST_CARD,
        kind=translated(KIND_NAMES[offer.kind]),
        category=category_name(offer.category),
        denomination=offer.denomination,
        region=offer.region,
        source=translated(SOURCE_NAMES[offer.source]),
        price=offer.price,
        merchant=listed.merchant_name,
        by=promised_by(offer, at),
        stock=stock,
    )


def promised_by(offer: Offer, at: datetime) -> str:
    """``周一 09:10``: by when goods ordered and paid at this moment come (A6); empty where no
    service time follows within sixty days."""
    try:
        return say_moment(deliver_by(offer.promise, offer.hours, at), at)
    except ValueError:
        return ""


def say_stock(stock: int | None) -> str:
    """``有货，12 件``; what is made to order has none."""
    if stock is None:
        return _("按单处理，不备货")
    if stock == 0:
        return _("卖完了")
    if stock >= MOST_STOCK:
        return _("有货，{n} 件以上").format(n=MOST_STOCK)
    return _("有货，{n} 件").format(n=stock)


def make_blocks(offer: Offer, at: datetime) -> list[tuple[str, list[Row]]]:
    """Everything that has to be disclosed (A5), block by block: heading, names and values."""
    hours = say_hours(offer.hours)
    closed = say_closed(offer.hours, at)
    asks = _row(_("要您填写"), "、".join(offer.asks))
    return [
        (
            _("这是什么"),
            [
                _row(_("商品种类"), translated(KIND_NAMES[offer.kind])),
                _row(_("类别"), category_name(offer.category)),
                _row(_("面额或规格"), offer.denomination),
                _row(_("适用地区"), offer.region),
                _row(_("账号限制"), offer.account_limits),
                _row(_("来源"), translated(SOURCE_NAMES[offer.source])),
                _row(_("来源凭证"), _("商家已上传，平台保存；不公开原件")),
            ],
        ),
        (
            _("什么时候到"),
            [
                _row(_("怎样发货"), translated(DELIVERY_NAMES[offer.delivery])),
                _row(_("发货承诺"), say_promise(offer.promise)),
                _row(_("服务时间"), "；".join(hours)),
                *([_row(_("不营业"), "、".join(closed))] if closed else []),
                *([asks] if offer.asks else []),
                _row(_("限购"), say_cap(offer)),
            ],
        ),
        (
            _("拿到以后"),
            [
                _row(_("怎样兑换"), offer.how_to_redeem),
                _row(_("怎样马上验证"), offer.how_to_test),
                _row(_("售后条件"), offer.after_sale),
                _row(
                    _("担保时间"),
                    _("发货后 {length}，其间钱不付给商家").format(
                        length=say_length(offer.protect_hours * 60)
                    ),
                ),
            ],
        ),
    ]


def _row(name: str, value: object) -> Row:
    return {"name": name, "value": value}


def make_tiers(offer: Offer) -> list[Row]:
    """The prices from so many pieces on."""
    return [
        {"from": tier.quantity, "unit": tier.unit}
        for tier in sorted(offer.tiers, key=lambda one: one.quantity)
    ]


def merchant_rows(facts: MerchantFacts, admitted_at: datetime, at: datetime) -> list[Row]:
    """What is known of a merchant, with what it was counted from."""
    days = (at - admitted_at).days
    paid = _("{n} 单以上").format(n=MOST_COUNTED) if facts.cut else _("{n} 单").format(n=facts.paid)
    rows = [
        _row(_("入驻"), _("{day}，{n} 天").format(day=_day(admitted_at), n=max(0, days))),
        _row(_("近 90 天已付款"), paid),
    ]
    if not facts.enough:
        few = _("{n} 单；不足 {least} 单，不算比例").format(
            n=facts.refunded, least=FEWEST_FOR_SHARE
        )
        rows.append(_row(_("其中退款"), few))
        if facts.cancelled:
            rows.append(_row(_("其中商家取消"), _("{n} 单").format(n=facts.cancelled)))
        return rows
    rows.append(_row(_("其中退款"), _share(facts.refunded, facts.paid, facts.refunded_permille)))
    cancelled = _share(facts.cancelled, facts.paid, facts.cancelled_permille)
    rows.append(_row(_("其中商家取消"), cancelled))
    rows.append(_row(_("按承诺时间发货"), _share(facts.in_time, facts.due, facts.in_time_permille)))
    return rows


def _share(part: int, whole: int, permille: int) -> str:
    share = f"{permille // 10}.{permille % 10}%"
    return _("{part} / {whole} 单（{share}）").format(part=part, whole=whole, share=share)


def _day(at: datetime) -> str:
    return beijing(at).date().isoformat()


def price_rows(history: PriceHistory) -> tuple[list[list[str]], list[list[str]]]:
    """The table of prices shown (from when, price) and that of deals (day, pieces, prices)."""
    prices = [[_minute(one.at), money(one.price)] for one in history.prices]
    days = [
        [day.day.isoformat(), str(day.pieces), _range(day.lowest, day.highest)]
        for day in history.days
    ]
    return prices, days


def _range(low: Money, high: Money) -> str:
    return money(low) if low == high else f"{money(low)} – {money(high)}"


def _minute(at: datetime) -> str:
    return say_minute(at)


def stock_of(listed: Sequence[Listed], counted: dict[UUID, int]) -> list[int | None]:
    """The stock of each listing: what the vault counted, None where it keeps nothing."""
    return [
        counted.get(one.sku_id, 0)
        if one.offer.delivery is Delivery.SECRET and one.sku_id
        else (0 if one.offer.delivery is Delivery.SECRET else None)
        for one in listed
    ]


def say_cap(offer: Offer) -> str:
    """How much one buyer may have."""
    if not offer.cap_days:
        return _("每人每次最多 {n} 件").format(n=offer.most_per_buyer)
    return _("每人 {days} 天内最多 {n} 件").format(days=offer.cap_days, n=offer.most_per_buyer)


def say_permyriad(share: int) -> str:
    """A share in ten-thousandths as a percentage, without its sign: ``1``, ``0.5``, ``1.25``."""
    whole, rest = divmod(share, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)


def say_compared(offer: Offer) -> str:
    """What the struck-through price is compared with, for the buyer; empty where deals bear it."""
    with_ = offer.compared_with
    if with_ is None:
        return ""
    if with_.kind is ComparedKind.OWN_EARLIER:
        return _("划线价是这个商品自己的价，从 {day} 起。").format(day=with_.since)
    if with_.kind is ComparedKind.OFFICIAL:
        return _("划线价是发行方的建议零售价，商家说见 {link}").format(link=with_.link)
    singles = "、".join(f"{one.name} {money(one.price)}" for one in with_.singles)
    return _("划线价是分开买的总价：{singles}。").format(singles=singles)
