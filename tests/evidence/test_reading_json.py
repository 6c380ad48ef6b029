"""Stored readings: back without loss, in whatever language; anything else is one clear error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongdao.casework.folder import load_case_folder
from gongdao.core.clock import BEIJING
from gongdao.core.codes import (
    Category,
    Condition,
    Demand,
    Kind,
    Means,
    Outcome,
    Party,
    Payment,
    Reason,
    Speaker,
)
from gongdao.core.digest import Digests, digest_bytes
from gongdao.core.errors import InputError, StoredReadingError
from gongdao.core.language import Bilingual, Phrase, use_language
from gongdao.core.money import Money
from gongdao.core.phrase_json import plain_text, text_of_plain
from gongdao.evidence.deals import Deal
from gongdao.evidence.kept.reading_json import (
    dump_corrections,
    dump_reading,
    dump_statement,
    load_corrections,
    load_reading,
    load_statement,
)
from gongdao.evidence.ocr import FolderOcrCache, OcrLine
from gongdao.evidence.read_exhibit import Reader, ReadFile, read_exhibit
from gongdao.evidence.reading import (
    Basis,
    BillRow,
    Direction,
    Exhibit,
    Field,
    FileTime,
    Message,
    Sign,
    TextLine,
    TimeBasis,
)
from gongdao.evidence.statement import (
    AlsoDemand,
    Buyer,
    Claim,
    Contact,
    ExhibitNote,
    Order,
    Statement,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "late-then-invalid"

words = st.text(st.characters(), max_size=12)  # half characters and controls included
whole = st.integers(-(2**60), 2**60)
parts = st.floats(0, 1)
maybe_whole = st.none() | st.integers(0, 10**7)
boxes = st.none() | st.tuples(whole, whole, whole, whole)
zones = st.sampled_from([BEIJING, UTC, timezone(timedelta(hours=-3, minutes=-30))])
instants = st.datetimes(timezones=zones)
money = st.builds(Money, whole, st.sampled_from(["CNY", "USD"]))
inner = st.builds(Bilingual, words, words) | st.builds(Phrase, st.just("案件说明"))
phrases = (
    inner.filter(lambda said: isinstance(said, Phrase))
    | st.builds(lambda a, b: Phrase("“{a}”，取自{b}", a=a, b=b), words, inner | words)
    | st.builds(lambda h, m: Phrase("{h:02d}:{m:02d} 不是 {{h}}", h=h, m=m), whole, whole)
)
places = {"page": maybe_whole, "frame_ms": maybe_whole, "line": maybe_whole}
text_lines = st.builds(TextLine, words, parts, boxes, **places)
quads = st.none() | st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 8)
ocr_lines = st.builds(OcrLine, words, parts, boxes, **places, quad=quads)
fields = st.builds(
    Field, words, parts, st.sampled_from(Basis), boxes, **places, read=st.none() | words
)
speakers = st.sampled_from(Speaker)
messages = st.builds(
    Message,
    st.none() | speakers,
    words,
    words,
    st.none() | instants,
    st.booleans(),
    maybe_whole,
    boxes,
)
rows = st.builds(
    BillRow,
    st.none() | instants,
    money,
    st.sampled_from(Direction),
    *[words] * 9,
    line=whole,
    is_refund=st.booleans(),
    refund_of=words,
)
exhibits = st.builds(
    Exhibit,
    words,
    st.builds(Digests, words, words, whole),
    words,
    st.sampled_from(Kind),
    words,
    words,
    st.dictionaries(words, fields, max_size=3),
    st.lists(text_lines | ocr_lines, max_size=4).map(tuple),
    st.lists(messages, max_size=3).map(tuple),
    st.lists(rows, max_size=2).map(tuple),
    st.lists(st.builds(FileTime, instants, st.sampled_from(TimeBasis), phrases), max_size=2).map(
        tuple
    ),
    st.lists(st.builds(Sign, st.sampled_from(Condition), phrases), max_size=2).map(tuple),
    st.none() | st.builds(Bilingual, words, words),
)
deals = st.builds(Deal, instants, words, money, whole, words, whole)
readings = st.builds(ReadFile, exhibits, st.lists(deals, max_size=2).map(tuple))


def maybe(values: st.SearchStrategy) -> st.SearchStrategy:
    """Values, or None."""
    return st.none() | values


orders = st.builds(
    Order,
    *[words] * 5,
    maybe(st.sampled_from(Category)),
    maybe(whole),
    maybe(money),
    words,
    words,
    maybe(money),
    maybe(money),
    maybe(instants),
    maybe(instants),
    maybe(st.sampled_from(Payment)),
    words,
    maybe(instants),
)
demands = st.sampled_from(Demand)
notes = st.builds(
    ExhibitNote,
    words,
    maybe(st.sampled_from(Kind)),
    maybe(instants),
    maybe(st.booleans()),
    maybe(st.sampled_from(Condition)),
    words,
)
statements = st.builds(
    Statement,
    orders,
    st.builds(Buyer, st.booleans(), st.booleans(), words, words, words),
    st.builds(
        Claim,
        st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
        maybe(demands),
        maybe(money),
        st.booleans(),
        st.lists(st.builds(AlsoDemand, demands, maybe(money)), max_size=2).map(tuple),
    ),
    st.lists(
        st.builds(
            Contact,
            instants,
            st.sampled_from(Party),
            st.sampled_from(Means),
            st.sampled_from(Outcome),
            words,
            words,
            maybe(instants),
        ),
        max_size=2,
    ).map(tuple),
    st.dictionaries(words, notes, max_size=2),
    st.dictionaries(words, speakers, max_size=2),
)


@pytest.fixture
def english() -> Iterator[None]:
    """English for one test."""
    use_language("en")
    yield
    use_language("zh")


def assert_same(read: ReadFile) -> None:
    """Storing and loading changes nothing: not a value, not a type, not a word of English."""
    data = dump_reading(read)
    back = load_reading(data)
    assert back == read
    assert dump_reading(back) == data
    assert [type(line) for line in back.exhibit.lines] == [type(x) for x in read.exhibit.lines]
    said = [
        [s.reason for s in r.exhibit.signs] + [t.how for t in r.exhibit.times] for r in (read, back)
    ]
    assert [Bilingual.of(x) for x in said[0]] == [Bilingual.of(x) for x in said[1]]


@given(readings)
def test_any_reading_comes_back(read: ReadFile) -> None:
    """Whatever a reader may make is stored and loaded without loss."""
    assert_same(read)


@given(statements)
def test_any_statement_comes_back(statement: Statement) -> None:
    """Whatever a buyer may state is stored and loaded without loss."""
    assert load_statement(dump_statement(statement)) == statement


@given(st.dictionaries(words, st.dictionaries(words, words, max_size=3), max_size=3))
def test_any_corrections_come_back(corrections: dict[str, dict[str, str]]) -> None:
    """Corrections are stored and loaded without loss."""
    assert load_corrections(dump_corrections(corrections)) == corrections


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not here")
def test_every_reading_of_the_shared_cases_comes_back(readings: Path) -> None:
    """All files of all shared cases, read for real, come back."""
    kept = FolderOcrCache(readings)
    reads = []
    for root in sorted(p for p in (SHARED / "cases").iterdir() if (p / "case.toml").is_file()):
        folder = load_case_folder(root)
        assert load_statement(dump_statement(folder.statement)) == folder.statement
        reader = Reader(folder.statement, kept)
        reads += [read_exhibit(root=root, path=path, reader=reader) for path in folder.files]
    assert len(reads) > 40
    for read in reads:
        assert_same(read)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared inputs are not here")
def test_every_reading_of_the_shared_inputs_comes_back() -> None:
    """Bills, chats, pages, zips with and without their password: readings and problems alike."""
    problems = 0
    for file in sorted((SHARED / "inputs").iterdir()):
        for password in (None, "123456"):
            reader = Reader(Statement(), None, password)
            read = read_exhibit(root=file.parent, path=file.name, reader=reader)
            assert_same(read)
            problems += read.exhibit.problem is not None
    assert problems


def test_a_reading_speaks_the_language_of_its_reader(tmp_path: Path, english: None) -> None:
    """What was read under one language and stored is said in the other when it is shown."""
    (tmp_path / "a.txt").write_bytes(b"")
    note = ExhibitNote("b.txt", captured_at=datetime(2026, 11, 2, tzinfo=BEIJING), original=False)
    (tmp_path / "b.txt").write_text("好", encoding="utf-8")
    reader = Reader(Statement(exhibits={"b.txt": note}))
    there = [read_exhibit(root=tmp_path, path=p, reader=reader) for p in ("a.txt", "b.txt")]
    use_language("zh")
    here = [read_exhibit(root=tmp_path, path=p, reader=reader) for p in ("a.txt", "b.txt")]
    assert [dump_reading(r) for r in there] == [dump_reading(r) for r in here]
    broken, read = (load_reading(dump_reading(r)).exhibit for r in there)
    assert str(broken.problem) == "a.txt: 文件是空的。请重新保存或重新下载。"
    assert str(read.times[0].how) == "案件说明里写的截取时间"
    use_language("en")
    assert str(broken.problem).startswith("a.txt: ") and str(broken.problem).isascii()
    assert str(read.times[0].how).isascii()


def test_an_error_keeps_its_words_for_both_languages(english: None) -> None:
    """An error made with phrases is said anew each time, with the stop of that language."""
    error = InputError(Phrase("文件是空的"), hint=Phrase("请重新下载。"), file="a")
    said = Bilingual.of(error)
    assert said.zh() == "a: 文件是空的。请重新下载。"
    assert said.english == str(error) and said.english.isascii()
    assert Bilingual.of("x") == Bilingual("x", "x")


def sample() -> ReadFile:
    """A reading with something of everything."""
    exhibit = Exhibit(
        "during/a.png",
        digest_bytes(b"a"),
        "image/png",
        Kind.CHAT,
        "read",
        fields={"amount": Field("98.00", 0.9, Basis.OCR, (1, 2, 3, 4))},
        lines=(OcrLine("卡密", 0.9, (1, 2, 3, 4), quad=(1.0,) * 8), TextLine("x", page=2)),
        messages=(Message(Speaker.BUYER, "我", "退款", datetime(2026, 11, 2, tzinfo=BEIJING)),),
        times=(FileTime(datetime(2026, 11, 2, tzinfo=UTC), TimeBasis.NAME, Phrase("文件名")),),
        signs=(Sign(Condition.EDITED, Phrase("{n} 处", n=2)),),
    )
    deal = Deal(datetime(2026, 11, 2, tzinfo=BEIJING), "卡", Money(9800), 1, "", 2)
    return ReadFile(exhibit, (deal,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        ('"v":1', '"v":"1"'),
        ('"v":1,', ""),
        ('"reading":', '"statement":'),
        ('"path":', '"pfad":'),
        ('"kind":"chat"', '"kind":"poem"'),
        ('"minor":9800', '"minor":"much"'),
        ('"minor":9800', '"minor":Infinity'),
        ("2026-11-02T00:00:00+08:00", "yesterday"),
        ('["x",1.0,null', "[7,1.0,null"),
        ('["x",1.0,null', '["x",1.0,[1,2,3]'),
        ("[1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0]", "[1.0]"),
        ('"n":2', '"n":[2]'),
        ('"n":2', '"m":2'),
        ("{n} 处", "{n"),
        ("{n} 处", "{n!r}"),
        ("{n} 处", "{n.__class__.__mro__}"),
        ("{n} 处", "{n:999999999d}"),
        ('"fields":{', '"fields":[{'),
        ('"reading"', '"more":1,"reading"'),
    ],
)
def test_a_broken_store_is_one_clear_error(old: str, new: str) -> None:
    """Another version, another kind, values out of their lists: never a traceback, never half."""
    text = dump_reading(sample()).decode()
    assert old in text
    with pytest.raises(StoredReadingError):
        load_reading(text.replace(old, new).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"v":1}']
)
def test_rubbish_is_one_clear_error(data: bytes) -> None:
    """Bytes that are no store at all."""
    for load in (load_reading, load_statement, load_corrections):
        with pytest.raises(StoredReadingError):
            load(data)


@given(st.data())
def test_damaged_bytes_never_do_more_than_fail(data: st.DataObject) -> None:
    """Any byte changed or cut away: another reading or the one error, nothing else."""
    good = bytearray(dump_reading(sample()))
    for _time in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(good[: data.draw(st.integers(0, len(good)))])
    for damaged in (bytes(good), cut):
        try:
            assert isinstance(load_reading(damaged), ReadFile)
        except StoredReadingError as error:
            assert str(error)


def test_a_stored_phrase_reaches_nothing() -> None:
    """A message can name its values only; the control shows what format would hand out."""
    message = "{a.__init__.__globals__[_current]}"
    assert "ContextVar" in message.format(a=Phrase("案件说明"))
    evil = [message, {"a": ["案件说明"]}]
    with pytest.raises(ValueError, match="not a message"):
        text_of_plain(evil)
    with pytest.raises(TypeError):
        plain_text(Phrase("{a}", a=object()))


def test_defaults_take_no_room() -> None:
    """A blank exhibit is stored in a few hundred bytes."""
    blank = replace(sample().exhibit, fields={}, lines=(), messages=(), times=(), signs=())
    plain = json.loads(dump_reading(ReadFile(blank)))
    assert set(plain["reading"]["exhibit"]) == {
        *("path", "digests", "media_type", "kind", "kind_basis"),
    }
