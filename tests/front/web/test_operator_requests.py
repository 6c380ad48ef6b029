"""The register of requests by authorities on the desk, and what everybody else reads of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.disputes.authority_kit import PAPER, WHO
from tests.front.web.market_pages import make_shop, text_of
from tests.front.web.operator_kit import find_deeds
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import sign_in
from tests.front.web.test_disputes import at, complain, revealed

from gongdao.core.clock import beijing
from gongdao.core.keys import destroy_key
from gongdao.core.language import use_language
from gongdao.core.models import User
from gongdao.disputes.authority_register import subject_of
from gongdao.disputes.models import AuthorityRequest
from gongdao.front.clock import now
from gongdao.front.web import operator_view
from gongdao.market.models import MerchantMember
from gongdao.market.states import Role

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/operator/disputes/requests/"


@pytest.fixture(autouse=True)
def _plain(stores):
    """Chinese again after a page in English."""
    yield
    use_language("zh")


def form_for(order, **changed):
    """What is filled in."""
    until = (beijing(now()) + timedelta(days=1)).date().isoformat()
    given = {
        "authority": WHO,
        "paper_no": "公调〔2026〕17 号",
        "dated_on": until,
        "basis": "办理一起诈骗案件",
        "asked": "暂不处理这个订单的争议",
        "asks": "hold",
        "until": until,
        "orders": order.number,
        "tell": "asked",
        "paper": SimpleUploadedFile("文书.pdf", PAPER),
    }
    return given | changed


def test_a_request_goes_from_one_desk_to_another_and_ends(client):
    """Entered by an operator, read and confirmed by an arbiter: buyer and merchant read that an
    authority asked, until when and how to object, not who; ended, the clock runs on."""
    shop = make_shop()
    case = complain(client, revealed(client, shop))
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    anna = staff_sign_in("anna@example.org", Role.ARBITER)
    assert "没有登记" in text_of(olga.get(LIST))
    page = olga.post(f"{LIST}new/", form_for(case.order), follow=True)
    row = AuthorityRequest.objects.get()
    url = f"{LIST}{row.id}/"
    assert WHO in text_of(page) and "要由另一个人核对" in text_of(page)
    assert "先打开看过文书" in text_of(anna.get(url))
    early = anna.post(f"{url}step/", {"deed": "confirm", "reason": "属实"}, follow=True)
    assert "先打开看过文书" in text_of(early)
    sent = anna.post(f"{url}paper/", {"reason": "核对"})
    assert b"".join(sent.streaming_content) == PAPER
    assert "机关" not in text_of(at(case, client)).split("经过")[0]
    done = anna.post(f"{url}step/", {"deed": "confirm", "reason": "文书属实"}, follow=True)
    assert "停下计时的案件：1 件" in text_of(done)
    for sight in (at(case, client), sign_in(shop.merchant).get(f"/desk/disputes/{case.id}/")):
        said = text_of(sight)
        assert row.number in said and WHO not in said
        assert "有关机关要求这个订单的争议不动" in said and "没有允许我们说出它的名称" in said
        assert "有异议" in said and "公调" not in said
    assert row.number in text_of(anna.get(f"{LIST}?show=standing"))
    first = anna.post(f"{url}step/", {"deed": "end", "reason": "来函解除"}, follow=True)
    assert "要另一个人也这样确认" in text_of(first)
    last = olga.post(f"{url}step/", {"deed": "end", "reason": "来函解除"}, follow=True)
    assert "继续计时的案件：1 件" in text_of(last)
    case.refresh_from_db()
    assert case.clock_stopped_at is None and "已于" in text_of(at(case, client))
    assert row.number in text_of(anna.get(f"{LIST}?show=over"))
    assert [one.reason for one in find_deeds("request.end")] == ["来函解除"]


def test_parties_of_a_hold_that_may_not_be_told_read_no_reason(client):
    """Buyer and merchant read that the clock stands still and until when, on the case and in their
    lists, and nothing of an authority, a number or a rule; the desk reads why."""
    shop = make_shop()
    case = complain(client, revealed(client, shop))
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    anna = staff_sign_in("anna@example.org", Role.ARBITER)
    olga.post(f"{LIST}new/", form_for(case.order, tell="nothing"))
    row = AuthorityRequest.objects.get()
    b"".join(anna.post(f"{LIST}{row.id}/paper/", {"reason": "核对"}).streaming_content)
    anna.post(f"{LIST}{row.id}/step/", {"deed": "confirm", "reason": "属实"})
    seller = sign_in(shop.merchant)
    sights = [at(case, client), seller.get(f"/desk/disputes/{case.id}/")]
    for sight in [*sights, seller.get("/desk/disputes/")]:
        said = text_of(sight)
        assert "最晚到" in said and "按公布的规则" in said
        assert "机关" not in said and row.number not in said
    assert "有关机关要求不动" in text_of(anna.get(f"/operator/disputes/{case.id}/"))


def test_the_register_shows_its_words_to_who_opened_the_paper_and_is_no_party(client):
    """Before the recorded look nobody but who entered them reads them; who acts for the merchant
    reads neither words nor orders, on the list and on the page, and the paper not at all."""
    shop = make_shop()
    order = revealed(client, shop)
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    anna = staff_sign_in("anna@example.org", Role.ARBITER)
    olga.post(f"{LIST}new/", form_for(order))
    row = AuthorityRequest.objects.get()
    url = f"{LIST}{row.id}/"
    for page in (LIST, url):
        assert WHO in text_of(olga.get(page)) and WHO not in text_of(anna.get(page))
    assert order.number in text_of(anna.get(url)) and not find_deeds("request.look")
    b"".join(anna.post(f"{url}paper/", {"reason": "核对"}).streaming_content)
    assert WHO in text_of(anna.get(url)) and len(find_deeds("request.look")) == 1
    user = User.objects.get(email="anna@example.org")
    MerchantMember.objects.create(merchant=shop.merchant, user=user, added_at=now())
    for page in (LIST, url):
        said = text_of(anna.get(page))
        assert WHO not in said and order.number not in said
    assert "看不到它写了什么" in text_of(anna.get(url))


def test_the_form_says_what_is_wrong_and_keeps_what_was_written(client):
    """An unknown order is named at its field, with the words still there; for an information no end
    is asked."""
    shop = make_shop()
    order = revealed(client, shop)
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    wrong = olga.post(f"{LIST}new/", form_for(order, orders="AAAA1111BBBB"))
    assert wrong.status_code == 422
    assert "没有这个订单：AAAA1111BBBB" in text_of(wrong) and "办理一起诈骗案件" in text_of(wrong)
    assert olga.post(f"{LIST}new/", form_for(order, until="")).status_code == 422
    more = {"asks": "information", "until": "", "orders": ""}
    assert olga.post(f"{LIST}new/", form_for(order, **more)).status_code == 302
    assert AuthorityRequest.objects.get().until is None


def test_only_operators_and_arbiters_with_a_factor_see_it(client):
    """To a stranger it does not exist; finance is told which role is needed; without a second
    factor nobody enters anything, and there is no other list or deed."""
    shop = make_shop()
    order = revealed(client, shop)
    assert sign_in(shop.merchant).get(LIST).status_code == 404
    assert staff_sign_in("f@example.org", Role.FINANCE).get(LIST).status_code == 403
    bare = staff_sign_in("b@example.org", Role.OPERATOR, factor=False)
    assert bare.post(f"{LIST}new/", form_for(order)).status_code == 403
    assert not AuthorityRequest.objects.exists()
    anna = staff_sign_in("anna@example.org", Role.ARBITER)
    anna.post(f"{LIST}new/", form_for(order))
    url = f"{LIST}{AuthorityRequest.objects.get().id}/"
    assert anna.get(f"{LIST}?show=x").status_code == 404
    assert anna.post(f"{url}step/", {"deed": "x"}).status_code == 404
    assert anna.get(f"{LIST}{order.id}/").status_code == 404


def test_lists_are_filtered_and_paged_in_both_languages(client, monkeypatch):
    """What waits and what was refused, a second page where there are many, also for who reads
    English."""
    monkeypatch.setattr(operator_view, "PER_PAGE", 1)
    order = revealed(client, make_shop())
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    anna = staff_sign_in("anna@example.org", Role.ARBITER, language="en")
    for n in range(2):
        olga.post(f"{LIST}new/", form_for(order, paper_no=f"公调 {n}"))
    rows = {one.id: one.number for one in AuthorityRequest.objects.order_by("-entered_at", "-id")}
    newest, oldest = rows.values()
    first, second = (text_of(olga.get(f"{LIST}?page={n}")) for n in (1, 2))
    assert newest in first and oldest not in first and oldest in second
    url = f"{LIST}{next(iter(rows))}/"
    b"".join(anna.post(f"{url}paper/", {"reason": "x"}).streaming_content)
    anna.post(f"{url}step/", {"deed": "refuse", "reason": "x"})
    assert newest in text_of(anna.get(f"{LIST}?show=refused"))
    assert newest not in text_of(olga.get(LIST))


def test_what_was_destroyed_is_said(client):
    """With its key gone the page says so, and who did what stays."""
    order = revealed(client, make_shop())
    olga = staff_sign_in("olga@example.org", Role.OPERATOR)
    olga.post(f"{LIST}new/", form_for(order))
    row = AuthorityRequest.objects.get()
    destroy_key(subject=subject_of(row.id), at=now())
    page = text_of(olga.get(f"{LIST}{row.id}/"))
    assert "已按保存期限销毁" in page and WHO not in page and "olga@example.org" in page
    assert "已按保存期限销毁" in text_of(olga.get(LIST))
    answer = olga.post(f"{LIST}{row.id}/paper/", {"reason": "x"}, follow=True)
    assert "已经删除" in text_of(answer)


def test_everybody_reads_the_counts(client):
    """The public page says what can be asked and for how long, and has its empty state."""
    said = text_of(
        Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN").get("/market/requests/")
    )
    assert "30 天" in said and "366 天" in said and "还没有要求" in said
    assert "/market/requests/" in client.get("/market/").content.decode()
