"""Judge the rule data as a whole, and describe an entry; what ``gongdao rules`` shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gongdao.core.errors import NotKnown
from gongdao.core.language import gettext as _
from gongdao.core.money import Money
from gongdao.rules.at import at
from gongdao.rules.dispute_faults import dispute_faults
from gongdao.rules.dispute_kinds import Excuse, Liability
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.lockfile import LOCK, compare_lock
from gongdao.rules.model import (
    Article,
    Channel,
    Deadline,
    Effect,
    Entry,
    EvasionRule,
    Exclusion,
    Prohibited,
    ReasonRule,
    Retention,
    Situation,
    SmallClaims,
    Status,
    Terms,
)
from gongdao.rules.queries import NON_CONSUMER_LAWS

BODIES = frozenset({"arbitration", "other_agency", "other_mediation"})


@dataclass(frozen=True)
class Finding:
    """One thing wrong with the data: ``id`` and ``version`` of the entry, and why."""

    id: str
    version: int
    why: str


@dataclass(frozen=True)
class Checked:
    """Result of a check: ``findings`` must be empty; ``unlocked`` versions are merely new."""

    entries: int
    digest: str
    findings: tuple[Finding, ...]
    unlocked: tuple[tuple[str, int], ...]


def check_rules(*, rules: Rules | None = None, lock: Path = LOCK) -> Checked:
    """Check lock, references, languages and house rules; raise RuleDataError if unreadable."""
    known = rules or load_rules()
    state = compare_lock(rules=known, path=lock)
    findings = [Finding(i, v, _("已公布的版本被改动")) for i, v in state.changed]
    findings += [Finding(i, v, _("已公布的版本被删除")) for i, v in state.removed]
    for entry in known.all():
        findings += [Finding(entry.id, entry.version, why) for why in _faults(entry, known)]
    return Checked(
        entries=len(known.digests),
        digest=known.digest,
        findings=tuple(findings),
        unlocked=state.unlocked,
    )


def digest_rules() -> str:
    """One SHA-256 over every version of every entry; what a report stores."""
    return load_rules().digest


def list_rules() -> tuple[dict[str, Any], ...]:
    """Every id with its kind and the numbers of its versions, by id."""
    by_id = load_rules().by_id
    return tuple(
        {
            "id": id,
            "kind": type(by_id[id][-1]).__name__,
            "versions": [entry.version for entry in by_id[id]],
        }
        for id in sorted(by_id)
    )


def show_rule(id: str) -> tuple[dict[str, Any], ...]:
    """Every version of ``id`` as plain data, oldest first; raise NotKnown if there is none."""
    versions = load_rules().by_id.get(id)
    if not versions:
        raise NotKnown(_("规则数据中没有“{id}”。").format(id=id))
    return tuple(describe(entry) for entry in versions)


def show_at(id: str, *, on: date) -> dict[str, Any]:
    """The version of ``id`` in force on ``on`` as plain data; raise NotKnown if none was."""
    return describe(at(id, on=on))


def describe(entry: Entry) -> dict[str, Any]:
    """An entry as plain data fit for JSON, with its kind, digest and (articles) citation."""
    plain: dict[str, Any] = {"kind": type(entry).__name__, **_plain(entry)}
    plain["digest"] = load_rules().digests.get((entry.id, entry.version), "")
    if isinstance(entry, Article):
        plain["cite"] = entry.cite
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return str(value)
    if is_dataclass(value):
        return {f.name.rstrip("_"): _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def references(entry: Entry) -> Iterator[str]:
    """Ids of all entries that ``entry`` rests on."""
    if isinstance(entry, Article):
        yield entry.law
    if isinstance(entry, Deadline | Channel | Exclusion | SmallClaims | Retention | Prohibited):
        yield from entry.basis
    if isinstance(entry, Liability):
        yield from entry.basis
    if isinstance(entry, Excuse):
        yield from (f"evasion/{c}" for c in entry.evasions)
    if isinstance(entry, Retention):
        yield from entry.see
    if isinstance(entry, ReasonRule | EvasionRule):
        yield from (*entry.consumer, *entry.non_consumer)
    if isinstance(entry, ReasonRule):
        yield from (*entry.punitive, *entry.report)
    if isinstance(entry, Situation):
        yield from (*entry.adds, *entry.non_consumer_adds)
        yield from (f"channel/{c}" for c in (*entry.first, *entry.closed))
    if isinstance(entry, Channel):
        yield from (f"deadline/{c}" for c in (*entry.clock, *entry.opens_after))
        if entry.variant_of:
            yield f"channel/{entry.variant_of}"
    if isinstance(entry, Exclusion):
        yield from (f"channel/{c}" for c in (entry.from_, entry.to) if c not in BODIES)


def _faults(entry: Entry, known: Rules) -> Iterator[str]:
    for id in references(entry):
        if id not in known.by_id:
            yield _("所引“{id}”不存在").format(id=id)
    if isinstance(entry, ReasonRule | EvasionRule):
        for id in entry.non_consumer:
            if id.partition("/")[0] not in NON_CONSUMER_LAWS:
                yield _("非消费者不得引用“{id}”").format(id=id)
    if isinstance(entry, Exclusion) and (entry.effect is Effect.UNKNOWN) == bool(entry.basis):
        yield _("有依据才有效果，没有依据只能写 unknown")
    unfounded = isinstance(entry, Deadline) and not entry.basis and not entry.note
    if unfounded and entry.status is not Status.HOUSE_POLICY:
        yield _("没有条文依据的期限必须说明出处")
    yield from dispute_faults(entry)
    yield from _language_faults(entry)
    if isinstance(entry, Terms) and any(len(p.points) != len(p.points_en) for p in entry.parts):
        yield _("“{key}”的中英文不成对").format(key="parts")


def _language_faults(entry: Entry) -> Iterator[str]:
    """Where one language of a pair is empty, or lists differ in length."""
    names = {f.name for f in fields(entry)}
    for name in sorted(names):
        other = name.removesuffix("_zh") + "_en"
        if name.endswith("_en") or other not in names:
            continue
        ours, theirs = getattr(entry, name), getattr(entry, other)
        if bool(ours) != bool(theirs) or (isinstance(ours, tuple) and len(ours) != len(theirs)):
            yield _("“{key}”的中英文不成对").format(key=name)
        if isinstance(theirs, str) and re.search(r"[\u4e00-\u9fff]{12}", theirs):
            yield _("“{key}”的英文里有中文").format(key=name)
