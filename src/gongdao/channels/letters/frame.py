"""What letters have in common: list of exhibits, signature."""

from __future__ import annotations

from gongdao.channels.letters.matter import Matter, say_day
from gongdao.channels.letters.names import CLOSING, KINDS
from gongdao.channels.letters.part import LetterPart, frame, free, stated
from gongdao.channels.shorten import clip


def exhibits_listed(m: Matter) -> list[LetterPart]:
    """The exhibits by number, as an attachment."""
    shown = [e for e in m.dossier.exhibits if e.problem is None]
    if not shown:
        return []
    listed = "；".join(f"证据{m.numbers[e.path]}：{KINDS[e.kind]}" for e in shown)
    paths = tuple(e.path for e in shown)
    return [stated("exhibits", f"附件：证据目录\n{listed}。", paths, breaks=2)]


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


def signature(m: Matter, role: str = "联系人") -> list[LetterPart]:
    """Name, phone, day, and that nothing was filed by the tool."""
    return [
        free("sign:name", f"{role}：{name_of(m)}", breaks=2, own=True),
        free("sign:phone", f"联系电话：{phone_of(m)}", own=True),
        free("sign:day", say_day(m.on), own=True),
        frame("closing", CLOSING),
    ]
