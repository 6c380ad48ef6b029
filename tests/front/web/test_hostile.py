"""What somebody tries who means harm: floods, forged addresses, steered forms, traces."""

from __future__ import annotations

import io
import os
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

pytestmark = pytest.mark.django_db
_ADDRESS = "01a205fb-ceac-7999-a578-68ee7d5039f4"


def _network(settings, noted: str, **more: str) -> str:
    """The network of a request that a proxy of ours passed on with ``noted`` as the client."""
    from gongdao.front.web.held import network_of
    from gongdao.front.web.middleware.proxy import believe_proxy

    settings.GONGDAO = replace(settings.GONGDAO, behind_proxy=True)
    answer = believe_proxy(lambda request: HttpResponse(network_of(request)))
    asked = RequestFactory().get("/", HTTP_FORWARDED=noted, REMOTE_ADDR="10.9.9.9", **more)
    return answer(asked).content.decode()


@pytest.mark.parametrize(
    "noted",
    [
        "for=2001:db8::1",
        "for=2001:db8::2:3;proto=https",
        'For="2001:0db8:0:0:aaaa::1"',
        'proto=https;for="[2001:db8::7]:4711"',
        'for=6.6.6.6, for="[2001:db8::9]"',
        'for="6.6.6.6, for=2001:db8::9',
    ],
)
def test_one_ipv6_network_is_one(settings, noted):
    """However an address of one /64 is written, tries from it count together."""
    assert _network(settings, noted) == "2001:db8::/64"


@pytest.mark.parametrize("noted", ["1.2.3.4", "1.2.3.4:5", "1.2.3.4:6", "::ffff:1.2.3.4"])
def test_a_port_makes_no_new_network(settings, noted):
    """A proxy that notes the port does not give every connection tries of its own."""
    assert _network(settings, f"for={noted}") == "1.2.3.4"


def test_other_networks_stay_others(settings):
    """The control: neighbours of a /64 and names that are no address are told apart."""
    assert _network(settings, "for=2001:db8:0:1::1") != _network(settings, "for=2001:db8::1")
    assert _network(settings, "for=unknown") == "unknown"


@pytest.mark.parametrize("noted", ["", "proto=https", "for=", ";;=,"])
def test_a_proxy_that_notes_nobody_is_counted_itself(settings, noted):
    """Where the proxy says no client, nothing that a client may send takes its place."""
    assert _network(settings, noted, HTTP_X_FORWARDED_FOR="9.9.9.9") == "10.9.9.9"


def test_without_a_proxy_nothing_is_believed(client, settings):
    """Whoever reaches the server directly cannot choose an address, and not the scheme."""
    from gongdao.front.web.middleware.proxy import believe_proxy

    seen = []
    answer = believe_proxy(seen.append)
    given = {"HTTP_FORWARDED": "for=9.9.9.9;proto=https", "HTTP_X_FORWARDED_PROTO": "https"}
    answer(RequestFactory().get("/", REMOTE_ADDR="10.9.9.9", **given))
    assert seen[0].META["REMOTE_ADDR"] == "10.9.9.9" and not seen[0].is_secure()
    settings.GONGDAO = replace(settings.GONGDAO, behind_proxy=True)
    answer(RequestFactory().get("/", REMOTE_ADDR="10.9.9.9", **given))
    assert seen[1].META["REMOTE_ADDR"] == "9.9.9.9" and seen[1].is_secure()


class _Watched(io.BytesIO):
    """A body that notes that somebody reads it."""

    def __init__(self, read: list[int]) -> None:
        super().__init__()
        self._read = read

    def read(self, size: int | None = -1) -> bytes:
        """Nothing."""
        self._read.append(size or 0)
        return b""


