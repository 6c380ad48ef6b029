"""Bring readings together into a dossier: corrections applied, lines labelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gongdao.core.codes import Speaker
from gongdao.evidence.bound_talks import bound_talks
from gongdao.evidence.chat_lines.label_lines import Line, label_lines
from gongdao.evidence.dossier import Dossier, SaidLine
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.reading import Basis, Exhibit, Field, Message
from gongdao.evidence.statement import Statement

Corrections = Mapping[str, Mapping[str, str]]
"""Field values a person put right: by exhibit path, then field name."""


def gather(
    *,
    statement: Statement,
    files: Sequence[ReadFile],
    as_of: datetime,
    corrections: Corrections | None = None,
) -> Dossier:
    """The dossier of a case at ``as_of``. A correction stands beside the reading it replaces; of
    very long chats it holds the part that is judged."""
    corrected = (
        _corrected(file.exhibit, (corrections or {}).get(file.exhibit.path, {})) for file in files
    )
    exhibits = bound_talks(exhibits=corrected, statement=statement)
    deals = tuple((file.exhibit.path, deal) for file in files for deal in file.deals)
    return Dossier(statement, exhibits, _said(exhibits), deals, as_of)


def _corrected(exhibit: Exhibit, changes: Mapping[str, str]) -> Exhibit:
    if not changes:
        return exhibit
    fields = dict(exhibit.fields)
    for name, value in changes.items():
        old = fields.get(name)
        fields[name] = replace(
            old or Field(value),
            value=value,
            confidence=1.0,
            basis=Basis.CORRECTION,
            read=old.value if old else None,
        )
    return replace(exhibit, fields=fields)


def _said(exhibits: Iterable[Exhibit]) -> tuple[SaidLine, ...]:
    """Every message with a known speaker, labelled; talks in the order in which they began."""
    talks = [e for e in exhibits if e.messages and e.problem is None]
    talks.sort(key=lambda e: next((m.at.timestamp() for m in e.messages if m.at), 0.0))
    spoken: list[tuple[str, Message]] = []
    lines: list[Line] = []
    for exhibit in talks:
        before: dict[Speaker, str] = {}
        for message in exhibit.messages:
            speaker = message.speaker
            if speaker is None:
                continue
            context = next((t for s, t in reversed(before.items()) if s is not speaker), "")
            spoken.append((exhibit.path, message))
            lines.append(Line(speaker, message.text, message.at, context))
            before.pop(speaker, None)
            before[speaker] = message.text
    return tuple(
        SaidLine(path, message, frozenset(labelled.labels), labelled.by)
        for (path, message), labelled in zip(spoken, label_lines(lines), strict=True)
    )
