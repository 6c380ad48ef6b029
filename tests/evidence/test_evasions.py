"""Excuses: found where made, not where denied or supposed."""

from __future__ import annotations

import pytest
from tests.evidence.dossier_kit import SILENT, Story, listing, page, talk
from tests.evidence.dossier_kit import L as Said

from gongdao.evidence.chat_lines.label import Label


def said(text: str, *labels: Label, speaker: str = "merchant") -> set[str]:
    """The excuses of one line."""
    one = talk("during/chat.txt", (speaker, "11-02 15:00:00", text, *labels))
    return Story(talks=(one,)).judged().evasions


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("划线价只是参考价哦亲", "reference_price_only"),
        ("付款成功不等于下单成功哦", "payment_not_contract"),
        ("运营把价格设错了", "price_mistake"),
        ("卖家信息涉及隐私无法提供", "identity_private"),
        ("一切以实物为准", "as_is"),
        ("特价商品不退不换", "discount_no_refund"),
        ("打折的概不退款", "discount_no_refund"),
        ("虚拟商品不在交易保障范围内", "payment_virtual_excluded"),
        ("虚拟商品一经售出概不退换", "virtual_no_refund"),
        ("最终解释权归本店", "final_interpretation"),
        ("是您自己操作错了", "user_error"),
        ("系统有点延迟", "system_delay"),
    ],
)
def test_an_excuse_is_found(text, code):
    """Each excuse by its wording."""
    assert code in said(text)


@pytest.mark.parametrize("text", ["如果价格设错了我们会赔", "要是以实物为准的话您就亏了"])
def test_a_supposed_excuse_is_none(text):
    """Hypotheses excuse nothing."""
    assert said(text) == set()


def test_the_buyers_words_are_no_excuse():
    """Only the other side makes excuses."""
    assert said("划线价只是参考？", speaker="buyer") == set()


def test_talk_before_the_order_is_no_excuse():
    """Advertising comes before the order."""
    one = talk("during/chat.txt", ("merchant", "11-01 15:00:00", "一切以实物为准"))
    assert Story(talks=(one,)).judged().evasions == set()


def test_waiting_needs_a_vague_line():
    """稍等 beside a clear promise is no excuse."""
    assert "wait" in said("稍等，在处理", Said.AMBIGUOUS)
    assert "wait" not in said("稍等，已退款", Said.PROMISE_REFUND)


def test_the_payment_services_written_answer_is_read():
    """A form letter is an answer too."""
    paper = page(
        "after/pay.txt",
        "complaint_receipt",
        result="虚拟商品交易不在保障范围，不予受理，请联系商家处理",
    )
    assert {"payment_virtual_excluded", "merchant_responsible"} <= Story(
        pages=(paper,)
    ).judged().evasions


def test_clauses_of_the_listing_count_once_something_was_refused():
    """A clause that nobody invoked is no excuse yet."""
    shown = listing(small_print="图片仅供参考，以实物为准\n活动最终解释权归本店")
    assert Story(pages=(shown,)).judged().evasions == set()
    judged = Story(pages=(shown,), contacts=SILENT).judged()
    assert judged.evasions == {"as_is", "final_interpretation"}
