"""The witness over HTTP: what a client meets, well-meant or not; and the real process."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.log.small_log import SmallLog, submission

from gongdao.front.log_witness.application import WitnessApp
from gongdao.front.log_witness.serve import load_witness
from gongdao.log.cosigner_key import CosignerKey
from gongdao.log.witness import MOST_BODY_BYTES, origin_name
from gongdao_verify.signed_note import parse_note, verify_note
from gongdao_verify.tlog_policy import LogKey

KEY = CosignerKey("example.com/witness", bytes(range(32)))
NOW = 1_790_000_000
_PROGRAM = """
import json, sys
from pathlib import Path
from gongdao.front.log_witness.serve import serve_witness
from gongdao.log.cosigner_key import open_cosigner_key
from gongdao_verify.signed_note import VerifierKey
from gongdao_verify.tlog_policy import LogKey
if __name__ == "__main__":
    state, vkey, port = Path(sys.argv[1]), VerifierKey.parse(sys.argv[2]), int(sys.argv[3])
    key = open_cosigner_key(path=state / "witness.key", state=state, name="example.com/witness")
    print(key.verifier().text(), flush=True)
    logs = {vkey.name: LogKey(vkey)}
    serve_witness(state=state, key=key, logs=logs, host="127.0.0.1", port=port)
"""


@pytest.fixture
def log():
    """A log of ten leaves."""
    log = SmallLog()
    for number in range(10):
        log.add(b"entry %d" % number)
    return log


@pytest.fixture
def app(tmp_path, log):
    """A witness for that log, that waits a fifth of a second for a body."""
    return WitnessApp(tmp_path, KEY, {log.origin: log.key}, patience_s=0.2, clock=lambda: NOW)


def call(app, method, path, *messages, headers=(), pause=0.0):
    """Status, headers and body for one request whose body comes as ``messages``."""
    waiting, sent = list(messages), []

    async def receive():
        if pause:
            await asyncio.sleep(pause)
        if waiting:
            return waiting.pop(0)
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    asyncio.run(app(scope, receive, send))
    if not sent:
        return None
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def body(data, more=False):
    """One piece of a request body."""
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_request_in_pieces(app, log):
    """However a body is cut, it is one request; the answer is the cosignature."""
    data = submission(0, [], log.sign(4))
    pieces = [body(data[at : at + 1], at + 1 < len(data)) for at in range(len(data))]
    status, headers, answer = call(app, "POST", "/add-checkpoint", *pieces)
    assert status == 200 and headers[b"content-type"].startswith(b"text/plain")
    note = parse_note(log.sign(4) + answer)
    assert len(verify_note(note, [log.key, KEY.verifier()])) == 2


def test_the_type_of_a_size(app, log):
    """409 has the content type by which clients know the size."""
    call(app, "POST", "/add-checkpoint", body(submission(0, [], log.sign(4))))
    answer = call(app, "POST", "/add-checkpoint", body(submission(0, [], log.sign(7))))
    assert answer[0] == 409 and answer[2] == b"4\n"
    assert answer[1][b"content-type"] == b"text/x.tlog.size"


def test_monitoring(app, log):
    """GET shows the last cosigned note, and 404 before there is one."""
    path = f"/{origin_name(log.origin)}/checkpoint"
    assert call(app, "GET", path)[0] == 404
    call(app, "POST", "/add-checkpoint", body(submission(0, [], log.sign(4))))
    status, _headers, answer = call(app, "GET", path)
    assert status == 200 and answer.startswith(log.sign(4))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", "/", 404),
        ("GET", "/", 404),
        ("GET", "/checkpoint", 404),
        ("GET", "//checkpoint", 404),
        ("GET", "/../../etc/passwd/checkpoint", 404),
        ("GET", "/add-checkpoint/checkpoint", 404),
        ("POST", "/add-checkpoint/", 404),
        ("DELETE", "/" + "0" * 64 + "/checkpoint", 404),
    ],
)
def test_other_paths(app, method, path, status):
    """There are two paths, each for its methods."""
    assert call(app, method, path, body(b""))[0] == status


def test_a_body_that_is_too_long(app):
    """Announced or just sent, what is too long is refused before it is whole, and hung up on."""
    announced = [(b"Content-Length", str(MOST_BODY_BYTES + 1).encode())]
    status, headers, _body = call(app, "POST", "/add-checkpoint", headers=announced)
    assert status == 413 and headers[b"connection"] == b"close"
    endless = [body(b"x" * 60_000, True)] * 4
    assert call(app, "POST", "/add-checkpoint", *endless)[0] == 413


def test_a_slow_client(app, log):
    """Who takes too long over a body gets 408, however steadily it drips, and is hung up on."""
    data = submission(0, [], log.sign(4))
    drip = [body(data[at : at + 1], True) for at in range(len(data))]
    began = time.monotonic()
    status, headers, _body = call(app, "POST", "/add-checkpoint", *drip, pause=0.05)
    assert status == 408 and headers[b"connection"] == b"close"
    assert time.monotonic() - began < 0.05 * len(data)  # so long it would drip


def test_a_client_that_goes_away(app, log, tmp_path):
    """Half a request is none, and nobody is answered."""
    half = submission(0, [], log.sign(4))[:-30]
    gone = {"type": "http.disconnect"}
    assert call(app, "POST", "/add-checkpoint", body(half, True), gone) is None
    assert not (tmp_path / "witness").exists()


def test_a_disk_that_fails(app, log, monkeypatch):
    """What cannot be kept is not cosigned: 503, without a word about our disk."""

    def broken(_handle):
        raise OSError(28, "No space left on device", "/secret/path")

    monkeypatch.setattr(os, "fsync", broken)
    status, _headers, answer = call(
        app, "POST", "/add-checkpoint", body(submission(0, [], log.sign(4)))
    )
    assert status == 503 and b"secret" not in answer and b"\xe2\x80\x94" not in answer


def test_many_at_once(app, log):
    """A hundred requests at once for one step: one cosignature, ninety-nine conflicts."""
    data, found = submission(0, [], log.sign(4)), []

    async def one():
        first = [body(data)]

        async def receive():
            return first.pop()

        async def send(message):
            if message["type"] == "http.response.start":
                found.append(message["status"])

        scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": []}
        await app(scope, receive, send)

    async def all_of_them():
        await asyncio.gather(*(one() for _number in range(100)))

    asyncio.run(all_of_them())
    assert sorted(found) == [200] + [409] * 99


def test_only_requests_are_answered(app):
    """Other events of the server (its start and end) are let pass."""

    async def never(*_args):
        raise AssertionError

    asyncio.run(app({"type": "lifespan"}, never, never))


# The process -------------------------------------------------------------------------------------


def free_port():
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def request(port, method, path, data=None):
    """Status, content type and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, data)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type"), answer.read()
    finally:
        connection.close()


