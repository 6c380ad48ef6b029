"""Disputes on the pages: from the button on the order to the end, from all three sides."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.disputes.disputes_kit import pay_refunds
from tests.front.web.market_pages import buy, make_merchant, make_shop, pay, text_of
from tests.front.web.operator_kit import sign_in as staff_sign_in
from tests.front.web.test_desk import sign_in
from tests.market.market_kit import order
from tests.market.market_kit import pay as kit_pay
from tests.market.supply_kit import BY_HAND

from gongdao.core.language import use_language
from gongdao.core.subject import SubjectRef
from gongdao.disputes.execute_remedies import execute_remedies
from gongdao.disputes.hold_ground import place_ground
from gongdao.disputes.models import Case, ExhibitReading, Remedy, RootCause, Verdict
from gongdao.disputes.verdict_file import differs
from gongdao.disputes.verdict_json import read_verdict
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.market.give_back import refund_bounced
from gongdao.market.models import Order
from gongdao.market.own_orders import as_found
from gongdao.market.reveal_order import reveal_order
from gongdao.market.states import Role
from gongdao.payments.ask_refund import RefundFate
from gongdao.payments.fail_refund import fail_refund
from gongdao.payments.models import Refund
from gongdao.vault.queries import get_units

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "兑换页说卡密无效，两次都一样，截图在附件里。"


@pytest.fixture(autouse=True)
def _plain(client):
    """Chinese again after a page in English."""
    yield
    use_language("zh")


@pytest.fixture
def shop(stores):
    """A listing with ten secrets."""
    return make_shop()


@pytest.fixture
def seller(shop):
    """A browser signed in as a member of the shop's merchant."""
    return sign_in(shop.merchant)


@pytest.fixture
def arbiter(client):
    """A browser of somebody who decides disputes."""
    return staff_sign_in("arbiter@example.org", Role.ARBITER)


def revealed(client, shop):
    """An order of the browser's, paid, and looked at."""
    order = pay(buy(client, shop.listing))
    reveal_order(stores=get_stores(), order=as_found(order), who="b", at=now())
    order.refresh_from_db()
    return order


def overdue(client):
    """A paid order, held by the browser, that nobody delivered by its promise."""
    placed = order(make_shop(stock=0, offer=BY_HAND))
    kit_pay(placed)
    client.post("/orders/", {"number": placed.number, "code": placed.code})
    return Order.objects.get(number=placed.number)


def complain(client, order, reason="invalid", **more):
    """The form for one reason, filled in and sent; the case."""
    given = {"wanted": "refund", "words": WORDS, **more}
    answer = client.post(f"/orders/{order.number}/problem/{reason}/", given)
    assert answer.status_code == 302, text_of(answer)
    return Case.objects.get(order=order, state="open") if "disputes" in answer["Location"] else None


def at(case, client, **more):
    """The buyer's page of a case; with fields, the form that is sent."""
    url = f"/orders/{case.order.number}/disputes/{case.id}/"
    return client.post(url, more) if more else client.get(url)


def test_one_button_leads_to_the_reasons(client, shop):
    """The order's page has the button; the reasons fit the order's state."""
    order = pay(buy(client, shop.listing))
    assert f"/orders/{order.number}/problem/" in text_of(client.get(f"/orders/{order.number}/"))
    said = text_of(client.get(f"/orders/{order.number}/problem/"))
    assert "卡密无效" in said and "划线价" in said
    unpaid = buy(client, shop.listing)
    said = text_of(client.get(f"/orders/{unpaid.number}/problem/"))
    assert "现在没有可以退的钱" in said


def test_a_clear_case_is_decided_at_once(client, stores):
    """Not delivered by the promise: the form says so beforehand, the verdict and the refund are
    there a moment later, and the file recomputes to itself."""
    order = overdue(client)
    form = text_of(client.get(f"/orders/{order.number}/problem/not_delivered/"))
    assert "按现在的记录可以马上决定" in form and "平台记录" in form
    answer = client.post(
        f"/orders/{order.number}/problem/not_delivered/", {"wanted": "refund", "words": ""}
    )
    page = text_of(client.get(answer["Location"]))
    assert "平台调处结果" in page and "全额退款" in page and "仲裁" not in page
    verdict = Verdict.objects.get()
    assert verdict.automatic and verdict.amount_minor == order.total_minor
    assert Remedy.objects.get().state in ("asked", "done")
    file = client.get(f"{answer['Location']}verdicts/1/")
    assert file.headers["Content-Type"].startswith("application/json")
    assert not differs(read_verdict(file.content))


