"""Read what a letter's page sends: only what was really changed there counts as an edit.

The page says in ``shown`` what each part held when it was made. A part sent back as it was shown
stays as it is kept by now, so that neither a case that went on nor a second window is overwritten
by a window that changed nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from django.http import QueryDict

from gongdao.casework.online.letter_drafts import Draft, gaps_of, tidy_draft
from gongdao.channels.letters.edit import own_key
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.part import LetterPart, PartKind

TEXT, OUT, OWN, AFTER, FILL, SEEN = "t:", "x:", "own:", "after:", "f:", "ok:"
"""Beginnings of the names of fields: a part's text, leave it out, an own paragraph and its place,
what goes into a gap, "I have seen that the case changed"."""
_OWN_KEY = re.compile(r"own:(\d{1,4})@(.*)", re.DOTALL)
_MOST_OWN = 40
_NUMBER = re.compile(r"\d{1,4}")


def dump_shown(letter: Letter, draft: Draft) -> str:
    """What the page shows, for its hidden field: digests of each text and what it rests on."""
    told = {
        part.key: [_digest(draft.edits.get(part.key, part.text)), _digest(part.text)]
        for part in letter.parts
        if part.kind is not PartKind.FRAME
    }
    told |= {f"{FILL}{gap}": [_digest(draft.fills.get(gap, ""))] for gap in gaps_of(letter, draft)}
    told |= {
        f"{OWN}{m[1]}": [_digest(text)]
        for key, text in draft.edits.items()
        if (m := _OWN_KEY.fullmatch(key))
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_draft(letter: Letter, saved: Draft, sent: QueryDict) -> Draft:
    """The draft as ``sent`` wants it, upon what is ``saved`` by now; its version is the one the
    page was made from, -1 where the page names none."""
    shown = _load_shown(sent.get("shown", ""))
    edits, bases = dict(saved.edits), dict(saved.bases)
    for part in letter.parts:
        typed = _typed(part, sent)
        was = shown.get(part.key)
        if typed is None or (was and _digest(typed) == was[0]):
            if f"{SEEN}{part.key}" in sent and part.key in edits:
                bases[part.key] = part.text
            continue
        edits[part.key] = typed
        bases[part.key] = _base(part, was, saved)
    _read_own(edits, shown, sent)
    fills = _read_fills(saved, shown, sent)
    for key in sent.getlist("reset"):
        edits.pop(key, None)
    version = sent.get("version", "")
    draft = replace(
        saved,
        edits={key: text for key, text in edits.items() if text or not _OWN_KEY.fullmatch(key)},
        fills=fills,
        version=int(version) if version.isdigit() and len(version) < 10 else -1,
    )
    return tidy_draft(letter, draft, bases)


def _typed(part: LetterPart, sent: QueryDict) -> str | None:
    """What the page sent for a part; None where it sent nothing. A fact or rule can only stay as
    it is or be left out."""
    if part.kind is PartKind.FREE:
        typed = sent.get(f"{TEXT}{part.key}")
        return None if typed is None else _same_lines(typed)
    if part.kind is PartKind.FRAME or "shown" not in sent:
        return None
    return "" if f"{OUT}{part.key}" in sent else part.text


def _base(part: LetterPart, was: list[str] | None, saved: Draft) -> str:
    """The text that the page had for the part: today's, or the one kept with the last edit."""
    if was is None or len(was) < 2 or was[1] == _digest(part.text):
        return part.text
    kept = saved.bases.get(part.key, "")
    return kept if _digest(kept) == was[1] else ""


def _read_own(edits: dict[str, str], shown: Mapping[str, list[str]], sent: QueryDict) -> None:
    """Own paragraphs by their number; a number that another window took meanwhile is not used."""
    kept = {m[1]: key for key in edits if (m := _OWN_KEY.fullmatch(key))}
    for name in sent:
        number = name[len(OWN) :]
        if not name.startswith(OWN) or not _NUMBER.fullmatch(number):
            continue
        text = _same_lines(sent.get(name, ""))
        if number in kept and f"{OWN}{number}" not in shown:
            number = str(max(int(one) for one in kept) + 1)
        if number in kept:
            edits.pop(kept.pop(number))
        if text and len(kept) < _MOST_OWN:
            key = own_key(int(number), sent.get(f"{AFTER}{name[len(OWN) :]}", "")[:200])
            edits[key] = text
            kept[number] = key


def _read_fills(saved: Draft, shown: Mapping[str, list[str]], sent: QueryDict) -> dict[str, str]:
    fills = dict(saved.fills)
    for name in sent:
        key = name[len(FILL) :]
        value = " ".join(sent.get(name, "").split())
        was = shown.get(name)
        if name.startswith(FILL) and not (was and _digest(value) == was[0]):
            fills[key] = value
    return fills


def _load_shown(text: str) -> dict[str, list[str]]:
    """What the page said it showed; nothing where that cannot be read."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {k: v for k, v in told.items() if isinstance(v, list) and v}


def _same_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _digest(text: str) -> str:
    return hashlib.sha256(_same_lines(text).encode(errors="replace")).hexdigest()[:12]
