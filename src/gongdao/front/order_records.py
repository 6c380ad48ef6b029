"""The platform's own records of an order as documents that people and readers understand.

They are evidence for recipients in China, so they are Chinese in every language. No secret is in
them, and nothing that the buyer did not enter or see himself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gongdao.casework.index_pdf import typst_fonts
from gongdao.core.clock import beijing, say_second
from gongdao.core.errors import SealError
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.front.web.market_view import Row, make_blocks
from gongdao.front.web.market_words import STATE_NAMES, gateway_name
from gongdao.log.reader import find_entries_of
from gongdao.market.desk_states import Side
from gongdao.market.models import Handover, ListingVersion, Merchant, Order
from gongdao.market.offer import Offer
from gongdao.market.record_test import ToldTest
from gongdao.market.states import OrderState, Recording
from gongdao.market.thread import Post
from gongdao.market.words import WHY
from gongdao.payments.models import Credit, Intent, Refund
from gongdao_verify.merkle import leaf_hash

_EVENTS = {
    "order.placed": "下单",
    "order.expired": "没有在保留时间内付款",
    "order.paid": "收到付款",
    "order.delivered": "发货",
    "order.replaced": "补发",
    "order.revealed": "买家第一次查看",
    "order.tested": "买家记下试的结果",
    "order.confirmed": "买家确认收货",
    "order.released": "钱付给商家",
    "order.cancelled": "商家取消订单",
    "order.charged_back": "付款由银行或渠道退回买家",
    "order.charge_back_returned": "退回的付款又还了回来",
    "order.refund_requested": "申请退款",
    "order.refunded": "退款到账",
}
_PAGE = """
#let d = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: (x: 18mm, y: 16mm))
#set document(title: d.title)
#set text(font: ("Noto Sans SC", "Noto Sans CJK SC"), size: 10pt, lang: "zh", region: "cn")
#text(size: 26pt, d.price)

#text(size: 16pt, d.title)

#for line in d.lines [#if line == "" { v(16pt) } else { par(line) }]

#text(size: 8pt, d.note)
"""


def company_of(merchant: Merchant) -> str:
    """Who the merchant is in law, where that is a company; empty for a person, whose name the
    platform tells on demand only."""
    return merchant.legal_name if merchant.uscc else ""


def listing_pdf(
    *, order: Order, offer: Offer, version: ListingVersion, merchant: Merchant
) -> bytes:
    """What the buyer was shown when he ordered, as one page with a text layer. Raise SealError
    where it cannot be set."""
    import typst

    at = beijing(order.placed_at)
    price, company = offer.unit_for(order.quantity), company_of(merchant)
    lines = [
        *([f"划线价：{offer.compared_price} 元"] if offer.compared_price else []),
        f"店铺：{merchant.display_name}",
        *([f"经营者：{company}", f"统一社会信用代码：{merchant.uscc}"] if company else []),
        f"发货承诺：{_promise(offer)}",
        "",
    ]
    for _heading, rows in make_blocks(offer, order.placed_at):
        lines += [f"{row['name']}：{_flat(row)}" for row in rows if row["name"] != "发货承诺"]
    data = {
        "title": _clean(offer.title),
        "note": f"平台保存的商品页 · 第 {order.listing_version} 版 · 下单时 {say_second(at)} 显示",
        "price": f"¥{price}",
        "lines": [
            *map(_clean, lines),
            f"商品页摘要 SHA-256：{bytes(version.digest).hex()}",
            f"订单快照 SHA-256：{bytes(order.snapshot_digest).hex()}",
        ],
    }
    compiler = typst.Compiler(
        font_paths=typst_fonts(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)}
    )
    try:
        made = compiler.compile(_PAGE.encode(), format="pdf", timestamp=int(at.timestamp()))
    except typst.TypstError as error:
        raise SealError(_("商品页排版失败：{reason}").format(reason=error.message[:200])) from None
    return made if isinstance(made, bytes) else b"".join(made or [])


def promise_words(offer: Offer) -> str:
    """What the listing promised, as a buyer would say it."""
    return _promise(offer)


def _promise(offer: Offer) -> str:
    minutes = offer.promise.minutes
    if minutes % 60:
        return f"付款后 {minutes} 分钟内发货"
    return f"付款后 {minutes // 60} 小时内发货"


def _flat(row: Row) -> str:
    return " ".join(str(row["value"]).split())


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def order_text(*, order: Order, title: str, merchant: Merchant, at: datetime) -> str:
    """The order's page: number, goods, amounts, times, status."""
    state = OrderState(order.state)
    total = Money(order.total_minor, order.currency)
    said = {
        "订单号": order.number,
        "商品": title,
        "店铺": merchant.display_name,
        "数量": order.quantity,
        "订单金额": f"{total} 元",
        "状态": _STATUS[state] if state in _STATUS else STATE_NAMES[state],
        "说明": WHY.get(order.why, ""),
        "下单时间": _when(order.placed_at),
        "支付时间": _when(order.paid_at),
        "承诺最晚交付": _when(order.promise_by),
        "发货时间": _when(order.delivered_at),
        "担保到": _when(order.protected_until),
        "订单结束": _when(order.ended_at),
        "记录导出": _when(at),
    }
    return _lines("平台订单记录", said)


