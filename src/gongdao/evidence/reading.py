"""What is *read* from a file: frozen, with place, basis and confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gongdao.core.codes import Condition, Kind, Speaker
from gongdao.core.digest import Digests
from gongdao.core.language import Bilingual, Phrase
from gongdao.core.money import Money

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the picture as shown (EXIF orientation applied)."""


class Basis(StrEnum):
    """Where a reading comes from."""

    OCR = "ocr"
    TEXT = "text"
    BILL = "bill"
    CHAT = "chat"
    CORRECTION = "correction"


class TimeBasis(StrEnum):
    """Where a time of a file comes from; in falling order of trust, and none of them is proof."""

    EMBEDDED = "embedded"
    NAME = "name"
    STATUS_BAR = "status_bar"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class TextLine:
    """One line of text: ``confidence`` 0–1 (1 for real text); ``page`` from 1 in PDFs;
    ``frame_ms`` from the start of a video; ``line`` from 1 in text files."""

    text: str
    confidence: float = 1.0
    box: Box | None = None
    page: int | None = None
    frame_ms: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class Field:
    """One value read: ``value`` as written (times ``YYYY-MM-DD HH:MM:SS``, amounts ``98.00``)."""

    value: str
    confidence: float = 1.0
    basis: Basis = Basis.TEXT
    box: Box | None = None
    page: int | None = None
    frame_ms: int | None = None
    line: int | None = None
    read: str | None = None
    """For a correction: what had been read before, None if nothing had."""


@dataclass(frozen=True)
class Message:
    """One message of a chat or ticket. ``at`` is None where the export has no time;
    ``at_given`` False where it was only inferred (from a time bar above, or a date-less clock)."""

    speaker: Speaker | None
    sender: str
    text: str
    at: datetime | None = None
    at_given: bool = True
    line: int | None = None
    box: Box | None = None


class Direction(StrEnum):
    """Which way the money of a bill row went."""

    OUT = "out"
    IN = "in"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class BillRow:
    """One row of a bill export, one shape for every layout. Empty text where there is no value."""

    at: datetime | None
    amount: Money
    direction: Direction
    status: str
    kind: str
    counterparty: str
    counterparty_account: str
    item: str
    method: str
    transaction_no: str
    merchant_order_no: str
    note: str
    line: int
    is_refund: bool = False
    refund_of: str = ""
    """Transaction number of the payment that this row refunds, where the layout tells."""


@dataclass(frozen=True)
class FileTime:
    """A time that a file itself suggests, with its basis and how it was derived."""

    at: datetime
    basis: TimeBasis
    how: Phrase


@dataclass(frozen=True)
class Sign:
    """A sign that a file is not as it left the device, with the reason in words."""

    condition: Condition
    reason: Phrase


@dataclass(frozen=True)
class Exhibit:
    """One file, read. ``path`` is POSIX, within the folder. ``problem`` is the one clear error
    where it could not be read (all the rest is then empty)."""

    path: str
    digests: Digests
    media_type: str
    kind: Kind
    kind_basis: str
    """``claimed`` (case.toml), ``read`` (from the content) or ``folder``."""
    form: str = ""
    """Layout that was recognised: a screen (``receipt_alipay``), a bill or chat format."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    lines: tuple[TextLine, ...] = ()
    messages: tuple[Message, ...] = ()
    rows: tuple[BillRow, ...] = ()
    times: tuple[FileTime, ...] = ()
    signs: tuple[Sign, ...] = ()
    problem: Bilingual | None = None
    left_out: int = 0
    """Further messages of the file that are not judged (``bound_talks``)."""

    @property
    def altered(self) -> bool:
        """Whether anything says that this is not the file as first saved; a photo of a screen
        is a first-hand file of its own and does not count."""
        return any(
            s.condition not in (Condition.ORIGINAL, Condition.PHOTO_OF_SCREEN) for s in self.signs
        )
