"""Chat exports and pastes: every form of the samples, and who says what."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.core.clock import BEIJING, say_second
from gongdao.core.codes import Speaker
from gongdao.core.errors import UnreadableFile
from gongdao.evidence.chats import raw
from gongdao.evidence.chats.read import find_chat_form, read_chat

SHARED = Path(__file__).resolve().parents[3] / "shared"
CAPTURED = datetime(2026, 11, 2, 18, 0, tzinfo=BEIJING)
BUYER, MERCHANT, PLATFORM, SYSTEM = (
    Speaker.BUYER,
    Speaker.MERCHANT,
    Speaker.PLATFORM,
    Speaker.SYSTEM,
)
DENIAL = "卡密一经售出概不退换哦，发货前都是测试过的"


def shared(path: str) -> bytes:
    """A file of the shared material; skips where the material is absent."""
    file = SHARED / path
    if not file.exists():
        pytest.skip("the shared samples are not beside this repository")
    return file.read_bytes()


@pytest.mark.parametrize(
    ("name", "form", "count", "first_at"),
    [
        ("qq_export.txt", "qq_text", 7, "2026-11-02 14:05:02"),
        ("qce_v4.json", "qce_v4_json", 7, "2026-11-02 14:05:02"),
        ("qce_v5.json", "qce_v5_json", 7, "2026-11-02 14:05:02"),
        ("qce_v5.txt", "qce_text", 7, "2026-11-02 14:05:02"),
        ("wechatmsg.csv", "wechatmsg_csv", 7, "2026-11-02 14:05:02"),
        ("wechatmsg.txt", "wechatmsg_text", 8, "2026-11-02 14:05:02"),
        ("weflow.txt", "weflow_text", 7, "2026-11-02 14:05:02"),
        ("weflow.json", "weflow_json", 7, "2026-11-02 14:05:02"),
        ("chatlog.txt", "chatlog_text", 8, "2026-11-02 14:05:02"),
        ("chatlog.csv", "chatlog_csv", 7, "2026-11-02 14:05:02"),
        ("chatlog.json", "chatlog_json", 7, "2026-11-02 14:05:02"),
        ("wechat_email.txt", "wechat_mail", 6, "2026-11-02 14:05:00"),
        ("wechat_paste.txt", "wechat_paste", 7, None),
        ("wechat_paste_clock.txt", "wechat_paste_clock", 7, "2026-11-02 14:05:00"),
        ("wechat_paste_fulltime.txt", "wechat_paste_fulltime", 7, "2026-11-02 14:05:02"),
        ("telegram_result.json", "telegram_json", 8, "2026-11-02 14:04:00"),
        ("telegram_full_result.json", "telegram_json", 8, "2026-11-02 14:04:00"),
        ("telegram_messages.html", "telegram_html", 8, None),
        ("wecom_kf_sync_msg.json", "wecom_json", 7, "2026-11-02 14:05:02"),
    ],
)
def test_every_form_is_read(name, form, count, first_at):
    """Form, number, times, text and both sides are found in each sample."""
    chat = read_chat(data=shared(f"inputs/{name}"), name=name, captured_at=CAPTURED)
    assert (chat.form, len(chat.messages)) == (form, count)
    assert (say_second(chat.messages[0].at) if chat.messages[0].at else None) == first_at
    said = {m.text: m.speaker for m in chat.messages}
    assert said[DENIAL] is MERCHANT
    assert said["在吗，刚拍的骏网一卡通100元"] is BUYER
    card = "卡号 0000111122223333\n密码 4444555566667777\n充值提示：该卡已被使用"
    assert said[card] is BUYER


def test_a_wangwang_copy_is_called_unverified():
    """No real sample was seen, so the form says so; a sub-account of the shop is the merchant."""
    data = shared("inputs/wangwang_paste.txt")
    chat = read_chat(data=data, merchant="示例数卡专营店")
    assert chat.form == "wangwang_unverified"
    assert [m.speaker for m in chat.messages[:2]] == [BUYER, MERCHANT]
    assert {m.speaker for m in read_chat(data=data).messages} == {None}


def test_a_group_keeps_strangers_unknown():
    """In a group nobody is inferred: the third person stays None, the notice is the system's."""
    chat = read_chat(data=shared("inputs/qq_export_group.txt"))
    assert [m.speaker for m in chat.messages] == [MERCHANT, BUYER, None, SYSTEM]
    assert chat.messages[0].at == datetime(2026, 11, 2, 9, 5, 7, tzinfo=BEIJING)
    assert chat.messages[2].sender == "路人乙"


