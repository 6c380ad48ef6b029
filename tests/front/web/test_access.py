"""A stranger cannot open, guess or enumerate a case."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gongdao.casework.online.begin_case import begin_case
from gongdao.casework.online.models import Case
from gongdao.casework.online.unlock_case import PER_LINK, PER_NETWORK, unlock_case
from gongdao.core.attempts import forget_attempts
from gongdao.core.errors import CaseLocked, TooManyAttempts
from gongdao.core.ids import new_code, new_token
from gongdao.front.clock import now
from gongdao.front.stores import get_stores

pytestmark = pytest.mark.django_db
PAGES = (
    *("", "files/", "facts/", "standing/", "channels/", "channels/court/", "letters/"),
    *("letters/demand/", "follow/", "keep/"),
)


@pytest.fixture
def case():
    """A case that nobody's session holds."""
    return begin_case(stores=get_stores(), at=now())


def _stranger() -> Client:
    return Client(HTTP_HOST="127.0.0.1")


def _plain(response, link: str) -> str:
    """The page without what differs by nature: the link itself and the form's token."""
    text = response.content.decode().replace(link, "LINK")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_case_asks_for_the_code(case, page):
    """Whoever holds only the link meets the code form on every page, and nothing of the case."""
    answer = _stranger().get(f"/c/{case.content.link}/{page}")
    text = answer.content.decode()
    assert answer.status_code == 200 and 'name="code"' in text
    assert case.content.code not in text and str(case.row.id) not in text


def test_typing_errors_of_others_lock_nobody_out():
    """What cannot be a link counts for itself: ten such tries from anywhere leave the eleventh, at
    something else, its own."""
    for number in range(PER_LINK.most):
        with pytest.raises(CaseLocked):
            _try("no-link!", number)
    with pytest.raises(TooManyAttempts):
        _try("no-link!", 99)
    with pytest.raises(CaseLocked):
        _try("an-other!", 99)


def _try(link: str, number: int) -> None:
    network = f"10.0.0.{number}"
    unlock_case(stores=get_stores(), link=link, code="x", network=network, at=now())


@pytest.mark.parametrize("page", ["", "files/", "keep/"])
def test_no_case_looks_like_a_case(case, page):
    """A link that leads nowhere and one that leads to a case give the same page."""
    real, none = case.content.link, new_token()
    one = _stranger().get(f"/c/{real}/{page}")
    two = _stranger().get(f"/c/{none}/{page}")
    assert (one.status_code, _plain(one, real)) == (two.status_code, _plain(two, none))
    assert dict(one.headers).keys() == dict(two.headers).keys()


def test_wrong_code_and_wrong_link_look_the_same(case):
    """A wrong code for a real link and any code for no link get the same words and status."""
    real, none = case.content.link, new_token()
    one = _stranger().post(f"/c/{real}/open/", {"code": new_code()})
    two = _stranger().post(f"/c/{none}/open/", {"code": new_code()})
    assert one.status_code == two.status_code == 403
    assert _plain(one, real) == _plain(two, none)


def test_both_ways_do_the_same_queries(case):
    """Opening a real and an imagined case runs the same statements, so that time tells nothing."""
    told = []
    for link in (case.content.link, new_token()):
        with CaptureQueriesContext(connection) as queries, pytest.raises(CaseLocked):
            unlock_case(
                stores=get_stores(), link=link, code=new_code(), network="192.0.2.1", at=now()
            )
        told.append([re.sub(r"'[^']*'::bytea|'[^']*'", "?", q["sql"]) for q in queries])
    assert told[0] == told[1]


def test_time_does_not_tell(case):
    """The medians of many refusals for real and imagined links lie within each other's spread."""
    spent: dict[str, list[float]] = {"real": [], "none": []}
    at = now()
    for number in range(60):
        for name, link in (("real", case.content.link), ("none", new_token())):
            begun = time.perf_counter()
            with pytest.raises((CaseLocked, TooManyAttempts)):
                unlock_case(
                    stores=get_stores(),
                    link=link,
                    code=new_code(),
                    network=f"192.0.2.{number}",
                    at=at + timedelta(hours=2 * number),
                )
            spent[name].append(time.perf_counter() - begun)
    low, high = (sorted(spent["none"])[i] for i in (3, 56))
    assert low <= statistics.median(spent["real"]) <= high


def test_right_code_opens_and_only_this_case(case):
    """The code opens its own case for this session; another case stays shut."""
    other = begin_case(stores=get_stores(), at=now())
    client = _stranger()
    answer = client.post(f"/c/{case.content.link}/open/", {"code": case.content.code.lower()})
    assert answer.status_code == 302
    assert 'name="code"' not in client.get(f"/c/{case.content.link}/").content.decode()
    assert 'name="code"' in client.get(f"/c/{other.content.link}/").content.decode()


