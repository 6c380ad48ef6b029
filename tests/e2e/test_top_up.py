"""A direct top-up from nothing: the operator adds the supplier, the merchant ties his listing, a
buyer pays, the supplier falls silent; that is said, nothing is charged twice, and it ends well."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import expect
from tests.e2e.people import order_goods, pay_in_sandbox, sign_in_operator, sign_in_seller
from tests.market.fake_suppliers import ACCOUNT, KEY, running_supplier

pytestmark = pytest.mark.slow
SHOP, MAIL, LABEL = "示例充值行", "topup@demo.invalid", "要充的手机号"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
PATIENCE_MS = 40_000


def _add_supplier(staff, name, url):
    staff.go("/operator/merchants/")
    staff.press(staff.page.locator("main").get_by_role("link", name=SHOP, exact=True))
    staff.press("接上游")
    page = staff.page
    page.get_by_label("上游的名称").fill(name)
    page.get_by_label("接口地址").fill("https://10.0.0.1")
    page.get_by_label("商家在上游的账号").fill(ACCOUNT)
    page.get_by_label("密钥").fill(KEY)
    page.get_by_label("核实过：上游和商家不是一家").check()
    page.get_by_label("理由").fill("看过上游的合同")
    staff.press("接上", status=422)
    assert "不能用内网或本机的地址" in staff.text()
    page.get_by_label("接口地址").fill(url)
    page.get_by_label("密钥").fill(KEY)
    staff.press("接上")
    assert name in staff.text() and KEY not in page.content()


def _publish(seller, title, supplier):
    seller.press(seller.page.get_by_role("link", name="商品管理"))
    seller.press("新建商品")
    page, address = seller.page, seller.page.url
    page.get_by_label("标题").fill(title)
    page.get_by_label("商品种类").select_option("top_up")
    page.get_by_label("类别", exact=True).select_option("phone")
    page.get_by_label("面额或规格").fill("50 元")
    page.get_by_label("适用地区").fill("中国大陆")
    page.get_by_label("账号限制").fill("无")
    page.get_by_label("来源凭证").set_input_files(
        {"name": "proof.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.get_by_label("怎样发货").select_option("supplier")
    page.get_by_label("要买家填写什么").fill(LABEL)
    page.get_by_label("单价（元）").fill("48.00")
    page.get_by_label("怎样兑换").fill("直接充到您填的号码。")
    page.get_by_label("买到后怎样马上验证").fill("查一下话费余额。")
    page.get_by_label("售后条件").fill("没充上全额退款。")
    seller.press("存草稿，看还缺什么", status=422)
    assert "先在“上游”里选好上游" in seller.text()
    seller.press(page.locator("main").get_by_role("link", name="上游", exact=True))
    page.get_by_label("上游", exact=True).select_option(label=supplier)
    page.get_by_label("上游的商品编号").fill("2")
    page.get_by_label("每件充多少（元）").fill("50")
    page.get_by_label("每件最多花多少（元）").fill("96")
    seller.press("就从这里发货")
    seller.go(address)
    seller.press("上架")
    assert "上架了，第 1 版" in seller.text()


def _look_now(real_server, number):
    """Have the supplier asked again now; between two looks minutes may pass."""
    with psycopg.connect(real_server._database_url()) as connection:
        connection.execute(
            "UPDATE market_topup SET next_look_at = now() WHERE number = %s", (number,)
        )


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_top_up_nobody_knows_of_is_said_and_ends(
    meet, market, second_factor, real_server, device
):
    """Silence is told as "not known" and looked into; the answer then ends it, charged once."""
    supplier, title = f"示例上游 {device}", f"示例话费快充 50 元 {device}"
    with running_supplier() as fake:
        staff = meet(device)
        sign_in_operator(staff, market["password"], second_factor)
        _add_supplier(staff, supplier, fake.url)
        seller = meet(device)
        sign_in_seller(seller, market["password"], MAIL)
        _publish(seller, title, supplier)
        fake.moods = ["silent", *["500"] * 50]
        buyer = meet(device)
        number, _code = order_goods(buyer, title)
        pay_in_sandbox(buyer, number)
        main = buyer.page.locator("main")
        expect(main).to_contain_text("充没充上还不知道", timeout=PATIENCE_MS)
        buyer.look()
        buyer.go(f"/orders/{number}/")
        assert "不会当作失败" in buyer.text() and "退款 ¥" not in buyer.text()
        fake.orders[number]["state"] = 1
        fake.moods = []
        _look_now(real_server, number)
        shown = main.get_by_role("link", name="查看发货内容", exact=True)
        expect(shown).to_be_visible(timeout=PATIENCE_MS)
        buyer.press(shown)
        if buyer.control("不录屏，直接看").count():
            buyer.press("不录屏，直接看")
        assert "已充值 50.00（上游单号 CHA1）" in buyer.text()
        assert (fake.charged, fake.bad_signatures) == (1, 0)
