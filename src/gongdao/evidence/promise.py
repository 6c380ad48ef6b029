"""Understand a delivery promise as the buyer or the listing words it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

_LONGEST = 1000
"""A promise is short; only so many characters are looked at."""

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "五": 5, "十": 10, "半": 0.5, "几": 5}
_NUMBER = r"(\d+(?:\.\d+)?|[一两二三五十半])"
_WITHIN = re.compile(
    rf"(?:{_NUMBER}\s*[-~－至到]\s*)?{_NUMBER}\s*个?\s*(秒|分钟|分|小时|工作日|天|日)(?:钟)?(?:之?内|以内)?"
)
_INSTANT = re.compile(r"秒[到发充冲]|即时|立即到|自动发[货卡]|付款即[发到抢]|当场")
_AFTER_SALE = re.compile(
    r"包换|包退|包赔|质保|保修|售后|有效|在线|营业|客服|可退|假一|全天|服务|自动发|退款|退货|回复|最低"
)
_ALL_DAY = re.compile(r"(?:7\s*[×xX*]\s*)?24\s*小时|全天|随时|全年无休|二十四小时")
_SECONDS = {"秒": 1, "分钟": 60, "分": 60, "小时": 3600, "天": 86400, "日": 86400}


@dataclass(frozen=True)
class Promise:
    """``within`` is the promised time to delivery (zero for "instant", None where the wording
    gives none or counts working days); ``working_days`` where it counts those; ``all_day`` where
    delivery round the clock is promised."""

    text: str
    within: timedelta | None = None
    working_days: int | None = None
    all_day: bool = False


def read_promise(text: str) -> Promise:
    """Read the delivery time out of ``text``; an after-sale period (24 小时内包换) is none."""
    within: timedelta | None = None
    days: int | None = None
    text = text[:_LONGEST]
    for clause in re.split(r"[，,；;。、\n√]", text):
        match = _WITHIN.search(clause)
        if match and not (_AFTER_SALE.search(clause) and not re.search(r"自动发[货卡]", clause)):
            if _ALL_DAY.search(clause) and "内" not in clause:
                continue
            number = _number(match.group(2))
            if match.group(3) == "工作日":
                days = int(number)
            else:
                within = timedelta(seconds=number * _SECONDS[match.group(3)])
            break
    if within is None and days is None and _INSTANT.search(text):
        within = timedelta(0)
    return Promise(text, within, days, bool(_ALL_DAY.search(text)) and _sells_round_the_clock(text))


def _sells_round_the_clock(text: str) -> bool:
    return any(
        _ALL_DAY.search(clause) and not re.search(r"内|包[换退赔]", clause)
        for clause in re.split(r"[，,；;。、\n√]", text)
    )


def _number(text: str) -> float:
    return _DIGITS.get(text) or float(text)
