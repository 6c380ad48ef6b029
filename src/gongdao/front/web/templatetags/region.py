"""Where in a picture a value was read: the frame that shows it with something around it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_WIDTH = 360
_LEAST_HEIGHT = 150


@dataclass(frozen=True)
class Region:
    """The cut-out (``left``, ``top``, ``width``, ``height``) and the box inside it, in pixels of
    the picture as shown."""

    left: int
    top: int
    width: int
    height: int
    box_left: int
    box_top: int
    box_width: int
    box_height: int

    @property
    def view_box(self) -> str:
        """The cut-out as SVG wants it."""
        return f"{self.left} {self.top} {self.width} {self.height}"


def find_region(width: int, height: int, box: Sequence[int]) -> Region:
    """The cut-out of a picture of ``width`` × ``height`` around ``box`` (left, top, right, bottom):
    the box, its neighbours, and never more than the picture holds."""
    left, top, right, bottom = (int(edge) for edge in box)
    left, right = sorted((max(0, min(left, width)), max(0, min(right, width))))
    top, bottom = sorted((max(0, min(top, height)), max(0, min(bottom, height))))
    cut_left, cut_width = _around(left, right, width, _LEAST_WIDTH)
    cut_top, cut_height = _around(top, bottom, height, _LEAST_HEIGHT)
    return Region(cut_left, cut_top, cut_width, cut_height, left, top, right - left, bottom - top)


def _around(start: int, end: int, whole: int, least: int) -> tuple[int, int]:
    """Start and length of a stretch of at least ``least``, with ``start`` to ``end`` inside."""
    length = min(whole, max(least, (end - start) * 8 // 5))
    first = max(0, min((start + end - length) // 2, whole - length))
    return first, length
