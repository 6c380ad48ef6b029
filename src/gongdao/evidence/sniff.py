"""What a file is, by its content. A name only serves to catch a file that poses as another kind.

Refused by name and with the reason: SVG, GIF, programs, other archives, two files in one
(polyglots), a page or program that poses as a picture, empty files, files over MAX_BYTES.
"""

from __future__ import annotations

import re
import struct

from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.bills.read import find_bill_layout
from gongdao.evidence.deals import is_deal_list
from gongdao.evidence.html_pages import is_mhtml
from gongdao.evidence.picture_ends import picture_end
from gongdao.evidence.text_decoding import decode_text

MAX_BYTES = 200 << 20

PNG, JPEG, WEBP, HEIC = "image/png", "image/jpeg", "image/webp", "image/heic"
PDF, MP4, MOV = "application/pdf", "video/mp4", "video/quicktime"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP, HTML, MHTML = "application/zip", "text/html", "multipart/related"
JSON, CSV, TXT = "application/json", "text/csv", "text/plain"

_PROGRAMS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "Windows"),
    (b"\x7fELF", "Linux"),
    (b"\xcf\xfa\xed\xfe", "macOS"),
    (b"\xce\xfa\xed\xfe", "macOS"),
    (b"\xca\xfe\xba\xbe", "Java/macOS"),
    (b"dex\n", "Android"),
    (b"#!", "shell"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "LNK"),
    (b"\x00asm", "WASM"),
)
_ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MSCF", "CAB"),
    (b"\x1f\x9d", "compress"),
    (b"LZIP", "lzip"),
    (b"xar!", "xar"),
    (b"!<arch>\n", "ar"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"<html", "HTML"),
    (b"<!doctype", "HTML"),
    (b"<script", "HTML"),
    (b"<svg", "SVG"),
    (b"rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x7felf", "ELF"),
    (b"<?php", "PHP"),
)
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"))
_POSING = re.compile(r"\.(?:png|jpe?g|webp|heic|heif|gif|bmp|pdf|mp4|mov|xlsx?)$", re.IGNORECASE)
_MARKUP = re.compile(
    r"\s*(?:<\?xml[^>]{0,300}>\s*|<!doctype\s+(?P<doctype>\w+)[^>]{0,400}>\s*|<!--.{0,4000}?-->\s*){0,8}<(?P<root>[\w:]+)",
    re.IGNORECASE | re.DOTALL,
)
_HTML_ROOTS = frozenset(("html", "head", "body", "title", "meta", "div", "table", "p", "script"))


def sniff(data: bytes, name: str) -> str:
    """The media type of ``data``; raise UnreadableFile with the reason for a refused file.
    ``name`` is shown in errors and shows when content and name pretend different things."""
    if not data:
        raise _refused(name, Phrase("文件是空的"), Phrase("请重新保存或重新下载。"))
    if len(data) > MAX_BYTES:
        raise _refused(
            name,
            Phrase("文件超过 {limit} MB", limit=MAX_BYTES >> 20),
            Phrase("请截取需要的部分；录屏可以分段。"),
        )
    _check_programs(data, name)
    media = _picture(data) or _film(data)
    if media:
        _check_alone(data, name, media)
        return media
    if _is_pdf(data):
        if _zip_inside(data):
            raise _two_in_one(name, "PDF", "ZIP")
        return PDF
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip_kind(data, name)
    return _text_kind(data, name)


def _refused(name: str, why: Phrase, hint: Phrase | str = "") -> UnreadableFile:
    return UnreadableFile(why, file=name or None, hint=hint)


def _two_in_one(name: str, first: str, second: str) -> UnreadableFile:
    return _refused(
        name,
        Phrase("一个文件里藏着两个：{first} 里有 {second}", first=first, second=second),
        Phrase("请用原来的程序重新截图或重新保存。"),
    )


def _check_programs(data: bytes, name: str) -> None:
    for magic, system in _PROGRAMS:
        if data.startswith(magic) and (magic != b"MZ" or _is_windows_program(data)):
            raise _refused(
                name,
                Phrase("这是程序（{system}），不是证据材料", system=system),
                Phrase("不要打开来历不明的程序；请放截图或导出的文件。"),
            )
    archive = next((kind for magic, kind in _ARCHIVES if data.startswith(magic)), None)
    if archive is None and data[257:262] == b"ustar":
        archive = "tar"
    if archive:
        raise _refused(
            name, Phrase("不读 {kind} 压缩包", kind=archive), Phrase("请解压后把文件单独放进来。")
        )
    if data[:6] in (b"GIF87a", b"GIF89a"):
        raise _refused(name, Phrase("不读 GIF 动图"), Phrase("请截图，或另存为 PNG。"))
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _refused(
            name, Phrase("不读旧版 Office 文件（doc、xls）"), Phrase("请另存为 PDF、XLSX 或 CSV。")
        )


def _is_windows_program(data: bytes) -> bool:
    if len(data) >= 64:
        offset = struct.unpack_from("<I", data, 60)[0]
        if data[offset : offset + 4] == b"PE\x00\x00":
            return True
    return b"\x00" in data[:64]


