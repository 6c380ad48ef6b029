"""Traces of who is behind a shop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.evidence.identities import Identity, check_uscc, find_identities

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "uscc_vectors.json"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def found(text: str) -> dict[str, list[str]]:
    """Values by kind."""
    kinds: dict[str, list[str]] = {}
    for identity in find_identities([("a.txt", text)]):
        kinds.setdefault(identity.kind, []).append(identity.value)
    return kinds


def codes() -> list[str]:
    """The public codes of the vectors; skips where the material is absent."""
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not beside this repository")
    return [vector["code"] for vector in json.loads(VECTORS.read_text("utf-8"))]


def test_real_codes_pass_and_one_changed_sign_fails():
    """Each public code is right; with any one of its last ten signs changed it is wrong."""
    for code in codes():
        assert check_uscc(code)
        assert found(f"注册号 {code}。")["uscc"] == [code]
        for place in range(8, 18):
            other = ALPHABET[(ALPHABET.index(code[place]) + 1) % 31]
            assert not check_uscc(code[:place] + other + code[place + 1 :])


def test_a_failed_check_asks_to_read_again():
    """A wrong check digit is noted as a reading to repeat, not as a forgery."""
    (identity,) = find_identities([("licence.png", "统一社会信用代码：92990100MA9D7K2L28")])
    assert identity.valid is False
    assert "重新核对" in identity.note
    assert "不说明证照是假的" in identity.note


def test_every_kind_is_found_once_with_its_places():
    """One trace seen in two files is one identity with two places."""
    first = (
        "统一社会信用代码：92990100MA9D7K2L29 名称 示例市数卡网络科技商行\n"
        "京ICP备12345678号-1 增值电信业务经营许可证：京B2-20200001 京公网安备11010102000001号\n"
        "QQ：12345678 客服微信：abc_kefu01 手机13700000000 邮箱 a@b.example\n"
        "https://kameng.example/x?y=1"
    )
    traces = find_identities([("a", first), ("b", "收款方全称\n示例数卡有限公司\nkameng.example")])
    by_kind = {t.kind: t for t in traces}
    assert {k: t.value for k, t in by_kind.items()} == {
        "uscc": "92990100MA9D7K2L29",
        "company": "示例数卡有限公司",
        "icp": "京ICP备12345678号-1",
        "telecom_licence": "京B2-20200001",
        "police_record": "京公网安备11010102000001号",
        "qq": "12345678",
        "wechat": "abc_kefu01",
        "phone": "137****0000",
        "email": "a@b.example",
        "url": "https://kameng.example/x?y=1",
        "domain": "kameng.example",
        "payee": "示例数卡有限公司",
    }
    assert by_kind["domain"].seen_in == ("a", "b")
    assert Identity("company", "示例市数卡网络科技商行", ("a",)) in traces


@pytest.mark.parametrize(
    "text",
    [
        "订单号 2026102122001487310062254418",
        "订单 KM20261102140250017",
        "身份证 110101199003071234",
        "2026-11-02 14:03:21",
        "本公司 有限公司",
        "版本 1.2.3",
    ],
)
def test_other_numbers_are_no_identities(text):
    """Order numbers, identity cards, times and bare words give nothing."""
    assert found(text) == {}


def test_a_sentence_before_a_name_is_left_out():
    """The company's name begins behind the words that introduce it."""
    assert found("您好我们是示例科技有限公司的客服")["company"] == ["示例科技有限公司"]


def test_mobile_numbers_are_never_whole():
    """A mobile number is masked, whether it was before or not."""
    assert found("电话 13712345678，137****0000")["phone"] == ["137****5678", "137****0000"]


@given(st.text(max_size=300))
def test_any_text_is_searched(text):
    """Nothing raises, and every value stands in the text but for case, blanks and masks."""
    for identity in find_identities([("a", text)]):
        assert identity.seen_in == ("a",)
        assert identity.value
