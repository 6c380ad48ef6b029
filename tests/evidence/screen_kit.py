"""Screens for tests: rows of label and value as boxes (fast), or drawn as pictures (for OCR)."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from gongdao.evidence.reading import TextLine

WIDTH, HEIGHT = 1170, 2532
SIZE = (WIDTH, HEIGHT)
_TALL = 46


def text_width(text: str, tall: float) -> int:
    """Width of ``text`` as such fonts print it."""
    units = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.55 for c in text)
    return int(units * tall)


@dataclass
class Drawn:
    """A screen under construction; ``y`` is where the next row goes."""

    items: list[tuple[str, int, int, int]] = field(default_factory=list)
    y: int = 240

    def at(self, text: str, x: int, y: int, tall: int = _TALL) -> Drawn:
        """Put ``text`` with its top left corner at (x, y)."""
        self.items.append((text, x, y, tall))
        return self

    def bar(self, title: str, clock: str = "14:04") -> Drawn:
        """Status bar and title."""
        self.at(clock, 60, 36).at("5G", 950, 36)
        return self.at(title, (WIDTH - text_width(title, 54)) // 2, 158, 54)

    def pair(self, label: str, *values: str) -> Drawn:
        """Label at the left, value flush right, its further lines below."""
        self.at(label, 42, self.y)
        for value in values:
            self.at(value, WIDTH - 42 - text_width(value, _TALL), self.y)
            self.y += 60
        self.y += 48
        return self

    def left(self, text: str, tall: int = _TALL, x: int = 42) -> Drawn:
        """A line at the left edge."""
        self.at(text, x, self.y, tall)
        self.y += tall + 34
        return self

    def centre(self, text: str, tall: int = _TALL) -> Drawn:
        """A centred line."""
        self.at(text, (WIDTH - text_width(text, tall)) // 2, self.y, tall)
        self.y += tall + 34
        return self

    def row(self, *cells: tuple[str, int]) -> Drawn:
        """Texts side by side at the given x."""
        for text, x in cells:
            self.at(text, x, self.y)
        self.y += 108
        return self

    def gap(self, pixels: int = 80) -> Drawn:
        """Blank space."""
        self.y += pixels
        return self

    def lines(self) -> tuple[TextLine, ...]:
        """What perfect OCR would give."""
        return tuple(
            TextLine(text, 0.99, (x, y, x + text_width(text, tall), y + tall + 4))
            for text, x, y, tall in self.items
        )

    def png(self, background: str = "white") -> bytes:
        """The screen as a PNG picture."""
        import noto_cjk_sans_otc
        from PIL import Image, ImageDraw, ImageFont

        font = Path(noto_cjk_sans_otc.__file__).parent / "NotoSansCJK-Regular.ttc"
        picture = Image.new("RGB", SIZE, background)
        pen = ImageDraw.Draw(picture)
        for text, x, y, tall in self.items:
            face = ImageFont.truetype(str(font), tall, index=2)
            place = (x, y)
            if x + text_width(text, tall) > WIDTH - 60:  # flush right stays flush right
                place = (int(WIDTH - 42 - pen.textlength(text, font=face)), y)
            pen.text(
                place,
                text,
                fill="black" if background == "white" else "white",
                font=face,
                anchor="lt",
            )
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue()
