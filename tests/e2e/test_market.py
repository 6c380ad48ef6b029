"""Buyers in the market of a real server: buy, pay in the sandbox, look, test, confirm; late money,
goods that are gone, an order looked up; without scripts as well."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import expect
from tests.e2e.people import fill_market, go_to, order_goods, pay_in_sandbox
from tests.front.web.market_pages import grey_png

pytestmark = pytest.mark.slow
CARD = "示例游戏点卡 30 元"


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_buying_a_secret_and_confirming_it(meet, market, device):
    """Shop front → listing → order → sandbox → record → look → test → confirm."""
    buyer = meet(device)
    number, _code = order_goods(buyer, CARD, quantity=2)
    assert "等待付款" in buyer.text() and "¥58.20" in buyer.text()
    pay_in_sandbox(buyer, number)
    buyer.press("查看卡密")
    assert "DEMO" not in buyer.text()
    buyer.press("录上了，显示出来")
    assert len(re.findall(r"DEMO[0-9A-F]{12}", buyer.text())) == 2
    buyer.page.get_by_label("能用", exact=True).check()
    buyer.page.get_by_label("看到了什么").fill("余额 30 元")
    buyer.press("记下结果")
    assert "您试过：能用（您说录了屏）" in buyer.text()
    buyer.press("确认收货")
    assert "不能撤回" in buyer.text()
    buyer.press("能用，确认收货")
    assert "订单已完成" in buyer.text()


def test_the_whole_way_without_scripts(meet, market):
    """No JavaScript: every step is a form or a link."""
    buyer = meet("phone", java_script_enabled=False)
    number, code = order_goods(buyer, CARD)
    pay_in_sandbox(buyer, number)
    buyer.press("查看卡密")
    buyer.press("不录屏，直接看")
    assert "DEMO" in buyer.text()
    buyer.page.get_by_label("不能用", exact=True).check()
    picture = {"name": "屏幕.png", "mimeType": "image/png", "buffer": grey_png()}
    buyer.page.get_by_label("截图或录屏").set_input_files(picture)
    buyer.press("记下结果")
    assert "您试过，不能用" in buyer.text() and "提出问题" in buyer.text()
    assert "选了不录屏" in buyer.text() and "交了 1 个文件" in buyer.text()
    other = meet("phone", java_script_enabled=False)
    _open(other, number, code)
    assert "您试过，不能用" in other.text()


def _open(buyer, number, code, *, status=200):
    buyer.go("/orders/")
    buyer.page.get_by_label("订单号").fill(number)
    buyer.page.get_by_label("查询码").fill(code)
    buyer.press("打开", status=status)


def test_the_page_turns_by_itself_when_the_money_comes(meet, market):
    """The order's page is open while it is paid in another tab: it says so without a reload."""
    buyer = meet("phone")
    number, _code = order_goods(buyer, CARD)
    other = buyer.open_tab()
    other.goto(f"{buyer.site}/orders/{number}/pay/")
    other.get_by_role("link", name=re.compile("^去沙盒")).click()
    other.get_by_role("button", name="付款", exact=True).click()
    expect(buyer.page.get_by_role("link", name="查看卡密")).to_be_visible(timeout=20_000)
    expect(buyer.page.locator("#story")).to_contain_text("收到付款")


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_an_order_is_looked_up_with_its_code_alone(meet, market, device):
    """A wrong code and an unknown number sound the same; the right code opens."""
    first = meet("phone")
    number, code = order_goods(first, CARD)
    other = meet(device)
    _open(other, number, "AAAAA-AAAAA", status=404)
    wrong = other.text().replace(number, "N")
    _open(other, "AAAABBBBCCCC", code, status=404)
    assert other.text().replace("AAAABBBBCCCC", "N") == wrong
    assert "订单号或查询码不对" in wrong
    _open(other, number, code.lower().replace("-", " "))
    assert "等待付款" in other.text()
    other.press("让这台设备忘记这个订单")
    other.go(f"/orders/{number}/")
    assert "等待付款" not in other.text()


def _lapse(real_server, number):
    """Let the time to pay end now; nobody can wait that long."""
    with psycopg.connect(real_server._database_url()) as connection:
        connection.execute(
            "UPDATE market_order SET reserved_until = now() - interval '1 minute'"
            " WHERE number = %s",
            (number,),
        )


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_late_money_is_honoured(meet, market, real_server, device):
    """The time to pay is over and said; money that comes then still brings the goods."""
    buyer = meet(device)
    number, _code = order_goods(buyer, CARD)
    _lapse(real_server, number)
    buyer.go(f"/orders/{number}/")
    assert "没有按时付款" in buyer.text() and "钱不会丢" in buyer.text()
    buyer.go(f"/orders/{number}/pay/")
    assert "现在付款仍然有效" in buyer.text()
    buyer.press(buyer.page.get_by_role("link", name=re.compile("^去沙盒")))
    buyer.press(buyer.page.get_by_role("button", name="付款", exact=True))
    buyer.press("回到订单")
    assert "系统另外给您分了货" in buyer.text()


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_what_is_sold_out_cannot_be_ordered_and_late_money_for_it_goes_back(meet, market, device):
    """The listing says that it is sold out; the refund of who paid too late is on his order."""
    buyer = meet(device)
    go_to(buyer, "示例商超购物卡 200 元")
    assert "卖完了" in buyer.text()
    assert not buyer.page.get_by_role("button", name="购买").count()
    gone = next(one for one in market["orders"] if "退款" in one["told"])
    _open(buyer, gone["number"], gone["code"])
    assert "退款 ¥195.00" in buyer.text()


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_goods_of_every_kind_say_what_they_are(meet, market, device):
    """A test card is unmistakable, a top-up asks for its account, a service names its hours."""
    buyer = meet(device)
    number, _code = order_goods(buyer, "示例游戏点卡 测试卡")
    assert "不是正式卡" in buyer.text()
    number, _code = order_goods(buyer, "示例话费直充 50 元")
    pay_in_sandbox(buyer, number)
    assert "现在轮到：商家" in buyer.text() and "最晚" in buyer.text()
    go_to(buyer, "示例远程装机 一次")
    assert "周一至周五 10:00–18:00" in buyer.text()
    buyer.press(buyer.page.get_by_role("link", name="示例软件铺", exact=True))
    assert "不足 20 单" in buyer.text()
    buyer.go("/market/?q=nothing-of-this-name")
    assert "没有找到" in buyer.text()
    buyer.go("/market/terms/")


def test_the_market_in_english(meet, market):
    """Every page has its English; what merchants wrote stays as it is."""
    buyer = meet("desktop", locale="en-GB")
    for address in ("/market/", "/market/terms/", "/orders/"):
        buyer.go(f"{address}?lang=en")
        main = buyer.page.locator("main h1, main label, main button").all_inner_texts()
        assert not re.search("[\u4e00-\u9fff]", " ".join(main)), main


def test_filling_the_market_again_changes_nothing(market, real_server):
    """The second run finds everything there, and says the same."""
    tables = ("market_merchant", "market_listingversion", "market_order", "vault_unit")
    before = [real_server.ask_database(f"SELECT count(*) FROM {name}") for name in tables]
    assert fill_market(real_server) == market
    after = [real_server.ask_database(f"SELECT count(*) FROM {name}") for name in tables]
    assert before == after
