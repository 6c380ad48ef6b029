"""``gongdao log export | replay | status | key | rotate-key`` and ``gongdao bench log``, as people
call them.

Over installations of their own; Django only inside the commands.
"""

from __future__ import annotations

import json
import os
import shutil

import pytest
from tests.database import begin_installation
from tests.front.server.backup_kit import Site
from tests.front.server.server_kit import free_port, python, read_until, wait_until
from tests.log.test_log_part import APPEND, SERVE

from gongdao.front.bench.log_bench import quantile
from gongdao.front.bench.peers import measure_peers
from gongdao_verify.signed_note import VerifierKey, parse_note, verify_note
from gongdao_verify.tlog_policy import Policy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A stopped installation whose log has its first leaf."""
    site, port = Site(tmp_path_factory.mktemp("log") / "data"), free_port()
    begin_installation(site.data)
    more = {**site.environment, "GONGDAO_PORT": str(port)}
    with python(SERVE, port, more=more) as process:
        read_until(process, str(port))
        wait_until((site.data / "log/checkpoint").exists)
        process.terminate()
        process.wait(30)
    return site


@pytest.fixture
def site(origin, tmp_path):
    """A copy of it, to be changed."""
    shutil.copytree(origin.data, tmp_path / "data")
    return Site(tmp_path / "data")


def test_the_key_is_shown_without_its_secret(site):
    """The command prints the public key under the origin, and nothing of the private one."""
    key = VerifierKey.parse(site.gongdao("log", "key").strip())
    secret = (site.data / "log.key").read_text().strip().rpartition("+")[2]
    said = site.gongdao("log", "key", "--json")
    assert json.loads(said) == {
        "origin": key.name,
        "vkey": key.text(),
        "url": "http://127.0.0.1:8000/log",
    }
    assert secret not in said and key.name.endswith("/log")


def test_the_key_is_changed_beside_a_running_server(site):
    """``rotate-key --prepare`` only makes the new key; ``rotate-key`` changes it while the server
    runs, prints the policy's lines, and what is recorded next is signed with the new one."""
    old = site.gongdao("log", "key").strip()
    assert site.gongdao("log", "key", "--policy").split()[1] == old
    made = json.loads(site.gongdao("log", "rotate-key", "--prepare", "--json"))
    assert made["since"] is None and site.gongdao("log", "key").strip() == old
    port = free_port()
    with python(SERVE, port, more={**site.environment, "GONGDAO_PORT": str(port)}) as process:
        read_until(process, str(port))
        done = json.loads(site.gongdao("log", "rotate-key", "--json"))
        assert (done["vkey"], done["since"]) == (made["vkey"], 2)
        site.python(APPEND, "3", "20")
        wait_until(lambda: json.loads(site.gongdao("log", "status", "--json"))["signed"] == 5)
        lines = site.gongdao("log", "key", "--policy")
        assert not json.loads(site.gongdao("log", "status", "--json"))["refused"]
        process.terminate()
        assert process.wait(30) == 0
    assert lines == done["policy"] and "#since=2" in lines
    assert site.gongdao("log", "key").strip() == made["vkey"]
    log = Policy.parse(f"{lines}quorum none\n").logs[done["origin"]]
    note = parse_note((site.data / "log/checkpoint").read_bytes())
    assert [one.key.text() for one in verify_note(note, log.keys_at(5))] == [made["vkey"]]
    assert [one.text() for one in log.keys_at(2)] == [old]
    assert not (site.data / "log.key.next").exists()


def test_a_key_from_the_environment_is_not_changed_here(site):
    """Where the key comes from the environment the command says what to do, and makes nothing."""
    secret = (site.data / "log.key").read_text().strip()
    site.more["GONGDAO_LOG_KEY"] = secret
    assert "GONGDAO_LOG_KEY" in site.gongdao("log", "rotate-key", fails=True)
    assert not (site.data / "log.key.next").exists()


def test_before_the_log_begins_there_is_no_key(tmp_path):
    """On an empty installation nothing is made by asking."""
    (tmp_path / "data").mkdir()
    assert "log.key" in Site(tmp_path / "data").gongdao("log", "key", fails=True)
    assert not os.listdir(tmp_path / "data")


def test_the_status_is_told(site):
    """How far the log is, in words and as JSON; what is missing is named."""
    found = json.loads(site.gongdao("log", "status", "--json"))
    assert (found["size"], found["signed"], found["published"], found["waiting"]) == (1, 1, 1, 0)
    assert not found["refused"] and not found["running"]
    assert "1" in site.gongdao("log", "status")
    (site.data / "log.head").unlink()
    assert "gongdao log replay" in site.gongdao("log", "status")


def test_export_replay_and_on(site, tmp_path):
    """A machine that kept nothing but backup and keys goes on from an export of its own: the way
    out that the page describes."""
    out = tmp_path / "out"
    assert "1" in site.gongdao("log", "export", out)
    assert (out / "checkpoint").read_bytes() == (site.data / "log/checkpoint").read_bytes()
    (site.data / "log.head").unlink()
    shutil.rmtree(site.data / "log")
    assert json.loads(site.gongdao("log", "replay", out, "--json"))["added"] == 0
    assert (site.data / "log.head").read_bytes() == (out / "checkpoint").read_bytes()
    assert not json.loads(site.gongdao("log", "status", "--json"))["refused"]


def test_a_source_that_is_none_is_said(site, tmp_path):
    """No folder, an empty one, and one with a broken tile: each is one sentence, and nothing
    changes."""
    kept = (site.data / "log.head").read_bytes()
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "nowhere", tmp_path / "empty"):
        assert "Traceback" not in site.gongdao("log", "replay", place, fails=True)
    assert (site.data / "log.head").read_bytes() == kept


def test_the_benchmark_runs_and_names_its_figures(tmp_path):
    """On a tiny plan the benchmark prints every promised figure, leaves nothing behind, and says
    why a peer was left out."""
    words = ("--leaves", 1000, "--seconds", 2, "--folder", tmp_path, "--python", "/nowhere/python")
    site = Site(tmp_path / "data")
    found = json.loads(site.gongdao("bench", "log", "--json", *words))
    for name in ("appends_per_s", "audit_leaves_per_s", "covered_p99_ms_at_1000"):
        assert found[name] > 0
    assert found["receipt_verify_ms"] > 0 and found["inclusion_proof_ms"] > 0
    assert found["audit_leaves"] == found["size"] == 3000
    assert set(found["peers"]) == {"pymerkle", "aics-tlog"}
    assert all("skipped" in one or one["appends_per_s"] > 0 for one in found["peers"].values())
    assert not os.listdir(tmp_path)


def test_peers_that_are_not_there_are_left_out_with_the_reason(tmp_path):
    """An interpreter that does not exist is a reason, not an error."""
    found = measure_peers(pythons=["/nowhere/python"], leaves=10, folder=str(tmp_path))
    assert all("/nowhere/python" in one["skipped"] for one in found.values())


def test_a_quantile_is_a_value_that_was_measured():
    """Nothing is interpolated."""
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert [quantile(values, share) for share in (0, 0.5, 0.99, 1)] == [1.0, 3.0, 5.0, 5.0]
