"""Shortening with sense."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gongdao.channels.shorten import Sentence, clip, clip_clauses, fit, shorten

_sentences = st.lists(
    st.builds(
        Sentence,
        st.text(alphabet="甲乙丙丁，；𠮷a ", min_size=1, max_size=40).map(lambda t: t + "。"),
        st.integers(0, 100),
    ),
    max_size=12,
)


def _short(sentences: list[Sentence], limit: int) -> str:
    return "".join(s.text for s in shorten(sentences=sentences, limit=limit))


@given(_sentences, st.integers(0, 200))
def test_never_longer_and_only_whole_sentences(sentences: list[Sentence], limit: int) -> None:
    """The limit holds; while the heaviest sentence fits, only whole sentences in order remain."""
    text = _short(sentences, limit)
    assert len(text) <= limit
    heaviest = max(sentences, key=lambda s: s.weight, default=None)
    if heaviest and len(heaviest.text) <= limit:
        rest = text
        for sentence in sentences:
            rest = rest.removeprefix(sentence.text)
        assert heaviest.text in text
        kept = [s for s in sentences if s.text in text]
        assert len(text) <= sum(len(s.text) for s in kept)


def test_the_lightest_goes_first() -> None:
    """Weights decide, not places."""
    told = [Sentence("付款。", 100), Sentence("天气不错。", 1), Sentence("请退款。", 99)]
    assert _short(told, 8) == "付款。请退款。"


def test_room_that_is_left_is_used() -> None:
    """A light short sentence comes back where a heavier long one had to go."""
    told = [Sentence("付款。", 100), Sentence("很长很长很长很长的话。", 50), Sentence("短。", 1)]
    assert _short(told, 6) == "付款。短。"


def test_a_long_sentence_ends_at_a_clause() -> None:
    """Not in the middle of a word."""
    assert (
        fit("甲方付款九十八元，乙方没有发货，至今没有答复。", 18)
        == "甲方付款九十八元，乙方没有发货。"
    )


def test_names_and_quotations_are_clipped_on_one_line() -> None:
    """With dots, and quotations after a whole clause where there is one."""
    assert clip("一\n二  三四五", 6) == "一 二 三…"
    assert clip_clauses("付款后十分钟内发货，失效包换，全天在线服务", 14) == "付款后十分钟内发货……"
