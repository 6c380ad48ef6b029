"""Delete everything, as pages: what goes is said, typing confirms it, what happened is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.front.web.keep_kit import held_case, url
from tests.front.web.public_kit import hold, make_client, use_plain_static

from gongdao.casework.online.models import Case, ErasedCase
from gongdao.casework.online.open_case import OpenCase
from gongdao.core.errors import BlobStoreError
from gongdao.core.models import Attempt
from gongdao.front.stores import get_stores
from gongdao.front.web.erased_page import tell_erased
from gongdao.front.worker.tasks import finish_one_erasing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain(settings: Any) -> None:
    use_plain_static(settings)


def _erase(client: Client, case: OpenCase, typed: str = "") -> Any:
    return client.post(url(case, "erase/"), {"typed": typed or case.content.code})


def test_the_first_page_counts_what_goes(tmp_path):
    """Files, filings and links are counted; nothing that is not there is named; the case file is
    offered first."""
    client, case = held_case(tmp_path)
    page = client.get(url(case, "erase/")).content.decode()
    for words in ("2 份材料", "1 条提交记录", "1 条分享链接", "去做一份卷宗", "备份"):
        assert words in page
    assert "份改过的文书" not in page
    assert Case.objects.filter(id=case.row.id).exists()


@pytest.mark.parametrize("typed", ["", "AAAAA-AAAAA", "删除", "yes"])
def test_without_the_right_words_nothing_goes(tmp_path, typed):
    """Anything else than the code or the words leaves the case, and says so."""
    client, case = held_case(tmp_path)
    answer = client.post(url(case, "erase/"), {"typed": typed})
    assert answer.status_code == 422 and "什么都还没有删" in answer.content.decode()
    assert Case.objects.filter(id=case.row.id).exists()


@pytest.mark.parametrize("spelling", ["code", "small code", "words", "english"])
def test_typed_it_is_gone_and_shown(tmp_path, spelling):
    """By its code in any spelling, or by the words of the page's language, the case is erased; the
    page after says when the key was destroyed and that the files are gone."""
    client, case = held_case(tmp_path)
    if spelling == "english":
        client.get(url(case), {"lang": "en"})
        page = client.get(url(case, "erase/confirm/")).content.decode()
        assert page
    code = case.content.code
    typed = {"code": code, "small code": code.lower().replace("-", " "), "words": "全部删除"}
    from gongdao.core.language import gettext, use_language

    use_language("en")
    english = gettext("全部删除")
    use_language("zh")
    answer = _erase(client, case, typed.get(spelling, english))
    assert answer.status_code == 302 and not Case.objects.exists()
    page = client.get(answer["Location"]).content.decode()
    assert "2026" in page or "20" in page
    if spelling != "english":
        assert "密钥销毁于" in page and "2 个都已清除" in page


def test_afterwards_a_stranger_meets_an_unknown_link(tmp_path):
    """Whoever held the case is told that it is gone; anybody else is asked for a code that does
    not exist any more, and the right one opens nothing."""
    client, case = held_case(tmp_path)
    _erase(client, case)
    link = f"/c/{case.content.link}/"
    stranger = make_client()
    page, unknown = stranger.get(link), stranger.get(link.replace(link[3:6], "zzz"))
    assert page.status_code == unknown.status_code
    assert 'name="code"' in page.content.decode()
    assert "已删除" in client.get(link).content.decode()
    for browser in (client, stranger):
        answer = browser.post(f"{link}open/", {"code": case.content.code})
        assert answer.status_code == 403
    assert 'name="code"' in stranger.get(url(case, "erased/")).content.decode()


def test_another_device_that_held_it_is_told(tmp_path):
    """A browser whose session still holds the case learns that it was erased elsewhere, and that
    what it was sending is not kept; a stranger learns nothing."""
    client, case = held_case(tmp_path)
    other = make_client()
    hold(other, case)
    _erase(client, case)
    page = other.get(url(case, "erased/")).content.decode()
    assert "在另一台设备或另一个页面上删除的" in page
    assert "这个案件已经删除" not in make_client().get(url(case, "erased/")).content.decode()


def test_pressed_twice_it_is_erased_once(tmp_path):
    """The same form sent again is told that it was done; the record is one."""
    client, case = held_case(tmp_path)
    _erase(client, case)
    assert "已删除" in _erase(client, case).content.decode()
    assert ErasedCase.objects.count() == 1


def test_while_blobs_are_left_the_page_says_so(tmp_path, monkeypatch):
    """With the store away the page says that files are still being removed, and renews itself; the
    job goes on when the store is back."""
    client, case = held_case(tmp_path)

    def away(*_given, **_named):
        raise BlobStoreError("away")

    with monkeypatch.context() as trouble:
        trouble.setattr(type(get_stores().blobs), "delete_all", away)
        answer = _erase(client, case)
    page = client.get(answer["Location"]).content.decode()
    assert "还在清除" in page and "hx-trigger" in page
    finish_one_erasing(case_id=str(case.row.id))
    page = client.get(answer["Location"]).content.decode()
    assert "都已清除" in page and "hx-trigger" not in page


def test_guessing_the_code_is_limited(tmp_path):
    """Beyond the limit the form is refused and nothing goes."""
    client, case = held_case(tmp_path)
    _erase(client, case, "AAAAA-AAAAA")
    Attempt.objects.update(count=1000)
    assert _erase(client, case).status_code == 429
    assert Case.objects.exists()


def test_it_is_never_sent_again_by_itself(tmp_path):
    """A lost session that comes back does not repeat the erasing: the code form leads to the case
    without it."""
    _client, case = held_case(tmp_path)
    late = make_client()
    asked = late.post(url(case, "erase/"), {"typed": case.content.code})
    assert 'name="code"' in asked.content.decode()
    answer = late.post(
        f"/c/{case.content.link}/open/",
        {"code": case.content.code, "carried_to": url(case, "erase/"), "typed": "全部删除"},
    )
    assert url(case, "erase/") not in answer.content.decode()
    assert Case.objects.filter(id=case.row.id).exists()


def test_nobody_is_told_without_having_held_it(tmp_path, rf):
    """A request without a known case gets no page at all."""
    client, case = held_case(tmp_path)
    _erase(client, case)
    request = rf.get("/")
    request.session = {}
    assert tell_erased(request, case.content.link) is None
