"""To the police: what happened in order, the money's way, no conclusion of law."""

from __future__ import annotations

from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import filled
from gongdao.channels.letters.frame import exhibits_listed, name_of, phone_of
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_day, say_sum
from gongdao.channels.letters.names import CLOSING, MEANS, OUTCOMES, PARTIES
from gongdao.channels.letters.part import (
    LetterPart,
    frame,
    free,
    numbered,
    stated,
    unique,
)
from gongdao.channels.shorten import clip
from gongdao.channels.tone import is_calm
from gongdao.core.clock import say_chinese
from gongdao.evidence.statement import Contact

_TRACES = {
    "company": "公司",
    "uscc": "统一社会信用代码",
    "icp": "备案号",
    "domain": "域名",
    "url": "网址",
    "email": "邮箱",
    "qq": "QQ",
    "wechat": "微信",
    "phone": "电话",
}
_ASKS = {
    "check": "我怀疑受骗，请依法审查上述情况，出具受理回执。",
    "stop": "请对上述收款账户依法采取止付等措施。",
    "reasons": "不属于公安机关管辖的，请书面告知理由。",
}
_MOST_CONTACTS, _MOST_TRACES = 12, 12


def write_police(m: Matter) -> Letter:
    """The report to the police; whether it is a crime is theirs to say."""
    role = "监护人" if m.minor else "报案人"
    parts = _head(m, role)
    facts = (f.part() for f in facts_of(m))
    parts += [frame("facts", "一、经过", breaks=2), *numbered(facts, "facts")]
    contacts = [_contact(m, c) for c in m.dossier.statement.contacts[:_MOST_CONTACTS]]
    if contacts:
        heading = "二、与对方交涉的经过（据买家陈述）"
        parts += [frame("contacts", heading, breaks=2), *numbered(contacts, "contacts")]
    parts += [frame("money", "三、款项去向", breaks=2), *numbered(_money(m), "money")]
    traces = _traces(m)
    if traces:
        parts += [frame("traces", "四、对方线索", breaks=2), *numbered(traces, "traces")]
    parts.append(frame("asks", f"{'五' if traces else '四'}、请求", breaks=2))
    parts += numbered((free(f"ask:{key}", ask) for key, ask in _ASKS.items()), "asks")
    parts += [*exhibits_listed(m), free("sign:name", f"{role}：{name_of(m)}", breaks=2, own=True)]
    parts += [free("sign:day", say_day(m.on), own=True), frame("closing", CLOSING)]
    whole = unique(parts)
    fields = filled(m, "police", {"text": whole})
    return Letter("police", "报案材料", "公安机关", whole, fields=fields)


def _head(m: Matter, role: str) -> list[LetterPart]:
    writer = f"{role}：{name_of(m)}，联系电话：{phone_of(m)}，证件号码：【请填写：证件号码】"
    return [
        frame("title", "报案材料"),
        frame("to:head", "致："),
        free("to", "【请填写：派出所或公安机关名称】", breaks=0, own=True),
        free("writer", writer, own=True),
    ]


def _contact(m: Matter, contact: Contact) -> LetterPart:
    head = f"{say_chinese(contact.at)}，以{MEANS[contact.by]}方式与{PARTIES[contact.party]}交涉"
    told = f"{head}，{OUTCOMES[contact.outcome]}"
    if contact.note and is_calm(contact.note) and m.quotable(contact.note):
        told = f"{told}。买家记录：{m.quote(contact.note)}"
    return stated("contact", f"{told}。")


def _money(m: Matter) -> list[LetterPart]:
    paid = m.paid
    cite = m.cite(paid.exhibits)
    told = []
    if paid.amount:
        told.append(stated("paid", f"金额：{say_sum(paid.amount)}{cite}。", paid.exhibits))
    if paid.at:
        told.append(stated("paid_at", f"付款时间：{say_chinese(paid.at)}{cite}。", paid.exhibits))
    if paid.transaction_no:
        number = f"支付流水号：{paid.transaction_no}{cite}。"
        told.append(stated("transaction_no", number, paid.exhibits))
    else:
        told.append(free("transaction_no", "支付流水号：【请填写：支付流水号】。", own=True))
    if paid.payee:
        payee = f"收款方：{paid.payee}{cite if paid.exhibits else ''}。"
        told.append(stated("payee", payee, paid.exhibits))
    else:
        told.append(free("payee", "收款方：【请填写：收款人名称和账号】。", own=True))
    return told


def _traces(m: Matter) -> list[LetterPart]:
    order = m.dossier.statement.order
    told = []
    if m.platform or order.platform_url:
        site = f"交易网站：{m.platform} {clip(order.platform_url, 100)}".rstrip()
        told.append(stated("site", f"{site}（据买家陈述）。"))
    if m.merchant:
        told.append(stated("shop", f"店铺：{m.merchant}。"))
    for trace in m.closure.respondent.identities[:_MOST_TRACES]:
        if trace.kind in _TRACES:
            value = f"{clip(trace.value, 80)}{m.cite(trace.seen_in)}"
            shown = f"{_TRACES[trace.kind]}：{value}。"
            told.append(stated(f"trace:{trace.kind}", shown, tuple(trace.seen_in)))
    return told
