"""The operator's desk: who gets in; merchants admitted, looked at, paused, and their members."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.front.web.market_pages import make_merchant, text_of
from tests.front.web.operator_kit import ALL, PAGES, find_deeds, sign_in
from tests.front.web.public_kit import mail_set_up, make_client
from tests.market.vetting_kit import IDENTITY, USCC

from gongdao.core.ids import new_id
from gongdao.core.language import use_language
from gongdao.core.models import User
from gongdao.core.subject import SubjectRef
from gongdao.evidence.kept.models import Access
from gongdao.front.clock import now
from gongdao.front.worker.messengers import choose
from gongdao.ledger.accounts import AccountKind
from gongdao.ledger.queries import find_merchant_money
from gongdao.market.accounts import clearing_account, platform_account
from gongdao.market.models import Merchant, MerchantMember
from gongdao.market.staff import remove_role
from gongdao.market.states import Role
from gongdao.market.terms import terms_number
from gongdao.market.vetting_models import StaffDeed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _plain(client):
    """Static files under their own names; Chinese again after a page in English."""
    yield
    use_language("zh")


@pytest.fixture
def staff(client):
    """Somebody with every role."""
    return sign_in("staff@example.org", *ALL)


class _Mailbox:
    """Keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        """Take it."""
        self.sent.append(message)


@pytest.fixture
def mailbox(monkeypatch):
    """An installation that sends mail, into a list."""
    box = _Mailbox()
    monkeypatch.setattr(choose, "MailMessenger", lambda server: box)
    with mail_set_up():
        yield box


def _upload(name="licence.png", data=b"a licence"):
    return SimpleUploadedFile(name, data)


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_finds_no_desk(client, address):
    """Who is not signed in is asked to; an account without a role finds nothing there."""
    answer = client.get(address)
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    assert sign_in("nobody@example.org").get(address).status_code == 404


@pytest.mark.parametrize("address", PAGES)
def test_a_second_factor_is_needed(client, address):
    """A role alone does not open it: the session has to have used the second factor."""
    browser = sign_in("staff@example.org", *ALL, factor=False)
    answer = browser.get(address)
    assert answer.status_code == 403 and "两步验证" in text_of(answer)


def test_a_session_of_somebody_else_is_no_second_factor(client):
    """The record of the factor counts for the account that used it."""
    browser = sign_in("staff@example.org", Role.OPERATOR)
    session = browser.session
    session["account_authentication_methods_user"] = str(new_id(now()))
    session.save()
    assert browser.get("/operator/").status_code == 403


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_opens_empty(client, address, language):
    """With nothing in the market each page says so, in both languages."""
    answer = sign_in("staff@example.org", *ALL, language=language).get(address)
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_role_that_was_taken_back_opens_nothing(staff):
    """From the next request on."""
    user = User.objects.get(email="staff@example.org")
    remove_role(user_id=user.pk, role=None)
    assert staff.get("/operator/").status_code == 404


def test_each_deed_needs_its_role(client):
    """A reviewer moves no money, finance vets nobody, and both are told which role is needed."""
    merchant = make_merchant()
    reviewer = sign_in("r@example.org", Role.REVIEWER)
    finance = sign_in("f@example.org", Role.FINANCE)
    answer = reviewer.post(f"/operator/merchants/{merchant.id}/deposit/", {})
    assert answer.status_code == 403 and "财务" in text_of(answer)
    assert reviewer.get("/operator/payouts/").status_code == 403
    pause = {"deed": "pause", "reason": "x"}
    assert finance.post(f"/operator/merchants/{merchant.id}/decide/", pause).status_code == 403
    assert finance.get("/operator/merchants/new/").status_code == 403
    assert not StaffDeed.objects.exists()


def _begin(browser, mailbox):
    answer = browser.post("/operator/merchants/new/", {"contact": "shop@example.org"})
    assert answer.status_code == 302, text_of(answer)
    code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", mailbox.sent[-1].body)
    assert code
    return answer["Location"], code[0]


def _fields(**more):
    return {
        "display_name": "晨光点卡",
        "legal_name": "晨光网络有限公司",
        "uscc": USCC,
        "licence": _upload(),
        "brand_1": "星海游戏",
        "proof_kind_1": "authorization",
        "proof_1": _upload("proof.pdf", b"an authorization"),
        "reason": "对照过原件",
        **more,
    }


