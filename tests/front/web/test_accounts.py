"""Accounts: sign up and in by password, code and second factor; cases gathered and let go."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from tests.front.web.public_kit import (
    PASSWORD,
    hold,
    mail_set_up,
    make_case,
    make_client,
    make_user,
    use_plain_static,
)

from gongdao.casework.online.models import Case
from gongdao.core.language import use_language
from gongdao.core.models import User
from gongdao.front.web.account_adapter import SecondFactors

pytestmark = pytest.mark.django_db
MAIL = "a@example.org"
ASKING = ["/accounts/login/code/", "/accounts/password/reset/", "/accounts/signup/"]


@pytest.fixture(autouse=True)
def _plain(settings):
    use_plain_static(settings)
    yield
    use_language("zh")  # a page in English leaves its language to the thread


@pytest.fixture
def sends_mail():
    """An installation that can send mail, for one test."""
    with mail_set_up():
        yield


def _bare(page: str, *names: str) -> str:
    for name in names:
        page = page.replace(name, "-")
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def _totp(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_signing_up_without_mail_makes_a_user():
    """Address and password are enough, and the new account has id and day of joining."""
    client = make_client()
    answer = client.post("/accounts/signup/", {"email": MAIL, "password1": PASSWORD})
    assert answer.status_code == 302 and answer["Location"] == "/me/"
    user = User.objects.get(email=MAIL)
    assert user.check_password(PASSWORD) and user.language == "zh"
    assert MAIL in client.get("/me/").content.decode()


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123"])
def test_a_weak_password_is_refused(password):
    """Short, common and all-number passwords make no account, and it is said why."""
    answer = make_client().post("/accounts/signup/", {"email": MAIL, "password1": password})
    assert answer.status_code == 200 and 'class="summary"' in answer.content.decode()
    assert not User.objects.exists()


def test_without_mail_it_is_said_what_is_missing():
    """Neither a code by mail nor a way to reset a password is offered where none can be sent."""
    page = make_client().get("/accounts/login/").content.decode()
    assert "没有设置发信" in page and "/accounts/login/code/" not in page
    reset = make_client().get("/accounts/password/reset/").content.decode()
    assert "不能用邮件找回密码" in reset and 'type="email"' not in reset


def test_unknown_address_and_wrong_password_look_the_same():
    """The answer does not say whether there is an account."""
    make_user(MAIL)
    known = make_client().post("/accounts/login/", {"login": MAIL, "password": "wrong"})
    other = make_client().post("/accounts/login/", {"login": "b@example.org", "password": "wrong"})
    assert known.status_code == other.status_code == 200
    assert _bare(known.content.decode(), MAIL) == _bare(other.content.decode(), "b@example.org")


def test_wrong_passwords_are_limited():
    """After five failures for one address even the right password waits."""
    make_user(MAIL)
    client = make_client()
    for _try in range(5):
        client.post("/accounts/login/", {"login": MAIL, "password": "wrong"})
    client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    fresh = make_client(REMOTE_ADDR="10.0.0.9")
    fresh.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert "_auth_user_id" not in fresh.session


def test_a_claimed_address_does_not_pass_the_limit():
    """A header that anybody can send does not make a client another one."""
    statuses = []
    for n in range(35):
        client = make_client(HTTP_X_FORWARDED_FOR=f"10.1.0.{n}")
        fields = {"login": f"{n}@example.org", "password": "x"}
        statuses.append(client.post("/accounts/login/", fields).status_code)
    assert statuses[0] == 200 and statuses[-1] == 429


def test_a_login_from_elsewhere_is_refused():
    """Without the token of our own page nobody is signed in."""
    make_user(MAIL)
    client = make_client()
    client.handler.enforce_csrf_checks = True
    answer = client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert answer.status_code == 403 and "_auth_user_id" not in client.session


@pytest.mark.usefixtures("sends_mail")
def test_signing_up_and_in_by_code():
    """An address is enough: the code from the mail proves it, and later signs in."""
    client = make_client()
    answer = client.post("/accounts/signup/", {"email": MAIL}, follow=True)
    assert answer.status_code == 200 and not client.session.get("_auth_user_id")
    answer = client.post("/accounts/confirm-email/", {"code": _code()}, follow=True)
    assert client.session["_auth_user_id"] and MAIL in answer.content.decode()
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"email": MAIL})
    wrong = client.post("/accounts/login/code/confirm/", {"code": "AAAAAA"})
    assert wrong.status_code == 200 and "_auth_user_id" not in client.session
    client.post("/accounts/login/code/confirm/", {"code": _code()})
    assert client.session["_auth_user_id"]


def _code() -> str:
    codes: list[str] = re.findall(r"^([A-Z]{4}-[A-Z]{4})$", str(mail.outbox[-1].body), re.M)
    return codes[0]


@pytest.mark.usefixtures("sends_mail")
def test_three_wrong_codes_end_the_attempt():
    """The code cannot be found by trying: after three tries the right one no longer works."""
    make_user(MAIL)
    client = make_client()
    client.post("/accounts/login/code/", {"email": MAIL})
    right = _code()
    for _try in range(3):
        client.post("/accounts/login/code/confirm/", {"code": "AAAAAA"})
    client.post("/accounts/login/code/confirm/", {"code": right})
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("sends_mail")
@pytest.mark.parametrize("path", ASKING)
def test_answers_do_not_tell_known_addresses_from_others(path):
    """Code, reset and sign-up answer a known and an unknown address with the same page; who it
    concerns learns the rest by mail."""
    make_user(MAIL)
    pages = []
    for address in (MAIL, "b@example.org"):
        client = make_client()
        answer = client.post(path, {"email": address}, follow=True)
        assert answer.status_code == 200 and mail.outbox[-1].to == [address]
        pages.append(_bare(answer.content.decode(), address))
    assert pages[0] == pages[1]


def _turn_on_totp(client, secret_page: str = "/accounts/2fa/totp/activate/") -> str:
    _shown_again(client)
    page = client.get(secret_page).content.decode()
    secret: str = re.findall(r'id="totp-secret"[^>]*>\s*([A-Z2-7]+)', page)[0]
    answer = client.post(secret_page, {"code": _totp(secret)})
    assert answer.status_code == 302
    return secret


def _signed_in(client) -> None:
    client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert client.session["_auth_user_id"]


def _shown_again(client) -> None:
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302


def test_a_second_factor_is_asked_for():
    """With the app turned on neither the password alone nor a wrong code signs anybody in."""
    make_user(MAIL)
    first = make_client()
    _signed_in(first)
    secret = _turn_on_totp(first)
    client = make_client()
    answer = client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    page = client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert "_auth_user_id" not in client.session and 'class="problem"' in page
    client.post("/accounts/2fa/authenticate/", {"code": _totp(secret)})
    assert client.session["_auth_user_id"]


def test_the_secret_of_the_second_factor_is_sealed():
    """Who reads the table learns no secret; what was sealed opens again."""
    make_user(MAIL)
    client = make_client()
    _signed_in(client)
    secret = _turn_on_totp(client)
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(row.data)
    assert SecondFactors().decrypt(row.data["secret"]) == secret


def test_recovery_codes_are_shown_and_work_once():
    """A code from the list replaces the app, and only once."""
    make_user(MAIL)
    first = make_client()
    _signed_in(first)
    _turn_on_totp(first)
    page = first.get("/accounts/2fa/recovery-codes/").content.decode()
    code = re.findall(r'<li class="code">(\d+)</li>', page)[0]
    for works in (True, False):
        client = make_client()
        client.post("/accounts/login/", {"login": MAIL, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert ("_auth_user_id" in client.session) is works


@pytest.mark.parametrize(
    "path",
    [
        "/me/account/",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/totp/activate/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/logout/",
    ],
)
def test_settings_pages_look_like_ours(path):
    """Each page stands in our frame, with no inline script or style in it."""
    make_user(MAIL)
    client = make_client()
    _signed_in(client)
    _shown_again(client)
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 200 and 'class="foot"' in page and page.count("<h1") == 1
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page)
    assert not re.search(r'\sstyle="|\son[a-z]+="', page)


def test_the_owner_needs_no_code():
    """Signed in, the account's case opens on any device; a stranger is asked for the code."""
    user = make_user(MAIL)
    case = make_case(owner=user)
    client = make_client()
    _signed_in(client)
    assert "小店" in client.get("/me/").content.decode()
    assert client.get(f"/c/{case.content.link}/").status_code == 200
    assert 'name="code"' in make_client().get(f"/c/{case.content.link}/").content.decode()


