"""What the end-to-end tests send: the screens of the bundled example case."""

from __future__ import annotations

from pathlib import Path

from tests.house.house_sources import REPO

EXAMPLE = REPO / "examples/late-then-invalid"
ORDER = EXAMPLE / "during/order.png"
RECEIPT = EXAMPLE / "during/receipt.png"
FAILED = EXAMPLE / "after/redeem-fail.png"
LISTING = EXAMPLE / "before/listing.png"
CHAT = EXAMPLE / "during/chat.txt"


def chat_text() -> str:
    """The chat as somebody would paste it."""
    return Path(CHAT).read_text("utf-8")
