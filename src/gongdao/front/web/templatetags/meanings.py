"""States as people meet them: a word, a shape and a class for the colour, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from gongdao.core.language import mark, translated

_DISC = "M8 1a7 7 0 1 1 0 14A7 7 0 1 1 8 1Z"
_RING = _DISC + "M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 1 0 8 2.8Z"
_PATHS = {
    "proven": "M8 1a7 7 0 1 1 0 14A7 7 0 1 1 8 1ZM6.9 11.4l5-5.6-1.3-1.2-3.7 4.2-1.7-1.7-1.3 1.3Z",
    "weak": _DISC + "M8 3v10a5 5 0 0 0 0-10Z",
    "missing": _RING,
    "contradicted": "M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5Z",
    "absent": "M3 7h10v2H3Z",
    "open": "M1 7h9L6.5 3.5 8 2l6 6-6 6-1.5-1.5L10 9H1Z",
    "later": _RING + "M7 4h1.8v3.6l2.7 1.6-.9 1.5L7 8.6Z",
    "spent": "M6 13.6 1 8.6l1.5-1.5L6 10.6 13.5 3 15 4.5Z",
    "barred": _DISC + "M4 7v2h8V7Z",
    "waiting": "M2 7h2.5v2.5H2ZM6.750 7h2.5v2.5h-2.5ZM11.5 7H14v2.5h-2.5Z",
    "attention": "M7 2h2v8H7ZM7 12h2v2H7Z",
    "info": "M7 2h2v2H7ZM7 6h2v8H7Z",
    "lock": "M5 7V5a3 3 0 0 1 6 0v2h1.5v7h-9V7ZM6.5 7h3V5a1.5 1.5 0 0 0-3 0Z",
}
"""Outlines on a field of 16 × 16, drawn here; filled with the colour of the text around."""


@dataclass(frozen=True)
class Meaning:
    """How a state is shown: ``label`` in the language in use, ``css`` for its colour (one of the
    four meanings, or ``plain``), ``shape`` for ``{% shape %}``."""

    code: str
    name: str
    css: str
    shape: str

    @property
    def label(self) -> str:
        """The word that goes with colour and shape."""
        return translated(self.name)


def _four(css: str, **names: str) -> dict[str, Meaning]:
    return {code: Meaning(code, name, css, css) for code, name in names.items()}


def _plain(**names: tuple[str, str]) -> dict[str, Meaning]:
    return {code: Meaning(code, name, "plain", shape) for code, (name, shape) in names.items()}


MEANINGS: dict[str, Meaning] = {
    **_four("proven", proven=mark("成立"), complete=mark("齐全"), explicit=mark("明确")),
    **_four("weak", weak=mark("薄弱"), partial=mark("部分"), ambiguous=mark("含糊")),
    **_four("missing", missing=mark("缺失"), none=mark("没有")),
    **_four("contradicted", contradicted=mark("矛盾"), denied=mark("否认")),
    **_plain(
        not_applicable=(mark("不需要"), "absent"),
        open=(mark("现在可以"), "open"),
        later=(mark("还不到时候"), "later"),
        spent=(mark("已经用过"), "spent"),
        barred=(mark("走不通"), "barred"),
        waiting=(mark("排队中"), "waiting"),
        reading=(mark("读取中"), "later"),
        read=(mark("已读取"), "spent"),
        failed=(mark("没读出来"), "attention"),
    ),
}


def meaning(code: object) -> Meaning:
    """What a state's code means to a person. An unknown code shows itself, plainly: a page must
    not fall over a state that is newer than this table."""
    key = str(code)
    return MEANINGS.get(key) or Meaning(key, key, "plain", "absent")


def shape(name: str) -> SafeString:
    """The drawing of a shape, hidden from screen readers: the word beside it says the same.
    Raises KeyError for a shape that does not exist."""
    return format_html(
        '<svg class="shape" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
        '<path fill="currentColor" fill-rule="evenodd" d="{}"/></svg>',
        _PATHS[name],
    )
