"""A dujiaoka shop of any size as a MySQL dump, in pieces, for tests of moving in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.market.test_dujiaoka_dump import WHEN, create, quoted

Row = list[str | None]
STAMPS: Row = [WHEN, WHEN, None]
DELETED: Row = [WHEN, WHEN, WHEN]


def goods(id_: int, name: str, price: str = "9.90", *, kind: int = 1, **more: str) -> Row:
    """Goods, open, with what ``more`` says."""
    return [
        str(id_), "1", name, "简介", "", None, more.get("struck", "0.00"), price, "0", "0", "1",
        more.get("most", "5"), "", more.get("description", "<p>说明 &amp; 用法</p>"), str(kind),
        more.get("tiers", ""), more.get("asks", ""), None, "1", *STAMPS,
    ]  # fmt: skip


def card(
    id_: int,
    goods_id: int,
    text: str,
    *,
    sold: bool = False,
    loop: bool = False,
    gone: bool = False,
) -> Row:
    """A secret."""
    state = "2" if sold else "1"
    return [str(id_), str(goods_id), state, str(int(loop)), text, *(DELETED if gone else STAMPS)]


def order(
    id_: int, number: str, info: str, *, password: str = "", email: str = "", **more: str
) -> Row:
    """An order over 9.90, done where ``more`` does not say otherwise."""
    return [
        str(id_), number, more.get("goods", "1"), None, f"点卡 {id_}", more.get("kind", "1"),
        "9.90", "1", "0.00", "0.00", "9.90", more.get("paid", "9.90"), password, email, info, "1",
        "127.0.0.1", f"T{id_}", more.get("state", "4"), "0", *STAMPS,
    ]  # fmt: skip


def coupon(id_: int, code: str, off: str = "5.00", *, left: int = 3, on: bool = True) -> Row:
    """A coupon."""
    return [str(id_), off, "1", str(int(on)), code, str(left), *STAMPS]


def write_dump(path: Path, **tables: Iterable[Row]) -> Path:
    """A dump of these tables, one statement for each hundred rows."""
    with path.open("w", encoding="utf-8") as file:
        for name, rows in tables.items():
            file.write(create(name))
            for some in _hundreds(rows):
                said = ",".join(f"({','.join(map(quoted, row))})" for row in some)
                file.write(f"INSERT INTO `{name}` VALUES {said};\n")
    return path


def _hundreds(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == 100:
            yield some
            some = []
    if some:
        yield some


def small_shop(path: Path) -> Path:
    """A shop with one of everything that goes wrong in such shops."""
    return write_dump(
        path,
        carmis=[
            card(1, 1, "AAAA-0001"),
            card(2, 1, "AAAA-0002"),
            card(3, 1, "aaaa0002"),  # the same again, written differently
            card(4, 1, "SOLD-0004", sold=True),
            card(5, 1, "SOLD-0004"),  # sold before, and on offer again
            card(6, 1, "RACE-0006"),  # on offer, though an order shows it
            card(7, 2, "LOOP-0007", loop=True),
            card(8, 9, "LOST-0008"),
            card(9, 1, "GONE-0009", gone=True),
            card(10, 3, "BOTH-0010"),
            card(11, 3, "BOTH-0011", loop=True),
            card(12, 1, "----"),
            [*card(13, 1, "BAD")[:2], "7", *card(13, 1, "BAD")[3:]],
        ],
        coupons=[coupon(1, "SPRING"), coupon(2, "spring"), coupon(3, "OFF5", on=False, left=0),
                 coupon(4, "ZERO", "0.00")],
        coupons_goods=[["1", "1", "1"], ["2", "9", "1"], ["3", "2", "3"], ["4", "1", "8"]],
        goods=[
            goods(1, "点卡 50 元", struck="12.00", tiers="10=9.50\n20=12.00"),
            goods(2, "共享账号", most="0"),
            goods(3, "混合"),
            goods(4, "代充", "98.00", kind=2, asks="qq=QQ号=true"),
        ],
        goods_group=[["1", "游戏点卡", "1", "1", *STAMPS]],
        orders=[
            order(1, "AAAABBBBCCCC0001", "SOLD-0004\nRACE-0006", password="pw 1",
                  email="a@b.invalid"),
            order(2, "AAAABBBBCCCC0002", "LOOP-0007", email="Buyer@Example.invalid"),
            order(3, "AAAABBBBCCCC0003", "QQ号:123", kind="2", email="c@d.invalid"),
            order(4, "AAAABBBBCCCC0004", "", state="1", email="e@f.invalid"),
            order(5, "AAAABBBBCCCC0005", "DELETED-CARD", password="0", email="g@h.invalid"),
            order(6, "AAAABBBBCCCC0006", "x", paid="-1.00"),
        ],
    )  # fmt: skip
