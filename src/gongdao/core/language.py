"""Chinese first, English complete: gettext with Chinese message ids.

``_("…")`` marks a sentence shown to a person. The Chinese text is the message id, so Chinese can
have no gap; the English catalogue is checked by a test. Letters to Chinese recipients are Chinese
in every language and are not marked.
"""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
_LOCALE = Path(__file__).parent.parent / "locale"
_current: ContextVar[str] = ContextVar("language", default="zh")


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    return _gettext.translation("gongdao", _LOCALE, [language], fallback=True)


def use_language(language: str) -> None:
    """Choose ``zh`` or ``en`` for everything shown from here on in this context."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; one of {', '.join(LANGUAGES)}")
    _current.set(language)


def language() -> str:
    """The language in use: ``zh`` or ``en``."""
    return _current.get()


def gettext(message: str) -> str:
    """``message`` in the language in use."""
    return message if _current.get() == "zh" else _catalogue(_current.get()).gettext(message)


class Phrase:
    """A sentence with values, kept apart so that it can be said in either language.

    ``str()`` says it in the language in use, ``zh()`` in Chinese whatever the language: letters
    to Chinese recipients need the latter.
    """

    __slots__ = ("message", "values")

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        self.values = values

    @classmethod
    def named(cls, name: str, **values: object) -> Phrase:
        """The phrase of a name that a table marked with ``mark``, or of a message that was
        stored."""
        return cls(name, **values)

    def zh(self) -> str:
        """The sentence in Chinese."""
        return self.message.format(**{k: _zh(v) for k, v in self.values.items()})

    def __str__(self) -> str:
        return gettext(self.message).format(**self.values)

    def __repr__(self) -> str:
        return f"Phrase({self.zh()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and self.zh() == other.zh()

    def __hash__(self) -> int:
        return hash(self.zh())


class Bilingual:
    """A text held in both languages; also as a value of a Phrase."""

    __slots__ = ("chinese", "english")

    def __init__(self, chinese: str, english: str) -> None:
        self.chinese = chinese
        self.english = english

    @classmethod
    def of(cls, said: object) -> Bilingual:
        """What ``str(said)`` gives in either language; the language in use stays."""
        texts = []
        for one in LANGUAGES:
            before = _current.set(one)
            try:
                texts.append(str(said))
            finally:
                _current.reset(before)
        return cls(*texts)

    def zh(self) -> str:
        """The name in Chinese."""
        return self.chinese

    def __str__(self) -> str:
        return self.chinese if _current.get() == "zh" else self.english

    def __repr__(self) -> str:
        return f"Bilingual({self.chinese!r}, {self.english!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bilingual) and (self.chinese, self.english) == (
            other.chinese,
            other.english,
        )

    def __hash__(self) -> int:
        return hash((self.chinese, self.english))


def _zh(value: object) -> object:
    return value.zh() if isinstance(value, _TEXTS) else value


_TEXTS = (Phrase, Bilingual)


def translated(message: str) -> str:
    """A name that a table marked with ``mark``, in the language in use."""
    return gettext(message)


def mark(message: str) -> str:
    """Mark a Chinese name in a table for the catalogue; it is translated where it is shown."""
    return message
