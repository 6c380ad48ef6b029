"""Attachments: what fits is kept, what does not becomes a legible copy, the rest is said."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader
from tests.channels.stories import CASES, NAMES, read_story

from gongdao.channels.attachments import (
    OURS,
    READABLE_PX,
    Attachable,
    AttachmentPlan,
    Form,
    attachables,
    bytes_of,
    plan_attachments,
)
from gongdao.channels.prepare_attachment import prepare_attachment
from gongdao.core.codes import Kind
from gongdao.core.errors import UnreadableFile
from gongdao.evidence.closure import check_closure
from gongdao.evidence.picture_bytes import decode_upright, open_picture
from gongdao.rules import queries
from gongdao.rules.model import Attachments, Channel

ON = date(2026, 11, 20)


def _channel(code: str = "regulator_report", **attachments: Any) -> Channel:
    channel = queries.channel(code, ON)
    return replace(channel, attachments=replace(channel.attachments, **attachments))


def _exhibit(number: int = 1, media_type: str = "image/png", **more: Any) -> Attachable:
    given: dict[str, Any] = {
        "kind": Kind.CHAT,
        "size": 100_000,
        "width": 1080,
        "height": 2400,
        **more,
    }
    return Attachable(number, f"during/{number}", media_type=media_type, **given)


def _screenshot(width: int, height: int, *, noise: int = 0, form: str = "PNG") -> bytes:
    """A picture of lines of text-like marks, with ``noise`` rows of random pixels."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for top in range(20, height - 30, 60):
        draw.text((40, top), f"line {top} 98.00 KM20261102", fill="black", font_size=34)
    if noise:
        grain = random.Random(7).randbytes(width * noise * 3)
        picture.paste(Image.frombytes("RGB", (width, noise), grain), (0, height - noise))
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def _plan(*exhibits: Attachable, channel: Channel | None = None) -> AttachmentPlan:
    return plan_attachments(channel or _channel(), exhibits)


def _pages(pdf: bytes) -> list[tuple[int, int]]:
    found = [page.images[0].image for page in PdfReader(io.BytesIO(pdf)).pages]
    return [image.size for image in found if image]


def test_what_the_form_takes_is_kept_byte_for_byte() -> None:
    """A small picture, PDF and video of a type on the list are the originals themselves."""
    plan = _plan(_exhibit(1), _exhibit(2, "application/pdf"), _exhibit(3, "video/mp4"))
    assert [item.form for item in plan.items] == [Form.KEEP] * 3
    assert not plan.left_out and not plan.notes
    assert prepare_attachment(plan.items[0], [b"as it is"]) == b"as it is"
    assert plan.items[0].name == "证据1_聊天记录.png"


@pytest.mark.parametrize("form", ["PNG", "WEBP", "HEIF"])
def test_other_formats_become_jpeg(form: str) -> None:
    """Formats a form does not take are converted at full size, upright, and the same each time."""
    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    data = _screenshot(1080, 1600, form=form)
    media = {"PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}[form]
    (item,) = _plan(_exhibit(1, media), channel=_channel(types=("jpg",))).items
    assert item.form is Form.JPEG and item.name.endswith(".jpg")
    made = prepare_attachment(item, [data])
    with open_picture(data=made) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1080, 1600))
    assert prepare_attachment(item, [data]) == made


def test_too_large_a_picture_is_made_smaller_and_stays_legible() -> None:
    """Below the limit in bytes and not under the width that can be read."""
    data = _screenshot(2400, 3000, noise=2600)
    assert len(data) > bytes_of(OURS)
    exhibit = _exhibit(1, size=len(data), width=2400, height=3000)
    (item,) = _plan(exhibit, channel=_channel(mb_each=1)).items
    assert item.form is Form.JPEG
    made = prepare_attachment(item, [data])
    assert len(made) <= 980_000
    assert decode_upright(data=made).width >= READABLE_PX


def test_a_picture_is_refused_rather_than_made_illegible() -> None:
    """Where no legible copy is small enough, the error says so and names the file."""
    data = _screenshot(1000, 2000, noise=1900)
    (item,) = _plan(_exhibit(1, size=6_000_000, width=1000, height=2000)).items
    with pytest.raises(UnreadableFile) as error:
        prepare_attachment(replace(item, max_bytes=60_000), [data])
    assert error.value.place.file == "during/1"


def test_a_tall_screenshot_is_cut_into_pages_not_shrunk() -> None:
    """Every page as wide as the picture, all rows there, edges repeated, below the limit."""
    data = _screenshot(1080, 12_000, noise=1500)
    exhibit = _exhibit(1, size=6_000_000, width=1080, height=12_000)
    (item,) = _plan(exhibit).items
    assert item.form is Form.PDF
    made = prepare_attachment(item, [data])
    pages = _pages(made)
    assert len(pages) == exhibit.pieces == 6
    assert {width for width, _height in pages} == {1080}
    assert sum(height for _width, height in pages) == 12_000 + 60 * 5
    assert len(made) <= item.max_bytes
    assert prepare_attachment(item, [data]) == made