def test_a_large_body_is_refused_before_it_is_read(client):
    """A page that takes no files takes no large body, whoever sends it, and reads none of it."""
    read: list[bytes] = []
    sent = {"CONTENT_LENGTH": str(600 << 20), "wsgi.input": _Watched(read)}
    kind = "multipart/form-data; boundary=x"
    answer = client.generic("POST", "/open/", b"", content_type=kind, **sent)
    assert not read
    assert answer.status_code == 413 and "5 MB" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "large"),
    [
        ("/start/", True),
        ("/share/", True),
        ("/before/", True),
        ("/c/abc/upload/", True),
        ("/c/abc/channels/platform/", True),
        *((f"/orders/A/{one}/", True) for one in ("test", "problem/late", "disputes/0")),
        *((f"/{one}/", True) for one in ("desk/disputes/0", "operator/disputes/0/step")),
        ("/c/abc/upload/0/finish/", False),
        ("/c/abc/facts/order/", False),
        ("/accounts/login/", False),
    ],
)
def test_only_pages_that_take_files_take_much(settings, path, large):
    """As much as a case may hold where files are taken, a few megabytes elsewhere."""
    from gongdao.front.web.middleware.bodies import MOST_PLAIN, most_bytes

    assert (most_bytes(path) > settings.GONGDAO.max_case_bytes) == large
    assert large or most_bytes(path) == MOST_PLAIN


def test_slow_senders_leave_room_for_readers(settings, client):
    """While one network's bodies trickle in, its next one is told to wait, and pages still come."""
    from django.http import HttpResponse

    from gongdao.front.web.middleware.bodies import bound_bodies

    ready, go = threading.Semaphore(0), threading.Event()

    def slow(request):
        if request.method == "POST":
            ready.release()
            go.wait(20)
        return HttpResponse("ok")

    answer, make = bound_bodies(slow), RequestFactory()
    asked = [make.post("/open/", {"a": "b"}, REMOTE_ADDR="10.0.0.1") for _n in range(12)]
    senders = [threading.Thread(target=answer, args=(one,)) for one in asked]
    for sender in senders:
        sender.start()
    try:
        for _sender in senders:
            assert ready.acquire(timeout=20)
        late = answer(make.post("/open/", {"a": "b"}, REMOTE_ADDR="10.0.0.1"))
        assert late.status_code == 503 and late["Retry-After"] == "60"
        assert answer(make.get("/", REMOTE_ADDR="10.0.0.1")).status_code == 200
    finally:
        go.set()
        for sender in senders:
            sender.join(20)
    assert answer(make.post("/open/", {"a": "b"}, REMOTE_ADDR="10.0.0.1")).status_code == 200


@pytest.mark.parametrize("way", ["../../accounts/logout/", "facts/../keep/erase/../erase", ".."])
def test_carried_forms_do_not_climb_out(make_case, way):
    """What was carried over cannot be steered to another page by dots in its address."""
    case = make_case(held=False)
    link = case.content.link
    browser = Client(HTTP_HOST="127.0.0.1")
    sent = {"code": case.content.code, "x": "1", "carried_to": f"/c/{link}/{way}"}
    answer = browser.post(f"/c/{link}/open/", sent)
    assert f'action="/c/{link}/"' in answer.content.decode()


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /c/e8bf1-b06nw-67gk4-f81k2-hxn49-4/nope/",
        "Not Found: /c/E8BF1B06NW67GK4F81K2HXN494/nope/",
        "Not Found: /s/eyJhIjoiYiJ9:1abcDE:e8bf1_sig-hxn49/take/x",
        f"Not Found: /c/-/follow/feed/{_ADDRESS}/e8bf1b06nw67gk4f81k2hxn494.ics",
        f"Not Found: /c/-/follow/stop/{_ADDRESS}/0e8bf1ab06a67e4f81e2ad494e8bf1b6/",
    ],
)
def test_logs_hold_no_link_however_it_is_typed(line):
    """Links with hyphens or in capitals, one-time links, calendars and stop links are masked."""
    from gongdao.front.web.log_lines import mask

    masked = mask(line)
    assert "***" in masked and "bf1" not in masked.lower() and "hxn49" not in masked.lower()
    assert "/follow/" in masked or masked.startswith(("Not Found: /c/***", "Not Found: /s/***"))


