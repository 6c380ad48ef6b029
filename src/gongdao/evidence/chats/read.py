"""``read_chat``: recognise the form by content, read it, name the speakers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from gongdao.core.codes import Speaker
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.chats import lines as line_forms
from gongdao.evidence.chats.objects import read_objects
from gongdao.evidence.chats.pages import (
    is_qq_page,
    is_telegram_page,
    read_qq_page,
    read_telegram_page,
)
from gongdao.evidence.chats.raw import Chat, RawChat
from gongdao.evidence.chats.speakers import name_speakers
from gongdao.evidence.chats.tables import read_table, table_form
from gongdao.evidence.chats.times import CLOCK, STAMP
from gongdao.evidence.html_pages import is_mhtml, read_page
from gongdao.evidence.reading import Message
from gongdao.evidence.text_decoding import decode_text, split_lines

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("plain", line_forms.PLAIN),
    ("qce_text", re.compile(rf"时间: {STAMP}")),
    (
        "chatlog_text",
        re.compile(
            rf".{{1,80}}\([\w@.\-]{{1,60}}\) (?:{STAMP}|\d{{1,2}}-\d{{1,2}} {CLOCK}|{CLOCK})$"
        ),
    ),
    ("wangwang", re.compile(rf".{{1,80}}[(（]{STAMP}[)）][:：]?$")),
    ("weflow_text", re.compile(rf"{STAMP} '.{{1,80}}'$")),
    ("stamp_first", re.compile(rf"{STAMP} \S.{{0,80}}$")),
    ("name_stamp", re.compile(rf"\S.{{0,79}} {STAMP}$")),
    ("name_clock", re.compile(rf"\S.{{0,79}} {CLOCK}$")),
    ("name_only", re.compile(r"[^\s:：,，。!！?？][^:：,，。!！?？]{0,39}[:：]$")),
)
_SAMPLE_LINES = 4000


def read_chat(
    *,
    data: bytes | None = None,
    text: str | None = None,
    name: str = "",
    chat_names: Mapping[str, Speaker] | None = None,
    merchant: str = "",
    platform: str = "",
    captured_at: datetime | None = None,
) -> Chat:
    """Read one chat file, given as bytes or as decoded text.

    ``captured_at`` dates clocks that have no date. Of an export of many chats, the one with a
    declared name, the merchant or the platform is read, else the longest. Raises UnreadableFile
    when no form fits.
    """
    if text is None:
        if data is None:
            raise ValueError("read_chat needs data or text")
        text = _text_of(data, name)
    names = chat_names or {}
    chats = [chat for chat in _read_form(text, names, captured_at) if chat.messages]
    if not chats:
        raise UnreadableFile(
            Phrase("认不出这是哪种聊天记录"),
            file=name or None,
            hint=Phrase("请每行写成“2026-11-02 15:10:03 买家: 文本”。"),
        )
    chosen = _chosen(chats, {*names, merchant, platform} - {""})
    return _named(chosen, names, merchant, platform)


def _text_of(data: bytes, name: str) -> str:
    """Decoded text; of a saved page its text, unless the page is a form read by its markup."""
    if is_mhtml(data):
        return read_page(data=data, name=name).text
    text = decode_text(data, name=name).text
    if text.lstrip()[:1] == "<" and not is_telegram_page(text):
        return read_page(data=data, name=name).text
    return text


def find_chat_form(text: str, names: Collection[str] = ()) -> str | None:
    """The chat form that ``text`` has, or None when it is no chat. Cheap on long files.
    ``names`` are nicknames the buyer declared."""
    return _form_of(text, names)


def _read_form(
    text: str, names: Collection[str], captured_at: datetime | None
) -> tuple[RawChat, ...]:
    form = _form_of(text, names)
    if form is None:
        return ()
    if form == "json":
        return read_objects(text)
    if form == "qq_mht":
        return (read_qq_page(split_lines(text)),)
    if form.endswith("_csv"):
        return (read_table(text.lstrip("\n"), form),)
    if form in ("qq_text", "stamp_first", "weflow_text"):
        named = {"stamp_first": "wechatmsg_text"}.get(form, form)
        return (line_forms.read_stamp_first(text, form=named),)
    if form == "role_line":
        return (line_forms.read_role_lines(text, names, captured_at),)
    if form in ("chatlog_text", "name_clock"):
        clocked = {
            "chatlog_text": line_forms.read_chatlog_text,
            "name_clock": line_forms.read_name_clock,
        }[form]
        return (clocked(text, captured_at),)
    return (_PLAIN_READERS[form](text),)


_PLAIN_READERS = {
    "plain": line_forms.read_plain,
    "qce_text": line_forms.read_qce_text,
    "wangwang": line_forms.read_wangwang,
    "name_stamp": line_forms.read_name_stamp,
    "name_only": line_forms.read_name_only,
    "wechat_mail": line_forms.read_wechat_mail,
    "telegram_html": read_telegram_page,
}


def _form_of(text: str, names: Collection[str]) -> str | None:
    start = text.lstrip()[:2000]
    if start[:1] in ("{", "[") and re.match(r"[\[{]\s*[\"{\[\]}]", start):
        return "json"
    if start[:1] == "<":
        return "telegram_html" if is_telegram_page(text) else None
    if form := table_form(start.split("\n", 1)[0]):
        return form
    if "的聊天记录如下" in start and re.search(r"^[—─\-]{3,}\s*\d{4}-\d", text[:100_000], re.M):
        return "wechat_mail"
    if is_qq_page(text):
        return "qq_mht"
    if re.search(r"^消息对象[:：]|^消息记录（", start, re.M):
        return "qq_text"
    lines = split_lines(text[:2_000_000])[:_SAMPLE_LINES]
    return _by_heads(lines) or _by_roles(lines, names)


def _by_roles(lines: list[str], names: Collection[str]) -> str | None:
    """Hand-written talk: at least two sides and every second line begins with one."""
    pattern = line_forms.role_line(names)
    shown = [line.strip() for line in lines if line.strip()]
    heads = [match["sender"] for line in shown if (match := pattern.match(line))]
    return "role_line" if len(set(heads)) >= 2 and len(heads) * 2 >= len(shown) else None


def _by_heads(lines: list[str]) -> str | None:
    counts = dict.fromkeys((form for form, _ in _SIGNS), 0)
    for line in lines:
        stripped = line.strip()
        if not stripped or len(stripped) > 4000:
            continue
        for form, pattern in _SIGNS:
            if pattern.match(stripped):
                counts[form] += 1
                break
    form = max(counts, key=lambda key: counts[key])
    heads, full = counts[form], sum(1 for line in lines if line.strip())
    if form == "name_only":
        return form if _is_paste(lines, heads, full) else None
    if form in _BARE_HEADS and (heads < 2 or heads * 12 < full):
        return None
    return form if heads else None


_BARE_HEADS = frozenset(("stamp_first", "name_stamp", "name_clock"))
"""Heads so plain that a single one, or a few in much text, are no sign of a chat."""


def _is_paste(lines: list[str], heads: int, full: int) -> bool:
    """``昵称:`` heads look like form labels; a paste repeats its few names."""
    names = [x.strip() for x in lines if _SIGNS[-1][1].match(x.strip())]
    return heads >= 2 and len(set(names)) <= max(2, heads // 2) and heads * 8 >= full


def _chosen(chats: list[RawChat], wanted: set[str]) -> RawChat:
    for chat in chats:
        if chat.peer in wanted:
            return chat
    return max(chats, key=lambda chat: len(chat.messages))


def _named(chat: RawChat, chat_names: Mapping[str, Speaker], merchant: str, platform: str) -> Chat:
    speakers = name_speakers(
        messages=chat.messages,
        chat_names=chat_names,
        merchant=merchant,
        platform=platform,
        peer=chat.peer,
        is_group=chat.is_group,
    )
    messages = tuple(
        Message(
            Speaker.SYSTEM if m.is_system else speakers.get((m.sender, m.is_self)),
            m.sender,
            m.text,
            m.at,
            m.at_given and m.at is not None,
            m.line,
        )
        for m in chat.messages
    )
    return Chat(chat.form, messages, chat.peer)


__all__ = ["Chat", "find_chat_form", "read_chat"]
