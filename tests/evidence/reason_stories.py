"""One story for every reason: what a buyer would hand in, and nothing that disagrees."""

from __future__ import annotations

from dataclasses import replace

from tests.evidence.dossier_kit import (
    FULL,
    ORDER,
    SECRET,
    SILENT,
    Story,
    card_page,
    contact,
    demand_talk,
    failure,
    issuer,
    licence,
    listing,
    order_page,
    page,
    receipt,
    talk,
)
from tests.evidence.dossier_kit import L as Said

from gongdao.core.codes import Category, Payment
from gongdao.core.money import Money
from gongdao.evidence.statement import Buyer

TOPUP = replace(
    ORDER,
    product="全国话费 100 元",
    category=Category.PHONE_TOPUP,
    promise="10 分钟到账",
    delivered_at=None,
)
YEAR = replace(
    ORDER,
    product="某视频会员年卡 12 个月",
    category=Category.VIRTUAL_SERVICE,
    listed_price=None,
    promise="官方直充",
)
TWO = replace(ORDER, product="某游戏 100 元点卡 ×2", quantity=2, paid=ORDER.paid)

STORIES: dict[str, Story] = {
    "late_delivery": Story(
        reasons=("late_delivery",),
        order=replace(ORDER, delivered_at=None),
        pages=(
            listing(),
            licence(),
            receipt(),
            order_page(delivered_at="2026-11-02 18:00:00"),
        ),
        talks=(demand_talk(("merchant", "11-02 15:01:00", "稍等，在处理", Said.AMBIGUOUS)),),
        contacts=SILENT,
    ),
    "not_delivered": Story(
        reasons=("not_delivered",),
        order=replace(ORDER, delivered_at=None),
        pages=(listing(), licence(), receipt(), order_page(delivered_at="", status="待发货")),
        talks=(
            demand_talk(("merchant", "11-02 15:01:00", "货还没发", Said.ADMISSION_NOT_DELIVERED)),
        ),
        contacts=SILENT,
    ),
    "partly_delivered": Story(
        reasons=("partly_delivered",),
        order=replace(TWO, paid=ORDER.paid),
        pages=(*FULL[:4], card_page()),
        talks=(demand_talk(("buyer", "11-02 15:02:00", "只收到一张，少发了一张")),),
        contacts=SILENT,
    ),
    "invalid_secret": Story(
        reasons=("invalid_secret",),
        pages=(*FULL, failure()),
        talks=(demand_talk(),),
        contacts=SILENT,
    ),
    "already_redeemed": Story(
        reasons=("already_redeemed",),
        pages=(
            *FULL,
            failure("此兑换码已被使用"),
            issuer(
                "您好，该兑换码于 2026-11-01 21:08:51 在账号 h***88 使用。",
                redeemed_at="2026-11-01 21:08:51",
                account="h***88",
            ),
        ),
        talks=(
            demand_talk(("merchant", "11-02 15:05:00", "是您自己用掉的", Said.EVASION_USER_ERROR)),
        ),
        contacts=SILENT,
    ),
    "wrong_denomination": Story(
        reasons=("wrong_denomination",),
        pages=(
            *FULL,
            page(
                "after/record.png",
                "issuer_statement",
                form="redemption_record",
                face_value="50",
                redeemed_at="2026-11-02 14:21:00",
                account="ex***01",
            ),
        ),
        talks=(demand_talk(),),
        contacts=SILENT,
    ),
    "test_card_sold_as_real": Story(
        reasons=("test_card_sold_as_real",),
        pages=(
            *FULL,
            failure("该卡号为体验卡号，不支持充值"),
            issuer("该号段为我司测试卡，未对外销售。"),
        ),
        talks=(demand_talk(("merchant", "11-02 15:05:00", "都是正式卡", Said.DENIAL)),),
        contacts=SILENT,
    ),
    "hours_misrepresented": Story(
        reasons=("hours_misrepresented",),
        order=replace(TOPUP, promise="秒到账，24 小时在线充"),
        pages=(
            listing(
                service_hours="工作日9:00-18:00",
                promise="秒到账，24小时在线充",
                small_print="注：充值服务时间为工作日9:00-18:00",
            ),
            order_page(delivered_at="", status="充值中"),
            receipt(),
        ),
        talks=(demand_talk(("merchant", "11-02 15:05:00", "稍等", Said.AMBIGUOUS)),),
        contacts=SILENT,
    ),
    "misdescribed": Story(
        reasons=("misdescribed",),
        order=YEAR,
        pages=(
            *FULL[:4],
            page("after/account.png", "balance_page", days="31", queried_at="2026-11-02 20:00:00"),
        ),
        talks=(demand_talk(),),
        contacts=SILENT,
    ),
    "cancelled_by_merchant": Story(
        reasons=("cancelled_by_merchant",),
        order=replace(ORDER, delivered_at=None),
        pages=(
            listing(),
            licence(),
            receipt(),
            order_page(
                delivered_at="",
                status="已取消",
                cancelled_at="2026-11-02 16:00:00",
                cancel_reason="商家：价格设置错误",
            ),
        ),
        talks=(
            demand_talk(
                ("merchant", "11-02 16:05:00", "价格设错了，给您取消了", Said.ADMISSION_OTHER_FAULT)
            ),
        ),
        contacts=SILENT,
    ),
    "region_mismatch": Story(
        reasons=("region_mismatch",),
        pages=(*FULL, failure("本卡仅限港服账号使用")),
        talks=(demand_talk(("merchant", "11-02 15:05:00", "以实物为准哦", Said.DENIAL)),),
        contacts=SILENT,
    ),
    "topup_not_credited": Story(
        reasons=("topup_not_credited",),
        order=TOPUP,
        pages=(
            listing(promise="10分钟到账"),
            licence(),
            receipt(),
            order_page(delivered_at="", status="充值成功"),
            page(
                "after/carrier.png",
                "carrier_bill",
                credited="30.00",
                credited_at="2026-10-02 08:14:00",
                queried_at="2026-11-03 09:00:00",
            ),
        ),
        talks=(demand_talk(("merchant", "11-02 15:05:00", "显示充值成功", Said.ALREADY_SHIPPED)),),
        contacts=SILENT,
    ),
    "reclaimed_or_banned": Story(
        reasons=("reclaimed_or_banned",),
        pages=(
            *FULL,
            page(
                "after/ban.png",
                "balance_page",
                lines=("充入的点数已被追回，账号冻结30天",),
                queried_at="2026-11-05 09:00:00",
            ),
        ),
        talks=(demand_talk(("merchant", "11-05 15:05:00", "跟我们没关系", Said.DENIAL)),),
        contacts=SILENT,
    ),
    "duplicate_secret": Story(
        reasons=("duplicate_secret",),
        pages=(*FULL[:4], card_page(secret_2=SECRET), failure("该卡密已被使用")),
        talks=(
            demand_talk(
                ("merchant", "11-02 15:05:00", "发重了，不好意思", Said.ADMISSION_BAD_SECRET)
            ),
        ),
        contacts=SILENT,
    ),
    "refund_refused": Story(
        reasons=("refund_refused", "invalid_secret"),
        pages=(*FULL, failure()),
        talks=(demand_talk(("merchant", "11-02 15:05:00", "打折商品不退的", Said.REFUND_REFUSED)),),
        contacts=SILENT,
    ),
    "bought_by_minor": Story(
        reasons=("bought_by_minor",),
        buyer=Buyer(adult=False, province="浙江省"),
        pages=(*FULL, page("after/register.jpg", "other", lines=("户口簿 出生日期 2014年",))),
        talks=(demand_talk(),),
        contacts=SILENT,
    ),
    "identity_withheld": Story(
        reasons=("identity_withheld", "not_delivered"),
        order=replace(ORDER, merchant="", payment=Payment.TRANSFER, delivered_at=None),
        pages=(receipt(order_no="", merchant="", to_person="true"),),
        talks=(
            demand_talk(("buyer", "11-02 15:00:10", "没收到", Said.STATES_NOT_DELIVERED)),
            talk(
                "after/ticket.txt",
                (
                    "platform",
                    "11-04 09:00:00",
                    "卖家信息涉及隐私无法提供",
                    Said.EVASION_TO_MERCHANT,
                ),
            ),
        ),
        contacts=(contact("11-03 10:00:00", "platform", "shifted"),),
    ),
    "fake_discount": Story(
        reasons=("fake_discount",),
        order=replace(YEAR, listed_price=Money(29800)),
        pages=(listing(listed_price="298.00", face_value=""), order_page(), receipt()),
        talks=(demand_talk(),),
        contacts=SILENT[:1],
    ),
}
