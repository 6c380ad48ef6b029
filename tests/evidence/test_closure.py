"""The closure check over stories that cover every reason [C3]."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.dossier_kit import (
    FULL,
    NUMBER,
    SECRET,
    WRONG_USCC,
    card_page,
    failure,
    licence,
    listing,
    order_page,
    page,
    receipt,
    talk,
)
from tests.evidence.dossier_kit import L as Said
from tests.evidence.reason_stories import STORIES

from gongdao.core.codes import Proof, Reason
from gongdao.evidence.card_secrets import find_secrets
from gongdao.evidence.closure import check_closure

BREACH = {name: "proven" for name in STORIES} | {
    "identity_withheld": "weak",
    "fake_discount": "missing",
}
ADMISSION = {name: "none" for name in STORIES} | {
    "late_delivery": "ambiguous",
    "not_delivered": "explicit",
    "already_redeemed": "denied",
    "test_card_sold_as_real": "denied",
    "hours_misrepresented": "ambiguous",
    "cancelled_by_merchant": "explicit",
    "region_mismatch": "denied",
    "topup_not_credited": "denied",
    "reclaimed_or_banned": "denied",
    "duplicate_secret": "explicit",
}


def test_the_stories_cover_every_reason():
    """No reason is left without a story."""
    assert set(STORIES) == {reason.value for reason in Reason}


@pytest.mark.parametrize("name", STORIES)
def test_breach_and_admission_of_every_story(name):
    """Breach and admission are what a careful reader would say."""
    judged = STORIES[name].judged()
    assert (judged.elements["breach"], judged.elements["admission"]) == (
        BREACH[name],
        ADMISSION[name],
    )


@pytest.mark.parametrize("name", [n for n in STORIES if n != "hours_misrepresented"])
def test_no_story_has_a_false_contradiction(name):
    """Nothing in these stories disagrees, and nothing refutes the claim."""
    assert STORIES[name].judged().against == []


@pytest.mark.parametrize("name", STORIES)
def test_contract_payment_and_notice_are_shown(name):
    """Order page, receipt and a demand in the chat prove the three; a receipt alone does not."""
    elements = STORIES[name].judged().elements
    assert elements["payment"] == "proven"
    assert elements["notice"] == "proven"
    assert elements["contract"] == ("weak" if name == "identity_withheld" else "proven")


@pytest.mark.parametrize("name", STORIES)
def test_no_finding_holds_a_card_secret(name):
    """Findings can stand in a public text."""
    story = STORIES[name]
    told = talk(
        "during/more.txt",
        ("buyer", "11-02 15:10:00", f"卡密 {SECRET} 充不进，退款", Said.DEMAND_REFUND),
        ("merchant", "11-02 15:11:00", f"{SECRET} 这张是坏的", Said.ADMISSION_BAD_SECRET),
    )
    closure = check_closure(replace(story, talks=(*story.talks, told)).dossier())
    says = [str(f.says) for j in closure.elements.values() for f in j.carries]
    says += [str(f.says) for j in closure.breaches.values() for f in j.carries]
    assert says
    assert not [s for s in says if SECRET in s or find_secrets(s, known=[SECRET], keep=[NUMBER])]


_RANK = {Proof.MISSING: 0, Proof.CONTRADICTED: 0, Proof.WEAK: 1, Proof.PROVEN: 2}


@given(st.sampled_from(sorted(STORIES)), st.data())
def test_removing_an_exhibit_never_raises_an_element(name, data):
    """Less evidence proves no more (where nothing is contradicted)."""
    story = STORIES[name]
    left = data.draw(st.integers(0, len(story.pages) - 1))
    fewer = replace(story, pages=story.pages[:left] + story.pages[left + 1 :])
    before, after = check_closure(story.dossier()), check_closure(fewer.dossier())
    for element, judged in after.elements.items():
        assert _RANK[judged.proof] <= _RANK[before.elements[element].proof], element


@given(st.sampled_from(sorted(STORIES)))
def test_an_unrelated_exhibit_changes_nothing(name):
    """A page that shows nothing of this order neither lifts nor lowers."""
    story = STORIES[name]
    more = replace(story, pages=(*story.pages, page("after/cat.png", "other", lines=("一只猫",))))
    assert more.judged().elements == story.judged().elements


@given(st.sampled_from(sorted(STORIES)), st.randoms(use_true_random=False))
def test_the_order_of_exhibits_does_not_matter(name, random):
    """The same evidence in another order gives the same answer."""
    story = STORIES[name]
    pages = list(story.pages)
    random.shuffle(pages)
    other = replace(story, pages=tuple(pages)).judged()
    assert other.elements == story.judged().elements
    assert sorted(other.against) == sorted(story.judged().against)


def test_an_altered_receipt_alone_leaves_the_payment_weak():
    """A forwarded copy is no original."""
    story = replace(
        STORIES["invalid_secret"], pages=(listing(), order_page(), receipt(altered=True))
    )
    assert story.judged().elements["payment"] == "weak"


def test_a_licence_with_wrong_check_digits_proves_no_identity():
    """A code that fails its check must be read again before it is relied on."""
    story = replace(STORIES["invalid_secret"], pages=(listing(), licence(WRONG_USCC), order_page()))
    judged = story.judged()
    assert judged.elements["respondent_identity"] == "weak"
    assert judged.closure.respondent.uscc_valid is False
    assert "merchant_identity_from_platform" in judged.suggestions


def test_stages_of_a_full_case():
    """Listing, order with talk, and a tied test make all three stages complete."""
    assert STORIES["invalid_secret"].judged().stages == {
        "before": "complete",
        "during": "complete",
        "after": "complete",
    }


def test_a_test_of_another_secret_is_not_tied():
    """A failed test of a secret that the card page does not show proves little."""
    story = replace(STORIES["invalid_secret"], pages=(*FULL, failure(secret="ZZZZ-1111-2222-3333")))
    judged = story.judged()
    assert judged.elements["breach"] == "weak"
    assert judged.stages["after"] == "partial"


def test_a_test_is_tied_although_recognition_took_o_for_zero():
    """Look-alike signs are no other secret."""
    story = replace(
        STORIES["invalid_secret"],
        pages=(
            *FULL[:4],
            card_page(secret="KM7O-2D9X-8H4T-PLW3"),
            failure(secret="KM70-2D9X-8H4T-PLW3"),
        ),
    )
    assert story.judged().elements["breach"] == "proven"


def test_the_ticket_number_of_a_regulator_counts_as_notice():
    """Whoever filed a complaint has made a demand."""
    paper = page("after/12315.png", "complaint_receipt", receipt_no="1330000002026110912345")
    story = replace(STORIES["invalid_secret"], talks=(), contacts=(), pages=(*FULL, paper))
    assert story.judged().elements["notice"] == "proven"