def test_what_a_crash_left_in_the_clear_goes(tmp_path):
    """Files and folders of a killed process go; what is still being written stays."""
    from gongdao.front.clock import now
    from gongdao.front.scratch import sweep_scratch

    at = now()
    old = (at - timedelta(hours=5)).timestamp()
    (tmp_path / "gongdao-a/unplaced").mkdir(parents=True)
    (tmp_path / "gongdao-a/unplaced/chat.txt").write_text("secret")
    (tmp_path / "tmp1.upload.png").write_text("secret")
    for name in ("gongdao-a", "tmp1.upload.png"):
        os.utime(tmp_path / name, (old, old))
    (tmp_path / "tmp2.upload.png").write_text("coming in")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "link").symlink_to(outside)
    os.utime(tmp_path / "link", (old, old), follow_symlinks=False)
    assert sweep_scratch(ground=tmp_path, before=at - timedelta(hours=2)) == 3
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left == [".lock", "tmp2.upload.png"] and outside.exists()


def test_a_foreign_host_name_leaves_nothing_in_the_log(client, caplog):
    """Requests for names that are not ours are refused without a trace: a flood of them would fill
    the disk."""
    with caplog.at_level("INFO"):
        assert client.get("/", HTTP_HOST="evil.example").status_code == 400
    assert not [one for one in caplog.records if one.name == "django.security.DisallowedHost"]


def test_the_hourly_sweep_empties_scratch():
    """The job that runs every hour removes what lay in the scratch folder for half a day."""
    from gongdao.front.clock import now
    from gongdao.front.stores import get_settings
    from gongdao.front.worker.retention_tasks import sweep_hourly

    left = get_settings().scratch / "tmp-of-a-crash.upload.txt"
    left.write_text("secret")
    old = (now() - timedelta(hours=12)).timestamp()
    os.utime(left, (old, old))
    sweep_hourly(timestamp=0)
    assert not left.exists()


def test_a_flood_does_not_wash_out_what_limits_sign_in():
    """Counters of sign-in outlive hundreds of newer ones."""
    from django.core.cache import cache

    cache.set("0-first", "counted", 600)
    for number in range(340):
        cache.set(f"flood-{number}", "x", 600)
    assert cache.get("0-first") == "counted"


_PROGRAMS = {
    "flood": "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)\n",
    "sleep": "import time\ntime.sleep(60)\n",
    "closed": "import os, time\nos.close(1)\ntime.sleep(60)\n",
    "fails": "import sys\nprint('half')\nsys.exit(3)\n",
    "child": "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(20)'])\nprint('half', flush=True)\n",
}


def _apart(monkeypatch, tmp_path, program: str, **more):
    from gongdao.evidence.kept import run_apart

    (tmp_path / "program.py").write_text(program)
    path = str(tmp_path / "program.py")
    run = run_apart._run
    monkeypatch.setattr(
        run_apart, "_run", lambda line, *rest: run([line[0], "-I", path, *line[7:]], *rest)
    )
    sent = {"module": "x", "arguments": ["a"], "seconds": 20, "most_bytes": 100_000, **more}
    return run_apart.run_apart(**sent)


@pytest.mark.parametrize("name", ["flood", "sleep", "closed", "fails", "child"])
def test_a_decoder_that_was_taken_over_costs_little(monkeypatch, tmp_path, name):
    """One that writes without end, never ends, fails or leaves children is ended in its time."""
    begun = time.monotonic()
    seconds = 20 if name == "flood" else 2
    assert _apart(monkeypatch, tmp_path, _PROGRAMS[name], seconds=seconds) is None
    assert time.monotonic() - begun < 8


def test_what_fits_exactly_is_taken_and_one_byte_more_is_not(monkeypatch, tmp_path):
    """The control: an answer as long as agreed comes whole, one byte more is none."""
    write = "import sys\nsys.stdout.write('x' * {size})\n"
    most = _apart(monkeypatch, tmp_path, write.format(size=100_000))
    assert most == b"x" * 100_000
    monkeypatch.undo()
    assert _apart(monkeypatch, tmp_path, write.format(size=100_001)) is None


