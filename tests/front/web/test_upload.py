"""Uploads over HTTP: plain, in pieces, hostile, and by a session that was lost."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from gongdao.casework.online.files import list_files
from gongdao.casework.online.models import Upload
from gongdao.casework.online.upload_pieces import PIECE_BYTES
from gongdao.evidence.kept.models import Original
from gongdao.front.worker.tasks import read_original

pytestmark = pytest.mark.django_db
BYTES = "application/octet-stream"


def _begin(client, case, *, name="a.png", length=10, key="k"):
    fields = {"client_key": key, "name": name, "length": length}
    return client.post(f"/c/{case.content.link}/upload/", fields, HTTP_ACCEPT="application/json")


def _put(client, said, data, offset=0):
    return client.put(f"{said['piece']}?offset={offset}", data, content_type=BYTES)


def test_a_file_in_pieces_over_http(client, make_case):
    """Begin, two pieces, finish: the file is in the case with its job, and shown on the page."""
    case = make_case()
    data = b"x" * PIECE_BYTES + b"rest"
    said = _begin(client, case, length=len(data)).json()
    for offset in (0, PIECE_BYTES):
        said = _put(client, said, data[offset : offset + PIECE_BYTES], offset).json()
    done = client.post(said["finish"]).json()
    assert done["done"] and done["offset"] == len(data)
    assert ProcrastinateJob.objects.filter(task_name="read_original").count() == 1
    assert "a.png" in client.get(f"/c/{case.content.link}/files/").content.decode()


def test_resuming_says_how_far_it_is(client, make_case):
    """After a break the same file is begun again and goes on where it stopped."""
    case = make_case()
    data = b"x" * PIECE_BYTES + b"rest"
    said = _begin(client, case, length=len(data)).json()
    _put(client, said, data[:PIECE_BYTES])
    assert _begin(client, case, length=len(data)).json()["offset"] == PIECE_BYTES
    assert _put(client, said, data[:PIECE_BYTES]).json()["offset"] == PIECE_BYTES
    assert not Original.objects.exists()


def test_a_plain_form_adds_files(client, make_case):
    """Without a script, the same address takes the files of a plain form."""
    case = make_case()
    answer = client.post(
        f"/c/{case.content.link}/upload/",
        {"files": [SimpleUploadedFile("a.png", b"1")], "pasted": "买家 在吗"},
    )
    assert answer.status_code == 302 and len(list_files(case)) == 2


@pytest.mark.parametrize("length", ["0", "-1", "10**9", "99999999999999999999", "", "²"])
def test_impossible_lengths_get_a_sentence(client, make_case, length):
    """A length that cannot be is refused in words, and said again on the next page."""
    case = make_case()
    answer = _begin(client, case, length=length)
    assert answer.status_code == 400 and answer.json()["error"]
    assert not Upload.objects.exists()
    assert answer.json()["error"] in client.get(f"/c/{case.content.link}/").content.decode()


@pytest.mark.parametrize("offset", ["", "x", "-1", "9" * 20])
def test_impossible_offsets_are_refused(client, make_case, offset):
    """An offset that is no number is refused."""
    said = _begin(client, make_case()).json()
    assert (
        client.put(f"{said['piece']}?offset={offset}", b"1", content_type=BYTES).status_code == 400
    )


def test_a_piece_beyond_the_size_is_refused_unread(client, make_case):
    """A piece larger than agreed is refused by its claimed length."""
    said = _begin(client, make_case(), length=PIECE_BYTES * 2).json()
    assert _put(client, said, b"x" * (PIECE_BYTES + 1)).status_code == 413


def test_a_stranger_sends_nothing(client, make_case):
    """Without the case, begin, pieces and finish lead to the code form; nothing is taken."""
    case = make_case()
    said = _begin(client, case).json()
    stranger = Client(HTTP_HOST="127.0.0.1")
    for answer in (
        _begin(stranger, case, key="other"),
        _put(stranger, said, b"x" * 10),
        stranger.post(said["finish"]),
    ):
        assert answer["Content-Type"].startswith("text/html")
    assert Upload.objects.count() == 1 and Upload.objects.get().received == 0


def test_an_upload_of_another_case_is_not_found(client, make_case):
    """A piece sent to one case for another's upload finds nothing."""
    said = _begin(client, make_case()).json()
    other = make_case()
    address = said["piece"].split("/")
    address[2] = other.content.link
    answer = client.put("/".join(address) + "?offset=0", b"x" * 10, content_type=BYTES)
    assert answer.status_code == 404 and answer.json()["error"]


def test_too_many_files_are_refused_in_a_sentence(client, make_case, settings):
    """A case that is full says so for each further file, and keeps those it has."""
    from dataclasses import replace

    settings.GONGDAO = replace(settings.GONGDAO, max_files=1)
    case = make_case()
    client.post(f"/c/{case.content.link}/upload/", {"pasted": "一"})
    answer = _begin(client, case)
    assert answer.status_code == 400 and "最多 1 个文件" in answer.json()["error"]


def _bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", b"0" * (200 << 20))
    return sink.getvalue()


HOSTILE = {
    "page.png": b"<!doctype html><script>alert(1)</script>",
    "draw.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "run.exe": b"MZ" + bytes(200),
    "<img src=x onerror=alert(1)>.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
}


@pytest.mark.slow
def test_hostile_files_cost_only_themselves(client, make_case):
    """Pages, programs, drawings and a zip bomb get one clear problem each and are never shown by
    the browser; the case goes on."""
    case = make_case()
    files = [SimpleUploadedFile(name, data) for name, data in HOSTILE.items()]
    files.append(SimpleUploadedFile("bomb.zip", _bomb()))
    client.post(f"/c/{case.content.link}/upload/", {"files": files})
    for row in Original.objects.all():
        read_original(original_id=str(row.id))
    states = sorted(Original.objects.values_list("state", flat=True))
    assert len(states) == len(files) and set(states) <= {"read", "failed"}
    text = client.get(f"/c/{case.content.link}/files/").content.decode()
    assert "<img src=x" not in text and "<script>alert" not in text
    for row in Original.objects.all():
        place = f"/c/{case.content.link}/files/{row.id}/"
        assert client.get(place).status_code == 200
        download = client.get(f"{place}original/")
        assert download["Content-Disposition"].startswith("attachment")
        assert download["Content-Type"] == BYTES
        assert "sandbox" in download["Content-Security-Policy"]
        assert download["X-Content-Type-Options"] == "nosniff"
        assert b"".join(download.streaming_content)
