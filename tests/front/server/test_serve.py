"""``serve``: everything starts, keeps running, and ends together."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.front.server.server_kit import (
    PATIENCE,
    free_port,
    is_free,
    kill,
    lives,
    python,
    read_rest,
    read_until,
    wait_until,
)

from gongdao.core.errors import ServerError
from gongdao.front.server.database import Database
from gongdao.front.server.embedded_postgres import start_embedded
from gongdao.front.server.listening import find_address, own_url
from gongdao.front.server.running_file import find_running

SMALL = {"DJANGO_SETTINGS_MODULE": "tests.front.server.small_project", "PYTHONWARNINGS": "error"}
SERVE = """
import sys
from pathlib import Path
from gongdao.core.errors import ServerError
from gongdao.front.server.serve import Pages, serve
data, port, jobs, application, url = sys.argv[1:]
pages = Pages(port=int(port), workers=2, application=application)
try:
    serve(data_dir=Path(data), database_url=url, pages=pages, jobs=int(jobs),
          say=lambda line: print(line, flush=True))
except ServerError as error:
    print(error, flush=True)
    sys.exit(error.exit_code)
print("ended", flush=True)
"""
PREPARE = """
import os
from gongdao.front.server.django_processes import prepare
prepare(os.environ["DATABASE_URL"])
"""
APPLICATION = "tests.front.server.small_project:application"


@contextmanager
def _serving(
    data: Path, port: int, *, jobs: int = 1, application: str = APPLICATION, url: str = ""
) -> Iterator[subprocess.Popen[str]]:
    with python(SERVE, data, port, jobs, application, url, more=SMALL) as process:
        yield process


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A data folder whose database is made and migrated."""
    folder = tmp_path_factory.mktemp("serve") / "data"
    with (
        start_embedded(data_dir=folder, durable=False) as database,
        python(PREPARE, more={**SMALL, "DATABASE_URL": database.url}) as process,
    ):
        assert process.wait(PATIENCE) == 0
    return folder


