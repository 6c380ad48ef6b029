"""What tests of pages share: a browser of one's own, and cases made without OCR.

Django is imported inside: a session that only looks at templates loads none of it.
"""

from __future__ import annotations

import pytest


@pytest.fixture
def stores(db):
    """Keys and blobs of the test session."""
    from gongdao.front.stores import get_stores

    return get_stores()


@pytest.fixture
def client(settings):
    """A browser of its own that speaks Chinese, without scripts. Static files stand under their
    own names, so that none has to be collected first."""
    from django.test import Client

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    library = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": library}}
    return Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")


@pytest.fixture
def make_case(stores, client):
    """Makes a case with a statement and readings (exhibits), held by ``client``; returns it."""
    from tests.casework.online.online_kit import new_case

    def make(*, statement=None, readings=(), held=True, at=None):
        from gongdao.front.clock import now

        case = new_case(stores, statement=statement, readings=readings, at=at or now())
        if held:
            answer = client.post(f"/c/{case.content.link}/open/", {"code": case.content.code})
            assert answer.status_code == 302
        return case

    return make


@pytest.fixture
def clock(monkeypatch):
    """It is the 12th of November, ten o'clock."""
    from tests.casework.online.follow_kit import stop_clock
    from tests.front.web.follow_browser import NOW

    return stop_clock(monkeypatch, NOW)


@pytest.fixture
def box(monkeypatch):
    """Every kind of message lands here."""
    from tests.casework.online.follow_kit import Box

    from gongdao.front.web.pages import follow_reminders

    took = Box()
    monkeypatch.setattr(follow_reminders, "get_messengers", lambda: {"mail": took, "bark": took})
    return took


@pytest.fixture
def corrected(tmp_path):
    """Rule data with two more days off."""
    from tests.casework.online.follow_kit import corrected_rules

    return corrected_rules(tmp_path / "data")
