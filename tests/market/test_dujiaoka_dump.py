"""A dujiaoka shop out of its MySQL dump, whoever wrote the dump and however it is cut."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING
from gongdao.core.errors import InputError
from gongdao.core.money import Money
from gongdao.market.moving_in import mysql_dump
from gongdao.market.moving_in.dujiaoka_dump import (
    MovedCoupon,
    MovedCouponGoods,
    MovedGoods,
    MovedGroup,
    MovedOrder,
    MovedOrderState,
    MovedProblem,
    MovedQuestion,
    MovedSecret,
    MovedTier,
    read_dujiaoka,
)
from gongdao.market.moving_in.mysql_dump import MysqlDump

COLUMNS = {
    "carmis": "id goods_id status is_loop carmi created_at updated_at deleted_at",
    "coupons": "id discount is_use is_open coupon ret created_at updated_at deleted_at",
    "coupons_goods": "id goods_id coupons_id",
    "goods": "id group_id gd_name gd_description gd_keywords picture retail_price actual_price"
    " in_stock sales_volume ord buy_limit_num buy_prompt description type wholesale_price_cnf"
    " other_ipu_cnf api_hook is_open created_at updated_at deleted_at",
    "goods_group": "id gp_name is_open ord created_at updated_at deleted_at",
    "orders": "id order_sn goods_id coupon_id title type goods_price buy_amount"
    " coupon_discount_price wholesale_discount_price total_price actual_price search_pwd email"
    " info pay_id buy_ip trade_no status coupon_ret_back created_at updated_at deleted_at",
    "admin_users": "id username password",
}
HARD = "A'B\\C\"D;E--F\n/*G*/`(1,'x');\t号 #0 '', \x1a"
WHEN = "2025-03-04 05:06:07"
ROWS = {
    "admin_users": [["1", "admin'; INSERT INTO `carmis` VALUES (9,9,1,0,'FAKE')", "hash"]],
    "carmis": [
        ["1", "1", "1", "0", "CODE-1----PIN", WHEN, WHEN, None],
        ["2", "1", "2", "0", "SOLD-2", WHEN, WHEN, None],
        ["3", "1", "1", "1", HARD, WHEN, WHEN, WHEN],
        ["4", "1", "7", "0", "BAD STATE", WHEN, WHEN, None],
        ["5", "1", "1", "0", "  ", WHEN, WHEN, None],
    ],
    "coupons": [["1", "5.00", "1", "1", "SPRING", "3", WHEN, WHEN, None]],
    "coupons_goods": [["1", "1", "1"]],
    "goods": [
        ["1", "2", "点卡 '50'", "简介", "游戏", None, "12.00", "9.90", "3", "17", "1", "5",
         "提示", "<p>说明; (x)</p>", "1", "10=9.50\n50=9.00", "", None, "1", WHEN, WHEN, None],
        ["2", "0", "代充", "", "", None, "0.00", "98.00", "0", "0", "2", "0", None, None, "2", "",
         "qq=QQ号=true=填数字\nserver=区服=false", "https://hook.example/x", "0", WHEN, WHEN, WHEN],
        ["3", "2", "坏的", "", "", None, "0", "1.00", "0", "0", "1", "0", "", "", "1", "ten=9", "",
         None, "1", WHEN, WHEN, None],
    ],
    "goods_group": [["2", "游戏点卡", "1", "1", WHEN, WHEN, None]],
    "orders": [
        ["1", "ABCDEFGH12345678", "1", "1", "点卡 x 2", "1", "9.90", "2", "5.00", "0.00", "19.80",
         "14.80", "pw", "buyer@example.com", "CODE-1\nCODE-2", "1", "1.2.3.4", "T1", "4", "0", WHEN,
         WHEN, None],
        ["2", "ZZZZ000011112222", "2", None, "代充 x 1", "2", "98.00", "1", "0.00", "0.00", "98.00",
         "98.00", "", "b@example.com", "QQ号:123", None, "1.2.3.4", "", "-1", "0", WHEN, None,
         None],
        ["3", "bad number!", "1", None, "", "1", "1", "1", "0", "0", "1", "1", "", "", "", None, "",
         "", "1", "0", WHEN, WHEN, None],
    ],
}  # fmt: skip


def quoted(value: str | None) -> str:
    """A value as MySQL writes it: numbers of some columns bare, all else as text."""
    if value is None:
        return "NULL"
    if value.lstrip("-").replace(".", "", 1).isdigit() and len(value) < 9:
        return value
    marks = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\0": "\\0", "\x1a": "\\Z"}
    return "'" + "".join(marks.get(char, char) for char in value) + "'"


def rows_of(table: str) -> list[str]:
    """Each row in brackets."""
    return [f"({','.join(map(quoted, row))})" for row in ROWS[table]]


def create(table: str) -> str:
    """The table's definition, with what stands around its columns."""
    columns = ",\n".join(
        f"  `{name}` varchar(200) COLLATE utf8mb4_unicode_ci DEFAULT NULL COMMENT '所属, (`x`);'"
        for name in COLUMNS[table].split()
    )
    return (
        f"CREATE TABLE `{table}` (\n{columns},\n  PRIMARY KEY (`id`),\n  KEY `k` (`id`,`id`)\n)"
        " ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COMMENT='a;b';\n"
    )


