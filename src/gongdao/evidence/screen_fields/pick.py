"""What every family needs: choosing among pairs, and making a Field of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gongdao.evidence.layout import Cell, Page
from gongdao.evidence.reading import Basis, Box, Field
from gongdao.evidence.screen_fields.pairs import Pair, find_pairs
from gongdao.evidence.values import read_amount, read_code, read_instant

Fields = dict[str, Field]
Reader = Callable[[str], str | None]


@dataclass
class Found:
    """The page, its pairs, and the fields found so far (the first reading of a field stays)."""

    page: Page
    pairs: tuple[Pair, ...]
    fields: Fields = field(default_factory=dict)

    @classmethod
    def on(cls, page: Page) -> Found:
        """Start on ``page``."""
        return cls(page, find_pairs(page=page))

    def put(self, name: str, value: str | None, cells: Sequence[Cell], sure: float = 1.0) -> None:
        """Keep ``value`` as field ``name`` unless it is empty or the field is there already."""
        if value and name not in self.fields:
            self.fields[name] = make_field(value, cells, sure)

    def take(
        self, name: str, labels: str, read: Reader | None = None, sure: float = 1.0
    ) -> Pair | None:
        """Fill ``name`` from the first of ``labels`` (blank-separated, best first) whose value
        ``read`` understands."""
        for label in labels.split():
            for pair in self.pairs:
                if pair.label != label:
                    continue
                value = read(pair.value) if read else pair.value
                if value:
                    self.put(name, value, pair.cells, sure)
                    return pair
        return None

    def time(self, name: str, labels: str) -> None:
        """Fill ``name`` with a date and time."""
        self.take(name, labels, read_instant)

    def money(self, name: str, labels: str) -> None:
        """Fill ``name`` with an amount."""
        self.take(name, labels, read_amount)

    def code(self, name: str, labels: str) -> None:
        """Fill ``name`` with an order number or another serial."""
        self.take(name, labels, read_code)

    def has(self, name: str) -> bool:
        """Whether ``name`` has been read."""
        return name in self.fields


def make_field(value: str, cells: Sequence[Cell], sure: float = 1.0) -> Field:
    """``value`` with the box around ``cells`` and the confidence of the weakest of them."""
    boxes = [c.line.box for c in cells if c.line.box is not None]
    box: Box | None = None
    if boxes:
        box = (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )
    first = cells[0].line if cells else None
    weakest = min((c.confidence for c in cells), default=0.5)
    return Field(
        value=value,
        confidence=round(weakest * sure, 3),
        basis=Basis.OCR if boxes else Basis.TEXT,
        box=box,
        page=first.page if first else None,
        frame_ms=first.frame_ms if first else None,
        line=first.line if first else None,
    )
