"""The one place where the server asks what time it is."""

from __future__ import annotations

from datetime import datetime

from gongdao.core.clock import BEIJING


def now() -> datetime:
    """This moment, in Beijing time."""
    return datetime.now(BEIJING)