@pytest.fixture
def data(template, tmp_path):
    """A copy of the template for one test."""
    subprocess.run(["cp", "-a", str(template), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


@pytest.fixture
def running(data):
    """A server that answers: its process, its port and its data folder."""
    port = free_port()
    with _serving(data, port) as process:
        read_until(process, str(port))
        yield process, port, data


def _ask(port: int, path: str = "/") -> str:
    """What the pages answer, or nothing while they are being started again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def _children(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = [one for one, above in pairs if above == parent]
        found += children
        waiting += children
    return found


def _find_part(pid: int, name: str) -> int:
    """The process of the part ``name`` below ``pid``; 0 if there is none."""
    for child in _children(pid):
        done = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(child)],
            capture_output=True,
            text=True,
            check=False,
        )
        if f"gongdao.front.server {name}" in done.stdout:
            return child
    return 0


def _do_job(port: int, path: Path) -> int:
    """Ask for the job and wait until it is done; the process that did it."""
    path.unlink(missing_ok=True)
    wait_until(lambda: bool(_ask(port, f"/job?path={path}")))
    wait_until(path.exists)
    wait_until(lambda: bool(path.read_text()))
    return int(path.read_text())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_pages_and_worker_and_ends_quickly(running, tmp_path, number):
    """Pages answer, a job is done by another process, and one signal ends all of it in order."""
    process, port, data = running
    assert int(_ask(port)) != _do_job(port, tmp_path / "job")
    everything = _children(process.pid)
    assert len(everything) >= 5
    begin = time.monotonic()
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE) == 0
    assert time.monotonic() - begin < 10
    assert read_rest(process) == "ended\n"
    assert not [pid for pid in everything if lives(pid)]
    assert is_free(port)
    log = (data / "postgres/server.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


@pytest.mark.slow
def test_what_ends_is_started_again(running, tmp_path):
    """Pages, one of their processes, the worker and the database each come back after kill -9."""
    process, port, data = running
    kill(int(_ask(port)))
    assert _do_job(port, tmp_path / "job")
    pages = _find_part(process.pid, "pages")
    kill(pages)
    read_until(process, "“网页”意外退出")
    assert _do_job(port, tmp_path / "job")
    kill(_find_part(process.pid, "worker"))
    read_until(process, "“后台任务”意外退出")
    assert _do_job(port, tmp_path / "job")
    database = find_running(data / "postgres")
    assert database
    kill(database.pid)
    read_until(process, "数据库意外退出")
    wait_until(lambda: (now := find_running(data / "postgres")) is not None and now != database)
    again = find_running(data / "postgres")
    assert again and again.url == database.url
    assert _do_job(port, tmp_path / "job")
    assert process.poll() is None


@pytest.mark.slow
def test_nothing_outlives_a_killed_supervisor(running, tmp_path):
    """Kill -9 of the supervisor ends pages, worker and database, and the next start works."""
    process, port, data = running
    everything = _children(process.pid)
    process.kill()
    wait_until(lambda: not [pid for pid in everything if lives(pid)])
    assert is_free(port)
    with _serving(data, port) as again:
        read_until(again, str(port))
        assert _do_job(port, tmp_path / "job")


def test_a_signal_during_the_start_ends_it(data):
    """SIGTERM before anything answers ends the start and leaves nothing behind."""
    port = free_port()
    with _serving(data, port) as process:
        wait_until((data / "postgres/running.json").exists)
        everything = _children(process.pid)
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
        assert not [pid for pid in everything if lives(pid)]
    assert is_free(port)


def test_a_taken_port_is_said_before_anything_starts(tmp_path):
    """A port in use is one clear error, and no database was made for nothing."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with _serving(tmp_path / "data", port) as process:
            shown = read_rest(process)
            assert process.wait() == 2
    assert str(port) in shown and "占用" in shown
    assert not (tmp_path / "data").exists()


def test_a_second_server_on_the_same_data_is_refused(running):
    """A second ``serve`` on the data folder names the first, which goes on."""
    process, port, data = running
    with _serving(data, free_port()) as second:
        shown = read_rest(second)
        assert second.wait() == 2
    assert str(process.pid) in shown
    assert _ask(port)


@pytest.mark.slow
def test_pages_that_cannot_load_end_it_all(data):
    """Pages that fail again and again end the whole with an error, not in an endless loop."""
    with _serving(data, free_port(), application="no.such:thing") as process:
        shown = read_rest(process)
        assert process.wait() == 2
        everything = find_running(data / "postgres")
    assert "不再重试" in shown.splitlines()[-1]
    assert everything is None


@pytest.mark.slow
def test_pages_alone_leave_jobs_for_later(data, tmp_path):
    """Without a worker jobs wait, and a later start with one does them."""
    port, path = free_port(), tmp_path / "job"
    with _serving(data, port, jobs=0) as process:
        read_until(process, str(port))
        assert _ask(port, f"/job?path={path}")
        assert _find_part(process.pid, "worker") == 0
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
    assert not path.exists()
    with _serving(data, port):
        wait_until(path.exists)


def test_a_named_database_is_used(tmp_path):
    """With DATABASE_URL no embedded server is started, and the named one is left running."""
    with start_embedded(data_dir=tmp_path / "named", durable=False) as named:
        port = free_port()
        with _serving(tmp_path / "data", port, url=named.url) as process:
            read_until(process, str(port))
            assert _do_job(port, tmp_path / "job")
            process.terminate()
            assert process.wait(timeout=PATIENCE) == 0
        assert named.is_alive() and not (tmp_path / "data/postgres").exists()


def test_migrations_wait_for_each_other(tmp_path):
    """Migrations wait for the lock, and hold up no index that is built beside writes meanwhile; the
    control, Django's own command, does not wait."""
    bare = "import django; django.setup()\n"
    bare += "from django.core.management import call_command; call_command('migrate', verbosity=0)"
    with (
        start_embedded(data_dir=tmp_path, durable=False) as database,
        psycopg.connect(database.url, autocommit=True) as other,
    ):
        more = {**SMALL, "DATABASE_URL": database.url}
        other.execute("SELECT pg_advisory_lock(7463011)")
        with python(PREPARE, more=more) as waiting:
            wait_until(lambda: _asked_for_lock(other))
            other.execute("SET statement_timeout = '20s'")
            other.execute("CREATE TABLE indexed_meanwhile (id int)")
            other.execute("CREATE INDEX CONCURRENTLY ON indexed_meanwhile (id)")
            with python(bare, more=more) as control:
                assert control.wait(timeout=PATIENCE) == 0
            assert waiting.poll() is None
            other.execute("SELECT pg_advisory_unlock(7463011)")
            assert waiting.wait(timeout=PATIENCE) == 0


def _asked_for_lock(connection: psycopg.Connection) -> bool:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%advisory_lock%'"
    return connection.execute(f"{sql} AND pid <> pg_backend_pid()").fetchone() == (1,)


def test_a_database_that_does_not_answer_is_one_error(tmp_path):
    """A DATABASE_URL that leads nowhere is said without its password."""
    url = f"postgresql://me:geheim@127.0.0.1:{free_port()}/none"
    with (
        pytest.raises(ServerError, match="DATABASE_URL") as caught,
        Database(data_dir=tmp_path, url=url, attach=False, say=print),
    ):
        pass
    assert "geheim" not in str(caught.value)


def test_addresses_are_checked_before_they_are_used():
    """Names become numbers; what is no address of this machine is refused in words."""
    port = free_port()
    assert find_address("localhost", port) in ("127.0.0.1", "::1")
    assert find_address("0.0.0.0", port) == "0.0.0.0"
    assert own_url("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert own_url("::", 80) == "http://[::1]:80"
    with pytest.raises(ServerError, match="不是这台机器的地址"):
        find_address("203.0.113.9", port)
    with pytest.raises(ServerError, match="没有"):
        find_address("no such host", port)


def test_the_environment_of_the_tests_is_their_own():
    """No database of the machine's and no setting of a person's reaches a test."""
    assert "DATABASE_URL" not in os.environ
    assert os.environ["GONGDAO_DATA"].startswith(("/tmp", os.environ.get("TMPDIR", "/tmp")))
