"""A letter as DOCX: A4, Chinese typography, and the same bytes for the same letter."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

_ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_FLUSH = re.compile(
    r"^(此致|敬礼|致[：:]|尊敬的|[一二三四五六七八九十]+、|[0-9０-９]+[.、．]|附[件：:])|[：:]$"
)
_TAIL = re.compile(r"^((投诉|具状|申请|举报|报案|联系)?人[：:]|20\d\d年\d{1,2}月\d{1,2}日$)")
_LONGEST = 200_000
_CLOSING_LINES = 4
_UNUSED_PARTS = ("/stylesWithEffects", "/thumbnail", "/customXml", "/numbering")


def letter_docx(*, title: str, text: str, as_of: datetime) -> bytes:
    """The letter ``text`` (plain, a paragraph a line) under ``title``, dated ``as_of``."""
    import docx
    from docx.shared import Cm

    document = docx.Document()
    for paragraph in list(document.paragraphs):
        paragraph._element.getparent().remove(paragraph._element)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.8)
    section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.6)
    _slim(document)
    _set_fonts(document)
    lines = _ILLEGAL.sub("□", text)[:_LONGEST].rstrip().splitlines()
    title = _ILLEGAL.sub("□", title)[:200].replace("\n", " ")
    if lines and lines[0].strip() == title.strip():
        lines = lines[1:]
    _add_title(document, title)
    for left, line in zip(range(len(lines), 0, -1), lines, strict=True):
        _add_line(document, line.rstrip(), closing=left <= _CLOSING_LINES)
    _fix_properties(document, title, as_of)
    out = io.BytesIO()
    document.save(out)
    return _same_bytes(out.getvalue())


def _slim(document: Any) -> None:
    """Drop what the template brings and a letter never uses: 160 styles, a picture of itself."""
    for owner in (document.part, document.part.package):
        for key, link in list(owner.rels.items()):
            if link.reltype.endswith(_UNUSED_PARTS):
                owner.rels.pop(key)
    styles = document.styles.element
    for style in list(styles):
        if style.tag.endswith("}style") and not style.get(f"{style.tag[:-5]}default"):
            styles.remove(style)


def _set_fonts(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    spacing = style.paragraph_format
    spacing.line_spacing, spacing.space_after, spacing.space_before = 1.5, Pt(0), Pt(0)


def _add_title(document: Any, title: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(14)
    run = paragraph.add_run(title)
    run.font.size, run.bold = Pt(20), True
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")


def _add_line(document: Any, line: str, *, closing: bool) -> None:
    """Body text is indented by two characters; salutations, headings and lists are not; name
    and date among the closing lines stand at the right."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph(line)
    stripped = line.strip()
    if closing and _TAIL.search(stripped):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    elif stripped and stripped == line and not _FLUSH.search(stripped):
        paragraph.paragraph_format.first_line_indent = Pt(28)


def _fix_properties(document: Any, title: str, as_of: datetime) -> None:
    properties = document.core_properties
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.title, properties.revision, properties.language = title[:200], 1, "zh-CN"
    moment = as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties.created = properties.modified = moment


def _same_bytes(data: bytes) -> bytes:
    """The same DOCX with sorted parts, no compression and fixed times."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(out, "w") as fixed:
        names = sorted(parts.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            fixed.writestr(info, parts.read(name))
    return out.getvalue()
