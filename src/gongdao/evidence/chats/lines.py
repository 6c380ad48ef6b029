"""Chats as lines: a head that names sender and time, then text until the next head."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from gongdao.evidence.chats.raw import RawChat, RawMessage, check_length
from gongdao.evidence.chats.speakers import role_word
from gongdao.evidence.chats.times import CLOCK, STAMP, date_clocks, read_month_day, read_stamp
from gongdao.evidence.text_decoding import split_lines

_MAX_HEAD = 200
_NAME = r"[^\s:：,，;；][^:：\n]{0,79}?"
_ROLES = "买家|买方|客户|商家|卖家|店主|掌柜|客服|平台客服|官方客服|平台|我|系统"

PLAIN = re.compile(
    rf"[\[【(（]?(?P<at>{STAMP})[\]】)）]?\s*(?:{STAMP}\s*)?"
    rf"(?:(?P<sender>{_NAME})\s*[:：]|(?P<role>{_ROLES})\s)\s*(?P<text>.*)"
)
_PLAIN_NOTICE = re.compile(rf"[\[【(（]?(?P<at>{STAMP})[\]】)）]?\s+(?P<text>\S.*)")
_STAMP_FIRST = re.compile(rf"(?P<at>{STAMP}) (?P<sender>\S.*)")
_RECALLED = re.compile(r"""^["'“]?(?P<who>.*?)["'”]?\s*撤回了一条消息""")
_GROUP_TAG = re.compile(r"^【[^】]{1,12}】")
_GROUP_ID = re.compile(r"[(（<]([\w.+-]{1,40}(?:@[\w.-]{1,60})?)[)）>]$")

_CHATLOG = re.compile(
    rf"(?P<sender>.{{1,80}})\((?P<id>[\w@.\-]{{1,60}}|我)\) "
    rf"(?P<at>{STAMP}|\d{{1,2}}-\d{{1,2}} {CLOCK}|{CLOCK})"
)
_WANGWANG = re.compile(rf"(?P<sender>.{{1,80}}?) ?[(（](?P<at>{STAMP})[)）][:：]?")
_NAME_STAMP = re.compile(rf"(?P<sender>\S.{{0,79}}?) +(?P<at>{STAMP})")
_NAME_CLOCK = re.compile(rf"(?P<sender>\S.{{0,79}}?) +(?P<at>{CLOCK})")
_NAME_ONLY = re.compile(r"(?P<sender>[^\s:：,，。!！?？][^:：,，。!！?？]{0,39})[:：]")
_MAIL_DAY = re.compile(r"[—\-─]{3,}\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*[—\-─]{3,}")
_MAIL_TITLE = re.compile(r"微信(?P<group>群)?[“\"「]?(?P<name>[^”\"」]*)[”\"」]?的聊天记录如下")
_PEER = re.compile(r"消息对象[:：]\s*(.+)")
_GROUP = re.compile(r"消息分组[:：]\s*(.+)")


@dataclass(frozen=True)
class _Head:
    """A recognised head: where its line is, who, the time as written, text on the same line."""

    line: int
    sender: str
    at: str
    text: str = ""
    is_self: bool | None = None
    is_system: bool = False


Heads = Callable[[str, int], _Head | None]


def read_plain(text: str) -> RawChat:
    """``2026-11-02 15:10:03 买家: 文本``; a stamped line without a name is a notice."""
    return RawChat("plain", _stamped(_collect(text, _plain_head)))


def _plain_head(line: str, number: int) -> _Head | None:
    stripped = line.strip()
    match = PLAIN.match(stripped)
    if match and not _is_clock_or_link(match):
        name = (match["sender"] or match["role"]).strip()
        return _Head(number, name, match["at"], match["text"], is_system=_is_notice(name))
    notice = _PLAIN_NOTICE.match(stripped)
    if notice and (match or not re.search("[:：]", notice["text"])):
        return _Head(number, "", notice["at"], notice["text"], is_system=True)
    return None


def role_line(names: Collection[str]) -> re.Pattern[str]:
    """What a line of hand-written talk starts with: a role word or one of ``names``, and a colon;
    perhaps a clock before it."""
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    who = f"{words}|{_ROLES}|顾客|店家|老板" if words else f"{_ROLES}|顾客|店家|老板"
    return re.compile(rf"(?:(?P<at>{CLOCK})\s+)?(?P<sender>{who})\s*[:：]\s*(?P<text>\S.*)")


def read_role_lines(text: str, names: Collection[str], captured_at: datetime | None) -> RawChat:
    """``买家: 文本`` without a date, as people type it."""
    pattern = role_line(names)

    def head(line: str, number: int) -> _Head | None:
        match = pattern.match(line.strip())
        if match is None:
            return None
        name = match["sender"]
        return _Head(number, name, match["at"] or "", match["text"], is_system=_is_notice(name))

    pairs = _collect(text, head)
    if pairs and all(at for _, at in pairs):
        return RawChat("plain_clock", date_clocks(pairs, captured_at))
    return RawChat("plain_untimed", tuple(message for message, _ in pairs))


def _is_clock_or_link(match: re.Match[str]) -> bool:
    """Whether the colon belongs to a clock (``于12:30关闭``) or an address (``https://``)."""
    sender, text = match["sender"] or "", match["text"]
    return (sender[-1:].isdigit() and text[:1].isdigit()) or text.startswith("//")


def _is_notice(name: str) -> bool:
    word = role_word(name)
    return word is not None and word.value == "system"


def read_stamp_first(text: str, *, form: str) -> RawChat:
    """QQ, WeChatMsg and WeFlow text: ``2026-11-02 14:03:21 昵称`` on a line of its own."""
    is_group, peer = False, ""
    for line in split_lines(text)[:40]:
        if match := _PEER.match(line.strip()):
            peer = peer or match[1].strip()
        elif match := _GROUP.match(line.strip()):
            is_group = "群" in match[1] or "多人" in match[1] or "讨论" in match[1]
    heads = _stamp_first_head
    messages = _stamped(_collect(text, heads, blank_before=True, drop=_is_qq_frame))
    return RawChat(form, messages, peer, is_group)


def _stamp_first_head(line: str, number: int) -> _Head | None:
    match = _STAMP_FIRST.fullmatch(line.strip())
    if match is None:
        return None
    sender = match["sender"].strip()
    if _RECALLED.match(sender):
        return _Head(number, "", match["at"], sender, is_system=True)
    quoted = len(sender) > 2 and sender[0] == sender[-1] == "'"
    sender = sender[1:-1] if quoted else sender
    tagless = _GROUP_TAG.sub("", sender)
    bare = _GROUP_ID.sub("", tagless).strip() or tagless
    system = _is_notice(bare)
    return _Head(
        number,
        bare,
        match["at"],
        is_self=True if quoted and bare == "我" else None,
        is_system=system,
    )


def _is_qq_frame(line: str) -> bool:
    plain = line.strip()
    if len(plain) >= 16 and set(plain) == {"="}:
        return True
    return bool(_PEER.match(plain) or _GROUP.match(plain))


def read_qce_text(text: str) -> RawChat:
    """QCE's text: ``昵称:`` / ``时间: …`` / ``内容: …`` / ``资源: …``."""
    lines = split_lines(text)
    heads = [
        i
        for i in range(len(lines) - 1)
        if lines[i].endswith(":") and lines[i + 1].startswith("时间: ")
    ]
    peer = next(
        (x.removeprefix("聊天名称:").strip() for x in lines[:30] if x.startswith("聊天名称:")), ""
    )
    is_group = any(x.startswith("聊天类型:") and "群" in x for x in lines[:30])
    messages = []
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = lines[start + 2 : end]
        closing = next((i for i, x in enumerate(body) if x.startswith("======")), len(body))
        text_of = "\n".join(body[:closing]).strip().removeprefix("内容:").strip()
        sender = lines[start][:-1].strip()
        messages.append(
            RawMessage(
                sender,
                text_of,
                read_stamp(lines[start + 1][4:]),
                line=start + 1,
                is_system=_is_notice(sender),
            )
        )
    return RawChat("qce_text", tuple(messages), peer, is_group)


def read_chatlog_text(text: str, captured_at: datetime | None) -> RawChat:
    """chatlog's text: ``昵称(wxid) 14:05:02``; the buyer's own id is written 我."""
    pairs = _collect(text, _chatlog_head, blank_before=True)
    return RawChat("chatlog_text", _clocked(pairs, captured_at))


def _chatlog_head(line: str, number: int) -> _Head | None:
    match = _CHATLOG.fullmatch(line.strip())
    if match is None:
        return None
    return _Head(number, match["sender"], match["at"], is_self=match["id"] == "我")


def read_wangwang(text: str) -> RawChat:
    """``昵称 (2026-11-02 14:05:02):``; no real sample was ever seen, hence the form's name."""
    return RawChat("wangwang_unverified", _stamped(_collect(text, _matching(_WANGWANG))))


def read_name_stamp(text: str) -> RawChat:
    """WeChat copy with full time: ``昵称 2026-11-02 14:05:02``."""
    pairs = _collect(text, _matching(_NAME_STAMP), blank_before=True)
    return RawChat("wechat_paste_fulltime", _stamped(pairs))


def read_name_clock(text: str, captured_at: datetime | None) -> RawChat:
    """WeChat copy with a clock only: ``昵称 14:05``."""
    pairs = _collect(text, _matching(_NAME_CLOCK), blank_before=True)
    return RawChat("wechat_paste_clock", _clocked(pairs, captured_at))


def read_name_only(text: str) -> RawChat:
    """WeChat drag-select copy: ``昵称:`` on its own line, no time."""
    pairs = _collect(text, _matching(_NAME_ONLY), blank_before=True)
    return RawChat("wechat_paste", tuple(message for message, _ in pairs))


def read_wechat_mail(text: str) -> RawChat:
    """WeChat's mail export: day bars, then ``昵称 12:57`` heads; the day is given by the bar."""
    title = next((m for x in split_lines(text)[:20] if (m := _MAIL_TITLE.search(x))), None)
    day = ""

    def head(line: str, number: int) -> _Head | None:
        nonlocal day
        bar = _MAIL_DAY.fullmatch(line.strip())
        if bar:
            day = f"{bar[1]}-{bar[2]}-{bar[3]}"
            return _Head(-1, "", "")
        found = _matching(_NAME_CLOCK)(line, number)
        return _Head(number, found.sender, f"{day} {found.at}") if found and day else None

    pairs = [
        (message, at)
        for message, at in _collect(text, head, drop=lambda x: x.startswith("发自我的 "))
        if message.line != -1
    ]
    name = title["name"] if title else ""
    return RawChat("wechat_mail", _stamped(pairs), name, bool(title and title["group"]))


def _matching(pattern: re.Pattern[str]) -> Heads:
    def head(line: str, number: int) -> _Head | None:
        match = pattern.fullmatch(line.strip())
        if match is None:
            return None
        at = match.groupdict().get("at") or ""
        return _Head(number, match["sender"].strip(), at)

    return head


def _collect(
    text: str,
    head_of: Heads,
    *,
    blank_before: bool = False,
    drop: Callable[[str], bool] = lambda line: False,
) -> list[tuple[RawMessage, str]]:
    """Messages with their time as written. With ``blank_before`` a head counts only after a blank
    line, so that a quoted head within a body stays text — unless the file has no blank lines."""
    lines = split_lines(text)
    heads = list(_heads(lines, head_of, blank_before))
    if blank_before:
        loose = list(_heads(lines, head_of, False))
        heads = heads if len(heads) * 2 > len(loose) else loose
    found = []
    for i, head in enumerate(heads):
        start = head[0] + 1
        end = heads[i + 1][0] if i + 1 < len(heads) else len(lines)
        body = [head[1].text] if head[1].text else []
        body += [line for line in lines[start:end] if not drop(line)]
        words = "\n".join(body).strip()
        found.append(
            (
                RawMessage(
                    head[1].sender,
                    words,
                    line=head[1].line,
                    is_self=head[1].is_self,
                    is_system=head[1].is_system,
                ),
                head[1].at,
            )
        )
    return found


def _heads(lines: list[str], head_of: Heads, blank_before: bool) -> Iterator[tuple[int, _Head]]:
    found = 0
    for i, line in enumerate(lines):
        if len(line) > _MAX_HEAD and head_of is not _plain_head:
            continue
        if blank_before and i and lines[i - 1].strip() and not _is_qq_frame(lines[i - 1]):
            continue
        head = head_of(line, i + 1)
        if head:
            found += 1
            check_length(found)
            yield i, head


def _stamped(pairs: list[tuple[RawMessage, str]]) -> tuple[RawMessage, ...]:
    return tuple(_at(message, read_stamp(at)) for message, at in pairs)


def _at(message: RawMessage, at: datetime | None) -> RawMessage:
    return RawMessage(
        message.sender,
        message.text,
        at,
        at is not None,
        message.line,
        message.is_self,
        message.is_system,
    )


def _clocked(
    pairs: list[tuple[RawMessage, str]], captured_at: datetime | None
) -> tuple[RawMessage, ...]:
    if any(read_stamp(at) for _, at in pairs):
        return _stamped(pairs)
    if pairs and all("-" in at for _, at in pairs):
        found = ((message, read_month_day(at, captured_at)) for message, at in pairs)
        return tuple(
            RawMessage(m.sender, m.text, at, False, m.line, m.is_self, m.is_system)
            for m, at in found
        )
    return date_clocks(pairs, captured_at)