def _picture(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    return None


def _film(data: bytes) -> str | None:
    """ISO base media (HEIC, MP4, MOV) by its brands; old QuickTime by its first atom."""
    if data[4:8] == b"ftyp":
        size = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, size, 4))}
        if data[8:12] in _HEIC_BRANDS or (brands & _HEIC_BRANDS and data[8:12] == b"mif1"):
            return HEIC
        return MOV if data[8:12] == b"qt  " else MP4
    return MOV if data[4:8] in (b"moov", b"mdat", b"wide") and len(data) > 64 else None


def _is_pdf(data: bytes) -> bool:
    head = data[:1024]
    at = head.find(b"%PDF-")
    return at >= 0 and not head[:at].strip(b"\xef\xbb\xbf \t\r\n\x00")


def _zip_inside(data: bytes) -> bool:
    """Whether a readable ZIP ends in the last 66 KB: its directory stands where it says."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if end < 0 or end + 22 > len(data):
        return False
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    return size == 0 or data[max(0, end - size) : max(0, end - size) + 4] == b"PK\x01\x02"


def _check_alone(data: bytes, name: str, media: str) -> None:
    """A picture or film must not also be a PDF, an archive, a page or a program."""
    kind = media.partition("/")[2].upper()
    if b"%PDF-" in data[:1024]:
        raise _two_in_one(name, kind, "PDF")
    if _zip_inside(data):
        raise _two_in_one(name, kind, "ZIP")
    end = picture_end(data, media)
    if end is None:
        return
    tail = data[end : end + (1 << 20)].lower()
    if not tail.strip(b"\x00\r\n\t "):
        return
    for magic, foreign in _FOREIGN:
        if magic.lower() in tail:
            raise _two_in_one(name, kind, foreign)


def _zip_kind(data: bytes, name: str) -> str:
    names = data[-(1 << 20) :] if len(data) > (1 << 20) else data
    if not _zip_inside(data):
        raise _refused(name, Phrase("压缩包已损坏"), Phrase("请重新下载。"))
    if data[:1024].find(b"%PDF-") >= 0:
        raise _two_in_one(name, "ZIP", "PDF")
    if (
        b"AndroidManifest.xml" in names
        or b"classes.dex" in names
        or b"META-INF/MANIFEST.MF" in names
    ):
        raise _refused(
            name, Phrase("这是程序（安装包），不是证据材料"), Phrase("请放截图或导出的文件。")
        )
    if b"xl/workbook.xml" in names:
        return XLSX
    if b"word/document.xml" in names or b"ppt/presentation.xml" in names:
        raise _refused(name, Phrase("不读 Word 或 PPT 文件"), Phrase("请另存为 PDF。"))
    return ZIP


def _text_kind(data: bytes, name: str) -> str:
    if is_mhtml(data):
        return _not_posing(MHTML, name)
    decoded = decode_text(data[: 1 << 20], name=name)
    head = decoded.text
    if _looks_binary(data[:65536], head, decoded.lost):
        raise _refused(
            name,
            Phrase("认不出这是什么文件"),
            Phrase("请放图片、PDF、录屏、文本、CSV、XLSX、JSON 或保存的网页。"),
        )
    markup = _MARKUP.match(head[:20_000])
    if markup:
        root = markup["root"].lower().rpartition(":")[2]
        if root == "svg" or (markup["doctype"] or "").lower() == "svg":
            raise _refused(
                name, Phrase("不收 SVG：里面可以藏程序"), Phrase("请截图，或另存为 PNG。")
            )
        if root in _HTML_ROOTS or (markup["doctype"] or "").lower() == "html":
            return _not_posing(HTML, name)
    if _is_json(head):
        return _not_posing(JSON, name)
    return _not_posing(CSV if _is_table(head) else TXT, name)


def _not_posing(media: str, name: str) -> str:
    """Refuse a page or text whose name says picture, film or document."""
    if _POSING.search(name):
        raise _refused(
            name,
            Phrase("名字像图片或文档，内容却是 {media}", media=media),
            Phrase("请用原来的程序重新保存。"),
        )
    return media


def _looks_binary(data: bytes, text: str, lost: int) -> bool:
    if not text.strip():
        return True
    sample = text[:20_000]
    control = sum(1 for c in sample if c < " " and c not in "\n\t\x0c\x1b")
    zeros = data.count(0) if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else 0
    wide = zeros * 3 > len(data)
    return control * 50 > len(sample) or lost * 10 > len(text) or (zeros > 8 and not wide)


def _is_json(text: str) -> bool:
    head = text.lstrip()[:200]
    return bool(re.match(r"\{\s*[\"}]|\[\s*[{\[\]\"]", head))


def _is_table(text: str) -> bool:
    if find_bill_layout(text) is not None or is_deal_list(text):
        return True
    rows = [line.count(",") for line in text.split("\n")[:60] if line.strip()]
    if len(rows) < 2 or rows[0] < 2:
        return False
    return sum(1 for count in rows if abs(count - rows[0]) <= 3 and count) * 10 >= len(rows) * 6
