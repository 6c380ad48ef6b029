"""An existing dujiaoka shop (its 2.x tables) out of a MySQL dump, as a stream of plain records.

In the order of the dump, so that memory stays flat: whoever needs goods before secrets reads the
file more than once and picks what he needs. Secrets, passwords and addresses are never shown by
``repr``. What cannot be understood comes out as a ``MovedProblem``, and the rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import BinaryIO

from gongdao.core.clock import BEIJING
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.market.moving_in.mysql_dump import DumpRow, MysqlDump

_TABLES = ("coupons_goods", "goods_group", "coupons", "carmis", "orders", "goods")
"""Longer names first: a prefix of the installation stands before each."""
_DIGITS = 18
_NUMBER = re.compile(rf"-?\d{{1,{_DIGITS}}}")
_PLAIN_MONEY = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
"""As MySQL writes a decimal; what a person typed is read by the rules for that."""


class MovedOrderState(StrEnum):
    """What the shop said of an order."""

    WAITING = "waiting"
    PENDING = "pending"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    ABNORMAL = "abnormal"
    EXPIRED = "expired"


_STATES = {
    1: MovedOrderState.WAITING,
    2: MovedOrderState.PENDING,
    3: MovedOrderState.PROCESSING,
    4: MovedOrderState.DONE,
    5: MovedOrderState.FAILED,
    6: MovedOrderState.ABNORMAL,
    -1: MovedOrderState.EXPIRED,
}


@dataclass(frozen=True)
class MovedGroup:
    """A category of goods."""

    id: int
    name: str
    is_open: bool
    position: int
    deleted: bool


@dataclass(frozen=True)
class MovedTier:
    """A unit price from so many pieces on."""

    quantity: int
    price: Money


@dataclass(frozen=True)
class MovedQuestion:
    """Something that the buyer is asked for."""

    name: str
    label: str
    required: bool
    placeholder: str


@dataclass(frozen=True)
class MovedGoods:
    """A listing. ``automatic``: it has secrets; else a person delivers. ``hook`` is an address of
    the shop's own that was told of every sale."""

    id: int
    group_id: int | None
    name: str
    summary: str
    keywords: str
    picture: str
    struck_price: Money
    price: Money
    automatic: bool
    is_open: bool
    position: int
    most_per_order: int | None
    prompt: str
    description: str
    tiers: tuple[MovedTier, ...]
    questions: tuple[MovedQuestion, ...]
    hook: str
    stock: int
    sold: int
    deleted: bool


@dataclass(frozen=True)
class MovedSecret:
    """A secret of ``goods_id``; ``loop``: it may be sold without end."""

    id: int
    goods_id: int
    text: str = field(repr=False)
    sold: bool
    loop: bool
    deleted: bool


@dataclass(frozen=True)
class MovedOrder:
    """An order. ``content`` is what was delivered, or what the buyer filled in; ``secrets`` its
    lines where an automatic order was done. Which rows they are is known by their text alone."""

    id: int
    number: str
    goods_id: int
    coupon_id: int | None
    title: str
    automatic: bool
    unit_price: Money
    quantity: int
    coupon_off: Money
    wholesale_off: Money
    total: Money
    paid: Money
    password: str = field(repr=False)
    email: str = field(repr=False)
    content: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    trade_no: str
    state: MovedOrderState
    created_at: datetime | None
    updated_at: datetime | None
    deleted: bool


@dataclass(frozen=True)
class MovedCoupon:
    """A coupon: so much off, ``uses_left`` times."""

    id: int
    code: str = field(repr=False)
    off: Money
    uses_left: int
    used: bool
    is_open: bool
    deleted: bool


@dataclass(frozen=True)
class MovedCouponGoods:
    """That a coupon holds for these goods."""

    coupon_id: int
    goods_id: int


@dataclass(frozen=True)
class MovedProblem:
    """Row ``id`` of ``table``, which ends at ``line``, was not understood; ``column`` is where."""

    table: str
    id: str
    line: int
    column: str


