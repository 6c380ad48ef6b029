"""Labelled values in text (``工单号：G2026…``, or the label on one line and the value below)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gongdao.core.clock import find_instant, say_second
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.evidence.reading import Basis, Field

LABELS: dict[str, tuple[str, ...]] = {
    "ticket_no": ("工单号", "工单编号", "工单单号", "反馈单号", "申诉编号", "服务单号", "投诉单号"),
    "order_no": ("订单号", "订单编号", "平台订单号", "关联订单", "关联订单号", "订单"),
    "receipt_no": (
        "投诉编号",
        "登记编号",
        "受理编号",
        "回执编号",
        "举报编号",
        "投诉登记编号",
        "受理单号",
        "投诉单编号",
        "受理号",
    ),
    "merchant_order_no": ("商家订单号", "商户单号", "商户订单号"),
    "merchant": ("收款方全称", "商户全称", "收款方", "商户名称"),
    "txn_no": ("交易单号", "交易号", "交易流水号", "支付流水号"),
    "at": (
        "提交时间",
        "创建时间",
        "申请时间",
        "提交",
        "投诉时间",
        "举报时间",
        "登记时间",
        "发件时间",
        "发送时间",
        "反馈时间",
        "回复时间",
        "时间",
        "日期",
        "Date",
        "Sent",
    ),
    "accepted_at": ("受理时间", "受理日期", "立案时间"),
    "closed_at": ("办结时间", "关闭时间", "结案时间"),
    "queried_at": ("查询时间", "查询日期"),
    "redeemed_at": ("使用时间", "兑换时间", "激活时间", "核销时间", "充值时间"),
    "paid_at": ("支付时间", "付款时间"),
    "delivered_at": ("发货时间", "到账时间"),
    "status": ("状态", "处理状态", "办理状态", "当前状态", "工单状态", "投诉状态"),
    "office": ("承办单位", "办理单位", "受理单位", "处理单位", "受理机关", "承办机关", "办理机关"),
    "respondent": ("被投诉人", "被投诉方", "被投诉企业", "被举报人", "投诉对象"),
    "from": ("发件人", "From", "回复人"),
    "to": ("收件人", "To"),
    "subject": ("主题", "标题", "Subject"),
    "account": ("充值账号", "充值号码", "手机号码", "手机号", "号码", "账号"),
    "amount": ("支付金额", "实付金额", "实付款", "订单金额", "金额", "涉诉金额"),
    "content": ("内容", "投诉内容", "问题描述", "反馈内容", "投诉问题", "诉求"),
    "result": ("处理结果", "办理结果", "反馈结果", "处理意见", "答复", "回复内容", "不予受理原因"),
}
_KEY_OF = {label.casefold(): key for key in reversed(LABELS) for label in LABELS[key]}
_LINE = re.compile(r"\s*[【\[]?([\u4e00-\u9fffA-Za-z ]{2,10}?)[】\]]?\s*[:：]\s*(\S.*)")
_TIMES = frozenset(key for key in LABELS if key.endswith("at"))
_AMOUNT = re.compile(r"[-+]?[¥￥]?\s*\d[\d,]*(?:\.\d{1,2})?")
_NUMBERS = frozenset(("ticket_no", "order_no", "merchant_order_no", "receipt_no", "txn_no"))
_NUMBER = re.compile(r"#?([A-Za-z0-9][A-Za-z0-9_\-|*]{2,63})")


def read_labels(lines: Sequence[str]) -> dict[str, Field]:
    """Fields by label, the first of each; times as ``YYYY-MM-DD HH:MM:SS``, amounts ``98.00``.
    A labelled value that is no time, amount or number is left out."""
    found: dict[str, Field] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.match(line[:2000])
        label, text = (match[1].strip(), match[2]) if match else (line.strip(), "")
        key = _key(label)
        if key is None or key in found:
            continue
        places = [(number, text)] if text else _below(lines, number)
        for at_line, candidate in places:
            if value := clean_value(key, candidate):
                found[key] = Field(value, 1.0, Basis.TEXT, line=at_line)
                break
    return found


def _key(label: str) -> str | None:
    return _KEY_OF.get(label.casefold()) if len(label) <= 10 else None


def _below(lines: Sequence[str], number: int) -> list[tuple[int, str]]:
    """The two lines under a label that stands alone (a hint may come first), up to the next
    label."""
    found = []
    for at_line in range(number + 1, min(number + 3, len(lines) + 1)):
        if _key(lines[at_line - 1].strip()):
            break
        found.append((at_line, lines[at_line - 1]))
    return found


def clean_value(key: str, text: str) -> str:
    """The value of a field of that name in its written form, or ``""`` when it does not fit."""
    if key in _TIMES:
        at = find_instant(text)
        return say_second(at) if at else _day(text)
    if key == "amount":
        match = _AMOUNT.search(text)
        try:
            return str(Money.parse(match[0])) if match else ""
        except InputError:
            return ""
    if key in _NUMBERS:
        number = _NUMBER.match(text.strip())
        return number[1] if number and any(c.isdigit() for c in number[1]) else ""
    return text.strip()[:500]


def _day(text: str) -> str:
    match = re.match(r"\s*(20\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}" if match else ""
