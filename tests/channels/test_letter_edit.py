"""Letters changed by hand: facts stay locked, nothing typed is lost, gaps in evidence show."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.stories import NAMES, letters_of, read_story

from gongdao.channels.letters.check_edits import EditProblem, check_edits
from gongdao.channels.letters.edit import (
    Change,
    EditedLetter,
    apply_edits,
    bases_of,
    own_key,
)
from gongdao.channels.letters.letter import Letter
from gongdao.channels.letters.part import LetterPart, PartKind, join_parts, prefixes
from gongdao.channels.letters.values import Held, find_values, known_of, locked
from gongdao.core.codes import Reason
from gongdao.core.language import use_language
from gongdao.core.money import Money
from gongdao.evidence.dossier import Dossier

FIRST = NAMES[0]
_TYPED = st.text(alphabet="甲乙98.元，。\n证据1“”：a -", max_size=30)


def _letters(name: str = FIRST) -> dict[str, Letter]:
    return letters_of(read_story(name).dossier, everything=True)


def _check(
    letter: Letter, edits: dict[str, str], name: str = FIRST, **more: dict[str, str]
) -> tuple[EditProblem, ...]:
    return check_edits(letter, edits, known=known_of(read_story(name).dossier), **more)


def _codes(problems: tuple[EditProblem, ...]) -> set[str]:
    return {problem.code for problem in problems} - {"to_fill"}


def _part(letter: Letter, key: str) -> LetterPart:
    return next(part for part in letter.parts if part.key == key)


def _change(dossier: Dossier, part: str, **values: object) -> Dossier:
    statement = dossier.statement
    changed = replace(getattr(statement, part), **values)
    return replace(dossier, statement=replace(statement, **{part: changed}))


def _all_letters() -> list[Letter]:
    """Every letter of every example, and of the first for each reason."""
    found: list[Letter] = []
    for name in NAMES:
        dossier = read_story(name).dossier
        found += letters_of(dossier, everything=True).values()
        found += letters_of(_change(dossier, "buyer", adult=False), everything=True).values()
    for reason in Reason:
        dossier = _change(read_story(FIRST).dossier, "claim", reasons=(reason,))
        found += letters_of(dossier, everything=True).values()
    return found


def test_parts_make_up_the_whole_text() -> None:
    """Joined, the parts are the letter; keys are unique; a cited number belongs to its paths."""
    for letter in _all_letters():
        joined = "".join(
            a + p.text for a, p in zip(prefixes(letter.parts), letter.parts, strict=True)
        )
        assert joined == letter.text
        keys = Counter(part.key for part in letter.parts)
        assert max(keys.values()) == 1, keys.most_common(2)
        for part in letter.parts:
            assert part.text, (letter.name, part.key)
            assert bool(part.fact) == (part.kind is PartKind.FACT)
            if re.search(r"（证据\d", part.text):
                assert part.exhibits, (letter.name, part.key)


def test_every_cited_exhibit_and_article_is_locked() -> None:
    """No part in the writer's hands cites an exhibit or an article by number."""
    for letter in _all_letters():
        for part in letter.parts:
            if part.kind is PartKind.FREE:
                told = part.text if not part.key.startswith("ask") else ""
                assert not re.search(r"（证据\d|第[一二三四五六七八九十百]+条", told), part


def test_fields_are_made_of_the_parts_they_name() -> None:
    """A field that names parts holds their text, cut to its limit."""
    for letter in _all_letters():
        for field in letter.fields:
            if field.parts:
                mine = [p for p in letter.parts if p.key in field.parts]
                text = join_parts(mine)
                assert field.value == text or len(text) > (field.limit or 0)


def test_without_edits_nothing_changes() -> None:
    """No edit, and an edit that types what stands there, give the same letter."""
    for letter in _all_letters():
        assert apply_edits(letter, {}).letter == letter
        same = {part.key: f" {part.text}\r\n" for part in letter.parts}
        again = apply_edits(letter, same, bases=bases_of(letter, same))
        assert again.letter == letter
        assert {p.change for p in again.parts} == {Change.KEPT}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("98.00", "980.00"),
        ("14:03", "14:04"),
        ("证据", "证据1、证据"),
        ("付款", "没有付款"),
        ("付款", "付款又付款50元"),
        ("我", "商家"),
    ],
)
def test_a_locked_fact_is_not_changed(old: str, new: str) -> None:
    """Amount, time, exhibit, who and whether: the edit is refused, said, and handed back."""
    letter = _letters()["demand"]
    part = _part(letter, "fact:payment")
    typed = part.text.replace(old, new, 1)
    assert typed != part.text
    edited = apply_edits(letter, {part.key: typed})
    assert edited.text == letter.text
    (refused,) = (p for p in edited.parts if p.change is Change.REFUSED)
    assert refused.typed == typed
    problems = _check(letter, {part.key: typed})
    assert problems[0].refused and problems[0].code == "fact_changed"


