"""The auditor against servers on the web: honest ones, tired ones, and such as mean it badly."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import threading
import time

import pytest
from tests.house.house_sources import REPO
from tests.log.peers import saying, serving
from tests.log.story_log import KEY, audit_folder, grow_stories, story_log

from gongdao.core.errors import InputError
from gongdao.log.audit import AuditState
from gongdao.log.audit_source import (
    MOST_BUNDLE_BYTES,
    MOST_CHECKPOINT_BYTES,
    FolderLog,
    WebLog,
    open_source,
)
from gongdao.log.bounded_http import HttpPeer, Unanswered, check_base
from gongdao.log.witness import origin_name
from gongdao_verify.tree_reader import MissingTile


@pytest.fixture
def place(tmp_path):
    """Where a log is published, and where its auditor remembers."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log", tmp_path / "state"


_OPEN: list[WebLog] = []


@pytest.fixture(autouse=True)
def closed():
    """Every source that a test opened is closed."""
    yield
    while _OPEN:
        _OPEN.pop().close()


def web_log(url, **more):
    """A source that does not wait long."""
    _OPEN.append(WebLog(url, **{"patience_s": 3, "pause_s": 0.01} | more))
    return _OPEN[-1]


def test_over_http_as_from_a_folder(place, tmp_path):
    """The same report and the same mirror, whichever way the log came."""
    log = story_log(1400)
    log.publish(place[0])
    with serving(place[0]) as url:
        source = web_log(f"{url}/")
        web = audit_folder(source, place[1], log)
        source.close()
    assert web == audit_folder(place[0], tmp_path / "other", log)
    assert web.state == AuditState.AUDITED


def test_a_tired_server_is_asked_again(place):
    """500, 503 and 429 now and then only take time."""
    log = story_log(700)
    log.publish(place[0])
    seen = set()

    def tired(path):
        if path in seen:
            return None
        seen.add(path)
        status = (500, 503, 429)[len(seen) % 3]
        return status, {"Retry-After": "0"}, b"not now"

    with serving(place[0], tired) as url:
        assert audit_folder(web_log(url), place[1], log).state == AuditState.AUDITED


