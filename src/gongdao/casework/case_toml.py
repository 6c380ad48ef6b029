"""Write case.toml: the commented template, filled with what is known.

People edit this file by hand afterwards, so it says in place what each line is for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from gongdao.core.clock import beijing
from gongdao.core.codes import Kind, Reason
from gongdao.evidence.statement import Claim, ExhibitNote, Order

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
_BUYER = """
[buyer]
own_use  = true      # 自己用；为转卖而买写 false
adult    = true      # 未成年人买的写 false，由监护人处理
name     = ""        # 需要时再填
phone    = ""
province = ""        # 如 浙江省
"""
_CONTACTS = """
# 每联系对方一次，就加一段：
# [[contact]]
# at      = 2026-11-02T15:10:00+08:00
# with    = "merchant"   # merchant 商家 | platform 平台 | management 管理层 | payment 支付机构 | issuer 发行方 | regulator 12315 | …
# by      = "chat"       # chat | ticket | phone | letter | form
# outcome = "promised"   # no_answer 没答复 | promised 答应 | refused 拒绝 | shifted 推诿 | partial 部分 | solved 解决 | accepted 受理 | rejected 驳回
# note    = ""
"""


def write_case_toml(*, order: Order, claim: Claim, exhibits: Sequence[ExhibitNote] = ()) -> str:
    """The text of case.toml for what is known so far."""
    lines = [_HEAD.rstrip()]
    for name, note in _ORDER_NOTES.items():
        lines.append(f"{name:<14} = {_value(getattr(order, name)):<32} # {note}".rstrip())
        if name == "paid":
            lines.append('currency       = "CNY"')
    lines.append(_BUYER.rstrip())
    lines.append("")
    lines.append("[claim]")
    codes = " | ".join(Reason)
    lines.append(f"reasons       = {_list(claim.reasons)}   # {codes}")
    demand = claim.demand.value if claim.demand else ""
    lines.append(
        f"demand        = {json.dumps(demand)}   # refund 退款 | replacement 换发 | make_up 补差 | compensation 赔偿 | disclosure 要卖家身份"
    )
    amount = str(claim.amount) if claim.amount else ""
    lines.append(f"amount        = {json.dumps(amount)}")
    lines.append(f"suspect_fraud = {json.dumps(claim.suspect_fraud)}")
    lines.append(_CONTACTS.rstrip())
    text = "\n".join(lines) + "\n"
    return text + "".join(say_exhibit(note) for note in exhibits)


def say_exhibit(note: ExhibitNote) -> str:
    """One ``[[exhibit]]`` section."""
    rows: Mapping[str, object] = {
        "file": note.file,
        "kind": note.kind.value if note.kind and note.kind is not Kind.OTHER else None,
        "captured_at": note.captured_at,
        "original": note.original,
        "note": note.note or None,
    }
    body = "".join(
        f"{name} = {_value(value)}\n" for name, value in rows.items() if value is not None
    )
    return f"\n[[exhibit]]\n{body}"


def _list(codes: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(str(code)) for code in codes) + "]"


def _value(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return beijing(value).isoformat(timespec="seconds")
    if isinstance(value, int):
        return str(value)
    return quote(str(value))


def quote(text: str) -> str:
    """``text`` as a TOML string on one line; what TOML cannot hold becomes a question mark."""
    safe = text.encode("utf-8", "replace").decode()
    return json.dumps(safe, ensure_ascii=False).replace("\x7f", "\\u007f")
