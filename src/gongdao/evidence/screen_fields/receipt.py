"""Payment details: of the two big payment services, of banks, and transfers to people."""

from __future__ import annotations

import re

from gongdao.evidence.layout import Cell, Page
from gongdao.evidence.screen_fields import words
from gongdao.evidence.screen_fields.pick import Found
from gongdao.evidence.values import amounts_in, half_width, is_price, plain, read_amount, read_code

_STATUS = re.compile(
    "^(交易成功|支付成功|付款成功|对方已收钱|对方已收款|朋友已收款|交易关闭|"
    "已全额退款|已退款|退款成功|转账成功|交易失败|"
    "等待对方收款|待对方确认收钱|已存入零钱|已被退回|已退还|处理中|交易完成|"
    "已支付|汇款成功|支付失败|对方已退还|等待确认收货|扣款成功)"
)
_TRANSFER = re.compile("转账|扫二维码付款|转给|二维码收款|收款码")
_FIRM = re.compile("公司|店|商行|中心|经营部|工作室|厂|平台|科技|支付|银行|超市|铺|集团|合作社")
_ADVERT = re.compile("领|券|红包|秒杀|积分|优惠|满减|立减|抽")


def read_receipt(found: Found, form: str) -> None:
    """Fill the fields of a payment detail of the given form."""
    _numbers(found, form)
    found.time("paid_at", words.PAID_AT)
    found.time("paid_at", "创建时间 收款时间")
    found.time("created_at", "创建时间")
    found.time("refunded_at", "退款时间 退款到账")
    found.take("method", words.METHOD)
    found.take("product", words.PRODUCT)
    _status(found)
    _refund(found)
    amount = _amount(found)
    _counterparty(found, amount, form)
    found.money(
        "balance", "账户余额 交易后余额 交易余额 余额" if form == "receipt_bank" else "交易后余额"
    )
    for label in (
        "摘要",
        "附言",
        "转账附言",
        "转账说明",
        "转账备注",
        "用途",
        "交易备注",
        "备注",
        "交易摘要",
    ):
        _order_in_remark(found, label)


def _numbers(found: Found, form: str) -> None:
    """The merchant's order number and the payment service's number are two things."""
    found.code("order_no", words.MERCHANT_ORDER_NO)
    if not found.has("order_no"):
        _below_scan_hint(found)
    if form == "receipt_bank":
        found.code("txn_no", words.TXN_NO)
        found.code("order_no", "订单号 订单编号 商品订单号 平台订单号")
        return
    if form in ("receipt_alipay", "transfer_alipay"):
        found.code("txn_no", "订单号 交易号 支付宝交易号 流水号")
    found.code("txn_no", words.TXN_NO)


def _below_scan_hint(found: Found) -> None:
    """商户单号 whose value stands below the hint that it can be scanned."""
    rows = found.page.rows
    for index, row in enumerate(rows):
        if any("扫码退款" in c.text for c in row) and index + 1 < len(rows):
            for cell in rows[index + 1]:
                found.put("order_no", read_code(cell.text, shortest=8), [cell])


def _order_in_remark(found: Found, label: str) -> None:
    for pair in found.pairs:
        if pair.label == label:
            match = re.search(r"[A-Z]{1,4}-?\d{6,}[0-9A-Z-]*|\d{10,}", half_width(pair.value))
            if match:
                found.put("order_no", match[0], pair.cells, 0.8)


def _amount(found: Found) -> Cell | None:
    """The tallest number that is a price; adverts and labelled balances do not compete."""
    page = found.page
    best: Cell | None = None
    for row in page.rows:
        for cell in row:
            if _amount_like(cell) and (best is None or cell.height > best.height * 1.02):
                best = cell
    tall = best is not None and best.height > 1.25 * page.em
    if not tall:
        found.money("amount", words.AMOUNT)
    if best is not None:
        found.put("amount", read_amount(best.text), [best], 1.0 if tall else 0.8)
    found.money("amount", words.AMOUNT)
    return best if tall else None


