"""Reasons about the secret itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.evidence.dossier_kit import (
    FULL,
    SECRET,
    Story,
    card_page,
    contact,
    failure,
    issuer,
    listing,
    order_page,
    page,
    talk,
)
from tests.evidence.dossier_kit import L as Said

from gongdao.evidence.breach import secret
from gongdao.evidence.breach.conduct import bought_by_minor, identity_withheld, refund_refused
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.reading import Exhibit


def dossier(*pages: Exhibit, **more: Any) -> Dossier:
    """A dossier with these pages."""
    return Story(pages=pages, **more).dossier()


@pytest.mark.parametrize(
    ("error", "proof"),
    [("卡密无效", "proven"), ("已过期", "proven"), ("已被使用", "weak"), ("请稍后再试", "missing")],
)
def test_what_an_invalid_secret_shows(error, proof):
    """ "Used" alone could be the buyer's own use; a rate limit shows nothing."""
    assert secret.invalid_secret(dossier(*FULL, failure(error))).proof.value == proof


def test_a_filmed_prompt_test_proves_that_it_came_used():
    """Filmed within a day of the delivery."""
    film = page("after/t.mp4", "redemption_recording", error="已被使用", at="2026-11-03 14:05:00")
    late = page("after/t.mp4", "redemption_recording", error="已被使用", at="2026-11-03 14:05:01")
    assert secret.already_redeemed(dossier(*FULL, film)).proof.value == "proven"
    assert secret.already_redeemed(dossier(*FULL, late)).proof.value == "weak"


@pytest.mark.parametrize(
    ("body", "proven"),
    [
        ("该号段为内部测试卡，未对外销售", True),
        ("该卡不是测试卡", False),
        ("请确认是否测试卡", False),
    ],
)
def test_an_issuers_word_on_test_cards(body, proven):
    """A denial is no confirmation."""
    assert (secret.test_card(dossier(issuer(body))).proof.value == "proven") is proven


@pytest.mark.parametrize(
    ("body", "proven"),
    [
        ("该兑换码仅限港服账号兑换", True),
        ("该卡为美区卡，不支持国区使用", True),
        ("该卡支持所有国家和地区", False),
    ],
)
def test_an_issuers_word_on_regions(body, proven):
    """A limit must be named."""
    assert (secret.region_mismatch(dossier(issuer(body))).proof.value == "proven") is proven


def test_a_region_named_in_the_title_weakens_the_claim():
    """Who was told plainly bought knowingly; small print alone is another matter."""
    plain = listing(product="点卡（仅限港服）")
    small = listing(small_print="仅限港服账号使用")
    error = failure("本卡仅限港服账号使用")
    assert secret.region_mismatch(dossier(plain, error)).proof.value == "weak"
    assert secret.region_mismatch(dossier(small, error)).proof.value == "proven"


@pytest.mark.parametrize(
    ("body", "proven"),
    [("点数已被追回，账号冻结", True), ("账号未被封禁，状态良好", False), ("没有追回记录", False)],
)
def test_an_issuers_word_on_taking_back(body, proven):
    """Not frozen is not frozen."""
    assert (secret.reclaimed_or_banned(dossier(issuer(body))).proof.value == "proven") is proven


def test_card_page_and_order_page_of_one_order_show_no_duplicate():
    """Both rightly show the secret that was delivered."""
    assert secret.duplicate_secret(dossier(card_page(), order_page(secret=SECRET))).carries == ()


def test_two_orders_with_one_secret_are_a_duplicate():
    """The second order brought the same secret."""
    again = page("after/card2.png", "card_page", order_no="KM20261103140250018", secret=SECRET)
    found = secret.duplicate_secret(dossier(*FULL, again))
    assert [f.code for f in found.carries] == ["same_secret_twice"]
    assert found.proof.value == "proven"


def test_a_value_below_the_face_is_short():
    """Fifty instead of a hundred."""
    shown = page("after/r.png", "issuer_statement", face_value="50")
    assert secret.wrong_denomination(dossier(*FULL, shown)).proof.value == "proven"


def test_a_credit_before_the_payment_is_no_short_value():
    """An older top-up has nothing to do with this order."""
    old = page("after/b.png", "carrier_bill", credited="30.00", credited_at="2026-10-02 08:14:00")
    assert secret.wrong_denomination(dossier(*FULL, old)).proof.value == "missing"


def test_refusal_in_words_proves_and_in_notes_hints():
    """The other side's words, else the buyer's note."""
    said = talk("during/c.txt", ("merchant", "11-02 15:00:00", "不退", Said.REFUND_REFUSED))
    assert refund_refused(dossier(talks=(said,))).proof.value == "proven"
    noted = dossier(contacts=(contact("11-02 15:00:00", "merchant", "refused"),))
    assert refund_refused(noted).proof.value == "weak"


def test_identity_refused_in_the_platforms_words():
    """Privacy is named as the reason."""
    said = talk("after/t.txt", ("platform", "11-02 15:00:00", "商家信息属于隐私，不能提供"))
    assert identity_withheld(dossier(talks=(said,))).proof.value == "proven"


def test_papers_of_age():
    """Without papers nothing shows that a minor bought."""
    paper = page("after/p.jpg", "other", lines=("户口簿",))
    assert bought_by_minor(dossier(paper)).proof.value == "proven"
    assert bought_by_minor(dossier()).proof.value == "missing"
