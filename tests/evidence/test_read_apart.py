"""Reading in a process of its own: the same readings, and no file that harms more than itself."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tests.evidence.screen_kit import Drawn

from gongdao.casework.folder import load_case_folder
from gongdao.core.clock import BEIJING
from gongdao.core.codes import Kind, Speaker
from gongdao.evidence.kept import read_apart as apart
from gongdao.evidence.kept.kept_texts import KeptTexts
from gongdao.evidence.kept.read_apart import (
    Answer,
    Fault,
    ReadingProcess,
    Request,
    context_key,
    part_for,
    read_apart,
)
from gongdao.evidence.kept.reading_process import MAX_FRAME, receive, send
from gongdao.evidence.ocr import OcrLine, _threads
from gongdao.evidence.read_exhibit import Reader, ReadFile, read_exhibit
from gongdao.evidence.statement import Buyer, ExhibitNote, Order, Statement

SHARED = Path(__file__).resolve().parents[3] / "shared"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "late-then-invalid"
WALLS = {"limits", "network", "privileges", "files", "calls", "hook"}
linux = pytest.mark.skipif(sys.platform != "linux", reason="these walls are Linux's")


@pytest.fixture(scope="module")
def shared_process() -> Iterator[ReadingProcess]:
    """One process for all tests that leave it whole."""
    with ReadingProcess() as process:
        yield process


@pytest.fixture
def process() -> Iterator[ReadingProcess]:
    """A process of the test's own."""
    with ReadingProcess(seconds=60) as own:
        yield own


def read(
    process: ReadingProcess, data: bytes, path: str, statement: Statement | None = None, **more: Any
) -> Answer:
    """Read bytes as the exhibit ``path``."""
    file = process.folder / f"file-{threading.get_ident()}"
    file.write_bytes(data)
    request = Request(file, path, statement or Statement(), **more)
    return read_apart(process=process, request=request)


def directly(
    folder: Path, data: bytes, path: str, statement: Statement | None = None, **more: Any
) -> ReadFile:
    """The same without a process."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)
    reader = Reader(statement or Statement(), **more)
    return read_exhibit(root=folder, path=path, reader=reader)


def assert_works(process: ReadingProcess) -> None:
    """The next file is read as if nothing had been."""
    answer = read(process, "2026-11-02 15:10:03 买家: 退款".encode(), "during/chat.txt")
    assert answer.fault is None
    assert [m.text for m in answer.read.exhibit.messages] == ["退款"]


def order_page() -> Drawn:
    """A small page with an order number."""
    d = Drawn().bar("订单详情", "16:41").pair("订单编号", "KM20261102140250017")
    return d.pair("下单时间", "2026-11-02 14:02:50").pair("商家", "示例数卡店")


def as_film() -> bytes:
    """The page as a short recording."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 586, 1266, "yuv420p"
        stream.bit_rate = 4_000_000
        image = Image.open(io.BytesIO(order_page().png())).convert("RGB").resize((586, 1266))
        for _count in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image))))
        container.mux(stream.encode())
    return buffer.getvalue()


