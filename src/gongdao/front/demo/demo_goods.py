"""What the merchants of the demonstration sell. Every good and shop is invented and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from gongdao.core.money import Money
from gongdao.market.compared import Compared, ComparedKind
from gongdao.market.offer import Delivery, GoodsKind, Offer, SourceKind, Tier
from gongdao.market.promise import ALWAYS, Promise, ServiceHours, Span
from gongdao.vault.canonical_form import CanonRules, FieldRule

_DAYTIME = Span(time(9, 0), time(21, 0))
_OFFICE = Span(time(10, 0), time(18, 0))
EVERY_DAY = ServiceHours(((_DAYTIME,),) * 7)
WORKING_DAYS = ServiceHours((((_OFFICE,),) * 5) + ((), ()))
CODE = CanonRules((FieldRule("secret"),))
CARD = CanonRules((FieldRule("number"), FieldRule("password")))


@dataclass(frozen=True)
class DemoGood:
    """A listing, the shape of its secrets, and how many are imported (none where None)."""

    offer: Offer
    rules: CanonRules = CARD
    stock: int | None = None


@dataclass(frozen=True)
class DemoShop:
    """A merchant: names, how many days ago it was admitted, its deposit, its goods."""

    name: str
    mail: str
    days: int
    deposit: Money
    goods: tuple[DemoGood, ...]


PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 200]/Contents 4 0 R"
    b"/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 68>>stream\n"
    b"BT /F 14 Tf 30 100 Td (Demonstration: no real authorisation) Tj ET \nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
"""What every merchant of the demonstration hands in as proof of where its goods come from."""
_CARD = Offer(
    title="示例游戏点卡 100 元",
    kind=GoodsKind.RETAIL_CARD,
    category="game_card",
    denomination="100 元（1000 点）",
    region="中国大陆",
    account_limits="每个账号每天最多充 5 张",
    source=SourceKind.DISTRIBUTOR,
    source_proof="",
    delivery=Delivery.SECRET,
    promise=Promise(10, instant=True),
    hours=ALWAYS,
    after_sale="卡密无效、已被使用：48 小时内提出，核实后换卡或全额退款。",
    how_to_redeem="打开游戏的充值页，选“点卡充值”，输入卡号和密码。",
    how_to_test="在充值页点“查询余额”：显示 100 元就是好的，不会扣掉。",
    price=Money(9650),
    compared_price=Money(10000),
    compared_why="",
    compared_with=Compared(ComparedKind.OFFICIAL, link="https://cards.example.com/prices"),
    tiers=(Tier(5, Money(9600)), Tier(20, Money(9520))),
    most_per_buyer=20,
    reserve_minutes=15,
    protect_hours=48,
    asks=(),
)
_BY_HAND = replace(
    _CARD,
    title="示例话费直充 50 元",
    kind=GoodsKind.TOP_UP,
    category="phone",
    denomination="50 元",
    region="中国大陆三家运营商",
    account_limits="停机超过 30 天的号码充不了",
    source=SourceKind.RESALE,
    delivery=Delivery.MANUAL,
    promise=Promise(60),
    hours=EVERY_DAY,
    after_sale="没到账全额退款；号码填错、已充进去的退不了。",
    how_to_redeem="不用兑换，直接充到您填的号码。",
    how_to_test="看运营商的到账短信，或在运营商的应用里查余额。",
    price=Money(4980),
    compared_price=None,
    compared_with=None,
    tiers=(),
    most_per_buyer=5,
    protect_hours=72,
    asks=("要充的手机号",),
)


_PLAIN_CARD = replace(_CARD, compared_price=None, compared_with=None, tiers=())


def _card(title: str, denomination: str, minor: int, **more: Any) -> Offer:
    return replace(_PLAIN_CARD, title=title, denomination=denomination, price=Money(minor), **more)


def _by_hand(title: str, denomination: str, minor: int, **more: Any) -> Offer:
    return replace(_BY_HAND, title=title, denomination=denomination, price=Money(minor), **more)


SHOPS: tuple[DemoShop, ...] = (
    DemoShop(
        name="示例数卡店",
        mail="cards@demo.invalid",
        days=420,
        deposit=Money(2_000_000),
        goods=(
            DemoGood(_CARD, stock=60),
            DemoGood(_card("示例游戏点卡 30 元", "30 元（300 点）", 2910), stock=40),
            DemoGood(
                _card(
                    "示例礼品卡 500 元",
                    "500 元",
                    48800,
                    category="gift_card",
                    source=SourceKind.RECYCLED,
                    account_limits="一张卡只能绑定一个账号，绑定后不能转",
                    most_per_buyer=2,
                    protect_hours=168,
                    how_to_redeem="登录账号，在“我的礼品卡”里绑定。",
                    how_to_test="绑定前先查询：显示“未绑定、余额 500 元”再绑定。",
                ),
                stock=6,
            ),
            DemoGood(
                _card(
                    "示例影音会员 月卡",
                    "31 天",
                    1680,
                    category="video",
                    account_limits="新老用户都能用，同一账号可以叠加",
                    how_to_redeem="在应用的“兑换”页输入兑换码。",
                    how_to_test="兑换页会先显示会员天数，确认后才生效。",
                ),
                CODE,
                stock=20,
            ),
            DemoGood(
                _card(
                    "示例游戏点卡 测试卡",
                    "测试用，无面额",
                    100,
                    kind=GoodsKind.TEST_CARD,
                    source=SourceKind.OFFICIAL,
                    after_sale="测试卡不退不换。",
                    how_to_redeem="只能在发行方的测试环境里输入。",
                    how_to_test="在测试环境里查询，显示“测试卡”。",
                    most_per_buyer=3,
                    protect_hours=24,
                ),
                CODE,
                stock=30,
            ),
        ),
    ),
    DemoShop(
        name="示例充值行",
        mail="topup@demo.invalid",
        days=180,
        deposit=Money(1_000_000),
        goods=(
            DemoGood(_BY_HAND),
            DemoGood(
                _by_hand(
                    "示例游戏直充 648 点",
                    "648 点",
                    6350,
                    category="game_card",
                    region="官方服；渠道服不能充",
                    account_limits="要开放“他人代充”",
                    asks=("游戏账号（不要写密码）", "区服"),
                    how_to_test="进游戏看点数有没有增加 648。",
                    how_to_redeem="不用兑换，直接充到您填的账号。",
                )
            ),
            DemoGood(
                _by_hand(
                    "示例影音会员 年卡直充",
                    "12 个月",
                    19800,
                    category="video",
                    asks=("会员账号",),
                    promise=Promise(120),
                    how_to_test="在应用里看会员到期日有没有延长 12 个月。",
                    how_to_redeem="不用兑换，直接充到您填的账号。",
                )
            ),
            DemoGood(
                _card(
                    "示例商超购物卡 200 元",
                    "200 元",
                    19500,
                    category="gift_card",
                    region="仅限示例市内门店",
                    most_per_buyer=1,
                    how_to_redeem="结账时出示卡号和密码。",
                    how_to_test="在公众号里查询余额，显示 200 元就是好的。",
                ),
                stock=1,
            ),
        ),
    ),
    DemoShop(
        name="示例软件铺",
        mail="soft@demo.invalid",
        days=30,
        deposit=Money(500_000),
        goods=(
            DemoGood(
                _card(
                    "示例办公软件 一年授权",
                    "1 台电脑，365 天",
                    12900,
                    category="software",
                    region="不限",
                    account_limits="激活后不能换电脑",
                    how_to_redeem="在软件的“关于 → 激活”里输入授权码。",
                    how_to_test="激活前点“验证授权码”：显示“有效，未激活”。",
                    protect_hours=72,
                ),
                CODE,
                stock=15,
            ),
            DemoGood(
                _by_hand(
                    "示例远程装机 一次",
                    "一台电脑，约 1 小时",
                    8800,
                    kind=GoodsKind.SERVICE,
                    category="service",
                    region="不限，要能上网",
                    account_limits="无",
                    source=SourceKind.OFFICIAL,
                    hours=WORKING_DAYS,
                    promise=Promise(240),
                    asks=("怎样联系您", "电脑型号"),
                    how_to_redeem="商家按您留的方式联系，约时间远程协助。",
                    how_to_test="装好后当场开机、上网、打开文档试一遍。",
                    after_sale="没有装好不收钱；七天内同样的问题免费再处理一次。",
                )
            ),
            DemoGood(
                _by_hand(
                    "示例说明书翻译 千字",
                    "每千字",
                    12000,
                    kind=GoodsKind.SERVICE,
                    category="service",
                    region="不限",
                    account_limits="无",
                    source=SourceKind.OFFICIAL,
                    hours=WORKING_DAYS,
                    promise=Promise(960),
                    asks=("译成什么语言", "怎样收稿"),
                    how_to_redeem="商家按您留的方式取稿、交稿。",
                    how_to_test="抽三段和原文对照。",
                    after_sale="有错漏，三天内免费改到好。",
                )
            ),
        ),
    ),
)
