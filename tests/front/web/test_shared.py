"""Share links as pages: made, shown read-only and masked, taken back; nothing to be told apart."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.casework.online.kept_kit import PLANTED
from tests.front.web.keep_kit import held_case, url
from tests.front.web.public_kit import make_client, use_plain_static

from gongdao.casework.online.open_case import OpenCase
from gongdao.casework.online.share_case import SharedLink, Shows, share_case, shares_of
from gongdao.core.ids import new_token
from gongdao.core.models import Attempt
from gongdao.evidence.kept.models import Original
from gongdao.front.clock import now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain(settings: Any) -> None:
    use_plain_static(settings)


def _share(case: OpenCase, shows: Shows = Shows.STANDING) -> SharedLink:
    return share_case(case=case, shows=shows, note="", lasts=timedelta(days=7), at=now())


def _form(**changes: str) -> dict[str, str]:
    return {"shows": "letters", "days": "7", "note": "给律师", **changes}


def test_made_copied_opened_taken_back(tmp_path):
    """The form makes a link, the page shows its address and note; a stranger opens it; after it was
    taken back he cannot, from that moment."""
    client, case = held_case(tmp_path)
    page = client.post(url(case, "shares/"), _form(), follow=True).content.decode()
    assert "给律师" in page
    made = shares_of(case)[0]
    assert f"/s/{made.token}/" in page
    stranger = make_client()
    assert stranger.get(f"/s/{made.token}/").status_code == 200
    assert "打开过 1 次" in client.get(url(case, "shares/")).content.decode()
    client.post(url(case, f"shares/{made.id}/take-back/"))
    assert stranger.get(f"/s/{made.token}/").status_code == 404
    assert "收回于" in client.get(url(case, "shares/")).content.decode()


@pytest.mark.parametrize(
    "changes", [{"shows": "all"}, {"days": "365"}, {"days": ""}, {"note": "长" * 101}]
)
def test_a_form_that_does_not_fit_keeps_its_entries(tmp_path, changes):
    """A value that was not offered, or too long a note: nothing is made, the error is on top and
    linked, what was typed is still there."""
    client, case = held_case(tmp_path)
    before = len(shares_of(case))
    answer = client.post(url(case, "shares/"), _form(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422 and "summary-title" in page
    assert len(shares_of(case)) == before
    assert (changes.get("note") or "给律师") in page


def test_the_form_is_in_the_language_of_the_page(tmp_path):
    """Labels and choices of the form are said in English on an English page."""
    client, case = held_case(tmp_path)
    page = client.get(url(case, "shares/"), {"lang": "en"}).content.decode()
    form = page[page.index("<h2>A new link") :]
    assert "What it shows" in form and "30 days" in form
    assert not re.search(r"[\u4e00-\u9fff]", form[: form.index("</form>")])


def test_unknown_ended_revoked_and_erased_look_the_same(tmp_path):
    """Four links that lead nowhere answer with the same status and the same words."""
    client, case = held_case(tmp_path)
    back = _share(case)
    client.post(url(case, f"shares/{back.id}/take-back/"))
    ended = share_case(
        case=case,
        shows=Shows.FILES,
        note="",
        lasts=timedelta(days=1),
        at=now() - timedelta(days=2),
    )
    dead = _share(case)
    stranger = make_client()
    assert stranger.get(f"/s/{dead.token}/").status_code == 200
    client.post(url(case, "erase/"), {"typed": case.content.code})
    answers = [
        stranger.get(f"/s/{token}/") for token in (new_token(), back.token, ended.token, dead.token)
    ]
    bodies = {re.sub(r"csrf\w*\" value=\"[^\"]+", "", a.content.decode()) for a in answers}
    assert {a.status_code for a in answers} == {404} and len(bodies) == 1


@pytest.mark.parametrize("shows", Shows)
def test_what_is_shown_and_what_is_not(tmp_path, shows):
    """Each kind of link shows its parts and no other; of the planted words only the shop's name
    stands in any of them; nothing can be changed and no page of the case is linked."""
    _client, case = held_case(tmp_path)
    made, stranger = _share(case, shows), make_client()
    page = stranger.get(f"/s/{made.token}/")
    letters = stranger.get(f"/s/{made.token}/letters/")
    assert page.status_code == 200
    assert letters.status_code == (200 if shows.letters else 404)
    text = page.content.decode() + (letters.content.decode() if shows.letters else "")
    assert [word for word in PLANTED if word in text] == [PLANTED[0]]
    assert "证据目录" in text and "时间线" in text
    assert case.content.link not in text and 'method="post"' not in text
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    row = Original.objects.first()
    assert row is not None
    picture = stranger.get(f"/s/{made.token}/files/{row.id}/picture.webp")
    assert picture.status_code == 404  # a text has no picture, in any kind of link


def test_visits_from_one_network_are_limited(tmp_path):
    """Who asks for link after link is told to wait, whether they exist or not."""
    _client, case = held_case(tmp_path)
    made, stranger = _share(case), make_client()
    assert stranger.get(f"/s/{made.token}/").status_code == 200
    Attempt.objects.update(count=10_000)
    assert stranger.get(f"/s/{made.token}/").status_code == 429
    assert stranger.get(f"/s/{new_token()}/").status_code == 429


def test_no_more_queries_than_needed(tmp_path, django_assert_max_num_queries):
    """A shared page needs few queries, and weighs less than 100 kB in both languages."""
    _client, case = held_case(tmp_path)
    made, stranger = _share(case, Shows.FILES), make_client()
    for language in ("zh", "en"):
        with django_assert_max_num_queries(15):
            answer = stranger.get(f"/s/{made.token}/", {"lang": language})
        assert len(answer.content) < 100_000
