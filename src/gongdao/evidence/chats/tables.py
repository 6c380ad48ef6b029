"""Chats as CSV: WeChatMsg, chatlog, and any table with time, sender and content."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gongdao.evidence.chats.raw import RawChat, RawMessage, check_length
from gongdao.evidence.chats.times import read_epoch, read_stamp

_WECHATMSG = ("localId", "TalkerId", "Type")
_CHATLOG = ("Time", "SenderName", "Sender")
_TYPES = {"3": "[图片]", "34": "[语音]", "43": "[视频]", "47": "[表情包]"}
_APP_TYPES = {"6": "[文件]", "57": "[引用]", "2000": "[转账]", "2001": "[红包]"}


_COLUMNS: dict[str, tuple[str, ...]] = {
    "at": ("时间", "发送时间", "消息时间", "日期时间", "Time", "time", "date"),
    "sender": (
        "发送人",
        "发送者",
        "发送方",
        "发言人",
        "昵称",
        "发信人",
        "Sender",
        "sender",
        "from",
    ),
    "text": ("内容", "消息内容", "消息", "聊天内容", "文本", "Content", "content", "message"),
}


def table_form(first_line: str) -> str | None:
    """``wechatmsg_csv``, ``chatlog_csv`` or ``table_csv`` by the header row, else None."""
    names = tuple(name.strip().strip('"') for name in first_line.split(","))
    if names[:3] == _WECHATMSG:
        return "wechatmsg_csv"
    if names[:3] == _CHATLOG:
        return "chatlog_csv"
    known = all(any(name in names for name in synonyms) for synonyms in _COLUMNS.values())
    return "table_csv" if known and len(names) <= 20 else None


def read_table(text: str, form: str) -> RawChat:
    """Read a chat table whose header ``table_form`` knew. A row that is too short is kept as
    far as it goes; in private chats WeChatMsg writes only the first nine fields."""
    rows = _rows(text)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    records = ((line, dict(zip(header, row, strict=False))) for line, row in rows if any(row))
    if form == "wechatmsg_csv":
        return RawChat(form, tuple(_wechatmsg(line, row) for line, row in records))
    if form == "table_csv":
        return RawChat(form, tuple(_table_row(line, row) for line, row in records))
    messages, peer = [], ""
    for line, row in records:
        peer = peer or row.get("TalkerName", "")
        is_group = row.get("Talker", "").endswith("@chatroom")
        messages.append(
            RawMessage(
                row.get("SenderName", ""),
                row.get("Content", "").strip(),
                read_stamp(row.get("Time", "")),
                line=line,
                is_self=None if is_group else row.get("Sender") != row.get("Talker"),
            )
        )
    group = any(m.is_self is None for m in messages)
    return RawChat(form, tuple(messages), peer, group)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(first line of the row, fields); a field over csv's limit ends the reading there."""
    reader = csv.reader(io.StringIO(text, newline=""))
    start, count = 1, 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            start = reader.line_num + 1
            continue
        count += 1
        check_length(count)
        yield start, row
        start = reader.line_num + 1


def _wechatmsg(line: int, row: dict[str, str]) -> RawMessage:
    kind, content = row.get("Type", ""), row.get("StrContent", "")
    if kind == "49":
        words = _APP_TYPES.get(row.get("SubType", ""), "[应用消息]")
    elif kind == "1" or not content.lstrip().startswith("<"):
        words = content.strip() or _TYPES.get(kind, "")
    else:
        words = _TYPES.get(kind, "[其他消息]")
    is_self = {"1": True, "0": False}.get(row.get("IsSender", "").strip())
    sender = row.get("Remark") or row.get("NickName") or row.get("Sender") or ""
    name = sender or ("我" if is_self else "")
    at = read_stamp(row.get("StrTime", "")) or read_epoch(row.get("CreateTime", ""))
    return RawMessage(name, words, at, at is not None, line, is_self, kind == "10000")


def _table_row(line: int, row: dict[str, str]) -> RawMessage:
    cells = {
        key: next((row[name].strip() for name in synonyms if name in row), "")
        for key, synonyms in _COLUMNS.items()
    }
    at = read_stamp(cells["at"]) or read_epoch(cells["at"])
    return RawMessage(cells["sender"], cells["text"], at, at is not None, line)
