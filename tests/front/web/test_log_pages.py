"""The pages of the log: what it is, what was logged, one leaf; honest, light, in both languages."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.front.web.log_ground import (
    NOTARY,
    OWN,
    PRESS,
    SCHOOL,
    begin,
    cosign,
    policy_of,
    publish_policy,
)
from tests.log.log_kit import append_chain, append_some, hashes_of

from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.web.log_view import KINDS, TITLES, facts_of, title_of
from gongdao.log.new_leaf import new_subject
from gongdao_verify.leaf_form import parse_leaf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
GREEN = "log-verdict holds"
PAGES = ("", "changes/", "leaf/0/", "leaf/1/", "verify/")
MOST_QUERIES = 15


def _page(client, path: str = "", **more) -> str:
    answer = client.get(f"/log/{path}", **more)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def _words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_before_the_first_leaf_the_pages_say_so(client, settings):
    """No leaf, no checkpoint, no key: every page answers, and says what will be there."""
    assert "日志还没有第一条" in _page(client)
    assert "还没有记录" in _page(client, "changes/")
    assert "核对存证回执" in _page(client, "verify/")
    assert client.get("/log/leaf/0/").status_code == 404
    assert client.get("/log/leaf/0/qr.svg").status_code == 404


def test_our_own_signature_is_never_green(client, settings, tmp_path):
    """Without witnesses, and with our own witness alone, it is consistent and no more; the label
    says whose the witness is."""
    ground = begin(tmp_path, settings, leaves=3)
    for path in ("", "leaf/1/"):
        page = _page(client, path)
        assert GREEN not in page and "CONSISTENT_UNWITNESSED" in page
    assert "还没有见证方" in _page(client)
    publish_policy(tmp_path, settings, policy_of(ground))
    cosign([OWN])
    page = _page(client)
    assert GREEN not in page and "同一运营方" in _words(page) and "同一运营者" in _words(page)
    assert GREEN not in _page(client, "leaf/1/")


def test_one_organisation_is_not_enough(client, settings, tmp_path):
    """A single witness from outside, our own beside it: not green; a second organisation: green."""
    ground = begin(tmp_path, settings, leaves=3)
    publish_policy(tmp_path, settings, policy_of(ground))
    cosign([NOTARY, OWN])
    assert GREEN not in _page(client) and "只来自一个机构" in _page(client, "leaf/1/")
    cosign([SCHOOL])
    for path in ("", "leaf/1/"):
        assert GREEN in _page(client, path) and "WITNESSED" in _page(client, path)
    cosign([PRESS])
    assert "AUDITED" in _page(client)


def test_a_cosignature_that_does_not_hold_is_never_green(client, settings, tmp_path):
    """The control: the same lines of another checkpoint make the page say invalid."""
    from gongdao.log.models import LogCosignature

    ground = begin(tmp_path, settings, leaves=3)
    publish_policy(tmp_path, settings, policy_of(ground))
    size = cosign([NOTARY])
    append_some(1)
    ground.run()
    for row in list(LogCosignature.objects.filter(size=size)):
        LogCosignature.objects.create(size=size + 1, name=row.name, line=row.line)
        LogCosignature.objects.create(size=size + 1, name=SCHOOL.name, line=row.line)
    page = _page(client, "leaf/1/")
    assert GREEN not in page and "log-verdict fails" in page


def test_every_state_says_what_is_not_proven(client, settings, tmp_path):
    """Truth, completeness, who is behind it, and, without an anchor, when."""
    ground = begin(tmp_path, settings, leaves=3)
    for policy in (None, policy_of(ground)):
        if policy:
            publish_policy(tmp_path, settings, policy)
            cosign([NOTARY, SCHOOL, PRESS])
        words = _words(_page(client, "leaf/1/"))
        assert "没有证明的" in words and "记录所说是否属实" in words and "何时记录" in words
    assert "它证明不了什么" in _words(_page(client))


def test_what_was_logged_is_listed_newest_first_and_in_pages(client, settings, tmp_path):
    """Each leaf once, in the order of numbers, whichever way one walks through the pages."""
    begin(tmp_path, settings, leaves=129)
    seen: list[int] = []
    address = "changes/"
    while address:
        page = _page(client, address)
        found = [int(n) for n in re.findall(r'href="/log/leaf/(\d+)/"', page)]
        assert found == sorted(found, reverse=True) and len(found) <= 50
        seen += found
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = f"changes/{older[1]}" if older else ""
    assert seen == list(range(129, -1, -1))
    back = re.search(r'rel="prev" href="([^"]+)"', _page(client, "changes/?before=30"))
    assert back and '"/log/leaf/79/"' in _page(client, f"changes/{back[1]}")
    assert "再往前没有了" in _page(client, "changes/?before=0")
    for odd in ("-1", "x", "9" * 30, "1e3", ""):
        assert '"/log/leaf/129/"' in _page(client, f"changes/?before={odd}")


def test_one_kind_alone_can_be_listed(client, settings, tmp_path):
    """What the log says of itself, apart from case files; an unknown kind is all of them."""
    begin(tmp_path, settings, leaves=3)
    assert re.findall(r"/log/leaf/(\d+)/", _page(client, "changes/?kind=log")) == ["0"]
    assert "0" not in re.findall(r"/log/leaf/(\d+)/", _page(client, "changes/?kind=case"))
    assert len(re.findall(r"/log/leaf/(\d+)/", _page(client, "changes/?kind=nothing"))) == 4


def test_a_leaf_can_be_found_by_number_and_hash(client, settings, tmp_path):
    """As it was typed or pasted; what is not there leads back with a word."""
    ground = begin(tmp_path, settings, leaves=3)
    digest = hashes_of(ground.entries())[2].hex()
    for typed in ("2", " 2 ", digest, digest.upper(), f"{digest[:32]} {digest[32:]}"):
        answer = client.get("/log/find/", {"q": typed})
        assert answer.headers["Location"] == "/log/leaf/2/"
    for typed in ("4", "-1", "", "0" * 64, "zz", "9" * 40):
        answer = client.get("/log/find/", {"q": typed}, follow=True)
        assert "没有这一条" in answer.content.decode()


def test_a_leaf_is_shown_in_words_and_as_it_stands(client, settings, tmp_path):
    """Beijing time and UTC, digests, pseudonym, the exact bytes, and its own hash."""
    ground = begin(tmp_path, settings, leaves=1)
    entry = ground.entries()[1]
    page = _page(client, "leaf/1/")
    words = _words(page)
    assert "2026-11-22 18:00:00" in words and "UTC 2026-11-22 10:00:00" in words
    form = parse_leaf(entry)
    assert form.subject in words and all(str(one) in words for one in form.data.values())
    raw = re.search(r'<pre class="log-raw"[^>]*>(.*?)</pre>', page, re.S)
    assert raw and raw[1].replace("&quot;", '"').encode() == entry
    assert hashes_of([entry])[0].hex() in page
    assert 'download="1.tlog-proof"' in page
    origin = _page(client, "leaf/0/")
    assert ground.key.verifier.text() in origin.replace("&#x27;", "'")


def test_leaves_of_one_subject_lead_to_each_other(client, settings, tmp_path):
    """What came before and after in the same matter, whatever stands between."""
    ground = begin(tmp_path, settings)
    subject = new_subject("case")
    append_chain(subject, 1)
    append_some(2)
    append_chain(subject, 1)
    append_some(1)
    append_chain(subject, 1)
    ground.run()
    links = r"(?:上一条|下一条)</dt><dd>(?:<a href=\"/log/leaf/(\d+)/\">)?"
    for index, beside in ((1, ["", "4"]), (4, ["1", "6"]), (6, ["4", ""]), (2, ["", ""])):
        assert re.findall(links, _page(client, f"leaf/{index}/")) == beside


def test_the_code_leads_to_the_page(client, settings, tmp_path):
    """The QR code is a drawing without script or style, of the leaf's own address."""
    import segno

    begin(tmp_path, settings, leaves=1)
    answer = client.get("/log/leaf/1/qr.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    drawn = answer.content.decode()
    assert "<script" not in drawn and "style=" not in drawn
    address = f"{settings.GONGDAO.public_url}/log/leaf/1/"
    lines = re.findall(r' d="([^"]+)"', drawn)[-1]
    assert lines in segno.make(address, micro=False, error="m").svg_inline(border=4)
    assert client.get("/log/leaf/2/qr.svg").status_code == 404


def test_nothing_personal_and_nothing_private_is_on_the_pages(client, settings, tmp_path):
    """No cookie is set, search engines are kept from single leaves, and the pages may be kept for
    moments by anybody."""
    begin(tmp_path, settings, leaves=2)
    for path in PAGES:
        answer = client.get(f"/log/{path}")
        assert not answer.cookies
        assert answer.headers["Cache-Control"] == "public, max-age=10", path
    assert client.get("/log/leaf/1/").headers["X-Robots-Tag"] == "noindex"


def test_the_pages_are_light(client, settings, tmp_path):
    """Each far below 100 kB, and within the budget of queries also where the tree of the log is
    three tiles high."""
    ground = begin(tmp_path, settings, leaves=2000)
    for _ in range(32):
        append_some(2000)
        ground.run()
    publish_policy(tmp_path, settings, policy_of(ground))
    cosign([NOTARY, SCHOOL, PRESS, OWN])
    append_some(3)
    ground.run()
    for path in (*PAGES, "changes/?kind=case", "leaf/300/", "leaf/65536/", "leaf/66000/"):
        client.get(f"/log/{path}")
        with CaptureQueriesContext(connection) as seen:
            page = _page(client, path)
        asked = [one["sql"][:120] for one in seen.captured_queries]
        assert len(asked) <= MOST_QUERIES, (path, len(asked), asked)
        assert len(page.encode()) < 60_000


def test_a_budget_that_is_passed_would_be_seen(client, settings, tmp_path, monkeypatch):
    """The control: a query for each row of the list is found by the count."""
    from gongdao.front.web.pages import log as pages
    from gongdao.log.reader import find_entry

    begin(tmp_path, settings, leaves=30)
    before = pages._row
    monkeypatch.setattr(pages, "_row", lambda one: find_entry(one.idx) and before(one))
    with CaptureQueriesContext(connection) as seen:
        _page(client, "changes/")
    assert len(seen.captured_queries) > MOST_QUERIES


def test_the_pages_are_complete_in_english(client, settings, tmp_path):
    """Not a Chinese word in the main part, but for names of organisations."""
    ground = begin(tmp_path, settings, leaves=2)
    publish_policy(tmp_path, settings, policy_of(ground))
    cosign([NOTARY, OWN])
    for path in PAGES:
        words = _words(_page(client, path, data={"lang": "en"}))
        assert not re.findall(r"[\u4e00-\u9fff]+", words), path


def test_a_leaf_of_a_newer_kind_is_shown_plainly(client, settings, tmp_path):
    """A type that this version has no words for shows itself, its values escaped."""
    from django.db import transaction
    from tests.log.log_kit import AT, STORES

    from gongdao.log.append import append_leaves
    from gongdao.log.life_cycles import LifeCycle
    from gongdao.log.new_leaf import NewLeaf

    ground = begin(tmp_path, settings)
    begins = LifeCycle("order", frozenset({"order.created"}), {})
    settings.LOG_LIFE_CYCLES = {**settings.LOG_LIFE_CYCLES, "order": begins}
    data = {"note": "<b>x</b>", "done": True, "parts": [1, {"a": None}], "nothing": None}
    with transaction.atomic():
        leaf = NewLeaf("order.created", new_subject("order"), data)
        append_leaves(stores=STORES, leaves=[leaf], at=AT)
    ground.run()
    page = _page(client, "leaf/1/")
    assert "“order.created”类型的记录" in page and "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page and "1 · a: 没有" in page


def test_every_type_of_leaf_is_said_in_words():
    """No leaf that any room may append is shown by its bare type; an unknown type still is."""
    types = {
        one
        for cycle in LIFE_CYCLES.values()
        for one in (*cycle.first, *cycle.after, *(f for fs in cycle.after.values() for f in fs))
    }
    assert types - TITLES.keys() == set() and set(LIFE_CYCLES) == set(KINDS)
    assert "new.kind" in title_of("new.kind")
    (fact,) = facts_of("batch", {"root": "ab"})
    (other,) = facts_of("log", {"root": "ab"})
    assert fact["name"] != other["name"]
