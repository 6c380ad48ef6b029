"""The life cycle of a case in the public log: it is sealed, once or again."""

from __future__ import annotations

from gongdao.log.life_cycles import LifeCycle

_SEALED = frozenset({"case.sealed"})
LIFE_CYCLES = (LifeCycle(kind="case", first=_SEALED, after={"case.sealed": _SEALED}),)
"""What this room contributes to the table in front."""
