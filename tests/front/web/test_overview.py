"""The first page of a case: link and code, how far it is, what went wrong, the one next step."""

from __future__ import annotations

import html
import re
from datetime import timedelta

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
from tests.evidence.dossier_kit import FULL, ORDER, SILENT, failure, order_page

from gongdao.casework.online.read_file import read_file
from gongdao.core.codes import Demand, Kind, Reason
from gongdao.core.money import Money
from gongdao.evidence.statement import Claim, Statement
from gongdao.front.clock import now

pytestmark = pytest.mark.django_db
CLAIM = Claim((Reason.INVALID_SECRET,), Demand.REFUND, Money(9800))
STATEMENT = Statement(order=ORDER, claim=CLAIM, contacts=SILENT)
SHOWS = {
    "receipt.png": picture(Kind.PAYMENT_RECEIPT, amount="98.00", merchant="示例店"),
    "fail.png": picture(Kind.REDEMPTION_FAILURE, error="卡密无效", at="2026-11-02 15:00:00"),
}


def _text(client, case, **options) -> str:
    return html.unescape(client.get(f"/c/{case.content.link}/", **options).content.decode())


def _read(stores, case, *names):
    for name in names:
        row = add(stores, case, name, name.encode(), Asked())
        read_file(stores=stores, original_id=row.id, read=FakeReader(SHOWS), ask=None, at=AT)


def test_link_and_code_stand_on_the_first_page(client, make_case):
    """A new case shows its whole link and code to copy; later they are folded away, not gone."""
    case = make_case()
    text = _text(client, case)
    assert f"http://127.0.0.1:8000/c/{case.content.link}/" in text
    assert case.content.code in text and "存好这两样" in text
    old = make_case(at=now() - timedelta(hours=2))
    assert re.search(rf"<details>.*{old.content.code}.*</details>", _text(client, old), re.S)


def test_an_empty_case_asks_for_files(client, make_case):
    """Without files the page is the form to add them, with its script; with files neither."""
    empty = _text(client, make_case())
    assert 'type="file"' in empty and "upload.js" in empty
    text = _text(client, make_case(statement=STATEMENT, readings=FULL))
    assert 'type="file"' not in text and "upload.js" not in text


def test_the_next_step_stands_before_link_and_code(client, make_case):
    """A new case says first what to do next, then what to save, then the rest; a line on top leads
    to what is to be saved."""
    text = _text(client, make_case(statement=STATEMENT, readings=FULL))
    places = [text.index(one) for one in ('class="move"', 'id="keep-both"', 'class="standing"')]
    assert places == sorted(places)
    assert text.index('href="#keep-title"') < places[0]
    old = _text(
        client, make_case(statement=STATEMENT, readings=FULL, at=now() - timedelta(hours=2))
    )
    assert "#keep-title" not in old


def test_while_files_are_read_the_page_renews_itself(client, make_case, stores):
    """Progress is shown in a part that asks again, with a link for those without scripts; when
    all is read it stops."""
    case = make_case()
    _read(stores, case, "receipt.png")
    row = add(stores, case, "fail.png", b"x", Asked())
    text = _text(client, case)
    assert 'hx-trigger="every 2s"' in text and "1 / 2" in text and "<noscript>" in text
    assert "您遇到的是哪一种" not in text
    read_file(stores=stores, original_id=row.id, read=FakeReader(SHOWS), ask=None, at=AT)
    text = _text(client, case)
    assert "hx-trigger" not in text and "材料读完了" in text


def test_what_went_wrong_is_one_tap(client, make_case, stores):
    """What the files suggest is ticked; confirmed as it stands it is the buyer's word, and the
    question is gone."""
    case = make_case()
    _read(stores, case, "receipt.png", "fail.png")
    text = _text(client, case)
    assert "您遇到的是哪一种" in text
    assert re.search(r'value="invalid_secret"[^>]*checked', text)
    hidden = dict(
        re.findall(
            r'name="(version|seen)" value="([^"]*)"',
            client.get(f"/c/{case.content.link}/").content.decode(),
        )
    )
    sent = {k: html.unescape(v) for k, v in hidden.items()}
    answer = client.post(
        f"/c/{case.content.link}/facts/reasons/", {**sent, "reasons": ["invalid_secret"]}
    )
    assert answer["Location"] == f"/c/{case.content.link}/"
    content = reopen(stores, case).content
    assert content.statement.claim.reasons == (Reason.INVALID_SECRET,)
    assert "claim.reasons" in content.touched
    assert "您遇到的是哪一种" not in _text(client, case)


def test_another_reason_replaces_the_suggestion(client, make_case, stores):
    """Unticked and another ticked, that is what is kept; the demand follows."""
    case = make_case()
    _read(stores, case, "receipt.png", "fail.png")
    page = client.get(f"/c/{case.content.link}/").content.decode()
    hidden = dict(re.findall(r'name="(version|seen)" value="([^"]*)"', page))
    sent = {k: html.unescape(v) for k, v in hidden.items()}
    client.post(f"/c/{case.content.link}/facts/reasons/", {**sent, "reasons": ["late_delivery"]})
    assert reopen(stores, case).content.statement.claim.reasons == (Reason.LATE_DELIVERY,)


def test_the_one_next_step(client, make_case):
    """A case that is ready says one next step with its reason and the way there, once."""
    case = make_case(statement=STATEMENT, readings=[*FULL, failure()])
    text = _text(client, case)
    assert text.count("<h2>下一步</h2>") == 1
    assert re.search(rf'href="/c/{case.content.link}/channels/\w+/"', text)
    assert "示例数卡店" in text and "¥98.00" in text


def test_contradictions_are_counted(client, make_case):
    """Where statement and files disagree the page says how often, and leads there."""
    case = make_case(statement=STATEMENT, readings=[*FULL[:2], order_page(amount="89.00")])
    text = _text(client, case)
    assert re.search(r"有 \d+ 处对不上", text) and "standing/#contradictions" in text


def test_a_sentence_to_send_can_be_copied(client, make_case, stores):
    """What is to be asked stands as a sentence with a copy button."""
    case = make_case(statement=STATEMENT)
    put_reading(stores, case, FULL[3])
    assert 'data-copy="' in _text(client, case) and "<blockquote" in _text(client, case)


def test_a_stranger_sees_nothing(make_case):
    """Without the case, neither facts nor code are shown."""
    case = make_case(statement=STATEMENT, readings=FULL)
    text = _text(Client(HTTP_HOST="127.0.0.1"), case)
    assert case.content.code not in text and "示例数卡店" not in text


def test_in_english(client, make_case):
    """The first page speaks English where asked."""
    case = make_case(statement=STATEMENT, readings=FULL)
    answer = client.get(f"/c/{case.content.link}/?lang=en")
    assert answer["Content-Language"] == "en" and b"Where you stand" in answer.content


def test_leaving_forgets_the_case_on_this_device(client, make_case):
    """Left, the case asks for its code again and is as it was."""
    case = make_case()
    client.post(f"/c/{case.content.link}/leave/")
    assert 'name="code"' in _text(client, case)