def test_transfers_stay_as_text():
    """A transfer sent back is evidence and is kept word for word."""
    chat = read_chat(data=shared("inputs/chatlog.txt"), captured_at=CAPTURED)
    assert chat.messages[-1].text == "[转账|退还 ￥98.50](退你)"


@pytest.mark.parametrize(
    ("path", "names", "count"),
    [
        ("c01-late-then-invalid/during/chat.txt", {}, 12),
        ("c02-topup-service-hours/during/chat.txt", {}, 9),
        (
            "c03-reseller-test-cards/during/chat.txt",
            {"阿示分销": BUYER, "示例批发-小王": MERCHANT},
            9,
        ),
        ("c04-fake-discount/during/chat.txt", {}, 4),
        ("c07-already-redeemed-12315/during/chat.txt", {}, 7),
        ("c08-cancelled-by-merchant/during/chat.txt", {"柚子不加糖": BUYER}, 6),
    ],
)
def test_chats_of_the_cases_are_read(path, names, count):
    """Each line has its time, its line number and its side."""
    chat = read_chat(data=shared(f"cases/{path}"), chat_names=names)
    assert len(chat.messages) == count
    assert {m.speaker for m in chat.messages} == {BUYER, MERCHANT}
    assert all(m.at and m.at_given and m.line for m in chat.messages)


PLAIN = """2026-11-02 15:10:03 买家: 第一行
第二行：有冒号

2026-11-02 15:11 商家：稍等
2026-11-02 15:12:00 2026-11-02 15:12:00 平台客服: 已记录
[2026/11/2 15:13:00] 买家：https://kameng.example 打不开
2026-11-02 15:14:00 工单已于12:30关闭
2026-11-02 15:15:00 系统: 对方已下线
"""


def test_the_plain_form_in_all_its_spellings():
    """Continued lines, wide colons, a doubled time, brackets, notices."""
    chat = read_chat(text=PLAIN)
    assert [(m.line, m.speaker, m.text) for m in chat.messages] == [
        (1, BUYER, "第一行\n第二行：有冒号"),
        (4, MERCHANT, "稍等"),
        (5, PLATFORM, "已记录"),
        (6, BUYER, "https://kameng.example 打不开"),
        (7, SYSTEM, "工单已于12:30关闭"),
        (8, SYSTEM, "对方已下线"),
    ]
    assert chat.messages[1].at == datetime(2026, 11, 2, 15, 11, tzinfo=BEIJING)


def test_gb18030_and_utf16_chats_are_read():
    """The encoding makes no difference to what was said."""
    expected = read_chat(text=PLAIN).messages
    for codec in ("gb18030", "utf-16", "utf-8-sig"):
        assert read_chat(data=PLAIN.encode(codec)).messages == expected


def test_names_decide_before_words():
    """A declared name wins over a role word, the merchant's and the platform's own name count."""
    text = (
        "2026-11-02 15:10:03 客服: 甲\n2026-11-02 15:10:04 示例卡盟: 乙\n"
        "2026-11-02 15:10:05 示例数卡店: 丙\n2026-11-02 15:10:06 小林: 丁\n"
    )
    chat = read_chat(
        text=text,
        chat_names={"客服": PLATFORM, "小林": BUYER},
        merchant="示例数卡店",
        platform="示例卡盟",
    )
    assert [m.speaker for m in chat.messages] == [PLATFORM, PLATFORM, MERCHANT, BUYER]


def test_three_unknown_people_are_not_guessed():
    """With three names and one known, the two others stay unknown."""
    text = "".join(f"2026-11-02 15:10:0{i} {who}: 在\n" for i, who in enumerate("甲乙丙"))
    chat = read_chat(text=text, chat_names={"甲": BUYER})
    assert [m.speaker for m in chat.messages] == [BUYER, None, None]


def test_a_quoted_head_inside_a_body_stays_text():
    """In an export with blank lines a line that looks like a head but follows text is text."""
    text = (
        "消息记录（此消息记录为文本格式，不支持重新导入）\n\n消息对象:示例店\n" + "=" * 64 + "\n\n"
        "2026-11-02 14:05:02 小林\n他说过：\n2026-11-01 10:00:00 示例店\n我们错了\n\n"
        "2026-11-02 14:06:02 示例店\n没有说过\n\n2026-11-02 14:07:02 小林\n有\n"
    )
    chat = read_chat(text=text)
    assert [m.speaker for m in chat.messages] == [BUYER, MERCHANT, BUYER]
    assert "我们错了" in chat.messages[0].text


