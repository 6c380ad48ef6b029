"""Change a letter by hand, with its facts locked to their evidence.

What the writer typed is kept by the key of the part it belongs to, so that it carries over when
the case is judged anew; nothing he wrote is ever dropped without being handed back. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from gongdao.channels.letters.letter import Letter, LetterField
from gongdao.channels.letters.part import LetterPart, PartKind, join_parts
from gongdao.channels.letters.values import locked

_OWN = re.compile(r"own:(\d{1,4})@(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Change(StrEnum):
    """What became of a part."""

    KEPT = "kept"
    WRITTEN = "written"
    """Worded by the writer."""
    REWORDED = "reworded"
    """A fact in other words, every locked value in place."""
    LEFT_OUT = "left_out"
    ADDED = "added"
    REFUSED = "refused"
    """The edit would change what is locked: the part stands as it was."""


@dataclass(frozen=True)
class EditedPart:
    """One part after editing: ``part`` as it stands now (as it was, where it is left out),
    ``typed`` what the writer asked for, ``before`` the text his edit was made upon, where that
    is no longer what the case gives (``stale``)."""

    part: LetterPart
    change: Change
    typed: str = ""
    stale: bool = False
    before: str = ""


@dataclass(frozen=True)
class Adrift:
    """An edit whose part is no longer in the letter: handed back, not applied."""

    key: str
    typed: str
    before: str


@dataclass(frozen=True)
class EditedLetter:
    """``letter`` is the result, ready to be sent or sealed; ``parts`` every part with what became
    of it, those left out too; ``adrift`` the edits that found no place."""

    letter: Letter
    parts: tuple[EditedPart, ...]
    adrift: tuple[Adrift, ...]

    @property
    def text(self) -> str:
        """The edited text."""
        return self.letter.text


def own_key(number: int, after: str) -> str:
    """The key of the writer's own ``number``-th paragraph, which follows the part ``after``."""
    return f"own:{number}@{after}"


def bases_of(letter: Letter, edits: Mapping[str, str]) -> dict[str, str]:
    """The text of each edited part as it is now: to be kept beside ``edits``, so that a later
    change of the case shows."""
    texts = {part.key: part.text for part in letter.parts}
    return {key: texts[key] for key in edits if key in texts}


def apply_edits(
    letter: Letter, edits: Mapping[str, str], *, bases: Mapping[str, str] | None = None
) -> EditedLetter:
    """``letter`` with ``edits`` (key of a part, or ``own_key``, → text; empty: left out).

    ``bases`` holds, by the same keys, the text each edit was made upon. An edit that would change
    a locked fact, a rule or the frame is not applied, and is found again in ``parts``.
    """
    before = bases or {}
    typed = {key: _tidy(text) for key, text in edits.items()}
    placed, adrift = _place(letter, typed, before)
    found: list[EditedPart] = []
    for part in letter.parts:
        key = placed.get(part.key)
        found.append(_edit(part, typed[key], before.get(key)) if key else _kept(part))
    found = _insert_own(letter, found, typed)
    kept = tuple(_closed_up(found))
    fields = tuple(_refill(field, letter, kept) for field in letter.fields)
    return EditedLetter(replace(letter, parts=kept, fields=fields), tuple(found), adrift)


def _tidy(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _kept(part: LetterPart) -> EditedPart:
    return EditedPart(part, Change.KEPT)


def _place(
    letter: Letter, typed: Mapping[str, str], before: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Adrift, ...]]:
    """Key of a part → key of the edit that belongs to it. Of several parts with one stem the one
    whose text the edit was made upon comes first: a second refusal may have become the first."""
    texts = {part.key: part.text for part in letter.parts}
    placed: dict[str, str] = {}
    late: list[str] = []
    for key in (k for k in typed if not _OWN.fullmatch(k)):
        base = before.get(key)
        same = [k for k in texts if _stem(k) == _stem(key) and texts[k] == base]
        if key in texts and (base is None or texts[key] == base):
            placed[key] = key
        elif same and same[0] not in placed:
            placed[same[0]] = key
        else:
            late.append(key)
    adrift = []
    for key in late:
        if key in texts and key not in placed:
            placed[key] = key
        else:
            adrift.append(Adrift(key, typed[key], before.get(key, "")))
    return placed, tuple(adrift)


