"""A guide page for every reason and topic, in both languages, on any day the rules know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from gongdao.casework.guide import CHANNELS, guide_for
from gongdao.casework.guide_law import law_and_policy
from gongdao.casework.guide_page import Basis, Guide, Line
from gongdao.casework.guide_topics import topic_for, topics
from gongdao.casework.guide_words import REASON_GROUPS
from gongdao.core.codes import Reason
from gongdao.core.errors import NotKnown
from gongdao.core.language import use_language
from gongdao.rules.load import load_rules
from gongdao.rules.model import Status

DAY = date(2026, 11, 20)


@pytest.fixture
def english() -> Iterator[None]:
    """English for one test."""
    use_language("en")
    yield
    use_language("zh")


def all_lines(page: Guide) -> list[Line]:
    """Every line of a page."""
    clocks = [clock for place in page.places for clock in place.clocks]
    return [*(line for section in page.sections for line in section.lines), *clocks]


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_whole_page(reason: Reason) -> None:
    """No section is empty; every way out has its cost; the question is one sentence to send."""
    page = guide_for(reason, DAY)
    assert page.title and page.summary and page.on == DAY and page.ask
    assert [place.code for place in page.places] == list(CHANNELS)
    assert all(place.cost and place.achieves for place in page.places)
    for section in page.sections:
        assert section.lines and all(line.text.strip() for line in section.lines), section.code


@pytest.mark.parametrize("code", topics())
def test_every_topic_has_a_whole_page(code: str) -> None:
    """The pages across problems are whole, too."""
    page = topic_for(code, DAY)
    assert page.title and page.summary and page.sections and page.checked
    assert all(section.lines for section in page.sections)


@pytest.mark.parametrize("reason", list(Reason))
def test_what_is_law_names_its_article(reason: Reason) -> None:
    """A line marked as law and counted in days names an article; ours says that it is ours."""
    page = guide_for(reason, DAY)
    for section in page.sections:
        if section.code in ("law", "bars"):
            assert all(line.cite for line in section.lines if line.basis is Basis.LAW)
    ours = [line for line in all_lines(page) if line.basis is Basis.POLICY]
    assert ours and not any(line.cite for line in ours if "48" in line.text)


def test_the_48_hours_are_never_law() -> None:
    """Wherever the number stands, it stands as our own practice."""
    pages = [law_and_policy(DAY), *(guide_for(reason, DAY) for reason in Reason)]
    for page in pages:
        for line in all_lines(page):
            if re.search("(?<!平台 )48 小时|500 元", line.text):
                assert line.basis is not Basis.LAW, line.text


@pytest.mark.parametrize("reason", list(Reason))
def test_a_page_names_the_versions_it_was_made_from(reason: Reason) -> None:
    """Each rule named exists in that version, and the date is the newest of their check days."""
    page = guide_for(reason, DAY)
    known = {entry.ref: entry for entry in load_rules().all()}
    assert set(page.rules) <= set(known)
    assert page.checked == max(known[ref].checked for ref in page.rules)


def test_the_rules_of_an_earlier_day_are_used() -> None:
    """Before April 2026 the bureau's time to mediate was another, and the page says so."""
    old = guide_for(Reason.NOT_DELIVERED, date(2025, 1, 1))
    new = guide_for(Reason.NOT_DELIVERED, DAY)
    assert "deadline/regulator_mediation@1" in old.rules
    assert "deadline/regulator_mediation@1" not in new.rules


def test_every_reason_stands_in_the_index_once() -> None:
    """A buyer finds each problem in one place."""
    listed = [reason for _name, reasons in REASON_GROUPS for reason in reasons]
    assert sorted(listed) == sorted(Reason) and len(listed) == len(set(listed))


def test_every_choice_of_ours_is_listed_as_ours() -> None:
    """The page on law and policy leaves none of our own numbers out."""
    page = law_and_policy(DAY)
    listed = set(page.rules)
    for entry in load_rules().all():
        if entry.id.startswith("policy/") and entry.status is Status.HOUSE_POLICY:
            assert entry.ref in listed


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("reason", list(Reason))
def test_english_pages_are_english(reason: Reason) -> None:
    """But for the question to send and the names of laws no Chinese is left."""
    page = guide_for(reason, DAY)
    text = " ".join((page.title, page.summary, *(line.text for line in all_lines(page))))
    assert not re.search(r"[\u4e00-\u9fff]{2}", re.sub(r"《.*?》", "", text)), text


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("code", topics())
def test_english_topics_are_english(code: str) -> None:
    """The same for the pages across problems."""
    page = topic_for(code, DAY)
    text = " ".join((page.title, page.summary, *(line.text for line in all_lines(page))))
    assert not re.search(r"[\u4e00-\u9fff]{2}", text), text


def test_a_day_without_rules_is_said(english: None) -> None:
    """Before the rules begin the answer is that they are not known."""
    with pytest.raises(NotKnown):
        guide_for(Reason.INVALID_SECRET, date(1995, 1, 1))
