"""What letters have in common: numbering, list of exhibits, signature."""

from __future__ import annotations

from collections.abc import Iterable

from gongdao.channels.letters.matter import Matter, say_day
from gongdao.channels.letters.names import CLOSING, KINDS
from gongdao.channels.shorten import clip


def numbered(texts: Iterable[str]) -> list[str]:
    """``1. …``, ``2. …``; a single text stays without number."""
    told = [t for t in texts if t]
    if len(told) < 2:
        return told
    return [f"{n}. {text}" for n, text in enumerate(told, 1)]


def exhibits_listed(m: Matter) -> list[str]:
    """The exhibits by number, as an attachment."""
    listed = [
        f"证据{m.numbers[e.path]}：{KINDS[e.kind]}" for e in m.dossier.exhibits if e.problem is None
    ]
    return ["附件：证据目录", "；".join(listed) + "。"] if listed else []


def name_of(m: Matter) -> str:
    """The writer's name, or a place for it."""
    if m.minor:
        return "【请填写：监护人姓名】"
    return clip(m.dossier.statement.buyer.name, 20) or "【请填写：姓名】"


def phone_of(m: Matter) -> str:
    """The writer's phone number, or a place for it."""
    if m.minor:
        return "【请填写：监护人电话】"
    return clip(m.dossier.statement.buyer.phone, 20) or "【请填写：联系电话】"


def signature(m: Matter, role: str = "联系人") -> list[str]:
    """Name, phone, day, and that nothing was filed by the tool."""
    return [f"{role}：{name_of(m)}", f"联系电话：{phone_of(m)}", say_day(m.on), CLOSING]
