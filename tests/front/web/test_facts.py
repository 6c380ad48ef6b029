"""The forms for facts: typed, refused with what to do, two tabs, while files are being read."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.casework.online.online_kit import (
    AT,
    Asked,
    FakeReader,
    add,
    picture,
    put_reading,
    reopen,
)
from tests.evidence.dossier_kit import ORDER, receipt

from gongdao.casework.online.models import Case
from gongdao.casework.online.read_file import read_file
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Demand, Kind, Means, Outcome, Party, Reason
from gongdao.core.money import Money
from gongdao.evidence.statement import AlsoDemand, Claim, Contact, Statement

pytestmark = pytest.mark.django_db
STATEMENT = Statement(order=ORDER)


def _fields(answer) -> dict[str, Any]:
    """What a browser would send if nothing were touched."""
    text = answer.content.decode()
    found: dict[str, Any] = {}
    form = next(f for f in re.findall(r"<form.*?</form>", text, re.S) if 'name="seen"' in f)
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="(\w+)', tag)
        if not name or name[1] == "csrfmiddlewaretoken":
            continue
        if kind and kind[1] in ("checkbox", "radio"):
            if " checked" in tag:
                found[name[1]] = [*found.get(name[1], []), value[1] if value else "on"]
        else:
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.S):
        option = re.search(r'value="([^"]*)" selected', inner)
        found[name] = option[1] if option else ""
    return found


def _open(client, case, page="order"):
    return _fields(client.get(f"/c/{case.content.link}/facts/{page}/"))


def _save(client, case, fields, page="order"):
    return client.post(f"/c/{case.content.link}/facts/{page}/", fields)


def _said(stores, case):
    return reopen(stores, case).content.statement


def _text(answer) -> str:
    return html.unescape(answer.content.decode())


def test_what_is_typed_is_kept(client, make_case, stores):
    """Money, time, code and text are kept typed; what was not touched stays the files'."""
    case = make_case()
    sent = {
        **_open(client, case),
        "paid": "¥1,098.5",
        "paid_at": "2026-11-02 14:03",
        "payment": "wechat",
        "merchant": "小店",
    }
    assert _save(client, case, sent)["Location"].endswith("/facts/")
    order = _said(stores, case).order
    assert order.paid == Money(109850) and order.merchant == "小店"
    assert order.paid_at == datetime(2026, 11, 2, 14, 3, tzinfo=BEIJING)
    touched = reopen(stores, case).content.touched
    assert touched == {"order.paid", "order.paid_at", "order.payment", "order.merchant"}


def test_nothing_changed_writes_nothing(client, make_case, stores):
    """A form saved as it was shown changes neither facts nor version."""
    case = make_case(statement=STATEMENT)
    for page in ("order", "buyer", "claim"):
        assert _save(client, case, _open(client, case, page), page).status_code == 302
    assert Case.objects.get().version == case.row.version
    assert _said(stores, case) == STATEMENT


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("paid", "九十八", "不是金额"),
        ("paid", "-5", "不能是负数"),
        ("paid_at", "昨天", "2026-11-02 14:03"),
        ("paid_at", "1026-11-02 14:03", "2026-11-02 14:03"),
        ("quantity", "0", "1"),
        ("payment", "bitcoin", ""),
    ],
)
def test_a_wrong_entry_says_what_to_do(client, make_case, stores, field, value, says):
    """A wrong entry is told at the field and above the form; all entries are kept."""
    case = make_case()
    sent = {**_open(client, case), "merchant": "我的小店", field: value}
    answer = _save(client, case, sent)
    text = _text(answer)
    assert answer.status_code == 422 and says in text and "还差一点" in text
    assert f'href="#id_{field}"' in text and "我的小店" in text
    assert _said(stores, case).order.merchant == ""


