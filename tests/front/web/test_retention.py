"""The retention page says what the rules say, and the code does what both say."""

from __future__ import annotations

from datetime import date

import pytest
from django.conf import settings as django_settings
from tests.front.web.public_kit import make_client, use_plain_static

from gongdao.core.errors import NotKnown
from gongdao.rules import queries
from gongdao.rules.model import Status

DAY = date(2026, 11, 22)
WANTED = {
    "case",
    "originals",
    "readings",
    "access_record",
    "upload",
    "case_file",
    "share",
    "session",
    "counter",
    "erased",
    "job",
    "log",
    "backup",
    "account",
    "transaction_record",
    "contact_code",
    "merchant_papers",
    "payee",
    "thread",
    "test_files",
    "issuer_check",
    "api_answer",
}


@pytest.mark.django_db
def test_the_page_lists_everything(settings):
    """Each kind of data stands there with how long and why, and with its law where one decides."""
    use_plain_static(settings)
    page = make_client().get("/retention/").content.decode()
    for one in queries.retentions(DAY):
        assert f'id="{one.code}"' in page and one.until in page and one.why in page
    assert "《中华人民共和国电子商务法》第三十一条" in page


def test_every_kind_is_there():
    """Nothing that the server keeps is left out."""
    assert {one.code for one in queries.retentions(DAY)} >= WANTED


def test_what_a_dispute_leaves_is_said():
    """Words and files go three years after the end, as the law has them kept; what was read from
    them goes before, and what an authority asked by a limit of our own."""
    said = {one.code: one for one in queries.retentions(date(2026, 11, 23))}
    words, read = said["dispute_words"], said["dispute_reading"]
    assert words.days == 1096 and words.status is Status.STATUTE and "钥匙销毁" in words.until
    assert read.days is None and "申诉" in read.until
    asked = said["authority_request"]
    assert asked.days == 1096 and asked.status is Status.HOUSE_POLICY


def test_sessions_last_as_long_as_is_said():
    """The cookie's age and the rule are one number."""
    days = queries.retention_days("session", DAY) or 0
    assert days * 24 * 3600 == django_settings.SESSION_COOKIE_AGE


def test_days_are_given_to_the_sweeper():
    """A period is a number of days; what ends with something else has none."""
    assert queries.retention_days("case", DAY) == 1095
    assert queries.retention_days("originals", DAY) is None


def test_an_unknown_kind_is_refused():
    """A typing error must not look like "keep for ever"."""
    with pytest.raises(NotKnown):
        queries.retention_days("cases", DAY)


def test_only_what_a_law_sets_is_called_law():
    """A period with an article is statute, and every other one is said to be ours."""
    for one in queries.retentions(DAY):
        assert (one.status is Status.HOUSE_POLICY) == (not one.basis)
