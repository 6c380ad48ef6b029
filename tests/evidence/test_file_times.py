"""Times a file suggests: names of every known tool, metadata, the status bar, the claim."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.evidence.screen_kit import SIZE, Drawn

from gongdao.core.clock import BEIJING
from gongdao.evidence.file_times import time_in_name, times_of
from gongdao.evidence.reading import TimeBasis
from gongdao.evidence.statement import ExhibitNote

SHARED = Path(__file__).resolve().parents[3] / "shared" / "inputs"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared inputs are not here")
def test_names_of_every_known_tool():
    """Each pattern of the shared table gives its local time, and none where there is none."""
    text = (SHARED / "screenshot_names.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    assert len(rows) >= 20
    for row in rows:
        found = time_in_name(row["file_name"])
        if row["local_time"]:
            want = datetime.fromisoformat(row["local_time"]).replace(tzinfo=BEIJING)
            assert [t.at for t in found] == [want], row["file_name"]
            assert found[0].basis is TimeBasis.NAME
        else:
            assert not found, row["file_name"]


@pytest.mark.parametrize(
    "name", ["receipt.png", "KM20261102140250017.png", "20269902_999999.jpg", "13800138000.jpg"]
)
def test_names_without_a_time(name):
    """Order numbers, phone numbers and impossible dates in a name are no time."""
    assert time_in_name(name) == ()


@given(st.text(max_size=60))
def test_any_name_is_harmless(name):
    """Whatever a file is called, at most one time with a zone comes out."""
    assert all(t.at.tzinfo is not None for t in time_in_name(name))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared inputs are not here")
def test_metadata_of_a_phone_screenshot():
    """The eXIf and XMP of an iPhone-like screenshot give its time as embedded."""
    data = (SHARED / "IMG_1234.PNG").read_bytes()
    times = times_of(path_name="IMG_1234.PNG", data=data, media_type="image/png")
    assert times
    assert all(t.basis is TimeBasis.EMBEDDED for t in times)


def test_exif_zone_and_impossible_times():
    """A stated offset is kept; a camera without a set clock has no time."""
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({36867: "2026:11:02 06:03:21", 36881: "+00:00"})
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=exif.tobytes())
    (found,) = times_of(path_name="a.jpg", data=buffer.getvalue(), media_type="image/jpeg")
    assert found.at == datetime(2026, 11, 2, 14, 3, 21, tzinfo=BEIJING)
    exif.get_ifd(0x8769).update({36867: "1970:01:01 00:00:00"})
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=exif.tobytes())
    assert times_of(path_name="a.jpg", data=buffer.getvalue(), media_type="image/jpeg") == ()


def test_status_bar_takes_its_day_from_elsewhere():
    """The clock alone is no time; with a claim it is one, and says where the day comes from."""
    lines = Drawn().bar("账单详情", "14:04").lines()
    read = partial(times_of, path_name="a.png", data=b"", media_type="image/png")
    assert read(lines=lines, size=SIZE) == ()
    note = ExhibitNote("a.png", captured_at=datetime(2026, 11, 2, 14, 5, tzinfo=BEIJING))
    clock, claim = read(lines=lines, size=SIZE, note=note)
    assert (clock.basis, clock.at.strftime("%Y-%m-%d %H:%M")) == (
        TimeBasis.STATUS_BAR,
        "2026-11-02 14:04",
    )
    assert claim.basis is TimeBasis.CLAIMED


def test_broken_files_have_no_embedded_time():
    """Rubbish has no time of its own and raises nothing."""
    for media_type in ("image/png", "video/mp4", "application/pdf"):
        assert times_of(path_name="x", data=b"rubbish", media_type=media_type) == ()
