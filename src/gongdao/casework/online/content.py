"""What a case row holds under its key: the statement, corrections, and what pages remember."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gongdao.evidence.kept.reading_json import dump_statement, load_statement
from gongdao.evidence.statement import Statement

_VERSION = 1


@dataclass(frozen=True, repr=False)
class CaseContent:
    """``link`` is the private link's token (reminders carry it), ``code`` what opens it (shown to
    who holds the case, so that it can be written down later); ``corrections`` by exhibit path and
    field; ``touched`` names the facts that the buyer set himself and that no reading may
    overwrite; ``notes`` are sentences about the case as it came in."""

    link: str
    code: str = field(repr=False)
    statement: Statement = field(default_factory=Statement)
    corrections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def dump_content(content: CaseContent) -> bytes:
    """``content`` as JSON."""
    table = {
        "version": _VERSION,
        "link": content.link,
        "code": content.code,
        "statement": json.loads(dump_statement(content.statement)),
        "corrections": {path: dict(fields) for path, fields in content.corrections.items()},
        "touched": sorted(content.touched),
        "notes": list(content.notes),
    }
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()


def load_content(data: bytes) -> CaseContent:
    """What ``dump_content`` wrote."""
    table = json.loads(data)
    if table["version"] != _VERSION:
        raise ValueError(f"case content of version {table['version']}")
    return CaseContent(
        link=table["link"],
        code=table["code"],
        statement=load_statement(json.dumps(table["statement"]).encode()),
        corrections=table["corrections"],
        touched=frozenset(table["touched"]),
        notes=tuple(table["notes"]),
    )
