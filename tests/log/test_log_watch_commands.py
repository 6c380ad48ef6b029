"""``gongdao log witness`` and ``gongdao log audit`` as people use them."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
import typer
from tests.log.small_log import SmallLog, fork_of, make_keys, submission
from typer.testing import CliRunner

from gongdao.core.errors import ArgumentError, GongdaoError, InputError
from gongdao.front.cli import log_watch_commands
from gongdao.log.cosigner_key import CosignerKey
from gongdao_verify.leaf_form import LOG_SUBJECT
from gongdao_verify.signed_note import VerifierKey, parse_note, verify_note

app = typer.Typer(pretty_exceptions_enable=False)
app.command("witness")(log_watch_commands.witness)
app.command("audit")(log_watch_commands.audit)

DIGESTS = {"manifest_sha256": "a" * 64, "manifest_sm3": "b" * 64, "seal_sha256": "c" * 64}


def run(*words):
    """Exit code and output of a command; what it raises on purpose, raised."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, GongdaoError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def log():
    """A log of sealed cases, by the product's own table."""
    log = SmallLog().begin()
    for number in range(299):
        log.add_leaf("case.sealed", f"case:{number:032x}", data=DIGESTS)
    return log


@pytest.fixture
def policy(tmp_path, log):
    """A policy file with the log's key."""
    path = tmp_path / "policy.txt"
    path.write_text(f"# whom we trust\nlog {log.key.text()}\nquorum none\n", "utf-8")
    return path


@pytest.fixture
def folder(tmp_path, log):
    """The log, published."""
    (tmp_path / "log").mkdir()
    log.publish(tmp_path / "log")
    return tmp_path / "log"


def test_an_audit_that_passes(tmp_path, folder, policy, log):
    """Exit code 0, what was checked, what is not proven, and the cosignature."""
    state, key = tmp_path / "state", tmp_path / "a.key"
    code, text = run(
        "audit", folder, "--state", state, "--policy", policy, "--key", key, "--name", "a.example/1"
    )
    assert code == 0 and "审计通过：300 条记录，这次新查 300 条" in text and "没有证明" in text
    line = next(one for one in text.splitlines() if one.startswith("— "))
    public = CosignerKey.parse(key.read_text("utf-8")).verifier()
    assert len(verify_note(parse_note(log.sign() + f"{line}\n".encode()), [log.key, public])) == 2
    code, text = run("audit", folder, "--state", state, "--log-key", log.key.text(), "--lang", "en")
    assert code == 0 and "— " not in text


def test_an_audit_as_json(tmp_path, folder, policy, log):
    """One object with state, size, root and figures."""
    code, text = run("audit", folder, "--state", tmp_path / "s", "--policy", policy, "--json")
    found = json.loads(text)
    assert code == 0 and found.pop("seconds") >= 0
    assert found == {
        "state": "audited",
        "origin": log.origin,
        "size": 300,
        "root": log.root().hex(),
        "checked": 300,
    }


def test_a_fault_in_words(tmp_path, folder, policy, log):
    """Exit code 1; file, number, subject and rule stand there."""
    log.add_leaf("log.genesis", LOG_SUBJECT)
    log.publish(folder)
    code, text = run("audit", folder, "--state", tmp_path / "s", "--policy", policy)
    assert code == 1 and "没有通过" in text
    for word in ("step", "tile/entries/001.p/45", "300", LOG_SUBJECT, "log.genesis"):
        assert word in text
    code, text = run("audit", folder, "--state", tmp_path / "s", "--policy", policy, "--json")
    fault = json.loads(text)["fault"]
    assert (code, fault["rule"], fault["index"], fault["subject"]) == (1, "step", 300, LOG_SUBJECT)


def test_a_fork_in_words(tmp_path, folder, policy, log):
    """Exit code 1, and both signed notes whole, as anybody could check them."""
    words = ("audit", folder, "--state", tmp_path / "s", "--policy", policy)
    assert run(*words)[0] == 0
    other = fork_of(log, 290, log.entries[200:215])
    shutil.rmtree(folder)
    other.publish(folder)
    code, text = run(*words)
    assert code == 1 and "分叉" in text
    for note in (log.sign(), other.sign()):
        assert note.decode() in text
    code, text = run(*words, "--json")
    assert code == 1 and json.loads(text)["notes"] == [log.sign().decode(), other.sign().decode()]


