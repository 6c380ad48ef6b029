"""Read one file of a case: hash, sniff, hand to the right reader. Never changes the file.

A broken or hostile file costs only itself: it keeps its digests, gets one clear ``problem``, and
everything else goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from gongdao.core.codes import STAGE_OF_KIND, Kind, Stage
from gongdao.core.digest import digest_file
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Bilingual, Phrase
from gongdao.evidence import sniff as media
from gongdao.evidence.bills.read import find_bill_layout, read_bill
from gongdao.evidence.chats.read import find_chat_form, read_chat
from gongdao.evidence.deals import Deal, is_deal_list, read_deals
from gongdao.evidence.documents import read_document_text
from gongdao.evidence.file_times import times_of
from gongdao.evidence.html_pages import read_page
from gongdao.evidence.ocr import OcrCache
from gongdao.evidence.pdf_pages import read_pdf
from gongdao.evidence.pictures import PictureReading, read_picture
from gongdao.evidence.reading import Exhibit, Field, TextLine
from gongdao.evidence.statement import ExhibitNote, Statement
from gongdao.evidence.text_decoding import decode_text
from gongdao.evidence.videos import read_video

_PICTURES = frozenset({media.PNG, media.JPEG, media.WEBP, media.HEIC})
_VIDEOS = frozenset({media.MP4, media.MOV})
_PAGES = frozenset({media.HTML, media.MHTML})


@dataclass(frozen=True)
class ReadFile:
    """An exhibit, read, with the deals it lists if it is a list of deals."""

    exhibit: Exhibit
    deals: tuple[Deal, ...] = ()


@dataclass(frozen=True)
class Reader:
    """What all files of a case are read with. ``password`` opens zips of bills."""

    statement: Statement
    cache: OcrCache | None = None
    password: str | None = None


def read_exhibit(*, root: Path, path: str, reader: Reader) -> ReadFile:
    """Read ``root/path``. Raises OSError only where the file itself cannot be opened."""
    return read_file(file=root / path, path=path, reader=reader)


def read_file(*, file: Path, path: str, reader: Reader) -> ReadFile:
    """Read ``file`` as the exhibit ``path``, which is its name and its place within the case.
    Raises OSError only where the file itself cannot be opened."""
    note = reader.statement.exhibits.get(path)
    blank = blank_exhibit(file=file, path=path, note=note)
    try:
        if blank.digests.size > media.MAX_BYTES:
            raise UnreadableFile(Phrase("文件太大，最多 200 MB"), file=path)
        data = file.read_bytes()
        media_type = media.sniff(data, path)
        return _read(data, media_type, blank, note, reader)
    except UnreadableFile as error:
        return ReadFile(replace(blank, problem=Bilingual.of(error)))


def blank_exhibit(*, file: Path, path: str, note: ExhibitNote | None) -> Exhibit:
    """The exhibit ``path`` before anything was read of it but its digests."""
    kind, basis = _kind(note, None, path)
    return Exhibit(path, digest_file(file), "", kind, basis)


def _kind(note: ExhibitNote | None, read: Kind | None, path: str) -> tuple[Kind, str]:
    """What an exhibit is, and on what basis: the buyer's word, the content, or nothing."""
    if note and note.kind and note.kind is not Kind.OTHER:
        return note.kind, "claimed"
    if read and read is not Kind.OTHER:
        return _fit_stage(read, path), "read"
    named = None if note and note.kind else _kind_by_name(path)
    return (named or Kind.OTHER), "folder"


_NAMES: tuple[tuple[str, Kind], ...] = (
    ("listing|商品页", Kind.LISTING_PAGE),
    ("licen[cs]e|营业执照|执照", Kind.MERCHANT_LICENCE),
    ("terms|协议|规则|条款", Kind.SERVICE_TERMS),
    ("receipt|transfer|付款|转账|凭证", Kind.PAYMENT_RECEIPT),
    ("order|订单", Kind.ORDER_PAGE),
    ("issuer|发行方", Kind.ISSUER_STATEMENT),
    ("carrier|运营商|话费", Kind.CARRIER_BILL),
    ("balance|余额", Kind.BALANCE_PAGE),
    ("redeem|兑换|测试", Kind.REDEMPTION_FAILURE),
    ("ticket|工单|12315|platform-reply", Kind.COMPLAINT_RECEIPT),
    ("card|卡密", Kind.CARD_PAGE),
)
"""What a file's own name says it is, where neither the buyer nor the content says more."""


def _kind_by_name(path: str) -> Kind | None:
    """The kind that the file name suggests, if it belongs to the folder the file lies in."""
    folder, _, name = path.rpartition("/")
    for pattern, kind in _NAMES:
        if re.search(pattern, name.casefold()) and STAGE_OF_KIND[kind].value == folder:
            return kind
    return None


def _fit_stage(kind: Kind, path: str) -> Kind:
    """A page in after/ that looks like an order page is still one; a chat anywhere is a chat."""
    stage = path.split("/")[0]
    if kind is Kind.LISTING_PAGE and stage == Stage.AFTER.value:
        return Kind.OTHER
    return kind if kind in STAGE_OF_KIND else Kind.OTHER


