"""The keep page: case file asked for, made, taken; index, letters, folder; who looked."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.casework.case_kit import report_folder
from tests.casework.online.kept_kit import PLANTED, full_case
from tests.front.web.keep_kit import CHROME, WECHAT, held_case, made_file, url
from tests.front.web.public_kit import hold, make_client, use_plain_static

from gongdao.casework.online.models import CaseFile, MakingState
from gongdao.casework.online.open_case import OpenCase, change_case
from gongdao.core.models import Attempt
from gongdao.evidence.kept.models import Access
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web import take_link
from gongdao.front.web.in_app import in_app_browser

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OTHERS = {
    "微信": WECHAT,
    "企业微信": f"{WECHAT} wxwork/4.1.9",
    "QQ": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 QQ/9.0.35.604 V1",
    "支付宝": "Mozilla/5.0 (Linux; U; Android 13) AliApp(AP/10.5.50) AlipayClient/10.5.50",
    "微博": "Mozilla/5.0 (iPhone) Mobile/15E148 Weibo (iPhone15,2__weibo__14.1.0__iphone__os17.0)",
    "钉钉": "Mozilla/5.0 (Linux; Android 12) Mobile Safari/537.36 AliApp(DingTalk/7.5.0)",
}
BROWSERS = (
    CHROME,
    "Mozilla/5.0 (Linux; U; Android 13; zh-cn) Version/4.0 Chrome/89 MQQBrowser/14.5 Mobile Safari",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 QQBrowser/13.0",
    "",
)


@pytest.fixture(autouse=True)
def _plain(settings: Any) -> None:
    use_plain_static(settings)


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_from_asking_to_the_zip(tmp_path):
    """The page offers to make it, shows that it is being made, then size, digest and the zip whose
    digest that is."""
    client, case = held_case(tmp_path)
    assert "做一份卷宗" in client.get(url(case)).content.decode()
    client.post(url(case, "case-file/"))
    waiting = client.get(url(case)).content.decode()
    assert "正在做" in waiting and 'hx-trigger="every 2s"' in waiting
    row = made_file(client, case)
    page = client.get(url(case)).content.decode()
    assert row.sha256 in page and "案件后来有改动" not in page and "hx-trigger" not in page
    answer = client.get(url(case, f"case-file/{row.id}/case.zip"))
    data = _body(answer)
    assert hashlib.sha256(data).hexdigest() == row.sha256
    assert answer["Content-Length"] == str(len(data)) and answer["Content-Type"].endswith("/zip")
    assert answer["Content-Disposition"].startswith("attachment")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_the_index_alone_is_shown_in_the_page(tmp_path):
    """The PDF comes to be looked at, without the policy that would stop a browser's viewer."""
    client, case = held_case(tmp_path)
    row = made_file(client, case)
    answer = client.get(url(case, f"case-file/{row.id}/index.pdf"))
    assert _body(answer).startswith(b"%PDF")
    assert answer["Content-Disposition"].startswith("inline")
    assert "Content-Security-Policy" not in answer
    assert "Content-Security-Policy" in client.get(url(case))


def test_a_change_is_said_and_a_new_one_can_be_made(tmp_path):
    """After a change the old one is still offered, with a word that it is older."""
    client, case = held_case(tmp_path)
    made_file(client, case)
    change_case(
        stores=get_stores(),
        case_id=case.row.id,
        at=now(),
        change=lambda content: type(content)(**{**content.__dict__, "notes": ("new",)}),
    )
    page = client.get(url(case)).content.decode()
    assert "案件后来有改动" in page and "再做一份" in page and "下载卷宗" in page


@pytest.mark.parametrize(
    ("problem", "words"),
    [("case_folder", "不能封进卷宗"), ("blob_missing", "打不开了"), ("seal", "没有做成")],
)
def test_a_failure_says_what_to_do(tmp_path, problem, words):
    """What went wrong is said in words, and it can be asked for again."""
    client, case = held_case(tmp_path)
    client.post(url(case, "case-file/"))
    CaseFile.objects.update(state=MakingState.FAILED, problem=problem)
    page = client.get(url(case)).content.decode()
    assert words in page and "做一份卷宗" in page


