"""A restore checks before it touches, replaces only when asked, and is run again when stopped."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import psycopg
import pytest
from tests.casework.case_kit import make_case
from tests.database import copy_database
from tests.front.server.backup_kit import (
    AT,
    ERASE,
    fill,
    killed,
    versions,
)

from gongdao.core.envelope import load_master_keys, new_master_key
from gongdao.core.errors import InputError, ServerError
from gongdao.front.server.backup import back_up
from gongdao.front.server.backup_database import check_free, dump, hold_snapshot, load
from gongdao.front.server.restore import restore

pytestmark = pytest.mark.slow


def test_another_key_is_told_before_anything_is_touched(copy):
    """With another master key the restore names both ids and changes nothing; the same without
    any key, where none is made by the way."""
    site, backup = copy
    kept = (site.data / "master.key").read_text()
    (site.data / "master.key").write_text(new_master_key())
    wanted = load_master_keys(site.data / "master.key", kept).ids[0]
    assert wanted in site.gongdao("restore", backup, fails=True)
    assert site.stored() == []
    (site.data / "master.key").unlink()
    site.gongdao("restore", backup, fails=True)
    assert not (site.data / "master.key").exists()
    (site.data / "master.key").touch(0o600)
    (site.data / "master.key").write_text(f"{new_master_key()}\n{kept}")
    site.gongdao("restore", backup)


def _cut(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[:-12_000])


def _cut_hard(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[:700])


def _alter(source: Path, target: Path) -> None:
    data = bytearray(source.read_bytes())
    data[600] ^= 1
    target.write_bytes(data)


def _alter_manifest(source: Path, target: Path) -> None:
    data = source.read_bytes()
    assert b'\\"cases\\": 2' in data
    target.write_bytes(data.replace(b'\\"cases\\": 2', b'\\"cases\\": 3'))


def _add(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    with tarfile.open(target, "a") as tar:
        tar.addfile(tarfile.TarInfo("../outside"))


def _not_one(source: Path, target: Path) -> None:
    target.write_bytes(b"something else")


@pytest.mark.parametrize("damage", [_cut, _cut_hard, _alter, _alter_manifest, _add, _not_one])
def test_a_damaged_backup_is_refused_untouched(origin, filled, tmp_path, damage):
    """Cut short, a bit turned, the manifest changed, a member too many, no backup at all: refused
    before anything is touched, even with --replace."""
    names = filled.stored()
    damage(origin.backup, tmp_path / "damaged.tar")
    with filled.ground() as ground:
        before = versions(ground)
        with pytest.raises(InputError):
            restore(ground=ground, path=tmp_path / "damaged.tar", environment={}, replace=True)
        assert (versions(ground), filled.stored()) == (before, names)
    assert len(names) == 2 and not (filled.data / "restoring.json").exists()


def test_what_is_there_is_replaced_only_when_asked(origin, copy, tmp_path):
    """Over another case a restore is refused; with --replace that case is gone, rows and blobs,
    and the backup's cases are there."""
    site, backup = copy
    copy_database(site.data)
    fill(site, tmp_path, cases=1)
    before, names = site.reports(), site.stored()
    assert "--replace" in site.gongdao("restore", backup, fails=True)
    assert (site.reports(), site.stored()) == (before, names)
    site.gongdao("restore", backup, "--replace")
    assert site.reports() == origin.reports
    assert len(site.stored()) == 2 and not set(names) & set(site.stored())


