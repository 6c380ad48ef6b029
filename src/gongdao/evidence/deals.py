"""Lists of deals and prices (最近成交), as buyers copy them: CSV text to dated prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.core.errors import InputError, UnreadableFile
from gongdao.core.language import Phrase
from gongdao.core.money import Money
from gongdao.evidence.bills.columns import column_name
from gongdao.evidence.bills.rows import read_amount, read_time
from gongdao.evidence.bills.tables import Row, csv_rows

_COLUMNS: dict[str, tuple[str, ...]] = {
    "at": (
        "成交时间",
        "时间",
        "成交日期",
        "日期",
        "交易时间",
        "购买时间",
        "下单时间",
        "记录时间",
        "采集时间",
    ),
    "price": (
        "成交价",
        "价格",
        "成交价格",
        "售价",
        "单价",
        "实付价",
        "到手价",
        "现价",
        "成交单价",
        "金额",
    ),
    "product": ("商品", "商品名称", "名称", "标题", "品名", "商品名"),
    "quantity": ("数量", "件数", "成交数量", "销量"),
    "source": ("来源", "出处", "备注", "页面"),
}


@dataclass(frozen=True)
class Deal:
    """One deal: ``price`` of one piece at ``at`` (Beijing; midnight where only a day is given),
    ``quantity`` pieces; ``line`` from 1."""

    at: datetime
    product: str
    price: Money
    quantity: int
    source: str
    line: int


def read_deals(text: str, *, name: str = "") -> tuple[Deal, ...]:
    """Every readable deal in decoded CSV text; raise UnreadableFile when there is no header with
    a time and a price. Rows without a readable time or price are left out."""
    columns: dict[str, int] | None = None
    deals = []
    for row in csv_rows(text):
        if columns is None:
            columns = _header(row)
            continue
        deal = _deal(row, columns)
        if deal:
            deals.append(deal)
    if columns is None:
        raise UnreadableFile(
            Phrase("这不是成交价列表：没有“成交时间”和“成交价”两列"),
            file=name or None,
            hint=Phrase("第一行请写：成交时间,商品,成交价,数量,来源"),
        )
    return tuple(deals)


def is_deal_list(text: str) -> bool:
    """Whether one of the first lines is the header of a list of deals (and not of a bill)."""
    for count, row in enumerate(csv_rows(text)):
        if columns := _header(row):
            names = {column_name(cell) for cell in row.cells}
            return "product" in columns and not names & {"余额", "流水号", "交易单号", "交易订单号"}
        if count > 20:
            break
    return False


def _header(row: Row) -> dict[str, int] | None:
    names = [column_name(cell) for cell in row.cells]
    found = {
        key: next(names.index(n) for n in synonyms if n in names)
        for key, synonyms in _COLUMNS.items()
        if any(n in names for n in synonyms)
    }
    return found if {"at", "price"} <= found.keys() else None


def _deal(row: Row, columns: dict[str, int]) -> Deal | None:
    cells = {key: row.cells[i] for key, i in columns.items() if i < len(row.cells)}
    at = read_time({"at": cells.get("at", "")})
    if at is None:
        return None
    try:
        price = read_amount(cells.get("price", "")).money
    except InputError:
        return None
    pieces = cells.get("quantity", "").strip()
    quantity = int(pieces) if pieces.isascii() and pieces.isdigit() and len(pieces) < 10 else 1
    return Deal(at, cells.get("product", ""), price, quantity, cells.get("source", ""), row.line)
