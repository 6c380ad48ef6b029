"""Public guides: whole, dated, cacheable, in both languages, found by search engines."""

from __future__ import annotations

import re

import pytest
from tests.front.web.public_kit import make_client, use_plain_static

from gongdao.core.codes import Reason
from gongdao.core.language import use_language
from gongdao.front.web.pages.guides import public_paths

pytestmark = pytest.mark.django_db
BOTH = [*public_paths(), *(f"/en{path}" for path in public_paths())]


@pytest.fixture(autouse=True)
def _plain(settings):
    use_plain_static(settings)
    yield
    use_language("zh")  # a page in English leaves its language to the thread


@pytest.mark.parametrize("path", BOTH)
def test_every_public_page_is_whole(path):
    """Each page answers, has title, description, address and the other language's, and is small."""
    answer = make_client().get(path)
    page = answer.content.decode()
    assert answer.status_code == 200 and len(answer.content) < 100_000
    assert re.search(r"<title>\s*\S", page)
    assert re.search(r'name="description" content="[^"]{10,}', page)
    assert f'rel="canonical" href="http://127.0.0.1:8000{path}"' in page
    assert 'hreflang="zh-CN"' in page and 'hreflang="en"' in page
    assert "2026-" in page and page.count("<h1") == 1


@pytest.mark.parametrize("path", [path for path in BOTH if path.startswith("/en")])
def test_english_pages_are_english(path):
    """But for names of laws, sentences to send and the link to the Chinese page."""
    page = make_client().get(path).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r"<blockquote.*?</blockquote>", "", main, flags=re.S)
    main = re.sub(r"《.*?》第[一-龥]+条(之[一二三])?", "", main)
    main = re.sub(
        r"[一-龥]+(?:（[一-龥]+）)?第[一二三四五六七八九十百零千]+条(之[一二三])?", "", main
    )
    assert not re.findall(r"[\u4e00-\u9fff]{2,}", main)


def test_every_reason_has_its_guide():
    """No reason of complaint is without a page, and the index leads to all of them."""
    index = make_client().get("/guides/").content.decode()
    for reason in Reason:
        assert f'href="/guides/{reason.value}/"' in index


def test_an_unknown_guide_is_not_found():
    """A code that no rule knows is no page."""
    assert make_client().get("/guides/nothing/").status_code == 404


def test_pages_are_kept_and_asked_for_again_cheaply():
    """Anybody may keep a page for an hour; the same tag gets 304 and no body."""
    client = make_client()
    first = client.get("/guides/invalid_secret/")
    assert first["Cache-Control"] == "public, max-age=3600"
    assert "Cookie" in first["Vary"] and "Accept-Language" in first["Vary"]
    again = client.get("/guides/invalid_secret/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304 and not again.content
    english = client.get("/en/guides/invalid_secret/")
    assert english["ETag"] != first["ETag"]


def test_what_a_session_sees_is_not_kept_by_others(settings):
    """A browser with a session gets a page that no shared cache keeps."""
    client = make_client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "x"
    assert client.get("/guides/")["Cache-Control"] == "private, no-cache"


def test_law_and_ours_are_told_apart():
    """48 hours and 500 yuan are ours; acceptance by a bureau is law with its article."""
    page = make_client().get("/guides/law-and-policy/").content.decode()
    ours = page[page.index('id="policy"') : page.index('id="platform"')]
    law = page[page.index('id="law"') :]
    assert "48 小时" in ours and "500 元" in ours
    assert "七个工作日" in law and "第十五条" in law
    assert "48 小时没有答复" not in law


def test_the_minor_page_gives_the_guardians_route():
    """Proof of kinship and age, the sentence to send, and no article that is not collected."""
    page = make_client().get("/guides/minor/").content.decode()
    assert "监护人" in page and "户口簿" in page and 'id="to-ask"' in page
    assert "第十九条" not in page


def test_the_scam_page_leads_with_the_telephone():
    """110 and 96110 stand before anything else."""
    page = make_client().get("/guides/scammed/").content.decode()
    assert page.index("110：") < page.index('id="do"') < page.index('id="where"')


def test_robots_are_told_what_is_private():
    """Cases, shares and accounts are closed to search engines; the map is named."""
    text = make_client().get("/robots.txt").content.decode()
    for closed in ("/c/", "/s/", "/accounts/"):
        assert f"Disallow: {closed}\n" in text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in text


def test_the_map_lists_every_page_in_both_languages():
    """Each public page stands in the map with its other language."""
    text = make_client().get("/sitemap.xml").content.decode()
    for path in BOTH:
        assert f"<loc>http://127.0.0.1:8000{path}</loc>" in text
    assert "/c/" not in text
