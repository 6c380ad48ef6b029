"""One case made by hand for the pages that say where it stands, where to go and what to write."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.casework.online.follow_kit import Clock, stop_clock
from tests.evidence.dossier_kit import (
    AS_OF,
    BUYER,
    FULL,
    ORDER,
    SILENT,
    Story,
    demand_talk,
    failure,
    talk,
)

from gongdao.casework.online.open_case import OpenCase
from gongdao.core.codes import Demand, Reason
from gongdao.core.money import Money
from gongdao.evidence.statement import Claim, Statement

CHAT = talk(
    "during/chat.txt",
    ("buyer", "11-02 15:00:00", "请今天内退款 98 元，你们这帮骗子"),
    ("merchant", "11-02 15:05:00", "亲，虚拟商品一经售出概不退换，是您自己操作不当"),
)
STATED = Statement(
    order=ORDER,
    buyer=BUYER,
    claim=Claim(reasons=(Reason.INVALID_SECRET,), demand=Demand.REFUND, amount=Money(9800)),
    contacts=SILENT,
)
PAGES = (*FULL, failure(), *Story(talks=(CHAT,)).dossier().exhibits)
MINOR = replace(STATED, buyer=replace(BUYER, adult=False))
WRONG_AMOUNT = replace(STATED, order=replace(ORDER, paid=Money(8900)))
__all__ = ["AS_OF", "CHAT", "MINOR", "PAGES", "STATED", "WRONG_AMOUNT", "Going", "demand_talk"]


class Going:
    """A browser that holds one case, and the clock of the test."""

    def __init__(self, client: Client, case: OpenCase, clock: Clock) -> None:
        self.client, self.case, self.clock = client, case, clock
        self.base = f"/c/{case.content.link}/"

    def get(self, path: str, **more: Any) -> Any:
        """A page of the case."""
        return self.client.get(self.base + path, **more)

    def page(self, path: str, **more: Any) -> str:
        """The markup of a page that is there."""
        answer = self.get(path, **more)
        assert answer.status_code == 200, answer.content.decode()[:2000]
        return answer.content.decode()

    def post(self, path: str, data: dict[str, Any], **more: Any) -> Any:
        """Send a form."""
        return self.client.post(self.base + path, data, **more)


def begin_going(
    make_case: Any,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    *,
    at: datetime = AS_OF,
    statement: Statement | None = STATED,
    pages: Any = PAGES,
) -> Going:
    """The case in a browser, at a moment that stands still."""
    clock = stop_clock(monkeypatch, at)
    case = make_case(statement=statement, readings=pages, at=at)
    return Going(client, case, clock)


def words(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def form_of(page: str) -> dict[str, str]:
    """The letter's form as a browser would send it untouched."""
    start = page.index('id="letter-form"')
    form = page[start : page.index("</form>", start)]
    found = {}
    for name, value in re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', form):
        found[unescaped(name)] = unescaped(value)
    for name, value in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.S
    ):
        found[unescaped(name)] = unescaped(value)
    for name in re.findall(r'<input type="checkbox"[^>]*name="(x:[^"]+)" checked', form):
        found[unescaped(name)] = "on"
    assert json.loads(found["shown"])
    return {k: v for k, v in found.items() if k != "csrfmiddlewaretoken"}


def unescaped(text: str) -> str:
    """Text as it stands in the form."""
    import html

    return html.unescape(text)
