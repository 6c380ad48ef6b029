"""A Phrase or Bilingual as plain JSON values, and back: for what is stored and said later.

What comes back may have passed through other hands. A message is therefore taken only if its
braces hold nothing but the names of its own values: ``str.format`` would otherwise follow
attributes to whatever they lead to, or fill the memory with blanks.

    Phrase      ["尺寸 {width}×{height} …", {"width": 720, "height": 1280}]
    Bilingual   {"zh": "平台客服", "en": "the platform's support"}
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

from gongdao.core.language import Bilingual, Phrase

_SPEC = re.compile(r"(?:0?\d{1,2}d?)?")


def plain_text(said: Phrase | Bilingual) -> Any:
    """``said`` as lists, dicts, strings and integers; raise TypeError for any other value."""
    if isinstance(said, Bilingual):
        return {"zh": said.chinese, "en": said.english}
    if not said.values:
        return [said.message]
    return [said.message, {name: _plain(value) for name, value in said.values.items()}]


def text_of_plain(plain: Any) -> Phrase | Bilingual:
    """What ``plain_text`` was given; raise ValueError for anything it cannot have made."""
    if isinstance(plain, dict):
        chinese, english = plain.get("zh"), plain.get("en")
        if len(plain) == 2 and isinstance(chinese, str) and isinstance(english, str):
            return Bilingual(chinese, english)
    elif isinstance(plain, list) and len(plain) in (1, 2) and isinstance(plain[0], str):
        given = plain[1] if len(plain) == 2 else {}
        if isinstance(given, dict) and all(isinstance(name, str) for name in given):
            _check(plain[0], given)
            values = {name: _value(value) for name, value in given.items()}
            return Phrase.named(plain[0], **values)
    raise ValueError("not a text")


def phrase_of_plain(plain: Any) -> Phrase:
    """Like ``text_of_plain``, for places that hold a Phrase only."""
    said = text_of_plain(plain)
    if not isinstance(said, Phrase):
        raise ValueError("not a phrase")
    return said


def _check(message: str, values: dict[str, Any]) -> None:
    for _text, name, spec, conversion in Formatter().parse(message):
        if name is None:
            continue
        if name not in values or conversion or not _SPEC.fullmatch(spec or ""):
            raise ValueError("not a message")
        if spec and not isinstance(values[name], int):
            raise ValueError("not a number")


def _plain(value: object) -> Any:
    if isinstance(value, Phrase | Bilingual):
        return plain_text(value)
    if isinstance(value, str) or type(value) is int:
        return value
    raise TypeError(f"no value of a stored phrase: {type(value).__name__}")


def _value(plain: Any) -> object:
    if isinstance(plain, list | dict):
        return text_of_plain(plain)
    if isinstance(plain, str) or type(plain) is int:
        return plain
    raise ValueError("not a value")