def test_clocks_without_a_date_are_dated_backwards():
    """The last clock is before the capture, an earlier but larger one is the day before."""
    text = "小林 23:50\n在吗\n\n示例店 00:10\n在\n\n小林 09:00\n退款\n"
    chat = read_chat(text=text, captured_at=CAPTURED, merchant="示例店")
    days = [m.at.day if m.at else 0 for m in chat.messages]
    assert days == [1, 2, 2]
    assert not any(m.at_given for m in chat.messages)
    assert [m.at for m in read_chat(text=text).messages] == [None] * 3


def test_month_and_day_take_the_year_of_the_capture():
    """chatlog's MM-DD heads are dated within the year before the capture."""
    text = "小林(我) 12-31 23:00:00\n在吗\n\n店(wxid_a) 01-01 09:00:00\n在\n"
    captured = datetime(2026, 1, 2, 8, 0, tzinfo=BEIJING)
    chat = read_chat(text=text, captured_at=captured)
    assert [m.at.year if m.at else 0 for m in chat.messages] == [2025, 2026]


def test_chunked_json_lines_are_read():
    """One chunk of QCE's chunked export is a chat of its own."""
    lines = [
        {
            "id": str(i),
            "timestamp": 1793599502000 + i,
            "sender": {"uin": "1", "name": who},
            "content": {"text": "在"},
        }
        for i, who in enumerate(["买家", "客服"])
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    chat = read_chat(text=text)
    assert chat.form == "qce_jsonl"
    assert [m.speaker for m in chat.messages] == [BUYER, MERCHANT]


def test_echotrace_and_transfer_cards_are_read():
    """WeFlow's shape without its own object is Echotrace; a card without text keeps its kind."""
    data = {
        "session": {"displayName": "示例店", "type": "私聊"},
        "messages": [
            {"createTime": 1793599502, "type": "转账卡片", "content": "", "isSend": 1},
            {"createTime": 1793599503, "type": "文本消息", "content": "收到", "isSend": 0,
             "senderDisplayName": "示例店"},
        ],
    }  # fmt: skip
    chat = read_chat(text=json.dumps(data, ensure_ascii=False))
    assert chat.form == "echotrace_json"
    assert [(m.speaker, m.text) for m in chat.messages] == [
        (BUYER, "[转账卡片]"),
        (MERCHANT, "收到"),
    ]


def test_hand_written_talk_without_times_is_read():
    """Role words or declared names at the line's start are enough; nothing gets a time."""
    text = "买家：在吗\n还没发货\n示例小美: 稍等\n买家：多久\n"
    chat = read_chat(text=text, chat_names={"示例小美": MERCHANT})
    assert chat.form == "plain_untimed"
    assert [(m.speaker, m.text, m.at) for m in chat.messages] == [
        (BUYER, "在吗\n还没发货", None),
        (MERCHANT, "稍等", None),
        (BUYER, "多久", None),
    ]


def test_hand_written_talk_with_clocks_is_dated_by_the_capture():
    """A clock before the name is dated as pasted clocks are."""
    chat = read_chat(text="14:05 买家: 在吗\n14:06 商家: 在\n", captured_at=CAPTURED)
    assert chat.form == "plain_clock"
    assert [say_second(m.at) for m in chat.messages if m.at] == [
        "2026-11-02 14:05:00",
        "2026-11-02 14:06:00",
    ]
    assert not any(m.at_given for m in chat.messages)


def test_any_table_with_time_sender_and_content_is_read():
    """A table that some other program wrote is read by its column names."""
    text = '序号,时间,发送人,内容\n1,2026-11-02 14:05:02,买家,"在吗\n老板"\n2,,商家,在\n'
    chat = read_chat(text=text)
    assert chat.form == "table_csv"
    assert [(m.speaker, m.text, m.line) for m in chat.messages] == [
        (BUYER, "在吗\n老板", 2),
        (MERCHANT, "在", 4),
    ]
    assert chat.messages[1].at is None


def test_a_qq_page_is_read():
    """QQ's MHT export: the day stands above, the clock beside the name."""
    html = (
        "<table><tr><td>消息分组:我的好友</td></tr><tr><td>消息对象:示例店</td></tr>"
        "<tr><td>日期: 2026-11-02</td></tr>"
        "<tr><td><div><div>小林</div>14:05:02</div><div>在吗</div></td></tr>"
        "<tr><td><div><div>示例店</div>14:06:02</div><div>在<br>的</div></td></tr></table>"
    )
    head = b'From: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
    data = head + b"--b\r\nContent-Type: text/html\r\n\r\n" + html.encode() + b"\r\n--b--\r\n"
    chat = read_chat(data=data)
    assert (chat.form, chat.title) == ("qq_mht", "示例店")
    assert [(m.speaker, m.sender, m.text) for m in chat.messages] == [
        (BUYER, "小林", "在吗"),
        (MERCHANT, "示例店", "在\n的"),
    ]
    assert chat.messages[0].at == datetime(2026, 11, 2, 14, 5, 2, tzinfo=BEIJING)


def test_of_many_chats_the_named_one_is_read():
    """A full Telegram export gives the chat with the merchant, not the longest one."""

    def chat(name: str, count: int) -> dict[str, object]:
        message = {"type": "message", "date_unixtime": "1793599502", "from": name, "text": "在"}
        return {"name": name, "type": "personal_chat", "id": 1, "messages": [message] * count}

    data = {"chats": {"list": [chat("家人", 9), chat("示例店", 2)]}}
    text = json.dumps(data, ensure_ascii=False)
    assert len(read_chat(text=text, merchant="示例店").messages) == 2
    assert len(read_chat(text=text).messages) == 9


def test_a_long_chat_takes_linear_time():
    """The longest chat that is taken is all there."""
    text = "".join(
        f"2026-11-02 15:10:{i % 60:02d} {'买家' if i % 2 else '商家'}: 第{i}条\n"
        for i in range(raw.MAX_MESSAGES)
    )
    assert len(read_chat(text=text).messages) == raw.MAX_MESSAGES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "你好",
        "工单号：G1\n提交时间：2026-10-19 09:00:12\n",
        "[]",
        "{}",
        '{"messages": 3}',
        "<html>",
    ],
)
def test_what_is_no_chat_is_refused(text):
    """A ticket, an empty file or other JSON is told as no chat, with the form to write."""
    with pytest.raises(UnreadableFile, match="买家: 文本"):
        read_chat(text=text, name="chat.txt")


