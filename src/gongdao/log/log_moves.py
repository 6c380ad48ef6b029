"""The life cycle of the log itself: it begins, announces keys, and notes its anchors."""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

_LATER = frozenset({"log.key", "log.anchor"})
LIFE_CYCLES = (
    LifeCycle(
        kind="log",
        first=frozenset({"log.genesis"}),
        after={"log.genesis": _LATER, "log.key": _LATER, "log.anchor": _LATER},
    ),
)
"""What this room contributes to the table in front."""
