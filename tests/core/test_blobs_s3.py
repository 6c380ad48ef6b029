"""The S3 store alone: a wire that breaks, a server that refuses, parts that were left behind."""

from __future__ import annotations

import io
import random
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.core.breaking_proxy import Break, BreakingProxy, run_proxy
from tests.core.local_s3 import ACCESS_KEY, BUCKET, SECRET_KEY, LocalS3

from gongdao.core.blobs import blob_name, case_prefix
from gongdao.core.blobs_s3 import S3Blobs, s3_client
from gongdao.core.envelope import open_chunks, sealed_file, sealed_size
from gongdao.core.errors import BlobMissing, BlobStoreError

CASE = UUID(int=0x2A)
NAME = blob_name(CASE, "ab" * 32)
LATER = datetime(2200, 1, 1, tzinfo=UTC)
SMALL, LARGE = random.Random(1).randbytes(200_000), random.Random(2).randbytes(20 << 20)
Make = Callable[..., S3Blobs]


@pytest.fixture
def wire(s3_server: LocalS3) -> Iterator[BreakingProxy]:
    """A way to the server that can be made to break."""
    with run_proxy(s3_server.port) as proxy:
        yield proxy


@pytest.fixture
def make() -> Iterator[Make]:
    """Stores over a given port, in one place of the bucket, with settings of the client."""
    clients: list[Any] = []
    prefix = uuid4().hex

    def build(port: int, **settings: Any) -> S3Blobs:
        settings = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, **settings}
        client = s3_client(endpoint=f"http://127.0.0.1:{port}", **settings)
        clients.append(client)
        return S3Blobs(bucket=BUCKET, client=client, prefix=prefix)

    yield build
    for client in clients:
        client.close()


def _read(store: S3Blobs, name: str = NAME) -> bytes:
    with store.open(name) as file:
        return file.read()


BREAKS = {
    "one request, cut in it": (SMALL, Break.REQUEST, 0, False),
    "one request, answer lost": (SMALL, Break.ANSWER, 0, True),
    "in parts, not begun": (LARGE, Break.ANSWER, 0, False),
    "in parts, cut in the second": (LARGE, Break.REQUEST, 2, False),
    "in parts, last answer lost": (LARGE, Break.ANSWER, 4, True),
}
"""What is put, what happens, after how many requests, and whether it was stored all the same."""


@pytest.mark.parametrize(("data", "how", "skip", "done"), BREAKS.values(), ids=BREAKS.keys())
def test_a_wire_that_breaks_leaves_whole_or_nothing(
    s3_server: LocalS3,
    wire: BreakingProxy,
    make: Make,
    data: bytes,
    how: Break,
    skip: int,
    done: bool,
) -> None:
    """Cut before or after the server stored it, a put without retries fails and is repeatable."""
    shaky, steady = make(wire.port, attempts=1), make(s3_server.port)
    wire.break_next(how, skip=skip, after=100_000)
    with pytest.raises(BlobStoreError):
        shaky.put(NAME, io.BytesIO(data))
    assert wire.broken == 1
    assert steady.size(NAME) == (len(data) if done else None)
    assert not done or _read(steady) == data
    assert shaky.put(NAME, io.BytesIO(data)) == len(data)
    assert _read(steady) == data


@pytest.mark.parametrize(("data", "how", "skip", "done"), BREAKS.values(), ids=BREAKS.keys())
def test_a_short_break_is_not_noticed(
    wire: BreakingProxy, make: Make, data: bytes, how: Break, skip: int, done: bool
) -> None:
    """With its usual retries the client sends the same bytes again, and the caller sees nothing."""
    store = make(wire.port)
    wire.break_next(how, skip=skip, times=1, after=100_000)
    assert store.put(NAME, io.BytesIO(data)) == len(data)
    assert wire.broken == 1
    assert _read(store) == data


def test_a_late_answer_is_an_error_in_time(wire: BreakingProxy, make: Make) -> None:
    """A server that does not answer is given up when its time is over, no earlier."""
    store = make(wire.port, attempts=1, read_timeout_s=1)
    wire.break_next(Break.LATE, delay_s=2.5)
    begun = time.monotonic()
    with pytest.raises(BlobStoreError, match="ReadTimeout"):
        store.put(NAME, io.BytesIO(SMALL))
    assert time.monotonic() - begun < 2.4
    wire.break_next(Break.LATE, delay_s=0.2)
    assert store.put(NAME, io.BytesIO(SMALL)) == len(SMALL)


def test_a_read_that_breaks_is_never_taken_for_the_end(
    s3_server: LocalS3, wire: BreakingProxy, make: Make
) -> None:
    """Cut in the middle of the bytes, reading raises, however it is read."""
    make(s3_server.port).put(NAME, io.BytesIO(LARGE))
    store = make(wire.port, attempts=1)
    for step in (-1, 70_000):
        wire.break_next(Break.BODY, after=3_000_000)
        with pytest.raises(BlobStoreError), store.open(NAME) as file:
            while file.read(step):
                pass
        assert wire.broken == 1
    assert _read(store) == LARGE


