"""The part of the server that sequences: it says why it stands still, waits, and never takes the
server with it. Run over a whole installation, with Django and a database of its own."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction
from tests.database import begin_installation
from tests.front.server.backup_kit import Site
from tests.front.server.server_kit import free_port, kill, python, read_until, wait_until
from tests.log.log_kit import AT, STORES, append_some, check_whole, hashes_of, sealed

from gongdao.front.server import log_part
from gongdao.front.settings import Settings
from gongdao.log import begin
from gongdao.log.append import append_leaves
from gongdao.log.errors import LogQueueFull
from gongdao.log.models import LogAnchor, LogPending
from gongdao_verify.checkpoint import Checkpoint
from gongdao_verify.merkle import check_consistency
from gongdao_verify.signed_note import parse_note
from gongdao_verify.tree_reader import TreeReader

APPEND = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
django.setup()
from django.db import transaction
from gongdao.front.clock import now
from gongdao.front.stores import get_stores
from gongdao.log.append import append_leaves
from gongdao.log.new_leaf import NewLeaf, new_subject
from gongdao.log.wait_covered import wait_covered
data = {"manifest_sha256": "a" * 64, "manifest_sm3": "b" * 64, "seal_sha256": "c" * 64}
leaves = [NewLeaf("case.sealed", new_subject("case"), data) for _ in range(int(sys.argv[1]))]
with transaction.atomic():
    hashes = append_leaves(stores=get_stores(), leaves=leaves, at=now())
print(wait_covered(hashes[-1], float(sys.argv[2])))
"""
SERVE = """
import sys
sys.argv = ["gongdao", "serve", "--port", sys.argv[1]]
from gongdao.front.cli.main import main
main()
"""


@contextmanager
def _serving(site: Site, port: int) -> Iterator[None]:
    more = {**site.environment, "GONGDAO_PORT": str(port)}
    with python(SERVE, port, more=more) as process:
        read_until(process, str(port))
        yield
        process.terminate()
        assert process.wait(30) == 0


def _append(site: Site, count: int, patience: float = 20) -> str:
    return site.python(APPEND, str(count), str(patience)).strip()


def _status(site: Site) -> dict[str, object]:
    found: dict[str, object] = json.loads(site.gongdao("log", "status", "--json"))
    return found


