"""Some lines of an import, made ready before the database is asked: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from gongdao.vault.canonical_form import (
    CanonRules,
    canonical_fields,
    pack_fields,
    platform_form,
)
from gongdao.vault.refusals import BadSecret, Reason, Refusal
from gongdao.vault.split_line import Line


@dataclass
class Chunk:
    """Lines that may be taken, in columns of equal length, and what was refused already."""

    lines: list[int] = field(default_factory=list)
    fields: list[tuple[str, ...]] = field(default_factory=list, repr=False)
    canonical: list[bytes] = field(default_factory=list, repr=False)
    forms: list[bytes] = field(default_factory=list, repr=False)
    refusals: list[Refusal] = field(default_factory=list)
    read: int = 0


def prepare_chunk(lines: Iterable[Line], rules: CanonRules, most: int) -> Chunk:
    """The next ``most`` of ``lines``: canonical, each secret once; a chunk with ``read`` 0 is the
    end."""
    chunk, seen = Chunk(), dict[bytes, int]()
    for number, fields, reason in islice(lines, most):
        chunk.read += 1
        if reason is not None:
            chunk.refusals.append(Refusal(number, reason))
            continue
        try:
            found = canonical_fields(fields, rules)
            form = platform_form(found)
        except BadSecret as bad:
            chunk.refusals.append(Refusal(number, bad.reason))
            continue
        first = seen.setdefault(form, number)
        if first != number:
            chunk.refusals.append(Refusal(number, Reason.IN_FILE, first))
            continue
        chunk.lines.append(number)
        chunk.fields.append(fields)
        chunk.canonical.append(pack_fields(found))
        chunk.forms.append(form)
    return chunk
