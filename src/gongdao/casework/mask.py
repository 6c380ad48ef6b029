"""Card secrets out of what is printed: the originals keep them, lists and index never show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# Groups of capitals and digits joined by dashes: the shape most card secrets have.
_SHAPE = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]{4,8}(?:-[A-Z0-9]{3,8}){2,}(?![A-Za-z0-9-])")
_DOTS = "****"
_SHORTEST = 6


def find_secrets(report: Mapping[str, Any]) -> list[str]:
    """The secrets that the report read from its exhibits, longest first."""
    found = {s for s in _secrets(report) if len(re.sub(r"[\s\-]", "", s)) >= _SHORTEST}
    return sorted(found, key=lambda secret: (-len(secret), secret))


def masker(report: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that masks the report's secrets, and whatever has their shape, in a text."""
    known = [re.compile(_spelling(secret), re.IGNORECASE) for secret in find_secrets(report)]
    kept = _identifiers(report)

    def mask(text: str) -> str:
        for pattern in known:
            text = pattern.sub(lambda match: _masked(match[0]), text)
        return _SHAPE.sub(lambda m: m[0] if m[0] in kept else _masked(m[0]), text)

    return mask


def _secrets(report: Mapping[str, Any]) -> Iterator[str]:
    exhibits = report.get("exhibits")
    for exhibit in exhibits.values() if isinstance(exhibits, Mapping) else ():
        fields = exhibit.get("fields") if isinstance(exhibit, Mapping) else None
        secret = fields.get("secret") if isinstance(fields, Mapping) else None
        if isinstance(secret, Mapping):
            secret = secret.get("value")
        for one in secret if isinstance(secret, list) else [secret]:
            if isinstance(one, str):
                yield one


def _spelling(secret: str) -> str:
    """A pattern for ``secret`` with or without the dashes and blanks between its characters."""
    plain = re.sub(r"[\s\-]", "", secret)
    return r"[\s\-]?".join(re.escape(ch) for ch in plain)


def _masked(secret: str) -> str:
    return secret[:4] + _DOTS if len(secret) >= 12 else _DOTS


def _identifiers(report: Mapping[str, Any]) -> set[str]:
    """Order numbers and the like, which may look like secrets and must stay readable."""
    case = report.get("case")
    kept = {str(case.get("order_no", ""))} if isinstance(case, Mapping) else set()
    exhibits = report.get("exhibits")
    for exhibit in exhibits.values() if isinstance(exhibits, Mapping) else ():
        fields = exhibit.get("fields") if isinstance(exhibit, Mapping) else None
        if isinstance(fields, Mapping):
            kept |= {str(fields.get(k, "")) for k in ("order_no", "ticket_no", "txn_no", "uscc")}
    return kept
