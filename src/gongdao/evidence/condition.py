"""Signs that a picture is not as it left the phone; silent unless a sign is hard to explain away.

A false accusation is worse than a miss: every measure below is silent on plain screenshots of any
phone, and what the buyer says in case.toml is always passed on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from gongdao.core.codes import Condition
from gongdao.core.language import Phrase
from gongdao.evidence.layout import Page, clock_of, lay_out
from gongdao.evidence.ocr import OcrCache, OcrLine
from gongdao.evidence.picture_bytes import decode_upright, exif_of, open_picture
from gongdao.evidence.reading import Sign, TextLine
from gongdao.evidence.screen_fields.pairs import find_pairs
from gongdao.evidence.screens import Screen
from gongdao.evidence.statement import ExhibitNote

if TYPE_CHECKING:
    from PIL import Image

_SCREENS: dict[int, tuple[int, ...]] = {
    640: (1136,),
    720: (1280, 1440, 1480, 1520, 1544, 1560, 1600, 1612, 1640, 1650),
    750: (1334,),
    828: (1792,),
    1080: (1920, 2160, 2220, 2240, 2246, 2248, 2280, 2312, 2316, 2340, 2376,
           2388, 2392, 2400, 2408, 2412, 2460, 2520),
    1125: (2436,),
    1170: (2532,),
    1179: (2556,),
    1200: (2640, 2652, 2664, 2670),
    1206: (2622,),
    1216: (2640,),
    1220: (2656, 2712),
    1224: (2700,),
    1240: (2772,),
    1242: (2208, 2688),
    1260: (2720, 2800),
    1264: (2780, 2800),
    1280: (2772, 2800),
    1284: (2778,),
    1290: (2796,),
    1312: (2848,),
    1320: (2868,),
    1344: (2772, 2992),
    1440: (2560, 2880, 2960, 3040, 3088, 3120, 3168, 3200, 3216),
}  # fmt: skip
"""Widths and heights of phone screens in pixels, portrait."""

_IOS_ONLY = {828, 1125, 1170, 1179, 1206, 1242, 1284, 1290, 1320}
_DRAWING = re.compile("mark\\s?up|annot|draw|doodle|skitch|标注|涂鸦|圈点|screenshot editor", re.I)
_FIRMWARE = re.compile(
    "android|ios|iphone|ipad|miui|hyperos|harmony|huawei|honor|emui|magic\\s?os|"
    "xiaomi|redmi|oppo|coloros|vivo|origin\\s?os|oneplus|"
    "oxygen|samsung|one\\s?ui|mediatek|qualcomm|hdr\\+|camera|pixel|windows|"
    "mac\\s?os|screenshot|meizu|flyme|realme|nubia|zte|gallery|"
    "adobe xmp core|xmp core|lavf|google",
    re.I,
)
_STRONG = 30.0
"""Mean of the luminance quantisation table from which a JPEG counts as strongly recompressed."""

_SOFT = 17.0
_TILT = 0.0075  # rise over run; a screenshot has none
_FLAT = 0.25  # part of the picture without any noise, below which it came through a lens


MODEL = "signs-2"
"""Names our way of looking; kept signs of another version are not used."""


def find_signs(
    *,
    image_bytes: bytes,
    lines: Sequence[TextLine],
    screen: Screen,
    note: ExhibitNote | None = None,
    name: str = "",
    cache: OcrCache | None = None,
) -> tuple[Sign, ...]:
    """Every sign that the picture was changed on its way, with the reason in words: what the
    buyer says first, then what the file shows (kept in ``cache`` by the file's SHA-256).

    Raise UnreadableFile when the picture cannot be decoded.
    """
    digest = hashlib.sha256(image_bytes).hexdigest()
    key = f"{MODEL} {screen.form} {Path(name).name}"
    seen = cache.get_signs(digest, key) if cache is not None else None
    if seen is None:
        seen = _signs_in(image_bytes, lines, screen, name)
        if cache is not None:
            cache.put_signs(digest, key, seen)
    return (*claimed_signs(note), *seen)


def _signs_in(
    image_bytes: bytes, lines: Sequence[TextLine], screen: Screen, name: str
) -> tuple[Sign, ...]:
    raw = open_picture(data=image_bytes, file=name or None)
    picture = decode_upright(data=image_bytes, file=name or None)
    page = lay_out(lines=lines, size=picture.size)
    signs = _software(raw, name)
    photo = _photo_of_screen(raw, picture, lines)
    if photo:
        signs.append(Sign(Condition.PHOTO_OF_SCREEN, photo))
        return tuple(signs)
    if reason := _forwarded(raw):
        signs.append(Sign(Condition.FORWARDED, reason))
    if reason := _cropped(raw, page):
        signs.append(Sign(Condition.CROPPED, reason))
    if reason := _strokes(picture, page):
        signs.append(Sign(Condition.ANNOTATED, reason))
    if reason := _patch(picture, page, screen):
        signs.append(Sign(Condition.EDITED, reason))
    return tuple(signs)


def claimed_signs(note: ExhibitNote | None) -> tuple[Sign, ...]:
    """What the buyer says about the state of the file, as signs."""
    if note is None:
        return ()
    if note.condition is not None and note.condition is not Condition.ORIGINAL:
        return (Sign(note.condition, Phrase("案件说明里写明这个文件不是原样")),)
    if note.original is False:
        words = note.note
        condition = Condition.FORWARDED
        if re.search("圈|画|标|箭头|涂", words):
            condition = Condition.ANNOTATED
        elif re.search("裁|截掉|剪", words):
            condition = Condition.CROPPED
        elif re.search("改|P过|修图|编辑|遮|盖|打码", words):
            condition = Condition.EDITED
        return (Sign(condition, Phrase("案件说明里写明这不是首次保存的原件")),)
    return ()


def _software(raw: Image.Image, name: str) -> list[Sign]:
    """The name an editor leaves in the metadata, or in the file name."""
    signs = []
    for tool in sorted(editing_tools(raw)):
        condition = Condition.ANNOTATED if _DRAWING.search(tool) else Condition.EDITED
        reason = Phrase("文件信息里留有编辑软件的名字“{tool}”", tool=tool[:60])
        signs.append(Sign(condition, reason))
    if re.search(r"[-_](edit|edited|已编辑)\.\w+$", name, re.I):
        signs.append(Sign(Condition.EDITED, Phrase("文件名表明它是编辑后另存的")))
    return signs


def editing_tools(raw: Image.Image) -> set[str]:
    """Names of software in EXIF, PNG text and XMP that are no phone's own firmware."""
    exif = exif_of(raw)
    names = [str(exif.get(tag, "")) for tag in (305, 11)]
    names += [str(v) for k, v in raw.info.items() if str(k).lower() in ("software", "creator tool")]
    xmp = raw.info.get("xmp") or raw.info.get("XML:com.adobe.xmp") or b""
    text = xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else str(xmp)
    names += re.findall(r"CreatorTool(?:>|=[\"'])\s*([^<\"']{2,80})", text[:200_000])
    clean = {re.sub(r"[\x00-\x1f]", "", n).strip() for n in names}
    return {n for n in clean if re.search(r"[A-Za-z一-鿿]{3}", n) and not _FIRMWARE.search(n)}


def _quantisation(raw: Image.Image) -> float | None:
    """Mean of a JPEG's luminance table; None for other formats."""
    tables = getattr(raw, "quantization", None)
    return sum(tables[0]) / len(tables[0]) if tables and 0 in tables else None


def _has_camera(raw: Image.Image) -> bool:
    inner = exif_of(raw)
    return any(
        tag in inner for tag in (33434, 33437, 34855, 37386)
    )  # exposure, F, ISO, focal length


def _forwarded(raw: Image.Image) -> Phrase | None:
    """A size no phone has, or a JPEG pressed harder than any phone presses its screenshots."""
    pressed = _quantisation(raw)
    if pressed is None:
        return None
    portrait = 1.5 < raw.height / raw.width < 2.6
    known = raw.width in _SCREENS
    if pressed >= _STRONG and not _has_camera(raw):
        reason = Phrase("JPEG 压缩很重，像是经聊天软件转发过")
        if portrait and not known:
            reason = Phrase(
                "尺寸 {width}×{height} 不是手机截图的尺寸，且压缩很重，像是经聊天软件转发过",
                width=raw.width,
                height=raw.height,
            )
        return reason
    if portrait and raw.width < 640 and pressed >= _SOFT:
        return Phrase(
            "尺寸 {width}×{height} 比手机屏幕小，像是转发时缩小过",
            width=raw.width,
            height=raw.height,
        )
    return None


def _cropped(raw: Image.Image, page: Page) -> Phrase | None:
    """Full width of a phone's screen, but lower than that phone's screen; no status bar."""
    heights = _SCREENS.get(raw.width)
    if heights is None or not page.cells or clock_of(page) is not None:
        return None
    if raw.width not in _IOS_ONLY and raw.height < raw.width:
        return None
    if raw.height >= min(heights) * 0.985:
        return None
    return Phrase(
        "宽 {width} 是手机屏幕的宽，高 {height} 却不到一屏，且没有状态栏，像是裁剪过",
        width=raw.width,
        height=raw.height,
    )


def _photo_of_screen(
    raw: Image.Image, picture: Image.Image, lines: Sequence[TextLine]
) -> Phrase | None:
    """A lens leaves its settings, tilted lines, or noise on what should be flat colour."""
    if len(lines) < 4:
        return None
    if _has_camera(raw):
        return Phrase("文件信息里有镜头参数，是用相机拍的屏幕")
    tilt = _tilt(lines, strict=raw.format == "PNG")
    if tilt is not None and tilt > _TILT:
        return Phrase("文字行是斜的或不平行，是用相机拍的屏幕")
    if raw.format != "PNG" and _flat_part(picture) < _FLAT:
        return Phrase("画面没有截图应有的纯色区域，像是用相机拍的屏幕")
    return None


def _tilt(lines: Sequence[TextLine], *, strict: bool) -> float | None:
    """Median slope of the long lines, 0 where they disagree on the side, None with too few.

    ``strict`` asks for more and longer lines: a camera hardly ever writes such a format.
    """
    longest, least = (5.0, 5) if strict else (3.0, 4)
    slopes = []
    for line in lines:
        quad = line.quad if isinstance(line, OcrLine) else None
        if quad is None or quad[2] - quad[0] < longest * (quad[7] - quad[1]):
            continue
        run = quad[2] - quad[0] + quad[4] - quad[6]
        slopes.append((quad[3] - quad[1] + quad[5] - quad[7]) / run)
    if len(slopes) < least:
        return None
    middle = median(slopes)
    agree = sum(s * middle > 0 and abs(s) > _TILT / 2 for s in slopes)
    return abs(middle) if agree >= 0.75 * len(slopes) else 0.0


def _flat_part(picture: Image.Image) -> float:
    """Part of the 16-pixel blocks that hold one colour only."""
    import numpy as np

    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    high, wide = (side // 16 * 16 for side in grey.shape)
    if not high or not wide:
        return 1.0
    blocks = grey[:high, :wide].reshape(high // 16, 16, wide // 16, 16).std(axis=(1, 3))
    return float((blocks < 1.2).mean())


def _strokes(picture: Image.Image, page: Page) -> Phrase | None:
    """A hand-drawn ring or line: thin, bright, large, curved, across or around printed words."""
    import cv2
    import numpy as np

    pixels = np.asarray(picture)
    scale = max(1, round(picture.width / 600))
    # The brightest colour of each cell keeps thin strokes alive when shrinking.
    small = pixels[::scale, ::scale].astype(np.int16)
    high, low = small.max(axis=2), small.min(axis=2)
    ink = ((high - low) > 110) & (high > 140)
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(
        ink.astype(np.uint8), connectivity=8
    )
    rings = 0
    for index in range(1, count):
        if _is_ring(labels, index, stats[index], small.shape, page, scale):
            rings += 1
    if rings:
        return Phrase("画面上有 {count} 处手画的圈或线，盖在文字上", count=rings)
    return None


def _is_ring(
    labels: Any, index: int, stats: Any, shape: tuple[int, ...], page: Page, scale: int
) -> bool:
    import numpy as np

    left, top, wide, high, area = (int(v) for v in stats[:5])
    em = page.em / scale
    if wide < 0.12 * shape[1] or high < 1.2 * em or high > 0.5 * shape[0] or wide > 0.98 * shape[1]:
        return False
    if area > 0.22 * wide * high or area < 0.8 * (wide + high):
        return False
    part = labels[top : top + high, left : left + wide] == index
    ys, xs = np.nonzero(part)
    band = max(2.0, 0.04 * min(wide, high))
    on_edge = (xs < band) | (xs >= wide - band) | (ys < band) | (ys >= high - band)
    if float(on_edge.mean()) > 0.6:  # a printed frame lies on its own edges
        return False
    corners = (
        part[: high // 8 + 1, : wide // 10 + 1].any()
        + part[-(high // 8) - 1 :, : wide // 10 + 1].any()
    )
    corners += (
        part[: high // 8 + 1, -(wide // 10) - 1 :].any()
        + part[-(high // 8) - 1 :, -(wide // 10) - 1 :].any()
    )
    angle = np.arctan2((ys - high / 2) / (high / 2), (xs - wide / 2) / (wide / 2))
    around = np.unique(((angle + np.pi) / (2 * np.pi) * 24).astype(int)).size
    radius = np.hypot((ys - high / 2) / (high / 2), (xs - wide / 2) / (wide / 2))
    round_part = float(((radius > 0.8) & (radius < 1.15)).mean())
    if around < 20 or corners > 2 or round_part < 0.5:
        return False
    box = (left * scale, top * scale, (left + wide) * scale, (top + high) * scale)
    return any(
        c.line.box is not None
        and min(box[2], c.line.box[2]) > max(box[0], c.line.box[0])
        and min(box[3], c.line.box[3]) > max(box[1], c.line.box[1])
        for c in page.cells
    )


def _patch(picture: Image.Image, page: Page, screen: Screen) -> Phrase | None:
    """One value on ground of another colour than its row, where all other values match theirs."""
    import numpy as np

    if not screen.form.startswith(("receipt", "transfer", "order")):
        return None
    pixels = np.asarray(picture).astype(np.int16)
    odd, even = [], 0
    for pair in find_pairs(page=page):
        cell = pair.cells[0]
        label, box = pair.label_cell.line.box, cell.line.box
        if label is None or box is None or label == box or box[0] < label[2] + 2 * page.em:
            continue
        step = max(2, int(0.3 * page.em))
        inside = pixels[max(0, box[1] + 1) : box[3] - 1, max(0, box[0]) : box[2]]
        beside = pixels[box[1] + 1 : box[3] - 1, label[2] + step : box[0] - 3 * step]
        if inside.size == 0 or beside.shape[1] < page.em:
            continue
        apart = int(np.abs(_ground(inside) - _ground(beside)).max())
        if 4 <= apart <= 60:
            odd.append(pair)
        elif apart <= 1:
            even += 1
    if len(odd) == 1 and even >= 4:
        return Phrase("“{label}”一栏的底色与同一行其他地方不同，像是盖过再写的", label=odd[0].label)
    return None


def _ground(area: Any) -> Any:
    """The commonest colour of an area (to four levels), which is its ground."""
    import numpy as np

    flat = area.reshape(-1, 3)
    codes = (flat // 2).astype(np.int64)
    keys = codes[:, 0] * 65536 + codes[:, 1] * 256 + codes[:, 2]
    values, counts = np.unique(keys, return_counts=True)
    top = int(values[counts.argmax()])
    return np.array([top // 65536, top // 256 % 256, top % 256]) * 2
