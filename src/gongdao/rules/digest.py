"""Digests of rule data: of one entry, and of all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in rule data")


def digest_entry(kind: str, table: Mapping[str, Any]) -> str:
    """SHA-256 of one entry as canonical JSON (sorted keys, no blanks, dates as ISO text).

    Order of keys, spacing and comments of the TOML file do not count; every value does.
    """
    text = json.dumps(
        [kind, table], ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return hashlib.sha256(text.encode()).hexdigest()


def digest_all(digests: Mapping[tuple[str, int], str]) -> str:
    """One SHA-256 over every ``id version digest`` line, sorted; stable over file layout."""
    lines = [f"{key} {version} {digests[key, version]}\n" for key, version in sorted(digests)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
