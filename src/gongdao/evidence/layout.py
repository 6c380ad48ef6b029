"""Geometry of a screen: lines of text → cells in rows, with tilt and perspective taken out.

Lengths are in pixels of the picture, but cells are placed as if the screen had been level.
``Page.em`` (the median height of a line) is the unit of every rule that judges nearness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from gongdao.evidence.reading import TextLine

CLOCK = re.compile(r"^\D?([01]?\d|2[0-3])[:：.]([0-5]\d)(?!\d)")
"""The time in a status bar, as OCR gives it."""

_FAKE_LINE = 40.0  # pitch given to text without boxes
_STATUS_BAR = 0.065  # of the height


@dataclass(frozen=True)
class Cell:
    """One line of text and where it stands on the levelled screen."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float
    line: TextLine

    @property
    def height(self) -> float:
        """Height of the text in pixels."""
        return self.y1 - self.y0

    @property
    def cx(self) -> float:
        """Horizontal centre."""
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        """Vertical centre."""
        return (self.y0 + self.y1) / 2


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Page:
    """All cells of one picture in rows, top to bottom and left to right.

    ``status`` are the cells of the phone's status bar, which belong to no row.
    """

    rows: tuple[Row, ...]
    status: Row
    width: float
    height: float
    left: float
    right: float
    em: float

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell but the status bar's, in reading order."""
        return tuple(cell for row in self.rows for cell in row)

    @property
    def middle(self) -> float:
        """Horizontal centre of what is written."""
        return (self.left + self.right) / 2


def lay_out(*, lines: Sequence[TextLine], size: tuple[int, int] | None = None) -> Page:
    """Place ``lines`` on a levelled page; ``size`` is the picture's (width, height) in pixels."""
    cells = _level(_cells(lines))
    cells = [c for c in cells if c.text]
    width = float(size[0]) if size else max((c.x1 for c in cells), default=1.0)
    height = float(size[1]) if size else max((c.y1 for c in cells), default=1.0)
    em = median(c.height for c in cells) if cells else 1.0
    status = _status_bar(cells, height, em)
    body = [c for c in cells if c not in status]
    return Page(
        rows=_rows(body),
        status=tuple(sorted(status, key=lambda c: c.x0)),
        width=width,
        height=height,
        left=min((c.x0 for c in body), default=0.0),
        right=max((c.x1 for c in body), default=width),
        em=em,
    )


def _cells(lines: Sequence[TextLine]) -> list[tuple[Cell, tuple[float, ...] | None]]:
    out = []
    for number, line in enumerate(lines):
        if line.box is None:
            y = number * _FAKE_LINE
            box: tuple[float, ...] = (0.0, y, 22.0 * len(line.text), y + _FAKE_LINE * 0.7)
        else:
            box = tuple(float(v) for v in line.box)
        quad = getattr(line, "quad", None)
        left, top, right, bottom = box
        cell = Cell(line.text.strip(), left, top, right, bottom, line.confidence, line)
        out.append((cell, quad))
    return out


def _level(cells: list[tuple[Cell, tuple[float, ...] | None]]) -> list[Cell]:
    """Take out the slope of the lines, fitted as a + b·x + c·y over all long lines."""
    import numpy as np

    samples = []
    for _cell, quad in cells:
        if quad is None:
            continue
        x = (quad[0] + quad[2] + quad[4] + quad[6]) / 4
        y = (quad[1] + quad[3] + quad[5] + quad[7]) / 4
        run = (quad[2] - quad[0] + quad[4] - quad[6]) / 2
        rise = (quad[3] - quad[1] + quad[5] - quad[7]) / 2
        tall = max(1.0, (quad[7] - quad[1] + quad[5] - quad[3]) / 2)
        if run > 2.5 * tall:
            samples.append((x, y, rise / run, run))
    plain = [cell for cell, _quad in cells]
    if len(samples) < 4:
        return plain
    data = np.array(samples)
    slope = float(np.average(data[:, 2], weights=data[:, 3]))
    spread = float(np.std(data[:, 2]))
    if abs(slope) < 0.004 and spread < 0.006:
        return plain
    fit = _fit_slope(data)
    return [_levelled(cell, quad, fit) for cell, quad in cells]


