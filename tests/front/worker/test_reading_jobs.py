"""Jobs that read files: fair between people, given back when a worker dies, done once."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status
from tests.casework.online.online_kit import AT, LIMITS, Asked, add, new_case, put_reading
from tests.evidence.dossier_kit import receipt
from tests.house.house_sources import REPO

from gongdao.casework.online.files import add_file
from gongdao.core.errors import BlobStoreError
from gongdao.core.ids import new_id
from gongdao.evidence.kept.models import Access, FileState, Original, Reading
from gongdao.front.stores import get_stores
from gongdao.front.worker import tasks
from gongdao.front.worker.tasks import MOST_ATTEMPTS, ask_for_reading, rescue_jobs

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = REPO / "examples/late-then-invalid/during/receipt.png"


@pytest.fixture
def stores():
    """Keys and blobs of the test session."""
    return get_stores()


@pytest.fixture(autouse=True)
def _no_jobs(transactional_db):
    """The queue's tables are not Django's own: nothing else empties them between tests."""
    _empty()
    yield
    _empty()


def _empty():
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def _add(stores, case, number):
    data = io.BytesIO(f"{case.row.id} {number}".encode())
    add_file(
        stores=stores,
        case=case,
        name=f"{number}.png",
        source=data,
        limits=LIMITS.__class__(1 << 20, 100, 1 << 30),
        ask=ask_for_reading,
        at=AT,
    )


def _taken():
    """The cases whose files a worker takes, one after the other, as the queue gives them out."""
    worker = async_to_sync(app.job_manager.register_worker)()
    owners = []
    while job := async_to_sync(app.job_manager.fetch_job)(queues=["reading"], worker_id=worker):
        row = Original.objects.get(id=tasks._original_of(job))
        owners.append(row.subject_id)
        async_to_sync(app.job_manager.finish_job)(job, status=Status.SUCCEEDED, delete_job=False)
        Original.objects.filter(id=row.id).update(state=FileState.READ)
    return owners


def test_fifty_files_do_not_stand_before_three(stores):
    """Whoever comes after somebody with fifty files has one of his read among the first two, and
    all three among the first six."""
    many, few = new_case(stores), new_case(stores)
    for number in range(50):
        _add(stores, many, number)
    for number in range(3):
        _add(stores, few, number)
    order = _taken()
    places = [place for place, owner in enumerate(order) if owner == few.row.id]
    assert len(order) == 53
    assert places[0] < 2 and places[2] < 6


def test_without_priorities_they_would(stores, monkeypatch):
    """The control: asked for without priorities, the three wait for all fifty."""
    monkeypatch.setattr("gongdao.casework.online.files._unread", lambda case: 0)
    many, few = new_case(stores), new_case(stores)
    for case, count in ((many, 50), (few, 3)):
        for number in range(count):
            _add(stores, case, number)
    assert _taken().index(few.row.id) == 50


def test_a_file_waits_in_one_job(stores):
    """Asked for again while it waits, a file has one job; the caller's transaction goes on."""
    case = new_case(stores)
    row = add(stores, case, "x.png", b"1", Asked())
    with transaction.atomic():
        for _time in range(3):
            ask_for_reading(row, 0)
        assert Original.objects.filter(id=row.id).exists()
    assert ProcrastinateJob.objects.filter(task_name="read_original").count() == 1


def test_a_job_is_asked_for_with_its_row_or_not_at_all(stores):
    """A transaction that fails leaves neither file nor job."""
    case = new_case(stores)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _add(stores, case, 1)
        raise ZeroDivisionError
    assert not ProcrastinateJob.objects.exists() and not Original.objects.exists()


def test_no_password_stands_in_a_job(stores):
    """A job names a file and nothing else of it."""
    case = new_case(stores)
    _add(stores, case, 1)
    (job,) = ProcrastinateJob.objects.all()
    assert set(job.args) == {"original_id", "rounds", "attempts"}


def test_a_store_in_trouble_is_tried_again_then_given_up(stores, monkeypatch):
    """A store that does not answer puts the job off; after some tries the file shows as failed."""

    def down(**_given):
        raise BlobStoreError("down")

    monkeypatch.setattr(tasks, "read_file", down)
    case = new_case(stores)
    row = add(stores, case, "x.png", b"1", Asked())
    Original.objects.filter(id=row.id).update(state=FileState.READING)
    tasks.read_original(original_id=str(row.id))
    job = ProcrastinateJob.objects.get()
    assert job.args["attempts"] == 1 and job.scheduled_at is not None
    tasks.read_original(original_id=str(row.id), attempts=MOST_ATTEMPTS - 1)
    assert Original.objects.get(id=row.id).state == FileState.FAILED


