"""What a redemption message means. Pure.

Messages of many shops and games; the frequent misspellings of 已 (己, 巳) are read as meant.
"""

from __future__ import annotations

import re
from enum import StrEnum


class RedemptionResult(StrEnum):
    """The class of a redemption message."""

    SUCCESS = "success"
    TEST_CARD = "test_card"
    USED = "used"
    REGION = "region"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    NOT_ACTIVATED = "not_activated"
    LIMIT = "limit"
    INVALID = "invalid"
    UNKNOWN = "unknown"


_PATTERNS: tuple[tuple[RedemptionResult, str], ...] = (
    (RedemptionResult.LIMIT, r"频繁|稍后再试|次数限制|次数过多|超过.{0,4}次|上限|RateLimited|too many"),
    (RedemptionResult.TEST_CARD, r"体验卡|测试卡|体验卡?号|测试卡?号|试用|demo|test (?:card|code)"),
    (
        RedemptionResult.USED,
        r"已经?(?:被|在|由)?.{0,6}(?:使用|兑换|激活过|充值过|绑定|领取|核销|消费|用过|占用)|重复(?:使用|兑换|领取)"
        r"|使用过|抢走|already|DuplicateActivationCode|cdk_used|claimed|in use",
    ),
    (
        RedemptionResult.REGION,
        r"地区|区域|国家|区服|服务器不符|storefront|Region|Country|其他公司的卡|不适用于(?:该|本|此)",
    ),
    (RedemptionResult.NOT_ACTIVATED, r"未激活|没有激活|未启用|not properly activated"),
    (RedemptionResult.BLOCKED, r"冻结|锁定|作废|挂失|黑名单|禁用|回收|封禁|收回|撤销|revoked"),
    (RedemptionResult.EXPIRED, r"过期|已经?失效|截止日期|超过有效期|expired"),
    (
        RedemptionResult.INVALID,
        r"无效|错误|不正确|不存在|找不到|未找到|无此|有误|无法(?:使用|识别|兑换)|异常|不支持|失败|请输入正确|invalid|not valid|BadActivation|not found",
    ),
    (RedemptionResult.SUCCESS, r"成功|success|credited|已到账|已充入|已入账"),
)


def classify_redemption(message: str) -> RedemptionResult:
    """The class of a redemption message; UNKNOWN where nothing is recognised."""
    text = re.sub(r"[己巳]", "已", message)
    if re.search(r"(?:充值|兑换|激活|领取)成功", text) and not re.search(r"未|不|失败", text):
        return RedemptionResult.SUCCESS
    for result, pattern in _PATTERNS:
        if re.search(pattern, text, re.IGNORECASE):
            return result
    return RedemptionResult.UNKNOWN
