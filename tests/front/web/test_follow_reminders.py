"""Addresses, codes, stopping, calendars: what leaves this server, and how it is kept in check."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from icalendar import Calendar
from tests.casework.online.follow_kit import (
    BEGUN,
    COMPLAINT,
    STATED,
    Box,
    Clock,
    add_confirmed,
    begin,
)
from tests.front.web.follow_browser import NOW, Buyer, follow_now, plain

from gongdao.casework.follow.messenger_port import MessageDelayed, MessageRefused
from gongdao.casework.online.addresses import addresses_of, stop_seal
from gongdao.casework.online.filings import record_filing
from gongdao.casework.online.models import Address, Reminder
from gongdao.core.language import Phrase
from gongdao.front.stores import get_stores
from gongdao.front.web.pages import follow_reminders
from gongdao.front.worker.follow_tasks import follow_one

pytestmark = pytest.mark.django_db


def code_in(box: Box) -> str:
    """The six digits in the last message."""
    found = re.search(r"\d{6}", box.took[-1].body)
    assert found
    return found[0]


def test_an_address_is_confirmed_before_anything_is_sent(clock: Clock, box: Box):
    """Code sent, typed, then reminders are planned; the page shows the address masked."""
    buyer = Buyer(begin(COMPLAINT))
    answer = buyer.post("reminders/add/mail/", {"to": "buyer@mail.example"})
    assert answer.status_code == 302
    [message] = box.took
    assert message.address == {"to": "buyer@mail.example"} and "/stop/" in message.stop
    assert buyer.case.content.link not in message.body + message.stop
    page = buyer.text(answer["Location"].removeprefix(buyer.base))
    assert "b***@mail.example" in page and "buyer@" not in page
    follow_now(buyer.case)
    assert not Reminder.objects.exists()
    path = answer["Location"].removeprefix(buyer.base)
    assert buyer.post(path, {"code": f" {code_in(box)[:3]} {code_in(box)[3:]}"}).status_code == 302
    assert "提醒会发到这里" in buyer.text("reminders/")
    follow_now(buyer.case)
    assert Reminder.objects.filter(case_id=buyer.case.row.id).exists()
    assert "buyer@" not in buyer.text("reminders/") and "在用" in buyer.text("reminders/")


def test_wrong_codes_are_limited(clock: Clock, box: Box):
    """Six tries in half an hour; then even the right code waits."""
    buyer = Buyer(begin(COMPLAINT))
    path = buyer.post("reminders/add/mail/", {"to": "buyer@mail.example"})["Location"]
    path, right = path.removeprefix(buyer.base), code_in(box)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _try in range(6):
        answer = buyer.post(path, {"code": wrong})
        assert answer.status_code == 422 and "号码不对" in plain(answer)
    answer = buyer.post(path, {"code": right})
    assert answer.status_code == 429 and "试的次数太多了" in plain(answer)
    assert addresses_of(buyer.case)[0].confirmed_at is None


def test_an_old_code_has_ended(clock: Clock, box: Box):
    """Half an hour later it says so, and another one can be had; the first is void then."""
    buyer = Buyer(begin(COMPLAINT))
    path = buyer.post("reminders/add/mail/", {"to": "buyer@mail.example"})["Location"]
    path, first = path.removeprefix(buyer.base), code_in(box)
    clock.go(minutes=31)
    assert "过期了" in plain(buyer.post(path, {"code": first}))
    assert buyer.post(f"{path}again/").status_code == 302
    second = code_in(box)
    if first != second:
        assert "号码不对" in plain(buyer.post(path, {"code": first}))
    assert buyer.post(path, {"code": second}).status_code == 302


def test_one_address_is_not_flooded_from_many_cases(clock: Clock, box: Box):
    """Five codes a day to the same address, whoever asks, and each case only so many."""
    for _n in range(5):
        answer = Buyer(begin()).post("reminders/add/mail/", {"to": "victim@mail.example"})
        assert answer.status_code == 302
    answer = Buyer(begin()).post("reminders/add/mail/", {"to": "VICTIM@mail.example"})
    assert answer.status_code == 429 and len(box.took) == 5


def test_an_address_that_is_refused_is_not_kept(clock: Clock, box: Box):
    """The form says why, with the entry in it."""
    box.error = MessageRefused(Phrase("服务不认这个地址或密钥（{code}）", code=400))
    buyer = Buyer(begin())
    answer = buyer.post("reminders/add/bark/", {"key": "aBcDeFgHiJkLmNoP"})
    assert answer.status_code == 422 and "服务不认这个地址或密钥（400）" in plain(answer)
    assert 'value="aBcDeFgHiJkLmNoP"' in answer.content.decode()
    assert addresses_of(buyer.case) == ()


def test_a_slow_service_leaves_the_address_to_be_tried_again(clock: Clock, box: Box):
    """The page for the code says what happened and offers another one."""
    box.error = MessageDelayed(Phrase("邮件服务器太慢，没有答复"))
    buyer = Buyer(begin())
    answer = buyer.post("reminders/add/mail/", {"to": "buyer@mail.example"}, follow=True)
    assert "邮件服务器太慢" in plain(answer) and "再发一个" in plain(answer)
    assert len(addresses_of(buyer.case)) == 1


@pytest.mark.parametrize("given", ["", "kein Mail", "a@b.example\nBcc: x@y.example", "x" * 300])
def test_a_wrong_address_is_said_beside_its_field(clock: Clock, box: Box, given: str):
    """Nothing is sent and nothing kept."""
    buyer = Buyer(begin())
    answer = buyer.post("reminders/add/mail/", {"to": given})
    assert answer.status_code == 422 and "还差一点" in plain(answer)
    assert not box.took and addresses_of(buyer.case) == ()


def test_without_a_mail_server_it_says_so(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """Mail is listed, cannot be chosen, and its page leads to another way."""
    monkeypatch.setattr(follow_reminders, "get_messengers", lambda: {"bark": Box()})
    buyer = Buyer(begin())
    assert "电子邮件：这台服务器没有设置发邮件" in buyer.text("reminders/")
    assert "这里不能发邮件" in buyer.text("reminders/add/mail/")
    answer = buyer.post("reminders/add/mail/", {"to": "buyer@mail.example"})
    assert answer.status_code == 422 and addresses_of(buyer.case) == ()
    assert buyer.get("reminders/add/smoke/").status_code == 404


def test_everything_stops_with_one_tap(clock: Clock, box: Box):
    """Addresses and the calendar go, what was planned is cancelled."""
    case = begin(COMPLAINT)
    buyer = Buyer(case)
    add_confirmed(case, as_of=BEGUN)
    buyer.post("calendar/", {"act": "make"})
    follow_now(case)
    assert Reminder.objects.filter(state="pending").exists()
    assert buyer.post("reminders/stop/").status_code == 302
    follow_one(str(case.row.id))
    assert not Reminder.objects.filter(state="pending").exists()
    assert not Address.objects.filter(case_id=case.row.id).exists()
    assert "全部停掉了" in buyer.text("reminders/")


def test_a_mail_is_stopped_without_the_code(clock: Clock):
    """The link asks once, stops one address, and then says the same to everybody."""
    case = begin(COMPLAINT)
    first = add_confirmed(case, as_of=BEGUN)
    second = add_confirmed(case, "bark", {"key": "aBcDeFgHiJkLmN"}, as_of=BEGUN)
    seal = stop_seal(get_stores(), first.id)
    stranger = Client(HTTP_HOST="127.0.0.1")
    link = f"/c/-/follow/stop/{first.id}/{seal}/"
    assert "不再发到这里" in plain(stranger.get(link)) and len(addresses_of(case)) == 2
    assert "不会再收到提醒了" in plain(stranger.post(link))
    assert [one.id for one in addresses_of(case)] == [second.id]
    forged = stranger.post(f"/c/-/follow/stop/{second.id}/{seal}/")
    assert "不会再收到提醒了" in plain(forged) and len(addresses_of(case)) == 1


def events(response) -> dict[str, str]:
    """Summaries of a calendar by uid."""
    assert response["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(response.content)
    return {str(one["uid"]): str(one["summary"]) for one in calendar.walk("VEVENT")}


def test_a_calendar_to_download_and_to_subscribe(clock: Clock):
    """The same events; the one that others keep leads nowhere into the case; revoked, it ends."""
    buyer = Buyer(begin(COMPLAINT))
    download = buyer.get("calendar.ics")
    assert "attachment" in download["Content-Disposition"]
    assert buyer.case.content.link in download.content.decode().replace("\r\n ", "")
    assert "做一个订阅地址" in buyer.text("calendar/")
    buyer.post("calendar/", {"act": "make"})
    buyer.post("calendar/", {"act": "make"})
    shown = re.search(r"/c/-/follow/feed/[^<\s]+\.ics", buyer.text("calendar/"))
    assert shown and Address.objects.filter(kind="calendar").count() == 1
    stranger = Client(HTTP_HOST="127.0.0.1")
    feed = stranger.get(shown[0])
    assert events(feed) == events(download)
    told = feed.content.decode().replace("\r\n ", "")
    for secret in (
        buyer.case.content.link,
        "示例",
        "98.00",
        COMPLAINT.number,
        STATED.order.product,
    ):
        assert secret not in told
    assert stranger.get(shown[0].replace(".ics", "x.ics")).status_code == 404
    buyer.post("calendar/", {"act": "revoke"})
    assert stranger.get(shown[0]).status_code == 404


def test_a_reminder_that_failed_is_on_the_page(clock: Clock):
    """With the address, masked, and the reason in the language of the page."""
    case = begin(COMPLAINT)
    address = add_confirmed(case, as_of=BEGUN)
    follow_now(case)
    row = Reminder.objects.filter(key__contains="acceptance").get()
    row.state, row.problem = "failed", "收件人的邮箱不存在或拒收（{code}）|550"
    row.save()
    said = Buyer(case).text("reminders/")
    assert "没有送到" in said and "拒收（550）" in said and address.masked in said
    record_filing(case=case, filing=COMPLAINT, at=NOW)
    row.state, row.problem = "pending", "邮件服务器太慢，没有答复"
    row.save()
    assert "还没有送到" in Buyer(case).text("reminders/")
