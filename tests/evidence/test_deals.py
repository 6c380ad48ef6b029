"""Lists of deals as buyers copy them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongdao.core.clock import say_minute
from gongdao.core.errors import UnreadableFile
from gongdao.evidence.deals import is_deal_list, read_deals

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def test_the_list_of_the_case_is_read():
    """Five deals with time, price and pieces; the lowest is 98."""
    file = CASES / "c04-fake-discount" / "before" / "deals.csv"
    if not file.exists():
        pytest.skip("the shared cases are not beside this repository")
    deals = read_deals(file.read_text("utf-8"))
    assert [str(d.price) for d in deals] == ["98.00", "98.00", "98.00", "108.00", "108.00"]
    assert [d.quantity for d in deals] == [1, 1, 2, 1, 1]
    assert say_minute(deals[-1].at) == "2026-11-07 23:58"
    assert (deals[0].line, deals[0].product) == (2, "某视频会员年卡 12 个月")


@pytest.mark.parametrize(
    "header",
    [
        "成交时间,商品,成交价",
        "日期,名称,价格",
        "购买时间\t商品名称\t到手价（元）\t数量",
        "时间,标题,单价",
    ],
)
def test_headers_have_synonyms(header):
    """Time and price are found under the names people give them."""
    mark = "\t" if "\t" in header else ","
    text = f"我抄的\n{header}\n" + mark.join(
        ["2026/11/1", "年卡", "￥1,098.50" if mark == "\t" else "1098.5"]
    )
    (deal,) = read_deals(text)
    assert (str(deal.price), say_minute(deal.at)) == ("1098.50", "2026-11-01 00:00")
    assert is_deal_list(text)


def test_rows_without_time_or_price_are_left_out():
    """What cannot be dated or priced says nothing about a price at a time."""
    text = "时间,商品,价格\n昨天,年卡,98\n2026-11-01,年卡,面议\n2026-11-02,年卡,98\n"
    assert [d.line for d in read_deals(text)] == [4]


def test_a_bill_is_no_list_of_deals():
    """A wallet export also has times and amounts, but is a bill."""
    assert not is_deal_list("流水号,时间,类型,金额,余额,商品\n1,2026-11-01,消费,1,1,x\n")
    assert not is_deal_list("买家: 在吗\n")


def test_no_header_is_refused():
    """Without the two columns there is one clear error."""
    with pytest.raises(UnreadableFile, match=r"deals\.csv.*成交价"):
        read_deals("a,b,c\n1,2,3\n", name="deals.csv")