def _stem(key: str) -> str:
    return re.sub(r"#\d+$", "", key)


def _edit(part: LetterPart, typed: str, before: str | None) -> EditedPart:
    change = _judge(part, typed)
    stale = before is not None and before != part.text and change is not Change.KEPT
    text = typed if change in (Change.WRITTEN, Change.REWORDED) else part.text
    now = replace(part, text=text)
    return EditedPart(now, change, typed, stale, before or "" if stale else "")


def _judge(part: LetterPart, typed: str) -> Change:
    """What an edit of ``part`` comes to."""
    if typed == part.text.strip():
        return Change.KEPT
    if part.kind is PartKind.FRAME:
        return Change.REFUSED
    if not typed:
        return Change.LEFT_OUT
    if part.kind is PartKind.FREE:
        return Change.WRITTEN
    if part.kind is PartKind.FACT and locked(typed) == locked(part.text):
        return Change.REWORDED
    return Change.REFUSED


def _insert_own(
    letter: Letter, found: list[EditedPart], typed: Mapping[str, str]
) -> list[EditedPart]:
    """The writer's own paragraphs, each behind the line (in running text: the sentence) it
    follows; behind the last request where that is gone."""
    lined = len(letter.parts) > 1 and letter.parts[1].starts_line
    own = sorted((int(m[1]), m[2], key) for key in typed if (m := _OWN.fullmatch(key)))
    for _number, after, key in own:
        if not typed[key]:
            continue
        place = _place_after(found, after, lined)
        line = next((f.part for f in found[place::-1] if f.part.starts_line), None)
        group = line.group if lined and line else ""
        part = LetterPart(key, PartKind.FREE, typed[key], breaks=int(lined), group=group)
        stale = bool(after) and all(f.part.key != after for f in found)
        found.insert(place + 1, EditedPart(part, Change.ADDED, typed[key], stale))
    return found


def _place_after(found: list[EditedPart], after: str, lined: bool) -> int:
    """The index behind which a paragraph that follows ``after`` is put."""
    keys = [f.part.key for f in found]
    asks = [i for i, f in enumerate(found) if f.part.kind is PartKind.FREE and not f.part.own]
    place = keys.index(after) if after in keys else asks[-1] if asks else len(found) - 1
    while place + 1 < len(found):
        following = found[place + 1]
        goes_on = lined and not following.part.starts_line
        if not goes_on and not _follows(following, after):
            break
        place += 1
    return place


def _follows(edited: EditedPart, after: str) -> bool:
    own = _OWN.fullmatch(edited.part.key)
    return own is not None and own[2] == after


def _closed_up(found: list[EditedPart]) -> list[LetterPart]:
    """The parts that remain; what follows a part left out takes its place in the line."""
    kept: list[LetterPart] = []
    breaks, group = 0, ""
    for edited in found:
        part = edited.part
        if edited.change is Change.LEFT_OUT:
            if part.breaks > breaks:
                breaks, group = part.breaks, part.group
            continue
        if breaks > part.breaks:
            part = replace(part, breaks=breaks, group=part.group or group)
        kept.append(part)
        breaks, group = 0, ""
    return kept


def _refill(field: LetterField, letter: Letter, kept: tuple[LetterPart, ...]) -> LetterField:
    """The field with the edited text of its parts; as it was where none of them changed."""
    if not field.parts:
        return field
    keys = frozenset(field.parts)
    mine = tuple(p for p in kept if p.key in keys or _anchor(p.key, letter) in keys)
    if mine == tuple(p for p in letter.parts if p.key in keys):
        return field
    return replace(field, value=join_parts(mine), parts=tuple(p.key for p in mine))


def _anchor(key: str, letter: Letter) -> str:
    """The part that an own paragraph follows; where it is gone, the last request."""
    own = _OWN.fullmatch(key)
    if own is None:
        return ""
    if any(part.key == own[2] for part in letter.parts):
        return own[2]
    asks = [p.key for p in letter.parts if p.kind is PartKind.FREE and not p.own]
    return asks[-1] if asks else letter.parts[-1].key
