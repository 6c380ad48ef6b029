"""Read all rule data once per process.

A file holds ``[defaults]`` (keys that its entries share) and arrays of one kind each, such as
``[[article]]``. Several versions of one id stand side by side; none is ever edited.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gongdao.core.errors import RuleDataError
from gongdao.core.language import gettext as _
from gongdao.rules.convert import build
from gongdao.rules.digest import digest_all, digest_entry
from gongdao.rules.dispute_kinds import AbuseRule, DisputeClock, DisputeStop, Excuse, Liability
from gongdao.rules.model import (
    Article,
    Channel,
    CourtFee,
    Deadline,
    Entry,
    EvasionRule,
    Exclusion,
    Law,
    Policy,
    Prohibited,
    ReasonRule,
    Retention,
    Situation,
    SmallClaims,
    Terms,
    Wage,
    YearCalendar,
)

DATA = Path(__file__).parent / "data"
KINDS: Mapping[str, type[Entry]] = {
    "law": Law,
    "article": Article,
    "deadline": Deadline,
    "calendar": YearCalendar,
    "channel": Channel,
    "exclusion": Exclusion,
    "small_claims": SmallClaims,
    "wage": Wage,
    "court_fee": CourtFee,
    "reason": ReasonRule,
    "evasion": EvasionRule,
    "situation": Situation,
    "policy": Policy,
    "prohibited": Prohibited,
    "retention": Retention,
    "liability": Liability,
    "excuse": Excuse,
    "abuse": AbuseRule,
    "dispute_clock": DisputeClock,
    "dispute_stop": DisputeStop,
    "terms": Terms,
}


@dataclass(frozen=True, eq=False)
class Rules:
    """All entries: ``by_id`` gives every version of one id, oldest version first;
    ``digests`` the SHA-256 of each ``(id, version)``. Known by identity: there is one in a process,
    but for trials."""

    by_id: Mapping[str, tuple[Entry, ...]]
    digests: Mapping[tuple[str, int], str]

    def all(self) -> Iterable[Entry]:
        """Every version of every entry, by id and version."""
        for key in sorted(self.by_id):
            yield from self.by_id[key]

    @cached_property
    def digest(self) -> str:
        """One SHA-256 over all of it."""
        return digest_all(self.digests)


@cache
def load_rules(folder: Path = DATA) -> Rules:
    """Read every TOML file under ``folder``; raise RuleDataError naming file and key."""
    by_id: dict[str, dict[int, Entry]] = {}
    digests: dict[tuple[str, int], str] = {}
    for path in sorted(folder.rglob("*.toml")):
        for entry, digest in read_file(path, name=path.relative_to(folder).as_posix()):
            versions = by_id.setdefault(entry.id, {})
            if entry.version in versions:
                raise RuleDataError(
                    _("{file}：{id} 的第 {version} 版出现了两次").format(
                        file=path.name, id=entry.id, version=entry.version
                    )
                )
            versions[entry.version] = entry
            digests[entry.id, entry.version] = digest
    ordered = {key: tuple(v[n] for n in sorted(v)) for key, v in by_id.items()}
    return Rules(_name_laws(ordered), digests)


def read_file(path: Path, *, name: str) -> Iterable[tuple[Entry, str]]:
    """Each entry of one file with its digest; ``name`` is how errors call the file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleDataError(f"{name}: {error}") from None
    defaults = document.pop("defaults", {})
    for kind, tables in document.items():
        if kind not in KINDS or not isinstance(tables, list):
            raise RuleDataError(_("{file}：不认识的键“{key}”").format(file=name, key=kind))
        for table in tables:
            yield _read_entry(KINDS[kind], defaults | table, name)


def _read_entry(kind: type[Entry], table: dict[str, Any], name: str) -> tuple[Entry, str]:
    where = f"{name}: {table.get('id', '(no id)')}"
    entry = build(kind, table, where=where)
    if entry.version < 1:
        raise RuleDataError(_("{where}：版本从 1 数起").format(where=where))
    if entry.in_force_to is not None and entry.in_force_to < entry.in_force_from:
        raise RuleDataError(_("{where}：in_force_to 早于 in_force_from").format(where=where))
    return entry, digest_entry(kind.__name__, table)


def _name_laws(by_id: dict[str, tuple[Entry, ...]]) -> dict[str, tuple[Entry, ...]]:
    named = {}
    for key, versions in by_id.items():
        named[key] = tuple(_name_law(e, by_id) if isinstance(e, Article) else e for e in versions)
    return named


def _name_law(article: Article, by_id: Mapping[str, tuple[Entry, ...]]) -> Article:
    law = by_id.get(article.law, (None,))[-1]
    if not isinstance(law, Law):
        raise RuleDataError(_("{id}：没有法律“{law}”").format(id=article.id, law=article.law))
    return replace(article, law_title=law.title, law_short=law.short)
