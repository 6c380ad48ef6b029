"""Text in pictures: one OCR engine per process, results kept by the digest of the file.

Tall screenshots are read in overlapping bands, because the detector shrinks its input. Nothing
here decides what a text means.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gongdao.core.codes import Condition
from gongdao.core.phrase_json import phrase_of_plain, plain_text
from gongdao.evidence.picture_bytes import decode_upright
from gongdao.evidence.reading import Sign, TextLine

if TYPE_CHECKING:
    from PIL import Image

MODEL = "rapidocr-3.10/PP-OCRv6-small/3"
"""Names engine, model and our own treatment; a cache entry of another version is not used."""

BAND_RATIO = 2.6
"""A picture taller than this many widths is cut into bands of this shape."""

_OVERLAP = 0.3  # of the width: more than any line is tall
_LOCK = threading.Lock()

Quad = tuple[float, float, float, float, float, float, float, float]


@dataclass(frozen=True)
class OcrLine(TextLine):
    """A line read from pixels; ``quad`` holds its corners clockwise from the top left, so that
    tilted text keeps its slope."""

    quad: Quad | None = None


class OcrCache(Protocol):
    """Keeps what was read, by the SHA-256 of the picture file."""

    def get(self, sha256: str) -> tuple[TextLine, ...] | None:
        """The lines read earlier, or None."""
        ...

    def put(self, sha256: str, lines: tuple[TextLine, ...]) -> None:
        """Keep ``lines`` for the picture with this digest."""
        ...

    def get_signs(self, sha256: str, key: str) -> tuple[Sign, ...] | None:
        """Signs of alteration found earlier under ``key``, or None."""
        ...

    def put_signs(self, sha256: str, key: str, signs: tuple[Sign, ...]) -> None:
        """Keep the signs of alteration of the picture with this digest."""
        ...


class FolderOcrCache:
    """One JSON file per picture in ``folder``; readable by the owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, sha256: str) -> tuple[TextLine, ...] | None:
        """The lines kept by this OCR version; None where there are none or the entry is broken."""
        try:
            entry = json.loads(self._path(sha256).read_text(encoding="utf-8"))
            if entry["model"] != MODEL:
                return None
            return tuple(_line_from_json(item) for item in entry["lines"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put(self, sha256: str, lines: tuple[TextLine, ...]) -> None:
        """Write the entry whole or not at all. Raise OSError where the folder is not writable."""
        entry = {"model": MODEL, "lines": [_line_to_json(line) for line in lines]}
        self._write(self._path(sha256), entry)

    def get_signs(self, sha256: str, key: str) -> tuple[Sign, ...] | None:
        """The signs kept under ``key``; None where there are none or the entry is broken."""
        try:
            entry = json.loads(self._path(sha256, ".signs").read_text(encoding="utf-8"))
            if entry["key"] != key:
                return None
            return tuple(Sign(Condition(one), phrase_of_plain(why)) for one, why in entry["signs"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def put_signs(self, sha256: str, key: str, signs: tuple[Sign, ...]) -> None:
        """Write the entry whole or not at all. Raise OSError where the folder is not writable."""
        plain = [[sign.condition.value, plain_text(sign.reason)] for sign in signs]
        entry = {"key": key, "signs": plain}
        self._write(self._path(sha256, ".signs"), entry)

    def _write(self, path: Path, entry: object) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".ocr-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(entry, file, ensure_ascii=False)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, sha256: str, part: str = "") -> Path:
        if not (len(sha256) == 64 and set(sha256) <= set("0123456789abcdef")):
            raise ValueError("not a SHA-256 digest")
        return self._folder / f"{sha256}{part}.json"


def recognise(
    *, image_bytes: bytes, cache: OcrCache | None = None, file: str | None = None
) -> tuple[TextLine, ...]:
    """The lines of text in a picture file, top to bottom; none where there is no text.

    Raise UnreadableFile when the bytes are no picture or too large a one.
    """
    digest = hashlib.sha256(image_bytes).hexdigest()
    if cache is not None and (kept := cache.get(digest)) is not None:
        return kept
    lines = recognise_picture(picture=decode_upright(data=image_bytes, file=file))
    if cache is not None:
        cache.put(digest, lines)
    return lines


def recognise_picture(*, picture: Image.Image) -> tuple[TextLine, ...]:
    """The lines of text in an upright RGB picture, top to bottom."""
    import numpy as np

    pixels = np.asarray(picture)[:, :, ::-1]  # the engine expects BGR
    height, width = pixels.shape[:2]
    if height <= BAND_RATIO * width:
        return _in_order(_read_band(np.ascontiguousarray(pixels), 0))
    band, overlap = int(BAND_RATIO * width), int(_OVERLAP * width)
    found: list[OcrLine] = []
    top = 0
    while True:
        bottom = min(height, top + band)
        lines = _read_band(np.ascontiguousarray(pixels[top:bottom]), top)
        found = _merge(found, lines, top, bottom)
        if bottom == height:
            return _in_order(found)
        top = bottom - overlap


def _merge(kept: list[OcrLine], more: list[OcrLine], top: int, bottom: int) -> list[OcrLine]:
    """Join the lines of two overlapping bands; of one line read twice the fuller one stays."""
    merged = list(kept)
    for line in more:
        twin = next((k for k in merged if _overlap(k, line) > 0.5), None)
        if twin is None:
            merged.append(line)
        elif _size(line) > _size(twin) * 1.1 or (
            line.confidence > twin.confidence and _size(line) > _size(twin) * 0.9
        ):
            merged[merged.index(twin)] = line
    return merged


def _size(line: OcrLine) -> int:
    assert line.box is not None
    left, top, right, bottom = line.box
    return max(1, right - left) * max(1, bottom - top)


def _overlap(one: OcrLine, two: OcrLine) -> float:
    """Shared area as a part of the smaller box."""
    assert one.box is not None and two.box is not None
    wide = min(one.box[2], two.box[2]) - max(one.box[0], two.box[0])
    high = min(one.box[3], two.box[3]) - max(one.box[1], two.box[1])
    return max(0, wide) * max(0, high) / min(_size(one), _size(two))


def _in_order(lines: list[OcrLine]) -> tuple[TextLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.box or (0, 0, 0, 0))[1::-1]))


def _read_band(pixels: Any, top: int) -> list[OcrLine]:
    with _LOCK:
        result = _engine()(pixels)
    if result.boxes is None or result.txts is None or result.scores is None:
        return []
    lines = []
    for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        xs = [float(x) for x, _y in corners]
        ys = [float(y) + top for _x, y in corners]
        quad = _numbers([round(v, 1) for pair in zip(xs, ys, strict=True) for v in pair], 8, float)
        box = (int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys)))
        lines.append(OcrLine(text.strip(), round(float(score), 3), box, quad=quad))
    return lines


@cache
def _engine() -> Any:
    """The engine with its models from the installed wheel; quiet."""
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": _threads(),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _threads() -> int:
    """Cores the engine may use: GONGDAO_OCR_THREADS, two unless it says otherwise."""
    wish = os.environ.get("GONGDAO_OCR_THREADS", "")
    return min(int(wish), 64) if re.fullmatch(r"[1-9]\d{0,3}", wish) else 2


def _line_to_json(line: TextLine) -> list[object]:
    return [line.text, line.confidence, line.box, getattr(line, "quad", None)]


def _line_from_json(item: Any) -> TextLine:
    text, confidence, box, quad = item
    if not isinstance(text, str):
        raise TypeError("text")
    return OcrLine(
        text,
        float(confidence),
        None if box is None else _numbers(box, 4, int),
        quad=None if quad is None else _numbers(quad, 8, float),
    )


def _numbers(items: Any, count: int, kind: type[int] | type[float]) -> Any:
    if len(items) != count:
        raise ValueError("length")
    return tuple(kind(item) for item in items)
