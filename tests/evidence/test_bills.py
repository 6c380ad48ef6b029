"""Bill exports: every layout of the samples, and rows that are damaged."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING, say_second
from gongdao.core.errors import InputError, UnreadableFile
from gongdao.core.money import Money
from gongdao.evidence.bills.read import Bill, find_bill_layout, read_bill
from gongdao.evidence.bills.rows import DAY_ONLY, read_amount
from gongdao.evidence.reading import Direction

SHARED = Path(__file__).resolve().parents[3] / "shared"
ALIPAY = (
    "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,"
    "收/付款方式,交易状态,交易订单号,商家订单号,备注,"
)
WECHAT = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注"


def shared(path: str) -> bytes:
    """A file of the shared material; skips where the material is absent."""
    file = SHARED / path
    if not file.exists():
        pytest.skip("the shared samples are not beside this repository")
    return file.read_bytes()


def sample(name: str) -> Bill:
    """A sample bill, read."""
    return read_bill(data=shared(f"inputs/{name}"), name=name)


@pytest.mark.parametrize(
    ("name", "layout", "rows", "holder", "exported"),
    [
        ("alipay_web_2019.csv", "alipay_web", 2, "买家甲", "2019-11-04 14:34:22"),
        ("alipay_2021.csv", "alipay_app_2021", 2, "买家甲", "2021-11-03 21:08:12"),
        ("alipay_2024.csv", "alipay_app", 7, "买家甲", "2024-11-03 21:08:12"),
        ("alipay_2025.csv", "alipay_app", 7, "买家甲", "2025-11-03 21:08:12"),
        ("wechat_2024.csv", "wechat", 7, "买家甲", "2024-11-03 21:30:05"),
        ("wechat_2025q2_quoted_tab.csv", "wechat", 6, "买家甲", "2025-11-03 21:30:05"),
        ("wechat_2025.xlsx", "wechat_xlsx", 6, "买家甲", "2025-11-03 21:30:05"),
        ("wechat_2026.xlsx", "wechat_xlsx", 6, "买家甲", "2026-11-03 21:30:05"),
        ("jd_2025.csv", "jd", 2, "jd_example", "2025-11-03 11:32:42"),
    ],
)
def test_every_layout_is_read(name, layout, rows, holder, exported):
    """Layout, rows, holder, time of export and the 98.50 payment are found in each sample."""
    bill = sample(name)
    assert (bill.layout, len(bill.rows), bill.account_holder) == (layout, rows, holder)
    assert bill.exported_at is not None
    assert say_second(bill.exported_at) == exported
    assert bill.skipped == ()
    paid = [r for r in bill.rows if r.amount == Money(9850) and r.direction is Direction.OUT]
    assert paid
    assert paid[0].at is not None
    assert f"{paid[0].at:%m-%d %H:%M}" == "11-02 14:03"
    assert bill.period[0] is not None


@pytest.mark.parametrize(
    ("name", "refund_of"),
    [
        ("alipay_2021.csv", "2021110122001400000000000002"),
        ("alipay_2024.csv", "2024110122001400000000000002"),
        ("wechat_2024.csv", "4200002001202411010000000002"),
        ("wechat_2026.xlsx", "4200002001202611010000000002"),
        ("jd_2025.csv", "100000000001"),
    ],
)
def test_refunds_name_what_they_refund(name, refund_of):
    """Exactly the one refund row is a refund, and it points to its payment."""
    refunds = [row for row in sample(name).rows if row.is_refund]
    assert [row.refund_of for row in refunds] == [refund_of]
    assert refunds[0].direction is not Direction.OUT


def test_closed_but_paid_and_closed_unpaid_stay_apart():
    """交易关闭 with 支出 was paid and refunded; with 不计收支 it was never paid."""
    closed = [row for row in sample("alipay_2025.csv").rows if row.status == "交易关闭"]
    assert [row.direction for row in closed] == [Direction.OUT, Direction.NEUTRAL]
    assert [bool(row.method) for row in closed] == [True, False]


def test_an_unquoted_comma_is_joined_again():
    """A company name with a comma does not shift the amount."""
    row = sample("wechat_2024.csv").rows[-1]
    assert row.counterparty == "EXAMPLE GIFT CO.,LIMITED"
    assert (row.item, str(row.amount), row.status) == ("礼品卡", "98.50", "支付成功")


def test_tabs_after_quotes_go_away():
    """Numbers of the quoted-tab variant are clean."""
    numbers = [row.transaction_no for row in sample("wechat_2025q2_quoted_tab.csv").rows]
    assert numbers[0] == "4200002000202511020000000001"


def test_a_partly_refunded_amount_keeps_its_remark():
    """JD's 98.50(已退款50.00) is 98.50 with a remark, not 48.50."""
    row = sample("jd_2025.csv").rows[0]
    assert (str(row.amount), row.note) == ("98.50", "已退款50.00")


