"""What to attach where: which exhibits, in which order, in which form, and why.

Planning is pure. Preparing makes a copy that the form takes; the original is never touched, and
goes whole into the case file. A picture is never made narrower than ``READABLE_PX``: a tall one is
cut into pages, with the edge of each repeated on the next so that no line of text is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gongdao.channels.letters.names import KINDS
from gongdao.core.codes import Kind, Proof
from gongdao.core.language import Phrase
from gongdao.evidence.closure import Closure
from gongdao.evidence.dossier import Dossier
from gongdao.evidence.finding import Finding
from gongdao.rules.model import Attachments, Channel

READABLE_PX = 900
"""Text of a phone's screenshot is legible down to this width."""
OURS = Attachments(files=4, mb_each=5, types=("jpg", "jpeg", "png", "pdf"))
"""What we keep to where a channel's limits are not known: nearly every form takes it."""
_TYPES: dict[str, tuple[str, ...]] = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "application/pdf": ("pdf",),
    "video/mp4": ("mp4",),
    "video/quicktime": ("mov",),
    "audio/mpeg": ("mp3",),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
}
_PAGE_BYTES = 350_000
"""What a legible page of a screenshot takes, for planning how many fit one file."""
TALL, PIECE = 3, 2
"""A picture higher than ``TALL`` times its width is cut into pieces ``PIECE`` times as high."""
_HIGHEST_PX = 65_000
"""A JPEG cannot be higher."""


class Form(StrEnum):
    """In which form an exhibit is attached."""

    KEEP = "keep"
    """The original itself, byte for byte."""
    JPEG = "jpeg"
    """A JPEG, made smaller only as far as it stays legible."""
    PDF = "pdf"
    """One PDF, a page for each picture or piece of a tall one."""


