"""Chinese words for codes, as letters use them."""

from __future__ import annotations

from gongdao.core.codes import Kind, Means, Outcome, Party, Payment, Reason

KINDS: dict[Kind, str] = {
    Kind.LISTING_PAGE: "商品页截图",
    Kind.SERVICE_TERMS: "平台规则",
    Kind.MERCHANT_LICENCE: "营业执照页",
    Kind.MERCHANT_AUTHORIZATION: "授权或进货证明页",
    Kind.ORDER_PAGE: "订单页",
    Kind.PAYMENT_RECEIPT: "付款凭证",
    Kind.BILL_EXPORT: "账单",
    Kind.CHAT: "聊天记录",
    Kind.CARD_PAGE: "提卡页",
    Kind.REDEMPTION_FAILURE: "兑换提示画面",
    Kind.REDEMPTION_RECORDING: "兑换录屏",
    Kind.ISSUER_STATEMENT: "发行方答复或记录",
    Kind.CARRIER_BILL: "运营商记录",
    Kind.BALANCE_PAGE: "账户余额记录",
    Kind.COMPLAINT_RECEIPT: "投诉或工单记录",
    Kind.OTHER: "其他材料",
}
PROVES: dict[Kind, str] = {
    Kind.LISTING_PAGE: "下单前展示的商品、价格和承诺",
    Kind.SERVICE_TERMS: "平台公示的规则",
    Kind.MERCHANT_LICENCE: "经营者的登记名称和代码",
    Kind.MERCHANT_AUTHORIZATION: "卖家自称的授权或货源",
    Kind.ORDER_PAGE: "订单号、商品、金额和状态",
    Kind.PAYMENT_RECEIPT: "付款的金额、时间和对象",
    Kind.BILL_EXPORT: "付款的金额、时间和对象",
    Kind.CHAT: "双方就订单所说的话",
    Kind.CARD_PAGE: "交付的卡密和时间",
    Kind.REDEMPTION_FAILURE: "兑换失败的提示和时间",
    Kind.REDEMPTION_RECORDING: "测试的经过和结果",
    Kind.ISSUER_STATEMENT: "发行方记录的卡的状态",
    Kind.CARRIER_BILL: "是否到账",
    Kind.BALANCE_PAGE: "余额和到账情况",
    Kind.COMPLAINT_RECEIPT: "投诉的时间、编号和处理情况",
    Kind.OTHER: "与本单有关的情况",
}
REASONS: dict[Reason, str] = {
    Reason.NOT_DELIVERED: "付款后未交付",
    Reason.PARTLY_DELIVERED: "少发",
    Reason.LATE_DELIVERY: "迟延交付",
    Reason.INVALID_SECRET: "卡密无效",
    Reason.ALREADY_REDEEMED: "卡密交付前已被使用",
    Reason.WRONG_DENOMINATION: "面值不符",
    Reason.TEST_CARD_SOLD_AS_REAL: "测试卡当正式卡出售",
    Reason.FAKE_DISCOUNT: "折扣不实",
    Reason.HOURS_MISREPRESENTED: "服务时间与宣传不符",
    Reason.MISDESCRIBED: "与描述不符",
    Reason.CANCELLED_BY_MERCHANT: "单方取消订单",
    Reason.REGION_MISMATCH: "区服限制未说明",
    Reason.TOPUP_NOT_CREDITED: "充值未到账",
    Reason.RECLAIMED_OR_BANNED: "交付后被收回或封禁",
    Reason.DUPLICATE_SECRET: "重复卡密",
    Reason.REFUND_REFUSED: "拒绝退款",
    Reason.IDENTITY_WITHHELD: "不提供卖家身份",
    Reason.BOUGHT_BY_MINOR: "未成年人购买",
}
PAYMENTS: dict[Payment, str] = {
    Payment.ALIPAY: "通过支付宝",
    Payment.WECHAT: "通过微信",
    Payment.BANK_CARD: "通过银行卡",
    Payment.BALANCE: "用平台余额",
    Payment.TRANSFER: "以转账方式",
}
PARTIES: dict[Party, str] = {
    Party.MERCHANT: "商家",
    Party.PLATFORM: "平台",
    Party.MANAGEMENT: "平台管理层",
    Party.SOCIAL: "平台官方账号",
    Party.PAYMENT: "支付机构",
    Party.ISSUER: "发行方",
    Party.BOARD: "公开投诉平台",
    Party.ASSOCIATION: "消费者协会",
    Party.REGULATOR: "市场监管部门",
    Party.COURT: "法院",
    Party.POLICE: "公安机关",
}
MEANS: dict[Means, str] = {
    Means.CHAT: "聊天",
    Means.TICKET: "工单",
    Means.PHONE: "电话",
    Means.LETTER: "书面",
    Means.FORM: "表单",
}
OUTCOMES: dict[Outcome, str] = {
    Outcome.NO_ANSWER: "没有答复",
    Outcome.PROMISED: "答应处理但没有结果",
    Outcome.REFUSED: "被拒绝",
    Outcome.SHIFTED: "被推给他人",
    Outcome.PARTIAL: "部分解决",
    Outcome.SOLVED: "已解决",
    Outcome.ACCEPTED: "已受理",
    Outcome.REJECTED: "被驳回",
    Outcome.WITHDRAWN: "已撤回",
}
CLOSING = "本文由申请人自行核对后提交，撰写工具不代为提交。"
