"""Text that is neither chat nor bill: tickets, 12315 status, issuer and carrier statements,
terms of service, mails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gongdao.core.clock import say_second
from gongdao.core.codes import Kind, Speaker
from gongdao.evidence.chats.lines import read_plain
from gongdao.evidence.chats.raw import RawMessage
from gongdao.evidence.chats.read import find_chat_form
from gongdao.evidence.chats.speakers import role_word
from gongdao.evidence.labels import read_labels
from gongdao.evidence.reading import Basis, Field, Message, TextLine
from gongdao.evidence.statements import carrier_fields, issuer_fields, receipt_fields
from gongdao.evidence.text_decoding import split_lines, squeeze_blanks


@dataclass(frozen=True)
class Clause:
    """One numbered clause of terms: ``number`` as written (第三条, 3.2, （五）), text, line."""

    number: str
    text: str
    line: int


@dataclass(frozen=True)
class DocumentReading:
    """What a text document holds. ``form``: ticket, ticket_dialogue, regulator_status,
    issuer_statement, carrier_statement, receipt, service_terms, mail or text."""

    form: str
    kind: Kind
    fields: Mapping[str, Field]
    messages: tuple[Message, ...]
    lines: tuple[TextLine, ...]
    clauses: tuple[Clause, ...] = ()


_MAX_LINES = 200_000
_CLAUSE = re.compile(
    r"\s*(第[一二三四五六七八九十百零〇\d]{1,6}[章节条款]|\d{1,2}(?:\.\d{1,2}){1,3}|\d{1,2}(?=[.、．][^\d])"
    r"|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}(?=、))[.、．:：]?\s*(.*)"
)
_REGULATOR = re.compile(
    r"12315|12345|投诉编号|举报编号|被投诉人|被举报人|市场监督管理|受理时间|承办单位|不予受理|消费者协会"
)
_TICKET = re.compile(r"工单|反馈单|服务单|客服工单|申诉编号|ticket", re.IGNORECASE)
_TICKET_NO = re.compile(
    r"(?:工单|ticket|售后(?:申请|单)|反馈单|服务单)\s*(?:号|编号)?(?:\s*[:：#＃]\s*#?\s*|\s+(?=[A-Za-z]{0,6}\d))"
    r"([A-Za-z0-9][A-Za-z0-9\-]{2,40})",
    re.IGNORECASE,
)
_RECEIPT_NO = re.compile(r"(?:投诉|登记|举报|受理)单?编号\s*[:：]?\s*([A-Za-z]{0,4}\d{8,30})")
_ANY_NO = re.compile(r"(?:编号|单号)\s*[:：]?\s*#?\s*([A-Za-z]{0,6}\d[A-Za-z0-9\-]{3,30})")
_ORDER_NO = re.compile(
    r"订单(?:编?号)?\s*[:：是为]?\s*((?=[A-Za-z0-9\-_]*\d{4})[A-Za-z0-9][A-Za-z0-9\-_]{5,40})"
)
_STATUS = re.compile(r"工单(?:已|被)?(关闭|完结|解决|受理|处理中|升级)")
_ISSUER = re.compile(
    r"发行方|发卡方|发行商|使用记录|兑换记录|号段|卡号查询|充值至|已被(?:使用|兑换|充值)|测试卡"
)
_ISSUER_SUBJECT = re.compile(r"卡号|兑换码|卡密|序列号|礼品卡|充值码|激活码")
_CARRIER = re.compile(
    r"中国(?:移动|联通|电信|广电)|运营商|100(?:86|10|00|99)|话费|缴费记录|充值记录|营业厅"
)
_RECEIPT = re.compile(r"账单详情|交易单号|商户全称|收款方全称|账单服务|账单管理")
_PAID = re.compile(r"支付时间|付款时间|转账时间|退款时间")
_MAIL = re.compile(r"^(?:发件人|From)\s*[:：]", re.MULTILINE)
_TERMS = re.compile(
    r"(?:服务|用户|购买|交易|会员)(?:协议|条款|规则|须知)|平台规则|售后政策|免责声明"
)
_ACCEPTED = re.compile(r"受理时间\s*[:：]?\s*([0-9年月日\-/.: ：]{8,24})")


def read_document_text(*, text: str, kind: Kind | None = None, name: str = "") -> DocumentReading:
    """Read a text document. ``kind`` is what the buyer says it is; without it, the content
    decides. Never raises: what is not recognised stays lines of text."""
    lines = [squeeze_blanks(line) for line in split_lines(text)[:_MAX_LINES]]
    plain = squeeze_blanks(text)
    shown = tuple(TextLine(x, line=i) for i, x in enumerate(lines, start=1) if x.strip())
    clauses = _clauses(lines)
    form, read_as = _form(plain[:200_000], kind, clauses)
    messages: tuple[Message, ...] = ()
    fields = read_labels(lines)
    if form in ("ticket", "regulator_status"):
        messages = _dialogue(text)
        form = "ticket_dialogue" if form == "ticket" and messages else form
        fields = _ticket_fields(plain, fields, messages)
    elif form == "issuer_statement":
        fields = issuer_fields(plain, lines, fields)
    elif form == "carrier_statement":
        fields = carrier_fields(lines, fields)
    elif form == "receipt":
        fields = receipt_fields(plain, lines, fields)
    if form != "service_terms":
        clauses = ()
    return DocumentReading(form, read_as, fields, messages, shown, clauses)


_FORM_OF_KIND: dict[Kind, str] = {
    Kind.COMPLAINT_RECEIPT: "ticket",
    Kind.ISSUER_STATEMENT: "issuer_statement",
    Kind.CARRIER_BILL: "carrier_statement",
    Kind.BALANCE_PAGE: "carrier_statement",
    Kind.SERVICE_TERMS: "service_terms",
    Kind.PAYMENT_RECEIPT: "receipt",
}


def _form(text: str, kind: Kind | None, clauses: tuple[Clause, ...]) -> tuple[str, Kind]:
    if kind is not None and kind is not Kind.OTHER:
        form = _FORM_OF_KIND.get(kind, "mail" if _MAIL.search(text) else "text")
        if form == "ticket" and _REGULATOR.search(text) and not _TICKET.search(text):
            form = "regulator_status"
        return form, kind
    if len(clauses) >= 5 and _TERMS.search(text):
        return "service_terms", Kind.SERVICE_TERMS
    if _TICKET.search(text):
        return "ticket", Kind.COMPLAINT_RECEIPT
    if _REGULATOR.search(text):
        return "regulator_status", Kind.COMPLAINT_RECEIPT
    if _ISSUER.search(text) and _ISSUER_SUBJECT.search(text):
        return "issuer_statement", Kind.ISSUER_STATEMENT
    if _RECEIPT.search(text) and _PAID.search(text):
        return "receipt", Kind.PAYMENT_RECEIPT
    if len(_CARRIER.findall(text)) >= 2:
        return "carrier_statement", Kind.CARRIER_BILL
    if len(clauses) >= 5:
        return "service_terms", Kind.SERVICE_TERMS
    return ("mail" if _MAIL.search(text) else "text"), Kind.OTHER


def _clauses(lines: list[str]) -> tuple[Clause, ...]:
    found: list[Clause] = []
    for number, line in enumerate(lines, start=1):
        match = _CLAUSE.match(line[:4000])
        if match:
            found.append(Clause(match[1], match[2].strip(), number))
        elif found and line.strip() and len(found[-1].text) < 20_000:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line.strip()}".strip())
    return tuple(found)


def _dialogue(text: str) -> tuple[Message, ...]:
    """The talk within a ticket: 我 and 用户 is the buyer, everybody who answers the platform."""
    if find_chat_form(text) != "plain":
        return ()
    raw = read_plain(text).messages
    if not any(not m.is_system and role_word(m.sender) for m in raw):
        return ()
    return tuple(
        Message(_ticket_speaker(m), m.sender, m.text, m.at, m.at is not None, m.line) for m in raw
    )


def _ticket_speaker(message: RawMessage) -> Speaker | None:
    if message.is_system:
        return Speaker.SYSTEM
    name = message.sender
    role = role_word(name)
    if role is Speaker.MERCHANT and "客服" in name and "商家" not in name:
        return Speaker.PLATFORM
    if role is not None:
        return role
    return Speaker.PLATFORM if re.search(r"客服|专员|平台|工作人员|小二", name) else None


_BY_PATTERN = (
    ("receipt_no", _RECEIPT_NO),
    ("ticket_no", _TICKET_NO),
    ("order_no", _ORDER_NO),
    ("status", _STATUS),
)


def _ticket_fields(
    text: str, fields: dict[str, Field], messages: tuple[Message, ...]
) -> dict[str, Field]:
    found = dict(fields)
    for key, pattern in _BY_PATTERN:
        match = pattern.search(text) if key not in found else None
        if match:
            value = f"已{match[1]}" if key == "status" else match[1]
            found[key] = Field(value, 1.0, Basis.TEXT, line=_line_of(text, match.start()))
    numbered = {"ticket_no", "receipt_no"} & found.keys()
    match = None if numbered else _ANY_NO.search(text)
    if match and match[1] != found.get("order_no", Field("")).value:
        found["ticket_no"] = Field(match[1], line=_line_of(text, match.start()))
    if "accepted_at" not in found and (match := _ACCEPTED.search(text)):
        at = read_labels([f"受理时间：{match[1]}"]).get("accepted_at")
        if at:
            found["accepted_at"] = replace(at, line=_line_of(text, match.start()))
    first = next((m for m in messages if m.speaker is Speaker.BUYER and m.at), None)
    if "at" not in found and first and first.at:
        found["at"] = Field(say_second(first.at), 1.0, Basis.TEXT, line=first.line)
    return found


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
