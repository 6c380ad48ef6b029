"""The first page: two ways in, cases by link and code, cases of this device."""

from __future__ import annotations

import pytest
from tests.front.web.public_kit import hold, make_case, make_client, make_user, use_plain_static

from gongdao.core.language import use_language
from gongdao.front.web.pages.home import read_link

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain(settings):
    use_plain_static(settings)
    yield
    use_language("zh")  # a page in English leaves its language to the thread


def test_both_ways_in_stand_first():
    """A buyer finds "it went wrong" and "not bought yet" before anything else."""
    page = make_client().get("/").content.decode()
    main = page[page.index("<main") :]
    assert main.index('href="/start/"') < main.index('href="/before/"') < main.index("<form")


def test_the_page_is_english_for_english_readers():
    """Nothing but the language link and names stays Chinese."""
    page = make_client().get("/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert 'lang="en"' in page and "/en/guides/invalid_secret/" in page


@pytest.mark.parametrize(
    "shape", ["{link}", "http://127.0.0.1/c/{link}/", " {link}  ", "x/c/{link}/a/?b=1"]
)
def test_a_pasted_link_opens_the_case(shape):
    """The whole address or the token alone will do."""
    case = make_case()
    client = make_client()
    fields = {"link": shape.format(link=case.content.link), "code": case.content.code.lower()}
    answer = client.post("/open/", fields)
    assert answer.status_code == 302
    assert answer["Location"] == f"/c/{case.content.link}/"
    assert client.get("/me/").content.decode().count("小店") == 1


def test_wrong_code_and_unknown_link_look_the_same():
    """Nobody learns from the answer whether a case exists."""
    case = make_case()
    known = make_client().post("/open/", {"link": case.content.link, "code": "0000000000"})
    other = make_client().post("/open/", {"link": "a" * 26, "code": "0000000000"})
    assert known.status_code == other.status_code == 403
    first = known.content.decode().replace(case.content.link, "-")
    assert _bare(first) == _bare(other.content.decode().replace("a" * 26, "-"))


def _bare(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_the_link_is_kept_after_a_wrong_code():
    """Only the code has to be typed again."""
    page = make_client().post("/open/", {"link": "abc<", "code": "x"}).content.decode()
    assert 'value="abc&lt;"' in page and 'role="alert"' in page


def test_tries_are_limited():
    """After ten tries for one link in an hour it is enough, with the right code as well."""
    case = make_case()
    client = make_client()
    for _try in range(10):
        client.post("/open/", {"link": case.content.link, "code": "0000000000"})
    fields = {"link": case.content.link, "code": case.content.code}
    assert client.post("/open/", fields).status_code == 429


def test_cases_of_this_device_are_listed():
    """What the device holds stands on the page, another's does not."""
    mine, other = make_case(product="我的卡"), make_case(product="别人的卡")
    client = make_client()
    hold(client, mine)
    page = client.get("/").content.decode()
    assert "我的卡" in page and "别人的卡" not in page and other.content.link not in page


def test_many_cases_lead_to_the_list(django_assert_max_num_queries):
    """Three are shown; the rest is one tap away, and the queries stay few."""
    user = make_user("a@example.org")
    for number in range(5):
        make_case(product=f"卡{number}", owner=user)
    client = make_client()
    client.force_login(user)
    with django_assert_max_num_queries(15):
        page = client.get("/").content.decode()
    assert page.count('class="card"') == 5 and "看全部案件" in page


def test_read_link_takes_only_the_token():
    """Query, anchor and sections behind the token are left out."""
    assert read_link("https://x.example/c/abc-def/letters/#top") == "abc-def"
    assert read_link(" abc ") == "abc"