Moved = (
    MovedGroup
    | MovedGoods
    | MovedSecret
    | MovedOrder
    | MovedCoupon
    | MovedCouponGoods
    | MovedProblem
)


def read_dujiaoka(file: BinaryIO, *, tables: Collection[str] = _TABLES) -> Iterator[Moved]:
    """Every record of the shop in ``file``: a dump as text, or packed with gzip; it can seek. Where
    not all is wanted, ``tables`` names what is, which is several times as fast.

    Raise InputError where the file is no dump, or is broken off.
    """
    dump = MysqlDump(file, tables=_AnyPrefix(tables))
    for row in dump:
        table = _table_of(row.table) or ""
        read = _READERS[table]
        try:
            yield read(_Fields(row, dump.utc))
        except _NotUnderstood as error:
            found = row.values.get("id")
            known = found if isinstance(found, str) and found.isdecimal() else ""
            yield MovedProblem(table, known, row.line, str(error))


class _AnyPrefix:
    """All names of some of our tables, whatever prefix the installation gave them."""

    def __init__(self, tables: Collection[str]) -> None:
        self._tables = tables

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _table_of(name) in self._tables


@lru_cache(maxsize=64)
def _table_of(name: str) -> str | None:
    return next((one for one in _TABLES if name == one or name.endswith(f"_{one}")), None)


class _NotUnderstood(ValueError):
    """A column holds what it cannot; says its name, not its value."""


class _Fields:
    """The columns of a row, each read as what it should be."""

    def __init__(self, row: DumpRow, utc: bool) -> None:
        self._values = row.values
        self._zone = UTC if utc else BEIJING

    def text(self, name: str) -> str:
        """Text; NULL and a missing column are empty."""
        value = self._values.get(name)
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise _NotUnderstood(name) from None
        return value or ""

    def number(self, name: str, missing: int | None = None) -> int:
        """A whole number; ``missing`` stands for NULL and a missing column."""
        text = self.text(name).strip()
        if text.isdecimal() and len(text) <= _DIGITS:
            return int(text)
        if not text and missing is not None:
            return missing
        if not _NUMBER.fullmatch(text):
            raise _NotUnderstood(name)
        return int(text)

    def maybe(self, name: str) -> int | None:
        """A whole number that refers to something; 0 and NULL are none."""
        return self.number(name, 0) or None

    def flag(self, name: str) -> bool:
        """0 or 1; NULL is 0."""
        return self.number(name, 0) == 1

    def money(self, name: str) -> Money:
        """Yuan with decimals; NULL is nothing."""
        text = self.text(name).strip()
        if _PLAIN_MONEY.fullmatch(text):
            return Money(int(text[:-3] + text[-2:]))
        try:
            return Money.parse(text or "0")
        except InputError:
            raise _NotUnderstood(name) from None

    def time(self, name: str) -> datetime | None:
        """A time in the zone of the dump; NULL and MySQL's zero are none."""
        text = self.text(name).strip()
        if not text or text.startswith("0000"):
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise _NotUnderstood(name) from None
        return found if found.tzinfo else found.replace(tzinfo=self._zone)

    @property
    def deleted(self) -> bool:
        """Whether the shop's owner deleted it; the shop keeps such rows."""
        return bool(self.text("deleted_at").strip())


def _group(row: _Fields) -> MovedGroup:
    return MovedGroup(
        id=row.number("id"),
        name=row.text("gp_name"),
        is_open=row.flag("is_open"),
        position=row.number("ord", 0),
        deleted=row.deleted,
    )