def _fit_slope(data: object) -> tuple[float, float, float, float, float]:
    """(a, b, c, x0, y0) of the slope a + b·(x−x0) + c·(y−y0), weighted by length, damped."""
    import numpy as np

    rows = np.asarray(data)
    x0, y0 = float(rows[:, 0].mean()), float(rows[:, 1].mean())
    scale = max(1.0, float(np.ptp(rows[:, 1])))
    a = np.stack([np.ones(len(rows)), (rows[:, 0] - x0) / scale, (rows[:, 1] - y0) / scale], axis=1)
    weight = np.sqrt(rows[:, 3])
    for _round in range(2):  # the second time without the outliers
        damp = np.diag([0.0, 1.0, 1.0]) * float(weight.sum()) * 0.3
        left = a.T @ (a * weight[:, None]) + damp
        fit = np.linalg.solve(left + np.eye(3) * 1e-9, a.T @ (rows[:, 2] * weight))
        error = np.abs(rows[:, 2] - a @ fit)
        weight = weight * (error <= max(0.004, 2.5 * float(np.median(error))))
    return float(fit[0]), float(fit[1]) / scale, float(fit[2]) / scale, x0, y0


def _levelled(
    cell: Cell, quad: tuple[float, ...] | None, fit: tuple[float, float, float, float, float]
) -> Cell:
    a, b, c, x0, y0 = fit
    if quad is None:
        return cell
    x = (quad[0] + quad[2] + quad[4] + quad[6]) / 4 - x0
    y = (quad[1] + quad[3] + quad[5] + quad[7]) / 4
    tall = (quad[7] - quad[1] + quad[5] - quad[3]) / 2
    # Walk along the slope field back to the middle of the page.
    level = y - (a + c * (y - y0)) * x - b * x * x / 2
    run = max(quad[2], quad[4]) - min(quad[0], quad[6])
    left = min(quad[0], quad[6]) + a * (y - y0)
    return replace(cell, x0=left, x1=left + run, y0=level - tall / 2, y1=level + tall / 2)


def _status_bar(cells: list[Cell], height: float, em: float) -> list[Cell]:
    """The clock of the status bar and what stands beside it: topmost, small, a bare time."""
    if not cells:
        return []
    top = min(c.y0 for c in cells)
    left, right = min(c.x0 for c in cells), max(c.x1 for c in cells)
    clocks = [
        c
        for c in cells
        if CLOCK.match(c.text)
        and len(c.text) <= 12
        and c.line.box is not None
        and c.y0 < top + em * 1.2
        and (
            c.cy < max(height * _STATUS_BAR, em * 2.2)
            or c.x1 < left + 0.3 * (right - left)  # a photo with a margin around the screen
        )
    ]
    if not clocks:
        return []
    clock = min(clocks, key=lambda c: c.cy)
    return [c for c in cells if abs(c.cy - clock.cy) < 0.7 * max(c.height, clock.height)]


def _rows(cells: list[Cell]) -> tuple[Row, ...]:
    """Cells that share most of their height stand in one row."""
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda c: c.cy):
        for row in reversed(rows[-3:]):
            if all(_beside(cell, other) for other in row):
                row.append(cell)
                break
        else:
            rows.append([cell])
    ordered = [tuple(sorted(row, key=lambda c: c.x0)) for row in rows]
    return tuple(sorted(ordered, key=lambda row: min(c.y0 for c in row) + row[0].height / 2))


def _beside(one: Cell, two: Cell) -> bool:
    shared = min(one.y1, two.y1) - max(one.y0, two.y0)
    apart = max(one.x0, two.x0) - min(one.x1, two.x1)
    small = min(one.height, two.height)
    return shared >= 0.52 * small and apart > -0.5 * small


def gap_below(upper: Row, lower: Row) -> float:
    """Blank pixels between two rows; negative where they overlap."""
    return min(c.y0 for c in lower) - max(c.y1 for c in upper)


def row_text(row: Row) -> str:
    """The words of one row with a blank between cells."""
    return " ".join(cell.text for cell in row)


def paragraphs(*, rows: Sequence[Row], page: Page) -> list[list[Row]]:
    """Rows joined where one line runs on into the next: full width above, close, same start."""
    out: list[list[Row]] = []
    for row in rows:
        if out and _runs_on(out[-1][-1], row, page):
            out[-1].append(row)
        else:
            out.append([row])
    return out


def _runs_on(upper: Row, lower: Row, page: Page) -> bool:
    full = upper[-1].x1 > page.left + 0.86 * (page.right - page.left)
    ended = upper[-1].text.rstrip().endswith(("。", "！", "!", "；", ";"))
    close = gap_below(upper, lower) < 0.55 * page.em
    return full and close and not ended and abs(upper[0].x0 - lower[0].x0) < 1.2 * page.em


def clock_of(page: Page) -> tuple[int, int] | None:
    """Hour and minute of the status bar, or None."""
    for cell in page.status:
        if match := CLOCK.match(cell.text):
            return int(match[1]), int(match[2])
    return None
