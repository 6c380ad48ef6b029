"""What a form's reader hands on before anybody knows who is who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gongdao.evidence.reading import Message


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
