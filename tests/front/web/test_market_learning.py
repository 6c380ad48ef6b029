"""What disputes taught is public: causes, changes, effects; no small number, no note, nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from tests.disputes.disputes_kit import AT, complain, person, undelivered
from tests.front.web.market_pages import text_of
from tests.front.web.operator_kit import sign_in

from gongdao.core.clock import parse_iso
from gongdao.disputes.learning import FEWEST, causes_by_month
from gongdao.disputes.models import CauseAnswer, CauseEffect, RootCause
from gongdao.disputes.states import ReasonCode
from gongdao.market.states import Role

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/market/learning/"


@pytest.fixture
def client(stores):
    """A browser of somebody whom nobody knows."""
    return Client(HTTP_HOST="127.0.0.1")


def learned(what="发货前再核对一次库存", note="买家张三说的", at=AT):
    """A case with its cause and what was changed because of it."""
    case = complain(undelivered(), ReasonCode.NOT_DELIVERED)
    by = person("arbiter")
    cause = RootCause.objects.create(case=case, cause="technology", note=note, by=by, at=at)
    return CauseAnswer.objects.create(cause=cause, what=what, by=by, at=AT)


def test_before_anything_was_learned(client):
    """The page says so, in both parts."""
    page = text_of(client.get(URL))
    assert "还没有记录原因" in page and "还没有记录改动" in page


def test_causes_changes_and_effects_are_told(client):
    """What was changed and its measured effect with its numbers; the arbiter's note never; counts
    below five are no numbers, five is one."""
    answer = learned()
    CauseEffect.objects.create(
        answer=answer,
        days=30,
        cases_before=FEWEST,
        orders_before=1234,
        cases_after=FEWEST - 1,
        orders_after=0,
        at=AT + timedelta(minutes=1),
    )
    page = text_of(client.get(URL))
    assert "2026-11" in page and "系统出错" in page and "发货前再核对一次库存" in page
    assert "改之前 30 天 5 件（1234 单），改之后 30 天 少于 5 件（少于 5 单）" in page
    assert "张三" not in page


def test_a_month_with_few_cases_tells_no_number(client, monkeypatch):
    """One case of a month is "fewer than five"; with the limit at one it is a number."""
    learned(at=parse_iso("2026-11-01T00:30:00+08:00"))
    (month,) = causes_by_month(AT + timedelta(days=1))
    assert month.month.isoformat() == "2026-11-01"
    assert [(cause, told.number) for cause, told in month.causes] == [("technology", None)]
    assert causes_by_month(AT - timedelta(days=60)) == ()
    monkeypatch.setattr("gongdao.disputes.learning.FEWEST", 1)
    (month,) = causes_by_month(AT + timedelta(days=1))
    assert month.causes[0][1].number == 1


def test_it_is_linked_and_speaks_english(client):
    """From the market and the operator's page; in the reader's language."""
    learned(what="Stock is checked once more.")
    assert URL in client.get("/market/").content.decode()
    desk = sign_in("arbiter@example.org", Role.ARBITER)
    assert URL in desk.get("/operator/disputes/causes/").content.decode()
    page = client.get(URL, {"lang": "en"})
    assert page.status_code == 200 and "Stock is checked once more." in text_of(page)
    assert 'lang="en"' in page.content.decode()