def test_a_merchant_is_admitted_page_by_page(staff, mailbox):
    """Contact, code, papers, decision; then the page says what still keeps him from selling."""
    address, code = _begin(staff, mailbox)
    wrong = staff.post(address, {"code": "AAAAA-AAAAA"})
    assert wrong.status_code == 422 and "验证码不对" in text_of(wrong)
    assert staff.post(address, {"code": code}).status_code == 302
    missing = staff.post(address, _fields(uscc=USCC[:-1] + "A"))
    assert missing.status_code == 422 and "校验位不对" in text_of(missing)
    assert "晨光点卡" in text_of(missing)
    done = staff.post(address, _fields(), follow=True)
    merchant = Merchant.objects.get()
    assert merchant.legal_name == "晨光网络有限公司"
    page = text_of(done)
    assert "现在不能上架" in page and "保证金" in page and "shop@example.org" not in page
    assert [one.deed for one in StaffDeed.objects.order_by("id")] == [
        "contact.send",
        "merchant.admit",
    ]


def test_a_person_is_admitted_and_his_number_is_shown_on_request_only(staff, mailbox):
    """The page hides it; looking is a deed of its own."""
    address, code = _begin(staff, mailbox)
    staff.post(address, {"code": code})
    answer = staff.post(address, _fields(uscc="", identity=IDENTITY), follow=True)
    assert IDENTITY not in text_of(answer)
    merchant = Merchant.objects.get()
    shown = text_of(staff.post(f"/operator/merchants/{merchant.id}/details/"))
    assert IDENTITY in shown and "shop@example.org" in shown
    assert len(find_deeds("merchant.look")) == 1
    assert IDENTITY not in text_of(staff.get(f"/operator/merchants/{merchant.id}/"))


def test_without_mail_nobody_can_be_admitted(staff):
    """The page says what to set up."""
    answer = staff.post("/operator/merchants/new/", {"contact": "shop@example.org"})
    assert answer.status_code == 422 and "GONGDAO_MAIL_URL" in text_of(answer)
    assert not StaffDeed.objects.exists() or not Merchant.objects.exists()


def test_papers_are_kept_and_every_look_is_recorded(staff, mailbox):
    """The download holds the bytes; two records name who looked."""
    address, code = _begin(staff, mailbox)
    staff.post(address, {"code": code})
    staff.post(address, _fields())
    merchant = Merchant.objects.get()
    more = {"kind": "purchase", "brand": "云影会员", "file": _upload("buy.pdf", b"a bill")}
    assert staff.post(f"/operator/merchants/{merchant.id}/papers/", more).status_code == 302
    row = merchant.papers.get(kind="licence")
    answer = staff.post(f"/operator/papers/{row.id}/")
    assert b"".join(answer.streaming_content) == b"a licence"
    assert "attachment" in answer["Content-Disposition"]
    assert Access.objects.filter(who="staff", purpose="view").count() == 1
    assert find_deeds("paper.look")[0].about_id == str(row.id)
    lacks = {"kind": "purchase", "brand": "", "file": _upload()}
    refused = staff.post(f"/operator/merchants/{merchant.id}/papers/", lacks)
    assert refused.status_code == 422 and "哪个品牌" in text_of(refused)


def test_a_member_is_invited_by_mail_and_can_be_removed(staff, mailbox):
    """He gets an account that no password opens, and may accept the terms for his merchant."""
    merchant = make_merchant()
    answer = staff.post(
        f"/operator/merchants/{merchant.id}/members/", {"mail": "new@example.org"}, follow=True
    )
    assert "已邀请" in text_of(answer)
    user = User.objects.get(email="new@example.org")
    assert not user.has_usable_password() and mailbox.sent[-1].address["to"] == user.email
    member = sign_in("new@example.org", factor=False)
    assert f"已接受第 {terms_number(now())} 版" in text_of(member.get("/market/terms/"))
    staff.post(f"/operator/merchants/{merchant.id}/members/{user.pk}/dismiss/")
    assert not MerchantMember.objects.exists()
    assert [one.deed for one in StaffDeed.objects.order_by("id")] == [
        "merchant.invite",
        "merchant.dismiss",
    ]


