"""A dispute on a real server, from all three sides: the buyer on a phone, the merchant and the
arbiter at their desks; what is clear is decided at once, what is not, by a person."""

from __future__ import annotations

import re

import pytest
from tests.e2e.people import order_goods, pay_in_sandbox, sign_in_operator, sign_in_seller

pytestmark = pytest.mark.slow
CARD = "示例游戏点卡 30 元"
WORDS = "兑换页说卡密无效，试了两次都一样。"


def _buy(buyer):
    """A paid order of a card; its number."""
    number, _code = order_goods(buyer, CARD)
    pay_in_sandbox(buyer, number)
    return number


def _look_and_complain(buyer, number):
    """Look at the secret, say that it does not work, and complain; the page of the case."""
    buyer.press("查看卡密")
    buyer.press("录上了，显示出来")
    buyer.page.get_by_label("不能用", exact=True).check()
    buyer.press("记下结果")
    buyer.press("提出问题")
    assert "出了什么问题" in buyer.text()
    buyer.press("卡密无效，兑换不了")
    assert "提交以后会怎样" in buyer.text() and "商家最晚要在" in buyer.text()
    buyer.look()
    buyer.page.get_by_label("要说的话").fill(WORDS)
    buyer.press("提交")
    assert "现在轮到：商家" in buyer.text() and number in buyer.page.url
    return buyer.page.url


def _open_newest(one, inbox):
    """From the list of cases to the one that waits."""
    one.go(inbox)
    one.press(one.page.get_by_role("link", name=re.compile("卡密无效")).first)


def _wait_for(one, *words):
    """Until the page says all of it; it is asked for again meanwhile."""
    for _turn in range(60):
        if all(word in one.text() for word in words):
            return
        one.page.wait_for_timeout(500)
        one.page.reload()
    raise AssertionError(one.text())


def _write(one, form, words):
    """Open one of the forms of the case, and write."""
    box = one.page.locator(f"details#{form}")
    if box.get_attribute("open") is None:  # what is most likely wanted is open already
        box.locator("summary").click()
    box.get_by_label("要说的话").fill(words)
    return box


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_the_parties_settle(meet, market, device):
    """The buyer complains, the merchant offers, the buyer accepts; the money goes back."""
    buyer, seller = meet(device), meet(device)
    case = _look_and_complain(buyer, _buy(buyer))
    buyer.look()
    sign_in_seller(seller, market["password"])
    seller.go("/desk/disputes/")
    seller.look()
    seller.press(seller.page.get_by_role("link", name=re.compile("卡密无效")).first)
    assert WORDS in seller.text()
    seller.look()
    seller.page.get_by_text("提出和解方案").first.click()
    form = seller.page.locator("details#offer")
    form.get_by_label("部分退款").check()
    form.get_by_label("金额").fill("10")
    seller.press("提出方案")
    buyer.go(case)
    assert "部分退款" in buyer.text() and "¥10.00" in buyer.text()
    buyer.press("接受")
    _wait_for(buyer, "双方和解", "做完了")
    buyer.look()


def test_one_tap_of_the_merchant_on_his_phone(meet, market):
    """The merchant grants the claim from his inbox with one tap, and the money is on its way."""
    buyer, seller = meet("desktop"), meet("phone")
    case = _look_and_complain(buyer, _buy(buyer))
    sign_in_seller(seller, market["password"])
    _open_newest(seller, "/desk/disputes/")
    seller.page.get_by_text("同意买家的主张").first.click()
    seller.press("同意，马上执行")
    buyer.go(case)
    _wait_for(buyer, "双方和解", "做完了")
    assert "全额退款" in buyer.text()
    buyer.look()