def test_another_browser_gets_nothing(tmp_path):
    """Without the case in its session every address of the keep page asks for the code, and the
    zip of one case is not there under another."""
    client, case = held_case(tmp_path)
    row = made_file(client, case)
    stranger = make_client()
    rests = ("", f"case-file/{row.id}/case.zip", f"case-file/{row.id}/index.pdf", "folder.zip")
    for rest in (*rests, "looked/", "shares/", "erase/", "erase/confirm/", "erased/"):
        answer = stranger.get(url(case, rest))
        assert 'name="code"' in answer.content.decode(), rest
    other = full_case(get_stores(), tmp_path, at=now())
    hold(client, other)
    assert client.get(url(other, f"case-file/{row.id}/case.zip")).status_code == 404


@pytest.mark.parametrize(("app", "agent"), OTHERS.items())
def test_in_a_chat_app_the_way_that_works_is_shown(rf, app, agent):
    """Each app that refuses zips is known by name."""
    assert in_app_browser(rf.get("/", headers={"User-Agent": agent})) == app


@pytest.mark.parametrize("agent", BROWSERS)
def test_a_browser_is_no_chat_app(rf, agent):
    """Browsers, also those of the same makers, are not taken for an app."""
    assert in_app_browser(rf.get("/", headers={"User-Agent": agent})) == ""


def _hand_over(tmp_path: Path) -> tuple[Client, OpenCase, CaseFile, str]:
    client, case = held_case(tmp_path, HTTP_USER_AGENT=WECHAT)
    row = made_file(client, case)
    page = client.get(url(case)).content.decode()
    assert "微信里的浏览器不让下载压缩包" in page and "看索引 PDF" in page
    answer = client.post(url(case, f"case-file/{row.id}/elsewhere/"))
    found = re.search(r"https?://[^/]+(/s/[^<\"\s]+/take/)", answer.content.decode())
    assert found
    return client, case, row, found[1]


def test_a_one_time_link_takes_the_file_to_another_browser(tmp_path):
    """Looking at it (as chat apps do) uses nothing up; the first browser that presses the button
    gets the zip, and again if it breaks; a second one gets nothing, and neither sees the case."""
    _client, case, row, link = _hand_over(tmp_path)
    assert case.content.link not in link
    first, second = make_client(), make_client()
    for browser in (first, second, first):
        assert "下载卷宗" in browser.get(link).content.decode()
        assert browser.get(f"{link}case.zip").status_code == 404
    answer = first.post(link, follow=True)
    assert hashlib.sha256(_body(answer)).hexdigest() == row.sha256
    assert hashlib.sha256(_body(first.get(f"{link}case.zip"))).hexdigest() == row.sha256
    assert second.post(link).status_code == 404
    assert second.get(f"{link}case.zip").status_code == 404
    assert 'name="code"' in first.get(url(case)).content.decode()
    assert Access.objects.filter(who="owner", purpose="download").count() == 2


def test_a_one_time_link_has_one_spelling(tmp_path):
    """Written in capitals, or with the spare bits of its last letter set, a link that was used is
    not a new one."""
    _client, _case, _row, link = _hand_over(tmp_path)
    token = link.split("/")[2]
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    spare = [token[:-1] + letters[letters.index(token[-1]) | bits] for bits in (1, 2, 3)]
    for spelling in (token.upper(), token.capitalize(), *spare):
        if spelling != token:
            assert make_client().post(link.replace(token, spelling)).status_code == 404
    assert make_client().post(link).status_code == 302
    assert make_client().post(link).status_code == 404


def test_a_one_time_link_ends(tmp_path, monkeypatch):
    """After half an hour, with a bit changed, or once the file has gone, it looks like any other
    link that leads nowhere."""
    _client, _case, _row, link = _hand_over(tmp_path)
    browser = make_client()
    token = link.split("/")[2]
    changed = link.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert browser.get(changed).status_code == 404
    from gongdao.front.web.pages import shared

    later = now() + take_link.LASTS
    with monkeypatch.context() as patched:
        patched.setattr(shared, "now", lambda: later)
        assert browser.get(link).status_code == 404
    assert browser.get(link).status_code == 200
    CaseFile.objects.all().delete()
    assert browser.post(link).status_code == 404


