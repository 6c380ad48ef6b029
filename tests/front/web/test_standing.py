"""The page that says where a case stands."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.casework.online.online_kit import reopen
from tests.front.web.go_kit import MINOR, PAGES, WRONG_AMOUNT, Going, begin_going, words

from gongdao.casework.online.begin_case import begin_case
from gongdao.core.codes import Element
from gongdao.evidence.kept.keep_preview import View
from gongdao.evidence.preview_picture import Preview
from gongdao.evidence.reading import Field
from gongdao.front.web import exhibit_links

pytestmark = pytest.mark.django_db


@pytest.fixture
def going(make_case, client, monkeypatch) -> Going:
    """A case with every kind of exhibit."""
    return begin_going(make_case, client, monkeypatch)


def test_every_element_says_what_carries_it(going):
    """Each of the six elements is on the page with links to the files that carry it."""
    page = going.page("standing/")
    for code in Element:
        assert f'id="element-{code.value}"' in page
        assert f'href="#element-{code.value}"' in page
    receipt = page[page.index('id="element-payment"') : page.index('id="element-breach"')]
    assert "/files/" in receipt
    assert "98.00" in receipt


def test_what_to_ask_and_how_to_answer_can_be_copied(going):
    """An excuse of the merchant has its answer, the articles and a question to copy."""
    page = going.page("standing/")
    assert "虚拟商品一经售出概不退换" in page
    assert "反问：" in page
    assert "《中华人民共和国" in page
    assert 'data-copy="ask-1"' in page


def test_an_insult_of_ones_own_is_said_calmly(going):
    """The buyer's own insult is quoted beside a calmer wording."""
    said = words(going.page("standing/"))
    assert "您自己的用词" in said
    assert "去掉骂人的话" in said


def test_who_is_behind_the_shop(going):
    """Name and code from the licence are shown, with what the check digit means."""
    said = words(going.page("standing/"))
    assert "示例市数卡网络科技商行" in said
    assert "校验位正确" in said


def test_the_demand_for_the_identity_is_offered_where_nobody_is_known(
    make_case, client, monkeypatch
):
    """Without a licence the page leads to the letter that asks the platform who sells."""
    pages = [one for one in PAGES if "licence" not in one.path]
    going = begin_going(make_case, client, monkeypatch, pages=pages)
    page = going.page("standing/")
    assert f"{going.base}letters/identity_demand/" in page
    assert going.get("letters/identity_demand/").status_code == 200


def test_a_contradiction_stands_side_by_side_with_both_ways_to_mend_it(
    make_case, client, monkeypatch
):
    """What the buyer wrote stands beside what the receipt shows; one link leads to each."""
    going = begin_going(make_case, client, monkeypatch, statement=WRONG_AMOUNT)
    page = going.page("standing/")
    block = page[page.index('id="conflict-1"') : page.index("</section>", page.index("conflict-1"))]
    assert "89.00" in block
    assert "98.00" in block
    assert f"{going.base}facts/order/#id_paid" in block
    assert f"{going.base}files/" in block
    assert going.get("facts/order/").status_code == 200


def test_the_place_in_the_picture_is_shown_once_there_is_one(make_case, client, monkeypatch):
    """An element's page shows where the amount was read; without a picture it does without."""
    boxed = [
        one
        if one.path != "during/receipt.png"
        else type(one)(
            **{
                **one.__dict__,
                "fields": {**one.fields, "amount": Field("98.00", 0.98, box=(40, 80, 200, 120))},
            }
        )
        for one in PAGES
    ]
    going = begin_going(make_case, client, monkeypatch, pages=boxed)
    assert "<image" not in going.page("standing/payment/")
    asked = []

    def preview(*, stores, key, row, view, at):
        asked.append(view)
        return Preview(400, 900, b"webp")

    monkeypatch.setattr(exhibit_links, "find_preview", preview)
    page = going.page("standing/payment/")
    assert 'x="40" y="80" width="160" height="40"' in page
    assert View() in asked


def test_a_minor_case_says_that_the_guardian_acts(make_case, client, monkeypatch):
    """Where the buyer is a minor, each of the three pages says so and which evidence is wanted."""
    going = begin_going(make_case, client, monkeypatch, statement=MINOR)
    for path in ("standing/", "channels/", "channels/management/", "letters/"):
        said = words(going.page(path))
        assert "由监护人出面" in said, path
        assert "亲子关系" in said, path


def test_nothing_read_yet_is_said_with_a_way_on(client, stores, make_case):
    """An empty case leads to the files; a page that waits for readings says so."""
    case = make_case()
    base = f"/c/{case.content.link}/"
    for path in ("standing/", "channels/", "letters/", "standing/payment/"):
        answer = client.get(base + path)
        assert answer.status_code == 200, path
    assert f"{base}files/" in client.get(f"{base}standing/").content.decode()


def test_another_persons_case_is_not_shown(client, stores):
    """Who does not hold the case meets the form for the code, on each page and download."""
    case = begin_case(stores=stores, at=reopen_at())
    stranger = Client(HTTP_HOST="127.0.0.1")
    for path in (
        "standing/",
        "standing/breach/",
        "channels/",
        "channels/court/",
        "channels/court/attachments/1/",
        "channels/court/attachments/",
        "letters/",
        "letters/demand/",
        "letters/demand/letter.docx",
        "letters/demand/letter.txt",
    ):
        answer = stranger.get(f"/c/{case.content.link}/{path}")
        assert b'name="code"' in answer.content, path
    assert reopen(stores, case).content.code


def reopen_at():
    """Any moment."""
    from gongdao.front.clock import now

    return now()


def test_an_unknown_element_or_channel_is_not_there(going):
    """Codes that do not exist are answered with 404."""
    for path in ("standing/nothing/", "channels/nothing/", "letters/nothing/"):
        assert going.get(path).status_code == 404


def test_pages_are_small_and_ask_little(going):
    """Each page stays below 100 kB and 15 queries."""
    for path in ("standing/", "standing/breach/", "channels/", "channels/court/", "letters/"):
        with CaptureQueriesContext(connection) as asked:
            page = going.page(path)
        assert len(page.encode()) < 100_000, path
        assert len(asked) <= 15, path


def test_the_pages_speak_english(going):
    """In English no Chinese stands outside of what is quoted, named or to be sent."""
    page = going.page("standing/", HTTP_ACCEPT_LANGUAGE="en")
    assert '<html lang="en"' in page
    assert going.page("channels/", HTTP_ACCEPT_LANGUAGE="en")


def test_while_files_are_read_it_says_so_and_leads_to_the_progress(going, stores):
    """The figure does not change by itself: the page says that it may, and where to see how far the
    reading is; it loads nothing to ask again with."""
    from tests.casework.online.online_kit import Asked, add

    add(stores, going.case, "more.png", b"x", Asked())
    page = going.page("standing/")
    assert "还有 1 个文件没读完，读完后这里可能会变" in page and "看看读到哪里了" in page
    assert "hx-get" not in page and "htmx-2" not in page