@dataclass(frozen=True)
class Attachable:
    """One exhibit as far as attaching goes. ``size`` in bytes; ``width`` and ``height`` in pixels
    as shown, 0 where not known; the greater ``weight``, the more of the case rests on it."""

    number: int
    path: str
    kind: Kind
    media_type: str
    size: int
    weight: int = 0
    width: int = 0
    height: int = 0
    readable: bool = True

    @property
    def is_picture(self) -> bool:
        """Whether it can be turned into a JPEG or a page."""
        return self.media_type.startswith("image/")

    @property
    def is_tall(self) -> bool:
        """Whether making it small enough would make its text too small."""
        return self.width > 0 and self.height > TALL * self.width

    @property
    def pieces(self) -> int:
        """How many pages it takes."""
        return -(-self.height // (PIECE * self.width)) if self.is_tall else 1


@dataclass(frozen=True)
class AttachmentItem:
    """One file to attach: made of ``exhibits`` (several only for PDF) in ``form``, under ``name``,
    at most ``max_bytes``. ``piece`` counts from 1 of ``pieces`` where a tall picture becomes
    several JPEGs."""

    exhibits: tuple[Attachable, ...]
    form: Form
    name: str
    max_bytes: int
    why: Phrase
    piece: int = 1
    pieces: int = 1


@dataclass(frozen=True)
class LeftOut:
    """An exhibit that is not attached, why, and what to do instead."""

    exhibit: Attachable
    why: Phrase


@dataclass(frozen=True)
class AttachmentPlan:
    """What to attach, in the order of the numbers in the letter; ``limits`` is what was kept to,
    ``notes`` what to know of the whole."""

    items: tuple[AttachmentItem, ...]
    left_out: tuple[LeftOut, ...]
    limits: Attachments
    notes: tuple[Phrase, ...]


def attachables(
    dossier: Dossier, closure: Closure, pixels: Mapping[str, tuple[int, int]] | None = None
) -> tuple[Attachable, ...]:
    """The exhibits of a case, weighed by what rests on them, numbered as in the letters;
    ``pixels`` holds width and height of pictures by path, as far as they are known."""
    found = [f for judged in closure.elements.values() for f in judged.carries]
    found += [f for judged in closure.breaches.values() for f in judged.carries]
    admission = closure.admission_line.exhibit if closure.admission_line else ""
    told = []
    for number, exhibit in enumerate(dossier.exhibits, 1):
        weight = sum(_weight(finding) for finding in found if exhibit.path in finding.exhibits)
        width, height = (pixels or {}).get(exhibit.path, (0, 0))
        told.append(
            Attachable(
                number,
                exhibit.path,
                exhibit.kind,
                exhibit.media_type,
                exhibit.digests.size,
                weight + 3 * (exhibit.path == admission) - 2 * exhibit.altered,
                width,
                height,
                exhibit.problem is None,
            )
        )
    return tuple(told)


def _weight(finding: Finding) -> int:
    return 3 if finding.proof is Proof.PROVEN else 1


def plan_attachments(channel: Channel, exhibits: Sequence[Attachable]) -> AttachmentPlan:
    """Which of ``exhibits`` to attach in ``channel``, and in which form."""
    given = channel.attachments
    limits = Attachments(
        given.files or OURS.files, given.mb_each or OURS.mb_each, given.types or OURS.types
    )
    left: list[LeftOut] = []
    single: list[tuple[AttachmentItem, ...]] = []
    for exhibit in sorted(exhibits, key=lambda e: (-e.weight, e.number)):
        fate = _fit(exhibit, limits, channel.public)
        if isinstance(fate, Phrase):
            left.append(LeftOut(exhibit, fate))
        else:
            single.append(fate)
    items, crowded_out = _within_count(single, limits)
    left += [LeftOut(one, _NO_ROOM) for one in crowded_out]
    items.sort(key=lambda item: (item.exhibits[0].number, item.piece))
    left.sort(key=lambda one: one.exhibit.number)
    return AttachmentPlan(tuple(items), tuple(left), limits, _notes(channel, items))


def _notes(channel: Channel, items: Sequence[AttachmentItem]) -> tuple[Phrase, ...]:
    given = channel.attachments
    notes = []
    if not given.files and not given.mb_each:
        notes.append(
            Phrase(
                "这个渠道收什么附件没有查到。"
                "我们按 {files} 个、每个 {mb} MB 以内准备，这是我们自己定的。",
                files=OURS.files,
                mb=OURS.mb_each,
            )
        )
    elif not given.known:
        notes.append(Phrase("附件的数量和大小是照相近的页面准备的，没有在这个页面上试过。"))
    if channel.public and items:
        notes.append(
            Phrase("这里人人看得到：上传前遮住卡密、姓名、电话和账号。这里准备的没有替您遮。")
        )
    return tuple(notes)


def bytes_of(limits: Attachments) -> int:
    """The most bytes of one file; a little under what is stated, as sites count differently."""
    return (limits.mb_each or 0) * 980_000


_NO_ROOM = Phrase("附件个数已满，更要紧的先放。它在卷宗里；受理后可以补交。")
_SECRET = Phrase("提卡页上有卡密，不要公开上传。")
_UNREADABLE = Phrase("这个文件打不开或内容读不出来，先换一份能打开的。")
_VIDEO = Phrase(
    "视频太大或这里不收：截出提示画面作为图片上传，录屏原件写明“可当场出示”，面谈时带上。"
)
_DOCUMENT = Phrase("这种文件这里不收：打开后截图上传，原件留在卷宗里备查。")
_BIG_PDF = Phrase("PDF 超过大小上限：把要紧的几页截图上传，原件留在卷宗里备查。")
_BIG_FILE = Phrase("文件超过大小上限：打开后把要紧的部分截图上传，原件留在卷宗里备查。")
_KEPT = Phrase("原件就能用，一个字节不改。")
_FORMAT = Phrase("这里不收原来的格式，做成 JPEG 副本；原件不动。")
_BARE = Phrase("公开的地方不放原件：照片里可能有拍摄地点等信息，做成不带这些的 JPEG 副本。")
_PAGES = Phrase("图太长，缩小就看不清，分成几页放进一个 PDF；原件不动。")
_PIECES = Phrase("图太长，缩小就看不清，分成几张；原件不动。")
_TOGETHER = Phrase("附件个数有限，几张图合成一个 PDF，每张至少一页；原件不动。")
_AS_PDF = Phrase("这里只收 PDF，图片放进 PDF；原件不动。")


def _fit(
    exhibit: Attachable, limits: Attachments, public: bool
) -> tuple[AttachmentItem, ...] | Phrase:
    """The file or files for one exhibit alone, or why there is none."""
    if not exhibit.readable:
        return _UNREADABLE
    if public and exhibit.kind is Kind.CARD_PAGE:
        return _SECRET
    small = exhibit.size <= bytes_of(limits)
    bare = public and exhibit.is_picture
    if small and not bare and _takes(limits, *_TYPES.get(exhibit.media_type, ())):
        return (_item(exhibit, Form.KEEP, limits, _KEPT),)
    if exhibit.is_picture:
        return _fit_picture(exhibit, limits, small, public)
    if exhibit.media_type.startswith("video/"):
        return _VIDEO
    if not _takes(limits, *_TYPES.get(exhibit.media_type, ())):
        return _DOCUMENT
    return _BIG_PDF if exhibit.media_type == "application/pdf" else _BIG_FILE


def _fit_picture(
    exhibit: Attachable, limits: Attachments, small: bool, public: bool
) -> tuple[AttachmentItem, ...] | Phrase:
    why = _BARE if public else _FORMAT
    why = why if small else _smaller(limits)
    cut = exhibit.is_tall and (not small or exhibit.height > _HIGHEST_PX)
    if cut and _takes(limits, "pdf"):
        return (_item(exhibit, Form.PDF, limits, _PAGES),)
    if _takes(limits, "jpg", "jpeg"):
        count = exhibit.pieces if cut else 1
        return tuple(
            _item(exhibit, Form.JPEG, limits, _PIECES if cut else why, number, count)
            for number in range(1, count + 1)
        )
    if _takes(limits, "pdf"):
        return (_item(exhibit, Form.PDF, limits, _AS_PDF),)
    return _DOCUMENT


def _smaller(limits: Attachments) -> Phrase:
    return Phrase("原件超过 {mb} MB，做成看得清的 JPEG 副本；原件不动。", mb=limits.mb_each)


def _takes(limits: Attachments, *types: str) -> bool:
    return any(one in limits.types for one in types)


def _item(
    exhibit: Attachable,
    form: Form,
    limits: Attachments,
    why: Phrase,
    piece: int = 1,
    pieces: int = 1,
) -> AttachmentItem:
    stem = f"证据{exhibit.number}_{KINDS[exhibit.kind]}"
    if pieces > 1:
        stem += f"_{piece}"
    suffix = {Form.JPEG: "jpg", Form.PDF: "pdf"}.get(form) or _TYPES[exhibit.media_type][0]
    return AttachmentItem(
        (exhibit,), form, f"{stem}.{suffix}", bytes_of(limits), why, piece, pieces
    )


def _within_count(
    single: Sequence[tuple[AttachmentItem, ...]], limits: Attachments
) -> tuple[list[AttachmentItem], list[Attachable]]:
    """As many as the form takes, the weightiest first; where there are too many and PDF is taken,
    pictures share one."""
    most = limits.files or 0
    if sum(len(items) for items in single) <= most:
        return [item for items in single for item in items], []
    kept: list[AttachmentItem] = []
    out: list[Attachable] = []
    pictures = [items[0].exhibits[0] for items in single if items[0].exhibits[0].is_picture]
    together = _combine(pictures, limits, most) if _takes(limits, "pdf") else []
    merged = {e.path for item in together for e in item.exhibits}
    kept += together
    for items in single:
        exhibit = items[0].exhibits[0]
        if exhibit.path in merged:
            continue
        if len(kept) + len(items) <= most:
            kept += items
        else:
            out.append(exhibit)
    return kept, out


def _combine(
    pictures: Sequence[Attachable], limits: Attachments, most: int
) -> list[AttachmentItem]:
    """One PDF with as many pictures as stay legible in it, the weightiest first; none where it
    would hold only one, or where nothing may be attached."""
    room = bytes_of(limits) // _PAGE_BYTES
    chosen: list[Attachable] = []
    for exhibit in pictures:
        if sum(e.pieces for e in chosen) + exhibit.pieces <= room:
            chosen.append(exhibit)
    if len(chosen) < 2 or most < 1:
        return []
    chosen.sort(key=lambda e: e.number)
    name = f"证据{'、'.join(str(e.number) for e in chosen)}.pdf"
    return [AttachmentItem(tuple(chosen), Form.PDF, name, bytes_of(limits), _TOGETHER)]
