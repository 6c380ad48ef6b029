"""Order pages: number, amount, times, status, goods."""

from __future__ import annotations

import re

from gongdao.evidence.layout import Cell, row_text
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.card import read_cards_on_order
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import is_price, plain, read_amount, read_count

_STATUS = re.compile(
    "^(待付款|待发货|已发货|已完成|已取消|已关闭|交易成功|交易关闭|充值成功|"
    "充值失败|充值中|处理中|待充值|已退款|退款中|退款成功|"
    "支付成功|已支付|待收货|已签收|已发放|发货中|订单完成|订单取消|订单已取消|"
    "订单关闭|订单已关闭|已到账|开通成功|已开通|待处理|备货中|部分发货|"
    "发货失败|等待发货|等待卖家发货|卖家已发货|交易完成|购买成功|已发卡|"
    "发卡中|缺货|待使用|已付款|等待充值|订单异常|已充值|交易取消|已失效|"
    "付款成功)"
)
_TIMES = re.compile(r"^[xX×*]\s*(\d{1,4})(?:\s*[张件个份])?$")


def read_order(found: Found) -> None:
    """Fill the fields of an order page."""
    found.code("order_no", words.ORDER_NO)
    found.money("amount", words.AMOUNT)
    if not found.has("order_no"):  # on an order page the only number there is the order's own
        found.code("order_no", "交易编号 编号")
    found.time(
        "paid_at",
        "支付时间 付款时间 付款成功时间 支付完成时间 支付完成 付款完成 支付日期 付款日期 "
        "成交时间 支付 付款",
    )
    found.time("delivered_at", words.DELIVERED_AT + " 到账 发货 发放")
    found.time("cancelled_at", words.CANCELLED_AT)
    found.take("cancel_reason", "取消原因 关闭原因 取消说明 关闭说明")
    found.time("ordered_at", words.ORDERED_AT)
    found.time("refunded_at", "退款时间")
    found.money("refunded", "退款金额")
    found.take("method", words.METHOD)
    found.take("account", words.ACCOUNT)
    found.take("merchant", words.MERCHANT)
    found.take("payee", words.PAYEE)
    found.code("txn_no", words.TXN_NO)
    found.money("unit_price", "单价")
    _status(found)
    _goods(found)
    _valid_until(found)
    read_cards_on_order(found)


def _status(found: Found) -> None:
    for row in found.page.rows[:6]:
        for cell in row:
            if match := _STATUS.match(plain(cell.text)):
                found.put("status", match[1], [cell])
                return
    found.take("status", words.STATUS)


def _goods(found: Found) -> None:
    """The line of goods: its name, its price, how many."""
    page = found.page
    for cell in page.cells:
        if match := _TIMES.match(plain(cell.text)):
            found.put("quantity", str(int(match[1])), [cell])
    pair = found.take("quantity", words.QUANTITY, _count)
    if pair is None and not found.has("quantity"):
        found.take("quantity", words.QUANTITY, read_count)
    prices: list[Cell] = []
    for row in page.rows:
        for cell in row:
            if not is_price(cell.text, marked=True) or _is_unit_price(row_text(row)):
                continue
            prices.append(cell)
            named = [c for c in row if c.x1 <= cell.x0 + page.em and len(plain(c.text)) >= 4]
            if named and not re.search("金额|合计|实付|应付|总价|支付|付款", row_text(row)):
                found.put("product", named[0].text, [named[0]])
    found.take("product", words.PRODUCT)
    if not found.has("amount") and prices:
        best = max(prices, key=lambda c: c.height)
        found.put("amount", read_amount(best.text), [best], 0.95)


def _is_unit_price(text: str) -> bool:
    return bool(re.search("单价|优惠|运费|红包|立减|原价|划线|余额|退款", plain(text)))


def _count(text: str) -> str | None:
    match = re.search(r"\d{1,5}", text)
    return str(int(match[0])) if match else None


def _valid_until(found: Found) -> None:
    for cell in found.page.cells:
        match = re.search(r"有效期至\s*[:：]?\s*(20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?)", cell.text)
        if match:
            found.put("valid_until", match[1], [cell])
