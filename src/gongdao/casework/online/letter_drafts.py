"""The buyer's own changes to a letter: sealed, one draft per letter, safe from a second tab.

A draft holds what he typed by the key of the part it belongs to, the text each edit was made upon,
and what he filled into the gaps. The letter itself is written anew from the case every time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from gongdao.casework.check import Judgement
from gongdao.casework.online.locks import lock_case
from gongdao.casework.online.models import LetterDraft
from gongdao.casework.online.open_case import OpenCase
from gongdao.channels.letters.check_edits import EditProblem, check_edits
from gongdao.channels.letters.edit import EditedLetter, apply_edits
from gongdao.channels.letters.letter import Letter, LetterField
from gongdao.channels.letters.part import PartKind
from gongdao.channels.letters.values import Known
from gongdao.core.envelope import open_sealed, seal
from gongdao.core.errors import InputError, StaleCase
from gongdao.core.ids import new_id
from gongdao.core.language import gettext as _

GAP = re.compile(r"【请[^】]{0,60}】")
"""A gap in a letter that only the buyer can fill."""
FIELD = "field:"
"""Before the code of a form field that stands for itself, as the key of what is filled in."""
_MOST_BYTES = 200_000
_LONGEST_FILL = 200


@dataclass(frozen=True)
class Draft:
    """What was typed into one letter; ``version`` 0: nothing was saved yet.

    ``edits`` and ``bases`` are those of ``apply_edits``; ``fills`` hold what goes into a gap, by
    the gap as it stands in the letter, or by ``field:`` and the code of a field of the form.
    """

    letter: str
    version: int = 0
    edits: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    changed_at: datetime | None = None


def drafts_of(case: OpenCase) -> dict[str, Draft]:
    """Every draft of the case by its letter; one query."""
    return {row.letter: _open(case, row) for row in LetterDraft.objects.filter(case_id=case.row.id)}


def draft_of(case: OpenCase, letter: str) -> Draft:
    """The draft of one letter, an empty one where nothing was saved."""
    row = LetterDraft.objects.filter(case_id=case.row.id, letter=letter).first()
    return _open(case, row) if row else Draft(letter)


def save_draft(*, case: OpenCase, draft: Draft, at: datetime) -> Draft:
    """Keep ``draft``, whose ``version`` is the one it was made from, and return it as kept.

    Raises StaleCase where it was saved elsewhere since, InputError where it is too long; nothing
    is written then.
    """
    plain = _dump(draft)
    if len(plain) > _MOST_BYTES or any(len(v) > _LONGEST_FILL for v in draft.fills.values()):
        raise InputError(_("写得太长，存不下"), hint=_("请缩短以后再保存。"))
    with transaction.atomic():
        lock_case(case.row.id)
        row = LetterDraft.objects.filter(case_id=case.row.id, letter=draft.letter).first()
        if (row.version if row else 0) != draft.version:
            raise StaleCase
        if row is None:
            row = LetterDraft(id=new_id(at), case_id=case.row.id, letter=draft.letter, version=0)
        row.version += 1
        row.sealed = seal(case.key, plain, _aad(case, draft.letter))
        row.changed_at = at
        row.save()
        return replace(draft, version=row.version, changed_at=at)


def edited_letter(letter: Letter, draft: Draft) -> EditedLetter:
    """``letter`` as the buyer changed it: ready to be copied, downloaded or sealed."""
    edited = apply_edits(letter, effective_edits(letter, draft), bases=draft.bases)
    fields = tuple(_fill_field(one, draft.fills) for one in edited.letter.fields)
    return replace(edited, letter=replace(edited.letter, fields=fields))


def with_drafts(judgement: Judgement, drafts: Mapping[str, Draft]) -> Judgement:
    """``judgement`` with every letter as the buyer changed it: what leaves the server."""
    letters = tuple(
        edited_letter(letter, drafts[letter.name]).letter if letter.name in drafts else letter
        for letter in judgement.letters
    )
    return replace(judgement, written=letters)


def check_letter(letter: Letter, draft: Draft, known: Known) -> tuple[EditProblem, ...]:
    """Everything to say about ``letter`` as changed; gaps that were filled are none."""
    filled = replace(letter, fields=tuple(_fill_field(f, draft.fills) for f in letter.fields))
    return check_edits(filled, effective_edits(letter, draft), known=known, bases=draft.bases)


def effective_edits(letter: Letter, draft: Draft) -> dict[str, str]:
    """The edits with every gap filled as far as the buyer filled it, in parts he left alone too."""
    edits = dict(draft.edits)
    for part in letter.parts:
        typed = edits.get(part.key, part.text)
        if part.kind is PartKind.FREE and GAP.search(typed):
            done = _fill(typed, draft.fills)
            if done != typed:
                edits[part.key] = done
    return edits


def gaps_of(letter: Letter, draft: Draft) -> tuple[str, ...]:
    """The keys of everything to be filled in, each once, in the order of the letter."""
    edits = draft.edits
    found = [
        gap
        for part in letter.parts
        if part.kind is PartKind.FREE
        for gap in GAP.findall(edits.get(part.key, part.text))
    ]
    found += [
        f"{FIELD}{one.code}" for one in letter.fields if not one.parts and GAP.search(one.value)
    ]
    return tuple(dict.fromkeys(found))


def count_open_gaps(letter: Letter, draft: Draft) -> int:
    """How many of them are still empty."""
    return sum(1 for gap in gaps_of(letter, draft) if not draft.fills.get(gap))


def tidy_draft(letter: Letter, draft: Draft, shown: Mapping[str, str]) -> Draft:
    """``draft`` without edits that change nothing; ``shown`` is the text of each edited part as
    the page had it, which the edit was made upon."""
    texts = {part.key: part.text for part in letter.parts}
    edits = {
        k: v for k, v in draft.edits.items() if k not in texts or v.strip() != texts[k].strip()
    }
    bases = {k: shown[k] for k in edits if k in shown}
    fills = {k: v.strip() for k, v in draft.fills.items() if v.strip()}
    return replace(draft, edits=edits, bases=bases, fills=fills)


def known_fills(drafts: Iterable[Draft]) -> dict[str, str]:
    """What was filled in anywhere in the case, by gap: to be offered in the other letters."""
    found: dict[str, str] = {}
    for draft in drafts:
        found.update({k: v for k, v in draft.fills.items() if not k.startswith(FIELD)})
        for key, value in draft.fills.items():
            if key.startswith(FIELD):
                found.setdefault(key, value)
    return found


def _fill(text: str, fills: Mapping[str, str]) -> str:
    return GAP.sub(lambda gap: fills.get(gap[0]) or gap[0], text)


def _fill_field(one: LetterField, fills: Mapping[str, str]) -> LetterField:
    value = fills.get(f"{FIELD}{one.code}")
    return replace(one, value=value) if value and not one.parts else one


def _dump(draft: Draft) -> bytes:
    table = {"edits": dict(draft.edits), "bases": dict(draft.bases), "fills": dict(draft.fills)}
    return json.dumps(table, ensure_ascii=False).encode()


def _open(case: OpenCase, row: LetterDraft) -> Draft:
    table = json.loads(open_sealed(case.key, bytes(row.sealed), _aad(case, row.letter)))
    return Draft(
        row.letter, row.version, table["edits"], table["bases"], table["fills"], row.changed_at
    )


def _aad(case: OpenCase, letter: str) -> bytes:
    return case.subject.aad(f"letter/{letter}")
