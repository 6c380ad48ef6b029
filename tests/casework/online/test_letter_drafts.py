"""Drafts of letters: sealed, versioned, applied to the letter as the case gives it now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.casework.online.online_kit import AT, new_case

from gongdao.casework.online.letter_drafts import (
    Draft,
    check_letter,
    count_open_gaps,
    draft_of,
    drafts_of,
    edited_letter,
    gaps_of,
    known_fills,
    save_draft,
    tidy_draft,
)
from gongdao.casework.online.models import LetterDraft
from gongdao.channels.letters.letter import Letter, LetterField
from gongdao.channels.letters.part import frame, free, stated
from gongdao.channels.letters.values import Known
from gongdao.core.errors import InputError, StaleCase

NAME, PHONE = "【请填写：姓名】", "【请填写：联系电话】"
KNOWN = Known(AT.date(), frozenset(), "", "")
LETTER = Letter(
    "demand",
    "函",
    "某店",
    (
        frame("title", "函"),
        stated("payment", "我付款98.00元。", ("during/receipt.png",)),
        free("ask", "请退款。"),
        free("sign:name", f"联系人：{NAME}", own=True),
        free("sign:phone", f"电话：{PHONE}，{NAME}", own=True),
    ),
    fields=(
        LetterField("address", "地址", "【请填写：地址】"),
        LetterField("text", "内容", "请退款。", parts=("ask",)),
    ),
)


@pytest.mark.django_db
def test_a_draft_comes_back_as_it_was_saved(stores):
    """Edits, bases and fills come back, with the next version; no word lies in the clear."""
    case = new_case(stores)
    assert draft_of(case, "demand") == Draft("demand")
    draft = Draft("demand", 0, {"ask": "请尽快"}, {"ask": "请退款。"}, {NAME: "李某某"})
    kept = save_draft(case=case, draft=draft, at=AT)
    assert kept == draft_of(case, "demand") == replace(draft, version=1, changed_at=AT)
    row = LetterDraft.objects.get()
    assert "李某某".encode() not in bytes(row.sealed)
    assert drafts_of(case) == {"demand": kept}


@pytest.mark.django_db
@pytest.mark.parametrize("version", [0, 2, -1])
def test_an_older_or_unknown_version_is_refused(stores, version):
    """Only who saw the last version may write the next; the row stays as it is."""
    case = new_case(stores)
    kept = save_draft(case=case, draft=Draft("demand", 0, {"ask": "一"}), at=AT)
    with pytest.raises(StaleCase):
        save_draft(case=case, draft=Draft("demand", version, {"ask": "二"}), at=AT)
    assert draft_of(case, "demand") == kept


@pytest.mark.django_db
def test_two_cases_do_not_open_each_others_drafts(stores):
    """A row moved to another case does not open there."""
    from gongdao.core.errors import SealedDataError

    mine, other = new_case(stores), new_case(stores)
    save_draft(case=mine, draft=Draft("demand", 0, {"ask": "一"}), at=AT)
    LetterDraft.objects.update(case_id=other.row.id)
    with pytest.raises(SealedDataError):
        draft_of(other, "demand")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "draft",
    [Draft("demand", 0, {"ask": "长" * 100_000}), Draft("demand", 0, fills={NAME: "长" * 201})],
)
def test_what_is_too_long_is_refused_whole(stores, draft):
    """Nothing is written of a draft that is too long."""
    case = new_case(stores)
    with pytest.raises(InputError):
        save_draft(case=case, draft=draft, at=AT)
    assert not LetterDraft.objects.exists()


def test_one_gap_is_filled_wherever_it_stands():
    """The name goes into both parts; what is not filled stays a gap; a field takes its own."""
    draft = Draft("demand", fills={NAME: "李某某", "field:address": "某路 1 号"})
    edited = edited_letter(LETTER, draft)
    assert "联系人：李某某" in edited.text
    assert f"电话：{PHONE}，李某某" in edited.text
    assert edited.letter.fields[0].value == "某路 1 号"
    assert gaps_of(LETTER, draft) == (NAME, PHONE, "field:address")
    assert count_open_gaps(LETTER, draft) == 1
    codes = [problem.code for problem in check_letter(LETTER, draft, KNOWN)]
    assert codes.count("to_fill") == 1


def test_a_changed_part_fills_the_field_made_of_it():
    """The form's field follows the edited part."""
    edited = edited_letter(LETTER, Draft("demand", edits={"ask": "请三日内退款。"}))
    assert edited.letter.fields[1].value == "请三日内退款。"


def test_a_fact_stays_locked():
    """An edit that changes the amount is not applied, and told."""
    draft = Draft("demand", edits={"fact:payment": "我付款980.00元。"})
    assert "98.00" in edited_letter(LETTER, draft).text
    assert "980" not in edited_letter(LETTER, draft).text
    assert next(p.code for p in check_letter(LETTER, draft, KNOWN)) == "fact_changed"


def test_edits_that_change_nothing_are_dropped():
    """What equals the letter is no edit; empty fills go; unknown keys stay for their owner."""
    draft = Draft(
        "demand",
        edits={"ask": " 请退款。 ", "gone": "还在", "fact:payment": ""},
        fills={NAME: "  ", PHONE: " 1 "},
    )
    tidy = tidy_draft(LETTER, draft, {"fact:payment": "我付款98.00元。", "ask": "请退款。"})
    assert tidy.edits == {"gone": "还在", "fact:payment": ""}
    assert tidy.bases == {"fact:payment": "我付款98.00元。"}
    assert tidy.fills == {PHONE: "1"}


def test_fills_are_offered_across_letters():
    """What was filled in one letter is known for the others."""
    found = known_fills(
        [Draft("a", fills={NAME: "李某某"}), Draft("b", fills={"field:address": "某路"})]
    )
    assert found == {NAME: "李某某", "field:address": "某路"}
