"""What was read from pictures, in memory: an OcrCache that is stored beside a reading.

With it a file is read again (with another note, another version of the readers) without OCR.
"""

from __future__ import annotations

import json
from typing import Any

from gongdao.core.codes import Condition
from gongdao.core.errors import StoredReadingError
from gongdao.core.phrase_json import phrase_of_plain, plain_text
from gongdao.evidence.kept.reading_json import dump_lines, load_lines
from gongdao.evidence.ocr import MODEL
from gongdao.evidence.reading import Sign, TextLine

VERSION = 1


class KeptTexts:
    """Lines and signs by the SHA-256 of the picture; implements ``evidence.ocr.OcrCache``."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[TextLine, ...]] = {}
        self._signs: dict[str, tuple[str, tuple[Sign, ...]]] = {}

    def get(self, sha256: str) -> tuple[TextLine, ...] | None:
        """The lines read earlier, or None."""
        return self._lines.get(sha256)

    def put(self, sha256: str, lines: tuple[TextLine, ...]) -> None:
        """Keep ``lines`` for the picture with this digest."""
        self._lines[sha256] = lines

    def get_signs(self, sha256: str, key: str) -> tuple[Sign, ...] | None:
        """Signs of alteration found earlier under ``key``, or None."""
        kept = self._signs.get(sha256)
        return kept[1] if kept and kept[0] == key else None

    def put_signs(self, sha256: str, key: str, signs: tuple[Sign, ...]) -> None:
        """Keep the signs of alteration of the picture with this digest, one key's at a time."""
        self._signs[sha256] = key, signs

    def __len__(self) -> int:
        return len(self._lines)

    def dump(self) -> bytes:
        """All entries as UTF-8 JSON; empty where there are none."""
        if not self._lines and not self._signs:
            return b""
        plain = {
            "v": VERSION,
            "model": MODEL,
            "lines": {digest: dump_lines(lines) for digest, lines in self._lines.items()},
            "signs": {
                digest: [key, [[s.condition.value, plain_text(s.reason)] for s in signs]]
                for digest, (key, signs) in self._signs.items()
            },
        }
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    @classmethod
    def load(cls, data: bytes) -> KeptTexts:
        """What ``dump`` gave. Entries of another model, and broken ones, are as good as none."""
        try:
            return cls._load(json.loads(data.decode("utf-8", "surrogatepass"))) if data else cls()
        except (
            StoredReadingError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            RecursionError,
        ):
            return cls()

    @classmethod
    def _load(cls, plain: Any) -> KeptTexts:
        kept = cls()
        if plain["v"] != VERSION or plain["model"] != MODEL:
            return kept
        kept._lines = {digest: load_lines(lines) for digest, lines in plain["lines"].items()}
        for digest, (key, signs) in plain["signs"].items():
            found = tuple(Sign(Condition(one), phrase_of_plain(why)) for one, why in signs)
            kept._signs[digest] = str(key), found
        return kept
