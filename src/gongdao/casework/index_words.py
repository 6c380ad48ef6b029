"""The Chinese words for codes that the index PDF and the lists of a case file print.

Chinese only: the case file is read by Chinese bodies in every language of the pages.
"""

from __future__ import annotations

STAGES = {"before": "交易前", "during": "交易中", "after": "交易后"}

ELEMENTS = {
    "contract": "合同成立",
    "payment": "付款",
    "breach": "违约",
    "notice": "催告",
    "admission": "对方自认",
    "respondent_identity": "对方身份",
}

STATES: dict[str, tuple[str, str]] = {
    "complete": ("proven", "齐全"),
    "partial": ("weak", "部分"),
    "proven": ("proven", "已证明"),
    "weak": ("weak", "较弱"),
    "missing": ("missing", "尚缺"),
    "contradicted": ("contradicted", "有矛盾"),
    "explicit": ("proven", "明确承认"),
    "ambiguous": ("weak", "含糊"),
    "denied": ("contradicted", "否认"),
    "none": ("missing", "尚无"),
}
"""Code of the report → (one of the four meanings, the word beside it)."""

STEPS = {
    "in_platform": "平台内投诉",
    "management": "升级至平台管理层",
    "social": "联系平台官方账号",
    "payment": "向支付机构投诉",
    "board": "公开投诉平台",
    "consumer_association": "消费者协会",
    "regulator_complaint": "12315 投诉",
    "regulator_report": "12315 举报",
    "court": "法院",
    "police": "公安机关",
    "ask_merchant": "向商家问清一个是或否的问题",
    "ask_issuer": "向发行方查询",
    "check_balance": "查询余额或到账",
    "join_group": "与同类买家共同投诉",
    "fix_contradictions": "先改正陈述与证据不一致之处",
    "wait_for_regulator": "等待 12315 答复",
    "supplement_regulator": "向 12315 补充材料",
    "wait_for_association": "等待消费者协会答复",
    "supplement_association": "向消费者协会补充材料",
    "do_not_escalate": "暂不升级",
    "withdraw": "撤回诉求",
}

PARTIES = {
    "merchant": "商家",
    "platform": "平台",
    "management": "平台管理层",
    "social": "平台官方账号",
    "payment": "支付机构",
    "issuer": "发行方",
    "board": "投诉平台",
    "association": "消费者协会",
    "consumer_association": "消费者协会",
    "regulator": "市场监督管理部门",
    "court": "法院",
    "police": "公安机关",
    "buyer": "买家",
    "system": "系统",
}

DEMANDS = {
    "refund": "退款",
    "replacement": "换货",
    "make_up": "补足",
    "compensation": "赔偿",
    "punitive": "惩罚性赔偿",
    "disclosure": "披露对方身份",
}

CONFLICTS = {
    "paid_amount": "付款金额",
    "paid_at": "付款时间",
    "receipt_before_order": "凭证早于下单",
    "order_no": "订单号",
    "delivered_at": "发货时间",
    "merchant_name": "商家名称",
    "promise_vs_small_print": "承诺与说明",
    "claim_vs_issuer": "主张与发行方说法",
    "claim_vs_redemption": "主张与兑换记录",
}

LETTERS = {
    "demand": "维权函",
    "in_platform": "平台内投诉",
    "management": "致平台管理层",
    "social": "致平台官方账号",
    "payment": "支付投诉",
    "board": "公开投诉",
    "consumer_association": "消协投诉",
    "regulator_complaint": "12315 投诉",
    "regulator_report": "12315 举报",
    "court": "民事起诉材料",
    "police": "报案材料",
}

NOT_PROVEN = (
    "文件所说是否属实：封存只证明此后没有变动。",
    "封存之前是否编辑过：“原件”是提交者自己的说明。",
    "由谁制作、由谁封存：封印不是个人签名。",
    "文件何时形成、事情何时发生：所列时间为陈述或从文件读出。",
    "是否遗漏了其他材料。",
    "何时封存：没有可信时间戳时，任何人都可能重新封存一份。",
)
"""What a sealed case file does not prove, as the index prints it."""


def word(table: dict[str, str], code: object) -> str:
    """The Chinese word for ``code``; a code that is not in the table is shown as it is."""
    text = "" if code is None else str(code)
    return table.get(text, text)