def test_codes_do_not_fit_other_cases(case):
    """The code of one case does not open another."""
    other = begin_case(stores=get_stores(), at=now())
    answer = _stranger().post(f"/c/{other.content.link}/open/", {"code": case.content.code})
    assert answer.status_code == 403


def test_guessing_one_link_ends(case):
    """After ten tries within an hour even the right code waits; after the hour it works."""
    at, stores = now(), get_stores()

    def attempt(code: str, when) -> Case:
        return unlock_case(
            stores=stores, link=case.content.link, code=code, network="192.0.2.7", at=when
        )

    for _number in range(PER_LINK.most):
        with pytest.raises(CaseLocked):
            attempt(new_code(), at)
    with pytest.raises(TooManyAttempts) as refused:
        attempt(case.content.code, at)
    assert refused.value.until == at + PER_LINK.window
    assert attempt(case.content.code, at + PER_LINK.window).id == case.row.id


def test_guessing_many_links_ends():
    """One network cannot go through many links; another network is not hindered."""
    at, stores = now(), get_stores()
    for _number in range(PER_NETWORK.most):
        with pytest.raises(CaseLocked):
            unlock_case(
                stores=stores, link=new_token(), code=new_code(), network="192.0.2.8", at=at
            )
    with pytest.raises(TooManyAttempts):
        unlock_case(stores=stores, link=new_token(), code=new_code(), network="192.0.2.8", at=at)
    with pytest.raises(CaseLocked):
        unlock_case(stores=stores, link=new_token(), code=new_code(), network="192.0.2.9", at=at)


def test_too_many_tries_is_a_calm_page(case):
    """The page for too many tries has status 429, says when it works again, and no trace of why."""
    client = _stranger()
    for _number in range(PER_LINK.most):
        client.post(f"/c/{case.content.link}/open/", {"code": new_code()})
    answer = client.post(f"/c/{case.content.link}/open/", {"code": new_code()})
    assert answer.status_code == 429 and answer.headers["Retry-After"]


def test_counters_hold_no_address(case):
    """Neither the network nor the link can be read from the counters, and they are swept."""
    with pytest.raises(CaseLocked):
        unlock_case(
            stores=get_stores(),
            link=case.content.link,
            code=new_code(),
            network="192.0.2.77",
            at=now(),
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT bucket FROM core_attempt")
        buckets = [row[0] for row in cursor.fetchall()]
    assert buckets and all(re.fullmatch(r"[0-9a-f]{64}", bucket) for bucket in buckets)
    assert forget_attempts(before=now() + timedelta(days=1)) == len(buckets)


def test_nothing_of_the_case_is_kept_in_the_clear(case):
    """Neither link nor code can be read from the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM casework_case c")
        rows = " ".join(row[0] for row in cursor.fetchall())
    hidden = (case.content.link, case.content.code, case.content.code.replace("-", ""))
    assert not [text for text in hidden if text in rows or text.encode().hex() in rows]


def test_pages_of_a_case_are_kept_by_nobody(case):
    """No cache, no search engine, no referrer, no frame, no script from elsewhere."""
    headers = _stranger().get(f"/c/{case.content.link}/").headers
    assert "no-store" in headers["Cache-Control"]
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_foreign_form_is_refused(case):
    """A form from another site changes nothing and is shown nothing it sent."""
    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    answer = client.post(
        f"/c/{case.content.link}/open/",
        {"code": case.content.code, "note": "planted"},
        headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403 and b"planted" not in answer.content


def test_what_a_lost_session_sent_is_carried_over(case):
    """A form sent without the session comes back with its entries after the code."""
    client = _stranger()
    link = case.content.link
    lost = client.post(f"/c/{link}/facts/order/", {"order.merchant": "某店 <b>", "paid": "98.00"})
    text = lost.content.decode()
    assert 'value="某店 &lt;b&gt;"' in text and 'value="98.00"' in text
    opened = client.post(
        f"/c/{link}/open/",
        {
            "code": case.content.code,
            "order.merchant": "某店 <b>",
            "paid": "98.00",
            "carried_to": f"/c/{link}/facts/order/",
        },
    )
    text = opened.content.decode()
    assert f'action="/c/{link}/facts/order/"' in text and 'value="某店 &lt;b&gt;"' in text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/c/other/facts/", "/accounts/logout/", ""],
)
def test_carried_forms_stay_in_their_case(case, target):
    """What was carried over goes to a page of this case, never elsewhere."""
    link = case.content.link
    answer = _stranger().post(
        f"/c/{link}/open/", {"code": case.content.code, "x": "1", "carried_to": target}
    )
    assert f'action="/c/{link}/"' in answer.content.decode()


def test_erasing_is_never_carried_over(case):
    """A form that destroys is not sent again by itself."""
    link = case.content.link
    answer = _stranger().post(
        f"/c/{link}/open/",
        {"code": case.content.code, "sure": "1", "carried_to": f"/c/{link}/keep/erase/"},
    )
    assert f'action="/c/{link}/"' in answer.content.decode()
