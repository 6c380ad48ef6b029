"""Tickets on a platform and complaints with an authority."""

from __future__ import annotations

import re

from gongdao.evidence.layout import Cell
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import plain, read_instant

_STATUS = re.compile(
    "^(待处理|处理中|已受理|不予受理|待受理|已登记|已办结|办结|已结案|已关闭|"
    "已驳回|已完成|已解决|待反馈|等待处理|已提交|已分送|已转办|终止调解|"
    "调解成功|调解失败|"
    "已撤诉|已撤回|受理中|待商家处理|平台介入中|待平台介入|审核中|已拒绝|"
    "已回复|待补充|已答复|待审核|平台处理中|商家处理中|调解中|已告知|已反馈|"
    "投诉成立|投诉不成立)"
)


def read_ticket(found: Found) -> None:
    """Fill the fields of a platform's ticket."""
    found.code("ticket_no", words.TICKET_NO)
    found.code("order_no", words.ORDER_NO)
    _common(found)
    found.code("receipt_no", words.RECEIPT_NO)


def read_regulator(found: Found) -> None:
    """Fill the fields of a complaint with an authority or an association."""
    found.code("receipt_no", words.RECEIPT_NO)
    found.code("ticket_no", words.TICKET_NO)
    if found.has("ticket_no"):
        found.fields.setdefault("receipt_no", found.fields["ticket_no"])
    found.code("order_no", words.ORDER_NO)
    found.take("respondent", words.RESPONDENT)
    found.take("body", words.BODY)
    found.take("reason", "原因 原因说明 拒绝原因 处理结果 说明")
    found.time("accepted_at", "受理时间 受理日期 决定时间 告知时间")
    found.time("closed_at", "办结时间 答复时间 回复时间")
    _common(found)


def _common(found: Found) -> None:
    found.time("at", words.SUBMITTED_AT)
    found.take("demand", words.DEMAND)
    found.take(
        "complaint_type", "投诉类型 问题类型 工单类型 投诉问题 问题分类 事项类型 投诉原因 申诉原因"
    )
    found.take("description", "问题描述 投诉内容 投诉说明 投诉事项")
    found.take("respondent", words.RESPONDENT)
    found.money("amount", "涉诉金额 涉及金额 争议金额")
    found.money("amount", words.AMOUNT)
    _status(found)
    progress = ticket_progress(found)
    if progress:
        text = "\n".join(f"{at} {said}" for at, said, _cells in progress)
        found.put("progress", text, [c for _a, _s, cells in progress for c in cells])
        found.put("at", progress[-1][0], progress[-1][2], 0.7)


def _status(found: Found) -> None:
    for row in found.page.rows[:5]:
        for cell in row:
            if match := _STATUS.match(plain(cell.text)):
                found.put("status", match[1], [cell])
                return
    found.take("status", words.STATUS + " 处理结果")


def ticket_progress(found: Found) -> list[tuple[str, str, list[Cell]]]:
    """The steps of the handling as printed: (time, words, cells); a time, then its words."""
    rows = found.page.rows
    start = next(
        (
            i + 1
            for i, row in enumerate(rows)
            if re.match(
                "处理进度|处理记录|沟通记录|协商记录|办理进度|进度|处理过程|处理历史|"
                "办理流程|处理流程",
                plain(row[0].text),
            )
        ),
        None,
    )
    if start is None:
        return []
    steps: list[tuple[str, str, list[Cell]]] = []
    for row in rows[start:]:
        text = " ".join(c.text for c in row)
        at = read_instant(text)
        if at and len(plain(text)) <= 24:
            steps.append((at, "", list(row)))
        elif steps:
            when, said, cells = steps[-1]
            steps[-1] = (when, said + text, [*cells, *row])
    return [step for step in steps if step[1]]
