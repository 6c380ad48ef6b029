"""``rules.lock``: the digest of every published version, so that none can change unseen.

One line per version: ``id version sha256``. Adding entries or versions is fine; a version that
stands in the lock must stay as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gongdao.core.errors import RuleDataError
from gongdao.core.language import gettext as _
from gongdao.rules.load import DATA, Rules, load_rules

LOCK = DATA / "rules.lock"


@dataclass(frozen=True)
class LockState:
    """``changed`` and ``removed`` break the promise; ``unlocked`` are new and not yet locked."""

    changed: tuple[tuple[str, int], ...]
    removed: tuple[tuple[str, int], ...]
    unlocked: tuple[tuple[str, int], ...]

    @property
    def holds(self) -> bool:
        """Whether every published version is as it was."""
        return not self.changed and not self.removed


def read_lock(path: Path = LOCK) -> dict[tuple[str, int], str]:
    """The locked digests; empty where there is no lock yet. Raise RuleDataError for a bad line."""
    if not path.exists():
        return {}
    locked = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = line.split(" ")
        if len(parts) != 3 or not parts[1].isdigit() or len(parts[2]) != 64:
            raise RuleDataError(
                _("{file} 第 {line} 行不是“id version sha256”").format(file=path.name, line=number)
            )
        locked[parts[0], int(parts[1])] = parts[2]
    return locked


def compare_lock(*, rules: Rules | None = None, path: Path = LOCK) -> LockState:
    """Compare the data with the lock."""
    digests, locked = (rules or load_rules()).digests, read_lock(path)
    return LockState(
        changed=tuple(sorted(k for k, d in locked.items() if k in digests and digests[k] != d)),
        removed=tuple(sorted(k for k in locked if k not in digests)),
        unlocked=tuple(sorted(k for k in digests if k not in locked)),
    )


def lock_new(*, rules: Rules | None = None, path: Path = LOCK) -> tuple[tuple[str, int], ...]:
    """Add what is not locked yet and return it; raise RuleDataError if the lock does not hold."""
    known = rules or load_rules()
    state = compare_lock(rules=known, path=path)
    if not state.holds:
        named = ", ".join(f"{i} v{v}" for i, v in (*state.changed, *state.removed))
        raise RuleDataError(_("已公布的版本被改动或删除：{named}").format(named=named))
    locked = read_lock(path) | {key: known.digests[key] for key in state.unlocked}
    lines = [f"{id} {version} {locked[id, version]}\n" for id, version in sorted(locked)]
    head = "# id version sha256; written by lock_new, never by hand\n"
    path.write_text(head + "".join(lines), encoding="utf-8")
    return state.unlocked
