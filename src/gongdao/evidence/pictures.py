"""A picture file → everything read from it: screen, fields, chat, signs, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gongdao.core.clock import BEIJING
from gongdao.core.codes import Kind, Speaker
from gongdao.evidence.chat_screens import read_chat_screen
from gongdao.evidence.condition import find_signs
from gongdao.evidence.file_times import times_of
from gongdao.evidence.layout import lay_out
from gongdao.evidence.ocr import OcrCache, recognise
from gongdao.evidence.picture_bytes import exif_of, open_picture
from gongdao.evidence.reading import Field, FileTime, Message, Sign, TextLine
from gongdao.evidence.screen_fields.mentions import read_mentions
from gongdao.evidence.screen_fields.pick import Found, make_field
from gongdao.evidence.screen_fields.read import read_fields
from gongdao.evidence.screen_fields.ticket import ticket_progress
from gongdao.evidence.screens import Screen, recognise_screen
from gongdao.evidence.statement import ExhibitNote

_MEDIA = {"PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
_STEP_OF_SYSTEM = re.compile("已提交|等待|已创建|已受理|已登记|已分派|已转|系统|自动")


@dataclass(frozen=True)
class PictureReading:
    """What was read from one picture, video or rendered document; nothing of it is a claim."""

    form: str
    kind: Kind
    fields: Mapping[str, Field] = field(default_factory=dict)
    lines: tuple[TextLine, ...] = ()
    messages: tuple[Message, ...] = ()
    signs: tuple[Sign, ...] = ()
    times: tuple[FileTime, ...] = ()


def read_picture(
    *, data: bytes, name: str, cache: OcrCache | None = None, note: ExhibitNote | None = None
) -> PictureReading:
    """Read a PNG, JPEG, WebP or HEIC file. ``name`` is its path in the folder, ``note`` what the
    buyer says about it (breaks ties between kinds of screens, dates a chat).

    Raise UnreadableFile when the bytes are no such picture, broken or too large.
    """
    image = open_picture(data=data, file=name)
    media_type = _MEDIA.get(image.format or "", "image/jpeg")
    lines = recognise(image_bytes=data, cache=cache, file=name)
    size = _shown_size(image.size, exif_of(image).get(274))
    hint = note.kind if note else None
    screen = recognise_screen(lines, size, hint=hint)
    times = times_of(
        path_name=name, data=data, media_type=media_type, lines=lines, note=note, size=size
    )
    fields, messages = read_screen(
        lines=lines, screen=screen, size=size, hint=hint, captured_at=_captured(note, times)
    )
    signs = find_signs(
        image_bytes=data, lines=lines, screen=screen, note=note, name=name, cache=cache
    )
    return PictureReading(screen.form, screen.kind, fields, lines, messages, signs, times)


def read_screen(
    *,
    lines: tuple[TextLine, ...],
    screen: Screen,
    size: tuple[int, int] | None,
    hint: Kind | None = None,
    captured_at: datetime | None = None,
) -> tuple[dict[str, Field], tuple[Message, ...]]:
    """Fields and messages of one screen, whatever kind it is."""
    if screen.form == "chat" or (screen.form == "unknown" and hint is Kind.CHAT):
        chat = read_chat_screen(lines, size, captured_at=captured_at)
        fields = read_mentions(chat.messages)
        page = lay_out(lines=lines, size=size)
        title = [c for c in page.cells if c.text.startswith(chat.title)] if chat.title else []
        if title:
            fields["counterparty"] = make_field(chat.title, title[:1])
        return fields, chat.messages
    fields = read_fields(lines=lines, screen=screen, size=size, hint=hint)
    if screen.form in ("ticket", "regulator_status"):
        return fields, _steps(lines, size)
    return fields, ()


def _steps(lines: tuple[TextLine, ...], size: tuple[int, int] | None) -> tuple[Message, ...]:
    """The steps a ticket shows, as said by the platform or, where nobody speaks, by the system."""
    messages = []
    for at, said, cells in ticket_progress(Found.on(lay_out(lines=lines, size=size))):
        shape = "%Y-%m-%d %H:%M:%S" if len(at) == 19 else "%Y-%m-%d %H:%M"
        when = datetime.strptime(at, shape).replace(tzinfo=BEIJING)
        speaker = Speaker.SYSTEM if _STEP_OF_SYSTEM.search(said) else Speaker.PLATFORM
        if re.match("(买家|我|用户|消费者)", said):
            speaker = Speaker.BUYER
        elif re.match("(商家|卖家|店铺)", said):
            speaker = Speaker.MERCHANT
        messages.append(Message(speaker, "", said, when, box=make_field(said, cells).box))
    return tuple(messages)


def _shown_size(size: tuple[int, int], orientation: int | None) -> tuple[int, int]:
    return (size[1], size[0]) if orientation in (5, 6, 7, 8) else size


def _captured(note: ExhibitNote | None, times: tuple[FileTime, ...]) -> datetime | None:
    if note is not None and note.captured_at is not None:
        return note.captured_at
    return times[0].at if times else None
