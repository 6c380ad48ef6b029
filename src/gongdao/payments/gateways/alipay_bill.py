"""The day's bill of 支付宝: a zip of comma-separated files in GBK; one has the details."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from gongdao.core.money import Money
from gongdao.payments.amounts import read_amount
from gongdao.payments.port import BadCallback, BilledRefund, GatewayError, Report, Told

_COLUMNS = ("支付宝交易号", "商户订单号", "业务类型", "订单金额（元）", "退款批次号/请求号")
_TITLE = "商品名称"
_PAID, _BACK = "交易", "退款"
_LONGEST = 64 << 20
"""In bytes, of one file unpacked."""
_HOME = ".alipay.com"
_ENCRYPTED = 0x1
"""The bit of a member's flags; zipfile would say so by a bare RuntimeError."""
_UNREADABLE = (
    zipfile.BadZipFile,  # no zip, or a member whose checksum is wrong
    zlib.error,  # compressed data that were damaged
    EOFError,  # data that end too early
    NotImplementedError,  # packed in a way that Python lacks
    UnicodeDecodeError,  # another encoding
)
"""What reading a bill that is none raises: each says the same to us, ask again."""


def check_place(url: str, gateway: str) -> None:
    """Raise GatewayError for an address that is neither the service's own nor where the gateway
    is: the answer is signed, but what is fetched there is not."""
    place, home = urlsplit(url), urlsplit(gateway)
    same = (place.scheme, place.netloc) == (home.scheme, home.netloc)
    if not same and not (place.scheme == "https" and (place.hostname or "").endswith(_HOME)):
        raise GatewayError("bill_elsewhere")


def read_paid(body: bytes, account: str) -> Sequence[Report]:
    """The payments of a bill, as payments to the app ``account``."""
    return [
        Report(number, trade, Told.PAID, _money(amount), account)
        for trade, number, kind, amount, _back in _lines(body)
        if kind == _PAID
    ]


def read_back(body: bytes) -> Sequence[BilledRefund]:
    """The refunds of a bill, under the numbers of their requests; their amounts are negative."""
    return [
        BilledRefund(trade, back, _money(amount.removeprefix("-")))
        for trade, _number, kind, amount, back in _lines(body)
        if kind == _BACK
    ]


def _lines(body: bytes) -> Iterator[list[str]]:
    """Our columns of every line of details; lines that begin with # are the service's remarks."""
    for text in _files(body):
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        rows = _table(lines)
        if not rows or not {*_COLUMNS, _TITLE} <= set(rows[0]):
            continue  # the sums
        head, title = rows[0], rows[0].index(_TITLE)
        places = [head.index(one) for one in _COLUMNS]
        for row in rows[1:]:
            more = len(row) - len(head)  # commas in the title of the goods, which nobody quotes
            if more < 0:
                raise GatewayError("no_usable_bill")
            yield [row[place + more if place > title else place] for place in places]
        return
    raise GatewayError("no_usable_bill")


def _table(lines: Sequence[str]) -> list[list[str]]:
    try:
        return [[field.strip() for field in row] for row in csv.reader(lines)]
    except csv.Error:  # a field without an end
        raise GatewayError("no_usable_bill") from None


def _files(body: bytes) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for one in packed.infolist():
                if one.flag_bits & _ENCRYPTED:
                    raise GatewayError("no_usable_bill")
                if one.file_size > _LONGEST:
                    raise GatewayError("too_long")
                with packed.open(one) as file:
                    yield file.read(_LONGEST).decode("gb18030")
    except _UNREADABLE:
        raise GatewayError("no_usable_bill") from None


def _money(amount: str) -> Money:
    try:
        return read_amount(amount)
    except BadCallback:
        raise GatewayError("no_usable_bill") from None