@pytest.mark.parametrize("kind", [PartKind.RULE, PartKind.FRAME])
def test_rules_and_frame_are_not_worded_otherwise(kind: PartKind) -> None:
    """Neither a cited article nor a heading or closing sentence takes another wording."""
    letter = _letters()["demand"]
    for part in (p for p in letter.parts if p.kind is kind):
        problems = _check(letter, {part.key: part.text + "等"})
        assert problems[0].code == f"{kind}_changed"
        assert apply_edits(letter, {part.key: part.text + "等"}).text == letter.text


def test_other_words_around_locked_values_are_taken() -> None:
    """A fact may be put otherwise while every locked value stays, and that is said."""
    letter = _letters()["demand"]
    part = _part(letter, "fact:payment")
    typed = part.text.replace("付款", "支付了")
    edited = apply_edits(letter, {part.key: typed})
    assert typed in edited.text
    assert _codes(_check(letter, {part.key: typed})) == {"reworded"}


def test_a_fact_can_be_left_out_and_numbers_close_up() -> None:
    """The sentence goes, the following ones are counted anew, and it is said."""
    letter = _letters()["demand"]
    facts = [p for p in letter.parts if p.group == "facts"]
    gone = facts[1]
    edited = apply_edits(letter, {gone.key: ""})
    assert gone.text not in edited.text
    assert f"2. {facts[2].text}" in edited.text
    assert f"{len(facts) - 1}. {facts[-1].text}" in edited.text
    assert _codes(_check(letter, {gone.key: ""})) == {"left_out"}


def test_what_follows_in_the_line_takes_its_place() -> None:
    """An answer whose locked half is left out leaves its question on a numbered line."""
    letter = _letters("c04-fake-discount")["demand"]
    answers = [p for p in letter.parts if p.group == "answers"]
    assert len(answers) > 1
    place = letter.parts.index(answers[1])
    question = letter.parts[place + 1]
    edited = apply_edits(letter, {answers[1].key: ""})
    assert f"\n2. {question.text}" in edited.text


def test_headings_and_closing_cannot_be_left_out() -> None:
    """What a letter must say of itself stays."""
    letter = _letters()["board"]
    frame = [p for p in letter.parts if p.kind is PartKind.FRAME]
    assert frame
    assert apply_edits(letter, {p.key: "" for p in frame}).text == letter.text


def test_own_paragraphs_stand_where_they_were_put() -> None:
    """Behind the line they follow, in order, numbered with it; in running text in the line."""
    letter = _letters()["demand"]
    edits = {
        own_key(2, "fact:payment"): "乙。",
        own_key(1, "fact:payment"): "甲。",
        own_key(3, ""): "丙。",
    }
    text = apply_edits(letter, edits).text
    payment = _part(letter, "fact:payment").text
    assert re.search(re.escape(payment) + r"\n\d+\. 甲。\n\d+\. 乙。\n", text)
    assert text.index("丙。") > text.index("三、请求" if "四、请求" not in text else "四、请求")
    short = _letters()["payment"]
    edited = apply_edits(short, {own_key(1, "fact:payment"): "甲。"})
    assert f"{_part(short, 'fact:payment').text}甲。" in edited.text
    assert "\n" not in edited.text


def test_the_form_takes_the_edited_text() -> None:
    """The field to copy holds what was edited, and only the field it belongs to changes."""
    letter = _letters()["regulator_complaint"]
    edited = apply_edits(letter, {"ask": "请组织调解。", own_key(1, "fact:payment"): "补充。"})
    values = {f.code: f.value for f in edited.letter.fields}
    assert values["demand"] == "请组织调解。"
    assert "补充。" in values["facts"] and "请组织调解" not in values["facts"]
    before = {f.code: f.value for f in letter.fields}
    assert {c for c in before if before[c] != values[c]} == {"demand", "facts"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("请退还350元。", "unsupported_amount"),
        ("请退还三百五十元。", "unsupported_amount"),
        ("请退还￥１，２３４。", "unsupported_amount"),
        ("2026年10月1日我打过电话。", "unsupported_time"),
        ("当天上午9点17分又试了一次。", "unsupported_time"),
        ("订单KM20991231235959是同一个。", "unsupported_number"),
        ("客服说“这张卡就是坏的我们知道”。", "unsupported_quote"),
        ("见证据99。", "unsupported_exhibit"),
        ("依据《民法典》第五百条。", "unsupported_rule"),
        ("对方伪造了记录。", "accusation"),
        ("你们这些骗子，退钱！", "abusive"),
        ("不退款我就全网曝光你。", "threat"),
    ],
)
def test_what_no_exhibit_carries_is_flagged(typed: str, code: str) -> None:
    """New amounts, times, numbers, quotations, rules and accusations, and the tone, as typed."""
    letter = _letters()["demand"]
    for edits in ({"next": typed}, {own_key(1, "next"): typed}):
        problems = _check(letter, edits)
        assert code in _codes(problems)
        flagged = next(p for p in problems if p.code == code)
        assert not flagged.refused and flagged.part in edits
        assert flagged.quote and str(flagged.says)
    assert typed in apply_edits(letter, {"next": typed}).text


