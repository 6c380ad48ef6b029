"""What disputes ask of the rules, and how an entry travels inside a verdict file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from gongdao.core.errors import NotKnown, RuleDataError
from gongdao.core.language import gettext as _
from gongdao.rules.at import all_at, at
from gongdao.rules.convert import build
from gongdao.rules.digest import digest_entry
from gongdao.rules.dispute_kinds import AbuseRule, DisputeClock, DisputeStop, Excuse, Liability
from gongdao.rules.load import Rules, load_rules
from gongdao.rules.model import Entry

E = TypeVar("E", bound=Entry)
EMBEDDED: Mapping[str, type[Entry]] = {
    "Liability": Liability,
    "Excuse": Excuse,
    "AbuseRule": AbuseRule,
    "DisputeClock": DisputeClock,
}
_DAYS = ("in_force_from", "in_force_to", "checked")


def _one(kind: type[E], id: str, on: date, rules: Rules | None) -> E:
    entry = at(id, on=on, rules=rules)
    if not isinstance(entry, kind):
        raise NotKnown(_("规则数据中没有“{id}”。").format(id=id))
    return entry


def liability(reason: str, on: date, *, rules: Rules | None = None) -> Liability:
    """The table for ``reason`` in force on ``on`` (the day of the order); ``silence`` is the one
    for parties that let their time pass."""
    return _one(Liability, f"liability/{reason}", on, rules)


def excuse(code: str, on: date, *, rules: Rules | None = None) -> Excuse:
    """What must be shown for one excuse."""
    return _one(Excuse, f"excuse/{code}", on, rules)


def excuses(on: date) -> tuple[Excuse, ...]:
    """Every excuse that the rules know."""
    return tuple(e for e in all_at(on=on) if isinstance(e, Excuse))


def abuse_rules(on: date) -> tuple[AbuseRule, ...]:
    """Every published limit against abuse."""
    return tuple(e for e in all_at(on=on) if isinstance(e, AbuseRule))


def dispute_clock(code: str, on: date, *, rules: Rules | None = None) -> DisputeClock:
    """How long one party has, and what its silence means."""
    return _one(DisputeClock, f"dispute_clock/{code}", on, rules)


def dispute_stop(reason: str, on: date, *, rules: Rules | None = None) -> DisputeStop:
    """For how long a clock may stand still for ``reason``."""
    return _one(DisputeStop, f"dispute_stop/{reason}", on, rules)


def embed_entry(entry: Entry) -> dict[str, Any]:
    """``entry`` as plain values with kind and digest, so that a stranger can judge by it. Of a
    published entry the digest is the one in the lock, and the values are the same object each time:
    they are for reading."""
    published = any(one is entry for one in load_rules().by_id.get(entry.id, ()))
    return _embed_published(entry.id, entry.version) if published else _embed(entry)


@lru_cache(maxsize=256)
def _embed_published(id: str, version: int) -> dict[str, Any]:
    return _embed(next(one for one in load_rules().by_id[id] if one.version == version))


def _embed(entry: Entry) -> dict[str, Any]:
    kind = type(entry).__name__
    table = _table(entry)
    return {"kind": kind, "digest": digest_entry(kind, table), "table": table}


def read_embedded(plain: object) -> Entry:
    """The entry in ``plain``; raise RuleDataError where its digest is not that of its table."""
    if not isinstance(plain, dict) or set(plain) != {"kind", "digest", "table"}:
        raise RuleDataError(_("内嵌规则的格式不对"))
    kind, table = plain["kind"], plain["table"]
    if not isinstance(kind, str) or kind not in EMBEDDED or not isinstance(table, dict):
        raise RuleDataError(_("内嵌规则的格式不对"))
    if digest_entry(kind, table) != plain["digest"]:
        raise RuleDataError(_("内嵌规则与它的摘要不符"))
    entry = build(EMBEDDED[kind], _with_days(table), where="rule")
    if _table(entry) != table:
        raise RuleDataError(_("内嵌规则的格式不对"))
    return entry


def _with_days(table: Mapping[str, Any]) -> dict[str, Any]:
    read = dict(table)
    for name in _DAYS:
        if isinstance(read.get(name), str):
            try:
                read[name] = date.fromisoformat(read[name])
            except ValueError:
                raise RuleDataError(_("内嵌规则的格式不对")) from None
    return read


def _table(value: Any) -> Any:
    """As the data file holds it: what equals its default is left out, days are ISO text."""
    if is_dataclass(value):
        return {
            field.name: _table(getattr(value, field.name))
            for field in fields(value)
            if field.default is MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [_table(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