@pytest.mark.parametrize(
    "path",
    [
        "cases/c02-topup-service-hours/after/ticket.txt",
        "cases/c03-reseller-test-cards/after/issuer-reply.txt",
        "cases/c07-already-redeemed-12315/after/12315.txt",
        "cases/c07-already-redeemed-12315/after/issuer-reply.txt",
        "inputs/receipt_alipay_ocr.txt",
        "inputs/receipt_wechat_ocr.txt",
        "inputs/wechat_2024.csv",
        "inputs/card_formats.csv",
    ],
)
def test_other_documents_are_not_taken_for_chats(path):
    """Tickets, statements, receipts and bills have no chat form."""
    assert find_chat_form(shared(path).decode()) is None


words = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=20)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=BEIJING)
)
talks = st.lists(
    st.tuples(moments, st.sampled_from(["买家", "商家"]), words), min_size=1, max_size=20
)


@given(talks)
def test_written_chats_come_back(talk):
    """Plain form: time, side and text come back for every message."""
    text = "".join(f"{say_second(at)} {who}: {said}\n" for at, who, said in talk)
    read = read_chat(text=text).messages
    assert [(m.at, m.sender, m.text) for m in read] == list(talk)


@given(talks)
def test_written_exports_come_back(talk):
    """QQ's form: the same for heads on lines of their own."""
    text = "消息对象:商家\n" + "=" * 64 + "\n\n"
    text += "".join(f"{say_second(at)} {who}\n{said}\n\n" for at, who, said in talk)
    read = read_chat(text=text).messages
    assert [(m.at, m.sender, m.text) for m in read] == list(talk)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02 15:10:03 买家: 在\n" * 12,
        '[{"sender": {}, "content": {}}' + ", {}" * 120 + "]",
        "Time,SenderName,Sender\n" + "2026-11-02 15:10:03,a,b\n" * 12,
    ],
)
def test_endless_chats_are_refused(text, monkeypatch):
    """More messages than any chat has give one error that says what to export."""
    monkeypatch.setattr(raw, "MAX_MESSAGES", 10)
    with pytest.raises(UnreadableFile, match="时间段"):
        read_chat(text=text)
