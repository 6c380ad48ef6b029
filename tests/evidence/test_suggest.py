"""What to get next: what helps most first, and nothing that adds nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    NUMBER,
    ORDER,
    SILENT,
    Story,
    card_page,
    demand_talk,
    failure,
    licence,
    listing,
    order_page,
    receipt,
)
from tests.evidence.dossier_kit import L as Said
from tests.evidence.reason_stories import STORIES

from gongdao.evidence.suggest import before_buying, question_to_merchant, suggest

CLOSED = Story(
    reasons=("invalid_secret",),
    pages=(*FULL, failure()),
    talks=(demand_talk(("merchant", "11-02 15:01:00", "这批卡有问题", Said.ADMISSION_BAD_SECRET)),),
    contacts=SILENT,
)


def test_nothing_is_suggested_where_the_evidence_closes():
    """Enough is enough."""
    assert CLOSED.judged().suggestions == []


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("identity_withheld", {"order_page", "listing_page", "merchant_identity_from_platform"}),
        ("fake_discount", {"listing_page", "merchant_licence"}),
        ("hours_misrepresented", {"merchant_licence", "clear_admission"}),
    ],
)
def test_first_three_of_a_story(name, first):
    """One of these is among the first three."""
    assert first & set(STORIES[name].judged().suggestions[:3])


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("already_redeemed", "issuer_statement"),
        ("duplicate_secret", "issuer_statement"),
        ("reclaimed_or_banned", "issuer_statement"),
        ("region_mismatch", "redemption_failure"),
        ("invalid_secret", "redemption_failure"),
        ("partly_delivered", "card_page"),
        ("topup_not_credited", "balance_page"),
        ("bought_by_minor", "other"),
        ("not_delivered", "clear_admission"),
    ],
)
def test_what_is_missing_for_a_reason(reason, kind):
    """The record that decides is among the first three."""
    pages = (listing(), licence(), order_page(delivered_at=""), receipt())
    story = replace(CLOSED, reasons=(reason,), pages=pages, talks=(demand_talk(),))
    assert kind in story.judged().suggestions[:3]


@pytest.mark.parametrize(
    ("left_out", "code"),
    [(receipt(), "payment_receipt"), (listing(), "listing_page"), (licence(), "merchant_licence")],
)
def test_what_was_taken_away_is_asked_for(left_out, code):
    """Each missing page is named."""
    pages = tuple(p for p in CLOSED.pages if p.path != left_out.path)
    assert code in replace(CLOSED, pages=pages).judged().suggestions[:3]


def test_a_forwarded_receipt_asks_for_the_original():
    """A copy can be had again from the payment app."""
    pages = tuple(p for p in CLOSED.pages if p.path != "during/receipt.png")
    story = replace(CLOSED, pages=(*pages, receipt(altered=True)))
    assert story.judged().suggestions == ["original_receipt"]


def test_no_question_to_somebody_who_blocked_the_buyer():
    """Who cannot be reached cannot be asked."""
    chat = demand_talk(
        ("merchant", "11-02 15:01:00", "稍等", Said.AMBIGUOUS),
        ("system", "11-02 15:02:00", "消息已发出，但被对方拒收了。"),
    )
    story = replace(CLOSED, talks=(chat,), pages=(*FULL[:4], card_page()))
    assert "clear_admission" not in story.judged().suggestions


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("topup_not_credited", "充值成功"),
        ("not_delivered", "足额发货"),
        ("cancelled_by_merchant", "取消"),
        ("fake_discount", "划线价"),
        ("invalid_secret", "卡密是否有问题"),
    ],
)
def test_the_question_can_be_answered_by_yes_or_no(reason, words):
    """Yes or no, about this order."""
    said = question_to_merchant(replace(CLOSED, reasons=(reason,)).dossier())
    assert words in said and "“是”或“否”" in said
    assert NUMBER in said or reason == "fake_discount"


def test_before_an_order_exists_pages_are_saved_first():
    """What to save before buying, without what is there."""
    order = replace(ORDER, order_no="", paid=None, paid_at=None, ordered_at=None)
    dossier = replace(CLOSED, order=order, pages=(listing(),), talks=(), reasons=()).dossier()
    assert [s.code for s in before_buying(dossier)] == [
        "merchant_licence", "service_terms", "merchant_authorization",
    ]  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_every_suggestion_once_and_in_falling_weight(name):
    """The list is ordered and holds nothing twice."""
    judged = STORIES[name].judged()
    found = suggest(judged.dossier, judged.closure)
    assert [s.weight for s in found] == sorted((s.weight for s in found), reverse=True)
    assert len({s.code for s in found}) == len(found)
