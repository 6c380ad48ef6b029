"""Marked names of what verdicts are made of; said with ``translated`` in the language in use."""

from __future__ import annotations

from collections.abc import Mapping

from gongdao.core.language import mark
from gongdao.disputes.decide_liability import Mode, Party, Remedy
from gongdao.disputes.facts import FactName, Source
from gongdao.disputes.states import Outcome, ReasonCode
from gongdao.disputes.verdict_file import Basis

REASON_WORDS: Mapping[ReasonCode, str] = {
    ReasonCode.NOT_DELIVERED: mark("没有发货"),
    ReasonCode.LATE: mark("发货太晚"),
    ReasonCode.OUTSIDE_HOURS: mark("没有在公布的服务时段发货"),
    ReasonCode.DELIVERED_TWICE: mark("同一卡密发给了别人"),
    ReasonCode.REDEEMED_BEFORE: mark("提卡前已被兑换"),
    ReasonCode.ALREADY_USED: mark("提卡后发现已被使用"),
    ReasonCode.INVALID: mark("卡密无效"),
    ReasonCode.WRONG_DENOMINATION: mark("面值不符"),
    ReasonCode.WRONG_REGION: mark("适用地区不符"),
    ReasonCode.TEST_CARD: mark("测试卡当正卡卖"),
    ReasonCode.CANCELLED_BY_MERCHANT: mark("商家取消订单"),
    ReasonCode.PRICE_NOT_SUPPORTED: mark("划线价没有依据"),
    ReasonCode.SUPPLIER_UNKNOWN: mark("直充没有结果"),
    ReasonCode.PLATFORM_FAULT: mark("平台或支付出错"),
    ReasonCode.NOT_AS_DESCRIBED: mark("与描述不符"),
    ReasonCode.REFUSED_REFUND: mark("答应的退款不给"),
    ReasonCode.OTHER: mark("其他"),
}
REMEDY_WORDS: Mapping[Remedy, str] = {
    Remedy.REFUND_FULL: mark("全额退款"),
    Remedy.REFUND_PART: mark("部分退款"),
    Remedy.REPLACEMENT: mark("补发"),
    Remedy.COMPENSATION: mark("补偿"),
    Remedy.NONE: mark("不支持"),
}
PARTY_WORDS: Mapping[Party, str] = {
    Party.MERCHANT: mark("商家"),
    Party.PLATFORM: mark("平台"),
    Party.SUPPLIER: mark("上游"),
    Party.PAYMENT: mark("支付渠道"),
    Party.BUYER: mark("买家"),
}
SOURCE_WORDS: Mapping[Source, str] = {
    Source.PLATFORM: mark("平台记录"),
    Source.GATEWAY: mark("支付渠道记录"),
    Source.SUPPLIER: mark("上游接口"),
    Source.ISSUER: mark("发行方接口"),
    Source.MERCHANT: mark("商家提供"),
    Source.BUYER: mark("买家提供"),
    Source.PERSON: mark("裁决人认定"),
}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.RULES: mark("自动裁决：只依据平台、支付渠道、上游或发行方的记录"),
    Basis.SILENCE: mark("因逾期不答复而裁决：通知已确认送达"),
    Basis.PERSON: mark("人工裁决"),
    Basis.AGREEMENT: mark("双方和解"),
}
MODE_WORDS: Mapping[Mode, str] = {
    Mode.AUTOMATIC: mark("规则可以直接判定"),
    Mode.PERSON: mark("规则不能直接判定，由人裁决"),
    Mode.WAIT: mark("还没有到期，到时重新判断"),
}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.SETTLED: mark("双方和解"),
    Outcome.UPHELD: mark("支持买家"),
    Outcome.PARTLY_UPHELD: mark("部分支持买家"),
    Outcome.REFUSED: mark("没有支持"),
    Outcome.LAPSED: mark("买家未再回应"),
    Outcome.WITHDRAWN: mark("买家撤回"),
}
_N = FactName
CHOICE_WORDS: Mapping[tuple[FactName, str], str] = {
    (_N.TEST_TOLD, "none"): mark("没有记录"),
    (_N.TEST_TOLD, "works"): mark("可以用"),
    (_N.TEST_TOLD, "fails"): mark("不能用"),
    (_N.ISSUER_STATUS, "valid"): mark("有效"),
    (_N.ISSUER_STATUS, "used"): mark("已使用"),
    (_N.ISSUER_STATUS, "invalid"): mark("无效"),
    (_N.ISSUER_STATUS, "unknown"): mark("没有说明"),
    (_N.ISSUER_SAYS, "unused"): mark("有效，没有用过"),
    (_N.ISSUER_SAYS, "invalid"): mark("无效"),
    (_N.ISSUER_SAYS, "before"): mark("提卡之前或当时已使用"),
    (_N.ISSUER_SAYS, "after"): mark("提卡之后才使用"),
    (_N.ISSUER_SAYS, "not_told"): mark("没有说明"),
    (_N.CANCELLED_BY, "none"): mark("没有取消"),
    (_N.CANCELLED_BY, "merchant"): mark("商家"),
    (_N.CANCELLED_BY, "buyer"): mark("买家"),
    (_N.CANCELLED_BY, "platform"): mark("平台"),
    (_N.SUPPLIER_STATE, "none"): mark("没有交给上游"),
    (_N.SUPPLIER_STATE, "delivered"): mark("已充值"),
    (_N.SUPPLIER_STATE, "rejected"): mark("拒绝"),
    (_N.SUPPLIER_STATE, "unknown"): mark("不明"),
    (_N.WANTED, "refund"): mark("退款"),
    (_N.WANTED, "replacement"): mark("补发"),
    (_N.SILENT, "none"): mark("没有"),
    (_N.SILENT, "merchant"): mark("商家"),
    (_N.SILENT, "management"): mark("平台管理层"),
    (_N.APPELLANT, "none"): mark("没有"),
    (_N.APPELLANT, "buyer"): mark("买家"),
    (_N.APPELLANT, "merchant"): mark("商家"),
}
FAULT_WORDS: Mapping[str, str] = {
    "finding": mark("规则的判断与重新计算的不一致"),
    "excuses": mark("对理由的判断与重新计算的不一致"),
    "result": mark("处理结果与重新计算的不一致"),
    "table_of_other_reason": mark("所用的规则不是这个投诉理由的规则"),
    "not_automatic": mark("规则不能直接判定，却写成了自动裁决"),
    "decision_without_reasons": mark("人的决定缺少理由、决定人或完整的责任比例"),
    "rule_not_in_force": mark("所用的规则在那一天没有生效"),
    "facts_after_verdict": mark("事实的时间晚于裁决"),
    "bad_currency": mark("币种代码不对"),
    "bad_replaces": mark("所替代的裁决编号不对"),
}
"""What ``verdict_file.differs`` found; ``rule:<ref>`` is said by ``explain.say_fault``."""