def test_a_server_that_stays_down(place):
    """After a few tries the file that could not be had is named."""
    log = story_log(700)
    log.publish(place[0])
    asked = []

    def down(path):
        asked.append(path)
        return (500, {}, b"") if "entries/001" in path else None

    with serving(place[0], down) as url, pytest.raises(InputError, match="entries/001"):
        audit_folder(web_log(url), place[1], log)
    assert 2 <= asked.count("/tile/entries/001") <= 5


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://127.0.0.1:1/x", "/elsewhere"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(place, target, status):
    """Wherever a server points, it is named and not gone to."""
    with (
        serving(place[0], lambda path: (status, {"Location": target}, b"")) as url,
        pytest.raises(InputError) as raised,
    ):
        web_log(url).read("checkpoint", limit=100)
    assert target in str(raised.value)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    "said",
    [
        {"repeat": b"x" * 65536},
        {"parts": [HEAD, b"\r\n"], "repeat": b"x" * 65536},
        {"parts": [HEAD, b"Content-Length: 99999999999\r\n\r\n"], "repeat": b"x" * 65536},
        {"parts": [HEAD, b"Transfer-Encoding: chunked\r\n\r\n"], "repeat": b"ff\r\n" + b"x" * 255},
        {"parts": [HEAD], "repeat": b"X-More: " + b"y" * 60_000 + b"\r\n"},
        {"parts": [HEAD, b"Content-Length: 100\r\n\r\n", b"x" * 50]},
        {"parts": [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nab"]},
        {"parts": [b"rubbish\r\n\r\n"]},
        {"parts": [b"HTTP/1.1 abc\r\n\r\n"]},
        {"parts": [b""]},
        {"parts": [HEAD, b"Content-Encoding: gzip\r\nContent-Length: 40\r\n\r\n", b"z" * 40]},
    ],
)
def test_answers_that_are_none(said):
    """Endless, cut, announced as huge, encoded unasked or no HTTP at all: refused soon."""
    parts = said.pop("parts", [])
    began = time.monotonic()
    with saying(*parts, **said) as url:
        peer = HttpPeer(url, patience_s=3)
        with pytest.raises(Unanswered):
            peer.get("checkpoint", limit=1000)
        peer.close()
    assert time.monotonic() - began < 60  # most are endless


@pytest.mark.parametrize(
    "parts",
    [
        [*[b"H"] * 90],
        [HEAD, *[b"X-%d: y\r\n" % n for n in range(90)]],
        [HEAD, b"Content-Length: 100\r\n\r\n", *[b"x"] * 99],
        [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 90],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 90,
    ],
)
def test_a_drip_does_not_hold_us(parts):
    """However a server spreads its bytes, the whole request has one deadline, long before it has
    said everything."""
    began, pause = time.monotonic(), 0.2
    with saying(*parts, pause=pause, repeat=b"") as url:
        with pytest.raises(Unanswered, match="slow"):
            HttpPeer(url, patience_s=1).get("checkpoint", limit=1000)
        assert 0.9 < time.monotonic() - began < pause * (len(parts) - 1)


def test_nobody_there():
    """A port where nobody listens, and one that never answers, are both said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unanswered, match="slow"):
            HttpPeer(f"http://127.0.0.1:{port}", patience_s=0.5).get("x", limit=10)
    with pytest.raises(InputError, match=str(port)):
        web_log(f"http://127.0.0.1:{port}").read("checkpoint", limit=10)


def test_a_kept_connection_that_was_closed(place):
    """When the server closed a kept connection, the request is made again on a new one, once."""
    (place[0] / "a").write_bytes(b"a" * 10)
    with serving(place[0]) as url:
        peer = HttpPeer(url, patience_s=3)
        assert peer.get("a", limit=10).body == b"a" * 10
        peer._connection.sock._sock.shutdown(socket.SHUT_RDWR)
        assert peer.get("a", limit=10).body == b"a" * 10
        peer.close()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://a/b", "http://", "http://a:b@c/", "http://a/?q", "http://a/#f",
        "http://a:99999/", "http://[", "x",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url):
    """Only http and https, without users, queries and fragments."""
    with pytest.raises(InputError):
        check_base(url)


def test_limits_in_a_folder(tmp_path):
    """Too long, a pipe, a folder, a device behind a link: none of it is read."""
    import os

    (tmp_path / "long").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/zero")
    source = FolderLog(tmp_path)
    for name in ("long", "pipe", "folder", "link"):
        with pytest.raises(InputError):
            source.read(name, limit=10)
    with pytest.raises(MissingTile):
        source.read("nothing", limit=10)
    assert source.read("long", limit=11) == b"x" * 11
    with pytest.raises(InputError):
        open_source(str(tmp_path / "nothing"))


def test_bundles_and_checkpoints_have_limits(place):
    """No file of a log may be longer than our leaves can make it."""
    log = story_log(700)
    log.publish(place[0])
    (place[0] / "tile/entries/000").write_bytes(b"\0" * (MOST_BUNDLE_BYTES + 1))
    with serving(place[0]) as url, pytest.raises(InputError, match="entries/000"):
        audit_folder(web_log(url), place[1], log)
    (place[0] / "checkpoint").write_bytes(log.sign() + b"x" * MOST_CHECKPOINT_BYTES)
    with serving(place[0]) as url, pytest.raises(InputError, match="checkpoint"):
        audit_folder(web_log(url), place[1], log)


def test_a_server_that_encodes_unasked(place):
    """A compressed tile would not be the tile; a bomb would not be small."""
    bomb = gzip.compress(bytes(10_000_000))
    with (
        serving(place[0], lambda path: (200, {"Content-Encoding": "gzip"}, bomb)) as url,
        pytest.raises(InputError),
    ):
        web_log(url).read("checkpoint", limit=1 << 20)


def test_an_audit_of_a_mirror(place, tmp_path):
    """What an auditor mirrored can be served and audited again, by another auditor."""
    log = story_log(1400)
    log.publish(place[0])
    audit_folder(place[0], place[1], log, cosigner=KEY)
    with serving(place[1] / "public" / origin_name(log.origin)) as url:
        report = audit_folder(web_log(url), tmp_path / "second", log)
    assert (report.state, report.checked) == (AuditState.AUDITED, 1400)


_PEAK = r"""
import re, sys
sys.path[:0] = [{repo!r}, {src!r}]
from pathlib import Path
from gongdao.log import audit_walk
audit_walk._RUN_BYTES = 1 << 20
from tests.log.story_log import SmallLog, audit_folder
report = audit_folder(Path({folder!r}), Path({state!r}), SmallLog({origin!r}))
assert report.state == "audited", report
peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(report.checked, int(peak[1]) // 1024)
"""


def peak_of(folder, state, log):
    """How many MB an audit in a process of its own takes at most."""
    code = _PEAK.format(
        repo=str(REPO), src=str(REPO / "src"), folder=str(folder), state=str(state),
        origin=log.origin,
    )  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    size, peak = run.stdout.split()
    assert int(size) == log.size
    return int(peak)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_log(place, tmp_path):
    """A log three times as long needs no more than a few megabytes more."""
    log = story_log(60_000)
    log.publish(place[0])
    small = peak_of(place[0], place[1], log)
    grow_stories(log, 180_000).publish(place[0])
    large = peak_of(place[0], tmp_path / "large", log)
    assert large - small < 10, (small, large)


def test_many_threads_share_one_source(place):
    """Each thread has its own connection, and all are closed at the end."""
    for name in "abcd":
        (place[0] / name).write_bytes(name.encode() * 1000)
    with serving(place[0]) as url:
        source, wrong = web_log(url), []

        def read(name):
            for _number in range(20):
                if source.read(name, limit=1000) != name.encode() * 1000:
                    wrong.append(name)

        threads = [threading.Thread(target=read, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong and len(source._peers) == 4
        source.close()


def test_giving_up_waits_for_nobody(place):
    """When one file fails, requests that a server keeps hanging are not waited for."""
    log = story_log(6000)
    log.publish(place[0])
    hanging, asked = threading.Event(), threading.Event()

    def before(path):
        if path == "/tile/entries/001":
            asked.wait(60)
            return 418, {}, b""
        if path in ("/tile/entries/009", "/tile/entries/017"):
            asked.set()
            hanging.wait(60)
        return None

    began = time.monotonic()
    try:
        with serving(place[0], before) as url, pytest.raises(InputError, match="entries/001"):
            audit_folder(WebLog(url, patience_s=60), place[1], log)
        assert time.monotonic() - began < 60  # so long it hangs
    finally:
        hanging.set()
