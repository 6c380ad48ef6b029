"""Begin in a minute: plain forms, scripts, share menus; once, and never into somebody's case."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.house.house_sources import PACKAGE

from gongdao.casework.online.models import Case
from gongdao.evidence.kept.models import Original
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.front.web.pages.start import NEW_CASES

pytestmark = pytest.mark.django_db
STATIC = PACKAGE / "front/web/static"


def _file(name: str = "截图.png", data: bytes = b"1") -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def test_a_plain_form_begins_a_case(client):
    """Files and pasted text become a case with a job each, and the browser is led to it."""
    answer = client.post(
        "/start/", {"files": [_file(), _file("b.png", b"2")], "pasted": "买家 在吗"}
    )
    assert answer.status_code == 302 and answer["Location"].startswith("/c/")
    assert Original.objects.count() == 3
    assert ProcrastinateJob.objects.filter(task_name="read_original").count() == 3
    assert client.get(answer["Location"]).status_code == 200


def test_a_script_is_told_where_to_send(client):
    """A script that asks for JSON gets the case and the address for its files."""
    said = client.post("/start/", {"pasted": ""}, HTTP_ACCEPT="application/json").json()
    assert said["upload"] == f"{said['case']}upload/" and said["problems"] == []
    assert client.get(said["case"]).status_code == 200


def test_a_form_sent_twice_is_one_case(client):
    """The answer was lost and the form is sent again: the same case, its files once."""
    client.get("/start/")
    token = client.cookies["begin"].value
    first = client.post("/start/", {"files": [_file()]})
    again = Client(HTTP_HOST="127.0.0.1")
    again.cookies["begin"], again.cookies["csrf"] = token, client.cookies["csrf"].value
    second = again.post("/start/", {"files": [_file()]})
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1 and Original.objects.count() == 1
    assert again.get(second["Location"]).status_code == 200


def test_a_planted_token_leads_into_nobodys_case(client):
    """Who has only the token of another browser, and not what that browser alone can have, begins a
    case of its own: neither gets the other's files."""
    client.get("/start/")
    token = client.cookies["begin"].value
    mine = client.post("/start/", {"files": [_file()]})["Location"]
    victim = Client(HTTP_HOST="127.0.0.1")
    victim.get("/start/")
    victim.cookies["begin"] = token
    theirs = victim.post("/start/", {"pasted": "二"})["Location"]
    assert theirs != mine and Case.objects.count() == 2


def test_a_form_sent_again_after_new_keys_opens_nothing(client):
    """The device that began a case and was shut out gets in by no repeated form."""
    from gongdao.casework.online.change_keys import change_keys, propose_keys
    from gongdao.casework.online.open_case import open_row

    client.get("/start/")
    tokens = {name: client.cookies[name].value for name in ("begin", "csrf")}
    client.post("/start/", {"files": [_file()]})
    stores, row = get_stores(), Case.objects.get()
    made = propose_keys(case=open_row(stores=stores, row=row), new_link=True)
    change_keys(stores=stores, case_id=row.id, proposal=made.sealed, at=now())
    lost = Client(HTTP_HOST="127.0.0.1")
    lost.cookies["begin"], lost.cookies["csrf"] = tokens["begin"], tokens["csrf"]
    assert made.link not in lost.post("/start/", {"files": [_file()]})["Location"]
    assert 'name="code"' in lost.get(f"/c/{made.link}/").content.decode()


def test_the_next_case_is_another(client):
    """Once the answer has come, the same browser begins another case."""
    client.get("/start/")
    one = client.post("/start/", {"pasted": "一"})
    two = client.post("/start/", {"pasted": "二"})
    assert one["Location"] != two["Location"] and Case.objects.count() == 2


def test_a_guessed_token_opens_nothing(client):
    """A token that no form has given out begins a case of its own."""
    mine = client.post("/start/", {"pasted": "一"})["Location"]
    stranger = Client(HTTP_HOST="127.0.0.1")
    stranger.cookies["begin"] = "0" * 26
    theirs = stranger.post("/start/", {"pasted": "二"})["Location"]
    assert theirs != mine
    assert 'name="code"' in stranger.get(mine).content.decode()


def test_files_that_cannot_be_taken_are_said(client, settings):
    """One empty and one too large file are named in a sentence each; the good one is in."""
    from dataclasses import replace

    settings.GONGDAO = replace(settings.GONGDAO, max_file_bytes=1000)
    files = [_file("good.png"), _file("big.png", b"x" * 1001), _file("none.png", b"")]
    home = client.post("/start/", {"files": files})["Location"]
    text = client.get(home).content.decode()
    assert "big.png" in text and "文件太大" in text and "good.png" in text
    assert Original.objects.count() == 1


def test_beginning_is_limited(client):
    """One network cannot begin cases without end; the page says when it works again."""
    for _number in range(NEW_CASES.most):
        assert client.post("/start/", {}).status_code == 302
    answer = client.post("/start/", {})
    assert answer.status_code == 429 and answer["Retry-After"]
    assert Case.objects.count() == NEW_CASES.most


def test_a_share_menu_begins_a_new_case():
    """A phone's share menu, which has no token of ours, begins a case of its own."""
    phone = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    answer = phone.post("/share/", {"files": [_file()], "text": "老板在吗", "title": "聊天"})
    assert answer.status_code == 302 and Original.objects.count() == 2
    second = phone.post("/share/", {"text": "又一条"})
    assert second["Location"] != answer["Location"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_share(site):
    """A form on another site begins nothing and takes no session away."""
    phone = Client(HTTP_HOST="127.0.0.1", headers={"Sec-Fetch-Site": site})
    answer = phone.post("/share/", {"text": "x"})
    assert answer.status_code == 403 and "session" not in answer.cookies
    assert not Case.objects.exists()


def test_the_start_form_wants_its_token():
    """The form itself is protected as every other: without the token nothing begins."""
    browser = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    assert browser.post("/start/", {"pasted": "x"}).status_code == 403
    assert not Case.objects.exists()


def test_the_manifest_names_the_share_address(client):
    """What a phone installs sends its files where they are taken."""
    target = json.loads((STATIC / "manifest.webmanifest").read_text("utf-8"))["share_target"]
    assert target["action"] == "/share/" and target["params"]["files"][0]["name"] == "files"
    assert client.get("/share/").status_code == 405


@pytest.mark.parametrize("name", ["upload.js", "overview.js"])
def test_scripts_are_small_and_hold_no_words(name):
    """A script is at most six kilobytes and holds no sentence, which would have one language."""
    text = Path(STATIC / name).read_text("utf-8")
    assert len(text.encode()) <= 6 * 1024
    assert not any("\u3400" <= sign <= "\u9fff" for sign in text)


def test_the_page_in_english(client):
    """The start page speaks English where the browser does."""
    answer = client.get("/start/", headers={"Accept-Language": "en"})
    assert answer["Content-Language"] == "en"


def test_too_much_text_is_said(client):
    """A pasted text beyond the limit is refused in a sentence, and the case begins all the same."""
    home = client.post("/start/", {"pasted": "字" * 200_001})["Location"]
    assert "粘贴的文字太长" in client.get(home).content.decode()