@pytest.mark.parametrize(
    "typed",
    [
        "我付了98元，请退还98.00元。",
        "11月2日14:03付款。",
        "2026-11-02下午2点03分付款。",
        "订单号KM20261102140250017。",
        "商家说“确实是我们这批卡密有问题”。",
        "见证据1。",
        "请于2026年12月24日18:00前答复。",
        "请在3天内答复，48小时内也行。",
        "面值100元的卡，九十八元买的。",
    ],
)
def test_what_the_evidence_carries_is_not_flagged(typed: str) -> None:
    """Values of the exhibits in other spellings, wishes with a date to come, plain words."""
    dossier = read_story(FIRST).dossier
    said = [line.message.text for line in dossier.said]
    if "“" in typed and not any("确实是我们这批卡密有问题" in text for text in said):
        typed = f"商家说“{said[-1]}”。"
    assert _codes(_check(_letters()["demand"], {"next": typed})) == set(), typed


def test_what_is_the_writers_own_needs_no_exhibit() -> None:
    """Name, phone number and address are not held against the evidence."""
    letter = _letters()["demand"]
    typed = {"sign:name": "联系人：示例某甲", "sign:phone": "联系电话：13800001111"}
    assert _codes(_check(letter, typed)) == set()
    left = {p.quote for p in _check(letter, typed) if p.code == "to_fill"}
    before = {p.quote for p in _check(letter, {}) if p.code == "to_fill"}
    assert before - left == {"【请填写：姓名】", "【请填写：联系电话】"}


def test_public_letters_take_no_personal_data() -> None:
    """A mobile number typed into a public text is flagged, in a private one it is not."""
    typed = {own_key(1, ""): "我的电话是13800001111。"}
    assert "personal" in _codes(_check(_letters()["board"], typed))
    assert "personal" not in _codes(_check(_letters()["demand"], typed))


def test_the_channels_limit_counts_on_the_result() -> None:
    """Too long a text says by how much, in both languages, and is not cut."""
    letter = _letters()["social"]
    edits = {own_key(1, ""): "补充说明。" * 40}
    (long,) = (p for p in _check(letter, edits) if p.code == "too_long")
    text = apply_edits(letter, edits).text
    assert f"多出 {len(text) - 140} 字" in long.says.zh()
    use_language("en")
    try:
        assert str(len(text) - 140) in str(long.says)
    finally:
        use_language("zh")


def _paid_otherwise(dossier: Dossier) -> Dossier:
    """The same case after its amount was corrected everywhere."""
    exhibits = tuple(
        replace(
            e,
            fields={
                k: replace(f, value=f.value.replace("98.00", "88.00")) for k, f in e.fields.items()
            },
            lines=tuple(replace(x, text=x.text.replace("98.00", "88.00")) for x in e.lines),
            rows=tuple(replace(row, amount=Money(8800)) for row in e.rows),
        )
        for e in dossier.exhibits
    )
    changed = replace(dossier, exhibits=exhibits)
    changed = _change(changed, "order", paid=Money(8800))
    return _change(changed, "claim", amount=Money(8800))