def test_a_stalled_job_goes_back_beside_a_waiting_one(stores):
    """Where the same file was asked for meanwhile, the dead worker's job ends and the other stays;
    a job that killed its workers again and again is given up and its file shows as failed."""
    case = new_case(stores)
    rows = [add(stores, case, f"{n}.png", bytes([n]), Asked()) for n in (1, 2)]
    worker = async_to_sync(app.job_manager.register_worker)()
    for row in rows:
        ask_for_reading(row, 0)
        job = async_to_sync(app.job_manager.fetch_job)(queues=["reading"], worker_id=worker)
        Original.objects.filter(id=row.id).update(state=FileState.READING)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET lock = NULL WHERE id = %s", [job.id])
    ask_for_reading(rows[0], 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET attempts = %s WHERE args->>'original_id' = %s",
            [MOST_ATTEMPTS, str(rows[1].id)],
        )
        cursor.execute("DELETE FROM procrastinate_workers")
    assert async_to_sync(rescue_jobs)(silent_for=timedelta(seconds=1)) == 0
    states = ProcrastinateJob.objects.order_by("id").values_list("status", flat=True)
    assert list(states) == ["failed", "failed", "todo"]
    assert [Original.objects.get(id=row.id).state for row in rows] == ["reading", "failed"]


_WORKER = """
import asyncio, django
django.setup()
from procrastinate.contrib.django import app

async def work():
    with app.replace_connector(app.connector.get_worker_connector()) as worker:
      async with worker.open_async():
          await worker.run_worker_async(
            queues=["reading"], update_heartbeat_interval=0.3, stalled_worker_timeout=1,
            fetch_job_polling_interval=0.2, listen_notify=False, install_signal_handlers=False,
        )

asyncio.run(work())
"""


@contextmanager
def _worker():
    """A worker as its own process, on this test's database; killed in the end."""
    given = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(REPO)}
    program = [sys.executable, "-c", _WORKER]
    process = subprocess.Popen(program, env=environment, cwd=REPO)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(what, seconds=60):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_worker_costs_a_second_reading_only(stores):
    """SIGKILL while a picture is being read: pages go on, the job is given back by its heartbeat,
    and another worker leaves one reading and one note."""
    client = Client(HTTP_HOST="127.0.0.1")
    with PICTURE.open("rb") as picture:
        home = client.post("/start/", {"files": [picture]})["Location"]
    row = Original.objects.get()
    with _worker() as first:
        _until(lambda: Original.objects.get(id=row.id).state == FileState.READING)
        assert client.get(home).status_code == 200
        assert client.get(f"{home}facts/order/").status_code == 200
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert Original.objects.get(id=row.id).state == FileState.READING
    assert not Reading.objects.exists()
    rescue = async_to_sync(rescue_jobs)
    _until(lambda: rescue(silent_for=timedelta(seconds=1)) == 1, 20)
    with _worker():
        _until(lambda: Original.objects.get(id=row.id).state == FileState.READ)
        _until(lambda: not ProcrastinateJob.objects.filter(status="doing").exists())
    assert Reading.objects.count() == 1
    assert Access.objects.filter(purpose="read").count() == 2
    assert ProcrastinateJob.objects.get(task_name="read_original").status == "succeeded"
    assert "¥98.00" in client.get(home).content.decode()


def test_reading_a_file_of_an_erased_case_does_nothing(stores):
    """A job for a file that has gone ends without a trace."""
    case = new_case(stores)
    row = put_reading(stores, case, receipt())
    Original.objects.all().delete()
    tasks.read_original(original_id=str(row.id))
    assert not Reading.objects.exists()


def test_the_reader_gets_the_password(monkeypatch, tmp_path):
    """What the buyer gave to open a file reaches the process that opens it, and no environment."""
    from gongdao.casework.online.read_file import ToRead
    from gongdao.evidence.statement import Statement
    from gongdao.front.worker import reading

    asked = []

    def read_apart(*, process, request):
        asked.append(request)
        raise ConnectionAbortedError

    monkeypatch.setattr(reading, "read_apart", read_apart)
    with pytest.raises(ConnectionAbortedError):
        wanted = ToRead(new_id(AT), tmp_path, "bill.zip", Statement(), b"", "830572")
        reading.read_with_process(wanted)
    assert asked[0].password == "830572"


def test_each_case_has_a_reader_of_its_own(monkeypatch):
    """Files of one case are read by one process; a file of another case never meets what read the
    last one."""
    from gongdao.casework.online.read_file import ToRead
    from gongdao.evidence.kept.read_apart import ReadingProcess
    from gongdao.evidence.statement import Statement
    from gongdao.front.scratch import own_scratch
    from gongdao.front.worker import reading

    folder = own_scratch()
    process = ReadingProcess(folder=folder)
    monkeypatch.setattr(reading, "_process", lambda _folder: process)
    (folder / "chat.txt").write_text("买家：你好\n商家：在的\n", "utf-8")
    one, two = new_id(AT), new_id(AT)
    readers = []
    for case_id in (one, one, two, one):
        wanted = ToRead(case_id, folder, "chat.txt", Statement(), b"")
        assert reading.read_with_process(wanted).read.exhibit.problem is None
        readers.append(process.pid)
    process.close()
    assert readers[0] == readers[1] and len({*readers[1:]}) == 3
