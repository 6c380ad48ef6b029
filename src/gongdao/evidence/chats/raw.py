"""What a form's reader hands on before anybody knows who is who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.reading import Message

MAX_MESSAGES = 50_000
"""A longer chat is refused before it is built up in memory; every look at a case opens it."""


def check_length(count: int) -> None:
    """Raise UnreadableFile for more messages than MAX_MESSAGES."""
    if count > MAX_MESSAGES:
        raise UnreadableFile(
            Phrase("聊天记录超过 {limit} 条", limit=MAX_MESSAGES),
            hint=Phrase("请只导出与这笔订单有关的时间段。"),
        )


@dataclass(frozen=True)
class RawMessage:
    """One message as the export has it. ``is_self`` None where the export does not tell."""

    sender: str
    text: str
    at: datetime | None = None
    at_given: bool = True
    line: int | None = None
    is_self: bool | None = None
    is_system: bool = False


@dataclass(frozen=True)
class RawChat:
    """One chat: ``peer`` is the other side's (or the group's) name where the export gives it."""

    form: str
    messages: tuple[RawMessage, ...]
    peer: str = ""
    is_group: bool = False


@dataclass(frozen=True)
class Chat:
    """One chat, read. ``form`` names the layout; ``title`` the other side or the group."""

    form: str
    messages: tuple[Message, ...]
    title: str = ""
