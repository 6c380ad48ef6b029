"""A lost device is shut out of a case, and nobody else loses it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.front.web.public_kit import (
    PASSWORD,
    hold,
    make_case,
    make_client,
    make_user,
    use_plain_static,
)

from gongdao.casework.online.models import Case
from gongdao.casework.online.open_case import open_row
from gongdao.front.stores import get_stores

pytestmark = pytest.mark.django_db
MAIL = "buyer@example.org"


@pytest.fixture(autouse=True)
def _plain(settings):
    use_plain_static(settings)


def _now(case):
    """The case as it is now."""
    return open_row(stores=get_stores(), row=Case.objects.get(id=case.row.id))


def _propose(client, case, *, what="both"):
    """The second page's form, and the link and code on it."""
    page = client.get(f"/c/{case.content.link}/keep/new-keys/save/?what={what}").content.decode()
    proposal = re.search(r'name="proposal" value="([^"]+)"', page)
    link = re.search(r"/c/([^/]+)/\s", page)
    assert proposal and link
    return {"proposal": unescape(proposal[1]), "what": what, "saved": "yes"}, link[1], page


def _change(client, case, **more):
    form, link, _page = _propose(client, case, **more)
    answer = client.post(f"/c/{case.content.link}/keep/new-keys/", form)
    assert answer.status_code == 302 and answer.headers["Location"] == f"/c/{link}/keep/"
    return _now(case)


def _opens(client, case) -> bool:
    return 'name="code"' not in client.get(f"/c/{case.content.link}/").content.decode()


@pytest.mark.parametrize("what", ["both", "code"])
def test_other_devices_are_out(what):
    """After the change the device that asked goes on, the lost one meets the code form, also under
    the new link, and finds the case in no list; with the new code it is in again."""
    case, mine, lost = make_case(), make_client(), make_client()
    for client in (mine, lost):
        hold(client, case)
    assert "小店" in lost.get("/me/").content.decode()
    changed = _change(mine, case, what=what)
    assert (changed.content.link == case.content.link) is (what == "code")
    assert _opens(mine, changed) and not _opens(lost, changed) and not _opens(lost, case)
    for address in ("/", "/me/"):
        assert "小店" not in lost.get(address).content.decode()
        assert "小店" in mine.get(address).content.decode()
    hold(lost, changed)
    assert _opens(lost, changed)


def test_the_old_link_is_like_any_other():
    """What stands behind the old link cannot be told from a link that never was."""
    case, mine = make_case(), make_client()
    hold(mine, case)
    changed, stranger = _change(mine, case), make_client()
    assert "换好了" in mine.get(f"/c/{changed.content.link}/keep/").content.decode()
    pages = []
    for link in (case.content.link, case.content.link[::-1]):
        for client in (mine, stranger):
            text = client.get(f"/c/{link}/").content.decode().replace(link, "LINK")
            pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text))
    assert pages[0] == pages[2] and pages[1] == pages[3]


def test_an_answer_that_got_lost_shuts_nobody_out():
    """Where the answer to the change never arrived, the same cookies open what was saved before."""
    case, mine = make_case(), make_client()
    hold(mine, case)
    cookies = {name: one.value for name, one in mine.cookies.items()}
    changed = _change(mine, case)
    for name, value in cookies.items():
        mine.cookies[name] = value
    assert _opens(mine, changed)


def test_a_signed_in_device_is_out_until_it_signs_in_again():
    """The account sees its case again only where somebody signed in after the change."""
    user = make_user(MAIL)
    case, mine, lost = make_case(owner=user), make_client(), make_client()
    for client in (mine, lost):
        client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
        assert _opens(client, case)
    changed = _change(mine, case)
    assert _opens(mine, changed) and not _opens(lost, changed)
    assert "小店" not in lost.get("/me/").content.decode()
    assert lost.post(f"/me/{case.row.id}/release/").status_code == 404
    fresh = make_client()
    fresh.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert _opens(fresh, changed) and "小店" in fresh.get("/me/").content.decode()


def test_nothing_changes_before_it_is_confirmed():
    """Looking at both pages, sending without the tick, a proposal that is none, and a link that
    somebody else sent: the case keeps its link and code, and the page shows a fresh proposal."""
    case, mine = make_case(), make_client()
    hold(mine, case)
    assert mine.get(f"/c/{case.content.link}/keep/new-keys/").status_code == 200
    form, link, page = _propose(mine, case)
    assert link in page and "现在还没有换" in page
    address = f"/c/{case.content.link}/keep/new-keys/"
    for wrong in ({**form, "saved": ""}, {**form, "proposal": "AAAA"}):
        answer = mine.post(address, wrong)
        assert answer.status_code == 422 and "还没有换" in answer.content.decode()
    assert make_client().post(address, form).status_code == 200
    strict = make_client(HTTP_ORIGIN="https://evil.example")
    strict.handler.enforce_csrf_checks = True
    strict.cookies.update(mine.cookies)
    assert strict.post(address, form).status_code == 403
    assert Case.objects.get().keys_changed_at is None and _opens(mine, case)


def test_a_lost_session_does_not_send_it_again():
    """Whoever unlocks the case with a change carried along comes to the case, not to the change."""
    case, mine = make_case(), make_client()
    hold(mine, case)
    form, _link, _page = _propose(mine, case)
    fresh = make_client()
    address = f"/c/{case.content.link}/keep/new-keys/"
    fields = {**form, "code": case.content.code, "carried_to": address}
    page = fresh.post(f"/c/{case.content.link}/open/", fields).content.decode()
    assert f'action="{address}"' not in page
    assert Case.objects.get().keys_changed_at is None


def test_changes_are_counted():
    """The eleventh change within an hour is refused."""
    case, mine = make_case(), make_client()
    hold(mine, case)
    for _time in range(10):
        case = _change(mine, case)
    form, _link, _page = _propose(mine, case)
    assert mine.post(f"/c/{case.content.link}/keep/new-keys/", form).status_code == 429