@pytest.fixture
def program(tmp_path):
    """The program above as a module that a spawned process can load again."""
    path = tmp_path / "program.py"
    path.write_text(_PROGRAM, "utf-8")
    return path


@pytest.mark.slow
def test_the_real_process(tmp_path, log, program):
    """Over real sockets: cosigns, conflicts, is killed and started again, and still knows; slow
    clients keep nobody from being answered."""
    state, port = tmp_path / "state", free_port()
    command = [sys.executable, str(program), str(state), log.key.text(), str(port)]

    def begin():
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        process.stdout.readline()
        for _try in range(200):
            try:
                request(port, "GET", "/")
                return process
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the witness does not answer")

    def end(process, number):
        os.killpg(process.pid, number)
        process.wait(20)
        process.stdout.close()

    slow = []
    process = begin()
    try:
        data = submission(0, [], log.sign(4))
        assert request(port, "POST", "/add-checkpoint", data)[0] == 200
        end(process, signal.SIGKILL)
        process = begin()
        assert request(port, "POST", "/add-checkpoint", data) == (409, "text/x.tlog.size", b"4\n")
        for _number in range(100):
            slow.append(socket.create_connection(("127.0.0.1", port)))
            slow[-1].sendall(
                b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            )
        began = time.monotonic()
        data = submission(4, log.prove(4, 7), log.sign(7))
        assert request(port, "POST", "/add-checkpoint", data)[0] == 200
        assert request(port, "GET", f"/{origin_name(log.origin)}/checkpoint")[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for one in slow:
            one.close()
        end(process, signal.SIGTERM)
    assert process.returncode in (0, -signal.SIGTERM)


def test_what_the_process_is_given(tmp_path, log, monkeypatch):
    """The application in the new process is the one that was asked for."""
    monkeypatch.setattr("gongdao.front.log_witness.serve.end_with_parent", lambda: None)
    app = load_witness(
        json.dumps(
            {
                "state": str(tmp_path),
                "key": KEY.text(),
                "logs": {log.origin: [[log.key.text(), 7]]},
            }
        )
    )
    known = LogKey(log.key, since=(7,))
    assert (app.state, app.key, app.logs) == (tmp_path, KEY, {log.origin: known})
