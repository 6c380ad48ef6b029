"""Chats photographed off the screen: bubbles → messages with side, words and inferred time.

The right side is the phone's owner, the buyer; the left side is whom the title names. A time is
never printed beside a bubble here, so every ``at`` comes from a bar above (``at_given`` False).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gongdao.core.clock import BEIJING
from gongdao.core.codes import Speaker
from gongdao.evidence.layout import Cell, Page, lay_out
from gongdao.evidence.reading import Box, Message, TextLine
from gongdao.evidence.values import half_width, plain

_PLATFORM = re.compile(
    "平台(官方)?(客服|介入|小二|售后|处理|专员)|官方客服|客服中心|平台客服|"
    "消费者服务|投诉(处理|专员)|人工客服中心|服务中心|纠纷|^平台"
)
_NOTICE = re.compile(
    "拒收|(好友|朋友)验证|开启了.*验证|撤回了?一条|以上是打招呼|加入了?(群|"
    "会话)|结束了?(会话|服务|对话)|已接入|"
    "为你?您?服务|已转人工|会话已(结束|关闭)|系统(消息|提示)|不是对方(好友|"
    "的好友)|先发送.*验证|收到一条|领取了|已成为好友|添加了你|可以开始聊天|"
    "消息已发出"
)
_TIME = re.compile(
    r"^(?:(?P<y>20\d{2})[年\-/.])?(?:(?P<m>\d{1,2})[月\-/.](?P<d>\d{1,2})日?)?"
    r"(?P<word>今天|昨天|前天|(?:星期|周|礼拜)[一二三四五六日天])?"
    r"(?P<half>凌晨|早上|上午|中午|下午|傍晚|晚上|AM|PM)?(?:(?P<h>\d{1,2})[:.](?P<min>\d{2}"
    r")(?::\d{2})?)?$",
    re.I,
)
_MARK = re.compile("^(已读|未读|送达|已送达|对方已读|全部已读|[✓√vV]{1,2})$")
_BOTTOM = re.compile(
    "^(发送|按住说话|请输入(消息|内容)?.*|说点什么.*|输入消息.*|[+＋]|表情|"
    "语音|相册|拍照|更多|发消息.*)$"
)
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class ChatScreen:
    """``title`` is the name at the top, the counterpart's; messages from top to bottom."""

    title: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class _Bubble:
    cells: tuple[Cell, ...]
    side: str  # left, right or middle

    @property
    def box(self) -> tuple[float, float, float, float]:
        return (
            min(c.x0 for c in self.cells),
            min(c.y0 for c in self.cells),
            max(c.x1 for c in self.cells),
            max(c.y1 for c in self.cells),
        )


def read_chat_screen(
    lines: Sequence[TextLine],
    size: tuple[int, int] | None = None,
    *,
    captured_at: datetime | None = None,
) -> ChatScreen:
    """The messages of a chat picture. ``captured_at`` dates bars without year or date; without
    it such messages have no time."""
    page = lay_out(lines=lines, size=size)
    title_cell = _title(page)
    title = re.sub(r"\s*[(（]\d+[)）]$", "", title_cell.text).strip() if title_cell else ""
    cells = [c for c in page.cells if c is not title_cell and not _furniture(c, page, title_cell)]
    avatars = [c for c in page.cells if _avatar(c, page)]
    other = other_side(title)
    messages: list[Message] = []
    at: datetime | None = None
    sender = title
    for bubble in _bubbles(cells, avatars, page):
        text = _join(bubble.cells)
        if bubble.side == "middle":
            moment = read_time_bar(text, before=at, captured_at=captured_at)
            if moment is not None or _TIME.match(plain(text)):
                at = moment if moment is not None else None
                continue
            messages.append(_message(Speaker.SYSTEM, "", text, at, bubble))
        elif bubble.side == "name":
            sender = text
        elif bubble.side == "right":
            messages.append(_message(Speaker.BUYER, "我", text, at, bubble))
        else:
            speaker = other_side(sender) if sender != title else other
            messages.append(_message(speaker, sender or title, text, at, bubble))
            sender = title
    return ChatScreen(title, tuple(messages))


