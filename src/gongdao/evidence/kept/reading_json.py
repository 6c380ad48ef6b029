"""Readings, statements and corrections as versioned JSON, and back without loss.

``load_…(dump_…(x)) == x`` for whatever the readers make; anything else (another version, broken
bytes) is a StoredReadingError, and the file is read again. Texts stay Phrases, so that a stored
reading speaks the language of whoever looks at it. Lines of text are most of a reading and are
written as lists: ``[text, confidence, box, page, frame_ms, line]``, from pixels with the corners
as a seventh.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    ForbiddenExtraKeysError,
    StructureHandlerNotFoundError,
)

from gongdao.core.clock import BEIJING
from gongdao.core.errors import StoredReadingError
from gongdao.core.language import Bilingual, Phrase
from gongdao.core.language import gettext as _
from gongdao.core.phrase_json import phrase_of_plain, plain_text, text_of_plain
from gongdao.evidence.gather import Corrections
from gongdao.evidence.ocr import OcrLine
from gongdao.evidence.read_exhibit import ReadFile
from gongdao.evidence.reading import TextLine
from gongdao.evidence.statement import Statement

VERSION = 1
"""Of the format; stored data of another one is not used."""

MAX_BYTES = 256 * 1024 * 1024
"""No reading within the readers' own limits comes near this."""

_T = TypeVar("_T")
_READING, _STATEMENT, _CORRECTIONS = "reading", "statement", "corrections"
_BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    BaseValidationError,
    ForbiddenExtraKeysError,
    StructureHandlerNotFoundError,
)
"""What parsing and structuring of bytes that we did not write can end in."""


def dump_reading(read: ReadFile) -> bytes:
    """``read`` as UTF-8 JSON; what is at its default is left out."""
    return _dump(_READING, read)


def load_reading(data: bytes) -> ReadFile:
    """The reading in ``data``; raise StoredReadingError where it is none of this version."""
    return _load(_READING, ReadFile, data)


def dump_statement(statement: Statement) -> bytes:
    """``statement`` as UTF-8 JSON; equal statements give equal bytes."""
    return _dump(_STATEMENT, statement)


def load_statement(data: bytes) -> Statement:
    """The statement in ``data``; raise StoredReadingError where it is none of this version."""
    return _load(_STATEMENT, Statement, data)


def dump_corrections(corrections: Corrections) -> bytes:
    """``corrections`` as UTF-8 JSON."""
    return _dump(_CORRECTIONS, {path: dict(fields) for path, fields in corrections.items()})


def load_corrections(data: bytes) -> dict[str, dict[str, str]]:
    """The corrections in ``data``; raise StoredReadingError where they are none of this
    version."""
    found: Any = _load(_CORRECTIONS, dict[str, dict[str, str]], data)
    return dict(found)


def dump_lines(lines: tuple[TextLine, ...]) -> list[Any]:
    """Lines of text as JSON values, for caches beside a reading."""
    return [_plain_line(line) for line in lines]


def load_lines(plain: Any) -> tuple[TextLine, ...]:
    """What ``dump_lines`` was given; raise StoredReadingError otherwise."""
    return tuple(_guarded(lambda: [_line(item, TextLine) for item in plain]))


def _dump(kind: str, value: object) -> bytes:
    plain = {"v": VERSION, kind: _converter().unstructure(value)}
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A chat export may hold half a character; it comes back as it was.
    return text.encode("utf-8", "surrogatepass")


def _load(kind: str, shape: type[_T], data: bytes) -> _T:
    if len(data) > MAX_BYTES:
        raise _broken()

    def load() -> _T:
        plain = json.loads(data.decode("utf-8", "surrogatepass"))
        if plain["v"] != VERSION or len(plain) != 2:
            raise ValueError("version")
        return _converter().structure(plain[kind], shape)

    return _guarded(load)


def _guarded(load: Callable[[], _T]) -> _T:
    try:
        return load()
    except _BROKEN:
        raise _broken() from None


def _broken() -> StoredReadingError:
    return StoredReadingError(_("存下的内容已损坏，或出自另一个版本。"))


@cache
def _converter() -> Converter:
    """Generated code for every class that a reading or a statement is made of."""
    converter = Converter(detailed_validation=False, forbid_extra_keys=True, omit_if_default=True)
    converter.register_unstructure_hook(datetime, _plain_instant)
    converter.register_structure_hook(datetime, _instant)
    converter.register_unstructure_hook(TextLine, _plain_line)
    converter.register_unstructure_hook(OcrLine, _plain_line)
    converter.register_structure_hook(TextLine, _line)
    for text in (Phrase, Bilingual):
        converter.register_unstructure_hook(text, plain_text)
    converter.register_structure_hook(Phrase, lambda plain, _type: phrase_of_plain(plain))
    converter.register_structure_hook(Bilingual, _bilingual)
    return converter


def _plain_instant(at: datetime) -> str:
    return at.isoformat()


def _instant(plain: Any, _type: object) -> datetime:
    at = datetime.fromisoformat(plain)
    if at.tzinfo is None:
        return at
    known = _zone(at.utcoffset())
    return at.replace(tzinfo=known) if known else at


@lru_cache(maxsize=64)
def _zone(offset: timedelta | None) -> tzinfo | None:
    """Our own zone of this offset; a chat asks for it thousands of times."""
    return next((zone for zone in (BEIJING, UTC) if zone.utcoffset(None) == offset), None)


def _plain_line(line: TextLine) -> list[Any]:
    plain = [line.text, line.confidence, line.box, line.page, line.frame_ms, line.line]
    return [*plain, line.quad] if isinstance(line, OcrLine) else plain


def _line(plain: Any, _type: object) -> TextLine:
    if not isinstance(plain, list) or not isinstance(plain[0], str):
        raise ValueError("line")
    text, confidence, box, page, frame_ms, line, *quads = plain
    told = (
        text,
        float(confidence),
        None if box is None else _four(box),
        None if page is None else int(page),
        None if frame_ms is None else int(frame_ms),
        None if line is None else int(line),
    )
    if not quads:
        return TextLine(*told)
    (quad,) = quads
    return OcrLine(*told, None if quad is None else _eight(quad))


def _four(plain: Any) -> Any:
    left, top, right, bottom = plain
    return int(left), int(top), int(right), int(bottom)


def _eight(plain: Any) -> Any:
    corners = tuple(map(float, plain))
    if len(corners) != 8:
        raise ValueError("quad")
    return corners


def _bilingual(plain: Any, _type: object) -> Bilingual:
    said = text_of_plain(plain)
    if not isinstance(said, Bilingual):
        raise ValueError("not in both languages")
    return said
