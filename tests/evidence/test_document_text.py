"""Tickets, statements, terms: what the case files say, and what must not be read into them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.codes import Kind, Speaker
from gongdao.evidence.documents import read_document_text

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def case_text(path: str) -> str:
    """A text of the shared cases; skips where they are absent."""
    file = CASES / path
    if not file.exists():
        pytest.skip("the shared cases are not beside this repository")
    return file.read_text("utf-8")


def values(text: str, kind: Kind | None = None) -> dict[str, str]:
    """The fields of a text, as written."""
    return {k: f.value for k, f in read_document_text(text=text, kind=kind).fields.items()}


@pytest.mark.parametrize("kind", [None, Kind.COMPLAINT_RECEIPT])
def test_a_ticket_is_read(kind):
    """Number, time and status of the unanswered ticket, with or without the buyer's word."""
    text = case_text("c02-topup-service-hours/after/ticket.txt")
    read = read_document_text(text=text, kind=kind)
    assert (read.form, read.kind) == ("ticket", Kind.COMPLAINT_RECEIPT)
    assert read.fields["ticket_no"].value == "G20261019-0091"
    assert (read.fields["at"].value, read.fields["at"].line) == ("2026-10-19 09:00:12", 3)
    assert read.fields["status"].value.startswith("已提交")


@pytest.mark.parametrize("kind", [None, Kind.COMPLAINT_RECEIPT])
def test_a_ticket_with_a_talk_names_its_speakers(kind):
    """我 is the buyer, 客服 of a ticket is the platform, the closing is a notice."""
    text = case_text("c05-blocked-no-identity/after/platform-reply.txt")
    read = read_document_text(text=text, kind=kind)
    assert read.form == "ticket_dialogue"
    assert [m.speaker for m in read.messages] == [
        Speaker.BUYER,
        Speaker.PLATFORM,
        Speaker.SYSTEM,
    ]
    found = {k: f.value for k, f in read.fields.items()}
    assert found["ticket_no"] == "88213"
    assert found["order_no"] == "FK20261106221904"
    assert found["at"] == "2026-11-08 09:14:00"
    assert found["status"] == "已关闭"


def test_a_regulator_status_is_read():
    """12315: receipt number, filing, acceptance and the office."""
    text = case_text("c07-already-redeemed-12315/after/12315.txt")
    read = read_document_text(text=text)
    found = {k: f.value for k, f in read.fields.items()}
    assert read.form == "regulator_status"
    assert found["receipt_no"] == "1330000002026110912345"
    assert found["at"] == "2026-11-09 14:10:00"
    assert found["accepted_at"] == "2026-11-10 10:26:00"
    assert found["office"] == "示例区市场监督管理局"
    assert found["status"].startswith("已受理")


@pytest.mark.parametrize("kind", [None, Kind.ISSUER_STATEMENT])
def test_an_issuer_tells_when_the_card_was_used(kind):
    """The time of use and the time of the reply are two different times."""
    text = case_text("c07-already-redeemed-12315/after/issuer-reply.txt")
    found = values(text, kind)
    assert found["redeemed_at"] == "2026-10-23 21:08:51"
    assert found["at"] == "2026-10-29 17:22:00"
    assert found["reason"] == "already redeemed"
    assert found["secret"] == "XGFT-9C2P-77QA-0M3E"
    assert found["account"] == "h***88"
    assert found["from"] == "示例发行方客服"


@pytest.mark.parametrize("kind", [None, Kind.ISSUER_STATEMENT])
def test_an_issuer_tells_of_test_cards(kind):
    """A range of test numbers is a reason and a range, and no time of use."""
    found = values(case_text("c03-reseller-test-cards/after/issuer-reply.txt"), kind)
    assert found["reason"] == "test card range"
    assert "内部测试卡号" in found["reason_quote"]
    assert found["card_range"] == "T50-0000-7700 至 T50-0000-7799"
    assert found["at"] == "2026-10-24 09:37:00"
    assert "redeemed_at" not in found
    assert "secret" not in found
    assert not found["body"].startswith("发件人")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("您好，该卡号未激活，请联系销售方。", "not activated"),
        ("该卡己被使用", "already redeemed"),
        ("查无此卡", "not found"),
        ("该卡密已过期", "expired"),
        ("此卡已被冻结", "blocked"),
        ("该兑换码未被使用，可正常使用", "unused"),
        ("请稍候，我们正在查询", ""),
    ],
)
def test_reasons_of_issuers(text, reason):
    """What an issuer can say about a card, also with the common misspelling of 已."""
    assert values(text, Kind.ISSUER_STATEMENT).get("reason", "") == reason


