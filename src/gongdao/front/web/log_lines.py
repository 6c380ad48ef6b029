"""Log lines without personal data: private links and query strings are masked."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"/(c|s)/(?!-/)[^/\s?\"']+")
_SEAL = re.compile(r"(?<=/)(?:[0-9a-z]{26}|[0-9a-f]{32})(?=[./\s?]|$)")
"""The token of a calendar, the seal of a link that stops reminders."""
_QUERY = re.compile(r"\?[^\s\"']+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def mask(text: str) -> str:
    """``text`` without links, query strings and mail addresses."""
    text = _SEAL.sub("***", _LINK.sub(r"/\1/***", text))
    return _MAIL.sub("***@***", _QUERY.sub("?***", text))


class PlainLines(logging.Formatter):
    """One line per record, masked."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, masked."""
        return mask(super().format(record))
