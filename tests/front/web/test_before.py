"""Before buying: the checklist, a case begun with what was saved, its times and digests."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from tests.front.web.public_kit import make_case, make_client, make_user, use_plain_static

from gongdao.casework.online.models import Case
from gongdao.core.language import use_language
from gongdao.evidence.kept.models import Original

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain(settings):
    use_plain_static(settings)
    yield
    use_language("zh")  # a page in English leaves its language to the thread


def _file(name: str, data: bytes) -> BytesIO:
    file = BytesIO(data)
    file.name = name
    return file


def test_the_checklist_says_what_to_save_and_to_ask():
    """Listing, licence and terms, and the questions that stop a bad purchase."""
    page = make_client().get("/before/").content.decode()
    for text in ("商品页", "营业执照", "平台规则", "收款的是公司还是个人", "96110"):
        assert text in page


def test_what_is_sent_becomes_a_case_before_buying():
    """Files and pasted words are kept as of before the purchase, with digest and time shown."""
    client = make_client()
    data = b"<html>1</html>"
    answer = client.post("/before/", {"files": _file("page.html", data), "pasted": "卖家说秒发"})
    assert answer.status_code == 302
    row = Case.objects.get()
    assert row.before_buying and Original.objects.filter(subject_id=row.id).count() == 2
    page = client.get(answer["Location"]).content.decode()
    assert hashlib.sha256(data).hexdigest() in page and "page.html" in page
    assert hashlib.sha256("卖家说秒发".encode()).hexdigest() in page
    assert page.count("<time") >= 2


def test_link_and_code_are_shown_to_note_down():
    """Who began without an account can come back from another device."""
    client = make_client()
    answer = client.post("/before/", {"pasted": "秒发"})
    link = answer["Location"].split("/")[2]
    page = client.get(answer["Location"]).content.decode()
    code = page.split('id="case-code">')[1].split("<")[0].strip()
    other = make_client()
    assert other.post("/open/", {"link": link, "code": code}).status_code == 302


def test_nothing_sent_begins_nothing():
    """An empty form is answered with what to do, and no case lies about."""
    answer = make_client().post("/before/", {"pasted": "  "})
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert not Case.objects.exists()


def test_a_file_that_is_too_large_is_said_and_the_rest_kept(settings):
    """One bad file does not cost the others."""
    from dataclasses import replace

    settings.GONGDAO = replace(settings.GONGDAO, max_file_bytes=10)
    client = make_client()
    files = [_file("big.txt", b"x" * 50), _file("small.txt", b"y")]
    answer = client.post("/before/", {"files": files}, follow=True)
    page = answer.content.decode()
    assert "small.txt" in page and Original.objects.count() == 1
    assert 'class="notice attention"' in page


def test_an_account_owns_what_it_begins():
    """Signed in, the case is the account's from the start."""
    user = make_user("a@example.org")
    client = make_client()
    client.force_login(user)
    client.post("/before/", {"pasted": "秒发"})
    assert Case.objects.get().owner_id == user.pk


def test_anothers_saved_files_are_not_shown():
    """A stranger with the link meets the form that asks for the code."""
    case = make_case()
    page = make_client().get(f"/c/{case.content.link}/saved/").content.decode()
    assert 'name="code"' in page and "SHA-256" not in page


def test_a_form_from_elsewhere_is_refused():
    """Without the token of our own page nothing is begun."""
    client = make_client()
    client.handler.enforce_csrf_checks = True
    assert client.post("/before/", {"pasted": "秒发"}).status_code == 403
    assert not Case.objects.exists()


def test_beginning_is_limited():
    """One network begins twenty cases an hour, not more."""
    client = make_client()
    answers = [client.post("/before/", {"pasted": f"{n}"}).status_code for n in range(21)]
    assert answers == [302] * 20 + [429]
