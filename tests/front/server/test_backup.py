"""Backup and restore for real: everything destroyed comes back byte for byte."""

from __future__ import annotations

import json

import psycopg
import pytest
from tests.casework.case_kit import make_case, report_folder
from tests.core.local_s3 import ACCESS_KEY, BUCKET, SECRET_KEY, run_s3
from tests.database import begin_installation, copy_database
from tests.front.server.backup_kit import (
    AT,
    ERASE,
    Site,
    fill,
    killed,
)

from gongdao.core.envelope import load_master_keys
from gongdao.front.server import backup as module
from gongdao.front.server.backup import Ground, back_up
from gongdao.front.server.backup_database import dump
from gongdao.front.server.embedded_postgres import start_embedded
from gongdao.front.settings import Settings
from gongdao.front.stores import make_blobs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [pytest.param("b.tar", marks=pytest.mark.soak), "b"])
def test_everything_destroyed_comes_back(tmp_path, name):
    """Two cases, backed up to a tar or a folder, everything but the key destroyed, restored: links,
    codes and reports are the same byte for byte, and so are the blobs."""
    site = Site(tmp_path / "data")
    begin_installation(site.data)
    fill(site, tmp_path)
    before, blobs = site.reports(), site.stored()
    said = json.loads(site.gongdao("backup", tmp_path / name, "--json"))
    assert said["counts"]["cases"] == said["counts"]["files"] == said["blobs"] == 2
    assert said["lost"] == 0
    site.destroy()
    site.gongdao("restore", tmp_path / name)
    assert site.reports() == before
    assert site.stored() == blobs


@pytest.mark.soak
def test_the_same_with_an_s3_store(tmp_path):
    """With blobs in a bucket: backed up, the bucket emptied and the database destroyed, restored,
    the same reports."""
    with run_s3(tmp_path / "s3") as server:
        more = {
            "GONGDAO_S3_BUCKET": BUCKET,
            "GONGDAO_S3_ENDPOINT": server.endpoint,
            "GONGDAO_S3_ACCESS_KEY": ACCESS_KEY,
            "GONGDAO_S3_SECRET_KEY": SECRET_KEY,
        }
        site = Site(tmp_path / "data", more)
        fill(site, tmp_path)
        before, names = site.reports(), site.stored()
        site.gongdao("backup", tmp_path / "b.tar")
        site.destroy()
        blobs = make_blobs(Settings.read(site.environment))
        for name in names:
            blobs.delete(name)
        assert len(names) == 2 and site.stored() == []
        site.gongdao("restore", tmp_path / "b.tar")
        assert (site.reports(), site.stored()) == (before, names)


def test_a_backup_beside_a_running_server(origin, copy, tmp_path):
    """While another process runs the database, a backup is made through it; a restore is refused,
    because two must not use the folder."""
    site, backup = copy
    site.gongdao("restore", backup)
    with start_embedded(data_dir=site.data):
        site.gongdao("backup", tmp_path / "beside.tar")
        assert site.gongdao("restore", backup, "--replace", fails=True)
    site.destroy()
    site.gongdao("restore", tmp_path / "beside.tar")
    assert site.reports() == origin.reports


def test_sessions_and_cache_stay_behind(copy, tmp_path):
    """Who is signed in is not in a backup: after a restore nobody is, and the tables are there."""
    site, backup = copy
    site.gongdao("restore", backup)
    rows = "SELECT (SELECT count(*) FROM django_session), (SELECT count(*) FROM core_cache)"
    with start_embedded(data_dir=site.data) as running:
        with psycopg.connect(running.url) as database:
            database.execute("INSERT INTO django_session VALUES ('k', 'd', now() + '1 day')")
            database.execute("INSERT INTO core_cache VALUES ('k', 'v', now() + '1 day')")
        with psycopg.connect(running.url) as database:
            assert database.execute(rows).fetchone() == (1, 1)
        site.gongdao("backup", tmp_path / "signed-in.tar")
    site.gongdao("restore", tmp_path / "signed-in.tar", "--replace")
    with start_embedded(data_dir=site.data) as running, psycopg.connect(running.url) as database:
        assert database.execute(rows).fetchone() == (0, 0)


def test_no_master_key_is_in_it(origin):
    """Neither the key file nor the key, in any spelling, is in the backup; its id is, so that one
    knows which key is needed."""
    text = (origin.data / "master.key").read_text()
    key = load_master_keys(origin.data / "master.key", None)
    data = origin.backup.read_bytes()
    assert text.strip().encode() not in data
    assert key.current not in data and key.current.hex().encode() not in data
    assert key.ids[0].encode() in data
    assert origin.backup.stat().st_mode & 0o077 == 0


