"""Every field expected of the example pictures, and the signs they must and must not show."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from benchmarks.ocr_fields import same

from gongdao.core.codes import Condition, Speaker
from gongdao.evidence.ocr import FolderOcrCache
from gongdao.evidence.pictures import PictureReading, read_picture

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
PICTURES = sorted(p for p in CASES.glob("*/*/*") if p.suffix in (".png", ".jpg"))
ALTERED = {
    "c05-blocked-no-identity/during/transfer.jpg": Condition.FORWARDED,
    "c06-face-value-mismatch/before/listing.jpg": Condition.ANNOTATED,
}

pytestmark = pytest.mark.skipif(not PICTURES, reason="the example cases are not here")


@pytest.fixture(scope="session")
def reading(readings: Path) -> Callable[[Path], PictureReading]:
    """Reads a picture, each once in a run."""
    kept = FolderOcrCache(readings)

    @cache
    def read(path: Path) -> PictureReading:
        name = path.relative_to(path.parents[1]).as_posix()
        return read_picture(data=path.read_bytes(), name=name, cache=kept)

    return read


@pytest.mark.parametrize("path", PICTURES, ids=lambda p: f"{p.parents[1].name}/{p.stem}")
def test_every_expected_field_is_read(path, reading):
    """The fields that expected.json names for a picture are all there, with box and confidence."""
    expected = json.loads((path.parents[1] / "expected.json").read_text(encoding="utf-8"))
    want = expected.get("ocr_fields", {}).get(f"{path.parent.name}/{path.name}", {})
    got = reading(path).fields
    wrong = {
        key: (got[key].value if key in got else None, value)
        for key, value in want.items()
        if key not in got or not same(got[key].value, value)
    }
    assert not wrong
    assert all(got[key].box is not None and 0 < got[key].confidence <= 1 for key in want)


@pytest.mark.parametrize("path", PICTURES, ids=lambda p: f"{p.parents[1].name}/{p.stem}")
def test_signs_only_where_something_was_done(path, reading):
    """The forwarded and the annotated picture are flagged; no untouched one is."""
    conditions = {sign.condition for sign in reading(path).signs}
    name = path.relative_to(CASES).as_posix()
    assert conditions == ({ALTERED[name]} if name in ALTERED else set())


def test_chat_of_two_sides_with_wrapped_lines(reading):
    """Bubbles come in order with their side, wrapped lines joined, times from the bars."""
    path = CASES / "c05-blocked-no-identity" / "during" / "chat-1.png"
    messages = reading(path).messages
    assert [m.speaker for m in messages] == [
        Speaker.BUYER,
        Speaker.MERCHANT,
        Speaker.MERCHANT,
        Speaker.BUYER,
        Speaker.MERCHANT,
        Speaker.BUYER,
        Speaker.MERCHANT,
    ]
    assert messages[5].text.endswith("FK20261106221904")
    assert messages[5].at is not None
    assert messages[5].at.isoformat() == "2026-11-06T22:21:00+08:00"
    assert not messages[5].at_given


def test_rejected_message_is_a_notice_of_the_system(reading):
    """The line that says a message was refused is nobody's bubble."""
    path = CASES / "c05-blocked-no-identity" / "during" / "chat-2.png"
    last = reading(path).messages[-1]
    assert last.speaker is Speaker.SYSTEM
    assert "拒收" in last.text