@pytest.mark.parametrize(
    ("name", "layout"), [("bank_boc_debit.csv", "boc_debit"), ("bank_cmb_debit.csv", "cmb_debit")]
)
def test_bank_rows_take_their_direction_from_the_sign(name, layout):
    """A minus is money out; the refund of the next day is money in and a refund."""
    bill = sample(name)
    assert bill.layout == layout
    assert [row.direction for row in bill.rows] == [Direction.OUT, Direction.IN]
    assert [row.is_refund for row in bill.rows] == [False, True]
    assert [str(row.amount) for row in bill.rows] == ["98.50", "28.80"]


def test_a_bill_without_clock_says_so():
    """Where only a day is given, the row carries a note, and midnight is no time."""
    assert DAY_ONLY in sample("bank_cmb_debit.csv").rows[0].note
    assert DAY_ONLY not in sample("bank_boc_debit.csv").rows[0].note


def test_a_platform_balance_is_read_by_its_columns():
    """A wallet export gives out, in and the refund of the cancelled order."""
    data = shared("cases/c08-cancelled-by-merchant/during/balance.csv")
    bill = read_bill(data=data, name="balance.csv")
    assert bill.layout == "wallet"
    charged, spent, returned = bill.rows
    assert (charged.direction, spent.direction) == (Direction.IN, Direction.OUT)
    assert spent.merchant_order_no == "PL20261111000311902"
    assert not charged.is_refund
    assert returned.is_refund
    assert returned.refund_of == spent.transaction_no


def test_the_bill_of_a_case_is_read():
    """A GB18030 bill with a shorter preamble gives the order's payment."""
    data = shared("cases/c03-reseller-test-cards/during/bill.csv")
    row = read_bill(data=data, name="bill.csv").rows[0]
    assert (str(row.amount), row.merchant_order_no) == ("980.00", "PF-20261021-77120")


def test_bocom_and_icbc_columns_are_known():
    """Day and clock in two columns, income and expense in two columns."""
    bocom = (
        "序号,交易日期,交易时间,交易类型,借贷(借 Dr/贷 Cr),交易金额,余额,"
        "对方账号,对方户名,交易地点,摘要\n"
        "1,2026-11-02,14:03:21,网上支付,借 Dr,98.50,10.00,,示例数卡店,,消费\n"
    )
    bill = read_bill(data=bocom.encode(), name="b.csv")
    assert bill.layout == "bocom_debit"
    assert bill.rows[0].direction is Direction.OUT
    assert bill.rows[0].at is not None
    assert say_second(bill.rows[0].at) == "2026-11-02 14:03:21"
    icbc = (
        "明细查询文件下载\n"
        '"交易日期\t","摘要\t","交易金额(收入)\t","交易金额(支出)\t","余额\t","对方户名\t"\n'
        '"2026-11-02\t","消费\t","\t","98.50\t","1,000.00\t","示例数卡店\t"\n'
    )
    bill = read_bill(data=icbc.encode("gb18030"), name="i.csv")
    assert bill.layout == "icbc_debit"
    assert (bill.rows[0].direction, str(bill.rows[0].amount)) == (Direction.OUT, "98.50")


