"""``read_bill``: bytes of a CSV, XLSX or password zip to one Bill."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gongdao.core.clock import BEIJING, find_instant, find_instants
from gongdao.core.errors import InputError, UnreadableFile
from gongdao.core.language import Phrase
from gongdao.core.language import gettext as _
from gongdao.evidence.bills.columns import column_name, layout_of, map_header
from gongdao.evidence.bills.refunds import link_refunds
from gongdao.evidence.bills.rows import fit_cells, read_row
from gongdao.evidence.bills.sheets import xlsx_rows
from gongdao.evidence.bills.tables import Row, csv_rows
from gongdao.evidence.bills.zips import open_bill_zip
from gongdao.evidence.reading import BillRow
from gongdao.evidence.text_decoding import decode_text

_HOLDERS = (
    "姓名",
    "微信昵称",
    "京东账号名",
    "户名",
    "账户名",
    "账户名称",
    "客户姓名",
    "账号",
    "用户",
)
_HOLDER = re.compile(rf"(?:^|\s)({'|'.join(_HOLDERS)})[:：]\s*\[?([^\],，]+)")
_ACCOUNT = re.compile(r"(?:支付宝账户|账号|卡号|账户)[:：]\s*\[?([^\],，\s]+)")
_PERIOD = re.compile(r"起始时间|起始日期|日期区间|起止日期|查询区间|时间范围")
_EXPORTED = re.compile(r"导出时间|申请时间|打印时间|下载时间")
_DAY = re.compile(r"(20\d{2})-(\d{2})-(\d{2})")
_HEADER_SEARCH = 400
_MOST_CELLS = 200


@dataclass(frozen=True)
class SkippedRow:
    """A row that could not be read: its line from 1, its text, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Bill:
    """One bill export. ``layout``: alipay_web, alipay_app_2021, alipay_app, wechat, wechat_xlsx,
    jd, cmb_debit, boc_debit, bocom_debit, icbc_debit, wallet or generic. ``period`` is (from, to),
    either may be None."""

    layout: str
    account_holder: str
    period: tuple[datetime | None, datetime | None]
    exported_at: datetime | None
    rows: tuple[BillRow, ...]
    skipped: tuple[SkippedRow, ...]
    account: str = ""


def read_bill(*, data: bytes, name: str, password: str | None = None) -> Bill:
    """Read one bill export; ``password`` opens a zip. Raise UnreadableFile when it is no bill."""
    if data[:4] == b"PK\x03\x04":
        inner = open_bill_zip(data, name=name, password=password)
        if inner is not None:
            return read_bill(data=inner.data, name=inner.name)
        return _bill(xlsx_rows(data, name=name), name=name, is_sheet=True)
    return _bill(csv_rows(decode_text(data, name=name).text), name=name, is_sheet=False)


def find_bill_layout(text: str) -> str | None:
    """The layout of a bill in decoded CSV text, or None when there is no bill header in it."""
    preamble: list[str] = []
    for row in csv_rows(text):
        if map_header(row.cells):
            return layout_of(frozenset(map(column_name, row.cells)), "\n".join(preamble))
        preamble.append(row.raw)
        if len(preamble) > _HEADER_SEARCH:
            break
    return None


def _bill(table: Iterable[Row], *, name: str, is_sheet: bool) -> Bill:
    around: list[str] = []
    rows: list[BillRow] = []
    skipped: list[SkippedRow] = []
    columns: dict[str, int] | None = None
    names: tuple[str, ...] = ()
    for row in table:
        if columns is None:
            columns = map_header(row.cells)
            names = tuple(map(column_name, row.cells)) if columns else ()
            if columns is None:
                around.append(row.raw)
            continue
        if _is_frame(row, columns, names):
            around.append(row.raw)
        else:
            _take(row, columns, len(_trimmed(names)), rows, skipped)
    if columns is None:
        raise UnreadableFile(
            Phrase("认不出这是哪种账单"),
            file=name or None,
            hint=Phrase("请用支付宝、微信支付或银行 App 的“导出账单（用于个人对账）”。"),
        )
    return _finish(names, around, rows, skipped, is_sheet)


def _finish(
    names: tuple[str, ...],
    around: list[str],
    rows: list[BillRow],
    skipped: list[SkippedRow],
    is_sheet: bool,
) -> Bill:
    text = "\n".join(around)
    layout = layout_of(frozenset(names), text)
    if layout == "alipay_app" and names[:1] == ("收/支",):
        layout = "alipay_app_2021"
    if is_sheet:
        layout = f"{layout}_xlsx"
    holder = _holder(around)
    account = _ACCOUNT.search(text)
    return Bill(
        layout=layout,
        account_holder=holder,
        period=_period(around),
        exported_at=_exported(around),
        rows=link_refunds(rows),
        skipped=tuple(skipped),
        account=account[1] if account else "",
    )


def _take(
    row: Row,
    columns: dict[str, int],
    width: int,
    rows: list[BillRow],
    skipped: list[SkippedRow],
) -> None:
    if len(row.cells) > _MOST_CELLS:
        skipped.append(SkippedRow(row.line, row.raw[:500], _("这一行的栏目太多")))
        return
    fitted = Row(row.line, fit_cells(row.cells, columns, width), row.raw)
    try:
        rows.append(read_row(fitted, columns))
    except InputError as error:
        skipped.append(SkippedRow(row.line, row.raw[:500], error.reason))


def _trimmed(names: tuple[str, ...]) -> tuple[str, ...]:
    while names and not names[-1]:
        names = names[:-1]
    return names


def _is_frame(row: Row, columns: dict[str, int], names: tuple[str, ...]) -> bool:
    """A footer, a rule of dashes or a repeated header: no row of data."""
    filled = [cell for cell in row.cells[:_MOST_CELLS] if cell]
    if tuple(map(column_name, row.cells[:3])) == names[:3]:
        return True
    if not filled or (set("".join(filled)) <= set("-=—_ ")):
        return True
    prose = re.match(
        r"共\s*\d+\s*笔|已?(?:收入|支出)|待(?:收入|支出)|其他[:：]|不计收支|导出|姓名|支付宝账户"
        r"|起始|终止|特别提示|\d{1,2}[.、]\S|合计|注[:：]|总计",
        filled[0],
    )
    return bool(prose) and len(filled) <= max(3, len(columns) // 3)


def _holder(around: list[str]) -> str:
    found: dict[str, str] = {}
    for line in around:
        for match in _HOLDER.finditer(line):
            found.setdefault(match[1], match[2].strip(" ,\t"))
    for key in (
        "姓名",
        "微信昵称",
        "京东账号名",
        "户名",
        "账户名",
        "账户名称",
        "客户姓名",
        "用户",
        "账号",
    ):
        if found.get(key):
            return found[key]
    return ""


def _period(around: list[str]) -> tuple[datetime | None, datetime | None]:
    for line in around:
        if not _PERIOD.search(line):
            continue
        instants = [at for at, _position in find_instants(line)]
        if len(instants) < 2:
            days = [tuple(map(int, m.groups())) for m in _DAY.finditer(line)]
            instants = [at for y, m, d in days if (at := _day(y, m, d))]
        if instants:
            return instants[0], instants[1] if len(instants) > 1 else None
    return None, None


def _day(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=BEIJING)
    except ValueError:
        return None


def _exported(around: list[str]) -> datetime | None:
    return next((at for x in around if _EXPORTED.search(x) and (at := find_instant(x))), None)
