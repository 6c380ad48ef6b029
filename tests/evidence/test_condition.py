"""Signs of alteration: found where something was done, silent on plain screenshots of any phone."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.ocr_fields import cropped, forwarded, photo, tilted
from PIL import Image, ImageDraw, ImageFilter, PngImagePlugin
from tests.evidence.screen_kit import SIZE, Drawn

from gongdao.core.codes import Condition
from gongdao.evidence.condition import find_signs
from gongdao.evidence.ocr import recognise
from gongdao.evidence.reading import Box, TextLine
from gongdao.evidence.screens import recognise_screen
from gongdao.evidence.statement import ExhibitNote


def order() -> Drawn:
    """A plain order page."""
    d = Drawn().bar("订单详情", "16:41").gap().left("已发货", 70)
    d.row(("某游戏100元点卡", 300), ("¥98.00", 960)).pair("订单编号", "KM20261102140250017")
    d.pair("下单时间", "2026-11-02 14:02:50").pair("付款时间", "2026-11-02 14:03:21")
    d.pair("发货时间", "2026-11-02 16:40:00").pair("支付方式", "支付宝").pair("商家", "示例数卡店")
    return d


def picture() -> Image.Image:
    """The order page as pixels."""
    return Image.open(io.BytesIO(order().png())).convert("RGB")


def png(image: Image.Image, **info: str) -> bytes:
    """PNG bytes, with text chunks."""
    buffer = io.BytesIO()
    chunks = PngImagePlugin.PngInfo()
    for key, value in info.items():
        chunks.add_text(key, value)
    image.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def scaled(box: Box | None, scale: tuple[float, float]) -> Box:
    """A box of the order page on a picture of another size."""
    assert box is not None
    left, top, right, bottom = box
    x, y = scale
    return int(left * x), int(top * y), int(right * x), int(bottom * y)


def conditions(
    data: bytes, note: ExhibitNote | None = None, name: str = "", *, ocr: bool = False
) -> set[Condition]:
    """The conditions found in a picture of the order page; ``ocr``: its lines moved."""
    size = Image.open(io.BytesIO(data)).size
    scale = size[0] / SIZE[0], size[1] / SIZE[1]
    lines: tuple[TextLine, ...] = (
        recognise(image_bytes=data)
        if ocr
        else tuple(replace(line, box=scaled(line.box, scale)) for line in order().lines())
    )
    screen = recognise_screen(lines, size)
    signs = find_signs(image_bytes=data, lines=lines, screen=screen, note=note, name=name)
    assert all(sign.reason for sign in signs)
    return {sign.condition for sign in signs}


@pytest.mark.parametrize("size", [SIZE, (1080, 2400), (720, 1600), (1440, 3200)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_plain_screenshots_show_no_sign(size, kind):
    """Screens of several phones, as PNG and as JPEG of a phone's quality, are not accused."""
    buffer = io.BytesIO()
    picture().resize(size).save(buffer, kind, quality=88)
    assert conditions(buffer.getvalue()) == set()


def test_dark_page_and_red_buttons_show_no_sign():
    """Dark pages, frames, buttons and price tags of saturated colour are printed, not drawn."""
    image = Image.open(io.BytesIO(order().png("black"))).convert("RGB")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((40, 1700, 1130, 1850), 75, fill=(240, 70, 60))
    pen.rectangle((30, 1400, 1140, 1650), outline=(190, 30, 30), width=8)
    pen.rounded_rectangle((40, 700, 500, 780), 16, outline=(240, 70, 60), width=3)
    pen.ellipse((500, 2000, 660, 2160), fill=(230, 40, 40))
    assert conditions(png(image)) == set()


def test_hand_drawn_ring_is_found():
    """A red ring around a value, without any metadata, is an annotation."""
    image = picture()
    ImageDraw.Draw(image).ellipse((540, 470, 1160, 590), outline=(220, 20, 20), width=7)
    assert conditions(png(image)) == {Condition.ANNOTATED}


def test_painted_over_value_is_found():
    """A value on a patch that is a shade off its row is told apart; the rest of the page is not."""
    image = picture()
    top = next(y for text, _x, y, _t in order().items if text == "2026-11-02 14:03:21")
    ImageDraw.Draw(image).rectangle((560, top - 8, 1150, top + 58), fill=(246, 247, 249))
    piece = picture().crop((560, top - 4, 1150, top + 54))
    ink = piece.convert("L").point(lambda v: 255 if v < 120 else 0)
    image.paste((0, 0, 0), (560, top - 4), ink)
    assert conditions(png(image)) == {Condition.EDITED}


@pytest.mark.parametrize(
    ("spoil", "want"),
    [
        (forwarded, Condition.FORWARDED),
        (tilted, Condition.PHOTO_OF_SCREEN),
        (photo, Condition.PHOTO_OF_SCREEN),
    ],
)
def test_what_was_done_on_the_way_is_told(spoil, want):
    """Forwarded and photographed copies are each told by their own sign."""
    assert conditions(spoil(picture(), 1), ocr=True) == {want}


def test_cut_off_bars_are_found():
    """A phone-wide picture lower than the phone's screen and without status bar was cropped."""
    assert conditions(cropped(picture(), 0), ocr=True) == {Condition.CROPPED}


@pytest.mark.parametrize(
    ("tool", "want"),
    [
        ("ExampleMarkup 6.2", {Condition.ANNOTATED}),
        ("Example Photo Editor 3", {Condition.EDITED}),
        ("示例修图", {Condition.EDITED}),
        ("17.5.1", set()),
        ("Android UQ1A.240205.004", set()),
        ("MIUI Camera", set()),
    ],
)
def test_software_names(tool, want):
    """An editor's name is a sign; a phone's own firmware is none."""
    assert conditions(png(picture(), Software=tool)) == want
    exif = Image.Exif()
    exif[305] = tool
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", quality=90, exif=exif.tobytes())
    if tool.isascii():
        assert conditions(buffer.getvalue()) == want


def test_what_the_buyer_says_is_passed_on():
    """A file the buyer calls changed is flagged though nothing shows it; edited names too."""
    data = png(picture())
    assert conditions(data, ExhibitNote("a.png", original=False)) == {Condition.FORWARDED}
    assert conditions(data, ExhibitNote("a.png", original=False, note="我圈了一下重点")) == {
        Condition.ANNOTATED
    }
    assert conditions(data, ExhibitNote("a.png", condition=Condition.CROPPED)) == {
        Condition.CROPPED
    }
    assert conditions(data, ExhibitNote("a.png", original=True)) == set()
    assert conditions(data, name="Screenshot_2026-11-02-14-06-10-145_com tencent mm-edit.jpg") == {
        Condition.EDITED
    }


def test_soft_picture_of_a_camera_is_no_forwarding():
    """A photograph with camera settings is a photograph, however it was pressed."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[33437] = 1.8
    noise = np.random.default_rng(1).normal(0, 8, (2532, 1170, 3))
    shot = Image.fromarray((np.asarray(picture()) + noise).clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    shot.filter(ImageFilter.GaussianBlur(1)).save(buffer, "JPEG", quality=40, exif=exif.tobytes())
    assert conditions(buffer.getvalue()) == {Condition.PHOTO_OF_SCREEN}
