"""What is said of rows that were not taken: table, row, field and reason, never what was in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gongdao.core.language import mark, translated


class RowReason(StrEnum):
    """Why a row of the old shop was not taken, or needs a look."""

    UNREADABLE = "unreadable"
    KNOWN = "known"
    ON_PLATFORM = "on_platform"
    STILL_FOR_SALE = "still_for_sale"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    SHAPE = "shape"
    UNDECODABLE = "undecodable"
    NO_GOODS = "no_goods"
    NO_COUPON = "no_coupon"
    NO_LIMIT = "no_limit"
    NUMBER = "number"
    CODE = "code"
    NOTHING_OFF = "nothing_off"
    OFF = "off"


_WORDS = {
    RowReason.UNREADABLE: mark("这一栏的内容读不懂"),
    RowReason.KNOWN: mark("这张卡在旧店已经卖过、在文件里重复，或您已经导入过"),
    RowReason.ON_PLATFORM: mark("这张卡在平台上已经有了，不是从您这里来的"),
    RowReason.STILL_FOR_SALE: mark("旧店已经卖出，可它还在您这里的货架上：请停售那一批"),
    RowReason.EMPTY: mark("没有内容"),
    RowReason.TOO_LONG: mark("太长了"),
    RowReason.SHAPE: mark("里面没有可以辨认的字母或数字"),
    RowReason.UNDECODABLE: mark("有无法识别的文字"),
    RowReason.NO_GOODS: mark("它所属的商品不在文件里，或在旧店已经删除，或没有搬成"),
    RowReason.NO_COUPON: mark("它所属的优惠券没有搬成"),
    RowReason.NO_LIMIT: mark("可以重复卖的卡，旧店没有写次数：用 --loop-uses 说每张最多卖几次"),
    RowReason.NUMBER: mark("编号超出范围"),
    RowReason.CODE: mark("优惠码太短、太长或重复"),
    RowReason.NOTHING_OFF: mark("减的金额要大于零"),
    RowReason.OFF: mark("搬来了，没有启用：单价会比同类商品低得多，启用时平台先看过"),
}


@dataclass(frozen=True)
class RefusedRow:
    """Row ``id`` of ``table`` was not taken because of ``field``."""

    table: str
    id: str
    field: str
    reason: RowReason

    def __str__(self) -> str:
        return translated(_WORDS[self.reason])
