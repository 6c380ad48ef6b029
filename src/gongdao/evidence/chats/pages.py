"""Chats as saved pages: Telegram's HTML export, QQ's MHT export. Never rendered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

from gongdao.evidence.chats.raw import RawChat, RawMessage
from gongdao.evidence.chats.times import read_stamp
from gongdao.evidence.html_pages import clean_markup

_TITLE_TIME = re.compile(r"(\d{2})\.(\d{2})\.(\d{4}) (\d{2}:\d{2}:\d{2})(?: UTC([+-]\d{2}:\d{2}))?")
_VOID = frozenset(
    ("br", "img", "meta", "link", "input", "hr", "source", "wbr", "col", "area", "base")
)


_DAY = re.compile(r"日期[:：]\s*(20\d{2})[-/年](\d{1,2})[-/月](\d{1,2})日?")
_CLOCK = re.compile(r"(?P<name>.{0,80}?)\s*(?P<clock>\d{1,2}:\d{2}:\d{2})")
_PEER = re.compile(r"消息对象[:：]\s*(.+)")


def is_qq_page(text: str) -> bool:
    """Whether the text of a page has the marks of QQ's MHT export."""
    return "消息对象" in text[:5000] and _DAY.search(text[:20_000]) is not None


def read_qq_page(lines: Sequence[str]) -> RawChat:
    """QQ's MHT export, as lines of text: a day, then name and clock, then what was said."""
    day, peer = "", ""
    messages: list[RawMessage] = []
    for number, line in enumerate(lines, start=1):
        if match := _DAY.match(line):
            day = f"{match[1]}-{match[2]}-{match[3]}"
        elif match := _PEER.match(line):
            peer = match[1].strip()
        elif day and (match := _CLOCK.fullmatch(line)):
            name = match["name"] or _taken_back(messages)
            at = read_stamp(f"{day} {match['clock']}")
            messages.append(RawMessage(name, "", at, at is not None, number))
        elif messages:
            last = messages[-1]
            messages[-1] = replace(last, text=f"{last.text}\n{line}".strip())
        elif day:
            messages.append(RawMessage("", line, None, False, number, is_system=True))
    kept = tuple(m for m in messages if m.sender or m.text)
    return RawChat("qq_mht", kept, peer, "群" in "".join(lines[:6]).partition("消息对象")[0])


def _taken_back(messages: list[RawMessage]) -> str:
    """The name on the line above a bare clock, which was first taken for text."""
    if not messages:
        return ""
    body, _newline, name = messages[-1].text.rpartition("\n")
    messages[-1] = replace(messages[-1], text=body)
    return name[:80]


def is_telegram_page(text: str) -> bool:
    """Whether a page has the marks of a Telegram export."""
    return 'class="message ' in text and "chat_page" in text and "from_name" in text


def read_telegram_page(text: str) -> RawChat:
    """Messages of ``messages*.html``; a ``joined`` message has the sender of the one before."""
    page = _Page()
    page.feed(clean_markup(text))
    page.close()
    page.finish()
    return RawChat("telegram_html", tuple(page.messages), page.title.strip())


class _Page(HTMLParser):
    """Collects messages by class names; depth tells where a message or a part of it ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.messages: list[RawMessage] = []
        self.title = ""
        self._depth = 0
        self._message_depth = 0
        self._part, self._part_depth = "", 0
        self._parts: dict[str, str] = {}
        self._system = False
        self._sender = ""
        self._header = False
        self._line = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._add("\n")
        if tag in _VOID:
            return
        self._depth += 1
        values = dict(attrs)
        classes = (values.get("class") or "").split()
        if tag == "div" and "message" in classes:
            self.finish()
            self._message_depth, self._parts = self._depth, {}
            self._system, self._line = "service" in classes, self.getpos()[0]
        if "page_header" in classes:
            self._header = True
        part = self._part_of(classes)
        if part and not self._part:
            self._part, self._part_depth = part, self._depth
        if "date" in classes and values.get("title"):
            self._parts["date"] = values["title"] or ""
        if any(c.endswith("photo_wrap") for c in classes):
            self._parts.setdefault("media", "[图片]")

    def _part_of(self, classes: list[str]) -> str:
        for name in ("from_name", "text"):
            if name in classes:
                return name
        return "text" if self._system and "body" in classes else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._part and self._depth <= self._part_depth:
            self._part = ""
            self._header = False
        if self._message_depth and self._depth <= self._message_depth:
            self.finish()
        self._depth -= 1

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, data: str) -> None:
        if self._part and self._message_depth:
            self._parts[self._part] = self._parts.get(self._part, "") + data
        elif self._part and self._header:
            self.title += data

    def finish(self) -> None:
        """Close the message that is open, if any."""
        if not self._message_depth:
            return
        self._message_depth, self._part = 0, ""
        self._sender = self._parts.get("from_name", "").strip() or self._sender
        words = self._parts.get("text", "").strip() or self._parts.get("media", "")
        at = _time(self._parts.get("date", ""))
        sender = "" if self._system else self._sender
        self.messages.append(
            RawMessage(sender, words, at, at is not None, self._line, None, self._system)
        )


def _time(title: str) -> datetime | None:
    match = _TITLE_TIME.match(title)
    if match is None:
        return None
    return read_stamp(f"{match[3]}-{match[2]}-{match[1]} {match[4]}{match[5] or ''}")
