"""Chats as CSV: WeChatMsg and chatlog."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gongdao.evidence.chats.raw import RawChat, RawMessage
from gongdao.evidence.chats.times import read_epoch, read_stamp

_WECHATMSG = ("localId", "TalkerId", "Type")
_CHATLOG = ("Time", "SenderName", "Sender")
_TYPES = {"3": "[图片]", "34": "[语音]", "43": "[视频]", "47": "[表情包]"}
_APP_TYPES = {"6": "[文件]", "57": "[引用]", "2000": "[转账]", "2001": "[红包]"}


def table_form(first_line: str) -> str | None:
    """``wechatmsg_csv`` or ``chatlog_csv`` by the header row, else None."""
    names = tuple(name.strip() for name in first_line.split(","))
    if names[:3] == _WECHATMSG:
        return "wechatmsg_csv"
    if names[:3] == _CHATLOG:
        return "chatlog_csv"
    return None


def read_table(text: str, form: str) -> RawChat:
    """Read a chat table whose header ``table_form`` knew. A row that is too short is kept as
    far as it goes; in private chats WeChatMsg writes only the first nine fields."""
    rows = _rows(text)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    records = ((line, dict(zip(header, row, strict=False))) for line, row in rows if any(row))
    if form == "wechatmsg_csv":
        return RawChat(form, tuple(_wechatmsg(line, row) for line, row in records))
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
    start = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            start = reader.line_num + 1
            continue
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