def mysqldump() -> str:
    """As mysqldump writes it: many rows in a statement, times in UTC."""
    parts = [
        "-- MySQL dump 10.13  Distrib 5.7.40\n-- It's a dump\n\n",
        "/*!40101 SET NAMES utf8mb4 */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n",
    ]
    for table in sorted(ROWS):
        parts += [
            f"--\n-- Table structure for table `{table}`\n--\n",
            f"DROP TABLE IF EXISTS `{table}`;\n/*!40101 SET character_set_client = utf8 */;\n",
            create(table),
            f"LOCK TABLES `{table}` WRITE;\n/*!40000 ALTER TABLE `{table}` DISABLE KEYS */;\n",
            f"INSERT INTO `{table}` VALUES {','.join(rows_of(table))};\nUNLOCK TABLES;\n",
        ]
    parts.append("DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON goods FOR EACH ROW BEGIN\n")
    parts.append("INSERT INTO `carmis` VALUES (8,8,1,0,'IN TRIGGER',NULL,NULL,NULL); END ;;\n")
    return "".join([*parts, "DELIMITER ;\n-- Dump completed on 2025-03-04"])


def navicat(prefix: str = "") -> str:
    """As Navicat writes it: a statement for each row, in the shop's own time."""
    parts = ["/*\n Navicat's dump; 'x\n*/\nSET NAMES utf8mb4;\nSET FOREIGN_KEY_CHECKS = 0;\n"]
    for table in ROWS:
        parts.append(create(table).replace(f"`{table}`", f"`{prefix}{table}`"))
        parts.append("BEGIN;\n")
        parts += [f"INSERT INTO `{prefix}{table}` VALUES {row};\n" for row in rows_of(table)]
        parts.append("COMMIT;\n\n")
    return "".join(parts)


def phpmyadmin() -> str:
    """As phpMyAdmin writes it: columns named in another order, no definitions, times in UTC."""
    parts = ['SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";\r\nSET time_zone = "+00:00";\r\n']
    for table in ROWS:
        names = COLUMNS[table].split()[::-1]
        columns = ", ".join(f"`{name}`" for name in names)
        rows = ",\r\n".join(f"({', '.join(map(quoted, row[::-1]))})" for row in ROWS[table])
        parts.append(f"INSERT INTO `shop`.`{table}` ({columns}) VALUES\r\n{rows};\r\n")
    return "".join(parts)


