"""A letter as the page shows it: what may be changed, what is locked, and what to look at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from gongdao.casework.online.letter_drafts import (
    FIELD,
    GAP,
    Draft,
    count_open_gaps,
    edited_letter,
    gaps_of,
)
from gongdao.casework.words import STEP_NAMES
from gongdao.channels.letters.check_edits import EditProblem
from gongdao.channels.letters.edit import Change, EditedLetter, EditedPart
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.part import PartKind
from gongdao.channels.route import ORDER
from gongdao.core.language import gettext as _
from gongdao.core.language import language, mark, translated
from gongdao.evidence.statement import Buyer
from gongdao.front.web.exhibit_links import ExhibitLink
from gongdao.front.web.report import SeenCase

LETTER_NAMES = {
    **{code: STEP_NAMES[code] for code in ORDER},
    "demand": mark("给商家的函"),
    "identity_demand": mark("向平台要卖家身份的函"),
}
_PART_NAMES = {
    "subject": mark("事由"),
    "ask": mark("请求"),
    "due": mark("答复期限"),
    "next": mark("之后怎么办"),
    "no_terms": mark("关于平台规则"),
    "answer": mark("反问"),
    "sign": mark("落款"),
    "to": mark("收件人"),
}
_SIGNS_A_LINE, _FEWEST_LINES, _MOST_LINES = 22, 2, 12
_FIGURES = re.compile(r"\d+")


@dataclass(frozen=True)
class ShownPart:
    """One part: ``n`` for ids: its number in the letter as written, or ``own-N``, so that it stays
    the same while paragraphs are added; ``text`` what stands in the field or the letter,
    ``original`` what the case gives, ``before`` what it gave when the edit was made (only where
    that changed in more than figures); ``theirs`` what another window saved."""

    n: str
    key: str
    kind: str
    label: str
    text: str
    original: str
    changed: bool
    out: bool
    own: bool
    before: str
    theirs: str | None
    rows: int
    exhibits: tuple[ExhibitLink, ...]
    problems: tuple[EditProblem, ...]

    @property
    def own_name(self) -> str:
        """The field of an own paragraph: ``own:2`` of the key ``own:2@ask``."""
        return self.key.partition("@")[0]

    @property
    def own_after(self) -> str:
        """The field that holds its place."""
        return f"after:{self.own_name.removeprefix('own:')}"

    @property
    def own_place(self) -> str:
        """The key of the part it follows."""
        return self.key.partition("@")[2]


@dataclass(frozen=True)
class ShownGap:
    """Something to fill in: ``key`` as in ``Draft.fills``; ``offered``: not saved here yet."""

    n: int
    key: str
    label: str
    value: str
    choose: bool
    offered: bool


@dataclass(frozen=True)
class ShownLetter:
    """One line of the list of letters."""

    name: str
    title: str
    to: str
    channel: str
    state: str
    public: bool
    changed: bool
    stale: int
    gaps: int
    saved: Draft


def name_letter(name: str) -> str:
    """What a letter is called in the language in use."""
    return translated(LETTER_NAMES.get(name, name))


def list_letters(seen: SeenCase, drafts: Mapping[str, Draft]) -> tuple[ShownLetter, ...]:
    """Every letter that the case gives now, with what became of the buyer's changes to it."""
    states = seen.report["channels"]["states"]
    found = []
    for letter in seen.assembled.judgement.letters:
        draft = drafts.get(letter.name, Draft(letter.name))
        edited = edited_letter(letter, draft)
        found.append(
            ShownLetter(
                letter.name,
                name_letter(letter.name),
                letter.to,
                letter.name if letter.name in ORDER else "",
                states.get(letter.name, {}).get("state", ""),
                letter.public,
                bool(draft.edits),
                count_stale(edited),
                count_open_gaps(letter, draft),
                draft,
            )
        )
    return tuple(found)


def count_stale(edited: EditedLetter) -> int:
    """How many changed parts rest on a text that the case no longer gives, lost ones included."""
    return sum(1 for part in edited.parts if before_of(part)) + len(edited.adrift)


def before_of(edited: EditedPart) -> str:
    """The text an edit was made upon, where it differs from today's in more than its figures: a
    sentence that only counts on (for 17 days, for 18 days) is no news."""
    if not edited.stale:
        return ""
    same = _FIGURES.sub("0", edited.before) == _FIGURES.sub("0", edited.part.text)
    kept = edited.change is Change.LEFT_OUT and same
    return "" if kept else edited.before or _("（没有记下）")