def _amount_like(cell: Cell) -> bool:
    text = re.sub(r"^(人民币|支出|付款|转出|CNY|RMB)\s*", "", half_width(cell.text).strip())
    text = re.sub(r"\s*(元|CNY|RMB)$", "", text)
    return is_price(text, marked=True) or bool(
        re.fullmatch(r"[-+]\s*\d[\d,]*", text) and not _ADVERT.search(text)
    )


def _status(found: Found) -> None:
    pair = found.take("status", words.STATUS)
    if pair is None:
        for cell in found.page.cells:
            if match := _STATUS.match(plain(cell.text)):
                found.put("status", match[1], [cell])
                return


def _refund(found: Found) -> None:
    for cell in found.page.cells:
        text = plain(cell.text)
        if re.match("(已全额退款|已退款|已部分退款|退款成功|退款金额)", text):
            amounts = amounts_in(cell.text)
            if amounts:
                found.put("refunded", amounts[0][0], [cell])
    found.money("refunded", "退款金额 退款到账")


def _counterparty(found: Found, amount: Cell | None, form: str) -> None:
    """The name above the amount; on a transfer, the person after 转账-…-给."""
    found.take("payee", words.PAYEE, _name)
    above = _name_above(found.page, amount) if amount else None
    if above is not None and re.match(r"(支出|收入|交易金额|金额)\s*[（(]", above.text):
        above = None  # a caption of the amount, no name
    if above is not None:
        _transfer(found, above, form)
        if not found.has("to_person") and not form.startswith("transfer"):
            found.put("merchant", _top_name(above.text), [above])
    if form.startswith("transfer"):
        found.take("counterparty", words.PAYEE + " 对方账户 对方账号 收款账户", _name)
        if above is not None:
            found.put("counterparty", _top_name(above.text), [above])
        _mark_person(found)
        return
    if form == "receipt_bank":
        _bank_transfer(found)
    found.take("merchant", words.MERCHANT, _name)
    found.take("merchant", words.PAYEE, _name)
    if "merchant" in found.fields:
        found.fields.setdefault("counterparty", found.fields["merchant"])


def _name_above(page: Page, amount: Cell) -> Cell | None:
    above = [
        c
        for c in page.cells
        if c.cy < amount.cy - 0.3 * amount.height
        and amount.y0 - c.y1 < 3.2 * amount.height
        and abs(c.cx - amount.cx) < 0.22 * page.width
        and len(plain(c.text)) >= 2
        and not re.search("账单详情|交易详情|全部账单|^\\W+$|转账详情|交易明细", plain(c.text))
        and not _STATUS.match(plain(c.text))
        and not is_price(c.text)
    ]
    return max(above, key=lambda c: c.cy, default=None)


def _top_name(text: str) -> str:
    return re.sub(r"[-—]\s*退款$", "", text).strip(" >›")


def _transfer(found: Found, cell: Cell, form: str) -> None:
    text = half_width(cell.text)
    if not form.startswith("transfer") and not _TRANSFER.search(text):
        return
    match = re.search(r"(?:付款|转账)?[-—]?(?:给|转给|来自|到|向)\s*(.+)$", text)
    name = match[1] if match else re.sub(r"^(转账|扫二维码付款|二维码收款)[-—]*", "", text)
    name = re.sub(r"(转账|付款)$", "", name).strip(" -—>")
    found.put("counterparty", name or None, [cell])
    if _TRANSFER.search(text):
        found.put("to_person", "true", [cell])


def _mark_person(found: Found) -> None:
    """A screen of the transfer kind is money to a person."""
    labels = {"转账单号", "转账时间", "转账说明", "转账备注", "对方账户", "转账附言"}
    for pair in found.pairs:
        if pair.label in labels:
            found.put("to_person", "true", pair.cells)


def _bank_transfer(found: Found) -> None:
    """A bank's transfer whose payee is no firm went to a person."""
    payee = found.fields.get("payee")
    about = [c for c in found.page.cells if "转账" in c.text]
    if payee is not None and about and not _FIRM.search(payee.value):
        found.put("to_person", "true", about[:1], 0.8)


def _name(text: str) -> str | None:
    text = text.strip(" >›")
    return text if len(plain(text)) >= 2 and not read_code(text, shortest=12) else None