def read(text: str, encoding: str = "utf-8") -> dict[type, list]:
    """Records by kind."""
    found: dict[type, list] = {}
    for one in read_dujiaoka(io.BytesIO(text.encode(encoding))):
        found.setdefault(type(one), []).append(one)
    return found


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        (mysqldump(), UTC),
        (navicat(), BEIJING),
        (navicat("dj_"), BEIJING),
        (phpmyadmin(), UTC),
    ],
)
def test_a_whole_shop(text, zone):
    """Every record of every table, from each kind of dump."""
    found = read(text)
    assert [(one.id, one.text, one.sold, one.loop, one.deleted) for one in found[MovedSecret]] == [
        (1, "CODE-1----PIN", False, False, False),
        (2, "SOLD-2", True, False, False),
        (3, HARD.strip(), False, True, True),
    ]
    assert found[MovedGroup] == [MovedGroup(2, "游戏点卡", True, 1, False)]
    assert found[MovedCoupon] == [MovedCoupon(1, "SPRING", Money(500), 3, False, True, False)]
    assert found[MovedCouponGoods] == [MovedCouponGoods(1, 1)]
    card, top_up = found[MovedGoods]
    assert (card.name, card.price, card.struck_price) == ("点卡 '50'", Money(990), Money(1200))
    assert card.tiers == (MovedTier(10, Money(950)), MovedTier(50, Money(900)))
    assert (card.automatic, card.most_per_order, card.stock, card.sold) == (True, 5, 3, 17)
    assert (card.group_id, card.description) == (2, "<p>说明; (x)</p>")
    assert top_up.questions == (
        MovedQuestion("qq", "QQ号", True, "填数字"),
        MovedQuestion("server", "区服", False, ""),
    )
    assert (top_up.group_id, top_up.deleted, top_up.is_open) == (None, True, False)
    done, expired = found[MovedOrder]
    assert (done.number, done.state) == ("ABCDEFGH12345678", MovedOrderState.DONE)
    assert (done.secrets, done.quantity, done.paid) == (("CODE-1", "CODE-2"), 2, Money(1480))
    assert done.created_at == datetime(2025, 3, 4, 5, 6, 7, tzinfo=zone)
    assert (expired.state, expired.secrets) == (MovedOrderState.EXPIRED, ())
    assert (expired.content, expired.coupon_id, expired.updated_at) == ("QQ号:123", None, None)
    assert {(one.table, one.id, one.column) for one in found[MovedProblem]} == {
        ("carmis", "4", "status"),
        ("carmis", "5", "carmi"),
        ("goods", "3", "wholesale_price_cnf"),
        ("orders", "3", "order_sn"),
    }


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 64, 1000])
def test_pieces_may_be_cut_anywhere(monkeypatch, piece):
    """In whatever pieces a dump is read, its records are the same."""
    for text in (mysqldump(), navicat(), phpmyadmin()):
        expected = list(read_dujiaoka(io.BytesIO(text.encode())))
        monkeypatch.setattr(mysql_dump, "_PIECE", piece)
        assert list(read_dujiaoka(io.BytesIO(text.encode()))) == expected
        monkeypatch.undo()


@pytest.mark.parametrize("tables", [("carmis",), ("orders", "carmis"), ("goods",), ()])
@pytest.mark.parametrize("text", [mysqldump(), navicat(), navicat("dj_"), phpmyadmin()])
def test_some_tables_alone_give_the_same(monkeypatch, text, tables):
    """What is read of some tables is what all of them give, without the others; also where rows
    that are passed over are cut in pieces."""
    kinds: dict[str, type] = {"carmis": MovedSecret, "orders": MovedOrder, "goods": MovedGoods}
    wanted = [kinds[one] for one in tables]
    expected = [
        one
        for one in read_dujiaoka(io.BytesIO(text.encode()))
        if type(one) in wanted or (isinstance(one, MovedProblem) and one.table in tables)
    ]
    for piece in (7, 1 << 18):
        monkeypatch.setattr(mysql_dump, "_PIECE", piece)
        found = list(read_dujiaoka(io.BytesIO(text.encode()), tables=tables))
        assert found == expected


@settings(derandomize=True, deadline=None)
@given(st.from_regex(r"[0-9]{1,12}\.[0-9]{2}", fullmatch=True))
def test_an_amount_as_mysql_writes_it(text):
    """Read the short way it is the same money."""
    row = ["1", text, "1", "1", "SPRING", "3", WHEN, WHEN, None]
    columns = create("coupons")
    dump = f"{columns}INSERT INTO `coupons` VALUES ({','.join(map(quoted, row))});\n"
    (found,) = read_dujiaoka(io.BytesIO(dump.encode()))
    assert found.off == Money.parse(text)


def test_packed_and_in_other_encodings():
    """Packed with gzip, in GBK or with a mark: the same."""
    expected = read(mysqldump())
    packed = gzip.compress(mysqldump().encode())
    assert list(read_dujiaoka(io.BytesIO(packed))) == list(
        read_dujiaoka(io.BytesIO(mysqldump().encode()))
    )
    assert read(mysqldump(), "gb18030") == expected == read(mysqldump(), "utf-8-sig")


