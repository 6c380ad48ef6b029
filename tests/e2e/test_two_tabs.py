"""Two tabs of one case: what one of them saved is neither overwritten nor lost."""

from __future__ import annotations

from tests.e2e.stories import chat_text
from tests.e2e.visitor import begin_with_text


def test_second_tab_is_shown_what_the_first_one_saved(meet):
    """Both change the same fact: the second meets the other's value with its own entries kept,
    and decides; what only one of them changed survives both."""
    buyer = meet("desktop")
    link = begin_with_text(buyer, chat_text())
    other = buyer.open_tab()
    for tab in (buyer.page, other):
        tab.goto(f"{link}facts/order/")
    _fill(buyer.page, merchant="甲店", product="100 元点卡")
    buyer.press("保存")
    _fill(other, merchant="乙店", order_no="KM-1")
    buyer.page = other
    buyer.press("保存", status=409)
    assert "别处改成了“甲店”" in buyer.text()
    assert _values(other) == {"merchant": "乙店", "order_no": "KM-1"}
    buyer.press("保存")
    shown = buyer.text()
    assert "乙店" in shown and "KM-1" in shown and "100 元点卡" in shown and "甲店" not in shown


def test_tabs_that_change_different_things_do_not_disturb_each_other(meet):
    """No conflict is shown where there is none, and both changes are there."""
    buyer = meet("phone")
    link = begin_with_text(buyer, chat_text())
    other = buyer.open_tab()
    for tab in (buyer.page, other):
        tab.goto(f"{link}facts/order/")
    _fill(buyer.page, merchant="甲店")
    buyer.press("保存")
    _fill(other, order_no="KM-2")
    buyer.page = other
    buyer.press("保存")
    assert "甲店" in buyer.text() and "KM-2" in buyer.text()


def _fill(tab, **values) -> None:
    for name, value in values.items():
        tab.fill(f"main [name={name}]", value)


def _values(tab) -> dict[str, str]:
    return {name: tab.input_value(f"main [name={name}]") for name in ("merchant", "order_no")}
