"""The auditor's check of each subject's story: every leaf names the one before, and may follow it.

Part by part, so that memory does not grow with the log: the part's new leaves, in order, against
the newest leaf of each subject that earlier audits left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gongdao.log.audit_runs import HEAD, LEAF, PARTS, Run, RunWriter, find_head, type_tag
from gongdao.log.audit_units import UNIT_TAG, USES_TAG, as_count, count_on, find_most_uses
from gongdao.log.life_cycles import LifeCycles


@dataclass(frozen=True)
class BadStep:
    """The leaf at ``index`` breaks ``rule`` (prev, step or twice)."""

    rule: str
    index: int


class Table:
    """The life cycles, by the tags of their types."""

    def __init__(self, cycles: LifeCycles) -> None:
        """ValueError if two types have one tag: the table must be cut otherwise then."""
        allowed: set[bytes] = set()
        names: dict[bytes, str] = {}
        for cycle in cycles.values():
            allowed |= {type_tag(one) for one in cycle.first}
            for before, following in cycle.after.items():
                allowed |= {type_tag(before) + type_tag(one) for one in following}
            for name in {*cycle.first, *cycle.after}.union(*cycle.after.values()):
                if names.setdefault(type_tag(name), name) != name:
                    raise ValueError(f"{name} and {names[type_tag(name)]} have one tag")
        self.allowed = frozenset(allowed)


def judge_part(
    leaves: bytes, heads: Sequence[bytes], table: Table, most_uses: int = 1
) -> dict[bytes, tuple[bytes, bytes]] | BadStep:
    """The newest leaf (hash, type tag) of each subject in ``leaves``, or the first bad one.

    ``heads`` are the parts of earlier audits, newest first; ``most_uses`` is how often a unit may
    be delivered. What is kept of a unit is how often it was.
    """
    found: dict[bytes, tuple[bytes, bytes]] = {}
    allowed = table.allowed
    for index, key, leaf, prev, tag, linked in LEAF.iter_unpack(leaves):
        before = found.get(key)
        if before is None:
            before = _look_up(heads, key)
        if tag in (UNIT_TAG, USES_TAG):
            count = count_on(before) if tag == UNIT_TAG else most_uses
            if count > most_uses:
                return BadStep("twice", index)
            found[key] = (as_count(count), tag)
            continue
        if before is None:
            if linked:
                return BadStep("prev", index)
            if tag not in allowed:
                return BadStep("step", index)
        else:
            if not linked or prev != before[0]:
                return BadStep("prev", index)
            if before[1] + tag not in allowed:
                return BadStep("step", index)
        found[key] = (leaf, tag)
    return found


def _look_up(heads: Sequence[bytes], key: bytes) -> tuple[bytes, bytes] | None:
    for records in heads:
        head = find_head(records, key)
        if head is not None:
            return head
    return None


def judge_leaves(
    *,
    leaves: Sequence[Run],
    heads: Sequence[Run],
    into: Path,
    table: Table,
    progress: Callable[[int, int], None],
) -> BadStep | None:
    """Judge all ``leaves`` (runs in order) after ``heads`` (oldest first); write the subjects'
    newest leaves as a run ``into``. The fault with the lowest number, if there is any."""
    worst: BadStep | None = None
    most_uses = find_most_uses(leaves, heads)
    with RunWriter(into) as writer:
        for part in range(PARTS):
            records = b"".join(run.part(part) for run in leaves)
            if not records:
                continue
            earlier = [run.part(part) for run in reversed(heads)]
            judged = judge_part(records, earlier, table, most_uses)
            if isinstance(judged, BadStep):
                worst = judged if worst is None or judged.index < worst.index else worst
                continue
            rows = (HEAD.pack(key, *judged[key]) for key in sorted(judged))
            writer.add(part, b"".join(rows))
            progress(part + 1, PARTS)
    return worst


def merge_heads(runs: Sequence[Run], into: Path) -> None:
    """One run of the newest leaf of every subject in ``runs`` (oldest first)."""
    with RunWriter(into) as writer:
        for part in range(PARTS):
            newest: dict[bytes, bytes] = {}
            for run in runs:
                records = run.part(part)
                for at in range(0, len(records), HEAD.size):
                    newest[records[at : at + 32]] = records[at : at + HEAD.size]
            if newest:
                writer.add(part, b"".join(newest[key] for key in sorted(newest)))


def runs_to_merge(sizes: Sequence[int]) -> int:
    """How many runs at the end (sizes in bytes, oldest first) are merged into one: so many that
    each is much larger than all after it, and few are left however many audits there were."""
    count, total = 1, sizes[-1] if sizes else 0
    for size in reversed(sizes[:-1]):
        if size > 4 * total:
            break
        count, total = count + 1, total + size
    return count if count > 1 else 0
