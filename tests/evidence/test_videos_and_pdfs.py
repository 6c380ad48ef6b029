"""Screen recordings and PDF files: what is read, and one clear error for what cannot be."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from PIL import Image
from tests.evidence.screen_kit import Drawn

from gongdao.core.codes import Kind
from gongdao.core.errors import UnreadableFile
from gongdao.evidence.pdf_pages import read_pdf
from gongdao.evidence.pictures import read_picture
from gongdao.evidence.reading import TimeBasis
from gongdao.evidence.videos import MAX_FRAMES_READ, read_video


def form() -> Drawn:
    """A redemption form with a secret."""
    d = Drawn().bar("点卡充值", "16:45").gap().left("卡密").left("KM7Q-2D9X-8H4T-PLW3", x=90)
    return d.gap().centre("立即兑换")


def refused() -> Drawn:
    """The same with the refusal."""
    d = form().gap().centre("兑换失败", 66).centre("卡密无效，请核对后重新输入。")
    return d.centre("2026-11-02 16:45:12").centre("确定")


def recording(*screens: Drawn, seconds: float = 1.5) -> bytes:
    """An MP4 that shows each screen for a while."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        container.metadata["creation_time"] = "2026-11-02T08:45:30Z"
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            586,
            1266,
            "yuv420p",
            4_000_000,
        )
        for screen in screens:
            image = Image.open(io.BytesIO(screen.png())).resize((586, 1266))
            for _ in range(int(seconds * 10)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image))))
        container.mux(stream.encode())
    return buffer.getvalue()


def test_recording_gives_fields_with_their_moment():
    """The form and then the refusal are read, each at its time in the video."""
    reading = read_video(data=recording(form(), refused()), name="after/rec.mp4")
    assert reading.kind is Kind.REDEMPTION_RECORDING
    assert reading.form == "recording_redemption_failure"
    assert reading.fields["secret"].value == "KM7Q-2D9X-8H4T-PLW3"
    assert reading.fields["secret"].frame_ms == 0
    assert reading.fields["error"].value == "卡密无效"
    assert (reading.fields["error"].frame_ms or 0) >= 1200
    assert len({line.frame_ms for line in reading.lines}) == 2
    assert [(t.basis, t.at.hour) for t in reading.times] == [(TimeBasis.EMBEDDED, 8)]


def test_restless_recording_is_read_sparingly(monkeypatch):
    """However often the picture changes, only so many frames are read."""
    read = []

    def count(**kw):
        read.append(kw)
        return ()

    monkeypatch.setattr("gongdao.evidence.videos.recognise", count)
    screens = [Drawn().left("变" * (n % 20 + 1), 60 + n) for n in range(30)]
    read_video(data=recording(*screens, seconds=0.5), name="x.mp4")
    assert 2 <= len(read) <= MAX_FRAMES_READ


@pytest.mark.parametrize("data", [b"", b"rubbish" * 100, b"\0\0\0\x18ftypmp42" + b"\0" * 100])
def test_broken_videos_give_one_error(data):
    """Rubbish and headers without pictures are refused."""
    with pytest.raises(UnreadableFile):
        read_video(data=data, name="x.mp4")


def test_cut_off_video_gives_one_error_or_its_start():
    """Half a file is refused or read as far as it goes, never worse."""
    data = recording(form())
    try:
        read_video(data=data[: len(data) // 2], name="x.mp4")
    except UnreadableFile as error:
        assert "x.mp4" in str(error)


def scanned(*screens: Drawn) -> bytes:
    """A PDF of pictures only."""
    pages = [Image.open(io.BytesIO(s.png())).convert("RGB") for s in screens]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:], resolution=160)
    return buffer.getvalue()


def test_pages_without_text_are_rendered_and_read():
    """A scanned refusal gives its fields with their page."""
    reading = read_pdf(data=scanned(form(), refused()), name="a.pdf")
    assert reading.kind is Kind.REDEMPTION_FAILURE
    assert reading.fields["error"].value == "卡密无效"
    assert reading.fields["error"].page == 2
    assert {line.page for line in reading.lines} == {1, 2}


def test_pages_with_text_are_not_put_through_ocr(monkeypatch):
    """Text in a PDF is taken as it is, with confidence 1 and its place."""
    import typst

    monkeypatch.setattr("gongdao.evidence.pdf_pages.recognise", None)
    source = (
        "#set page(width: 400pt, height: 800pt)\n= Order\n#grid(columns: (1fr, "
        "1fr), row-gutter: 12pt, "
    )
    source += (
        "[订单号], align(right)[KM20261102140250017], [支付时间], align(right)[2026-11-02 "
        "14:03:21], "
    )
    source += "[实付金额], align(right)[98.00元], [下单时间], align(right)[2026-11-02 14:02:50])"
    data = typst.compile(source.encode())
    reading = read_pdf(data=data, name="order.pdf")
    assert reading.kind is Kind.ORDER_PAGE
    got = {k: f.value for k, f in reading.fields.items()}
    assert got["order_no"] == "KM20261102140250017"
    assert got["paid_at"] == "2026-11-02 14:03:21"
    assert got["amount"] == "98.00"
    assert all(line.confidence == 1 and line.page == 1 for line in reading.lines)


def test_encrypted_pdf_says_so():
    """A password is named as the reason, with what to do."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scanned(form()))))
    writer.encrypt("secret", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(UnreadableFile, match="密码"):
        read_pdf(data=buffer.getvalue(), name="a.pdf")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\0" * 2000, b"no pdf"])
def test_broken_pdfs_give_one_error(data):
    """Rubbish is refused by one clear error."""
    with pytest.raises(UnreadableFile):
        read_pdf(data=data, name="a.pdf")


@pytest.mark.parametrize("kind", ["WEBP", "HEIF"])
def test_other_picture_formats(kind):
    """WebP and HEIC are read like PNG."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Image.open(io.BytesIO(refused().png())).save(buffer, kind, quality=85)
    reading = read_picture(data=buffer.getvalue(), name="a.webp")
    assert reading.fields["error"].value == "卡密无效"
    assert reading.fields["at"].value == "2026-11-02 16:45:12"