def test_nothing_is_shown_of_what_is_secret():
    """Secrets, passwords, addresses and coupon codes stand in no repr and in no problem."""
    shown = repr(list(read_dujiaoka(io.BytesIO(navicat().encode()))))
    for hidden in ("CODE-1", "SOLD-2", "buyer@example.com", "'pw'", "SPRING", "QQ号:123", "BAD"):
        assert hidden not in shown, hidden
    assert "ABCDEFGH12345678" in shown


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=30), st.one_of(st.none(), st.text("'\"\\`;()-/*#\n,x", max_size=20))
        ),
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_any_values_come_back(rows, piece):
    """Whatever text MySQL holds comes out of its dump as it was."""
    rows = [[a.replace("\r", ""), b] for a, b in rows]
    body = ",".join(f"({quoted_text(a)},{quoted_text(b)})" for a, b in rows)
    text = "CREATE TABLE `t` (`a` text,\n`b` text);\n"
    text += f"INSERT INTO `t` VALUES {body};\n" if rows else ""
    kept, mysql_dump._PIECE = mysql_dump._PIECE, piece
    try:
        dump = MysqlDump(io.BytesIO(text.encode("utf-8", "surrogatepass")), tables={"t"})
        found = [[row.values["a"], row.values["b"]] for row in dump]
    finally:
        mysql_dump._PIECE = kept
    assert found == rows


def quoted_text(value: str | None) -> str:
    """As MySQL writes text, whatever it looks like; half of the quotation marks doubled."""
    if value is None:
        return "NULL"
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\x1a", "\\Z")
    return "'" + text.replace("\0", "\\0").replace("'", "''") + "'"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("0x41C3A9, X'42'", ["A\u00c3\u00a9".encode("latin-1"), b"B"]),
        ("_binary 'ab', _utf8mb4'cd'", ["ab", "cd"]),
        ("TRUE, -1.50", ["1", "-1.50"]),
        ("'a''b', \"c\"\"d\"", ["a'b", 'c"d']),
    ],
)
def test_other_literals(values, expected):
    """Hexadecimal, character sets, truth values and both kinds of quotation marks."""
    text = f"INSERT IGNORE INTO t (a, b) VALUES ({values});"
    (row,) = MysqlDump(io.BytesIO(text.encode()), tables={"t"})
    assert list(row.values.values()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE `carmis` (`id` int); INSERT INTO `carmis` VALUES (1, 'x');",
        "INSERT INTO `carmis` VALUES (1, 2);",
        "INSERT INTO `carmis` (`id`) VALUES (1), ('broken off",
        "INSERT INTO `carmis` (`id`) VALUES (1), (2",
        "INSERT INTO `carmis` (`id`) VALUES (NOW());",
        "INSERT INTO `carmis` (`id`) SELECT 1;",
        "INSERT INTO `carmis` (`id",
        "INSERT INTO `carmis` (`id`",
        "INSERT INTO `carmis` (`id`) VALUES (1 2);",
    ],
)
def test_a_broken_dump_is_one_clear_error(text):
    """Cut off, or not what a dump writes: the line is named, and nothing of a value."""
    with pytest.raises(InputError) as caught:
        list(read_dujiaoka(io.BytesIO(text.encode())))
    assert caught.value.place.line == 1 and "broken off" not in str(caught.value)


def test_a_damaged_archive_is_one_clear_error():
    """A packed dump that was not downloaded to its end."""
    packed = gzip.compress(mysqldump().encode() * 50)
    with pytest.raises(InputError):
        list(read_dujiaoka(io.BytesIO(packed[: len(packed) // 2])))


def test_an_archive_that_grows_for_ever_is_stopped(monkeypatch):
    """What is unpacked has a limit."""
    monkeypatch.setattr(mysql_dump, "_MAX_UNPACKED", 1 << 20)
    with pytest.raises(InputError):
        list(read_dujiaoka(io.BytesIO(gzip.compress(b"-- x\n" * (1 << 20)))))


def test_what_is_no_dump_has_no_records():
    """Any other text: nothing comes out, or one clear error."""
    assert list(read_dujiaoka(io.BytesIO(b""))) == []
    assert list(read_dujiaoka(io.BytesIO(b"just a letter, nothing more\n"))) == []


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_ends(text):
    """Rubbish is passed over or refused; nothing hangs."""
    try:
        list(read_dujiaoka(io.BytesIO(text.encode())))
    except InputError:
        return