def test_a_damaged_row_is_kept_aside_with_line_and_reason():
    """A row without amount and one with an open quote cost only themselves."""
    good = (
        "2026-11-02 14:03:21,充值缴费,示例店,a@b,卡,支出,98.00,余额宝,交易成功,2026110222001,K1,,"
    )
    bad = "2026-11-02 14:03:21,充值缴费,示例店,a@b,卡,支出,无,余额宝,交易成功,2026110222002,K2,,"
    torn = (
        '2026-11-02 14:03:21,充值缴费,"示例店,a@b,卡,支出,98.00,余额宝,交易成功,2026110222003,K3,,'
    )
    text = "\n".join([ALIPAY, good, bad, torn, good])
    bill = read_bill(data=text.encode(), name="x.csv")
    assert [row.line for row in bill.rows] == [2, 4, 5]
    assert [(s.line, bool(s.reason)) for s in bill.skipped] == [(3, True)]
    assert "2026110222002" in bill.skipped[0].text


def test_a_quoted_line_break_is_one_row():
    """A remark that runs over two lines stays one row."""
    text = (
        f"{WECHAT}\n2026-11-02 14:03:21,商户消费,示例店,卡,支出,¥98.00,零钱,支付成功,42,K1,"
        '"第一行\n第二行"\n'
    )
    bill = read_bill(data=text.encode(), name="w.csv")
    assert bill.rows[0].note == "第一行\n第二行"


def test_what_is_no_bill_is_refused_with_a_hint():
    """A chat handed in as a bill gives one error that names the file and says what to export."""
    with pytest.raises(UnreadableFile, match=r"chat\.csv.*导出账单"):
        read_bill(data="你好\n在吗\n".encode(), name="chat.csv")


@pytest.mark.parametrize(
    ("text", "amount", "sign"),
    [
        ("¥28.16", "28.16", ""),
        ("￥1,234.56", "1234.56", ""),
        ("548.58000000000004", "548.58", ""),
        ("-1,000.00", "1000.00", "-"),
        ("+60.00", "60.00", "+"),
        ("1.5E2", "150.00", ""),
        ("98 元", "98.00", ""),
    ],
)
def test_amounts_as_bills_write_them(text, amount, sign):
    """Signs, currency marks, thousands and binary fractions."""
    read = read_amount(text)
    assert (str(read.money), read.sign) == (amount, sign)


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "9" * 40, "1e99", "--"])
def test_what_is_no_amount_is_refused(text):
    """Nothing is guessed from a cell that is no amount."""
    with pytest.raises(InputError):
        read_amount(text)


amounts = st.integers(1, 10**9)
names = st.text(st.sampled_from("示例数卡店ABC,，\"' -12"), min_size=1, max_size=12).map(str.strip)


@given(st.lists(st.tuples(amounts, names), min_size=1, max_size=8))
def test_written_rows_come_back(rows):
    """Whatever is written as proper CSV is read back: amount, counterparty, number, order."""
    out = io.StringIO()
    out.write(WECHAT + "\n")
    writer = csv.writer(out)
    for i, (fen, who) in enumerate(rows):
        amount = f"¥{Decimal(fen) / 100:.2f}"
        writer.writerow(
            [
                "2026-11-02 14:03:21",
                "商户消费",
                who,
                "卡",
                "支出",
                amount,
                "零钱",
                "支付成功",
                f"42{i}",
                f"K{i}",
                "/",
            ]
        )
    bill = read_bill(data=out.getvalue().encode(), name="w.csv")
    assert bill.skipped == ()
    assert [row.amount.minor for row in bill.rows] == [fen for fen, _ in rows]
    assert [row.transaction_no for row in bill.rows] == [f"42{i}" for i in range(len(rows))]


def test_layout_can_be_asked_of_text():
    """The header is found below any preamble, and plain text has none."""
    assert find_bill_layout(f"说明\n\n{ALIPAY}\n") == "alipay_app"
    assert find_bill_layout("2026-11-02 15:10:03 买家: 时间,金额 都对\n") is None


def test_a_wallet_of_three_columns_is_a_bill():
    """Time, amount and remark are enough where no column is unknown; other tables are no bill."""
    bill = read_bill(data="时间,金额,备注\n2026-11-02 10:00,-98,买卡\n".encode(), name="w.csv")
    assert [(str(r.amount), r.direction) for r in bill.rows] == [("98.00", Direction.OUT)]
    assert find_bill_layout("时间,金额,心情\n") is None


def test_times_are_beijing():
    """A bill's clock is Beijing's."""
    at = sample("alipay_2025.csv").rows[0].at
    assert at is not None
    assert at.utcoffset() == BEIJING.utcoffset(None)