def test_a_refund_that_bounced_is_not_called_done(client, stores):
    """The step was carried out; from when its refund came back to the service the case page says
    that the money did not arrive."""
    order = overdue(client)
    answer = client.post(
        f"/orders/{order.number}/problem/not_delivered/", {"wanted": "refund", "words": ""}
    )
    soon = now() + timedelta(hours=1)
    pay_refunds(soon)
    execute_remedies(stores=stores, at=soon)
    step = Remedy.objects.get()
    assert step.state == "done" and "做完了" in text_of(client.get(answer["Location"]))
    refund = Refund.objects.get(refund_no=step.refund_no)
    assert fail_refund(
        refund_id=refund.id,
        asked_no=refund.asked_no,
        fate=RefundFate.FAILED,
        failed=lambda one: refund_bounced(stores=stores, refund=one, at=soon),
        at=soon,
    )
    page = text_of(client.get(answer["Location"]))
    assert "钱没有退到，又回到了支付渠道" in page and "做完了" not in page


def test_an_offer_is_made_and_accepted(client, shop, seller):
    """The merchant finds the case in his inbox and offers half; the buyer takes it."""
    order = revealed(client, shop)
    case = complain(client, order)
    inbox = text_of(seller.get("/desk/disputes/"))
    assert "卡密无效" in inbox and "等您" in inbox
    desk = f"/desk/disputes/{case.id}/"
    assert WORDS in text_of(seller.get(desk))
    wrong = seller.post(desk, {"deed": "offer", "remedy": "refund_part", "amount": "9999"})
    assert wrong.status_code == 422 and "金额要大于零" in text_of(wrong)
    half = f"{order.total_minor / 200:.2f}"
    seller.post(desk, {"deed": "offer", "remedy": "refund_part", "amount": half, "words": "半价"})
    page = text_of(at(case, client))
    assert "部分退款" in page and "半价" in page and 'value="accept_offer"' in page
    offer = case.offers.get()
    at(case, client, deed="accept_offer", offer=str(offer.id))
    case.refresh_from_db()
    assert case.offers.get().answer.answer == "accepted"
    assert Remedy.objects.get(case=case).amount_minor == offer.offered_minor
    assert "双方和解" in text_of(at(case, client)) or case.step == "executing"


def test_one_tap_grants_the_claim(client, shop, seller):
    """The merchant agrees with one tap, and it is carried out; the same tap again does nothing."""
    case = complain(client, revealed(client, shop))
    desk = f"/desk/disputes/{case.id}/"
    for _turn in range(2):
        assert seller.post(desk, {"deed": "accept_claim"}).status_code == 302
    assert Remedy.objects.filter(case=case).count() == 1