def other_side(title: str) -> Speaker:
    """Whom a counterpart's name belongs to: the platform where it says so, else the merchant."""
    return Speaker.PLATFORM if _PLATFORM.search(plain(title)) else Speaker.MERCHANT


def _message(
    speaker: Speaker, sender: str, text: str, at: datetime | None, bubble: _Bubble
) -> Message:
    boxes: list[Box] = [c.line.box for c in bubble.cells if c.line.box is not None]
    box = (
        (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
        if boxes
        else None
    )
    return Message(speaker, sender, text, at, at_given=False, box=box)


def _title(page: Page) -> Cell | None:
    """The centred words of the top bar; no time and no notice."""
    for row in page.rows[:2]:
        for cell in row:
            centred = abs(cell.cx - page.width / 2) < 0.15 * page.width
            high = cell.cy < 0.14 * page.height
            if centred and high and not _TIME.match(plain(cell.text)) and len(plain(cell.text)) > 1:
                return None if _NOTICE.search(plain(cell.text)) else cell
    return None


def _furniture(cell: Cell, page: Page, title: Cell | None) -> bool:
    """Avatars of a letter, arrows, the input line, read marks: no part of what was said."""
    text = plain(cell.text)
    if _avatar(cell, page):
        return True
    if title is not None and abs(cell.cy - title.cy) < 0.6 * title.height:
        return True
    if _MARK.match(text) and len(text) <= 4:
        return True
    return bool(_BOTTOM.match(text)) and cell.cy > 0.85 * page.height


def _avatar(cell: Cell, page: Page) -> bool:
    """The letter in a round or square picture at the edge."""
    edge = cell.x1 < 0.145 * page.width or cell.x0 > 0.855 * page.width
    return edge and len(plain(cell.text)) <= 2


def _bubbles(cells: list[Cell], avatars: list[Cell], page: Page) -> list[_Bubble]:
    """Lines that stand under each other, close and with one left edge, are one bubble."""
    ordered = sorted(cells, key=lambda c: c.cy)
    groups: list[list[Cell]] = []
    for cell in ordered:
        home = next((g for g in reversed(groups[-3:]) if _continues(g, cell, page)), None)
        if home is None:
            groups.append([cell])
        else:
            home.append(cell)
    out = [_Bubble(tuple(g), _side(g, groups, avatars, page)) for g in groups]
    return sorted(out, key=lambda b: b.box[1])


def _continues(group: list[Cell], cell: Cell, page: Page) -> bool:
    last = group[-1]
    if _is_time(last) or _is_time(cell):
        return False
    same_row = abs(last.cy - cell.cy) < 0.5 * last.height
    if same_row:
        return 0 <= cell.x0 - last.x1 < 1.0 * page.em
    gap = cell.y0 - last.y1
    start = min(c.x0 for c in group)
    return -0.4 * page.em < gap < 0.5 * page.em and abs(cell.x0 - start) < 0.7 * page.em


def _is_time(cell: Cell) -> bool:
    text = plain(half_width(cell.text))
    return bool(re.search(r"\d[:.]\d{2}$|\d日$", text)) and bool(_TIME.match(text))


def _side(group: list[Cell], groups: list[list[Cell]], avatars: list[Cell], page: Page) -> str:
    """Whose bubble it is: by the avatar beside it, else by the edge it leans to."""
    x0, x1 = min(c.x0 for c in group), max(c.x1 for c in group)
    text = plain(_join(tuple(group)))
    middle = abs((x0 + x1) / 2 - page.width / 2) < 0.06 * page.width
    if middle and (_TIME.match(text) or _NOTICE.search(text)):
        return "middle"
    small = max(c.height for c in group) < 0.9 * page.em
    tiny = max(c.height for c in group) < 0.8 * page.em
    if tiny and not middle and x1 < page.width / 2 and len(group) == 1 and len(text) <= 14:
        return "name"
    beside = [a for a in avatars if group[0].y0 - page.em < a.cy < group[-1].y1 + 0.5 * page.em]
    if beside:
        nearest = min(beside, key=lambda a: abs(a.cy - group[0].cy))
        return "left" if nearest.cx < page.width / 2 else "right"
    # A chat in which only one side speaks is still judged by the width of the screen.
    left, right = min(page.left, 0.08 * page.width), max(page.right, 0.92 * page.width)
    if small and middle and x0 - left > 2.2 * page.em and right - x1 > 2.2 * page.em:
        return "middle"
    if middle and x1 - x0 > 0.45 * page.width:
        first = min(c.x0 for g in groups for c in g)
        last = max(c.x1 for g in groups for c in g)
        return "left" if x0 - first < last - x1 else "right"
    return "left" if x0 - left < right - x1 else "right"


def _join(cells: tuple[Cell, ...]) -> str:
    """Wrapped lines without a blank, words of one row with one."""
    text = ""
    for index, cell in enumerate(cells):
        beside = index > 0 and abs(cell.cy - cells[index - 1].cy) < 0.5 * cell.height
        text += (" " if beside else "") + cell.text
    return text


def read_time_bar(
    text: str, *, before: datetime | None = None, captured_at: datetime | None = None
) -> datetime | None:
    """The instant a grey bar names (``昨天 21:03``, ``11月5日 20:50``), in Beijing time.

    ``before`` is the instant of the bar above; None where nothing tells the date.
    """
    match = _TIME.match(plain(half_width(text)))
    if not match or match["h"] is None:
        return None
    hour, minute = int(match["h"]), int(match["min"])
    half = (match["half"] or "").upper()
    if half in ("下午", "晚上", "傍晚", "PM") and hour < 12:
        hour += 12
    if half in ("凌晨", "AM") and hour == 12:
        hour = 0
    try:
        day = _day(match, before, captured_at)
        return day.replace(hour=hour, minute=minute) if day else _same_day(hour, minute, before)
    except ValueError:
        return None


def _day(
    match: re.Match[str], before: datetime | None, captured_at: datetime | None
) -> datetime | None:
    """Midnight of the day the bar names, or None where it names none that can be known."""
    shown = captured_at.astimezone(BEIJING) if captured_at else None
    midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0) if shown else None
    if match["m"]:
        month, day = int(match["m"]), int(match["d"])
        if match["y"]:
            return datetime(int(match["y"]), month, day, tzinfo=BEIJING)
        known = midnight or before
        if known is None:
            return None
        guess = datetime(known.year, month, day, tzinfo=BEIJING)
        if midnight is not None and guess > midnight:
            guess = datetime(known.year - 1, month, day, tzinfo=BEIJING)
        return guess
    word = match["word"]
    if midnight is None:
        return None
    if word in ("今天", "昨天", "前天"):
        return midnight - timedelta(days=("今天", "昨天", "前天").index(word))
    if word:
        wanted = _WEEKDAYS.index(word[-1].replace("天", "日"))
        return midnight - timedelta(days=(midnight.weekday() - wanted) % 7)
    return midnight if before is None else None


def _same_day(hour: int, minute: int, before: datetime | None) -> datetime | None:
    """A bare clock goes on from the bar above; one that runs back belongs to the next day."""
    if before is None:
        return None
    at = before.replace(hour=hour, minute=minute, second=0)
    return at if at >= before else at + timedelta(days=1)


def renamed(messages: Sequence[Message], names: dict[str, Speaker]) -> tuple[Message, ...]:
    """``messages`` with the speakers that case.toml declares for their names."""
    return tuple(replace(m, speaker=names[m.sender]) if m.sender in names else m for m in messages)
