"""Sessions in the database: found by a keyed digest, sealed, and as good as Django's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from gongdao.core.envelope import MasterKeys, new_master_key
from gongdao.front.clock import now
from gongdao.front.web import sealed_sessions
from gongdao.front.web.sealed_sessions import SessionStore, row_key

pytestmark = pytest.mark.django_db


def _kept(**held: str) -> SessionStore:
    session = SessionStore()
    session.update(held)
    session.save()
    return session


def test_a_row_opens_no_browser(client):
    """Neither key nor content of a row is what a browser sends or what the session holds."""
    session = _kept(name="微信截图_小明.png")
    row = Session.objects.get()
    assert session.session_key not in (row.session_key, row.session_data)
    assert "eyJ" not in row.session_data and "png" not in row.session_data
    assert SessionStore(row.session_key).load() == {}
    assert SessionStore(session.session_key).load() == {"name": "微信截图_小明.png"}


def test_pages_use_it_and_the_dump_opens_nothing(make_case, client):
    """A browser that holds a case goes on; the key that lies in the database, sent as a cookie,
    opens nothing."""
    case = make_case()
    page = f"/c/{case.content.link}/files/"
    assert 'name="code"' not in client.get(page).content.decode()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    (row,) = Session.objects.all()
    assert row.session_key == row_key(cookie) != cookie
    client.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert 'name="code"' in client.get(page).content.decode()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert 'name="code"' not in client.get(page).content.decode()


def test_content_stays_in_its_row():
    """What one session holds does not open in the row of another."""
    mine, other = _kept(case="mine"), _kept(case="other")
    taken = Session.objects.get(session_key=row_key(other.session_key)).session_data
    Session.objects.filter(session_key=row_key(mine.session_key)).update(session_data=taken)
    assert SessionStore(mine.session_key).load() == {}
    assert SessionStore(other.session_key).load() == {"case": "other"}


@pytest.mark.parametrize("data", ["", "x", "eyJhIjoxfQ:1abc:def", "AAAA", "é"])
def test_what_does_not_open_is_an_empty_session(data):
    """A row that was altered, or is of another form, is an empty session and no error."""
    session = _kept(a="b")
    Session.objects.update(session_data=data)
    assert SessionStore(session.session_key).load() == {}


def test_cycling_keeps_content_under_a_new_key():
    """After sign-in the content lies under a new key, and the old cookie opens nothing."""
    session = _kept(a="b")
    old = session.session_key
    session.cycle_key()
    assert session.session_key != old and not session.exists(old)
    assert session.exists(session.session_key) and Session.objects.count() == 1
    assert SessionStore(session.session_key).load() == {"a": "b"}


def test_deleting_and_flushing():
    """A session is deleted by its cookie or by itself; the row's own key deletes nothing."""
    one, two = _kept(a="1"), _kept(a="2")
    SessionStore().delete(row_key(one.session_key))
    assert Session.objects.count() == 2
    SessionStore().delete(one.session_key)
    assert not one.exists(one.session_key) and two.exists(two.session_key)
    two.flush()
    assert two.session_key is None and not Session.objects.exists()


def test_a_session_that_was_deleted_meanwhile_is_not_made_again():
    """A slow page cannot bring back a session that another page ended."""
    from django.contrib.sessions.backends.base import UpdateError

    session = _kept(a="1")
    late = SessionStore(session.session_key)
    late["a"] = "2"
    session.delete()
    with pytest.raises(UpdateError):
        late.save()


def test_ended_sessions_open_nothing_and_are_cleared():
    """Past its date a session is empty; clearing takes it and leaves the others."""
    over, lasting = _kept(a="1"), _kept(a="2")
    ended = Session.objects.filter(session_key=row_key(over.session_key))
    ended.update(expire_date=now() - timedelta(minutes=1))
    assert SessionStore(over.session_key).load() == {}
    SessionStore.clear_expired()
    assert not ended.exists() and SessionStore(lasting.session_key).load() == {"a": "2"}


def test_another_master_key_signs_out(monkeypatch):
    """Under another current master key no session is found; under the old one it is again."""
    session, stores = _kept(a="1"), sealed_sessions.get_stores()
    other = replace(stores, masters=MasterKeys.parse(new_master_key()))
    with monkeypatch.context() as patched:
        patched.setattr(sealed_sessions, "get_stores", lambda: other)
        assert SessionStore(session.session_key).load() == {}
    assert SessionStore(session.session_key).load() == {"a": "1"}


@pytest.mark.django_db(transaction=True)
def test_the_async_ways_are_sealed_too():
    """What is kept, found and deleted by the async methods lies in the same keyed, sealed row."""
    from asgiref.sync import async_to_sync

    async def keep() -> SessionStore:
        session = SessionStore()
        session["name"] = "secret.png"
        await session.asave()
        return session

    session = async_to_sync(keep)()
    (row,) = Session.objects.all()
    assert row.session_key == row_key(session.session_key) and "secret" not in row.session_data
    assert async_to_sync(session.aexists)(session.session_key)
    assert async_to_sync(SessionStore(session.session_key).aload)() == {"name": "secret.png"}
    async_to_sync(session.adelete)()
    assert not Session.objects.exists()