def test_a_case_erased_after_the_backup_stays_erased(origin, copy):
    """Restored over the store that knows of the erasure, the older backup brings back the other
    case alone; in a store that knows nothing of it, the control, both."""
    site, backup = copy
    site.gongdao("restore", backup)
    gone, stays = origin.links
    site.python(ERASE, gone)
    said = json.loads(site.gongdao("restore", backup, "--replace", "--json"))
    assert said["erased_again"] == 1
    found = json.loads(site.reports())
    assert set(found) == {stays}
    assert len(site.stored()) == 2  # one file and one mark
    site.destroy()
    assert json.loads(site.gongdao("restore", backup, "--json"))["erased_again"] == 0
    assert set(json.loads(site.reports())) == {gone, stays}


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("_begin", False),
        ("_load_database", True),
        ("_load_database", False),
        ("_settle", False),
    ],
)
def test_a_killed_restore_is_run_again(origin, copy, name, before):
    """Killed before, between and after its steps, the same restore goes on without being told to
    replace anything, and gives the same reports."""
    site, backup = copy
    killed(site, "restore", name, 1, before, "restore", backup)
    site.gongdao("restore", backup)
    assert site.reports() == origin.reports
    assert not (site.data / "restoring.json").exists()


@pytest.mark.soak
def test_killed_before_the_database_the_old_one_is_still_there(origin, copy, tmp_path):
    """A replacing restore that is killed before its transaction ends leaves the case that was
    there, opening as before."""
    site, backup = copy
    fill(site, tmp_path, cases=1)
    before = site.reports()
    killed(site, "restore", "_load_database", 1, True, "restore", backup, "--replace")
    assert site.reports() == before
    site.gongdao("restore", backup, "--replace")
    assert site.reports() == origin.reports


@pytest.mark.soak
def test_a_dump_that_breaks_off_changes_nothing(origin, copy, tmp_path):
    """A dump cut short halfway is rolled back whole: the rows that were there are still there; the
    control, the whole dump, is taken."""
    site, backup = copy
    site.gongdao("restore", backup)
    with site.ground() as ground:
        with hold_snapshot(ground.database_url) as snapshot:
            dump(ground.database_url, snapshot.name, tmp_path / "whole")
        data = (tmp_path / "whole").read_bytes()
        (tmp_path / "cut").write_bytes(data[: len(data) - 3000])
        with psycopg.connect(ground.database_url) as connection:
            connection.execute("UPDATE casework_case SET version = 77")
        with pytest.raises(ServerError):
            load(ground.database_url, tmp_path / "cut")
        assert versions(ground) == [77, 77]
        load(ground.database_url, tmp_path / "whole")
        assert 77 not in versions(ground)


@pytest.mark.soak
def test_a_database_of_another_program_is_never_replaced(origin, copy):
    """Tables that are not ours stop a restore even with --replace, and stay."""
    site, backup = copy
    with site.ground() as ground:
        with psycopg.connect(ground.database_url) as connection:
            connection.execute("CREATE TABLE theirs AS SELECT 1 AS n")
        with pytest.raises(InputError):
            restore(ground=ground, path=backup, environment={}, replace=True)
        with pytest.raises(ServerError):
            back_up(ground=ground, target=backup.with_name("x.tar"), at=AT, version="test")
        with psycopg.connect(ground.database_url) as connection:
            row = connection.execute("SELECT n FROM theirs").fetchone()
        assert row == (1,)


def test_a_restore_waits_for_nobody(origin, copy):
    """While pages are connected to the database, a restore into it is refused."""
    site, _backup = copy
    with site.ground() as ground:
        check_free(ground.database_url)
        with (
            psycopg.connect(ground.database_url, application_name="gongdao"),
            pytest.raises(ServerError),
        ):
            check_free(ground.database_url)


def test_interrupted_jobs_go_back_to_their_queue(origin, copy, tmp_path):
    """A job that was being done when the backup was made waits again after the restore."""
    site, _backup = copy
    copy_database(site.data)
    root = make_case(tmp_path / "waiting")
    site.gongdao("case", "import", root)
    with site.ground() as ground, psycopg.connect(ground.database_url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    site.gongdao("backup", tmp_path / "b.tar")
    site.destroy()
    said = json.loads(site.gongdao("restore", tmp_path / "b.tar", "--json"))
    assert (said["requeued"], said["counts"]["jobs"]) == (1, 1)
    with site.ground() as ground, psycopg.connect(ground.database_url) as connection:
        rows = connection.execute("SELECT status::text FROM procrastinate_jobs").fetchall()
    assert rows == [("todo",)]