def test_a_tall_screenshot_becomes_pieces_where_no_pdf_is_taken() -> None:
    """Several JPEGs, each counted, that together show every row."""
    data = _screenshot(1080, 6_000)
    exhibit = _exhibit(1, size=6_000_000, width=1080, height=6_000)
    items = _plan(exhibit, channel=_channel(types=("jpg", "png"))).items
    assert [(i.piece, i.pieces, i.form) for i in items] == [(n, 3, Form.JPEG) for n in (1, 2, 3)]
    heights = [decode_upright(data=prepare_attachment(i, [data])).height for i in items]
    assert sum(heights) == 6_000 + 2 * 60
    assert len({i.name for i in items}) == 3


def test_too_many_pictures_share_one_pdf() -> None:
    """Nine pictures and a video in a form of four files: all are in, legible, in order."""
    pictures = [_exhibit(n, width=1080, height=2400, weight=n) for n in range(1, 10)]
    plan = _plan(*pictures, _exhibit(10, "video/mp4"))
    assert [item.form for item in plan.items] == [Form.PDF, Form.KEEP]
    together = plan.items[0]
    assert [e.number for e in together.exhibits] == list(range(1, 10))
    assert not plan.left_out
    data = _screenshot(1080, 2400)
    made = prepare_attachment(together, [data] * 9)
    assert len(made) <= together.max_bytes
    assert _pages(made) == [(1080, 2400)] * 9


def test_the_weightiest_go_first_where_not_all_fit() -> None:
    """Without PDF only so many files go, and each one left out has its reason."""
    exhibits = [_exhibit(n, weight=n) for n in range(1, 8)]
    plan = _plan(*exhibits, channel=_channel(types=("jpg", "png")))
    assert [item.exhibits[0].number for item in plan.items] == [4, 5, 6, 7]
    assert [left.exhibit.number for left in plan.left_out] == [1, 2, 3]
    assert all(str(left.why) for left in plan.left_out)


@pytest.mark.parametrize(
    ("media_type", "size"),
    [
        ("video/mp4", 60_000_000),
        ("video/quicktime", 1000),
        ("application/pdf", 9_000_000),
        ("text/plain", 1000),
        ("application/octet-stream", 10),
    ],
)
def test_what_cannot_be_attached_says_what_to_do(media_type: str, size: int) -> None:
    """Too large or not taken: no item, but advice."""
    plan = _plan(_exhibit(1, media_type, size=size))
    assert not plan.items
    assert "截" in plan.left_out[0].why.zh()


def test_unknown_limits_are_ours_and_that_is_said() -> None:
    """A channel whose limits nobody looked up gets careful sizes, named as our own."""
    plan = _plan(_exhibit(1), channel=_channel(files=None, mb_each=None, types=(), known=False))
    assert (plan.limits.files, plan.limits.mb_each) == (OURS.files, OURS.mb_each)
    assert "我们自己定的" in plan.notes[0].zh()
    borrowed = _plan(_exhibit(1), channel=_channel(known=False))
    assert "没有在这个页面上试过" in borrowed.notes[0].zh()


def test_public_channels_get_no_secret_and_no_place() -> None:
    """On a board no card page, and copies without what a camera wrote into the file."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    Image.new("RGB", (1000, 1000)).save(out, "JPEG", exif=exif, comment=b"mine")
    channel = _channel("board")
    photo = _exhibit(2, "image/jpeg", width=1000, height=1000)
    plan = _plan(_exhibit(1, kind=Kind.CARD_PAGE), photo, channel=channel)
    assert [left.exhibit.number for left in plan.left_out] == [1]
    assert [item.form for item in plan.items] == [Form.JPEG]
    assert any("遮" in note.zh() for note in plan.notes)
    made = prepare_attachment(plan.items[0], [out.getvalue()])
    assert b"where it was taken" not in made and b"mine" not in made


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"%PDF-1.4"])
def test_hostile_bytes_give_one_clear_error(data: bytes) -> None:
    """What is no picture is refused by the guard that every picture passes."""
    (item,) = _plan(_exhibit(1), channel=_channel(types=("jpg",))).items
    with pytest.raises(UnreadableFile):
        prepare_attachment(item, [data])


def test_the_examples_fit_the_report_form() -> None:
    """Every example case: at most four files of at most 5 MB, what proves most among them."""
    for name in NAMES:
        story = read_story(name)
        pixels = {}
        for exhibit in story.dossier.exhibits:
            data = (CASES / name / exhibit.path).read_bytes()
            if exhibit.media_type.startswith("image/"):
                pixels[exhibit.path] = open_picture(data=data).size
        known = attachables(story.dossier, check_closure(story.dossier), pixels)
        plan = plan_attachments(_channel(), known)
        assert 0 < len(plan.items) <= 4
        attached = {e.path for item in plan.items for e in item.exhibits}
        left = {one.exhibit.path for one in plan.left_out}
        assert attached | left == {e.path for e in story.dossier.exhibits}
        assert not attached & left
        for item in plan.items:
            made = prepare_attachment(
                item, [(CASES / name / e.path).read_bytes() for e in item.exhibits]
            )
            assert 0 < len(made) <= 5_000_000


def test_limits_of_every_channel_can_be_planned() -> None:
    """No channel of the rules breaks the plan, whatever it says of attachments."""
    for channel in queries.channels(ON):
        for given in (channel.attachments, Attachments(files=1, mb_each=1, types=("pdf",))):
            plan = plan_attachments(
                replace(channel, attachments=given), [_exhibit(n) for n in range(1, 7)]
            )
            assert len(plan.items) <= (plan.limits.files or 0)
