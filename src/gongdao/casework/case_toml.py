"""Write case.toml: the commented template, filled with everything a statement holds.

People edit this file by hand afterwards, so it says in place what each line is for. What is
written is read back as the same statement (``load_case_folder``); what TOML cannot hold becomes a
question mark, and blanks at the ends of a text are not kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gongdao.core.clock import beijing
from gongdao.core.codes import Reason
from gongdao.core.errors import InputError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.evidence.statement import AlsoDemand, Buyer, Claim, Contact, ExhibitNote, Statement

_HEAD = """\
# 公道案件 · 不清楚的就留空，之后随时可以改；改完运行 gongdao case check
version = 1

[order]
"""
_ORDER_NOTES: dict[str, str] = {
    "platform": "网站或应用的名字",
    "platform_url": "网址",
    "merchant": "店铺名；不知道就留空",
    "payee": "付款凭证上的收款方，常与店铺名不同",
    "product": "买的是什么",
    "category": "game_card 点卡 | phone_topup 话费 | virtual_service 会员、代充等",
    "quantity": "几份",
    "face_value": "卡面面值",
    "order_no": "平台的订单号",
    "transaction_no": "支付应用里的交易单号",
    "listed_price": "划线价或被比较的价格",
    "paid": "实付金额",
    "ordered_at": "下单时间，如 2026-11-02T14:02:50+08:00",
    "paid_at": "付款时间",
    "payment": "alipay | wechat | bank_card | balance 平台余额 | transfer 转给个人 | other",
    "promise": "当时写的发货承诺",
    "delivered_at": "实际交付时间；没有收到就留空",
}
_BUYER_NOTES: dict[str, str] = {
    "own_use": "自己用；为转卖而买写 false",
    "adult": "未成年人买的写 false，由监护人处理",
    "name": "需要时再填",
    "phone": "",
    "province": "如 浙江省",
}
_DEMANDS = (
    "refund 退款 | replacement 换发 | make_up 补差 | compensation 赔偿 | disclosure 要卖家身份"
)
_CONTACTS = """
# 每联系对方一次，就加一段：
# [[contact]]
# at      = 2026-11-02T15:10:00+08:00
# with    = "merchant"   # merchant 商家 | platform 平台 | management 管理层 | payment 支付机构 | issuer 发行方 | regulator 12315 | …
# by      = "chat"       # chat | ticket | phone | letter | form
# outcome = "promised"   # no_answer 没答复 | promised 答应 | refused 拒绝 | shifted 推诿 | partial 部分 | solved 解决 | accepted 受理 | rejected 驳回
# note    = ""
"""


def write_case_toml(*, statement: Statement) -> str:
    """The text of case.toml for ``statement``; raise InputError for an amount that is not in
    yuan, which no case can hold."""
    _check_yuan(statement)
    lines = [_HEAD.rstrip()]
    for name, note in _ORDER_NOTES.items():
        value = _value(getattr(statement.order, name))
        lines.append(f"{name:<14} = {value:<32} # {note}".rstrip())
        if name == "paid":
            lines.append('currency       = "CNY"')
    lines += ["", *_buyer(statement.buyer), "", *_claim(statement.claim), _CONTACTS.rstrip()]
    text = "\n".join(lines) + "\n"
    text += "".join(_contact(contact) for contact in statement.contacts)
    text += "".join(say_exhibit(note) for note in statement.exhibits.values())
    return text + _chat_names(statement)


def _check_yuan(statement: Statement) -> None:
    order, claim = statement.order, statement.claim
    amounts = (order.face_value, order.listed_price, order.paid, claim.amount)
    for amount in (*amounts, *(also.amount for also in claim.also)):
        if isinstance(amount, Money) and amount.currency != "CNY":
            raise InputError(_("只支持人民币 CNY"), field="order.currency")


def _buyer(buyer: Buyer) -> Iterator[str]:
    yield "[buyer]"
    for name, note in _BUYER_NOTES.items():
        value = _value(getattr(buyer, name))
        yield f"{name:<8} = {value:<9} # {note}" if note else f"{name:<8} = {value}"


def _claim(claim: Claim) -> Iterator[str]:
    yield "[claim]"
    yield f"reasons       = {_list(claim.reasons)}   # {' | '.join(Reason)}"
    yield f"demand        = {_value(claim.demand)}   # {_DEMANDS}"
    yield f"amount        = {_value(claim.amount)}"
    yield f"suspect_fraud = {_value(claim.suspect_fraud)}"
    for also in claim.also:
        yield from ("", "[[claim.also]]", *_also(also))


def _also(also: AlsoDemand) -> Iterator[str]:
    yield f"demand = {_value(also.demand)}"
    if also.amount is not None:
        yield f"amount = {_value(also.amount)}"


def _contact(contact: Contact) -> str:
    rows = {
        "at": contact.at,
        "with": contact.party,
        "by": contact.by,
        "outcome": contact.outcome,
        "channel": contact.channel or None,
        "outcome_at": contact.outcome_at,
        "note": contact.note or None,
    }
    return _section("contact", rows)


def say_exhibit(note: ExhibitNote) -> str:
    """One ``[[exhibit]]`` section."""
    rows = {
        "file": note.file,
        "kind": note.kind,
        "captured_at": note.captured_at,
        "original": note.original,
        "condition": note.condition,
        "note": note.note or None,
    }
    return _section("exhibit", rows)


def _section(name: str, rows: Mapping[str, object]) -> str:
    body = "".join(f"{key} = {_value(value)}\n" for key, value in rows.items() if value is not None)
    return f"\n[[{name}]]\n{body}"


def _chat_names(statement: Statement) -> str:
    """Who is who in the chats; of two names that TOML cannot tell apart the later counts."""
    rows = {quote(name): _value(speaker) for name, speaker in statement.chat_names.items()}
    body = "".join(f"{name} = {speaker}\n" for name, speaker in rows.items())
    return f"\n[chat_names]\n{body}" if body else ""


def _list(codes: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(str(code)) for code in codes) + "]"


def _value(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return beijing(value).isoformat()
    if isinstance(value, int):
        return str(value)
    return quote(str(value))


def quote(text: str) -> str:
    """``text`` as a TOML string on one line; what TOML cannot hold becomes a question mark."""
    safe = text.encode("utf-8", "replace").decode()
    return json.dumps(safe, ensure_ascii=False).replace("\x7f", "\\u007f")
