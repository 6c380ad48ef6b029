"""How to save each kind of evidence so that it can be used: our own advice, one line each."""

from __future__ import annotations

from gongdao.core.codes import Kind, Reason
from gongdao.core.language import mark

KIND_HINTS: dict[Kind, str] = {
    Kind.LISTING_PAGE: mark("名称、价格、划线价、发货承诺、服务时间和小字都截到，从上到下整页。"),
    Kind.SERVICE_TERMS: mark("带条款编号的规则或服务协议，最好存成网页或 PDF。"),
    Kind.MERCHANT_LICENCE: mark("店铺资质页和网页底部的公司名称、备案号。"),
    Kind.MERCHANT_AUTHORIZATION: mark("店铺展示的授权书或进货证明。"),
    Kind.ORDER_PAGE: mark("订单号、下单时间、付款时间、状态都看得见的整页。"),
    Kind.PAYMENT_RECEIPT: mark("在支付账单里打开这笔付款：编号、金额、时间、收款方全称。"),
    Kind.BILL_EXPORT: mark("从支付应用导出的账单原文件，不要改动。"),
    Kind.CHAT: mark("连续、带时间和双方名字；能导出文字就导出。"),
    Kind.CARD_PAGE: mark("提卡页整页：订单号、卡号、发放时间。给别人看时遮住卡密。"),
    Kind.REDEMPTION_FAILURE: mark("兑换时的提示原文，连同时间和是哪一张卡。"),
    Kind.REDEMPTION_RECORDING: mark("从提卡页开始录，一次录完，不剪，直到出现结果。"),
    Kind.ISSUER_STATEMENT: mark("发行方书面答复：是否已使用、什么时候、是不是测试卡。"),
    Kind.CARRIER_BILL: mark("运营商应用里付款那天以后的全部充值记录。"),
    Kind.BALANCE_PAGE: mark("账户余额或到账明细，时间和原因看得见。"),
    Kind.COMPLAINT_RECEIPT: mark("每次投诉后的编号、时间和回执。"),
    Kind.OTHER: mark("其他能说明经过的材料。"),
}
BASIS_NAMES: dict[str, str] = {
    "law": mark("法律"),
    "platform": mark("平台规则"),
    "policy": mark("公道的做法，不是法律"),
}
REASON_GROUPS: tuple[tuple[str, tuple[Reason, ...]], ...] = (
    (
        mark("没到手"),
        (
            Reason.NOT_DELIVERED,
            Reason.LATE_DELIVERY,
            Reason.PARTLY_DELIVERED,
            Reason.TOPUP_NOT_CREDITED,
            Reason.CANCELLED_BY_MERCHANT,
        ),
    ),
    (
        mark("到手了不能用"),
        (
            Reason.INVALID_SECRET,
            Reason.ALREADY_REDEEMED,
            Reason.DUPLICATE_SECRET,
            Reason.REGION_MISMATCH,
            Reason.RECLAIMED_OR_BANNED,
        ),
    ),
    (
        mark("跟说的不一样"),
        (
            Reason.WRONG_DENOMINATION,
            Reason.TEST_CARD_SOLD_AS_REAL,
            Reason.MISDESCRIBED,
            Reason.FAKE_DISCOUNT,
            Reason.HOURS_MISREPRESENTED,
        ),
    ),
    (
        mark("找不到人、不给退"),
        (Reason.REFUND_REFUSED, Reason.IDENTITY_WITHHELD, Reason.BOUGHT_BY_MINOR),
    ),
)
"""Every reason once, as a buyer would look for it."""
