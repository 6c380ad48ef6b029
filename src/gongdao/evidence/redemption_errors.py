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
    (
        RedemptionResult.LIMIT,
        r"频繁|稍后再试|次数限制|次数过多|超过.{0,4}次|(?:今日|当日|每日|账[号户]).{0,8}上限"
        r"|(?:错误|尝试|输入).{0,4}上限|RateLimited|too many",
    ),
    (
        RedemptionResult.TEST_CARD,
        r"(?<!非)(?<!不是)(?:体验|测试|试用)(?:卡|码|号|账号|专用)|demo|test (?:card|code)",
    ),
    (
        RedemptionResult.USED,
        r"已经?(?:被|在|由)?[^，。；;,！!无不未失过]{0,6}(?:使用|兑换|激活过|充值过|绑定|领取|核销|消费|用过|占用)"
        r"|已被激活|重复(?:使用|兑换|领取)|使用过|抢走|使用次数.{0,4}(?:用完|用尽|上限)|达.{0,6}使用上限|already|DuplicateActivationCode|cdk_used|claimed|in use",
    ),
    (
        RedemptionResult.REGION,
        r"地区|区域|国家|区服|服务器不符|storefront|Region|Country|其他公司的卡|不适用于(?:该|本|此)"
        r"|(?:仅限|只限|限于|仅支持|只支持|仅可|只能|不支持|不属于|不符|非)[^，。；]{0,8}[国美日港台韩欧亚外][区服]"
        r"|[国美日港台韩欧亚外][区服][^，。；]{0,8}(?:专用|限定|不符|不匹配|无法|不能|不支持)|跨区|锁区|币种|不[^，。]{0,4}[本该此]区",
    ),
    (RedemptionResult.NOT_ACTIVATED, r"未激活|没有激活|未启用|not properly activated"),
    (
        RedemptionResult.BLOCKED,
        r"冻结|锁定|作废|挂失|黑名单|禁用|回收|封禁|封号|收回|追回|扣回|扣除|撤销|注销|被封|停用|revoked|banned",
    ),
    (RedemptionResult.EXPIRED, r"过期|已经?失效|截止日期|超过有效期|expired"),
    (
        RedemptionResult.INVALID,
        r"无效|错误|不正确|不存在|找不到|未找到|无此|有误|无法(?:使用|识别|兑换)|异常|不支持|失败|请输入正确|invalid|not valid|BadActivation|not found",
    ),
    (RedemptionResult.SUCCESS, r"成功|success|credited|已到账|已充入|已入账|已充值|充值到账"),
)


def classify_redemption(message: str) -> RedemptionResult:
    """The class of a redemption message; UNKNOWN where nothing is recognised."""
    text = re.sub(r"[己巳]", "已", message)
    worked = re.search(r"(?:充值|兑换|激活|领取|使用)成功|成功(?:充值|兑换|激活|领取)", text)
    before = re.search(r"已(?:被|由|在|于)|他人|其他|重复|封|冻结|扣|追回", text)
    if worked and not before and not re.search(r"未|不|失败|无法", text):
        # 卡密已充值成功, said of a card that is only now entered, means that it was used before.
        used = re.search(r"(?:cdk|卡密?|码).{0,6}已.{0,4}成功", text, re.IGNORECASE)
        return RedemptionResult.USED if used else RedemptionResult.SUCCESS
    for result, pattern in _PATTERNS:
        if re.search(pattern, text, re.IGNORECASE):
            if result is RedemptionResult.SUCCESS and re.search(r"未|不|失败|无法", text):
                return RedemptionResult.UNKNOWN
            return result
    return RedemptionResult.UNKNOWN