def test_the_folder_is_the_case_on_the_command_line(tmp_path):
    """The downloaded folder, unpacked, gives the report of the folder that came in."""
    client, case = held_case(tmp_path)
    answer = client.get(url(case, "folder.zip"))
    out = tmp_path / "out"
    with zipfile.ZipFile(io.BytesIO(_body(answer))) as archive:
        assert archive.testzip() is None
        archive.extractall(out)
    root = next(tmp_path.glob("folder-*"))
    assert {p.relative_to(out) for p in out.rglob("*.txt")} == {
        p.relative_to(root) for p in root.rglob("*.txt")
    }
    there, here = report_folder(out), report_folder(root)
    assert there["elements"] == here["elements"] and there["evidence"] == here["evidence"]
    assert Access.objects.filter(who="owner", purpose="export").count() == 3


def test_a_letter_comes_as_docx(tmp_path):
    """Each letter of the case is a DOCX; one that is not there is not found."""
    client, case = held_case(tmp_path)
    page = client.get(url(case)).content.decode()
    links = re.findall(r'href="([^"]+\.docx)"', page)
    assert links
    for link in links:
        answer = client.get(link)
        assert zipfile.ZipFile(io.BytesIO(b"".join(answer))).testzip() is None
    missing = links[0].replace(links[0].split("/")[-2], "none")
    assert client.get(missing).status_code == 404


def test_who_looked_is_listed_and_paged(tmp_path):
    """People's openings are listed with the file's name, the machine's only when asked for; many
    lines make pages."""
    client, case = held_case(tmp_path)
    assert "还没有记录" in client.get(url(case, "looked/")).content.decode()
    made_file(client, case)
    _body(client.get(url(case, "folder.zip")))
    page = client.get(url(case, "looked/")).content.decode()
    assert "导出：3 份材料" in page and "您" in page and "服务器自己做的（识别" in page
    assert "这台服务器" in client.get(url(case, "looked/?machine=1")).content.decode()
    stamp = now()
    Access.objects.bulk_create(
        Access(
            subject_kind="case",
            subject_id=case.row.id,
            at=stamp + timedelta(seconds=n),
            who="owner",
            purpose="view",
        )
        for n in range(60)
    )
    page = client.get(url(case, "looked/?page=2")).content.decode()
    assert "第 2 页，共 2 页" in page


def test_asking_again_and_again_is_limited(tmp_path):
    """Beyond the limit of an hour the page says until when."""
    client, case = held_case(tmp_path)
    client.post(url(case, "case-file/"))
    Attempt.objects.update(count=1000)
    assert client.post(url(case, "case-file/")).status_code == 429


@pytest.mark.parametrize("rest", ["", "looked/", "shares/", "erase/", "erase/confirm/"])
def test_pages_are_small_quick_and_in_both_languages(tmp_path, rest, django_assert_max_num_queries):
    """Each page has at most 100 kB and 15 queries in either language; no planted secret stands in
    an address."""
    client, case = held_case(tmp_path)
    made_file(client, case)
    for language, word in (("zh", "留存"), ("en", '<html lang="en"')):
        with django_assert_max_num_queries(15):
            answer = client.get(url(case, rest), {"lang": language})
        assert answer.status_code == 200
        text = answer.content.decode()
        assert word in text and len(answer.content) < 100_000
        links = " ".join(re.findall(r'(?:href|action)="([^"]*)"', text))
        assert not [one for one in PLANTED if one in links]


def test_nothing_is_changed_by_looking(tmp_path):
    """What changes something is refused to a GET."""
    client, case = held_case(tmp_path)
    row = made_file(client, case)
    assert client.get(url(case, "case-file/")).status_code == 405
    assert client.get(url(case, f"case-file/{row.id}/elsewhere/")).status_code == 405
    assert client.post(url(case, "folder.zip")).status_code == 405
