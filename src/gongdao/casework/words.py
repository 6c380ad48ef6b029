"""Chinese names of the codes, as people are shown them. Each is a message id for English."""

from __future__ import annotations

from gongdao.core.codes import (
    Admission,
    Demand,
    Element,
    Kind,
    Outcome,
    Party,
    Proof,
    Reason,
    Stage,
)
from gongdao.core.language import mark

PARTY_NAMES: dict[Party, str] = {
    Party.MERCHANT: mark("商家"),
    Party.PLATFORM: mark("平台客服"),
    Party.MANAGEMENT: mark("平台管理层"),
    Party.SOCIAL: mark("平台官方账号"),
    Party.PAYMENT: mark("支付机构"),
    Party.ISSUER: mark("发行方"),
    Party.BOARD: mark("公开投诉平台"),
    Party.ASSOCIATION: mark("消费者协会"),
    Party.REGULATOR: mark("市场监管（12315）"),
    Party.COURT: mark("法院"),
    Party.POLICE: mark("公安"),
}
OUTCOME_NAMES: dict[Outcome, str] = {
    Outcome.NO_ANSWER: mark("没有答复"),
    Outcome.PROMISED: mark("答应处理"),
    Outcome.REFUSED: mark("拒绝"),
    Outcome.SHIFTED: mark("推给别人"),
    Outcome.PARTIAL: mark("部分解决"),
    Outcome.SOLVED: mark("已解决"),
    Outcome.ACCEPTED: mark("已受理"),
    Outcome.REJECTED: mark("驳回"),
    Outcome.WITHDRAWN: mark("已撤回"),
}
REASON_NAMES: dict[Reason, str] = {
    Reason.NOT_DELIVERED: mark("没有发货"),
    Reason.PARTLY_DELIVERED: mark("少发"),
    Reason.LATE_DELIVERY: mark("晚发货"),
    Reason.INVALID_SECRET: mark("卡密无效"),
    Reason.ALREADY_REDEEMED: mark("卡密已被使用"),
    Reason.WRONG_DENOMINATION: mark("面值不符"),
    Reason.TEST_CARD_SOLD_AS_REAL: mark("测试卡当正式卡卖"),
    Reason.FAKE_DISCOUNT: mark("虚假折扣"),
    Reason.HOURS_MISREPRESENTED: mark("服务时间不实"),
    Reason.MISDESCRIBED: mark("与描述不符"),
    Reason.CANCELLED_BY_MERCHANT: mark("商家单方取消"),
    Reason.REGION_MISMATCH: mark("地区或区服不符"),
    Reason.TOPUP_NOT_CREDITED: mark("充值未到账"),
    Reason.RECLAIMED_OR_BANNED: mark("被追回或封禁"),
    Reason.DUPLICATE_SECRET: mark("卡密重复"),
    Reason.REFUND_REFUSED: mark("拒绝退款"),
    Reason.IDENTITY_WITHHELD: mark("不给卖家身份"),
    Reason.BOUGHT_BY_MINOR: mark("未成年人购买"),
}
DEMAND_NAMES: dict[Demand, str] = {
    Demand.REFUND: mark("退款"),
    Demand.REPLACEMENT: mark("换发"),
    Demand.MAKE_UP: mark("补差"),
    Demand.COMPENSATION: mark("赔偿损失"),
    Demand.PUNITIVE: mark("惩罚性赔偿"),
    Demand.DISCLOSURE: mark("提供卖家身份"),
}
KIND_NAMES: dict[Kind, str] = {
    Kind.LISTING_PAGE: mark("商品页"),
    Kind.SERVICE_TERMS: mark("平台规则"),
    Kind.MERCHANT_LICENCE: mark("营业执照"),
    Kind.MERCHANT_AUTHORIZATION: mark("授权或进货证明"),
    Kind.ORDER_PAGE: mark("订单页"),
    Kind.PAYMENT_RECEIPT: mark("付款凭证"),
    Kind.BILL_EXPORT: mark("账单"),
    Kind.CHAT: mark("聊天记录"),
    Kind.CARD_PAGE: mark("提卡页"),
    Kind.REDEMPTION_FAILURE: mark("兑换失败画面"),
    Kind.REDEMPTION_RECORDING: mark("兑换录屏"),
    Kind.ISSUER_STATEMENT: mark("发行方答复"),
    Kind.CARRIER_BILL: mark("运营商记录"),
    Kind.BALANCE_PAGE: mark("余额或到账页"),
    Kind.COMPLAINT_RECEIPT: mark("工单或投诉回执"),
    Kind.OTHER: mark("其他材料"),
}
STAGE_NAMES: dict[Stage, str] = {
    Stage.BEFORE: mark("交易前"),
    Stage.DURING: mark("交易中"),
    Stage.AFTER: mark("交易后"),
}
ELEMENT_NAMES: dict[Element, str] = {
    Element.CONTRACT: mark("合同成立"),
    Element.PAYMENT: mark("已付款"),
    Element.BREACH: mark("对方违约"),
    Element.NOTICE: mark("已提出要求"),
    Element.ADMISSION: mark("对方自认"),
    Element.RESPONDENT_IDENTITY: mark("对方是谁"),
}
STATE_NAMES: dict[str, str] = {
    "complete": mark("齐全"),
    "partial": mark("部分"),
    "missing": mark("缺失"),
    Proof.PROVEN.value: mark("成立"),
    Proof.WEAK.value: mark("薄弱"),
    Proof.CONTRADICTED.value: mark("矛盾"),
    Admission.EXPLICIT.value: mark("明确"),
    Admission.AMBIGUOUS.value: mark("含糊"),
    Admission.DENIED.value: mark("否认"),
    Admission.NONE.value: mark("没有"),
}
STEP_NAMES: dict[str, str] = {
    "in_platform": mark("平台客服投诉"),
    "management": mark("升级至平台管理层"),
    "social": mark("平台官方账号留言"),
    "payment": mark("支付机构投诉"),
    "board": mark("公开投诉平台"),
    "consumer_association": mark("消费者协会"),
    "regulator_complaint": mark("12315 投诉"),
    "regulator_report": mark("12315 举报"),
    "court": mark("小额诉讼"),
    "police": mark("报警"),
    "ask_merchant": mark("问商家一句是或否"),
    "ask_issuer": mark("请发行方查询"),
    "check_balance": mark("查到账记录"),
    "join_group": mark("加入共同投诉"),
    "fix_contradictions": mark("先改正不一致之处"),
    "wait_for_regulator": mark("等 12315 处理"),
    "supplement_regulator": mark("向 12315 补充材料"),
    "wait_for_association": mark("等消费者协会处理"),
    "supplement_association": mark("向消费者协会补充材料"),
    "do_not_escalate": mark("不要再升级"),
    "withdraw": mark("收回这个主张"),
}
SUGGESTION_NAMES: dict[str, str] = {
    **{kind.value: name for kind, name in KIND_NAMES.items()},
    "clear_admission": mark("对方明确的答复"),
    "original_receipt": mark("付款凭证原图"),
    "original_listing": mark("商品页原图"),
    "merchant_identity_from_platform": mark("向平台要卖家身份"),
    "correct_case": mark("改正陈述"),
}
