"""Print one line in the reader's punctuation: full-width in Chinese, ASCII between English words.

Views compose lines with Chinese marks; quotations and names inside an English line stay.
"""

from __future__ import annotations

import re

from gongdao.core.language import language

_CHINESE = r"\u3400-\u9fff\u3001-\u3002\u300a-\u300f\uff01-\uff5e"
_BRACKETS = re.compile(rf"(?<![{_CHINESE}])（([^（）]*)）")
_MARKS = re.compile(rf"(?<![{_CHINESE}])\s*([：；、，。])(?=(.?))")
_ASCII = {"：": ": ", "；": "; ", "、": ", ", "，": ", ", "。": ". "}


def punctuate(text: str) -> str:
    """``text`` with the marks of the language in use."""
    if language() == "zh":
        return text
    plain = _BRACKETS.sub(lambda m: f" ({m.group(1)})", text)
    plain = _MARKS.sub(lambda m: _ASCII[m.group(1)], plain)
    return re.sub(r"(?<=\S) {2,}(?=[^\s])", "  ", plain).replace(" .", ".").rstrip()


def say(text: str = "") -> None:
    """Print ``text`` for the reader."""
    print(punctuate(text))
