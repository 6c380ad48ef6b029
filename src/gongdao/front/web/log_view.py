"""What the pages of the log show of a leaf, a checkpoint and those who vouch for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gongdao.core.clock import say_second
from gongdao.core.language import gettext as _
from gongdao.core.language import mark, translated

KINDS: dict[str, str] = {"case": mark("卷宗"), "log": mark("日志自身")}
"""The kinds of subjects that people can look for, with their names."""
TITLES: dict[str, str] = {
    "log.genesis": mark("日志从这里开始"),
    "log.key": mark("日志的签名公钥"),
    "log.anchor": mark("检查点在别处留了底"),
    "case.sealed": mark("封存了一份卷宗"),
}
_SAYS: dict[str, str] = {
    "log.genesis": mark("这本日志的第一条：它叫什么，用哪把公钥签名。"),
    "log.key": mark("从这里起，检查点用这把公钥签名。"),
    "log.anchor": mark("一个检查点交给了日志以外的地方留底：它当时已经存在。"),
    "case.sealed": mark(
        "有人交来一份卷宗的摘要。日志里只有摘要，看不到卷宗里有什么，也看不出是谁的。"
    ),
}
FIELDS: dict[str, str] = {
    "manifest_sha256": mark("清单的 SHA-256"),
    "manifest_sm3": mark("清单的 SM3"),
    "seal_sha256": mark("封印的 SHA-256"),
    "origin": mark("日志的名称"),
    "key": mark("公钥"),
    "vkey": mark("公钥"),
    "kind": mark("方式"),
    "size": mark("检查点的条数"),
    "root": mark("检查点的根"),
}
_ANCHORS: dict[str, str] = {"rfc3161": mark("可信时间戳"), "evm": mark("区块链")}
_ANCHOR_STATES: dict[str, str] = {
    "pending": mark("已提交，等确认"),
    "confirmed": mark("已确认"),
    "failed": mark("没有成功，会再试"),
}


@dataclass(frozen=True)
class Instant:
    """A moment for readers: Beijing time first, UTC beside it."""

    at: datetime

    @classmethod
    def of_seconds(cls, seconds: int) -> Instant:
        """So many seconds after 1970 began; ValueError or OverflowError where no year has it."""
        return cls(datetime.fromtimestamp(seconds, UTC))

    @property
    def beijing(self) -> str:
        """``2026-11-22 18:00:00``, Beijing time."""
        return say_second(self.at)

    @property
    def utc(self) -> str:
        """``2026-11-22 10:00:00``, UTC."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def iso(self) -> str:
        """For machines: RFC 3339 in UTC."""
        return self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kind_name(kind: str) -> str:
    """The name of a kind of subjects; its code where we have none."""
    return translated(KINDS[kind]) if kind in KINDS else kind


def title_of(leaf_type: str) -> str:
    """What happened, in a few words; the type itself where it is newer than this table."""
    if leaf_type in TITLES:
        return translated(TITLES[leaf_type])
    return _("“{type}”类型的记录").format(type=leaf_type)


def says_of(leaf_type: str) -> str:
    """What such a leaf means, in a sentence; nothing for an unknown type."""
    return translated(_SAYS[leaf_type]) if leaf_type in _SAYS else ""


def anchor_name(kind: str) -> str:
    """The name of a way of anchoring."""
    return translated(_ANCHORS[kind]) if kind in _ANCHORS else kind


def anchor_state(state: str) -> str:
    """How far an anchor is."""
    return translated(_ANCHOR_STATES[state]) if state in _ANCHOR_STATES else state


def facts_of(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Names and values of what a leaf holds, lists and objects as they stand."""
    return [
        {
            "code": name,
            "name": translated(FIELDS[name]) if name in FIELDS else name,
            "value": _value(value),
        }
        for name, value in data.items()
    ]


def _value(value: object) -> str:
    if value is True or value is False:
        return _("是") if value else _("否")
    if value is None:
        return _("没有")
    if isinstance(value, Mapping):
        return " · ".join(f"{name}: {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return " · ".join(_value(one) for one in value)
    return str(value)
