"""What begins a line in English begins with a capital, wherever its words come from."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.front.web.go_kit import begin_going

from gongdao.core.language import use_language
from gongdao.front.web.templatetags.values import heading

pytestmark = pytest.mark.django_db
_PAGES = (
    *("", "files/", "standing/", "standing/payment/", "channels/", "channels/court/"),
    *("letters/", "letters/demand/", "facts/", "facts/contacts/", "facts/claim/", "follow/"),
    *("follow/outcome/", "keep/", "keep/shares/", "keep/erase/"),
)
_BEGINS = re.compile(r"<(h[1-4]|legend|title|dt|strong)\b[^>]*>(.*?)</\1>", re.DOTALL)
_OF_A_FILE = re.compile(r"\.(?:png|jpe?g|txt|csv|pdf|mp4|zip|html)\b")


def _find_small(page: str) -> list[str]:
    """Beginnings in small letters, but for the names of files."""
    texts = [re.sub(r"<svg.*?</svg>|<[^>]+>", "", body) for _tag, body in _BEGINS.findall(page)]
    said = [unescape(" ".join(text.split())) for text in texts]
    return [text for text in said if text[:1].islower() and not _OF_A_FILE.search(text)]


def test_headings_of_a_case_begin_with_a_capital(make_case, client, monkeypatch):
    """On every page of a case, in English, headings made from codes look like headings."""
    going = begin_going(make_case, client, monkeypatch)
    client.cookies["lang"] = "en"
    small = {path: found for path in _PAGES if (found := _find_small(going.page(path)))}
    assert not small


@pytest.mark.parametrize("path", ["/", "/before/", "/guides/", "/en/guides/minor/", "/en/guides/"])
def test_headings_of_public_pages_too(client, path):
    """So do those of the pages that everybody sees."""
    client.cookies["lang"] = "en"
    assert not _find_small(client.get(path).content.decode())


def test_only_english_and_only_the_first_letter():
    """Chinese stays as it is, also where a name in Latin letters begins it; nothing else changes;
    the check above finds a small letter."""
    assert heading("iPhone 的订单") == "iPhone 的订单"
    use_language("en")
    try:
        assert heading("open now") == "Open now"
        assert heading("¥98.00 paid") == "¥98.00 paid" and heading("") == ""
    finally:
        use_language("zh")
    assert _find_small("<h2>open now</h2><h3>order.png</h3>") == ["open now"]