def _goods(row: _Fields) -> MovedGoods:
    most = row.number("buy_limit_num", 0)
    return MovedGoods(
        id=row.number("id"),
        group_id=row.maybe("group_id"),
        name=row.text("gd_name"),
        summary=row.text("gd_description"),
        keywords=row.text("gd_keywords"),
        picture=row.text("picture"),
        struck_price=row.money("retail_price"),
        price=row.money("actual_price"),
        automatic=row.number("type") == 1,
        is_open=row.flag("is_open"),
        position=row.number("ord", 0),
        most_per_order=most if most > 0 else None,
        prompt=row.text("buy_prompt"),
        description=row.text("description"),
        tiers=_tiers(row.text("wholesale_price_cnf")),
        questions=_questions(row.text("other_ipu_cnf")),
        hook=row.text("api_hook"),
        stock=row.number("in_stock", 0),
        sold=row.number("sales_volume", 0),
        deleted=row.deleted,
    )


def _tiers(text: str) -> tuple[MovedTier, ...]:
    """Lines of ``quantity=unit price``."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        quantity, _equals, price = line.partition("=")
        try:
            found.append(MovedTier(int(quantity), Money.parse(price)))
        except (ValueError, InputError):
            raise _NotUnderstood("wholesale_price_cnf") from None
    return tuple(found)


def _questions(text: str) -> tuple[MovedQuestion, ...]:
    """Lines of ``name=label=true|false``, perhaps with ``=placeholder``."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = line.split("=", 3)
        if len(parts) < 3 or parts[2].strip().lower() not in ("true", "false"):
            raise _NotUnderstood("other_ipu_cnf")
        required = parts[2].strip().lower() == "true"
        found.append(
            MovedQuestion(parts[0].strip(), parts[1].strip(), required, "".join(parts[3:]))
        )
    return tuple(found)


def _secret(row: _Fields) -> MovedSecret:
    state = row.number("status")
    if state not in (1, 2):
        raise _NotUnderstood("status")
    text = row.text("carmi").strip()
    if not text:
        raise _NotUnderstood("carmi")
    return MovedSecret(
        id=row.number("id"),
        goods_id=row.number("goods_id"),
        text=text,
        sold=state == 2,
        loop=row.flag("is_loop"),
        deleted=row.deleted,
    )


def _order(row: _Fields) -> MovedOrder:
    state = _STATES.get(row.number("status"))
    if state is None:
        raise _NotUnderstood("status")
    number = row.text("order_sn").strip()
    if not re.fullmatch(r"[0-9A-Za-z]{1,150}", number):
        raise _NotUnderstood("order_sn")
    automatic, content = row.number("type") == 1, row.text("info")
    delivered = automatic and state is MovedOrderState.DONE
    return MovedOrder(
        id=row.number("id"),
        number=number,
        goods_id=row.number("goods_id", 0),
        coupon_id=row.maybe("coupon_id"),
        title=row.text("title"),
        automatic=automatic,
        unit_price=row.money("goods_price"),
        quantity=row.number("buy_amount"),
        coupon_off=row.money("coupon_discount_price"),
        wholesale_off=row.money("wholesale_discount_price"),
        total=row.money("total_price"),
        paid=row.money("actual_price"),
        password=row.text("search_pwd"),
        email=row.text("email"),
        content=content,
        secrets=tuple(filter(None, map(str.strip, content.splitlines()))) if delivered else (),
        trade_no=row.text("trade_no"),
        state=state,
        created_at=row.time("created_at"),
        updated_at=row.time("updated_at"),
        deleted=row.deleted,
    )


def _coupon(row: _Fields) -> MovedCoupon:
    return MovedCoupon(
        id=row.number("id"),
        code=row.text("coupon"),
        off=row.money("discount"),
        uses_left=row.number("ret", 0),
        used=row.number("is_use", 1) == 2,
        is_open=row.flag("is_open"),
        deleted=row.deleted,
    )


def _coupon_goods(row: _Fields) -> MovedCouponGoods:
    return MovedCouponGoods(row.number("coupons_id"), row.number("goods_id"))


_READERS: dict[str, Callable[[_Fields], Moved]] = {
    "goods_group": _group,
    "goods": _goods,
    "carmis": _secret,
    "orders": _order,
    "coupons": _coupon,
    "coupons_goods": _coupon_goods,
}