def test_an_excuse_a_stopped_clock_and_an_appeal(meet, market, second_factor):
    """The merchant names an excuse and shows something; the arbiter, on his phone, lets the clock
    stand still and run on, and refuses; the buyer appeals, and it waits for another person."""
    buyer, seller, arbiter = meet("phone"), meet("phone"), meet("phone")
    case = _look_and_complain(buyer, _buy(buyer))
    sign_in_seller(seller, market["password"])
    _open_newest(seller, "/desk/disputes/")
    form = _write(seller, "excuse", "买家换错了地区，我们的客服记录里有。")
    form.get_by_label(re.compile("用户操作")).check()
    seller.press("提出理由")
    assert "等商家证明所说的理由" in seller.text()
    _write(seller, "show", "记录在这里：买家自己说换了地区。")
    seller.press("提交材料")
    sign_in_operator(arbiter, market["password"], second_factor)
    _open_newest(arbiter, "/operator/disputes/")
    desk = arbiter.page.url
    arbiter.press("由我负责")
    arbiter.page.get_by_text("让计时停下").click()
    arbiter.page.get_by_label("停多少小时").fill("1")
    arbiter.page.get_by_label("为什么，双方都看得到").fill("去函问了发行方，等回信。")
    arbiter.press("停下")
    arbiter.go("/operator/disputes/?show=stopped")
    assert "去函问了发行方，等回信。" in arbiter.text()
    buyer.go(case)
    assert "计时停着" in buyer.text() and "去函问了发行方，等回信。" in buyer.text()
    arbiter.go(desk)
    arbiter.press("让计时现在就继续")
    arbiter.page.get_by_label("不支持", exact=True).check()
    arbiter.page.locator("input[name=rules]").first.check()
    reasons = "发行方回信说卡密没有用过；买家没有录屏，也没有别的材料。"
    arbiter.page.get_by_label("认定的事实和理由").fill(reasons)
    arbiter.press(arbiter.page.get_by_role("button", name="作出裁决"))
    buyer.go(case)
    assert "平台裁决" in buyer.text() and reasons in buyer.text()
    form = _write(buyer, "appeal", "发行方的回信说的是另一张卡，请核对卡号。")
    form.get_by_label("决定里有错").check()
    buyer.press("提出申诉")
    assert "等人工复核申诉" in buyer.text()
    arbiter.go("/operator/disputes/")
    assert "卡密无效" in arbiter.text()


def test_a_person_decides(meet, market, second_factor):
    """The merchant contests; the arbiter sees everything side by side and decides with reasons."""
    buyer, seller, arbiter = meet("phone"), meet("desktop"), meet("desktop")
    case = _look_and_complain(buyer, _buy(buyer))
    sign_in_seller(seller, market["password"])
    seller.go("/desk/disputes/")
    seller.press(seller.page.get_by_role("link", name=re.compile("卡密无效")).first)
    seller.page.get_by_text("不同意，说明理由").first.click()
    seller.page.locator("details#contest").get_by_label("要说的话").fill("我们测过，卡是好的。")
    seller.press("发出，由人裁决")
    sign_in_operator(arbiter, market["password"], second_factor)
    arbiter.go("/operator/disputes/")
    arbiter.look()
    arbiter.press(arbiter.page.get_by_role("link", name=re.compile("卡密无效")).first)
    arbiter.press("由我负责")
    text = arbiter.text()
    assert WORDS in text and "我们测过" in text and "事实和来源" in text and "还缺事实" in text
    arbiter.look()
    arbiter.page.get_by_label("全额退款").check()
    arbiter.page.get_by_label("责任：商家").fill("100")
    arbiter.page.locator("input[name=rules]").first.check()
    arbiter.page.get_by_label("认定的事实和理由").fill(
        "买家当场记下了试用结果；商家没有拿出发行方的记录，举证不能由商家承担。"
    )
    arbiter.press(arbiter.page.get_by_role("button", name="作出裁决"))
    buyer.go(case)
    assert "平台裁决" in buyer.text() and "全额退款" in buyer.text()
    assert "仲裁" not in buyer.text()
    buyer.look()