def test_some_of_several_pieces_are_not_replaced(client, shop, seller):
    """The form asks which pieces are bad, all ticked; it refuses none, an amount beside a
    replacement, and more than they cost; both sides read which are meant, and these alone are
    replaced with one tap."""
    order = pay(buy(client, shop.listing, quantity=2))
    url = f"/orders/{order.number}/problem/invalid/"
    assert client.get(url).content.decode().count('name="places"') == 2
    sent = {"wanted": "replacement", "words": WORDS}
    assert "请至少选一件" in text_of(client.post(url, sent))
    answer = client.post(url, {**sent, "places": ["2"], "amount": "98.00"})
    assert answer.status_code == 422 and "就不用填金额" in text_of(answer)
    more = {**sent, "wanted": "refund", "places": ["2"], "amount": "98.01"}
    assert "选中的几件一共" in text_of(client.post(url, more))
    before = get_units(SubjectRef("order", order.id))
    case = complain(client, order, wanted="replacement", places=["2"])
    assert (case.places, case.amount_minor) == ([2], order.total_minor // 2)
    assert "第 2 件" in text_of(at(case, client))
    desk = f"/desk/disputes/{case.id}/"
    assert "第 2 件" in text_of(seller.get(desk))
    assert seller.post(desk, {"deed": "accept_claim"}).status_code == 302
    after = get_units(SubjectRef("order", order.id))
    assert before[0] == after[0] and before[1] != after[1]


def test_a_person_decides_what_is_contested(client, shop, seller, arbiter):
    """The merchant contests; the arbiter sees facts, rules and words side by side, and decides with
    reasons and basis; without reasons he cannot."""
    case = complain(client, revealed(client, shop), files=SimpleUploadedFile("a.txt", b"proof"))
    seller.post(f"/desk/disputes/{case.id}/", {"deed": "contest", "words": "我们测过，卡是好的。"})
    queue = text_of(arbiter.get("/operator/disputes/"))
    assert "卡密无效" in queue
    desk = f"/operator/disputes/{case.id}/"
    arbiter.post(f"{desk}step/", {"deed": "take"})
    page = arbiter.get(desk)
    said = text_of(page)
    assert WORDS in said and "我们测过" in said and "平台记录" in said and "还缺事实" in said
    basis = page.context["form"].fields["rules"].choices[0][0]
    ruling = {"remedy": "refund_full", "share_merchant": "100", "rules": [basis], "reasons": "短"}
    assert arbiter.post(desk, ruling).status_code == 422
    ruling["reasons"] = "买家的截图看得到时间和报错，商家没有拿出发行方的记录，举证不能由商家承担。"
    answer = arbiter.post(desk, ruling)
    assert answer.status_code == 302, text_of(answer)
    verdict = Verdict.objects.get(case=case)
    assert not verdict.automatic and verdict.amount_minor == case.amount_minor
    assert "平台裁决" in text_of(at(case, client))
    exhibit = case.posts.order_by("at").first().exhibits.get()
    sent = arbiter.get(f"{desk}files/{exhibit.id}/")
    assert sent.content == b"proof" and "attachment" in sent.headers["Content-Disposition"]
    assert ExhibitReading.objects.filter(exhibit=exhibit, by="platform").count() == 1
    assert "要证明的事" in text_of(arbiter.get(f"{desk}closure/"))


def test_the_desk_stops_a_clock_and_lists_it(client, shop, seller, arbiter):
    """The owner's form asks for reason, words and hours, and says what is wrong; the queue of
    stopped clocks names who, why, in which words and until when; both sides read it on the case."""
    case = complain(client, revealed(client, shop))
    seller.post(f"/desk/disputes/{case.id}/", {"deed": "contest", "words": "我们测过，卡是好的。"})
    desk = f"/operator/disputes/{case.id}/"
    arbiter.post(f"{desk}step/", {"deed": "take"})
    page = arbiter.get(desk).content.decode()
    assert 'value="issuer_asked"' in page and 'value="outage"' not in page
    assert 'value="legal_hold"' not in page and "先在登记册里登记" in page
    more = {
        "deed": "stop",
        "reason": "issuer_asked",
        "hours": "48",
        "words": "去函问了发行方，等回信。",
    }
    hold = arbiter.post(f"{desk}step/", {**more, "reason": "legal_hold"}, follow=True)
    assert "请选择登记册里的要求" in text_of(hold)
    refused = arbiter.post(f"{desk}step/", {**more, "hours": "x"}, follow=True)
    assert "停多久要在" in text_of(refused)
    assert "没有争议" in text_of(arbiter.get("/operator/disputes/?show=stopped"))
    arbiter.post(f"{desk}step/", more)
    listed = text_of(arbiter.get("/operator/disputes/?show=stopped"))
    assert "计时停着，最晚到" in listed and "arbiter@example.org" in listed
    assert "在等发行方答复" in listed and "去函问了发行方，等回信。" in listed
    assert "去函问了" not in text_of(arbiter.get("/operator/disputes/?show=all"))
    for sight in (at(case, client), seller.get(f"/desk/disputes/{case.id}/")):
        said = text_of(sight)
        assert "去函问了发行方，等回信。" in said and "最晚到" in said and "自动继续" in said
    arbiter.post(f"{desk}step/", {"deed": "resume"})
    case.refresh_from_db()
    assert case.clock_stopped_at is None


def test_who_comes_too_late_is_told(client, shop):
    """Money that was released before the complaint is said to be gone; a tap on "it works" while
    the case is open says that nothing was paid; a second form says that a case is open."""
    order = revealed(client, shop)
    case = complain(client, order)
    tap = client.post(f"/orders/{order.number}/confirm/", follow=True)
    assert "没有放款" in text_of(tap)
    second = client.post(
        f"/orders/{order.number}/problem/late/", {"wanted": "refund", "words": WORDS}, follow=True
    )
    assert "已经有一个争议在处理" in text_of(second) and Case.objects.count() == 1
    assert "货款已经付给商家" not in text_of(at(case, client))
    paid = revealed(client, shop)
    assert "钱付给商家" in text_of(client.post(f"/orders/{paid.number}/confirm/", follow=True))
    late = complain(client, paid)
    said = text_of(at(late, client))
    assert "货款已经付给商家" in said and "保证金" in said


def test_a_stranger_sees_nothing(client, shop, seller):
    """Without the order's code a case does not exist; nor for another merchant, or for staff
    without the role."""
    order = revealed(client, shop)
    case = complain(client, order)
    stranger = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")
    assert WORDS not in text_of(at(case, stranger))
    other = sign_in(make_merchant(name="别家"), mail="other@example.invalid")
    assert other.get(f"/desk/disputes/{case.id}/").status_code == 404
    assert seller.get(f"/desk/disputes/{uuid4()}/").status_code == 404
    staff = staff_sign_in("finance@example.org", Role.FINANCE)
    assert staff.get(f"/operator/disputes/{case.id}/").status_code == 403
    mine = pay(buy(client, shop.listing))
    assert client.get(f"/orders/{mine.number}/disputes/{case.id}/").status_code == 404


def test_what_is_withdrawn_ends(client, shop):
    """The buyer takes it back; he may complain again."""
    order = revealed(client, shop)
    case = complain(client, order)
    at(case, client, deed="withdraw")
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "withdrawn")
    assert complain(client, order).id != case.id


