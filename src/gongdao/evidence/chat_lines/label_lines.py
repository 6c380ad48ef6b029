"""Label lines: classifier, guards, and the end of a promised time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from gongdao.core.codes import Speaker
from gongdao.evidence.chat_lines.classify import probabilities
from gongdao.evidence.chat_lines.guards import asserted, doubt, quoted_away, settle, without_apology
from gongdao.evidence.chat_lines.label import ADMISSIONS, ALONE, Label, labels_of
from gongdao.evidence.chat_lines.promised_time import find_promised_time

LONGEST = 1000
"""Characters of a line that are looked at: nobody admits a fault on page three of a pasted text,
and a hostile file must not cost minutes."""
_KNOWN: dict[bytes, tuple[Label, ...]] = {}
_KNOWN_KEY = secrets.token_bytes(32)
_MOST_KNOWN = 50_000
"""A server labels the same lines on every page of a case. What it remembers of a line are its
labels, under a digest keyed for this process, so that no word of it stays in memory."""
_THRESHOLD = 0.38
_ADMISSION_THRESHOLD = 0.5


@dataclass(frozen=True)
class Line:
    """One line to label. ``context`` is the line before, of the other side; ``at`` when said."""

    speaker: Speaker
    text: str
    at: datetime | None = None
    context: str = ""


@dataclass(frozen=True)
class LabelledLine:
    """The labels of a line, most probable first, and the end of the promised time if it has one
    that can be computed."""

    labels: tuple[Label, ...]
    by: datetime | date | None = None


def label_line(line: Line) -> tuple[Label, ...]:
    """The labels of one line, most probable first; system notices are neutral."""
    line = replace(line, text=line.text[:LONGEST])
    said = f"{line.speaker.value}\0{line.text}\0{line.context}".encode("utf-8", "surrogatepass")
    key = hashlib.blake2b(said, digest_size=16, key=_KNOWN_KEY).digest()
    labels = _KNOWN.get(key)
    if labels is None:
        labels = _label(line)
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = labels
    return labels


def _label(line: Line) -> tuple[Label, ...]:
    if line.speaker is Speaker.SYSTEM or not any(char.isalnum() for char in line.text):
        return (Label.NEUTRAL,)
    rest = without_apology(line.text)
    only = Label.NEUTRAL if line.speaker is Speaker.BUYER else Label.APOLOGY_ONLY
    labels = _choose(replace(line, text=rest)) if rest else (only,)
    if rest != line.text and labels[0] is Label.NEUTRAL:
        labels = _choose(line)
    return labels


def _choose(line: Line) -> tuple[Label, ...]:
    allowed = labels_of(line.speaker)
    chances = {
        label: p
        for label, p in probabilities(line.text, line.speaker, line.context).items()
        if label in allowed
    }
    chances = _guard_admissions(chances, line)
    ranked = sorted(chances, key=lambda label: -chances[label])
    chosen = [label for label in ranked if chances[label] > _threshold(label)]
    if not chosen:
        chosen = [next(label for label in ranked if label not in ADMISSIONS)]
    if len(chosen) > 1:
        chosen = chosen[:1] if chosen[0] in ALONE else [x for x in chosen if x not in ALONE]
    settled = settle(frozenset(chosen), line.speaker)
    return tuple(label for label in chosen if label in settled)


def _threshold(label: Label) -> float:
    return _ADMISSION_THRESHOLD if label in ADMISSIONS else _THRESHOLD


def _guard_admissions(chances: dict[Label, float], line: Line) -> dict[Label, float]:
    if line.speaker is Speaker.BUYER:
        return chances
    extra = doubt(line.text)
    said = asserted(quoted_away(line.text))
    if not said.strip("“”，,。 "):
        return {label: 0.0 if label in ADMISSIONS else p for label, p in chances.items()}
    again = chances if said == line.text else probabilities(said, line.speaker, line.context)
    return {
        label: min(p, again[label]) - extra if label in ADMISSIONS else p
        for label, p in chances.items()
    }


def label_lines(lines: Iterable[Line]) -> tuple[LabelledLine, ...]:
    """Label every line, in order."""
    found = []
    for line in lines:
        labels = label_line(line)
        by = None
        if Label.PROMISE_TIME in labels and line.at:
            by = find_promised_time(line.text, line.at)
        found.append(LabelledLine(labels, by))
    return tuple(found)
