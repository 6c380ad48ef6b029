"""What facts, readings and their codes are called on pages. Each name is a message id."""

from __future__ import annotations

from gongdao.core.codes import Category, Condition, Means, Payment, Reason, Speaker
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated
from gongdao.evidence.chat_lines.label import Label

FACT_NAMES: dict[str, str] = {
    "order.platform": mark("平台"),
    "order.platform_url": mark("平台网址"),
    "order.merchant": mark("商家（店铺名）"),
    "order.payee": mark("收款方"),
    "order.product": mark("买的是什么"),
    "order.category": mark("种类"),
    "order.quantity": mark("数量"),
    "order.face_value": mark("面值"),
    "order.order_no": mark("订单号"),
    "order.transaction_no": mark("交易单号"),
    "order.listed_price": mark("划线价或原价"),
    "order.paid": mark("实付金额"),
    "order.ordered_at": mark("下单时间"),
    "order.paid_at": mark("付款时间"),
    "order.payment": mark("付款方式"),
    "order.promise": mark("发货承诺"),
    "order.delivered_at": mark("收到卡密的时间"),
    "buyer.own_use": mark("买来做什么"),
    "buyer.adult": mark("购买时的年龄"),
    "buyer.name": mark("您的姓名"),
    "buyer.phone": mark("您的手机号"),
    "buyer.province": mark("您所在的省份"),
    "claim.reasons": mark("遇到的问题"),
    "claim.demand": mark("您要什么"),
    "claim.amount": mark("要多少钱"),
    "claim.also": mark("另外还要"),
    "claim.suspect_fraud": mark("怀疑被骗"),
}
READING_NAMES: dict[str, str] = {
    "price": mark("售价"),
    "listed_price": mark("划线价"),
    "face_value": mark("面值"),
    "amount": mark("金额"),
    "paid_at": mark("付款时间"),
    "ordered_at": mark("下单时间"),
    "delivered_at": mark("发货时间"),
    "cancelled_at": mark("取消时间"),
    "at": mark("时间"),
    "queried_at": mark("查询时间"),
    "credited_at": mark("到账时间"),
    "redeemed_at": mark("被兑换的时间"),
    "accepted_at": mark("受理时间"),
    "promise": mark("发货承诺"),
    "service_hours": mark("服务时间"),
    "merchant": mark("商家"),
    "quantity": mark("数量"),
    "uscc": mark("统一社会信用代码"),
    "name": mark("名称"),
    "address": mark("地址"),
    "product": mark("商品"),
    "platform": mark("平台"),
    "platform_url": mark("网址"),
    "payee": mark("收款方"),
    "to_person": mark("付给个人"),
    "order_no": mark("订单号"),
    "txn_no": mark("交易单号"),
    "status": mark("状态"),
    "secret": mark("卡密"),
    "error": mark("失败提示"),
    "credited": mark("是否到账"),
    "account": mark("账号"),
    "days": mark("天数"),
    "body": mark("正文"),
    "reason": mark("原因"),
    "ticket_no": mark("工单号"),
    "receipt_no": mark("回执号"),
    "holder": mark("账户名"),
    "small_print": mark("小字"),
}
CATEGORY_NAMES: dict[Category, str] = {
    Category.GAME_CARD: mark("游戏卡、点卡、激活码"),
    Category.PHONE_TOPUP: mark("话费、流量"),
    Category.VIRTUAL_SERVICE: mark("会员、代充等虚拟服务"),
}
PAYMENT_NAMES: dict[Payment, str] = {
    Payment.ALIPAY: mark("支付宝"),
    Payment.WECHAT: mark("微信支付"),
    Payment.BANK_CARD: mark("银行卡"),
    Payment.BALANCE: mark("平台余额"),
    Payment.TRANSFER: mark("转账给个人（平台外）"),
    Payment.OTHER: mark("其他"),
}
MEANS_NAMES: dict[Means, str] = {
    Means.CHAT: mark("聊天"),
    Means.TICKET: mark("工单"),
    Means.PHONE: mark("电话"),
    Means.LETTER: mark("书面函件"),
    Means.FORM: mark("网上表单"),
}
SPEAKER_NAMES: dict[Speaker, str] = {
    Speaker.BUYER: mark("您"),
    Speaker.MERCHANT: mark("商家"),
    Speaker.PLATFORM: mark("平台"),
    Speaker.SYSTEM: mark("系统消息"),
}
CONDITION_NAMES: dict[Condition, str] = {
    Condition.ORIGINAL: mark("原件"),
    Condition.FORWARDED: mark("转发或另存过"),
    Condition.CROPPED: mark("裁剪过"),
    Condition.ANNOTATED: mark("涂画过"),
    Condition.EDITED: mark("修改过"),
    Condition.PHOTO_OF_SCREEN: mark("翻拍屏幕"),
}
LABEL_NAMES: dict[Label, str] = {
    Label.ADMISSION_NOT_DELIVERED: mark("承认没发货"),
    Label.ADMISSION_BAD_SECRET: mark("承认卡密有问题"),
    Label.ADMISSION_OTHER_FAULT: mark("承认别的过错"),
    Label.AMBIGUOUS: mark("含糊"),
    Label.APOLOGY_ONLY: mark("只道歉"),
    Label.DENIAL: mark("否认"),
    Label.ALREADY_SHIPPED: mark("称已发货"),
    Label.PROMISE_REFUND: mark("答应退款"),
    Label.PROMISE_REDELIVER: mark("答应补发"),
    Label.PROMISE_TIME: mark("给出时间"),
    Label.REFUND_REFUSED: mark("拒绝退款"),
    Label.VIRTUAL_NO_REFUND: mark("称虚拟商品不退"),
    Label.FINAL_INTERPRETATION: mark("称有最终解释权"),
    Label.EVASION_USER_ERROR: mark("推给买家"),
    Label.EVASION_THIRD_PARTY: mark("推给第三方"),
    Label.EVASION_UPSTREAM: mark("推给上游"),
    Label.EVASION_SYSTEM_DELAY: mark("推给系统"),
    Label.EVASION_TO_PLATFORM: mark("推给平台"),
    Label.EVASION_TO_MERCHANT: mark("推给商家"),
    Label.EVASION_TO_PAYMENT: mark("推给支付机构"),
    Label.REQUEST_INFO: mark("索要材料"),
    Label.THREAT: mark("威胁"),
    Label.DEMAND_REFUND: mark("要求退款"),
    Label.DEMAND_REDELIVER: mark("要求补发"),
    Label.STATES_BAD_SECRET: mark("说明卡密有问题"),
    Label.STATES_NOT_DELIVERED: mark("说明没收到"),
    Label.ABUSIVE: mark("辱骂"),
}
"""What a line of a chat amounts to; a line that amounts to nothing has no name."""
TIME_BASES: dict[str, str] = {
    "embedded": mark("文件里写的"),
    "name": mark("文件名里的"),
    "status_bar": mark("手机状态栏上的"),
    "claimed": mark("您说的"),
}
REASON_MEANS: dict[Reason, str] = {
    Reason.NOT_DELIVERED: mark("付了款，一直没给卡密"),
    Reason.PARTLY_DELIVERED: mark("买了几张，只给了一部分"),
    Reason.LATE_DELIVERY: mark("给了，但比承诺的时间晚"),
    Reason.INVALID_SECRET: mark("兑换时提示无效、不存在或过期"),
    Reason.ALREADY_REDEEMED: mark("兑换时提示已被使用"),
    Reason.WRONG_DENOMINATION: mark("兑换出来的面值比买的小"),
    Reason.TEST_CARD_SOLD_AS_REAL: mark("给的是测试卡、体验卡"),
    Reason.FAKE_DISCOUNT: mark("划线价是假的，从来没卖过那个价"),
    Reason.HOURS_MISREPRESENTED: mark("写着全天发货或客服，其实不是"),
    Reason.MISDESCRIBED: mark("和商品页写的不一样"),
    Reason.CANCELLED_BY_MERCHANT: mark("付款后商家自己取消了订单"),
    Reason.REGION_MISMATCH: mark("地区、区服不对，用不了"),
    Reason.TOPUP_NOT_CREDITED: mark("显示充值成功，账户里没有"),
    Reason.RECLAIMED_OR_BANNED: mark("充进去以后被追回，或账号被封"),
    Reason.DUPLICATE_SECRET: mark("同一个卡密卖给了几个人"),
    Reason.REFUND_REFUSED: mark("该退却不退，说虚拟商品不退"),
    Reason.IDENTITY_WITHHELD: mark("平台不告诉您卖家是谁"),
    Reason.BOUGHT_BY_MINOR: mark("孩子自己买的"),
}


def name_reading(field: str) -> str:
    """What a field of a reading is called, in the language in use: ``clause 3`` is 第 3 条."""
    if field.startswith("clause "):
        return _("第 {n} 条").format(n=field.partition(" ")[2])
    plain, _space, number = field.partition(" ")
    if plain in READING_NAMES:
        return f"{translated(READING_NAMES[plain])} {number}".strip()
    return field


def name_fact(fact: str) -> str:
    """What a fact is called, in the language in use."""
    return translated(FACT_NAMES[fact])