def test_a_held_case_is_taken_into_the_account_and_let_go():
    """Both ask first; taken, it stands in the account; let go, it stays behind link and code."""
    user = make_user(MAIL)
    case = make_case()
    client = make_client()
    hold(client, case)
    _signed_in(client)
    take, release = f"/me/{case.row.id}/take/", f"/me/{case.row.id}/release/"
    assert client.get(take).status_code == 200 and Case.objects.get().owner_id is None
    client.post(take)
    assert Case.objects.get().owner_id == user.pk
    page = client.get(release).content.decode()
    assert case.content.code in page and case.content.link in page
    client.post(release)
    assert Case.objects.get().owner_id is None
    assert client.get(f"/c/{case.content.link}/").status_code == 200


def test_anothers_case_cannot_be_taken():
    """An id alone takes nothing, and a case of another account stays there."""
    other = make_user("b@example.org")
    make_user(MAIL)
    owned, free = make_case(owner=other), make_case()
    client = make_client()
    _signed_in(client)
    assert client.post(f"/me/{free.row.id}/take/").status_code == 404
    hold(client, owned)
    client.post(f"/me/{owned.row.id}/take/")
    assert client.post(f"/me/{owned.row.id}/release/").status_code == 404
    assert Case.objects.get(id=owned.row.id).owner_id == other.pk
    assert Case.objects.get(id=free.row.id).owner_id is None


