"""To the police: what happened in order, the money's way, no conclusion of law."""

from __future__ import annotations

from gongdao.channels.letters.facts import facts_of
from gongdao.channels.letters.form import filled
from gongdao.channels.letters.frame import exhibits_listed, name_of, numbered, phone_of
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.matter import Matter, say_day, say_sum
from gongdao.channels.letters.names import CLOSING, MEANS, OUTCOMES, PARTIES
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
_MOST_CONTACTS, _MOST_TRACES = 12, 12


def write_police(m: Matter) -> Letter:
    """The report to the police; whether it is a crime is theirs to say."""
    role = "监护人" if m.minor else "报案人"
    lines = ["报案材料", "致：【请填写：派出所或公安机关名称】"]
    lines += [f"{role}：{name_of(m)}，联系电话：{phone_of(m)}，证件号码：【请填写：证件号码】", ""]
    lines += ["一、经过", *numbered(f.full for f in facts_of(m))]
    contacts = [_contact(m, c) for c in m.dossier.statement.contacts[:_MOST_CONTACTS]]
    if contacts:
        lines += ["", "二、与对方交涉的经过（据买家陈述）", *numbered(contacts)]
    lines += ["", "三、款项去向", *numbered(_money(m))]
    traces = _traces(m)
    if traces:
        lines += ["", "四、对方线索", *numbered(traces)]
    lines += ["", f"{'五' if traces else '四'}、请求"]
    lines += numbered(
        [
            "我怀疑受骗，请依法审查上述情况，出具受理回执。",
            "请对上述收款账户依法采取止付等措施。",
            "不属于公安机关管辖的，请书面告知理由。",
        ]
    )
    lines += ["", *exhibits_listed(m), "", f"{role}：{name_of(m)}", say_day(m.on), CLOSING]
    text = "\n".join(lines)
    fields = filled(m, "police", {"text": text})
    return Letter("police", "报案材料", "公安机关", text, fields=fields)


def _contact(m: Matter, contact: Contact) -> str:
    head = f"{say_chinese(contact.at)}，以{MEANS[contact.by]}方式与{PARTIES[contact.party]}交涉"
    told = f"{head}，{OUTCOMES[contact.outcome]}"
    if contact.note and is_calm(contact.note) and m.quotable(contact.note):
        return f"{told}。买家记录：{m.quote(contact.note)}。"
    return f"{told}。"


def _money(m: Matter) -> list[str]:
    paid = m.paid
    cite = m.cite(paid.exhibits)
    told = []
    if paid.amount:
        told.append(f"金额：{say_sum(paid.amount)}{cite}。")
    if paid.at:
        told.append(f"付款时间：{say_chinese(paid.at)}{cite}。")
    number = paid.transaction_no or "【请填写：支付流水号】"
    told.append(f"支付流水号：{number}{cite if paid.transaction_no else ''}。")
    payee = paid.payee or "【请填写：收款人名称和账号】"
    told.append(f"收款方：{payee}{cite if paid.payee and paid.exhibits else ''}。")
    return told


def _traces(m: Matter) -> list[str]:
    order = m.dossier.statement.order
    told = []
    if m.platform or order.platform_url:
        told.append(
            f"交易网站：{m.platform} {clip(order.platform_url, 100)}".rstrip() + "（据买家陈述）。"
        )
    if m.merchant:
        told.append(f"店铺：{m.merchant}。")
    for trace in m.closure.respondent.identities[:_MOST_TRACES]:
        if trace.kind in _TRACES:
            told.append(f"{_TRACES[trace.kind]}：{clip(trace.value, 80)}{m.cite(trace.seen_in)}。")
    return told
