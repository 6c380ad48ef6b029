"""Why a line of an import was not taken: a reason for each, never what stood there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gongdao.core.language import mark, translated


class Reason(StrEnum):
    """Why a line was refused."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    FIELDS = "fields"
    SHAPE = "shape"
    UNDECODABLE = "undecodable"
    SPREADSHEET = "spreadsheet"
    IN_FILE = "in_file"
    IN_STOCK = "in_stock"
    ON_PLATFORM = "on_platform"


_WORDS = {
    Reason.EMPTY: mark("有一个字段是空的"),
    Reason.TOO_LONG: mark("太长了"),
    Reason.FIELDS: mark("分出来的字段数目不对"),
    Reason.SHAPE: mark("不像这个商品的卡密（位数或字符不对）"),
    Reason.UNDECODABLE: mark("有无法识别的文字，文件的编码可能不对"),
    Reason.SPREADSHEET: mark(
        "数字已被表格软件改坏（科学计数、超过 15 位或公式），请把这一列设为文本后重新导出"
    ),
    Reason.IN_FILE: mark("与本文件前面的一行重复"),
    Reason.IN_STOCK: mark("您已经导入过这条卡密"),
    Reason.ON_PLATFORM: mark("这条卡密在平台上已经有了"),
}


@dataclass(frozen=True)
class Refusal:
    """Line ``number`` (from 1) was not taken; ``same_as`` is the line it repeats, if in this
    file. What stood there is not kept."""

    number: int
    reason: Reason
    same_as: int | None = None

    def __str__(self) -> str:
        return translated(_WORDS[self.reason])


class BadSecret(ValueError):
    """A secret that cannot be taken; holds the reason, not the secret."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
