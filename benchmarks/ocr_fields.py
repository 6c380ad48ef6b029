"""How many expected fields are read from the example pictures and from spoilt copies of them.

    python benchmarks/ocr_fields.py [--cases DIR] [--cache DIR] [--misses] [--only NAME …]

Copies: ``forwarded`` (600 px wide, JPEG 45), ``tilted`` (2°, blurred, JPEG 70), ``photo`` (off a
screen: perspective, moiré, noise, JPEG 75), ``cropped`` (status and title bar cut off). Spoiling
is seeded, so runs compare. Prints recall per copy and per field, false signs on untouched files,
seconds a picture and peak memory.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from gongdao.core.clock import find_instant
from gongdao.core.money import Money
from gongdao.evidence.ocr import FolderOcrCache
from gongdao.evidence.pictures import read_picture
from gongdao.evidence.values import plain

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,2})?")
_CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"


def same(got: str, want: str) -> bool:
    """Equal after blanks, currency signs and full width are gone; instants to the minute; words
    of four or more may be part of a longer reading."""
    one, two = find_instant(got), find_instant(want)
    if one and two:
        return one.replace(second=0) == two.replace(second=0)
    a, b = (plain(v).replace("¥", "").replace("元", "").lower() for v in (got, want))
    if len(a) < 14 and _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b):
        return Money.parse(a) == Money.parse(b)
    return a == b or (min(len(a), len(b)) >= 4 and (a in b or b in a))


def forwarded(picture: Image.Image, _seed: int) -> bytes:
    """Scaled down and pressed hard, as a chat program does."""
    height = round(picture.height * 600 / picture.width)
    return _jpeg(picture.resize((600, height), Image.Resampling.LANCZOS), 45)


def tilted(picture: Image.Image, seed: int) -> bytes:
    """Held askew and out of focus."""
    angle = 2.0 if seed % 2 else -2.0
    turned = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(30, 30, 32))
    return _jpeg(turned.filter(ImageFilter.GaussianBlur(1.6)), 70)


def photo(picture: Image.Image, seed: int) -> bytes:
    """A camera before a screen: perspective, pixel grid, noise, uneven light."""
    chance = np.random.default_rng(seed)
    wide, high = picture.size
    jolt = chance.uniform(0.01, 0.045, 8) * np.array([wide, high] * 4)
    corners = [(0, 0), (wide, 0), (wide, high), (0, high)]
    inward = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    target = [
        (x + sx * jolt[2 * i], y + sy * jolt[2 * i + 1])
        for i, ((x, y), (sx, sy)) in enumerate(zip(corners, inward, strict=True))
    ]
    warped = picture.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        _homography(target, corners),
        Image.Resampling.BICUBIC,
        fillcolor=(24, 22, 20),
    )
    pixels = np.asarray(warped, dtype=np.float32)
    y, x = np.mgrid[0:high, 0:wide]
    moire = 7 * np.sin(x / 2.3 + y / 90) + 6 * np.sin(y / 2.7 + x / 140)
    light = 1.0 - 0.22 * (x / wide) + 0.06 * (y / high)
    pixels = pixels * light[..., None] * 0.92 + moire[..., None] + 8
    pixels += chance.normal(0, 6, pixels.shape)
    shot = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return _jpeg(shot.filter(ImageFilter.GaussianBlur(1.1)), 75)


def cropped(picture: Image.Image, _seed: int) -> bytes:
    """Status and title bar cut off."""
    top = int(picture.height * 0.1)
    buffer = io.BytesIO()
    picture.crop((0, top, picture.width, int(picture.height * 0.93))).save(buffer, "PNG")
    return buffer.getvalue()


_COPIES: dict[str, Callable[[Image.Image, int], bytes] | None] = {
    "untouched": None,
    "forwarded": forwarded,
    "tilted": tilted,
    "photo": photo,
    "cropped": cropped,
}


def _homography(
    source: list[tuple[float, float]], target: list[tuple[int, int]]
) -> tuple[float, ...]:
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return tuple(np.linalg.solve(np.array(rows, float), np.array(right, float)))


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def measure(cases: Path, only: list[str], cache: FolderOcrCache | None, misses: bool) -> None:
    """Read everything and print the table."""
    for name, spoil in _COPIES.items():
        if only and name not in only:
            continue
        right: Counter[str] = Counter()
        total: Counter[str] = Counter()
        count, started = 0, time.perf_counter()
        for expected in sorted(cases.glob("*/expected.json")):
            fields = json.loads(expected.read_text(encoding="utf-8")).get("ocr_fields", {})
            for path, want in fields.items():
                data = (expected.parent / path).read_bytes()
                if spoil:
                    data = spoil(Image.open(io.BytesIO(data)).convert("RGB"), len(path) + count)
                reading = read_picture(data=data, name=path, cache=cache)
                count += 1
                for key, value in want.items():
                    got = reading.fields.get(key)
                    total[key] += 1
                    if got is not None and same(got.value, value):
                        right[key] += 1
                    elif misses:
                        shown = got.value if got else None
                        where = f"{expected.parent.name}/{path} [{reading.form}]"
                        print(f"  {where} {key}: {shown!r}, expected {value!r}")
        seconds = (time.perf_counter() - started) / max(1, count)
        share = right.total() / max(1, total.total())
        print(
            f"{name:10} {right.total()}/{total.total()} = {share:.3f}"
            f"   {seconds:.2f} s a picture   "
            + " ".join(f"{k} {right[k]}/{total[k]}" for k in sorted(total) if right[k] < total[k])
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=_CASES)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args()
    if not args.cases.is_dir():
        print(f"{args.cases}: no example cases here", file=sys.stderr)
        return 2
    measure(args.cases, args.only, FolderOcrCache(args.cache) if args.cache else None, args.misses)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
