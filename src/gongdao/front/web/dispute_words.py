"""What codes of a dispute are called on its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gongdao.core.language import mark, translated
from gongdao.disputes.root_cause import Cause
from gongdao.disputes.states import Forum, Mover, ReasonCode, Silence

CHOOSABLE: Mapping[ReasonCode, str] = {
    ReasonCode.NOT_DELIVERED: mark("付了钱，一直没发货"),
    ReasonCode.LATE: mark("发了货，但过了承诺的时间"),
    ReasonCode.OUTSIDE_HOURS: mark("在商品页写的服务时间以外才发货"),
    ReasonCode.CANCELLED_BY_MERCHANT: mark("商家自己取消了订单"),
    ReasonCode.INVALID: mark("卡密无效，兑换不了"),
    ReasonCode.ALREADY_USED: mark("卡密已经被别人用过"),
    ReasonCode.WRONG_DENOMINATION: mark("面额不对，比买的少"),
    ReasonCode.WRONG_REGION: mark("地区不对，用不了"),
    ReasonCode.TEST_CARD: mark("拿测试卡当正式卡卖"),
    ReasonCode.NOT_AS_DESCRIBED: mark("和商品页写的不一样"),
    ReasonCode.PRICE_NOT_SUPPORTED: mark("划线价是假的"),
    ReasonCode.REFUSED_REFUND: mark("答应了退款，却不退"),
    ReasonCode.OTHER: mark("别的问题"),
}
"""What a buyer can choose, in the order in which it is offered. Reasons that only records can tell
(delivered twice, redeemed before) are found by the rules behind these."""
BEFORE_DELIVERY = (
    ReasonCode.NOT_DELIVERED,
    ReasonCode.CANCELLED_BY_MERCHANT,
    ReasonCode.PRICE_NOT_SUPPORTED,
    ReasonCode.REFUSED_REFUND,
    ReasonCode.OTHER,
)
BY_PIECE = frozenset(
    {
        ReasonCode.ALREADY_USED,
        ReasonCode.INVALID,
        ReasonCode.WRONG_DENOMINATION,
        ReasonCode.WRONG_REGION,
        ReasonCode.TEST_CARD,
        ReasonCode.NOT_AS_DESCRIBED,
    }
)
"""Reasons that can be true of some pieces of an order and not of others."""
EVIDENCE: Mapping[ReasonCode, str] = {
    ReasonCode.INVALID: mark("兑换页的报错截图，要看得到时间；有录屏更好。"),
    ReasonCode.ALREADY_USED: mark(
        "兑换页说“已使用”的截图，要看得到时间；查看卡密之前就开始的录屏最有力。"
    ),
    ReasonCode.WRONG_DENOMINATION: mark("查询余额或到账金额的截图。"),
    ReasonCode.WRONG_REGION: mark("兑换页说地区不符的截图，和您账号所在的地区。"),
    ReasonCode.TEST_CARD: mark("兑换页或发行方说明是测试卡的截图。"),
    ReasonCode.NOT_AS_DESCRIBED: mark("哪一句写的和实际不一样，各一张截图。"),
    ReasonCode.REFUSED_REFUND: mark("商家答应退款的那段聊天。"),
}
"""What to add, by reason; where a reason is not here, the platform's own records are enough."""
PARTIES: Mapping[str, str] = {
    Mover.BUYER: mark("买家"),
    Mover.MERCHANT: mark("商家"),
    Mover.PLATFORM: mark("平台"),
    Mover.SUPPLIER: mark("上游"),
    Mover.PAYMENT: mark("支付渠道"),
    Mover.NOBODY: mark("系统"),
}
FORUMS: Mapping[str, str] = {
    Forum.TALK: mark("沟通"),
    Forum.COMPLAINT: mark("投诉"),
    Forum.APPEAL: mark("申诉"),
    Forum.MANAGEMENT: mark("平台管理层"),
}
SILENCES: Mapping[str, str] = {
    Silence.BECOMES_COMPLAINT: mark("到时没有回答，自动变成投诉。"),
    Silence.JUDGED_AGAIN: mark("到时按当时的记录重新判断。"),
    Silence.CLAIM_STANDS: mark("到时没有答复，买家的主张成立（通知确认送达才算）。"),
    Silence.LAPSES: mark("到时没有回应，记为“未再回应”，不记为“已解决”。"),
    Silence.DECIDED_WITHOUT: mark("到时按已有的材料决定。"),
    Silence.ESCALATES: mark("到时没有处理，自动升级到平台管理层，并告诉买家。"),
    Silence.PLATFORM_PAYS: mark("到时没有处理，由平台承担买家的主张。"),
    Silence.TOLD_AGAIN: mark("决定了的照旧要办：到时再通知各方，继续计时。"),
}
CAUSES: Mapping[Cause, str] = {
    Cause.RULE: mark("规则没写清"),
    Cause.VETTING: mark("审核没把住"),
    Cause.TECHNOLOGY: mark("系统出错"),
    Cause.SUPPLIER: mark("上游的问题"),
    Cause.PERSON: mark("人的失误"),
}
STEPS_OF_REMEDY: Mapping[str, str] = {
    "refund": mark("退款"),
    "replacement": mark("补发"),
    "compensation": mark("补偿"),
    "correction": mark("更正：补给商家"),
    "correction_deposit": mark("更正：补回商家的保证金"),
    "replacement_cost": mark("补发的成本：平台付给商家"),
}
"""What a step of carrying out does."""


def said(names: Mapping[Any, str], code: Any) -> str:
    """The name of ``code`` in the reader's language; an unknown code shows itself."""
    return translated(names[code]) if code in names else str(code)