def as_picture(kind: str) -> bytes:
    """The page as a picture of a format, half as large, or as a PDF of one picture."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    image = Image.open(io.BytesIO(order_page().png())).convert("RGB").resize((586, 1266))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


PAGE = (
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.com/\r\n"
    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>订单号 KM2026110214</p>"
    "</body></html>\r\n--b--\r\n"
).encode()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "HEIF", "PDF", "MP4", "MHTML"])
def test_a_file_of_each_kind_is_read_the_same(
    kind: str, shared_process: ReadingProcess, tmp_path: Path
) -> None:
    """Pictures, documents, films and pages read apart give what reading them here gives."""
    makers: dict[str, Callable[[], bytes]] = {"MP4": as_film, "MHTML": lambda: PAGE}
    data = makers.get(kind, lambda: as_picture(kind))()
    path = f"during/order.{kind.lower()}"
    answer = read(shared_process, data, path)
    assert answer.fault is None and answer.read.exhibit.problem is None
    assert answer.read.exhibit.lines
    assert answer.read == directly(tmp_path, data, path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared inputs are not here")
def test_the_shared_inputs_are_read_the_same(shared_process: ReadingProcess) -> None:
    """Every bill, chat, page and zip, with a password and without: the same reading or problem."""
    for file in sorted((SHARED / "inputs").iterdir()):
        for password in (None, "123456"):
            answer = read(shared_process, file.read_bytes(), file.name, password=password)
            reader = Reader(Statement(), None, password)
            assert answer.fault is None
            assert answer.read == read_exhibit(root=file.parent, path=file.name, reader=reader)


@pytest.mark.slow
def test_the_example_is_read_the_same(shared_process: ReadingProcess) -> None:
    """The bundled case, with its statement, gives the readings that reading it here gives."""
    folder = load_case_folder(EXAMPLE)
    for path in folder.files:
        data = (EXAMPLE / path).read_bytes()
        answer = read(shared_process, data, path, folder.statement)
        reader = Reader(folder.statement, answer.kept)
        assert answer.fault is None
        assert answer.read == read_exhibit(root=EXAMPLE, path=path, reader=reader)


@pytest.mark.slow
def test_what_was_read_from_a_picture_is_not_read_again(shared_process: ReadingProcess) -> None:
    """Kept texts come back, are stored, and spare the OCR of the next reading."""
    data = order_page().png()
    first = read(shared_process, data, "during/order.png")
    kept = KeptTexts.load(first.kept.dump())
    assert len(kept) == 1
    (digest,) = json.loads(first.kept.dump())["lines"]
    line = OcrLine("订单编号 KM99999999999999999", 0.9, (1, 2, 900, 40))
    kept.put(digest, (line,))
    again = read(shared_process, data, "during/order.png", kept=kept)
    assert again.read.exhibit.lines == (line,)
    assert again.kept.get(digest) == (line,)


def _strike(pid: int, number: signal.Signals) -> None:
    """Send a stopped process a signal, and let it go on to meet it."""
    os.kill(pid, number)
    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_crash_costs_one_file(process: ReadingProcess, number: signal.Signals) -> None:
    """A process that dies within a request leaves one clear problem, and a new one follows."""
    assert_works(process)
    pid = process.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)  # it will be within the request when it dies
    threading.Timer(0.3, _strike, (pid, number)).start()
    answer = read(process, b"hello", "before/page.txt")
    assert (answer.fault, answer.what) == (Fault.CRASH, number.name)
    exhibit = answer.read.exhibit
    assert exhibit.digests.size == 5 and exhibit.path == "before/page.txt"
    assert str(exhibit.problem).startswith("before/page.txt: 读取时程序出错")
    assert_works(process)
    assert process.pid != pid


def test_a_process_that_died_between_two_files_harms_none(process: ReadingProcess) -> None:
    """A process found dead is replaced before the next file is handed to it."""
    assert_works(process)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    while process.pid:
        time.sleep(0.01)
    assert_works(process)


def test_a_file_that_takes_too_long_is_given_up() -> None:
    """A process that hangs is killed after its time, and the file says so."""
    with ReadingProcess(seconds=60) as process:
        assert_works(process)
        assert process.pid
        os.kill(process.pid, signal.SIGSTOP)
        process.seconds = 1
        start = time.monotonic()
        answer = read(process, b"x" * (1 << 20), "before/page.txt")
        assert 0.9 < time.monotonic() - start < 10
        assert answer.fault is Fault.TIME
        assert "超过 1 秒" in str(answer.read.exhibit.problem)
        process.seconds = 60
        assert_works(process)


def bomb() -> bytes:
    """A PNG of a few kilobytes that unpacks to 170 MB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", 7000, 8000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (8000 * (7000 * 3 + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.slow
@linux
def test_a_bomb_meets_the_limit_of_memory() -> None:
    """What would take more memory than allowed is refused, and the next file is read."""
    lines = "\n".join(f"2026-11-02 15:10:{i % 60:02d} 买家: {i}" for i in range(200_000)).encode()
    with ReadingProcess(memory_bytes=120 << 20) as process:
        answer = read(process, lines, "during/chat.txt")
        assert answer.fault is Fault.MEMORY
        assert "内存" in str(answer.read.exhibit.problem)
        assert_works(process)
    with ReadingProcess(memory_bytes=320 << 20) as process:
        answer = read(process, bomb(), "during/order.png")
        assert answer.read.exhibit.problem is not None
        assert_works(process)
    with ReadingProcess() as process:  # the control: with room for it, it is read
        assert read(process, lines, "during/chat.txt").fault is None


