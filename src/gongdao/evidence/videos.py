"""Screen recordings: the frames in which the picture changed are read like pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from gongdao.core.codes import Kind
from gongdao.core.errors import UnreadableFile
from gongdao.core.language import Phrase
from gongdao.evidence.condition import claimed_signs
from gongdao.evidence.file_times import times_of
from gongdao.evidence.ocr import OcrCache, recognise
from gongdao.evidence.pictures import PictureReading, read_screen
from gongdao.evidence.reading import Field, TextLine
from gongdao.evidence.screens import recognise_screen
from gongdao.evidence.statement import ExhibitNote

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 500 * 1024 * 1024
MAX_FRAMES_READ = 12
_MAX_DECODED = 6000
"""Decoded frames after which the rest is left out: bounds the time on hostile files."""

_MAX_PIXELS = 16_000_000
_STEP_MS = 400
_CHANGED_PART = 0.004  # of a thumbnail's pixels: a line of text appearing is enough
_CHANGED_LEVELS = 20
_REDEEMING = ("redemption_failure", "redemption_record", "card", "balance")


def read_video(
    *, data: bytes, name: str, cache: OcrCache | None = None, note: ExhibitNote | None = None
) -> PictureReading:
    """Read an MP4 or MOV file. Every line and field carries ``frame_ms`` from the start.

    Raise UnreadableFile when it is no video, too large, or holds no frame.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            Phrase("视频超过 {limit} MB", limit=MAX_BYTES // 1048576),
            file=name,
            hint=Phrase("请截取出问题的那一段再交。"),
        )
    frames = _chosen_frames(data, name)
    if not frames:
        raise UnreadableFile(Phrase("视频里没有可以解码的画面"), file=name)
    hint = note.kind if note else None
    lines: list[TextLine] = []
    fields: dict[str, Field] = {}
    forms: list[str] = []
    for at_ms, picture in frames:
        read = recognise(image_bytes=_as_png(picture), cache=cache, file=name)
        seen = tuple(replace(line, frame_ms=at_ms) for line in read)
        screen = recognise_screen(seen, picture.size)
        here, _messages = read_screen(lines=seen, screen=screen, size=picture.size)
        lines.extend(seen)
        if screen.form != "unknown":
            forms.append(screen.form)
        for key, value in here.items():
            fields.setdefault(key, replace(value, frame_ms=at_ms))
    form = next((f for f in _REDEEMING if f in forms), forms[0] if forms else "unknown")
    return PictureReading(
        form="recording" if form == "unknown" else f"recording_{form}",
        kind=hint or Kind.REDEMPTION_RECORDING,
        fields=fields,
        lines=tuple(lines),
        signs=claimed_signs(note),
        times=times_of(path_name=name, data=data, media_type="video/mp4", note=note),
    )


def _chosen_frames(data: bytes, name: str) -> list[tuple[int, Image.Image]]:
    """At most MAX_FRAMES_READ changed frames as (milliseconds, picture). A recording with more is
    decoded a second time: all its pictures together would fill the memory."""
    count, first = 0, []
    for at_ms, frame in _changed_frames(data, name):
        if count < MAX_FRAMES_READ:
            first.append((at_ms, frame.to_image()))
        count += 1
    if count <= MAX_FRAMES_READ:
        return first
    first.clear()
    wanted = _choose(count)
    changed = islice(enumerate(_changed_frames(data, name)), count)
    return [(at_ms, frame.to_image()) for i, (at_ms, frame) in changed if i in wanted]


def _changed_frames(data: bytes, name: str) -> Iterator[tuple[int, Any]]:
    """(milliseconds, frame) wherever the picture differs from the last one kept."""
    import av

    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="replace") as container:
            stream: Any = next((s for s in container.streams if s.type == "video"), None)
            if stream is None:
                raise UnreadableFile(Phrase("文件里没有视频画面"), file=name)
            if stream.codec_context is None:
                raise UnreadableFile(Phrase("文件里没有视频画面"), file=name)
            if stream.codec_context.width * stream.codec_context.height > _MAX_PIXELS:
                raise UnreadableFile(Phrase("视频画面过大"), file=name)
            stream.thread_type = "AUTO"
            if (stream.duration or 0) * (stream.time_base or 0) > 120:
                stream.codec_context.skip_frame = "NONKEY"
            yield from _kept(islice(container.decode(stream), _MAX_DECODED), name)
    except (av.error.FFmpegError, OSError, ValueError, MemoryError):
        raise UnreadableFile(
            Phrase("视频打不开，可能已损坏或不是视频"),
            file=name,
            hint=Phrase("请重新从手机导出原视频（MP4 或 MOV）。"),
        ) from None


def _kept(frames: Iterator[Any], name: str) -> Iterator[tuple[int, Any]]:
    """One frame a step, and the very last, where they differ from the one before."""
    last: Any = None
    waiting: Any = None
    next_ms = 0
    for frame in frames:
        if frame.width * frame.height > _MAX_PIXELS:
            raise UnreadableFile(Phrase("视频画面过大"), file=name)
        at_ms = int((frame.time or 0.0) * 1000)
        if at_ms < next_ms:
            waiting = frame
            continue
        waiting, next_ms = None, at_ms + _STEP_MS
        thumb = _thumbnail(frame)
        if _differs(thumb, last):
            last = thumb
            yield at_ms, frame
    if waiting is not None and _differs(_thumbnail(waiting), last):
        yield int((waiting.time or 0.0) * 1000), waiting


def _thumbnail(frame: Any) -> Any:
    return frame.reformat(width=64, height=96, format="gray").to_ndarray().astype(int)


def _differs(thumb: Any, last: Any) -> bool:
    return last is None or bool((abs(thumb - last) > _CHANGED_LEVELS).mean() > _CHANGED_PART)


def _choose(count: int) -> set[int]:
    """Which of ``count`` frames are read: spread evenly, first and last among them."""
    step = (count - 1) / (MAX_FRAMES_READ - 1)
    return {round(i * step) for i in range(MAX_FRAMES_READ)}


def _as_png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
