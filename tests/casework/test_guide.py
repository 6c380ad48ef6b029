"""A guide page for every reason, in both languages, on any day the rules know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from gongdao.casework.guide import guide_for
from gongdao.core.codes import Reason
from gongdao.core.errors import NotKnown
from gongdao.core.language import use_language

DAY = date(2026, 11, 20)


@pytest.fixture
def english() -> Iterator[None]:
    """English for one test."""
    use_language("en")
    yield
    use_language("zh")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_whole_page(reason: Reason) -> None:
    """No section is empty, and the question to ask is one sentence to send."""
    page = guide_for(reason, DAY)
    assert page.title and page.on == DAY
    assert len(page.sections) == 6
    for title, lines in page.sections:
        assert title
        assert lines and all(line.strip() for line in lines), title


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("reason", list(Reason))
def test_english_pages_are_english(reason: Reason) -> None:
    """But for the question to send and the names of laws no Chinese is left."""
    page = guide_for(reason, DAY)
    for title, lines in page.sections:
        text = " ".join((title, *(() if "ask" in title.lower() else lines)))
        text = re.sub(r"《.*?》(?=第|[^》]|$)\S*?条(?:之[一二三])?：?", "", text)
        assert not re.search(r"[\u4e00-\u9fff]{2}", text), text


def test_a_day_without_rules_is_said(english: None) -> None:
    """Before the rules begin the answer is that they are not known."""
    with pytest.raises(NotKnown):
        guide_for(Reason.INVALID_SECRET, date(1995, 1, 1))