def test_two_pictures_are_made_at_once_and_the_others_wait_or_go(monkeypatch):
    """Never more than two programs run; who finds no place or waits too long is told at once."""
    from gongdao.core.errors import Busy
    from gongdao.evidence.kept import run_apart

    lock, go, running, most, answers = threading.Lock(), threading.Event(), [], [], []

    def run(program, seconds, most_bytes):
        with lock:
            running.append(1)
            most.append(len(running))
        go.wait(20)
        with lock:
            running.pop()
        return b"done"

    def ask():
        try:
            made = run_apart.run_apart(module="x", arguments=[], seconds=1, most_bytes=1)
        except Busy:
            made = None
        with lock:
            answers.append(made)

    monkeypatch.setattr(run_apart, "_run", run)
    monkeypatch.setattr(run_apart, "WAIT_SECONDS", 0.5)
    asked = [threading.Thread(target=ask) for _one in range(14)]
    for one in asked:
        one.start()
    for one in asked[:]:
        one.join(0.3)
    while len(answers) < 12:
        time.sleep(0.01)
    go.set()
    for one in asked:
        one.join(20)
    assert max(most) == 2 and answers.count(None) == 12 and answers.count(b"done") == 2
    assert run_apart.run_apart(module="x", arguments=[], seconds=1, most_bytes=1) == b"done"


def test_pictures_that_are_made_are_counted(make_case, client, stores, monkeypatch):
    """Making pictures of a case is limited; one that is kept is shown however often, and a
    refusal for the moment is not kept as "no picture"."""
    from tests.casework.online.online_kit import Asked, add

    from gongdao.core.errors import Busy
    from gongdao.evidence.kept import keep_preview
    from gongdao.evidence.preview_picture import Preview
    from gongdao.front.web.pages import files

    case = make_case()
    rows = [add(stores, case, f"{n}.png", b"x%d" % n, Asked()) for n in range(2)]
    one, other = (f"/c/{case.content.link}/files/{row.id}/picture/" for row in rows)

    def busy(**_told):
        raise Busy

    monkeypatch.setattr(keep_preview, "make_preview_apart", busy)
    answer = client.get(one)
    assert answer.status_code == 503 and answer["Retry-After"]
    made = Preview(1, 1, b"webp")
    monkeypatch.setattr(keep_preview, "make_preview_apart", lambda **_told: made)
    monkeypatch.setattr(files, "PICTURES", replace(files.PICTURES, most=2))
    assert [client.get(one).status_code for _try in range(4)] == [200] * 4
    assert client.get(other).status_code == 429


def test_a_picture_that_was_not_made_in_time_is_tried_again(stores, client, make_case, monkeypatch):
    """A preview that took too long is missing for a while, not for good; each vain try waits
    longer, and a file that has no picture is never tried again."""
    from tests.casework.online.online_kit import Asked, add

    from gongdao.evidence.kept import keep_preview
    from gongdao.evidence.preview_picture import Preview
    from gongdao.front.clock import now
    from gongdao.front.web.pages import files

    case, start, answers, made = make_case(), now(), [], []
    row = add(stores, case, "0.png", b"x", Asked())
    address = f"/c/{case.content.link}/files/{row.id}/picture/"

    def make(**_told):
        made.append(1)
        return answers.pop(0)

    def look(minutes: float) -> int:
        monkeypatch.setattr(files, "now", lambda: start + timedelta(minutes=minutes))
        return client.get(address).status_code

    monkeypatch.setattr(keep_preview, "make_preview_apart", make)
    answers += [None, None, Preview(1, 1, b"webp")]
    assert [look(0), look(9), look(11), look(60), look(72), look(73)] == [404] * 4 + [200] * 2
    assert len(made) == 3 and not answers
    other = add(stores, case, "1.png", b"y", Asked())
    address = f"/c/{case.content.link}/files/{other.id}/picture/"
    answers.append(Preview(0, 0, b""))
    assert [look(0), look(60 * 24 * 30)] == [404, 404] and len(made) == 4
    third = add(stores, case, "2.png", b"z", Asked())
    address = f"/c/{case.content.link}/files/{third.id}/picture/"
    answers += [None] * 5
    assert {look(60 * hours) for hours in range(0, 24 * 30, 7)} == {404}
    assert len(made) == 9 and not answers


def _zip_of(sizes, *, at):
    from gongdao.front.web.downloads import zip_chunks

    members = [(name, [b"x" * size] if size else []) for name, size in sizes]
    return b"".join(zip_chunks(members, at=at))