def test_taking_needs_an_account():
    """Without signing in the way leads to the login page."""
    case = make_case()
    client = make_client()
    hold(client, case)
    assert client.post(f"/me/{case.row.id}/take/")["Location"].startswith("/accounts/login/")


def test_the_list_has_pages_and_few_queries(django_assert_max_num_queries):
    """Too many cases are paged, and a full page costs no more queries than a short one."""
    user = make_user(MAIL)
    for n in range(23):
        make_case(product=f"卡{n}", owner=user)
    client = make_client()
    _signed_in(client)
    with django_assert_max_num_queries(15):
        page = client.get("/me/").content.decode()
    assert page.count('class="card"') == 20 and "第 1 页，共 2 页" in page
    assert client.get("/me/?page=2").content.decode().count('class="card"') == 3


def test_the_empty_list_says_what_to_do():
    """Nothing yet: where to begin, and how to open what there is."""
    page = make_client().get("/me/").content.decode()
    assert 'class="empty"' in page and 'href="/start/"' in page and 'href="/#open"' in page


def test_signing_out_forgets_the_device_too():
    """After signing out neither the account nor a held case opens here."""
    make_user(MAIL)
    case = make_case()
    client = make_client()
    hold(client, case)
    _signed_in(client)
    client.post("/accounts/logout/")
    assert 'name="code"' in client.get(f"/c/{case.content.link}/").content.decode()


def test_an_account_is_deleted_and_its_cases_stay():
    """Deleting asks for the password again and leaves the cases behind their codes."""
    user = make_user(MAIL)
    case = make_case(owner=user)
    client = make_client()
    _signed_in(client)
    assert "/reauthenticate/" in client.post("/me/account/delete/")["Location"]
    assert User.objects.exists()
    _shown_again(client)
    client.post("/me/account/delete/", {"confirmed": "yes"})
    assert not User.objects.exists() and Case.objects.get().owner_id is None
    other = make_client()
    fields = {"link": case.content.link, "code": case.content.code}
    assert other.post("/open/", fields).status_code == 302