def test_edits_carry_over_when_the_case_changes() -> None:
    """Edits of parts that are the same apply; those whose base changed do too, and are said."""
    story = read_story(FIRST)
    old = letters_of(story.dossier)["demand"]
    new = letters_of(_paid_otherwise(story.dossier))["demand"]
    reworded = _part(old, "fact:payment").text.replace("付款", "支付了")
    edits = {
        "next": "请尽快处理。",
        "ask": "请退还98.00元，谢谢。",
        "fact:payment": reworded,
        "fact:no_such": "",
        own_key(1, "fact:no_such"): "我的话。",
    }
    bases = {**bases_of(old, edits), "fact:no_such": "从前有的一句。"}
    edited = apply_edits(new, edits, bases=bases)
    assert "请尽快处理。" in edited.text and "请退还98.00元，谢谢。" in edited.text
    assert "支付了98.00元" not in edited.text and "88.00元" in edited.text
    assert "我的话。" in edited.text
    known = known_of(_paid_otherwise(story.dossier))
    problems = check_edits(new, edits, known=known, bases=bases)
    by_code = {code: {p.part for p in problems if p.code == code} for code in _codes(problems)}
    assert by_code["stale"] == {"ask", "fact:payment"}
    assert by_code["fact_changed"] == {"fact:payment"}
    assert by_code["adrift"] == {"fact:no_such"}
    assert by_code["moved"] == {own_key(1, "fact:no_such")}
    assert "ask" in by_code["unsupported_amount"]


def test_an_edit_follows_its_sentence_to_another_place() -> None:
    """Of two facts with one code the edit stays with the one it was made upon."""
    first = LetterPart("fact:refused", PartKind.FACT, "甲日拒绝。", fact="refused")
    second = LetterPart("fact:refused#2", PartKind.FACT, "乙日拒绝。", fact="refused")
    moved = replace(second, key="fact:refused")
    frame = LetterPart("title", PartKind.FRAME, "标题")
    letter = Letter("demand", "", "", (frame, first, second))
    edits = {"fact:refused#2": ""}
    bases = bases_of(letter, edits)
    edited = apply_edits(replace(letter, parts=(frame, moved)), edits, bases=bases)
    assert edited.text == "标题" and not edited.adrift
    gone = apply_edits(replace(letter, parts=(frame, first)), edits, bases=bases)
    assert gone.text == "标题\n甲日拒绝。" and gone.adrift[0].key == "fact:refused#2"


def _has_all(edited: EditedLetter, edits: dict[str, str]) -> bool:
    """Whether every typed text is in the letter, or handed back."""
    back = {part.typed for part in edited.parts} | {lost.typed for lost in edited.adrift}
    return all(
        re.sub(r"\s", "", text) in {re.sub(r"\s", "", b) for b in back} for text in edits.values()
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_edit_harms_what_is_locked_and_none_is_lost(data: st.DataObject) -> None:
    """Whatever is typed where: locked parts stand word by word or are gone, all typed is found."""
    letter = data.draw(st.sampled_from(list(_letters(data.draw(st.sampled_from(NAMES))).values())))
    keys = [part.key for part in letter.parts] + ["gone:1"]
    keys += [own_key(n, data.draw(st.sampled_from(keys))) for n in range(2)]
    edits = data.draw(st.dictionaries(st.sampled_from(keys), _TYPED, max_size=6))
    edits = {key: text for key, text in edits.items() if text.strip() or "own:" not in key}
    edited = apply_edits(letter, edits)
    now = {part.key: part for part in edited.letter.parts}
    for part in letter.parts:
        if part.kind is PartKind.FRAME:
            assert now[part.key].text == part.text
        elif part.kind is not PartKind.FREE and part.key in now:
            assert locked(now[part.key].text) == locked(part.text)
    assert _has_all(edited, edits)
    check_edits(letter, edits, known=known_of(read_story(FIRST).dossier))


@given(st.text(max_size=200))
def test_values_are_found_in_any_text(text: str) -> None:
    """No text breaks the reading of values, and none is found that is not there."""
    for value in find_values(text):
        assert value.value
    locked(text)


@pytest.mark.parametrize("filler", ["a-", "1", "“", "元", "一", "1.", "11月", "a", "证据", "¥1,"])
def test_long_texts_are_read_in_time(filler: str) -> None:
    """Thousands of the same sign take no longer than a moment."""
    find_values(filler * 10_000)
    locked(filler * 5_000)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("三百零五元", Held.AMOUNT, "30500"),
        ("一万二千元", Held.AMOUNT, "1200000"),
        ("1.5万元", Held.AMOUNT, "1500000"),
        ("￥９８", Held.AMOUNT, "9800"),
        ("晚上8点半", Held.TIME, " 20:30"),
        ("11月2日 14：03", Held.TIME, "0-11-2 14:03"),
        ("证据 07", Held.EXHIBIT, "7"),
    ],
)
def test_values_have_one_spelling(text: str, kind: Held, value: str) -> None:
    """However it is written, the same value is the same."""
    assert (kind, value) in {(v.kind, v.value) for v in find_values(text)}
