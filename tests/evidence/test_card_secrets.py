"""Card secrets are found and masked; numbers a complaint needs stay."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.evidence.card_secrets import find_secrets, mask_personal, mask_secrets

INPUTS = Path(__file__).resolve().parents[3] / "shared" / "inputs"


def values(text: str) -> list[str]:
    """What is taken for a secret in ``text``."""
    return [span.value for span in find_secrets(text)]


def test_every_card_form_is_masked_beside_its_words():
    """All number and secret shapes of the table go when 卡号 and 卡密 stand before them."""
    file = INPUTS / "card_formats.csv"
    if not file.exists():
        pytest.skip("the shared samples are not beside this repository")
    for row in csv.DictReader(file.read_text("utf-8").splitlines()):
        secret, number = row["example_secret"], row["example_no"]
        for text in (
            f"您的{row['card_type']} 卡号：{number} 卡密：{secret} 请查收",
            f"卡号 {number}\n密码 {secret}\n",
            f"卡密\n{secret}\n",
        ):
            masked = mask_secrets(text)
            assert secret not in masked, text
            assert not number or number not in masked, text


@pytest.mark.parametrize(
    "secret",
    [
        "KM7Q-2D9X-8H4T-PLW3",
        "XGFT-9C2P-77QA-0M3E",
        "T50-0000-7714-2209",
        "AAAA-0000-BBBB-1111",
        "km7q-2d9x-8h4t-plw3",
        "KM7Q2D9X8H4TPLW3",
        "KM7Q 2D9X 8H4T PLW3",
        "X000000000000000",
    ],
)
def test_shapes_of_secrets_need_no_word(secret):
    """Grouped codes are secrets wherever they stand, also without their dashes."""
    assert values(f"提示 {secret} 无效") == [secret]
    assert secret not in mask_secrets(f"提示{secret}无效")


@pytest.mark.parametrize(
    "text",
    [
        "订单 KM20261102140250017 还没发货",
        "订单号 PF-20261021-77120",
        "DX-261024-009913 卡密无效",
        "工单号：G20261019-0091",
        "工单 TS2611030005213",
        "投诉编号：1330000002026110912345",
        "支付宝交易号 2026102122001487310062254418",
        "微信 4200002841202610177730915528",
        "统一社会信用代码 92990100MA9D7K2L29",
        "92990100MA9D7K2L29",
        "卡密在 2026-11-02 14:03:21 收到",
        "卡密 98.00 元",
        "https://kameng.example/AB12-CD34-EF56",
        "密码发到 user123@example.com",
        "您查询的 T50-0000-7700 至 T50-0000-7799 号段",
        "VIP2611081530074412",
        "手机号 13700000000",
        "b'\\x00' 0f8c2a4e6b1d3f5a7c9e0b2d4f6a8c0e1b3d5f7a9c1e3f5b7d9f0a2c4e6b8d0f",
    ],
)
def test_numbers_of_the_matter_are_no_secrets(text):
    """Order, ticket, complaint and transaction numbers, codes, times, links and digests stay."""
    assert values(text) == []
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("0000111122223333----4444555566667777", ["0000111122223333", "4444555566667777"]),
        ("卡密：\nAAAAA-BBBBB-CCCCC\nABC123DEF456\n谢谢", ["AAAAA-BBBBB-CCCCC", "ABC123DEF456"]),
        ("激活码是 ab12cd34", ["ab12cd34"]),
        ("CDK: abcd1234efgh", ["abcd1234efgh"]),
        ("卡号0001000000000000001密码000000000000000001",
         ["0001000000000000001", "000000000000000001"]),
    ],
)  # fmt: skip
def test_neighbours_decide(text, secrets):
    """Words, pairs and lists carry over to the tokens beside them."""
    assert values(text) == secrets


def test_a_known_secret_goes_in_every_spelling():
    """What was read on the card page is masked however a text writes it."""
    known = ("KM7Q-2D9X-8H4T-PLW3", "00000001", "abc")
    for spelling in ("KM7Q-2D9X-8H4T-PLW3", "km7q2d9x8h4tplw3", "KM7Q 2D9X 8H4T PLW3", "00000001"):
        assert spelling not in mask_secrets(f"我的是{spelling}吧", known=known)
    assert mask_secrets("abc", known=known) == "abc"


def test_a_number_of_the_matter_is_kept_on_request():
    """An order number that looks like a code stays when it is named as one to keep."""
    assert values("TPK-88213-66172") == ["TPK-88213-66172"]
    assert find_secrets("TPK-88213-66172", keep=("TPK-88213-66172",)) == ()


def test_places_are_exact():
    """A span points to exactly its characters."""
    text = "卡密 KM7Q-2D9X-8H4T-PLW3 和 XGFT-9C2P-77QA-0M3E"
    assert [text[s.start : s.end] for s in find_secrets(text)] == values(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证 11010119900307123X", "身份证 110*************3X"),
        ("手机 13712345678", "手机 137****5678"),
        ("银行卡 6222020000000000", "银行卡 6222********0000"),
        ("4111 1111 1111 1111", "4111********1111"),
        ("订单号 4111111111111111", "订单号 4111111111111111"),
        ("订单 611052031008874", "订单 611052031008874"),
        ("投诉编号 1330000002026110912345", "投诉编号 1330000002026110912345"),
        ("2026102122001487310062254418", "2026102122001487310062254418"),
    ],
)
def test_personal_numbers_are_masked(text, masked):
    """Identity, bank and mobile numbers lose their middle; numbers of the matter stay."""
    assert mask_personal(text) == masked


GROUPS = st.lists(
    st.text(st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), min_size=4, max_size=4)
    .filter(lambda g: re.search(r"[A-Z]", g) is not None),
    min_size=4, max_size=4,
)  # fmt: skip


@given(GROUPS, st.sampled_from(["", "卡密", "兑换码：", "提示 ", "请看\n"]))
def test_grouped_codes_never_survive(groups, before):
    """No code of four groups is left in a masked text, with or without a word before it."""
    code = "-".join(groups)
    assert code not in mask_secrets(f"{before}{code} 无效")


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing(text):
    """Masking is stable, never longer than needed, and spans never overlap."""
    spans = find_secrets(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    once = mask_secrets(text)
    assert mask_secrets(once) == once
