"""What a notice says: one title and one text for each event, in the language of its buyer's page.

No secret, no query code, no amount, no name of the goods: a mailbox has other readers.
"""

from __future__ import annotations

from dataclasses import dataclass

from gongdao.core.language import Phrase, mark

EVENT_OF_LEAF = {
    "order.delivered": "delivered",
    "order.replaced": "replaced",
    "order.cancelled": "cancelled",
    "order.charged_back": "charged_back",
    "order.refund_requested": "refunding",
    "order.refunded": "refunded",
}
"""Which leaf of an order is told to its buyer."""
AGAIN = {"order.refund_requested": "refund_again", "order.refunded": "refunded"}
"""What is told of a refund that came back after it was told as done: anew, with its leaf's number,
as often as it happens."""
EVENT_OF_WHY = {
    "asks_first_high_value": "asks",
    "asks_velocity": "asks",
    "delivery_delayed": "",
    "waiting_for_delivery": "paid",
    "top_up_asked": "paid",
    "top_up_charging": "paid",
    "top_up_unknown": "paid",
}
"""What is told of an order that was paid and waits, by why it waits."""
_SAYS = {
    "paid": (
        mark("公道：订单 {number} 已收到付款"),
        mark("钱由担保冻结，等商家发货；没有按承诺发货会自动退款。"),
    ),
    "asks": (
        mark("公道：订单 {number} 发货前要您回答一个问题"),
        mark(
            "是不是有人让您买卡并把卡密发给他？请到订单页回答；不回答会自动退款。反诈专线 96110。"
        ),
    ),
    "delivered": (
        mark("公道：订单 {number} 已发货"),
        mark("请先打开录屏再查看，并马上验证。任何人向您要卡密都是诈骗，反诈专线 96110。"),
    ),
    "replaced": (
        mark("公道：订单 {number} 给您补发了"),
        mark("请先打开录屏再查看，并马上验证；换下来的不会再发给别人。任何人向您要卡密都是诈骗。"),
    ),
    "refunding": (
        mark("公道：订单 {number} 正在退款"),
        mark("钱正在原路退回，原因写在订单页上。"),
    ),
    "refund_again": (
        mark("公道：订单 {number} 的退款没有退到，正在重新办"),
        mark("钱没有到您手里，又回到了支付渠道；会再退一次，或改由银行付给您，办成了再通知您。"),
    ),
    "cancelled": (
        mark("公道：商家取消了订单 {number}"),
        mark("钱正在原路退回，不用您做什么。商家的说明在订单页上；要您改到平台外买，不要照做。"),
    ),
    "charged_back": (
        mark("公道：订单 {number} 已经结束，不再发货"),
        mark("这笔付款已由您的银行或支付渠道退回。不是您要求的，请联系您的银行和平台客服。"),
    ),
    "message": (
        mark("公道：商家就订单 {number} 给您留了言"),
        mark("留言在订单页上。商家要您到平台外付款、或向您要卡密，都不要照做。"),
    ),
    "refunded": (
        mark("公道：订单 {number} 已退款"),
        mark("支付渠道已确认退款，到账时间以渠道为准。"),
    ),
}


_MERCHANT_SAYS = {
    "coupon": (
        mark("公道：“{shop}”的一张优惠券停用了"),
        mark(
            "目录里不让卖的词更新了，这张优惠券的名称说到了其中的内容。"
            "请到“优惠券”另做一张，换个名称。"
        ),
    ),
    "paused": (
        mark("公道：“{shop}”的一个商品暂停了"),
        mark(
            "目录里不让卖的词更新了，这个商品说到了其中的内容。请到“商品管理”看是哪一处，改掉再上架。"
        ),
    ),
    "price": (
        mark("公道：“{shop}”的一个商品，价格看过了"),
        mark("请到“商品管理”看结果：同意的再点一次“上架”，没同意的写着为什么。"),
    ),
    "thread": (
        mark("公道：买家给“{shop}”留了言"),
        mark("留言和回答都在商家工作台的“消息”里；回答了才不会被当作没有理会。"),
    ),
    "payee": (
        mark("公道：“{shop}”有一个收款账户刚刚核实"),
        mark(
            "过了等待时间，分账就到这个账户。不是您登记的，请马上到商家工作台的“资金”里停用它，"
            "再联系平台。"
        ),
    ),
    "review": (
        mark("公道：“{shop}”的资料要在 {due} 以前复核"),
        mark("请在这天以前把最新的证照和授权交给平台复核；过了这天会自动暂停，不能再卖。"),
    ),
}


@dataclass(frozen=True)
class NoticeText:
    """Title and text."""

    title: str
    body: str


def notice_text(*, event: str, number: str, link: str) -> NoticeText:
    """What is sent about ``event`` of order ``number``, in the language in use; ``message:3``: the
    third post of its thread. ``link`` leads to its look-up, where the query code is asked for."""
    title, body = _SAYS[event.partition(":")[0]]
    where = Phrase("用订单号和查询码查看：{link}", link=link)
    said = Phrase.named(title, number=number)
    return NoticeText(str(said), f"{Phrase.named(body)}\n{where}")


def merchant_text(*, event: str, name: str, link: str) -> NoticeText:
    """What is sent to a merchant about ``event``: ``thread:<id>:3``, the third post of a thread;
    ``review:2026-12-01:7``, his re-verification is due on that day; ``paused:<review>`` and
    ``price:<review>``, what was found or decided about a listing; ``payee:<payee>``, an account of
    his was verified (with a member's number after it: told to that one). ``link`` leads to his
    desk."""
    kind, _colon, rest = event.partition(":")
    title, body = _MERCHANT_SAYS[kind]
    said = Phrase.named(title, shop=name, due=rest.partition(":")[0])
    where = Phrase("商家工作台：{link}", link=link)
    return NoticeText(str(said), f"{Phrase.named(body)}\n{where}")
