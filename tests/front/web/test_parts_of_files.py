"""A download that broke off goes on where it was, and is the same file in the end."""

from __future__ import annotations

import hashlib

import pytest
from tests.casework.online.online_kit import Asked, add
from tests.front.web.keep_kit import held_case, made_file, url

from gongdao.evidence.kept.models import Access
from gongdao.front.web import parts_of_files
from gongdao.front.web.parts_of_files import cut, find_range

pytestmark = pytest.mark.django_db
DATA = bytes(range(256)) * 10_000
"""Two and a half segments of a sealed stream."""


@pytest.fixture
def original(client, make_case, stores):
    """The address of a file of a case that ``client`` holds."""
    case = make_case()
    row = add(stores, case, "video.mp4", DATA, Asked())
    return f"/c/{case.content.link}/files/{row.id}/original/"


def _get(client, address, **headers):
    answer = client.get(address, headers=headers)
    return answer, b"".join(answer.streaming_content)


def test_what_came_and_the_rest_are_the_file(client, original):
    """Broken off anywhere, also at the borders of segments, the rest completes it; each taking is
    recorded."""
    whole, data = _get(client, original, **{"Accept-Encoding": "gzip"})
    assert data == DATA and whole.status_code == 200 and whole["Accept-Ranges"] == "bytes"
    assert whole["Content-Length"] == str(len(DATA))
    for came in (1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, len(DATA) - 1):
        headers = {"Range": f"bytes={came}-", "If-Range": whole["ETag"]}
        answer, rest = _get(client, original, **headers)
        assert answer.status_code == 206 and DATA[:came] + rest == DATA
        assert answer["Content-Range"] == f"bytes {came}-{len(DATA) - 1}/{len(DATA)}"
        assert answer["Content-Length"] == str(len(rest))
    assert Access.objects.filter(purpose="download").count() == 6


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=5-", "If-Range": '"another file"'},
        {"Range": "bytes=5-3"},
        {"Range": "bytes=0-1,5-9"},
        {"Range": "bytes=-"},
        {"Range": "lines=1-2"},
        {"Range": "bytes=٣-"},
        {"Range": f"bytes={'9' * 400}-"},
    ],
)
def test_anything_else_gets_the_whole_file(client, original, headers):
    """Of another file, of many parts or not understood: the file, never a wrong piece."""
    answer, data = _get(client, original, **headers)
    assert answer.status_code == 200 and data == DATA and not answer.has_header("Content-Range")


def test_beyond_the_end_there_is_nothing(client, original):
    """Who has it all already is told how long it is."""
    answer, data = _get(client, original, Range=f"bytes={len(DATA)}-")
    assert (answer.status_code, data) == (416, b"")
    assert answer["Content-Range"] == f"bytes */{len(DATA)}"


def test_parts_are_counted(client, original, monkeypatch):
    """Parts cost more than they look: beyond the limit there are none, the whole file still."""
    from dataclasses import replace

    monkeypatch.setattr(parts_of_files, "PARTS", replace(parts_of_files.PARTS, most=2))
    parts = [_get(client, original, Range="bytes=9-")[0].status_code for _part in range(2)]
    assert parts == [206, 206]
    assert client.get(original, headers={"Range": "bytes=9-"}).status_code == 429
    assert _get(client, original)[1] == DATA


def test_a_case_file_goes_on_too(tmp_path):
    """The zip in two pieces has the digest that the page shows."""
    client, case = held_case(tmp_path)
    row = made_file(client, case)
    address = url(case, f"case-file/{row.id}/case.zip")
    half = row.size // 2
    pieces = [_get(client, address, Range=f"bytes={r}") for r in (f"0-{half}", f"{half + 1}-")]
    assert [answer.status_code for answer, _data in pieces] == [206, 206]
    assert hashlib.sha256(b"".join(data for _answer, data in pieces)).hexdigest() == row.sha256


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=8-99", (8, 10)),
        ("bytes= 3 -", (3, 10)),
        ("bytes=-4", (6, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=-0", (10, 10)),
        ("bytes=10-", (10, 10)),
        ("", None),
    ],
)
def test_ranges(asked, wanted):
    """Of a file of ten bytes; and what is cut out of it in pieces of any size."""
    assert find_range(asked, 10) == wanted
    if wanted and wanted[0] < wanted[1]:
        for step in (1, 3, 10):
            chunks = [bytes(range(10))[at : at + step] for at in range(0, 10, step)]
            assert b"".join(cut(chunks, *wanted)) == bytes(range(*wanted))