class _Talker:
    """A process that says what it is told to say, after a good hello."""

    def __init__(self, folder: Path, says: str) -> None:
        hello = "import sys, os\nw = sys.stdout.buffer\n"
        hello += "w.write(b'\\x01' + (13).to_bytes(8, 'big') + b'{\"walls\": []}'); w.flush()\n"
        hello += "sys.stdin.buffer.read(1)\n"
        self.program = folder / "talker.py"
        self.program.write_text(hello + says + "\nw.flush()\nsys.stdin.buffer.read()\n")


@pytest.mark.parametrize(
    "says",
    [
        "w.write(b'Hello')",
        "w.write(b'\\x00')",
        "w.write(b'\\x01' + (2**60).to_bytes(8, 'big'))",
        "w.write(b'\\x01' + (4).to_bytes(8, 'big') + b'null')",
        "w.write(b'\\x01' + (15).to_bytes(8, 'big') + b'{\"fault\": \"zzz\"}')",
        "w.write(b'\\x03' + (13).to_bytes(8, 'big') + b'{\"fault\": \"\"}' + bytes(16))",
        "sys.exit(3)",
    ],
)
def test_an_answer_that_is_none(says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that was taken over may answer anything: one problem, no exception, no memory."""
    talker = _Talker(tmp_path, says)
    start = subprocess.Popen
    with ReadingProcess(seconds=60) as process:
        with monkeypatch.context() as patch:
            patch.setattr(
                apart.subprocess,  # type: ignore[attr-defined]  # the module it imports
                "Popen",
                lambda _command, **more: start([sys.executable, str(talker.program)], **more),
            )
            answer = read(process, b"hello", "before/page.txt")
            assert answer.fault is Fault.CRASH
            assert answer.read.exhibit.problem is not None
        process.renew()
        assert_works(process)


def test_garbage_of_every_kind_leaves_the_process_whole(shared_process: ReadingProcess) -> None:
    """Broken files are problems of their own, within one and the same process."""
    assert_works(shared_process)
    pid = shared_process.pid
    heads = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7", b"PK\x03\x04", b"{[")
    for head in (*heads, b"\0\0\0\x18ftypmp42"):
        answer = read(shared_process, head + bytes(range(256)) * 40, "before/x.bin")
        assert answer.fault is None
        assert answer.read.exhibit.problem is not None
    assert shared_process.pid == pid


def test_threads_wait_for_each_other(shared_process: ReadingProcess) -> None:
    """Requests of several threads at once each get their own answer."""

    def one(number: int) -> str:
        file = shared_process.folder / f"n{number}"
        file.write_text(f"第 {number} 页", encoding="utf-8")
        answer = read_apart(process=shared_process, request=Request(file, f"before/{number}.txt"))
        return answer.read.exhibit.path + answer.read.exhibit.lines[0].text

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(24)))
    assert found == [f"before/{i}.txt第 {i} 页" for i in range(24)]


def test_closing_stops_even_within_a_request(process: ReadingProcess) -> None:
    """A server that shuts down does not wait for a file, and does not call the file broken."""
    assert_works(process)
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    threading.Timer(0.3, process.close).start()
    with pytest.raises(ConnectionAbortedError):
        read(process, b"hello", "before/page.txt")
    with pytest.raises(OSError, match=r"closed|No such file"):
        read(process, b"hello", "before/page.txt")


def test_a_process_told_to_stop_does_not_blame_the_file(process: ReadingProcess) -> None:
    """SIGTERM comes from whoever stops the machine: the file is tried again later."""
    assert_works(process)
    pid = process.pid or 0
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, _strike, (pid, signal.SIGTERM)).start()
    with pytest.raises(ConnectionAbortedError):
        read(process, b"hello", "before/page.txt")


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    """The private folder goes with the process; a folder that was given stays."""
    with ReadingProcess() as process:
        assert_works(process)
        pid, own = process.pid or 0, process.folder
        assert own.stat().st_mode & 0o777 == 0o700
    assert not own.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with ReadingProcess(folder=tmp_path) as given:
        assert_works(given)
    assert tmp_path.is_dir()


def test_only_files_of_its_folder_are_read(process: ReadingProcess, tmp_path: Path) -> None:
    """A file elsewhere, or a link to one, is a fault of the caller; a missing one an OSError."""
    (tmp_path / "a").write_text("x")
    (process.folder / "link").symlink_to(tmp_path / "a")
    for file in (tmp_path / "a", process.folder / "link"):
        with pytest.raises(ValueError, match="outside"):
            read_apart(process=process, request=Request(file, "before/a.txt"))
    with pytest.raises(FileNotFoundError):
        read_apart(process=process, request=Request(process.folder / "none", "before/a.txt"))


def test_messages_pass_whole_or_not_at_all() -> None:
    """Frames come back as they were; a cut message ends, a huge one is refused unread."""
    pipe = io.BytesIO()
    send(pipe, b"a", b"", b"\0" * 100_000)
    whole = pipe.getvalue()
    assert receive(io.BytesIO(whole)) == (b"a", b"", b"\0" * 100_000)
    for cut in (0, 1, 5, 10, len(whole) - 1):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:cut]))
    with pytest.raises(ValueError, match="long"):
        receive(io.BytesIO(b"\x01" + struct.pack(">Q", MAX_FRAME + 1)))


def test_the_context_is_what_a_reading_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note, chat names, merchant, platform, path and versions make the key; nothing else does."""
    path = "during/chat.png"
    note = ExhibitNote(path, captured_at=datetime(2026, 11, 2, tzinfo=BEIJING))
    told = Statement(
        Order(platform="甲", merchant="乙", order_no="1"),
        exhibits={path: note, "x": ExhibitNote("x")},
        chat_names={"a": Speaker.BUYER, "b": Speaker.MERCHANT},
    )
    key = context_key(told, path)
    same = [
        replace(told, order=replace(told.order, order_no="2", product="卡")),
        replace(told, buyer=Buyer(name="某人")),
        replace(told, exhibits={path: note}),
        replace(told, chat_names={"b": Speaker.MERCHANT, "a": Speaker.BUYER}),
        part_for(told, path),
    ]
    assert {context_key(s, path) for s in same} == {key}
    others = [
        replace(told, order=replace(told.order, merchant="丙")),
        replace(told, order=replace(told.order, platform="丙")),
        replace(told, chat_names={"a": Speaker.BUYER}),
        replace(told, exhibits={path: replace(note, kind=Kind.CHAT)}),
        replace(told, exhibits={}),
    ]
    assert len({context_key(s, path) for s in others} | {context_key(told, "x"), key}) == 7
    monkeypatch.setattr(apart, "READERS", 99)
    assert context_key(told, path) != key


@pytest.mark.parametrize(
    ("wish", "threads"), [("", 2), ("1", 1), ("8", 8), ("0", 2), ("-3", 2), ("x", 2), ("999", 64)]
)
def test_threads_of_the_engine(wish: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """GONGDAO_OCR_THREADS counts where it is a number; two otherwise."""
    monkeypatch.setenv("GONGDAO_OCR_THREADS", wish)
    assert _threads() == threads


def test_a_process_that_cannot_start_is_no_fault_of_the_file(
    process: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a program to run, the caller learns that, and the file is not called broken."""
    monkeypatch.setattr(apart, "_PROGRAM", "gongdao.no_such_program")
    with pytest.raises(ChildProcessError):
        read(process, b"hello", "before/page.txt")
    monkeypatch.undo()
    assert_works(process)


def test_the_folder_may_be_made_anew(tmp_path: Path) -> None:
    """A process outlives files that come and go in its folder."""
    with ReadingProcess(folder=tmp_path) as process:
        for _time in range(3):
            assert_works(process)
            for file in tmp_path.iterdir():
                file.unlink()
        shutil.copy(__file__, tmp_path / "deep")
        answer = read_apart(process=process, request=Request(tmp_path / "deep", "before/deep.txt"))
        assert answer.read.exhibit.lines
