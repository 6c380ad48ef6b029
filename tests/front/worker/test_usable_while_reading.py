"""A case can be used while files are being read: somebody else's fifty, or its own."""

from __future__ import annotations

import html
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.jobs import Status
from tests.casework.online.online_kit import FakeReader

from gongdao.casework.online.begin_case import digest_link
from gongdao.casework.online.models import Case
from gongdao.casework.online.read_file import ReadText, ToRead
from gongdao.evidence.kept.models import FileState, Original
from gongdao.front.worker import tasks

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30


@dataclass
class Hanging:
    """A reader that stops in the middle of its first file until it is let go."""

    reader: FakeReader = field(default_factory=lambda: FakeReader({}))
    hangs: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, wanted: ToRead) -> ReadText:
        """Read; the first time wait."""
        if not self.hangs.is_set():
            self.hangs.set()
            assert self.let_go.wait(PATIENCE)
        return self.reader(wanted)


@pytest.fixture(autouse=True)
def _no_jobs(transactional_db):
    """The queue's tables are not Django's own: nothing else empties them between tests."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def _browser():
    return Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="zh-CN")


def _files(count, name):
    return [SimpleUploadedFile(f"{name}{n}.txt", f"{name} {n}".encode()) for n in range(count)]


def _begin(browser, count, name):
    """Begin a case with files, as the start page does; its address and row."""
    answer = browser.post("/start/", {"files": _files(count, name)})
    assert answer.status_code == 302, answer.content.decode()
    home = answer["Location"]
    return home, Case.objects.get(link_digest=digest_link(home.strip("/").partition("/")[2]))


def _next_file():
    """What a worker takes next: the job and the file it is about."""
    manager = app.job_manager
    worker = async_to_sync(manager.register_worker)()
    job = async_to_sync(manager.fetch_job)(queues=[tasks.READING], worker_id=worker)
    return job, Original.objects.get(id=tasks._original_of(job))


def _end(job):
    async_to_sync(app.job_manager.finish_job)(job, status=Status.SUCCEEDED, delete_job=False)


@contextmanager
def _being_read(row, reader):
    """``row`` in the middle of being read by another thread; read to its end afterwards."""

    def work():
        try:
            tasks.read_original(original_id=str(row.id))
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert reader.hangs.wait(PATIENCE)
        yield
    finally:
        reader.let_go.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def reader(monkeypatch):
    """The reader of this process's jobs."""
    one = Hanging()
    monkeypatch.setattr(tasks, "read_with_process", one)
    return one


def _typed(browser, home, **changes):
    """Save the facts of the order as a browser would, with ``changes``."""
    page = browser.get(f"{home}facts/order/").content.decode()
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if 'name="seen"' in f)
    sent = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    }
    return browser.post(f"{home}facts/order/", sent | changes)


def _pages(browser, home):
    names = ("", "files/", "facts/", "facts/order/", "standing/", "channels/", "letters/")
    more = ("follow/", "keep/")
    return {name: browser.get(home + name).status_code for name in (*names, *more)}


def _states(case):
    return list(Original.objects.filter(subject_id=case.id).values_list("state", flat=True))


def test_a_new_case_is_usable_while_fifty_files_of_another_wait(reader):
    """With another's file in the middle of being read and 49 behind it: pages answer, files are
    taken, facts are saved, and the new case's file is the very next to be read."""
    first, second = _browser(), _browser()
    _home, many = _begin(first, 50, "a")
    _job, hanging = _next_file()
    assert hanging.subject_id == many.id
    with _being_read(hanging, reader):
        home, few = _begin(second, 1, "b")
        assert set(_pages(second, home).values()) == {200}
        assert _typed(second, home, merchant="小店").status_code == 302
        assert "小店" in second.get(f"{home}facts/").content.decode()
        added = second.post(f"{home}upload/", {"files": _files(1, "c")})
        assert added.status_code == 302 and len(_states(few)) == 2
        job, row = _next_file()
        assert row.subject_id == few.id
        tasks.read_original(original_id=str(row.id))
        _end(job)
        assert FileState.READ in _states(few)
        assert _states(many).count(FileState.READ) == 0
        assert _pages(second, home)["standing/"] == 200
    assert _states(many).count(FileState.READ) == 1


def test_ones_own_case_is_usable_while_its_file_is_read(reader):
    """The case whose file is being read answers too, and what was typed meanwhile stays: the
    reading that ends later does not overwrite it."""
    browser = _browser()
    home, case = _begin(browser, 3, "a")
    _job, row = _next_file()
    with _being_read(row, reader):
        assert _states(case).count(FileState.READING) == 1
        assert set(_pages(browser, home).values()) == {200}
        assert _typed(browser, home, product="一百元点卡").status_code == 302
    assert _states(case).count(FileState.READ) == 1
    assert "一百元点卡" in browser.get(f"{home}facts/").content.decode()


def test_without_fairness_the_new_case_would_wait(reader, monkeypatch):
    """The control: with files asked for in the order they came, the next one is the other's."""
    monkeypatch.setattr("gongdao.casework.online.files._unread", lambda case: 0)
    _home, many = _begin(_browser(), 50, "a")
    job, _row = _next_file()
    _end(job)
    _begin(_browser(), 1, "b")
    _job, row = _next_file()
    assert row.subject_id == many.id