def test_an_existing_backup_is_not_overwritten(filled, tmp_path):
    """A name that is taken is refused, and taken over with --replace; nothing half lies beside."""
    for name in ("again.tar", "again"):
        target = tmp_path / "out" / name
        filled.gongdao("backup", target)
        filled.gongdao("backup", target, fails=True)
        filled.gongdao("backup", target, "--replace")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["again", "again.tar"]


class _Busy:
    """A store in which something happens while it is copied."""

    def __init__(self, inner, happen) -> None:
        self._inner = inner
        self._happen = [happen]

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def open(self, name):
        """The blob, after what happens at the first opening has happened."""
        if self._happen:
            self._happen.pop()()
        return self._inner.open(name)


@pytest.mark.parametrize(
    "event",
    [
        "erased",
        pytest.param("added", marks=pytest.mark.soak),
        pytest.param("removed", marks=pytest.mark.soak),
    ],
)
def test_what_happens_during_the_backup_does_no_harm(origin, copy, tmp_path, event):
    """A case erased, a case added, or a file's row and blob removed after the copying began: the
    backup is whole, and nothing erased comes back from it."""
    site, backup = copy
    site.gongdao("restore", backup)
    gone, stays = origin.links
    with site.ground() as ground:

        def happen():
            if event == "erased":
                site.python(ERASE, gone, url=ground.database_url)
            elif event == "added":
                fill(site, tmp_path, cases=1)
            else:
                with psycopg.connect(ground.database_url) as connection:
                    connection.execute("DELETE FROM evidence_reading")
                    rows = connection.execute(
                        "DELETE FROM evidence_original RETURNING subject_id, address"
                    ).fetchall()
                for case_id, address in rows:
                    ground.blobs.delete(f"{str(case_id)[-2:]}/{case_id}/{address}")

        busy = Ground(
            ground.database_url, _Busy(ground.blobs, happen), ground.masters, ground.data_dir
        )
        done = back_up(ground=busy, target=tmp_path / "b.tar", at=AT, version="test")
    assert done.lost == 0
    site.destroy()
    said = json.loads(site.gongdao("restore", tmp_path / "b.tar", "--json"))
    assert said["unopened"] == 0
    found = set(json.loads(site.reports()))
    wanted = {"erased": {stays}, "removed": {gone, stays}}.get(event, found)
    assert found == wanted
    assert len(found) == {"erased": 1, "added": 3, "removed": 2}[event]


@pytest.mark.soak
def test_a_file_that_came_and_went_during_the_dump_leaves_no_row(origin, copy, tmp_path):
    """A row of the dump whose blob was removed before it could be copied is noted in the backup
    and dropped by the restore; a blob lost by the store is told as lost, and its row stays."""
    site, backup = copy
    site.gongdao("restore", backup)
    with site.ground() as ground:
        lost, went = site.stored()
        for name in (lost, went):
            ground.blobs.delete(name)

        def dump_then_remove(url, snapshot, into):
            dump(url, snapshot, into)
            with psycopg.connect(url) as connection:
                connection.execute("DELETE FROM evidence_reading")
                connection.execute(
                    "DELETE FROM evidence_original WHERE address = %s", (went[-64:],)
                )

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "dump", dump_then_remove)
            done = back_up(ground=ground, target=tmp_path / "b.tar", at=AT, version="test")
    assert done.lost == 1
    site.destroy()
    said = json.loads(site.gongdao("restore", tmp_path / "b.tar", "--json"))
    assert (said["removed"], said["unopened"], said["opened"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("name", "call"), [("_copy", 1), ("dump", 1), ("_copy", 2), ("_finish", 1), ("_verify", 1)]
)
def test_a_killed_backup_leaves_no_backup(filled, tmp_path, name, call):
    """Killed at any step, nothing has the backup's name; made again, it is whole."""
    target = tmp_path / "out" / "b.tar"
    killed(filled, "backup", name, call, False, "backup", target)
    assert not target.exists()
    filled.gongdao("backup", target)
    assert target.exists()


def test_a_folder_comes_out_as_it_went_in(copy, tmp_path):
    """Imported, read and exported, a case folder has the same originals and the same report (what
    was read of a file's kind now stands in the statement); a wrong code exports nothing, and a
    folder with something in it is not written to."""
    site, _backup = copy
    copy_database(site.data)
    root, out = make_case(tmp_path / "in"), tmp_path / "out"
    said = json.loads(site.gongdao("case", "import", root, "--read-now", "--json"))
    site.gongdao("case", "export", said["link"], out, "--code", "AAAAA-AAAAA", fails=True)
    assert not out.exists()
    site.gongdao("case", "export", said["link"], out, "--code", said["code"])
    assert (out / "during/chat.txt").read_bytes() == (root / "during/chat.txt").read_bytes()
    before, after = report_folder(root), report_folder(out)
    assert after == before
    site.gongdao("case", "export", said["link"], out, "--code", said["code"], fails=True)
