"""Times a file suggests for itself, each with its basis: metadata, name, status bar, claim.

None of them is proof; all can be changed. They are listed in falling order of trust.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from gongdao.core.clock import BEIJING
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.layout import clock_of, lay_out
from gongdao.evidence.picture_bytes import exif_of, open_picture
from gongdao.evidence.reading import FileTime, TextLine, TimeBasis
from gongdao.evidence.statement import ExhibitNote

_DIGITS = re.compile(
    r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})[-_. T]?(\d{2})[-_.:]?(\d{2})[-_.:]?(\d{2})"
    r"(?:[-.](\d{3})(?!\d))?(?!\d)"
)
_EPOCH_MS = re.compile(
    r"(?:mmexport|wx_camera_|QQ_|img_|pic_|^)(1[4-9]\d{11}|2[0-4]\d{11})(?!\d)", re.I
)
_EPOCH_S = re.compile(r"企业微信截图_(1[4-9]\d{8})\d*")
_SAVED = re.compile("mmexport|微信图片|QQ图片", re.I)
_XMP = re.compile(
    rb"(?:photoshop:DateCreated|xmp:CreateDate|exif:DateTimeOriginal)(?:>|"
    rb"=[\"'])\s*([0-9T:\-+.Z ]{10,35})"
)
_EXIF_TAGS = ((36867, 36881), (36868, 36882))


def times_of(
    *,
    path_name: str,
    data: bytes,
    media_type: str,
    lines: Sequence[TextLine] = (),
    note: ExhibitNote | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[FileTime, ...]:
    """Every time the file suggests, most trusted first; a broken file has none of its own."""
    found: list[FileTime] = []
    if media_type.startswith("image/"):
        found.extend(_embedded_picture(data))
    elif media_type.startswith("video/"):
        found.extend(_embedded_video(data))
    elif media_type == "application/pdf":
        found.extend(_embedded_pdf(data))
    found.extend(time_in_name(path_name))
    found.extend(_status_bar(lines, size, found, note))
    if note is not None and note.captured_at is not None:
        found.append(
            FileTime(note.captured_at, TimeBasis.CLAIMED, Phrase("案件说明里写的截取时间"))
        )
    return tuple(found)


def time_in_name(path_name: str) -> tuple[FileTime, ...]:
    """The local time that screenshot tools and chat programs write into a file's name."""
    name = path_name.rsplit("/", 1)[-1]
    saved = bool(_SAVED.search(name))
    how = Phrase("文件名中的保存时间") if saved else Phrase("文件名中的时间")
    if match := _EPOCH_MS.search(name):
        at = datetime.fromtimestamp(int(match[1]) / 1000, tz=BEIJING)
        return (FileTime(at, TimeBasis.NAME, how),)
    if match := _EPOCH_S.search(name):
        at = datetime.fromtimestamp(int(match[1]), tz=BEIJING)
        return (FileTime(at, TimeBasis.NAME, how),)
    if match := _DIGITS.search(name):
        year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
        micro = int(match[7] or 0) * 1000
        try:
            at = datetime(year, month, day, hour, minute, second, micro, tzinfo=BEIJING)
        except ValueError:
            return ()
        return (FileTime(at, TimeBasis.NAME, how),)
    return ()


def _embedded_picture(data: bytes) -> list[FileTime]:
    try:
        image = open_picture(data=data)
    except UnreadableFile:
        return []
    exif = exif_of(image)
    found = []
    for tag, zone_tag in _EXIF_TAGS:
        at = _exif_time(str(exif.get(tag, "")), str(exif.get(zone_tag, "")))
        if at is not None:
            found.append(FileTime(at, TimeBasis.EMBEDDED, Phrase("EXIF 拍摄时间")))
            break
    else:
        at = _exif_time(str(exif.get(306, "")), "")
        if at is not None:
            found.append(FileTime(at, TimeBasis.EMBEDDED, Phrase("EXIF 修改时间")))
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if match := _XMP.search(xmp[:200_000]):
        at = _iso(match[1].decode("ascii", "replace"))
        if at is not None and not any(f.at == at for f in found):
            found.append(FileTime(at, TimeBasis.EMBEDDED, Phrase("XMP 创建时间")))
    return found


def _exif_time(text: str, zone: str) -> datetime | None:
    match = re.match(r"(\d{4})[:\-](\d{2})[:\-](\d{2})[ T](\d{2}):(\d{2}):(\d{2})", text)
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return _plausible(datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone)))
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    match = re.match(r"([+-])(\d{2}):(\d{2})", text)
    if not match:
        return BEIJING
    away = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-away if match[1] == "-" else away)


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return _plausible(at if at.tzinfo else at.replace(tzinfo=BEIJING))


def _plausible(at: datetime) -> datetime | None:
    """Cameras without a set clock write 1904 or 1970: no time at all."""
    return at if 2005 <= at.year < 2100 else None


def _embedded_video(data: bytes) -> list[FileTime]:
    import av

    try:
        with av.open(io.BytesIO(data), metadata_errors="replace") as container:
            text = container.metadata.get("creation_time", "")
    except (av.error.FFmpegError, OSError, ValueError):
        return []
    at = _iso(text)
    return [FileTime(at, TimeBasis.EMBEDDED, Phrase("视频文件头里的创建时间"))] if at else []


def _embedded_pdf(data: bytes) -> list[FileTime]:
    match = re.search(
        rb"/CreationDate\s*\(D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:([+-])(\d{2})'?(\d{2"
        rb"}))?",
        data,
    )
    if not match:
        return []
    year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return []
    zone = BEIJING
    if match[7]:
        zone = _zone(f"{match[7].decode()}{match[8].decode()}:{match[9].decode()}")
    plausible = _plausible(at.replace(tzinfo=zone))
    return (
        [FileTime(plausible, TimeBasis.EMBEDDED, Phrase("PDF 文件里的创建时间"))]
        if plausible
        else []
    )


def _status_bar(
    lines: Sequence[TextLine],
    size: tuple[int, int] | None,
    found: Sequence[FileTime],
    note: ExhibitNote | None,
) -> list[FileTime]:
    """The clock on the screen; its day can only come from elsewhere, and that is said."""
    clock = clock_of(lay_out(lines=lines, size=size)) if lines else None
    if clock is None:
        return []
    if found:
        day, source = found[0].at, found[0].how
    elif note is not None and note.captured_at is not None:
        day, source = note.captured_at, Phrase("案件说明")
    else:
        return []
    at = day.astimezone(BEIJING).replace(hour=clock[0], minute=clock[1], second=0, microsecond=0)
    how = Phrase(
        "状态栏时钟 {hour:02d}:{minute:02d}，日期取自{source}",
        hour=clock[0],
        minute=clock[1],
        source=source,
    )
    return [FileTime(at, TimeBasis.STATUS_BAR, how)]
