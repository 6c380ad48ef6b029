"""What a chat mentions: a sum paid, an order number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gongdao.core.codes import Speaker
from gongdao.evidence.reading import Basis, Field, Message
from gongdao.evidence.values import half_width

_PAID = re.compile(
    r"(?:转了?|付了?|打了?|给了?|支付了?|付款|充了?|花了?|汇了?|拍了?)\s*(?:你|"
    r"您|款|过去|账|了)?\s*[¥￥]?\s*"
    r"(\d{1,7}(?:\.\d{1,2})?)(?![\d年月日:])\s*(?!点|张|分钟|小时|天|次|个|面值)"
)
_SUM = re.compile(r"[¥￥]\s*(\d{1,7}(?:\.\d{1,2})?)|(\d{1,7}(?:\.\d{1,2})?)\s*(?:元|块)")
_LABELLED = re.compile(
    r"(?:订单|单)(?:编)?号?\s*(?:是|为)?\s*[:：]?\s*([0-9A-Za-z][0-9A-Za-z_\-]{7,40})"
)
_BARE = re.compile(r"(?<![0-9A-Za-z])([A-Z]{1,5}-?\d{8,}[0-9A-Z-]*)(?![0-9A-Za-z])")


def read_mentions(messages: Sequence[Message]) -> dict[str, Field]:
    """``amount`` and ``order_no`` where a message names them; the buyer's own words first."""
    ordered = sorted(messages, key=lambda m: m.speaker is not Speaker.BUYER)
    fields: dict[str, Field] = {}
    for pattern, name in (
        (_LABELLED, "order_no"),
        (_BARE, "order_no"),
        (_PAID, "amount"),
        (_SUM, "amount"),
    ):
        for message in ordered:
            match = pattern.search(half_width(message.text))
            if match and name not in fields:
                value = next(group for group in match.groups() if group)
                fields[name] = Field(value, 0.9, Basis.OCR, message.box)
    return fields