def test_other_calls_break_and_are_repeated(wire: BreakingProxy, make: Make) -> None:
    """Each other call over a broken wire is the store's trouble, and the next one works."""
    store = make(wire.port, attempts=1)
    store.put(NAME, io.BytesIO(SMALL))
    calls: list[tuple[Callable[[], object], object]] = [
        (lambda: store.size(NAME), len(SMALL)),
        (lambda: [name for name, _ in store.names("")], [NAME]),
        (lambda: store.sweep(LATER), 0),
        (lambda: store.delete(NAME), True),
        (lambda: store.delete_all(case_prefix(CASE)), 0),
    ]
    for call, wanted in calls:
        wire.break_next(Break.REQUEST)
        with pytest.raises(BlobStoreError):
            call()
        assert call() == wanted


def test_unfinished_parts_are_cleared_away(s3_server: LocalS3, make: Make) -> None:
    """Parts that a killed upload left are swept by age, and go with their case."""
    store = make(s3_server.port)
    client: Any = store._client
    clears: list[Callable[[], int]] = [
        lambda: store.sweep(LATER),
        lambda: store.delete_all(case_prefix(CASE)),
    ]
    for clear in clears:
        where = {"Bucket": BUCKET, "Key": f"{store._prefix}{NAME}"}
        upload = client.create_multipart_upload(**where)["UploadId"]
        client.upload_part(**where, UploadId=upload, PartNumber=1, Body=bytes(6 << 20))
        assert store.size(NAME) is None and not list(store.names(""))
        assert store.sweep(datetime(2020, 1, 1, tzinfo=UTC)) == 0
        clear()
        found = client.list_multipart_uploads(Bucket=BUCKET, Prefix=store._prefix)
        assert not found.get("Uploads")


def test_many_blobs_are_listed_page_by_page(s3_server: LocalS3, make: Make) -> None:
    """More names than one page holds all come, in order, and all go."""
    store = make(s3_server.port)
    client: Any = store._client
    paginator = client.get_paginator
    turned: list[str] = []

    def small_pages(operation: str) -> Any:
        pages = paginator(operation)
        turned.append(operation)

        class Small:
            def paginate(self, **where: Any) -> Any:
                return pages.paginate(**where, PaginationConfig={"PageSize": 3})

        return Small()

    client.get_paginator = small_pages
    names = [blob_name(CASE, f"{number:064x}") for number in range(10)]
    for name in names:
        store.put(name, io.BytesIO(b"x"))
    assert [name for name, _ in store.names("")] == names
    assert store.delete_all(case_prefix(CASE)) == 10
    assert turned and not list(store.names(""))


def test_a_server_that_refuses_or_is_not_there(s3_server: LocalS3, make: Make) -> None:
    """Wrong keys, no such bucket, nobody listening: the store's trouble, never a missing file."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]
    lost = make(s3_server.port)
    lost._bucket = "no-such-bucket"
    for store in (make(s3_server.port, secret_key="wrong"), make(nobody, attempts=1)):
        with pytest.raises(BlobStoreError):
            store.put(NAME, io.BytesIO(b"x"))
        with pytest.raises(BlobStoreError):
            store.size(NAME)
    with pytest.raises((BlobStoreError, BlobMissing)):
        lost.open(NAME)


def test_nothing_is_asked_that_other_servers_refuse(s3_server: LocalS3, make: Make) -> None:
    """The bucket stands in the path, and no check sum or trailer of Amazon's own is sent."""
    store = make(s3_server.port)
    client: Any = store._client
    sent: list[Any] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request))
    for data in (SMALL, LARGE):
        store.put(NAME, io.BytesIO(data))
    _read(store)
    assert {request.method for request in sent} == {"PUT", "POST", "GET"}
    for request in sent:
        assert f"127.0.0.1:{s3_server.port}/{BUCKET}/" in request.url
        names = {name.lower() for name in request.headers}
        assert not [name for name in names if "checksum" in name or "trailer" in name]
        assert b"aws-chunked" not in bytes(request.headers.get("Content-Encoding") or b"")


def test_a_sealed_file_goes_through_with_little_memory(s3_server: LocalS3, make: Make) -> None:
    """48 MiB are sealed into the bucket and opened out of it in a few parts' memory."""
    store, key, size = make(s3_server.port), bytes(32), 48 << 20

    class Zeros:
        left = size

        def read(self, wanted: int = -1) -> bytes:
            wanted = min(wanted, self.left)
            self.left -= wanted
            return bytes(wanted)

    zeros: Any = Zeros()
    store.put(blob_name(CASE, "0" * 64), io.BytesIO(b"warm"))
    tracemalloc.start()
    try:
        assert store.put(NAME, sealed_file(key, zeros, b"here")) == sealed_size(size)
        with store.open(NAME) as file:
            opened = sum(len(piece) for piece in open_chunks(key, file, b"here"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert opened == size
    assert peak < 36 << 20
