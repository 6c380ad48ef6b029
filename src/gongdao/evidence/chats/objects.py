"""Chats as JSON: QCE V4/V5 (also chunked), WeFlow and Echotrace, chatlog, Telegram, WeCom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gongdao.evidence.chats.raw import RawChat, RawMessage, check_length
from gongdao.evidence.chats.times import read_epoch, read_stamp

Json = Mapping[str, Any]
_OBJECTS_EACH = 10
"""More JSON objects and lists than this a message are in no export."""
_MAX_DEPTH_ERRORS = (ValueError, RecursionError)


def read_objects(text: str) -> tuple[RawChat, ...]:
    """Every chat of a JSON or JSON-lines export; empty when it is no chat form known here."""
    check_length((text.count("{") + text.count("[")) // _OBJECTS_EACH)
    root = _load(text)
    if isinstance(root, list):
        return _from_list([item for item in root if isinstance(item, dict)])
    if not isinstance(root, dict):
        return ()
    chats = _dict(root, "chats").get("list")
    if isinstance(chats, list):
        return tuple(_telegram(c) for c in chats if isinstance(c, dict) and "messages" in c)
    if isinstance(root.get("msg_list"), list):
        return (RawChat("wecom_json", _each(root["msg_list"], _wecom)),)
    if not isinstance(root.get("messages"), list):
        return ()
    if "chatInfo" in root or "QQChatExporter" in str(_dict(root, "metadata").get("name")):
        return (_qce(root),)
    if "session" in root:
        return (_weflow(root),)
    if "name" in root or "type" in root or "id" in root:
        return (_telegram(root),)
    return ()


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except _MAX_DEPTH_ERRORS:
        pass
    found = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            found.append(json.loads(line))
        except _MAX_DEPTH_ERRORS:
            if not found:
                return None
    return found


def _from_list(items: Sequence[Json]) -> tuple[RawChat, ...]:
    first = items[0] if items else {}
    if "talker" in first and "senderName" in first:
        return (_chatlog(items),)
    if "sender" in first and "content" in first:
        return (RawChat("qce_jsonl", _each(items, _qce_message)),)
    if "senderDisplayName" in first or "isSend" in first:
        return (RawChat("weflow_json", _each(items, _weflow_message)),)
    return ()


def _each(items: Sequence[Any], read: Callable[[Json], RawMessage]) -> tuple[RawMessage, ...]:
    check_length(len(items))
    return tuple(read(item) for item in items if isinstance(item, dict))


def _dict(json_object: Json, key: str) -> Json:
    value = json_object.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first(json_object: Json, *keys: str) -> str:
    return next((t for key in keys if (t := _text(json_object.get(key)))), "")


def _qce(root: Json) -> RawChat:
    info = _dict(root, "chatInfo")
    me = _first(info, "selfUin") or _first(info, "selfUid")

    def message(item: Json) -> RawMessage:
        raw = _qce_message(item)
        sender = _dict(item, "sender")
        ids = {_id(sender.get("uin")), _id(sender.get("uid"))}
        is_self = (me in ids) if me else None
        return RawMessage(raw.sender, raw.text, raw.at, raw.at_given, None, is_self, raw.is_system)

    version = (
        "v4" if any("messageId" in m for m in root["messages"][:1] if isinstance(m, dict)) else "v5"
    )
    is_group = _text(info.get("type")) == "group"
    return RawChat(
        f"qce_{version}_json", _each(root["messages"], message), _first(info, "name"), is_group
    )


def _id(value: object) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _qce_message(item: Json) -> RawMessage:
    sender, raw = _dict(item, "sender"), _dict(item, "rawMessage")
    name = (
        _first(sender, "groupCard", "remark", "name", "nickname")
        or _first(raw, "sendMemberName", "sendNickName")
        or _id(sender.get("uin"))
    )
    stamp = item.get("timestamp")
    at = (read_stamp(stamp) if isinstance(stamp, str) else read_epoch(stamp)) or read_stamp(
        _text(item.get("time"))
    )
    words = _text(_dict(item, "content").get("text"))
    if item.get("recalled") is True or item.get("isRecalled") is True:
        words = f"{words} [已撤回]".strip()
    system = item.get("system") is True or item.get("isSystemMessage") is True
    return RawMessage(name, words, at, at is not None, None, None, system)


def _weflow(root: Json) -> RawChat:
    session = _dict(root, "session")
    form = "weflow_json" if "weflow" in root else "echotrace_json"
    peer = _first(session, "displayName", "remark", "nickname")
    is_group = "群" in _text(session.get("type"))
    return RawChat(form, _each(root["messages"], _weflow_message), peer, is_group)


def _weflow_message(item: Json) -> RawMessage:
    at = read_epoch(item.get("createTime")) or read_stamp(_text(item.get("formattedTime")))
    kind = _text(item.get("type"))
    words = _text(item.get("content")) or (f"[{kind}]" if kind else "")
    flag = item.get("isSend")
    is_self = bool(flag) if flag in (0, 1, True, False) else None
    name = _first(item, "senderDisplayName", "senderUsername")
    return RawMessage(name, words, at, at is not None, None, is_self, "系统" in kind)


def _chatlog(items: Sequence[Json]) -> RawChat:
    def message(item: Json) -> RawMessage:
        words = _text(item.get("content"))
        if not words:
            words = {3: "[图片]", 34: "[语音]", 43: "[视频]", 47: "[表情包]"}.get(
                _number(item.get("type")), "[其他消息]"
            )
        is_self = item.get("isSelf")
        name = _first(item, "senderName", "sender")
        at = read_stamp(_text(item.get("time")))
        return RawMessage(
            name,
            words,
            at,
            at is not None,
            None,
            is_self if isinstance(is_self, bool) else None,
            _number(item.get("type")) == 10000,
        )

    is_group = any(item.get("isChatRoom") is True for item in items[:20])
    return RawChat("chatlog_json", _each(items, message), _first(items[0], "talkerName"), is_group)


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _telegram(chat: Json) -> RawChat:
    messages = chat.get("messages")
    kind, peer = _text(chat.get("type")), _text(chat.get("name"))
    peer_id = f"user{_id(chat.get('id'))}"
    private = kind in ("personal_chat", "bot_chat", "private_supergroup_none")

    def message(item: Json) -> RawMessage:
        service = item.get("type") == "service"
        name = _first(item, "actor" if service else "from")
        words = _telegram_text(item.get("text"))
        if not words:
            words = _telegram_media(item)
        at = read_epoch(item.get("date_unixtime")) or read_stamp(_text(item.get("date")))
        sender_id = _id(item.get("from_id"))
        is_self = (sender_id != peer_id) if private and sender_id else None
        return RawMessage(name, words, at, at is not None, None, is_self, service)

    items = messages if isinstance(messages, list) else []
    return RawChat(
        "telegram_json", _each(items, message), peer, "group" in kind or "channel" in kind
    )


def _telegram_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, list):
        return ""
    parts = (p if isinstance(p, str) else _plain(p) for p in value)
    return "".join(parts).strip()


def _plain(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else ""
    return text if isinstance(text, str) else ""


def _telegram_media(item: Json) -> str:
    if "photo" in item:
        return "[图片]"
    if "file" in item:
        return f"[文件] {_text(item.get('file_name')) or _text(item.get('media_type'))}".strip()
    return f"[{_text(item.get('action'))}]" if item.get("action") else ""


def _wecom(item: Json) -> RawMessage:
    origin = _number(item.get("origin"))
    kind = _text(item.get("msgtype"))
    words = _text(_dict(item, "text").get("content")) or f"[{kind or '消息'}]"
    name = {3: "客户", 5: _first(item, "servicer_userid") or "客服"}.get(origin, "系统")
    at = read_epoch(item.get("send_time"))
    is_self = {3: True, 5: False}.get(origin)
    return RawMessage(name, words, at, at is not None, None, is_self, origin == 4)