def test_two_tabs_that_change_different_things(client, make_case, stores):
    """What two tabs change apart from each other is both kept, and nobody is asked."""
    case = make_case(statement=STATEMENT)
    one, two = _open(client, case), _open(client, case)
    assert _save(client, case, {**one, "merchant": "甲店"}).status_code == 302
    assert _save(client, case, {**two, "paid": "1"}).status_code == 302
    order = _said(stores, case).order
    assert (order.merchant, order.paid) == ("甲店", Money(100))


def test_two_tabs_that_change_the_same(client, make_case, stores):
    """The second tab is shown what the first wrote, keeps its entry, and may insist."""
    case = make_case(statement=STATEMENT)
    one, two = _open(client, case), _open(client, case)
    _save(client, case, {**one, "merchant": "甲店"})
    answer = _save(client, case, {**two, "merchant": "乙店"})
    assert answer.status_code == 409
    assert "别处改成了“甲店”" in _text(answer) and 'value="乙店"' in _text(answer)
    assert _said(stores, case).order.merchant == "甲店"
    assert _save(client, case, _fields(answer)).status_code == 302
    assert _said(stores, case).order.merchant == "乙店"


def test_typing_while_files_are_read(client, make_case, stores):
    """A reading that is kept between opening and saving a form costs the buyer no question, and
    what it filled in elsewhere stays."""
    case = make_case()
    fields = _open(client, case)
    row = add(stores, case, "receipt.png", b"1", Asked())
    shows = {"receipt.png": picture(Kind.PAYMENT_RECEIPT, amount="98.00", merchant="示例店")}
    read_file(stores=stores, original_id=row.id, read=FakeReader(shows), ask=None, at=AT)
    assert _save(client, case, {**fields, "order_no": "KM2026"}).status_code == 302
    order = _said(stores, case).order
    assert order.order_no == "KM2026" and order.paid == Money(9800)


def test_a_form_with_broken_memory_is_taken_as_it_is(client, make_case, stores):
    """A hidden field that somebody spoilt loses nothing: every entry counts as the buyer's own."""
    case = make_case(statement=STATEMENT)
    for seen in ("", "[", "[1]", json.dumps({"paid": 3})):
        sent = {**_open(client, case), "seen": seen, "merchant": f"店{len(seen)}"}
        assert _save(client, case, sent).status_code == 302
        assert _said(stores, case).order.merchant == f"店{len(seen)}"


def test_reasons_and_demands(client, make_case, stores):
    """Reasons, demand, amount and further demands come and go as chosen."""
    case = make_case(statement=STATEMENT)
    sent = {
        **_open(client, case, "claim"),
        "reasons": ["late_delivery", "invalid_secret"],
        "demand": "refund",
        "amount": "98",
        "also_demand": "punitive",
        "also_amount": "500",
        "suspect_fraud": "yes",
    }
    assert _save(client, case, sent, "claim").status_code == 302
    claim = _said(stores, case).claim
    assert set(claim.reasons) == {Reason.LATE_DELIVERY, Reason.INVALID_SECRET}
    assert claim.demand is Demand.REFUND and claim.suspect_fraud
    assert claim.also == (AlsoDemand(Demand.PUNITIVE, Money(50000)),)
    emptied = {**_open(client, case, "claim"), "also_demand": "", "also_amount": ""}
    assert _save(client, case, emptied, "claim").status_code == 302
    assert _said(stores, case).claim.also == ()


def test_the_buyer(client, make_case, stores):
    """Who bought for resale and is not yet eighteen says so; a name is kept."""
    case = make_case(statement=STATEMENT)
    sent = {**_open(client, case, "buyer"), "own_use": "no", "adult": "no", "name": "买家甲"}
    _save(client, case, sent, "buyer")
    buyer = _said(stores, case).buyer
    assert (buyer.own_use, buyer.adult, buyer.name) == (False, False, "买家甲")