@pytest.mark.parametrize("limit", [None, 4000, 600])
@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [("case.toml", 10)],
        [("case.toml", 10), ("before/截图 1.png", 5000), ("after/空.txt", 0), ("z", 700)],
        [(f"during/{number}.png", 90) for number in range(40)],
    ],
)
def test_the_size_of_a_zip_is_known_before(monkeypatch, limit, sizes):
    """The size told before is the size made, also where numbers no longer fit in 32 bits."""
    import zipfile

    from gongdao.front.clock import now
    from gongdao.front.web.downloads import zip_size

    if limit:
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    at = now()
    made = _zip_of(sizes, at=at)
    assert zip_size(sizes, at=at) == len(made)
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert names == [name for name, _size in sizes]


def test_a_broken_folder_is_seen_to_be_broken(tmp_path):
    """The folder's zip tells its size and has it; with a blob altered it breaks off before."""
    from tests.front.web.keep_kit import held_case, url

    from gongdao.core.blobs import blob_name
    from gongdao.core.errors import SealedDataError
    from gongdao.evidence.kept.models import Original
    from gongdao.front.stores import get_stores

    client, case = held_case(tmp_path)
    answer = client.get(url(case, "folder.zip"))
    whole = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(whole)
    row = Original.objects.filter(subject_id=case.row.id).first()
    blobs, name = get_stores().blobs, blob_name(case.row.id, row.address)
    with blobs.open(name) as source:
        data = source.read()
    blobs.delete(name)
    blobs.put(name, io.BytesIO(data[:-1] + bytes([data[-1] ^ 1])))
    answer, came = client.get(url(case, "folder.zip")), 0
    with pytest.raises(SealedDataError):
        for chunk in answer.streaming_content:
            came += len(chunk)
    assert came < int(answer["Content-Length"])


def test_a_zip_of_unknown_size_fails_before_it_is_sent(tmp_path):
    """Where a member cannot be made nothing is sent and nothing is left in the clear."""
    from gongdao.core.errors import BlobMissing
    from gongdao.front.clock import now
    from gongdao.front.web.downloads import whole_zip

    def members():
        yield "a.txt", [b"secret"]
        raise BlobMissing("gone")

    with pytest.raises(BlobMissing):
        whole_zip(members(), at=now(), folder=tmp_path)
    file, size = whole_zip([("a.txt", [b"secret"])], at=now(), folder=tmp_path)
    with file:
        assert len(file.read()) == size and not list(tmp_path.iterdir())


@pytest.fixture
def full_disk(settings):
    """A disk that has less room than the setting keeps."""
    settings.GONGDAO = replace(settings.GONGDAO, min_free_bytes=1 << 60)


def test_a_full_disk_takes_no_file_and_shows_pages(make_case, client, full_disk):
    """Forms and uploads in pieces are refused with one sentence; pages go on, nothing is kept."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from gongdao.evidence.kept.models import Original

    case = make_case()
    home = f"/c/{case.content.link}/"
    sent = {"client_key": "k", "name": "a.png", "length": "10"}
    answer = client.post(f"{home}upload/", sent)
    assert answer.status_code == 507 and not answer.json()["again"]
    assert "磁盘" in answer.json()["error"]
    client.post(f"{home}upload/", {"files": SimpleUploadedFile("a.txt", b"hello")})
    assert not Original.objects.filter(subject_id=case.row.id).exists()
    page = client.get(home, follow=True)
    assert page.status_code == 200 and "磁盘" in page.content.decode()


def test_a_full_disk_is_asked_before_a_large_body(client, full_disk):
    """A large body is refused before it is written to the scratch folder."""
    read = []
    sent = {"CONTENT_LENGTH": str(100 << 20), "wsgi.input": _Watched(read)}
    kind = "multipart/form-data; boundary=x"
    answer = client.generic("POST", "/start/", b"", content_type=kind, **sent)
    assert answer.status_code == 507 and not read


def test_room_enough_takes_files(make_case, client, settings):
    """The control: with the setting at nothing, the same upload begins."""
    settings.GONGDAO = replace(settings.GONGDAO, min_free_bytes=0)
    case = make_case()
    sent = {"client_key": "k", "name": "a.png", "length": "10"}
    assert client.post(f"/c/{case.content.link}/upload/", sent).status_code == 200
