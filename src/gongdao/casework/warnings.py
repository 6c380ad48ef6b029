"""What a buyer must hear before doing anything, drawn from the case. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gongdao.channels.route import Routes, limitation_passed
from gongdao.core.codes import Kind, Payment, Reason, Speaker
from gongdao.core.language import Phrase
from gongdao.evidence.chat_lines.label import Label
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier, quotable

_FEE = r"(?:激活|保证|解冻|手续|验证|押|开通|认证|税|服务|通道|加急|刷流水|差价)"
_MORE_MONEY = re.compile(
    r"(?:再|先|还要|需要?|得|补|另)[^，。]{0,6}(?:付|交|补|转|充|打|缴)?[^，。]{0,4}?(?<!\d)(\d{1,6})\s*"
    rf"(?:(?:元|块)[^，。]{{0,6}}{_FEE}|[^，。]{{0,4}}{_FEE}(?:费|金|款))"
)
_MORE_WORDS = re.compile(r"激活费|保证金|解冻费|验证金|认证费|刷流水|做任务才能|押金")
_NOT_ASKED = re.compile(
    r"不用|不需要|无需|不收|免|退(?:还|回)?|(?:本店|我们|店铺|平台)[^，。]{0,6}(?:交|缴|有)"
)


def find_warnings(dossier: Dossier, closure: Closure, routes: Routes) -> tuple[Phrase, ...]:
    """Warnings in falling order of harm."""
    return tuple(
        dict.fromkeys(
            [
                *_money(dossier, closure),
                *_situation(dossier, closure),
                *_evidence(dossier, closure),
                *_law(dossier, closure, routes),
            ]
        )
    )


def _money(dossier: Dossier, closure: Closure) -> Iterator[Phrase]:
    for line in dossier.lines_of(Speaker.MERCHANT):
        match = _MORE_MONEY.search(line.message.text)
        if match and not _NOT_ASKED.search(line.message.text[: match.end()]):
            yield Phrase(
                "不要再付对方要求的 {amount} 元：“{quote}”。正常退款和发货不需要先交钱。",
                amount=match.group(1),
                quote=quotable(dossier, line.message.text),
            )
        elif _MORE_WORDS.search(line.message.text) and not _NOT_ASKED.search(line.message.text):
            yield Phrase(
                "对方要求另外付钱：“{quote}”。不要付。", quote=quotable(dossier, line.message.text)
            )
    if dossier.statement.order.payment is Payment.TRANSFER or closure.respondent.paid_to_person:
        yield Phrase(
            "钱是在平台之外付给个人的，平台的担保多半用不上；付款凭证和引导转账的聊天要留好。"
        )


def _situation(dossier: Dossier, closure: Closure) -> Iterator[Phrase]:
    buyer, claim = dossier.statement.buyer, dossier.statement.claim
    if any(dossier.labelled(Label.THREAT, by=Speaker.MERCHANT)):
        yield Phrase(
            "对方有威胁的话：截图留存，不要对骂，也不要回以威胁；涉及人身安全或扬言公布个人信息的，可以报警。"
        )
    if claim.suspect_fraud:
        yield Phrase("怀疑被骗：先拨 96110 或 110，同时请支付机构止付，越早越好。")
    if not buyer.own_use:
        yield Phrase(
            "为转卖而买，不按消费者权益争议处理：12315 投诉和消费者协会不适用，"
            "依据合同和电子商务规则。"
        )
    if not buyer.adult or Reason.BOUGHT_BY_MINOR in claim.reasons:
        yield Phrase("未成年人购买由监护人出面，要有年龄、监护关系和谁在操作的证据。")
    if Reason.RECLAIMED_OR_BANNED in claim.reasons:
        yield Phrase("价格远低于市价的卡可能来路不正；如果当时就知道，权利会受影响，也别再转手。")
    if closure.refuted:
        yield Phrase(
            "证据不支持主张：{file} 显示“{value}”。先核实，不要带着它去投诉。",
            file=closure.refuted[0].exhibit,
            value=closure.refuted[0].exhibit_value,
        )


def _evidence(dossier: Dossier, closure: Closure) -> Iterator[Phrase]:
    left_out = sum(exhibit.left_out for exhibit in dossier.exhibits)
    if left_out:
        judged = sum(len(exhibit.messages) for exhibit in dossier.exhibits)
        yield Phrase(
            "聊天共 {count} 句，只判断了与本案时间最近的 {judged} 句；"
            "要判断别的，请把那一段单独导出。",
            count=judged + left_out,
            judged=judged,
        )
    for exhibit in dossier.exhibits:
        if exhibit.problem:
            yield Phrase("没能读取：{problem}", problem=exhibit.problem)
        elif exhibit.altered:
            yield Phrase(
                "{file} 不是原图（{why}）；请找原图，两份都留着。",
                file=exhibit.path,
                why="；".join(dict.fromkeys(str(sign.reason) for sign in exhibit.signs)),
            )
    if closure.respondent.uscc_valid is False:
        yield Phrase("统一社会信用代码校验不通过，请对照原图重读；这不等于执照是假的。")
    if dossier.of(Kind.CARD_PAGE, Kind.REDEMPTION_FAILURE):
        yield Phrase(
            "卡密会出现在证据里：公开投诉时不要贴出完整卡密，也不要在第三方“验卡”网站输入。"
        )


def _law(dossier: Dossier, closure: Closure, routes: Routes) -> Iterator[Phrase]:
    open_now = routes.open()
    if {"consumer_association", "regulator_complaint"} <= set(open_now):
        yield Phrase("消费者协会和 12315 投诉二选一：协会受理之后，12315 对同一争议不再受理。")
    if limitation_passed(dossier, "limitation"):
        yield Phrase("已超过三年诉讼时效。")
    near = [c for c in routes.clocks if c.channel != "court" and "barred" not in c.deadline]
    if any(clock.count.estimated for clock in near):
        yield Phrase("有的期限落在还没有公布放假安排的年份，日期是估算的，公布后要重新计算。")
    if Reason.FAKE_DISCOUNT in dossier.statement.claim.reasons:
        yield Phrase("虚假划线价要由市场监管部门认定；未被证明有意误导的，不一定构成价格欺诈。")