_STATUS = {OrderState.PAID: "待发货", OrderState.DELIVERED: "已发货"}
"""As order pages everywhere call it."""


def payment_text(*, order: Order, merchant: Merchant) -> str:
    """The payment, as the payment service confirmed it; empty where none was."""
    intent = Intent.objects.filter(owner_kind="order", owner_id=order.id).first()
    credit = Credit.objects.filter(intent=intent, surplus=False).first() if intent else None
    if intent is None or credit is None:
        return ""
    said = {
        "商户订单号": intent.out_trade_no,
        "交易单号": credit.trade_no,
        "支付渠道": gateway_name(credit.gateway),
        "支付金额": f"{Money(credit.amount_minor, credit.currency)} 元",
        "支付时间": _when(credit.at),
        "收款方": company_of(merchant) or merchant.display_name,
        "备注": "钱由平台担保，发货后才付给商家",
    }
    refunds = Refund.objects.filter(credit__intent=intent).order_by("requested_at")
    more = [
        f"退款 {row.refund_no}：{Money(row.amount_minor, credit.currency)} 元，"
        f"{_when(row.requested_at)} 申请，"
        + (f"{_when(row.confirmed_at)} 到账" if row.confirmed_at else "还没有到账")
        for row in refunds
    ]
    return _lines("平台付款记录", said) + "".join(f"{line}\n" for line in more)


def history_text(*, order: Order, log: str) -> str:
    """Every leaf of the order in the public log, with its place there."""
    lines = ["平台状态记录，每一条都在公开日志里，任何人可以核对", f"订单代号：{order.log_subject}"]
    for entry in find_entries_of(order.log_subject):
        form = entry.form
        what = _EVENTS.get(form.type, form.type)
        digest = leaf_hash(entry.entry).hex()
        lines.append(f"{say_second(beijing(form.at))}　{what}")
        lines.append(f"　日志第 {entry.idx} 条，摘要 {digest}，{log}/leaf/{digest}/")
    return "\n".join((*lines, ""))


_RECORDING = {
    Recording.YES: "选了录屏",
    Recording.NO: "选了不录屏",
    Recording.NOT_ASKED: "",
}


def delivery_text(*, order: Order, tests: Sequence[ToldTest]) -> str:
    """Delivery, the first look, and what the buyer told of his test. No secret."""
    said = {
        "承诺最晚交付": _when(order.promise_by),
        "发货时间": _when(order.delivered_at),
        "第一次查看": _when(order.revealed_at),
        "查看前问买家录不录屏": _RECORDING[Recording(order.recording)],
    }
    lines = [_test_line(one) for one in tests]
    rows = Handover.objects.filter(order=order).order_by("place")
    lines += [f"第 {row.place} 件承诺 {bytes(row.commitment).hex()}" for row in rows]
    return _lines("平台交付记录", said) + "".join(f"{line}\n" for line in lines)


def _test_line(one: ToldTest) -> str:
    parts = ["能用" if one.works else "不能用"]
    parts += ["说录了屏"] if one.recorded else []
    parts += [" ".join(one.note.split())] if one.note else []
    parts += [f"附件 {_clean(file.name)}，SHA-256 {file.sha256}" for file in one.files]
    return f"{_when(one.at)} 买家记下：{'，'.join(parts)}"


def talk_text(posts: Sequence[Post]) -> str:
    """The thread as a chat: one post a line."""
    names = {Side.BUYER: "买家", Side.MERCHANT: "商家"}
    return "".join(
        f"{say_second(beijing(one.at))} {names[one.side]}: {' '.join(one.text.split())}\n"
        for one in posts
    )


def _lines(title: str, said: Mapping[str, object]) -> str:
    return "\n".join((title, *_told(said), ""))


def _told(said: Mapping[str, object]) -> Iterator[str]:
    for name, value in said.items():
        text = _clean(" ".join(str(value).split()))
        if text:
            yield f"{name}：{text}"


def _when(at: datetime | None) -> str:
    return "" if at is None else say_second(beijing(at))
