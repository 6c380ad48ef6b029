"""Hostile files against every parser of evidence: one clear error or a result, nothing else.

``GONGDAO_FUZZ_FILES`` sets how many damaged files are made (default 1000); ``GONGDAO_FUZZ_SEED``
where the damage begins, and a failure names the seed that repeats it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import io
import os
import random
import signal
import struct
import sys
import time
import types
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gongdao.core.errors import GongdaoError
from gongdao.evidence.bills.read import find_bill_layout, read_bill
from gongdao.evidence.card_secrets import find_secrets, mask_personal, mask_secrets
from gongdao.evidence.chats.read import find_chat_form, read_chat
from gongdao.evidence.deals import read_deals
from gongdao.evidence.documents import read_document_text
from gongdao.evidence.html_pages import read_page
from gongdao.evidence.identities import find_identities
from gongdao.evidence.sniff import sniff
from gongdao.evidence.text_decoding import decode_text

SHARED = Path(__file__).resolve().parents[3] / "shared"
FILES = int(os.environ.get("GONGDAO_FUZZ_FILES", "1000"))
SEED = int(os.environ.get("GONGDAO_FUZZ_SEED", "20261102"))
LIMIT_S = 10


def _mutations() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(
        "mutations", Path(__file__).with_name("mutations.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _text(data: bytes) -> str:
    return decode_text(data).text


PARSERS: dict[str, Callable[[bytes], object]] = {
    "sniff": lambda data: sniff(data, "file.png"),
    "read_bill": lambda data: read_bill(data=data, name="file", password="123456"),
    "read_chat": lambda data: read_chat(data=data, name="file", merchant="示例店"),
    "find_chat_form": lambda data: find_chat_form(_text(data)),
    "find_bill_layout": lambda data: find_bill_layout(_text(data)),
    "read_document_text": lambda data: read_document_text(text=_text(data)),
    "read_page": lambda data: read_page(data=data),
    "read_deals": lambda data: read_deals(_text(data)),
    "find_identities": lambda data: find_identities([("file", _text(data))]),
    "find_secrets": lambda data: find_secrets(_text(data)),
    "masks": lambda data: mask_personal(mask_secrets(_text(data))),
}


def _builtin_seeds() -> list[bytes]:
    """Enough to fuzz where the shared samples are absent."""
    bill = (
        "流水号,时间,类型,金额,余额,关联订单,备注\nB1,2026-11-11 00:03:11,消费,-58.00,2.00,P1,卡\n"
    )
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", bill)
    return [
        bill.encode(),
        bill.encode("gb18030"),
        zipped.getvalue(),
        "2026-11-02 15:10:03 买家: 卡密 KM7Q-2D9X-8H4T-PLW3 无效\n".encode(),
        '{"name": "店", "type": "personal_chat", "id": 1, "messages": [{"text": "在"}]}'.encode(),
        "<html><body><p>京ICP备12345678号</p></body></html>".encode(),
        "工单号：G1\n提交时间：2026-11-02 10:00\n第一条 总则\n".encode(),
    ]


@pytest.fixture(scope="module")
def seeds() -> list[bytes]:
    """Text-like samples of the shared material and the built-in ones."""
    found = _builtin_seeds()
    for folder in ("inputs", "cases"):
        for file in sorted((SHARED / folder).rglob("*")):
            if file.is_file() and file.suffix.lower() not in (".png", ".jpg", ".py", ".md"):
                found.append(file.read_bytes()[: 1 << 16])
    return found


class _Watch:
    """What a parser does to the world outside itself, seen through audit events."""

    def __init__(self) -> None:
        self.active = False
        self.deeds: list[str] = []

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if not self.active:
            return
        if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
            self.deeds.append(f"open {args[0]} {args[1]}")
        elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            self.deeds.append(f"open {args[0]}")
        elif event in _DEEDS:
            self.deeds.append(f"{event} {args[:1]}")


_DEEDS = frozenset(
    ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.system", "os.exec",
     "subprocess.Popen", "socket.connect", "shutil.copyfile", "urllib.Request")
)  # fmt: skip
_WATCH = _Watch()


@pytest.fixture(scope="module", autouse=True)
def _watch() -> None:
    if not getattr(sys, "_gongdao_watch", False):
        sys.addaudithook(_WATCH)
        sys._gongdao_watch = True  # type: ignore[attr-defined]  # a hook cannot be taken off again


@contextlib.contextmanager
def _limits(tmp: Path) -> Iterator[None]:
    """Stop a parser after LIMIT_S seconds and see that it wrote nothing outside ``tmp``."""

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"over {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    _WATCH.deeds.clear()
    _WATCH.active = True
    try:
        yield
    finally:
        _WATCH.active = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    outside = [d for d in _WATCH.deeds if str(tmp) not in d and "/dev/null" not in d]
    assert not outside, outside


def _run(name: str, parse: Callable[[bytes], object], data: bytes, tmp: Path, what: str) -> None:
    try:
        with _limits(tmp):
            parse(data)
    except GongdaoError as error:
        assert str(error), f"{name}, {what}: an error without words"
    except Exception as error:
        kept = tmp / "found.bin"
        kept.write_bytes(data)
        pytest.fail(f"{name}, {what}: {error!r}; the file is {kept}")


@pytest.mark.slow
def test_damaged_files_give_one_error_or_a_result(seeds, tmp_path, monkeypatch):
    """No damaged file raises anything but a GongdaoError, hangs, or makes a parser write."""
    monkeypatch.chdir(tmp_path)
    mutate = _mutations().mutate
    started = time.monotonic()
    for number in range(FILES):
        chance = random.Random(SEED + number)
        data = mutate(chance.choice(seeds), seeds, chance)
        for name, parse in PARSERS.items():
            _run(name, parse, data, tmp_path, f"GONGDAO_FUZZ_SEED={SEED + number}")
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - started < LIMIT_S * max(FILES, 60)


def _picture_parsers() -> dict[str, Callable[[bytes], object]]:
    """Readers of pictures, PDF and films that take bytes, as far as they are there."""
    found: dict[str, Callable[[bytes], object]] = {}
    for module_name in ("pictures", "pdf_pages", "videos"):
        try:
            module = importlib.import_module(f"gongdao.evidence.{module_name}")
        except ImportError:
            continue
        for name, verb in inspect.getmembers(module, inspect.isfunction):
            if (
                verb.__module__ == module.__name__
                and not name.startswith("_")
                and _takes_bytes(verb)
            ):
                found[f"{module_name}.{name}"] = _caller(verb)
    return found


def _takes_bytes(verb: Callable[..., object]) -> bool:
    parameters = inspect.signature(verb).parameters.values()
    needed = [p for p in parameters if p.default is inspect.Parameter.empty]
    known = all(p.name in ("data", "name", "path", "media_type") for p in needed)
    return known and any(p.name == "data" and "bytes" in str(p.annotation) for p in needed)


def _caller(verb: Callable[..., object]) -> Callable[[bytes], object]:
    names = inspect.signature(verb).parameters
    values = {"name": "file.png", "path": "file.png", "media_type": "image/png"}

    def call(data: bytes) -> object:
        return verb(data=data, **{k: v for k, v in values.items() if k in names})

    return call


_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF"
)


def _png(width: int = 8, height: int = 8) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress(b"\x00" * ((min(width, 64) + 1) * min(height, 64)))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.slow
def test_damaged_pictures_give_one_error_or_a_result(tmp_path, monkeypatch):
    """A picture, PDF or film that is damaged or of absurd size costs only itself."""
    parsers = _picture_parsers()
    if not parsers:
        pytest.skip("no reader of pictures takes bytes")
    monkeypatch.chdir(tmp_path)
    mutate = _mutations().mutate
    basis = [_png(), _PDF, b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42" + b"\x00" * 64]
    # The engine that reads text looks for its model files once, when it is first needed.
    for parse in parsers.values():
        with contextlib.suppress(GongdaoError):
            parse(_png())
    for number in range(max(FILES // 20, 20)):
        chance = random.Random(SEED + number)
        data = mutate(chance.choice(basis), basis, chance)
        for name, parse in parsers.items():
            _run(name, parse, data, tmp_path, f"GONGDAO_FUZZ_SEED={SEED + number}")
    for data in (_png(100_000, 100_000), _png(1, 2_000_000_000)):
        for name, parse in parsers.items():
            _run(name, parse, data, tmp_path, "a picture of absurd size")


def _zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def _nested(depth: int) -> bytes:
    data = _zip(("a.csv", b"0" * (4 << 20)))
    for _level in range(depth):
        data = _zip(("a.csv", data))
    return data


_BOMB_SHEET = b"<row>" + b" " * (40 << 20)
_LAUGHS = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><row><c><v>&b;</v></c></row>'


def _workbook(sheet: bytes) -> bytes:
    names = ("[Content_Types].xml", "xl/workbook.xml")
    return _zip(*((name, b"") for name in names), ("xl/worksheets/sheet1.xml", sheet))


TRAPS: dict[str, bytes] = {
    "a zip bomb": _zip(("a.csv", b"\x00" * (40 << 20))),
    "a bomb in a workbook": _workbook(_BOMB_SHEET),
    "zips in zips": _nested(8),
    "a path out of the folder": _zip(("../../../tmp/evil.csv", b"x")),
    "an absolute path": _zip(("/tmp/evil.csv", b"x")),
    "a drive": _zip(("C:/evil.csv", b"x")),
    "laughs": _workbook(_LAUGHS),
    "a picture with a zip": _png() + _zip(("a.csv", b"x")),
    "a picture with a PDF": _png() + b"%PDF-1.7\n%%EOF",
    "a page named as a picture": b"<html><script>alert(1)</script></html>",
    "SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "a program": b"\x7fELF\x02\x01\x01" + b"\x00" * 100,
    "nothing": b"",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_refused_by_name(trap, tmp_path, monkeypatch):
    """Each trap gives one error from the first door it meets, and every parser survives it."""
    monkeypatch.chdir(tmp_path)
    data, refused = TRAPS[trap], []
    for name, parse in PARSERS.items():
        _run(name, parse, data, tmp_path, trap)
    for door in (PARSERS["sniff"], PARSERS["read_bill"]):
        try:
            door(data)
        except GongdaoError as error:
            refused.append(error)
    assert refused, trap
    assert list(tmp_path.iterdir()) == []


ENDLESS = (
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"messages":[' + "[" * 100_000,
    "2026-11-02 15:10:03 买家: " * 50_000,
    "," * 500_000,
    '"' * 500_000,
    "\n" * 500_000,
    "第一条\n" * 50_000,
    "京ICP备" * 100_000,
    "A1B2-" * 100_000,
    "1" * 500_000,
    "http://" * 100_000,
    "a." * 200_000,
    "\ud7ff\ufffd" * 100_000,
)


@pytest.mark.parametrize("text", ENDLESS, ids=[repr(text[:8]) for text in ENDLESS])
def test_endless_repetition_is_read_in_time(text, tmp_path):
    """Deep nesting and long repetition hang no parser and exhaust no stack."""
    for name, parse in PARSERS.items():
        _run(name, parse, text.encode(), tmp_path, f"{text[:12]!r} repeated")


def test_the_watch_sees_a_write(tmp_path):
    """The control: a parser that writes, hangs or raises something else is caught."""
    with pytest.raises(AssertionError), _limits(tmp_path / "inside"):
        (tmp_path / "outside.txt").write_text("x")

    def fall(_data: bytes) -> object:
        raise KeyError("x")

    with pytest.raises(pytest.fail.Exception, match="KeyError"):
        _run("bad", fall, b"x", tmp_path, "control")
