"""What the columns of bill exports are called, and how a header row is told from other lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

SYNONYMS: dict[str, tuple[str, ...]] = {
    "at": (
        "付款时间",
        "交易时间",
        "支付时间",
        "时间",
        "发生时间",
        "入账时间",
        "创建时间",
        "日期时间",
        "交易日期时间",
        "流水时间",
    ),
    "created": ("交易创建时间",),
    "day": ("交易日期", "记账日期", "日期", "入账日期", "交易日"),
    "clock": ("记账时间",),
    "amount": (
        "金额",
        "交易金额",
        "变动金额",
        "发生额",
        "收支金额",
        "金额变动",
        "变动",
        "人民币金额",
        "收入/支出金额",
    ),
    "income": ("收入金额", "收入", "贷方发生额", "存入金额", "交易金额(收入)", "记账金额(收入)"),
    "expense": ("支出金额", "支出", "借方发生额", "支取金额", "交易金额(支出)", "记账金额(支出)"),
    "direction": ("收/支", "收支", "收支类型", "借贷", "借贷标志", "借/贷", "资金方向"),
    "kind": (
        "交易类型",
        "类型",
        "交易分类",
        "交易名称",
        "交易摘要",
        "业务类型",
        "流水类型",
        "变动类型",
    ),
    "counterparty": (
        "交易对方",
        "商户名称",
        "对方户名",
        "对方账户名",
        "对手信息",
        "对方名称",
        "商户",
        "对方",
        "收款方",
    ),
    "counterparty_account": ("对方账号", "对方卡号/账号", "对方账户"),
    "item": ("商品说明", "商品名称", "商品", "交易说明", "摘要", "说明", "附言", "描述"),
    "method": ("收/付款方式", "支付方式", "付款方式", "渠道", "交易场所", "交易地点"),
    "status": ("交易状态", "当前状态", "状态"),
    "transaction_no": (
        "交易订单号",
        "交易单号",
        "交易号",
        "流水号",
        "交易流水号",
        "订单号",
        "单号",
    ),
    "merchant_order_no": (
        "商家订单号",
        "商户单号",
        "商户订单号",
        "关联订单",
        "关联订单号",
        "业务单号",
        "关联单号",
    ),
    "note": ("备注", "客户摘要"),
    "balance": ("余额", "联机余额", "账户余额", "变动后余额"),
    "currency": ("币别", "货币", "币种", "币种名称", "交易币种"),
    "category": ("交易分类", "资金状态"),
    "fee": ("服务费",),
    "refunded": ("成功退款",),
    "sequence": ("序号",),
    "modified": ("最近修改时间",),
    "source": ("交易来源地", "网点名称"),
    "bank": ("对方开户行",),
    "card": ("借记卡号",),
}
"""Our name for a column → what exports call it; the first name that fits wins."""

_NAMES = {name: key for key in reversed(SYNONYMS) for name in SYNONYMS[key]}
_UNIT = re.compile(r"[(（](?:元|人民币|CNY|RMB|借\s*Dr/贷\s*Cr|￥|¥)[)）]$", re.IGNORECASE)


def column_name(text: str) -> str:
    """A header cell without width, blanks, quotes and unit: ``金额（元） `` → ``金额``."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("\"'").strip()
    return _UNIT.sub("", plain).replace(" ", "")


def map_header(cells: Sequence[str]) -> dict[str, int] | None:
    """Column positions by our names when ``cells`` is a header row of a bill, else None.

    A header has a time or day, an amount (or income and expense) and two more known columns; one
    more is enough where no column is unknown.
    """
    names = [column_name(cell) for cell in cells]
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        key = _NAMES.get(name)
        if key is None:
            continue
        key = {"交易时间": "at"}.get(name, key)
        if key not in found or (key == "at" and name == "付款时间"):
            found[key] = position
    has_time = "at" in found or "day" in found or "created" in found
    has_amount = "amount" in found or ("income" in found and "expense" in found)
    whole = len(found) == 3 and all(name in _NAMES for name in names if name)
    if not has_time or not has_amount or (len(found) < 4 and not whole):
        return None
    return found


def layout_of(names: frozenset[str], preamble: str) -> str:
    """The layout's name from its column names and the text above the header."""
    for layout, needed, words in _LAYOUTS:
        if needed <= names and (not words or any(word in preamble for word in words)):
            return layout
    return "generic"


_LAYOUTS: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    ("alipay_web", frozenset(("交易创建时间", "商品名称", "资金状态")), ()),
    ("wechat", frozenset(("交易类型", "当前状态", "交易单号", "商户单号")), ()),
    ("jd", frozenset(("商户名称", "交易说明", "收/付款方式")), ()),
    ("alipay_app", frozenset(("交易订单号", "对方账号", "商品说明", "交易时间")), ()),
    ("cmb_debit", frozenset(("记账日期", "联机余额", "交易摘要", "对手信息")), ()),
    ("boc_debit", frozenset(("记账日期", "记账时间", "币别", "交易名称", "对方账户名")), ()),
    ("bocom_debit", frozenset(("交易日期", "交易时间", "借贷", "对方户名")), ()),
    ("icbc_debit", frozenset(("交易日期", "摘要")), ("明细查询文件下载",)),
    ("icbc_debit", frozenset(("交易日期", "记账金额(收入)")), ()),
    ("wallet", frozenset(("流水号", "金额", "余额")), ()),
)