def _read(
    data: bytes, media_type: str, blank: Exhibit, note: ExhibitNote | None, reader: Reader
) -> ReadFile:
    path = blank.path
    if media_type in _PICTURES:
        picture = read_picture(data=data, name=path, cache=reader.cache, note=note)
        return ReadFile(_from_picture(blank, media_type, picture, note))
    if media_type in _VIDEOS:
        video = read_video(data=data, name=path, cache=reader.cache, note=note)
        return ReadFile(_from_picture(blank, media_type, video, note))
    if media_type == media.PDF:
        pages = read_pdf(data=data, name=path, cache=reader.cache, note=note)
        return ReadFile(_from_picture(blank, media_type, pages, note))
    times = times_of(path_name=path, data=data, media_type=media_type, note=note)
    exhibit = replace(blank, media_type=media_type, times=times)
    if media_type in (media.ZIP, media.XLSX):
        return ReadFile(_as_bill(data, exhibit, note, reader))
    return _read_text(data, exhibit, note, reader)


def _from_picture(
    blank: Exhibit, media_type: str, read: PictureReading, note: ExhibitNote | None
) -> Exhibit:
    kind, basis = _kind(note, read.kind, blank.path)
    return Exhibit(
        blank.path,
        blank.digests,
        media_type,
        kind,
        basis,
        read.form,
        read.fields,
        read.lines,
        read.messages,
        (),
        read.times,
        read.signs,
    )


def _as_bill(data: bytes, exhibit: Exhibit, note: ExhibitNote | None, reader: Reader) -> Exhibit:
    bill = read_bill(data=data, name=exhibit.path, password=reader.password)
    kind, basis = _kind(note, Kind.BILL_EXPORT, exhibit.path)
    holder = {"holder": Field(bill.account_holder)} if bill.account_holder else {}
    return replace(
        exhibit, kind=kind, kind_basis=basis, form=bill.layout, rows=bill.rows, fields=holder
    )


def _read_text(data: bytes, exhibit: Exhibit, note: ExhibitNote | None, reader: Reader) -> ReadFile:
    claimed = note.kind if note else None
    if exhibit.media_type in _PAGES:
        if claimed is Kind.CHAT:
            return ReadFile(_as_chat(data, exhibit, note, reader))
        page = read_page(data=data, name=exhibit.path)
        text = "\n".join(line.text for line in page.lines)
        return ReadFile(_as_document(text, exhibit, note, extra=page.lines))
    text = decode_text(data, name=exhibit.path).text
    if exhibit.media_type == media.JSON:
        return ReadFile(_as_chat(data, exhibit, note, reader))
    if claimed in (None, Kind.BILL_EXPORT, Kind.PAYMENT_RECEIPT) and find_bill_layout(text):
        return ReadFile(_as_bill(data, exhibit, note, reader))
    if claimed in (None, Kind.OTHER, Kind.LISTING_PAGE) and is_deal_list(text):
        shown = tuple(
            TextLine(line, line=i) for i, line in enumerate(text.splitlines()[:2000], 1) if line
        )
        deals = read_deals(text, name=exhibit.path)
        kind, basis = _kind(note, None, exhibit.path)
        return ReadFile(
            replace(exhibit, kind=kind, kind_basis=basis, form="deals", lines=shown), deals
        )
    if claimed is Kind.CHAT or (claimed is None and _is_chat(text, exhibit, reader)):
        return ReadFile(_as_chat(data, exhibit, note, reader))
    return ReadFile(_as_document(text, exhibit, note))


def _is_chat(text: str, exhibit: Exhibit, reader: Reader) -> bool:
    """Whether unlabelled text is a chat: a dialogue inside a ticket looks like one too, and
    belongs to the platform, so in after/ what reads as a document stays one."""
    if find_chat_form(text, tuple(reader.statement.chat_names)) is None:
        return False
    if exhibit.path.split("/")[0] != Stage.AFTER.value:
        return True
    return read_document_text(text=text, name=exhibit.path).form == "text"


def _as_chat(data: bytes, exhibit: Exhibit, note: ExhibitNote | None, reader: Reader) -> Exhibit:
    order = reader.statement.order
    chat = read_chat(
        data=data,
        name=exhibit.path,
        chat_names=reader.statement.chat_names,
        merchant=order.merchant,
        platform=order.platform,
        captured_at=note.captured_at if note else None,
    )
    kind, basis = _kind(note, Kind.CHAT, exhibit.path)
    return replace(exhibit, kind=kind, kind_basis=basis, form=chat.form, messages=chat.messages)


def _as_document(
    text: str, exhibit: Exhibit, note: ExhibitNote | None, extra: tuple[TextLine, ...] = ()
) -> Exhibit:
    read = read_document_text(text=text, kind=note.kind if note else None, name=exhibit.path)
    kind, basis = _kind(note, read.kind, exhibit.path)
    if basis == "folder" and kind is not Kind.OTHER:
        read = read_document_text(text=text, kind=kind, name=exhibit.path)
    fields: dict[str, Field] = dict(read.fields)
    for clause in read.clauses:
        fields.setdefault(f"clause {clause.number}", Field(clause.text, line=clause.line))
    return replace(
        exhibit,
        kind=kind,
        kind_basis=basis,
        form=read.form,
        fields=fields,
        lines=extra or read.lines,
        messages=read.messages,
    )