def test_a_carrier_statement_takes_the_latest_top_up():
    """Of two credits the later one counts; the query time is the buyer's."""
    text = (
        "中国移动 充值记录\n号码：137****0000\n查询时间：2026-10-20 20:41\n"
        "2026-10-01 10:00:00 充值 50.00元 成功\n2026-10-18 08:00:00 缴费到账 30.00元\n"
    )
    found = values(text)
    assert (found["credited"], found["credited_at"]) == ("30.00", "2026-10-18 08:00:00")
    assert (found["queried_at"], found["account"]) == ("2026-10-20 20:41:00", "137****0000")


def test_a_carrier_statement_may_say_that_nothing_came():
    """No record of a top-up is a credit of nothing."""
    text = "中国移动\n查询时间：2026-10-20 20:41\n2026-10-17 至 2026-10-20 无充值记录\n"
    assert values(text, Kind.CARRIER_BILL)["credited"] == "0.00"


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("您的反馈已提交（编号 FB20261109-118）", "ticket_no", "FB20261109-118"),
        ("投诉登记成功，登记编号1330000002026110912345", "receipt_no", "1330000002026110912345"),
        ("客服工单 #TS001 已受理", "ticket_no", "TS001"),
    ],
)
def test_numbers_in_running_text_are_found(text, key, value):
    """A receipt without labels still has its number."""
    assert values(text, Kind.COMPLAINT_RECEIPT)[key] == value


def test_an_issuer_names_the_face_value():
    """The value on the issuer's record is kept with the time of use."""
    text = "该卡面值 100 元，已于 2026-11-05 20:44:19 使用"
    found = values(text, Kind.ISSUER_STATEMENT)
    assert (found["face_value"], found["redeemed_at"]) == ("100.00", "2026-11-05 20:44:19")


def test_clauses_of_terms_keep_their_numbers():
    """All usual numberings are kept, and text under a number belongs to it."""
    text = (
        "示例网用户服务协议\n第一条 总则\n本协议……\n3.2 虚拟商品一经售出概不退换。\n"
        "（五）最终解释权归本站。\n4. 售后\n四、争议\n第十二条：管辖\n"
    )
    read = read_document_text(text=text)
    assert (read.form, read.kind) == ("service_terms", Kind.SERVICE_TERMS)
    assert [c.number for c in read.clauses] == ["第一条", "3.2", "（五）", "4", "四", "第十二条"]
    assert read.clauses[0].text == "总则\n本协议……"
    assert read.clauses[1].line == 4


def test_a_mail_gives_its_head():
    """Sender, subject and time of a mail that is nothing else."""
    found = values("发件人：甲 <a@b.example>\n时间：2026-11-02 10:00\n主题：你好\n\n正文\n")
    assert found["from"] == "甲 <a@b.example>"
    assert (found["at"], found["subject"]) == ("2026-11-02 10:00:00", "你好")


def test_labels_may_stand_above_their_values():
    """A copied page puts the value under the label."""
    text = "工单详情\n工单号\nTS2611030005213\n订单号\nKM20261102140250017\n状态\n待处理\n"
    found = values(text)
    assert found["ticket_no"] == "TS2611030005213"
    assert found["order_no"] == "KM20261102140250017"
    assert found["status"] == "待处理"


@pytest.mark.parametrize(
    ("name", "txn_no"),
    [
        ("receipt_alipay_ocr.txt", "2026110222001400000000000001"),
        ("receipt_wechat_ocr.txt", "4200002000202611020000000001"),
    ],
)
def test_a_receipt_as_text_keeps_two_numbers_apart(name, txn_no):
    """The payment service's number is no order number, and the advert's 5 yuan are no amount."""
    file = CASES.parent / "inputs" / name
    if not file.exists():
        pytest.skip("the shared samples are not beside this repository")
    read = read_document_text(text=file.read_text("utf-8"))
    found = {k: f.value for k, f in read.fields.items()}
    assert (read.form, read.kind) == ("receipt", Kind.PAYMENT_RECEIPT)
    assert (found["amount"], found["paid_at"]) == ("98.50", "2026-11-02 14:03:21")
    assert (found["txn_no"], found["order_no"]) == (txn_no, "SK20261102140300000000000001")
    assert found["merchant"] == "示例数卡网络科技有限公司"


def test_plain_text_stays_plain():
    """What is nothing known keeps its lines and gets no fields."""
    read = read_document_text(text="今天天气不错\n\n去散步\n")
    assert (read.form, read.kind, dict(read.fields)) == ("text", Kind.OTHER, {})
    assert [(x.line, x.text) for x in read.lines] == [(1, "今天天气不错"), (3, "去散步")]


@given(st.text(max_size=300), st.sampled_from([None, *Kind]))
def test_any_text_is_read(text, kind):
    """Nothing raises, and lines are never lost."""
    read = read_document_text(text=text, kind=kind)
    assert [x.text for x in read.lines] == [x for x in text.split("\n") if x.strip()]
    assert kind in (None, Kind.OTHER) or read.kind is kind
