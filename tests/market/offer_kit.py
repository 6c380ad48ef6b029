"""An offer that may be published, for tests that change one thing in it."""

from __future__ import annotations

from gongdao.core.money import Money
from gongdao.market.offer import Delivery, GoodsKind, Offer, SourceKind
from gongdao.market.promise import ALWAYS, Promise

OFFER = Offer(
    title="示例游戏点卡 100 元",
    kind=GoodsKind.RETAIL_CARD,
    category="game_card",
    denomination="100 元",
    region="中国大陆",
    account_limits="无",
    source=SourceKind.DISTRIBUTOR,
    source_proof="proof/1",
    delivery=Delivery.SECRET,
    promise=Promise(10, instant=True),
    hours=ALWAYS,
    after_sale="卡密无效或已被使用，核实后退款或换卡。",
    how_to_redeem="打开官网充值页，输入卡号和密码。",
    how_to_test="在官网查询余额。",
    price=Money(9800),
    compared_price=None,
    compared_why="",
    tiers=(),
    most_per_buyer=10,
    reserve_minutes=15,
    protect_hours=48,
    asks=(),
)
