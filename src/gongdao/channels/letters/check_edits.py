"""Look over an edited letter: what was refused, what no exhibit carries, tone, length, gaps. Pure.

Called with every change while somebody types, so it says, and never stops the typing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gongdao.channels.letters.edit import Change, EditedLetter, EditedPart, apply_edits
from gongdao.channels.letters.letter import Letter, LetterField
from gongdao.channels.letters.part import PartKind
from gongdao.channels.letters.values import Held, Known, find_values, with_text
from gongdao.channels.tone import check_tone
from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence.card_secrets import mask_personal, mask_secrets

_PLACE = re.compile(r"【请[^】]{0,60}】")
_UNCARRIED: dict[Held, Phrase] = {
    Held.AMOUNT: Phrase("证据里没有这个金额。请核对；只是您自己记得的，要写明“据本人陈述”。"),
    Held.TIME: Phrase("证据里没有这个时间。请核对；只是您自己记得的，要写明“据本人陈述”。"),
    Held.NUMBER: Phrase("证据里没有这个号码。请照着凭证核对。"),
    Held.QUOTE: Phrase("证据里没有这句原话。引号里只写看得到的原话，或者去掉引号。"),
    Held.EXHIBIT: Phrase("没有这个编号的证据。"),
    Held.RULE: Phrase("这条规定不是按规则数据写进来的，是否有效、是否适用没有核对过。"),
    Held.ACCUSATION: Phrase("证据里没有别人这样说过。只写发生了什么，不写定性的话。"),
}
_REFUSED: dict[PartKind, Phrase] = {
    PartKind.FACT: Phrase(
        "这一句的金额、时间、号码、引文、证据编号、是谁做的和做没做不能改，仍按原文。"
        "要改，请去更正证据的识别结果或案情；也可以整句删去，另写一段自己的话。"
    ),
    PartKind.RULE: Phrase("引用的规定不能改写，仍按原文；可以整条删去。"),
    PartKind.FRAME: Phrase("标题、收件人和落款说明不能改，仍按原文。"),
}
_TONE: dict[str, Phrase] = {
    "abusive": Phrase("这里有骂人的话，会让收件人不看事实。"),
    "threat": Phrase("这里像威胁，可能反过来对您不利。"),
    "exaggeration": Phrase("这里说得太满，证据撑不住。"),
    "legal_overclaim": Phrase("这里替有权机关下了结论。"),
}


@dataclass(frozen=True)
class EditProblem:
    """One thing to look at: ``code``; the key of the part, empty for the whole letter; the words
    it is about; what is the matter. ``refused``: the edit was not applied. ``calmer``: another
    wording, for flags of tone."""

    code: str
    part: str
    quote: str
    says: Phrase
    refused: bool = False
    calmer: Phrase | None = None


def check_edits(
    letter: Letter,
    edits: Mapping[str, str],
    *,
    known: Known,
    bases: Mapping[str, str] | None = None,
) -> tuple[EditProblem, ...]:
    """Everything to say about ``letter`` with ``edits``; ``known`` is what the exhibits carry
    (``known_of``). The edits that are refused come first."""
    edited = apply_edits(letter, edits, bases=bases)
    held = with_text(known, letter.text)
    found = [problem for part in edited.parts for problem in _of_part(part, held, letter)]
    found += [
        EditProblem(
            "adrift",
            lost.key,
            lost.typed,
            Phrase("案情变了，这一段原来的位置已经没有了。您写的还在这里，没有放进信里。"),
        )
        for lost in edited.adrift
    ]
    found += [*_too_long(edited), *_to_fill(edited)]
    return tuple(sorted(found, key=lambda problem: not problem.refused))


def _of_part(edited: EditedPart, known: Known, letter: Letter) -> Iterator[EditProblem]:
    key, change = edited.part.key, edited.change
    if change is Change.REFUSED:
        says = _REFUSED[edited.part.kind]
        yield EditProblem(f"{edited.part.kind}_changed", key, edited.typed, says, refused=True)
    elif change is Change.LEFT_OUT:
        says = Phrase("这一段删去了，信里不会有。案情和证据不受影响。")
        yield EditProblem("left_out", key, edited.part.text, says)
    elif change is Change.REWORDED:
        says = Phrase("这一句换了说法。请确认所引的证据仍然能证明它。")
        yield EditProblem("reworded", key, edited.typed, says)
    if edited.stale:
        yield _stale(edited)
    if change in (Change.WRITTEN, Change.REWORDED, Change.ADDED):
        if not edited.part.own:
            yield from _uncarried(edited, known)
        yield from _tone(edited)
        if letter.public:
            yield from _private(edited)


def _stale(edited: EditedPart) -> EditProblem:
    if edited.change is Change.ADDED:
        says = Phrase("案情变了，这一段原来跟着的那句没有了，现在放在请求后面。请看位置对不对。")
        return EditProblem("moved", edited.part.key, edited.typed, says)
    says = Phrase("您改过之后，这一段的原文因为案情变化变了。请看您写的还对不对。")
    return EditProblem("stale", edited.part.key, edited.typed or edited.before, says)


def _uncarried(edited: EditedPart, known: Known) -> Iterator[EditProblem]:
    for value in find_values(edited.typed):
        if not known.carries(value):
            code = "accusation" if value.kind is Held.ACCUSATION else f"unsupported_{value.kind}"
            yield EditProblem(code, edited.part.key, value.text, _UNCARRIED[value.kind])


def _tone(edited: EditedPart) -> Iterator[EditProblem]:
    for flag in check_tone(texts=[(edited.part.key, edited.typed)]):
        yield EditProblem(flag.code, flag.exhibit, flag.quote, _TONE[flag.code], calmer=flag.calmer)


def _private(edited: EditedPart) -> Iterator[EditProblem]:
    if mask_personal(mask_secrets(edited.typed)) != edited.typed:
        says = Phrase("这封是公开的，人人看得到。里面像有电话、证件号、账号或卡密，请删去。")
        yield EditProblem("personal", edited.part.key, edited.typed, says)


def _too_long(edited: EditedLetter) -> Iterator[EditProblem]:
    for field in edited.letter.fields:
        if field.limit is None or len(field.value) <= field.limit:
            continue
        yield EditProblem("too_long", "", field.code, _over(field, field.limit))


def _over(field: LetterField, limit: int) -> Phrase:
    name = Bilingual(field.name, field.name_en or field.name)
    over = len(field.value) - limit
    if field.limit_known:
        return Phrase(
            "“{name}”最多 {limit} 字，多出 {over} 字。", name=name, limit=limit, over=over
        )
    return Phrase(
        "“{name}”的字数上限没有查到，我们按 {limit} 字准备，多出 {over} 字。",
        name=name,
        limit=limit,
        over=over,
    )


def _to_fill(edited: EditedLetter) -> Iterator[EditProblem]:
    places = [
        (part.key, place) for part in edited.letter.parts for place in _PLACE.findall(part.text)
    ]
    places += [
        ("", place)
        for field in edited.letter.fields
        if not field.parts
        for place in _PLACE.findall(field.value)
    ]
    for key, place in dict.fromkeys(places):
        yield EditProblem("to_fill", key, place, Phrase("还没有填。"))