def test_a_server_that_is_behind(tmp_path, folder, policy, log):
    """Exit code 2: nothing new could be audited, and nothing is wrong either."""
    words = ("audit", folder, "--state", tmp_path / "s", "--policy", policy)
    assert run(*words)[0] == 0
    (folder / "checkpoint").write_bytes(log.sign(200))
    code, text = run(*words)
    assert code == 2 and "比见过的旧" in text


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--log-key", "rubbish"],
        ["--log-key", CosignerKey("a", bytes(32)).verifier().text()],
        ["--policy", "/nothing/here"],
    ],
)
def test_without_the_logs_key_there_is_no_audit(tmp_path, folder, words):
    """The key has to come from elsewhere than the log."""
    command = ["audit", str(folder), "--state", str(tmp_path / "s"), *words]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, ArgumentError | FileNotFoundError)
    assert not (tmp_path / "s").exists()


def test_policies_that_cannot_be_read(tmp_path, folder):
    """A broken policy is named with its line; one with several logs needs the right address."""
    path = tmp_path / "policy"
    path.write_text("log nonsense\nquorum none\n", "utf-8")
    with pytest.raises(InputError, match="line 1"):
        run("audit", folder, "--state", tmp_path / "s", "--policy", path)
    keys = [make_keys(name)[1] for name in ("log.example.org/log", "b.example.org/log")]
    path.write_text(
        f"log {keys[0].text()} {folder}\nlog {keys[1].text()} https://b.example.org/log/\n"
        "quorum none\n",
        "utf-8",
    )
    assert run("audit", folder, "--state", tmp_path / "s", "--policy", path)[0] == 0
    with pytest.raises(ArgumentError, match="--policy"):
        run("audit", tmp_path, "--state", tmp_path / "t", "--policy", path)


def test_the_witnesss_public_key(tmp_path):
    """--show-key makes the key, prints the line for policies, and ends."""
    state = tmp_path / "w"
    code, text = run("witness", "--state", state, "--name", "w.example/1", "--show-key")
    key = VerifierKey.parse(text.strip())
    assert code == 0 and (key.name, key.kind) == ("w.example/1", 4)
    assert run("witness", "--state", state, "--show-key")[1] == text


@pytest.mark.parametrize("listen", ["8100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x", ":8100"])
def test_addresses_to_listen_on(tmp_path, policy, listen):
    """Host and port are both wanted."""
    with pytest.raises(ArgumentError, match="--listen"):
        run("witness", "--state", tmp_path / "w", "--policy", policy, "--listen", listen)


_PROGRAM = """
import typer
from gongdao.front.cli.log_watch_commands import witness
if __name__ == "__main__":
    typer.run(witness)
"""


@pytest.mark.slow
def test_two_witnesses_for_development(tmp_path, policy, log):
    """Two of our own on one machine, each with its folder and name, cosign the same checkpoint."""
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM, "utf-8")
    running = []
    try:
        for number in (1, 2):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            command = [sys.executable, str(program), "--state", str(tmp_path / f"w{number}")]
            command += ["--name", f"w.example/{number}", "--policy", str(policy)]
            command += ["--listen", f"127.0.0.1:{port}"]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            running.append(process)
            process.stdout.readline()
            word, name, vkey, url = process.stdout.readline().split()
            assert (word, name, url) == (
                "witness",
                f"w.example/{number}",
                f"http://127.0.0.1:{port}",
            )
            line = post(port, submission(0, [], log.sign()))
            note = parse_note(log.sign() + line)
            assert len(verify_note(note, [log.key, VerifierKey.parse(vkey)])) == 2
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
            process.stdout.close()


def post(port, body):
    """The answer of a witness that may still be starting."""
    for _try in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/add-checkpoint", body)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()
        except ConnectionError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError("the witness does not answer")


def test_progress_on_a_terminal(monkeypatch, capsys):
    """A line that is rewritten, and gone at the end; nothing when errors are piped."""
    show = log_watch_commands._progress()
    show("leaves", 1, 2)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    show = log_watch_commands._progress()
    show("leaves", 1, 2)
    show("leaves", 2, 2)
    text = capsys.readouterr().err
    assert re.search(r"1 / 2", text) and text.endswith("\x1b[K")
