"""Chat screens: sides, notices, titles, and the many spellings of time bars."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.screen_kit import SIZE, WIDTH, Drawn, text_width

from gongdao.core.clock import BEIJING
from gongdao.core.codes import Speaker
from gongdao.evidence.chat_screens import other_side, read_chat_screen, read_time_bar

CAPTURED = datetime(2026, 11, 18, 9, 30, tzinfo=BEIJING)  # a Wednesday


def chat(title: str) -> Drawn:
    """An empty chat with a title."""
    return Drawn(y=300).bar(title)


def say(d: Drawn, side: str, *lines: str) -> Drawn:
    """A bubble with its avatar letter."""
    wide = max(text_width(line, 46) for line in lines)
    x = 206 if side == "left" else WIDTH - 206 - wide
    d.at("客" if side == "left" else "我", 60 if side == "left" else 1044, d.y)
    for line in lines:
        d.at(line, x, d.y)
        d.y += 64
    d.y += 90
    return d


def test_wrapped_bubble_stays_on_its_side():
    """A short last line of a right bubble does not become the other side's."""
    d = say(chat("示例店"), "right", "我买的两百面值怎么充进去只有一半", "点")
    say(d, "left", "亲", "不是面值问题的哦")
    messages = read_chat_screen(d.lines(), SIZE).messages
    assert [(m.speaker, m.text) for m in messages] == [
        (Speaker.BUYER, "我买的两百面值怎么充进去只有一半点"),
        (Speaker.MERCHANT, "亲不是面值问题的哦"),
    ]


@pytest.mark.parametrize(
    ("title", "side"),
    [
        ("平台官方客服", Speaker.PLATFORM),
        ("示例卡盟客服中心", Speaker.PLATFORM),
        ("在线客服·收款号", Speaker.MERCHANT),
        ("示例一卡通专营", Speaker.MERCHANT),
        ("平台客服(3)", Speaker.PLATFORM),
    ],
)
def test_title_tells_the_other_side(title, side):
    """Only a title that names the platform makes the left side the platform."""
    d = say(chat(title), "left", "您好请讲")
    screen = read_chat_screen(d.lines(), SIZE)
    assert other_side(screen.title) is side
    assert screen.messages[0].speaker is side


@pytest.mark.parametrize(
    ("bar", "want"),
    [
        ("2026年11月6日22:10", "2026-11-06 22:10"),
        ("11月5日 20:50", "2026-11-05 20:50"),
        ("12月30日 08:00", "2025-12-30 08:00"),
        ("昨天 21:03", "2026-11-17 21:03"),
        ("星期三 10:00", "2026-11-18 10:00"),
        ("周一 下午3:05", "2026-11-16 15:05"),
        ("22:21", "2026-11-18 22:21"),
        ("晚上 9:40", "2026-11-18 21:40"),
    ],
)
def test_time_bars(bar, want):
    """Each spelling gives its instant, dated from the capture where it has no date."""
    at = read_time_bar(bar, captured_at=CAPTURED)
    assert at is not None
    assert at.strftime("%Y-%m-%d %H:%M") == want


def test_clock_bar_goes_on_from_the_bar_above():
    """A bare clock belongs to the day above it; one that runs back to the next day."""
    before = datetime(2026, 11, 6, 22, 10, tzinfo=BEIJING)
    assert read_time_bar("22:21", before=before) == before.replace(minute=21)
    assert read_time_bar("00:05", before=before) == datetime(2026, 11, 7, 0, 5, tzinfo=BEIJING)


def test_bar_without_any_date_gives_no_time():
    """Where nothing tells the day, no time is made up."""
    assert read_time_bar("22:21") is None
    assert read_time_bar("11月5日 20:50") is None
    assert read_time_bar("昨天 21:03") is None


@given(st.text(max_size=30))
def test_any_text_as_a_bar_is_harmless(text):
    """A bar of any text gives an instant with a zone, or None."""
    at = read_time_bar(text, captured_at=CAPTURED)
    assert at is None or at.tzinfo is not None


def test_notices_and_read_marks():
    """Notices are the system's; read marks and the input line are nobody's."""
    d = chat("示例店").centre("昨天 21:03")
    d.y += 40
    say(d, "right", "在吗")
    d.at("已读", 900, d.y - 60, 30)
    d.centre("对方开启了好友验证，你还不是他好友")
    d.at("发送", 1040, 2450)
    messages = read_chat_screen(d.lines(), SIZE, captured_at=CAPTURED).messages
    assert [(m.speaker, m.text) for m in messages] == [
        (Speaker.BUYER, "在吗"),
        (Speaker.SYSTEM, "对方开启了好友验证，你还不是他好友"),
    ]
    assert messages[0].at == datetime(2026, 11, 17, 21, 3, tzinfo=BEIJING)