def _answers(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        return bool(answer.status == 200)


def _checkpoint(site: Site) -> Checkpoint:
    return Checkpoint.parse(parse_note((site.data / "log/checkpoint").read_bytes()).text)


@pytest.mark.slow
def test_backup_restore_refusal_replay_on_a_real_server(tmp_path):
    """The whole way with the commands that people use: the restored log refuses while the pages
    answer, ``gongdao log status`` says why, the replay mends it beside the running server, and the
    next checkpoint continues the one from before."""
    site, port = Site(tmp_path / "data"), free_port()
    begin_installation(site.data)
    with _serving(site, port):
        wait_until((site.data / "log/checkpoint").exists)
        assert _append(site, 3) == "3"  # behind the genesis leaf
        site.gongdao("backup", tmp_path / "old.tar")
        assert _append(site, 400) == "403"
        before = _checkpoint(site)
        assert before.size == 404
    site.gongdao("restore", tmp_path / "old.tar", "--replace")
    with _serving(site, port):
        assert _append(site, 2, 1) == "None"
        assert _answers(port)
        found = _status(site)
        assert "gongdao log replay" in str(found["refused"])
        assert (found["size"], found["signed"], found["waiting"]) == (4, 404, 2)
        assert _checkpoint(site) == before
        done = json.loads(site.gongdao("log", "replay", site.data / "log", "--json"))
        assert done == {"size": 404, "added": 400, "moved": {}, "set_aside": []}
        wait_until(lambda: _checkpoint(site).size == 406)
        assert _append(site, 1) == "406"
        assert not _status(site)["refused"]
    after = _checkpoint(site)
    reader = TreeReader(lambda path: (site.data / "log" / path).read_bytes(), after.size)
    check_consistency(
        old_size=before.size,
        old_root=before.root,
        new_size=after.size,
        new_root=after.root,
        path=reader.consistency_path(before.size),
    )


@pytest.mark.slow
def test_killed_it_is_started_again(tmp_path):
    """Kill -9 of the log's process costs nothing: it is started again and goes on."""
    site, port = Site(tmp_path / "data"), free_port()
    begin_installation(site.data)
    with _serving(site, port):
        wait_until((site.data / "log/checkpoint").exists)
        before = _log_process(site)
        kill(before)
        assert _append(site, 1) == "1"
        assert _log_process(site) != before


def _log_process(site: Site) -> int:
    """The process that is the sequencer of ``site``."""
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes()
        except (OSError, ValueError):
            continue
        ours = f"GONGDAO_DATA={site.data}".encode() in environment.split(b"\0")
        if ours and command[-3:-1] == [b"gongdao.front.server", b"log"]:
            return int(folder.name)
    raise AssertionError("there is no such process")


def _settings(ground, **more: str) -> Settings:
    given = {"GONGDAO_DATA": str(ground.folder), "DATABASE_URL": _as_url(ground.url)}
    return Settings.read({**given, **more})


def _as_url(conninfo: str) -> str:
    from psycopg.conninfo import conninfo_to_dict

    place = conninfo_to_dict(conninfo)
    user, host = f"{place['user']}:{place['password']}", f"{place['host']}:{place['port']}"
    return f"postgresql://{user}@{host}/{place['dbname']}"


@contextmanager
def _sequencing(settings: Settings) -> Iterator[threading.Thread]:
    stop = threading.Event()
    given = {"settings": settings, "stop": stop, "clock": lambda: AT}
    thread = threading.Thread(target=log_part.keep_sequencing, kwargs=given)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks soon again."""
    monkeypatch.setattr(log_part, "REFUSED_S", 0.05)
    monkeypatch.setattr(log_part, "OTHER_S", 0.05)


@pytest.mark.django_db(transaction=True)
def test_it_begins_the_log_and_covers_leaves(ground):
    """Left alone, it writes the genesis leaf, and what is appended is covered within moments."""
    with _sequencing(_settings(ground)):
        wait_until(lambda: ground.published.checkpoint() is not None)
        hashes = append_some(5)
        wait_until(lambda: ground.signed().size == 6)
    entries = ground.entries()
    assert b'"log.genesis"' in entries[0]
    ((genesis,),) = ground.query("SELECT leaf_hash FROM log_entry WHERE idx = 0")
    check_whole(ground, [bytes(genesis), *hashes])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_lost_is_found_again(ground, monkeypatch):
    """The database ends the connection just as the log begins: the next try has another one."""
    begun, tries = begin.begin_log, []

    def lost(**given):
        tries.append(1)
        if len(tries) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        begun(**given)

    monkeypatch.setattr(begin, "begin_log", lost)
    with _sequencing(_settings(ground)):
        wait_until(lambda: ground.published.checkpoint() is not None)
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_said_once_and_waited_out(ground, caplog):
    """Refusing, it does not end and does not fill the log with the same line; once the cause is
    mended it goes on by itself."""
    append_some(2)
    ground.run()
    head = ground.folder / "log.head"
    head.rename(ground.folder / "away")
    with caplog.at_level(logging.ERROR, "gongdao.log"), _sequencing(_settings(ground)) as thread:
        wait_until(lambda: "gongdao log replay" in caplog.text)
        time.sleep(0.5)
        assert thread.is_alive() and caplog.text.count("gongdao log replay") == 1
        (ground.folder / "away").rename(head)
        wait_until(lambda: ground.signed().size == 3)  # the genesis leaf comes behind


@pytest.mark.django_db(transaction=True)
def test_while_it_refuses_the_queue_is_bounded(ground, caplog):
    """Refusing, it lets so many leaves wait and no more: who appends then is told, with all of his
    transaction undone; nothing that waits is lost, and mended it takes new leaves again."""
    hashes = append_some(2)
    ground.run()
    head = ground.folder / "log.head"
    head.rename(ground.folder / "away")
    settings = replace(_settings(ground), log_queue=20)
    with caplog.at_level(logging.ERROR, "gongdao.log"), _sequencing(settings):
        wait_until(lambda: "gongdao log replay" in caplog.text)
        hashes += append_some(19)
        time.sleep(0.3)
        hashes += append_some(1)  # the control: below the bound it is taken
        wait_until(lambda: "20" in caplog.records[-1].getMessage())
        with pytest.raises(LogQueueFull), transaction.atomic():
            LogAnchor.objects.create(kind="x", size=1, asked_at=AT)
            append_leaves(stores=STORES, leaves=sealed(1), at=AT)
        assert LogPending.objects.count() == 20 and not LogAnchor.objects.exists()
        (ground.folder / "away").rename(head)
        wait_until(lambda: ground.signed().size == 23)  # the genesis leaf comes behind
        hashes += append_some(1)
        wait_until(lambda: ground.signed().size == 24)
    found = hashes_of(ground.entries())
    assert found[:22] == hashes[:22] and set(hashes) < set(found) and len(found) == 24


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", [OSError("disk full"), ValueError("a fault of ours")])
def test_whatever_happens_it_tries_again(ground, caplog, monkeypatch, fault):
    """A full disk, or a fault of our own, stops one round; the next begins with what is on disk."""
    faults = [fault, fault]
    real = log_part.Sequencer.run_once

    def run_once(self, **given):
        if faults:
            raise faults.pop()
        return real(self, **given)

    monkeypatch.setattr(log_part.Sequencer, "run_once", run_once)
    with caplog.at_level(logging.ERROR, "gongdao.log"), _sequencing(_settings(ground)):
        wait_until(lambda: ground.published.checkpoint() is not None)
    assert type(fault).__name__ in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_connection_is_waited_out(ground, caplog):
    """When the database drops the connection, it comes back with a new one."""
    with _sequencing(_settings(ground)):
        wait_until(lambda: ground.published.checkpoint() is not None)
        ground.query(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        append_some(1)
        wait_until(lambda: ground.signed().size == 2)


@pytest.mark.django_db(transaction=True)
def test_the_notes_of_a_fork_are_shown_whole(ground, caplog, capfd):
    """On a fork, the signed note that contradicts the database goes to the operator byte for
    byte."""
    append_some(2)
    ground.run()
    other = ground.key.sign_head(size=2, root=b"x" * 32)
    (ground.folder / "log.head").write_bytes(other.note)
    with _sequencing(_settings(ground)):
        wait_until(lambda: "gongdao log replay" in caplog.text)
        time.sleep(0.2)
    said = capfd.readouterr().err
    assert other.note.decode() in said


@pytest.mark.django_db(transaction=True)
def test_a_second_one_waits(ground):
    """Two of them on one database: one works, and when it stops the other takes over."""
    settings = _settings(ground)
    with _sequencing(settings):
        with _sequencing(settings):
            wait_until(lambda: ground.published.checkpoint() is not None)
            append_some(1)
            wait_until(lambda: ground.signed().size == 2)
        append_some(1)
        wait_until(lambda: ground.signed().size == 3)


@pytest.mark.django_db(transaction=True)
def test_no_key_is_made_for_a_log_that_has_begun(ground, caplog):
    """Where the signing key is gone, no new one is made over the old log."""
    append_some(1)
    ground.run()
    (ground.folder / "log.key").unlink()
    with _sequencing(_settings(ground)):
        wait_until(lambda: "log.key" in caplog.text)
    assert not (ground.folder / "log.key").exists()


@pytest.mark.django_db(transaction=True)
def test_a_policy_that_cannot_be_read_costs_the_witnesses_alone(ground, caplog):
    """With a broken policy file the log goes on, and says what is wrong with the file."""
    (ground.folder / "policy").write_text("nonsense\n")
    settings = _settings(ground, GONGDAO_LOG_POLICY=str(ground.folder / "policy"))
    with _sequencing(settings):
        wait_until(lambda: ground.published.checkpoint() is not None)
    assert "policy" in caplog.text