def show_parts(
    letter: Letter,
    draft: Draft,
    problems: Sequence[EditProblem],
    links: Mapping[str, ExhibitLink],
    others: Mapping[str, str],
) -> tuple[ShownPart, ...]:
    """Every part in the order of the letter, gaps unfilled; ``others`` are edits saved in another
    window where they differ from these."""
    originals = {part.key: part.text for part in letter.parts}
    places = {part.key: str(n) for n, part in enumerate(letter.parts, 1)}
    found = []
    for one in edited_letter(letter, draft).parts:
        key = one.part.key
        n = places.get(key) or key.partition("@")[0].replace(":", "-")
        cited = (links[path] for path in one.part.exhibits if path in links)
        exhibits = tuple(sorted(cited, key=lambda exhibit: exhibit.no))
        text = draft.edits.get(key, originals.get(key, one.typed))
        if one.change is Change.WRITTEN and key not in draft.edits and not GAP.search(text):
            text = one.typed  # an edit that belonged to a part of another number
        shown = _part(n, one, originals.get(key, ""), text, exhibits)
        mine = tuple(p for p in problems if p.part == key and p.code != "left_out")
        changed = key in draft.edits
        found.append(replace(shown, problems=mine, theirs=others.get(key), changed=changed))
    return tuple(found)


def _part(
    n: str, one: EditedPart, original: str, text: str, exhibits: tuple[ExhibitLink, ...]
) -> ShownPart:
    part, key = one.part, one.part.key
    added, free = one.change is Change.ADDED, part.kind is PartKind.FREE
    return ShownPart(
        n=n,
        key=key,
        kind=part.kind.value,
        label=_("您自己加的一段") if added else _label(key),
        text=text if free else original,
        original=original,
        changed=False,
        out=one.change is Change.LEFT_OUT,
        own=added,
        before=before_of(one),
        theirs=None,
        rows=max(_FEWEST_LINES, min(_MOST_LINES, len(text) // _SIGNS_A_LINE + 1)),
        exhibits=exhibits,
        problems=(),
    )


def _label(key: str) -> str:
    """A name for a part that may be worded freely."""
    for word in key.replace("#", ":").split(":"):
        if word in _PART_NAMES:
            return translated(_PART_NAMES[word])
    return _("可以改的一段")


def show_gaps(letter: Letter, draft: Draft, offers: Mapping[str, str]) -> tuple[ShownGap, ...]:
    """Everything to fill in, with what is there; ``offers`` is what was filled in elsewhere."""
    names = {f"{FIELD}{f.code}": (f.name, f.name_en, f.value) for f in letter.fields}
    found = []
    for n, key in enumerate(gaps_of(letter, draft), 1):
        name, name_en, gap = names.get(key, (_bare(key), "", key))
        label = name_en if name_en and language() == "en" else name
        mine = draft.fills.get(key, "")
        offer = "" if mine else offers.get(key) or offers.get(gap) or offers.get(name, "")
        found.append(ShownGap(n, key, label, mine or offer, "请选择" in gap or "从列表" in gap,
                              bool(offer)))  # fmt: skip
    return tuple(found)


def _bare(gap: str) -> str:
    """``姓名`` of ``【请填写：姓名】``."""
    return re.sub(r"^【请\w*[：:]?|】$", "", gap) or gap


def offers_of(buyer: Buyer, fills: Mapping[str, str]) -> dict[str, str]:
    """What can be offered for gaps: what the buyer said of himself, and filled in elsewhere."""
    found = dict(fills)
    for key, value in fills.items():
        if key.startswith("【"):
            found.setdefault(_bare(key), value)
    for name, value in (("姓名", buyer.name), ("联系电话", buyer.phone)):
        if value:
            found.setdefault(name, value)
            found.setdefault(f"【请填写：{name}】", value)
    return found


def places_for_own(edited: EditedLetter) -> tuple[tuple[str, str], ...]:
    """After which part an own paragraph may stand: key, and how the part begins."""
    kinds = (PartKind.FACT, PartKind.FREE)
    shown = [one.part for one in edited.parts if one.part.kind in kinds and not one.part.own]
    return tuple((p.key, p.text[:18]) for p in shown if not p.key.startswith("own:"))


def law_address() -> str:
    """The page that says which numbers are law."""
    return reverse("law_and_policy_en" if language() == "en" else "law_and_policy")
