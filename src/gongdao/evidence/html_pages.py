"""Saved pages (HTML, MHTML) as text. Never rendered; nothing is fetched; scripts, styles and
comments are dropped before parsing, so that a hostile page costs linear time."""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.reading import TextLine
from gongdao.evidence.text_decoding import decode_text

_MAX_TAG = 4000
_MAX_TAGS = 1_000_000
_MAX_LINES = 100_000
_MAX_PARTS = 5000
_DROPPED = re.compile(r"<(script|style|template|svg|noscript|object|iframe)\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]{0,30})([^<>]*)>|<[!?][^<>]*>|<")
_SAVED_FROM = re.compile(r"saved from url=\(\d{1,6}\)\s*(\S{1,2000}?)\s*(?:-->|$)", re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary=\"?([^\"\r\n;]{1,120})\"?", re.IGNORECASE)
_BLOCK_NAMES = (
    "p div br li tr h1 h2 h3 h4 h5 h6 section article header footer ul ol table dt dd dl form "
    "option button title hr pre blockquote nav aside main figcaption legend fieldset"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_VOID_TEXT = {"input": ("value", "placeholder"), "img": ("alt",), "meta": ("content",)}


@dataclass(frozen=True)
class PageReading:
    """One saved page. ``form``: html or mhtml; ``url``: what the page calls its own address
    (canonical link, ``saved from url``, MHTML location) — a claim, not proof."""

    form: str
    title: str
    url: str
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """All lines, one under the other."""
        return "\n".join(line.text for line in self.lines)


def read_page(*, data: bytes, name: str = "") -> PageReading:
    """Read a saved page from bytes; raise UnreadableFile when an MHTML file holds no page."""
    if is_mhtml(data):
        return _read_mhtml(data, name)
    return _read_markup(decode_text(data, name=name).text, "html", "", "")


def is_mhtml(data: bytes) -> bool:
    """Whether the bytes are a MIME message of several parts, as browsers save pages."""
    head = data[:4096].lstrip()
    return bool(
        re.match(rb"[A-Za-z][A-Za-z0-9\-]{1,40}:[ \t]", head)
        and re.search(rb"^(?:mime-version|content-type):", head, re.IGNORECASE | re.MULTILINE)
        and re.search(rb"multipart/|text/html", head, re.IGNORECASE)
    )


def clean_markup(text: str) -> str:
    """``text`` without comments, scripts, styles, declarations and overlong attributes, and with
    every ``<`` that opens no tag escaped; lines keep their numbers. Linear time; raise
    UnreadableFile for more tags than any page has."""
    if text.count("<") > _MAX_TAGS:
        raise UnreadableFile(Phrase("网页太大"), hint=Phrase("请截图，或在浏览器里打印成 PDF。"))
    kept = "".join(_without_dropped(_without_comments(text)))
    return _TAG.sub(_tag, kept)


def _tag(match: re.Match[str]) -> str:
    if not match[1]:
        return "&lt;" if match[0] == "<" else " "
    return match[0] if len(match[0]) <= _MAX_TAG else f"<{match[1]}>"


def _without_comments(text: str) -> str:
    parts, start = [], 0
    while (opened := text.find("<!--", start)) >= 0:
        parts.append(text[start:opened])
        closed = text.find("-->", opened + 4)
        if closed < 0:
            return "".join(parts)
        parts.append("\n" * text.count("\n", opened, closed))
        start = closed + 3
    return "".join([*parts, text[start:]])


def _without_dropped(text: str) -> Iterator[str]:
    start = 0
    while opened := _DROPPED.search(text, start):
        yield text[start : opened.start()]
        closed = re.compile(rf"</{opened[1]}\s{{0,20}}>", re.IGNORECASE).search(text, opened.end())
        if closed is None:
            return
        yield "\n" * text.count("\n", opened.start(), closed.end())
        start = closed.end()
    yield text[start:]


def _read_markup(text: str, form: str, title: str, url: str) -> PageReading:
    saved = _SAVED_FROM.search(text[:20_000])
    page = _Page()
    page.feed(clean_markup(text))
    page.close()
    lines = page.text_lines()
    address = page.canonical or url or (html.unescape(saved[1]) if saved else "")
    return PageReading(form, page.title.strip()[:500] or title, address[:2000], lines)


class _Page(HTMLParser):
    """Text by lines; a block tag ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.canonical = ""
        self._in_title = False
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "title":
            self._in_title = True
        elif tag == "link" and values.get("rel", "").lower() == "canonical":
            self.canonical = values.get("href", "")
        elif tag == "meta" and values.get("property", "").lower() == "og:url":
            self.canonical = self.canonical or values.get("content", "")
        elif tag in _VOID_TEXT and (tag != "meta" or values.get("name") == "description"):
            words = next((values[k] for k in _VOID_TEXT[tag] if values.get(k)), "")
            if values.get("type") not in ("hidden", "password"):
                self._parts.append(f"\n{words[:2000]}\n")
        if tag in _BLOCKS:
            self._parts.append("\n")
        elif tag in ("td", "th"):
            self._parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in _BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < 500:
            self.title += data
        self._parts.append(data.replace("\n", " ") if not self._in_title else "")

    def text_lines(self) -> tuple[TextLine, ...]:
        """The lines that hold anything, numbered from 1."""
        rows = (re.sub(r"[ \t\u00a0\u3000]+", " ", row).strip() for row in self.text().split("\n"))
        kept = [row for row in rows if row][:_MAX_LINES]
        return tuple(TextLine(row, line=i) for i, row in enumerate(kept, start=1))

    def text(self) -> str:
        """All text collected, blocks on lines of their own."""
        return "".join(self._parts)


def _read_mhtml(data: bytes, name: str) -> PageReading:
    top, _body = _split_head(data)
    subject = _decoded_words(top.get("subject", ""))
    url = top.get("snapshot-content-location", "")
    for headers, body in _parts(data):
        if "text/html" not in headers.get("content-type", "").lower():
            continue
        text = decode_text(_transfer(headers, body), name=name).text
        return _read_markup(text, "mhtml", subject, url or headers.get("content-location", ""))
    raise UnreadableFile(
        Phrase("保存的网页里没有网页正文"),
        file=name or None,
        hint=Phrase("请在浏览器里重新“另存为”网页。"),
    )


def _parts(data: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Every part between boundaries, nested ones too; a message without boundary is one part."""
    boundaries = list(dict.fromkeys(_BOUNDARY.findall(data)))[:8]
    if not boundaries:
        yield _split_head(data)
        return
    marks = b"|".join(re.escape(b"--" + boundary.strip()) for boundary in boundaries)
    pieces = re.split(b"(?:^|\n)(?:" + marks + b")(?:--)?[ \t]*\r?\n?", data, maxsplit=_MAX_PARTS)
    for piece in pieces[1:]:
        yield _split_head(piece)


def _split_head(piece: bytes) -> tuple[dict[str, str], bytes]:
    head, _gap, body = piece.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    unfolded = re.sub(rb"\n[ \t]+", b" ", head[:100_000]).decode("utf-8", "replace")
    headers: dict[str, str] = {}
    for line in unfolded.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            headers.setdefault(key.strip().lower(), value.strip())
    return headers, body


def _transfer(headers: dict[str, str], body: bytes) -> bytes:
    encoding = headers.get("content-transfer-encoding", "").lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            return base64.b64decode(letters + b"=" * (-len(letters) % 4))
        except binascii.Error:
            return base64.b64decode(letters[: len(letters) // 4 * 4])
    return body


def _decoded_words(text: str) -> str:
    def word(match: re.Match[str]) -> str:
        raw = match[2].encode("ascii", "ignore")
        data = (
            quopri.decodestring(raw.replace(b"_", b" "))
            if match[1] in "qQ"
            else _transfer({"content-transfer-encoding": "base64"}, raw)
        )
        return decode_text(data).text

    joined = re.sub(r"\?=\s+=\?", "?==?", text[:4000])
    return re.sub(r"=\?[\w\-]{1,30}\?([bBqQ])\?([^?]{0,2000})\?=", word, joined)[:500]