def test_an_account_made_by_somebody_else_gains_nothing_by_an_invitation(staff, mailbox):
    """Where its address was never proven its password opens nothing afterwards."""
    merchant, at = make_merchant(), now()
    User.objects.create_user("new@example.org", "a-planted-password", id=new_id(at), joined_at=at)
    staff.post(f"/operator/merchants/{merchant.id}/members/", {"mail": "new@example.org"})
    assert not User.objects.get(email="new@example.org").check_password("a-planted-password")


def test_an_invitation_that_does_not_leave_changes_nothing(staff):
    """Without mail no account and no member is made."""
    merchant = make_merchant()
    answer = staff.post(
        f"/operator/merchants/{merchant.id}/members/", {"mail": "new@example.org"}, follow=True
    )
    assert "GONGDAO_MAIL_URL" in text_of(answer)
    assert not User.objects.filter(email="new@example.org").exists()
    assert not StaffDeed.objects.exists()


def test_a_merchant_is_paused_and_resumed_with_a_reason(staff, mailbox):
    """Without a reason nothing happens; each decision names who made it."""
    address, code = _begin(staff, mailbox)
    staff.post(address, {"code": code})
    staff.post(address, _fields())
    merchant = Merchant.objects.get()
    where = f"/operator/merchants/{merchant.id}/decide/"
    assert "写明理由" in text_of(staff.post(where, {"deed": "pause"}, follow=True))
    staff.post(where, {"deed": "pause", "reason": "货源存疑"})
    merchant.refresh_from_db()
    assert merchant.state == "paused" and merchant.reviewer.email == "staff@example.org"
    assert "已暂停" in text_of(staff.get("/operator/merchants/?state=paused"))
    staff.post(where, {"deed": "resume", "reason": "查清了"})
    staff.post(where, {"deed": "review", "reason": "资料都在"})
    merchant.refresh_from_db()
    assert merchant.state == "active" and merchant.reason == "资料都在"
    assert staff.post(where, {"deed": "close", "reason": "x"}).status_code == 404


def test_a_deposit_is_registered_once(staff):
    """The same number twice books once and says so; only what a form offered is a source."""
    merchant = make_merchant()
    before = find_merchant_money(merchant=SubjectRef("merchant", merchant.id)).deposit
    source = str(clearing_account("sandbox", "sandbox"))
    where = f"/operator/merchants/{merchant.id}/deposit/"
    given = {"amount": "100.00", "source": source, "reference": "B-1"}
    assert "已登记" in text_of(staff.post(where, given, follow=True))
    assert "没有再做" in text_of(staff.post(where, given, follow=True))
    after = find_merchant_money(merchant=SubjectRef("merchant", merchant.id)).deposit
    assert after.minor - before.minor == 10_000 and len(find_deeds("deposit.pay")) == 1
    other = {**given, "source": str(platform_account(AccountKind.PLATFORM_FEE))}
    assert staff.post(where, other).status_code == 422


def test_merchants_are_found_by_name_and_code(staff):
    """A name that is nobody's says what to do."""
    make_merchant("甲店")
    make_merchant("乙店")
    page = text_of(staff.get("/operator/merchants/?q=甲"))
    assert "甲店" in page and "乙店" not in page
    assert "没有这样的商家" in text_of(staff.get("/operator/merchants/?q=丙"))


def test_an_invited_member_signs_in_by_a_code(staff, mailbox):
    """The code that goes to his address opens the account and proves the address."""
    merchant = make_merchant()
    staff.post(f"/operator/merchants/{merchant.id}/members/", {"mail": "new@example.org"})
    member = make_client()
    member.post("/accounts/login/code/", {"email": "new@example.org"})
    body = str(mail.outbox[-1].body)
    code = re.search(r"^([A-Z]{4}-[A-Z]{4})$", body, re.M)
    assert code, body
    member.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert member.session["_auth_user_id"]
    assert EmailAddress.objects.get(email="new@example.org").verified
    assert f"已接受第 {terms_number(now())} 版" in text_of(member.get("/market/terms/"))