def test_contacts_come_and_go(client, make_case, stores):
    """A contact is added once however often it is sent, shown, and taken back by its own button."""
    case = make_case(statement=STATEMENT)
    page = f"/c/{case.content.link}/facts/contacts/"
    sent = {
        "at": "2026-11-03T10:00",
        "party": "merchant",
        "by": "chat",
        "outcome": "refused",
        "note": "说不退",
    }
    for _time in range(2):
        assert client.post(page, sent).status_code == 302
    at = datetime(2026, 11, 3, 10, 0, tzinfo=BEIJING)
    expected = Contact(at, Party.MERCHANT, Means.CHAT, Outcome.REFUSED, "说不退")
    assert _said(stores, case).contacts == (expected,)
    text = _text(client.get(page))
    key = re.search(r'name="contact" value="([^"]+)"', text)
    assert "说不退" in text and key
    client.post(f"{page}remove/", {"contact": "nobody"})
    assert len(_said(stores, case).contacts) == 1
    client.post(f"{page}remove/", {"contact": key[1]})
    assert _said(stores, case).contacts == ()


def test_a_contact_without_its_answers_is_not_added(client, make_case, stores):
    """Nothing is chosen for the buyer: a contact needs whom, how and what came of it."""
    case = make_case(statement=STATEMENT)
    answer = client.post(f"/c/{case.content.link}/facts/contacts/", {"at": "2026-11-03 10:00"})
    assert answer.status_code == 422 and "找了谁" in _text(answer)
    assert _said(stores, case).contacts == ()


def test_facts_say_where_they_come_from(client, make_case, stores):
    """A value that was read says from what, a typed one says so; what is unknown is named."""
    case = make_case()
    put_reading(stores, case, receipt())
    row = add(stores, case, "x.png", b"1", Asked())
    read_file(stores=stores, original_id=row.id, read=FakeReader({}), ask=None, at=AT)
    _save(client, case, {**_open(client, case), "platform": "示例卡盟"})
    text = _text(client.get(f"/c/{case.content.link}/facts/"))
    assert "从付款凭证读到" in text and "您填的" in text and "还不知道：" in text


def test_a_lost_session_keeps_what_was_typed(client, make_case, stores):
    """Saved after the session was lost: the code is asked for, then the entries are saved."""
    case = make_case(statement=STATEMENT)
    sent = {**_open(client, case), "merchant": "写了很久的店名"}
    fresh = Client(HTTP_HOST="127.0.0.1")
    asked = _save(fresh, case, sent)
    assert "写了很久的店名" in _text(asked) and 'name="code"' in _text(asked)
    carried = dict(
        re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked.content.decode())
    )
    carried = {k: html.unescape(v) for k, v in carried.items() if k != "csrfmiddlewaretoken"}
    opened = fresh.post(f"/c/{case.content.link}/open/", {**carried, "code": case.content.code})
    again = dict(
        re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', opened.content.decode())
    )
    again = {k: html.unescape(v) for k, v in again.items() if k != "csrfmiddlewaretoken"}
    assert _save(fresh, case, again).status_code == 302
    assert _said(stores, case).order.merchant == "写了很久的店名"


def test_a_stranger_changes_nothing(make_case, stores):
    """Without the case no form saves anything."""
    case = make_case(statement=Statement(order=ORDER, claim=Claim()))
    stranger = Client(HTTP_HOST="127.0.0.1")
    for page in ("order", "buyer", "claim", "reasons", "contacts", "contacts/remove"):
        answer = stranger.post(f"/c/{case.content.link}/facts/{page}/", {"version": "1"})
        assert 'name="code"' in answer.content.decode()
    assert Case.objects.get().version == case.row.version


@pytest.mark.parametrize("page", ["", "order/", "buyer/", "claim/", "contacts/"])
def test_in_english(client, make_case, page):
    """Each page of facts speaks English where asked, labels too."""
    case = make_case(statement=STATEMENT)
    answer = client.get(f"/c/{case.content.link}/facts/{page}?lang=en")
    assert answer.status_code == 200 and b'lang="en"' in answer.content