def test_a_question_is_made_a_complaint(client, shop, seller):
    """Who asked first need not wait for the clock: one tap makes it a complaint that the merchant
    has to answer; the merchant is not offered that, and afterwards nobody is."""
    case = complain(client, revealed(client, shop), talk="on")
    desk, tap = f"/desk/disputes/{case.id}/", 'value="complain"'
    assert (case.step, tap in at(case, client).content.decode()) == ("talk_merchant", True)
    assert tap not in seller.get(desk).content.decode()
    seller.post(desk, {"deed": "complain"})
    case.refresh_from_db()
    assert case.step == "talk_merchant"
    for _turn in range(2):
        assert at(case, client, deed="complain").status_code == 302
    case.refresh_from_db()
    assert (case.step, case.forum) == ("merchant_answer", "complaint")
    page = at(case, client).content.decode()
    assert tap not in page and "把问题改为投诉" in page


def test_an_automatic_decision_is_appealed_on_request(client, stores, arbiter):
    """Whoever asks gets a person to look at what the rules decided; without words he does not."""
    order = overdue(client)
    url = f"/orders/{order.number}/problem/not_delivered/"
    answer = client.post(url, {"wanted": "refund", "words": ""})
    soon = now() + timedelta(hours=1)
    pay_refunds(soon)
    execute_remedies(stores=get_stores(), at=soon)
    case = Case.objects.get(order=order)
    assert (case.state, case.outcome) == ("closed", "upheld")
    assert "要求由人来看" in text_of(client.get(answer["Location"]))
    empty = at(case, client, deed="appeal", ground="request", words="")
    assert empty.status_code == 422
    at(case, client, deed="appeal", ground="request", words="另外还有损失，请人来看。")
    case.refresh_from_db()
    assert (case.state, case.forum) == ("open", "appeal")
    assert "申诉" in text_of(arbiter.get("/operator/disputes/"))


def test_a_cause_is_recorded_answered_and_shown(client, shop, seller, arbiter):
    """An upheld case gets its cause; what was done about it stands beside it."""
    case = complain(client, revealed(client, shop))
    seller.post(f"/desk/disputes/{case.id}/", {"deed": "accept_claim"})
    soon = now() + timedelta(hours=1)
    pay_refunds(soon)
    execute_remedies(stores=get_stores(), at=soon)
    case.refresh_from_db()
    assert case.state == "closed"
    step = f"/operator/disputes/{case.id}/step/"
    arbiter.post(step, {"deed": "cause", "cause": "vetting", "words": "进货没有查来源"})
    assert RootCause.objects.get().cause == "vetting"
    cause = RootCause.objects.get()
    arbiter.post("/operator/disputes/causes/", {"cause": cause.pk, "what": "要求每批附进货凭证"})
    page = text_of(arbiter.get("/operator/disputes/causes/"))
    assert "审核没把住" in page and "要求每批附进货凭证" in page


def test_a_hold_is_read_appealed_and_lifted(shop, seller, arbiter):
    """The merchant reads the ground and its end, says why it is wrong, and a person lifts it."""
    ground = place_ground(
        subject=SubjectRef("merchant", shop.merchant.id),
        ground="merchant_silence",
        rule="abuse/merchant_silence@1",
        until=now() + timedelta(days=7),
        facts={"merchant_silences_30d": 5},
        at=now(),
    )
    said = text_of(seller.get("/desk/disputes/"))
    assert "提现暂停 7 天" in said and "自动结束" in said
    url = f"/desk/disputes/grounds/{ground.id}/"
    assert seller.post(url, {"words": "那几天系统收不到邮件。"}).status_code == 302
    other = sign_in(make_merchant(name="别家"), mail="other@example.invalid")
    assert other.post(url, {"words": "x"}).status_code == 404
    assert "系统收不到邮件" in text_of(arbiter.get("/operator/disputes/grounds/"))
    arbiter.post(f"/operator/disputes/grounds/{ground.id}/", {"why": "核实了，通知没有送到。"})
    ground.refresh_from_db()
    assert ground.lifted_at and "提现暂停" not in text_of(seller.get("/desk/disputes/"))


@pytest.mark.parametrize("language", ["en"])
def test_in_english(client, shop, language):
    """The buyer's pages speak English to whom wants it."""
    order = revealed(client, shop)
    case = complain(client, order)
    client.cookies["gongdao_language"] = language
    said = text_of(client.get(f"/orders/{order.number}/disputes/{case.id}/?lang=en"))
    assert "Dispute" in said and "争议" not in said.split("<main")[1].split("</main>")[0]
