"""Sealing: the same bytes, whole or not at all, and standard tools agree."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket
import subprocess
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.casework.sample_case import AS_OF, FILES, SECRET, make_folder, make_report

from gongdao.casework import seal as seal_module
from gongdao.casework.index_pdf import index_data
from gongdao.casework.mask import masker
from gongdao.casework.seal import seal_case
from gongdao.core.errors import ArgumentError, CaseFolderError, GongdaoError, SealError
from gongdao_verify.check import verify


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pdf_text(data: bytes) -> str:
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(data)).pages
    return "".join(page.extract_text() for page in pages).replace("\u200b", "")


def test_everything_is_inside_and_originals_are_untouched(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """Each file of the three folders goes in byte for byte; hidden and stray files do not."""
    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
    inside = _members(sealed.path)
    for name, data in FILES.items():
        assert inside["case.toml" if name == "case.toml" else f"originals/{name}"] == data
    assert {n for n in inside if not n.startswith("originals/")} == {
        "README.txt",
        "case.toml",
        "evidence-list.csv",
        "index.pdf",
        "letters/demand.docx",
        "letters/demand.txt",
        "letters/payment.docx",
        "letters/payment.txt",
        "manifest.sha256",
        "manifest.sm3",
        "report.json",
        "seal.sha256",
        "timeline.csv",
    }
    assert tuple(sorted(inside, key=str.encode)) == sealed.files == tuple(inside)
    assert hashlib.sha256(inside["manifest.sha256"]).hexdigest() == sealed.manifest_sha256
    assert hashlib.sha256(inside["seal.sha256"]).hexdigest() == sealed.seal_sha256
    assert verify(sealed.path).exit_code == 0


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Another folder, file times, key order and spelling of the same instant change nothing."""
    digests = set()
    for number in range(2):
        place = tmp_path / str(number)
        place.mkdir()
        folder, report = make_folder(place), make_report()
        if number:
            os.utime(folder / "case.toml", (1, 1))
            report = dict(reversed(report.items()))
        as_of = (
            AS_OF
            if number
            else AS_OF.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+00:00").tzinfo)
        )
        out = place / "x.zip"
        seal_case(folder=folder, report=report, as_of=as_of, out=out)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_another_as_of_gives_other_bytes(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """The control of the test above: the date does reach the file."""
    for name, as_of in (("a", AS_OF), ("b", AS_OF + timedelta(days=1))):
        seal_case(folder=folder, report=report, as_of=as_of, out=tmp_path / name)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_coreutils_agree(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """`sha256sum -c` and, where it can, `cksum -a sm3 -c` accept it, and refuse a changed file."""
    if shutil.which("sha256sum") is None or shutil.which("unzip") is None:
        pytest.skip("sha256sum or unzip is not installed: agreement was NOT checked")
    seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
    place = tmp_path / "unpacked"
    subprocess.run(["unzip", "-q", tmp_path / "a.zip", "-d", place], check=True)
    checks = [["sha256sum", "--strict", "-c", f] for f in ("manifest.sha256", "seal.sha256")]
    probe = subprocess.run(["cksum", "-a", "sm3", "/dev/null"], capture_output=True, check=False)
    if probe.returncode == 0:
        checks.append(["cksum", "-a", "sm3", "-c", "manifest.sm3"])
    for check in checks:
        done = subprocess.run(check, cwd=place, capture_output=True, check=False)
        assert done.returncode == 0, (check, done.stderr)
    (place / "originals/during/receipt.png").write_bytes(b"other")
    for check in (checks[0], *checks[2:]):
        assert subprocess.run(check, cwd=place, capture_output=True, check=False).returncode == 1


def test_index_prints_digest_and_no_secret(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """The PDF has the manifest's digest in full and the order number; no list shows the secret."""
    out = tmp_path / "a.zip"
    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    inside = _members(out)
    text = _pdf_text(inside["index.pdf"])
    plain = "".join(text.split())
    assert sealed.manifest_sha256 in plain
    assert hashlib.sha256(inside["manifest.sha256"]).hexdigest() in plain
    assert "KM20261102140250017" in plain and "证据目录" in plain and "本卷宗不证明什么" in plain
    for printed in (text, *(inside[n].decode() for n in ("timeline.csv", "evidence-list.csv"))):
        assert SECRET not in printed and SECRET.replace("-", "") not in printed
        assert "KM7Q****" in printed
    assert inside["index.pdf"].startswith(b"%PDF-") and b"pdfaid" in inside["index.pdf"]


def test_the_qr_code_says_the_digest(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """Rendered as a phone would see it and decoded, it is the digest that is printed beside it."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not here: the QR code was NOT decoded")
    import numpy
    import pypdfium2

    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
    document = pypdfium2.PdfDocument(_members(sealed.path)["index.pdf"])
    found = set()
    for page in document:
        picture = numpy.array(page.render(scale=2.5).to_pil().convert("L"))
        found.add(cv2.QRCodeDetector().detectAndDecode(picture)[0])
    document.close()
    assert f"sha256:{sealed.manifest_sha256}" in found


def test_secrets_are_masked_in_every_spelling() -> None:
    """Without dashes, with blanks, in small letters, or merely of a secret's shape."""
    mask = masker(make_report())
    for text in (SECRET, "KM7Q2D9X8H4TPLW3", "km7q 2d9x 8h4t plw3", "AB3D-9K2M-QW4R-7Y6T"):
        assert "****" in mask(f"卡密{text}。") and text not in mask(f"卡密{text}。")
    assert mask("订单 KM20261102140250017，98.00 元") == "订单 KM20261102140250017，98.00 元"


def test_an_existing_file_is_replaced_only_when_asked(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """Without ``overwrite`` the old file stays; with it the new one is whole."""
    out = tmp_path / "a.zip"
    out.write_bytes(b"old")
    with pytest.raises(ArgumentError):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    assert out.read_bytes() == b"old"
    seal_case(folder=folder, report=report, as_of=AS_OF, out=out, overwrite=True)
    assert verify(out).exit_code == 0


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failure_leaves_nothing_behind(
    folder: Path,
    report: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    overwrite: bool,
) -> None:
    """A full disk in the middle: an error, the old file as it was, no half file, no leftovers."""
    out = tmp_path / "out" / "a.zip"
    out.parent.mkdir()
    if overwrite:
        out.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(seal_module, "_copy", full)
    with pytest.raises(SealError, match="No space"):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=out, overwrite=overwrite)
    assert [p.name for p in out.parent.iterdir()] == (["a.zip"] if overwrite else [])
    assert not overwrite or out.read_bytes() == b"old"


def test_a_file_that_changes_meanwhile_is_noticed(
    folder: Path, report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written to between hashing and copying: no seal over something nobody hashed."""
    make = seal_module._make_members

    def slow(*args: Any) -> Any:
        (folder / "during/chat.txt").write_bytes(b"other")
        return make(*args)

    monkeypatch.setattr(seal_module, "_make_members", slow)
    with pytest.raises(SealError, match=r"during/chat\.txt"):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_file_that_changed_since_the_check_is_refused(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """The report's digests must be those of the files, or report and originals disagree."""
    report["exhibits"]["during/chat.txt"] = {"sha256": "0" * 64}
    with pytest.raises(SealError, match=r"during/chat\.txt"):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")


@pytest.mark.parametrize("target", ["before/link.png", "case.toml", "after", "during/pipe"])
def test_links_and_special_files_are_refused(
    folder: Path, report: dict[str, Any], tmp_path: Path, target: str
) -> None:
    """A link could bring in any file of the machine, a pipe could hang: one clear error each."""
    at = folder / target
    if at.is_dir():
        shutil.rmtree(at)
    at.unlink(missing_ok=True)
    if target == "during/pipe":
        os.mkfifo(at)
    else:
        at.symlink_to("/etc/passwd" if target != "after" else "/etc")
    with pytest.raises(CaseFolderError, match=target):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["a\nb.png", "a\\b.png", "x" * 250 + ".png", "A.PNG", b"\xff.png"])
def test_names_that_cannot_be_kept_are_refused(
    folder: Path, report: dict[str, Any], tmp_path: Path, name: str | bytes
) -> None:
    """Control characters, backslashes, clashes by case, bytes that are no text; length is fine."""
    (folder / "after/a.png").write_bytes(b"1")
    at = os.path.join(os.fsencode(folder), b"after", os.fsencode(name))
    with open(at, "wb") as file:
        file.write(b"2")
    if len(name) > 200:
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
        return
    with pytest.raises(CaseFolderError):
        seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")


def test_bad_arguments_are_named(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """A time without zone, a place inside the evidence, a folder that is not there."""
    good: dict[str, Any] = {"folder": folder, "report": report, "as_of": AS_OF}
    for wrong in (
        {"out": tmp_path / "a.zip", "as_of": AS_OF.replace(tzinfo=None)},
        {"out": folder / "after" / "a.zip"},
        {"out": tmp_path / "none" / "a.zip"},
        {"out": tmp_path},
        {"out": tmp_path / "a.zip", "tsa_url": "file:///etc/passwd"},
        {"out": tmp_path / "a.zip", "tsa_url": "https://[::1"},
        {"out": tmp_path / "a.zip", "tsa_roots": [folder / "case.toml"]},
    ):
        with pytest.raises(ArgumentError):
            seal_case(**{**good, **wrong})
    with pytest.raises(CaseFolderError):
        seal_case(**{**good, "folder": tmp_path / "nowhere", "out": tmp_path / "a.zip"})
    assert not (tmp_path / "a.zip").exists()


def test_a_bare_report_is_enough(folder: Path, tmp_path: Path) -> None:
    """Absent parts of the report are left out of the index; every file still has its number."""
    out = tmp_path / "a.zip"
    seal_case(folder=folder, report={}, as_of=AS_OF, out=out)
    rows = _members(out)["evidence-list.csv"].decode("utf-8-sig").splitlines()
    assert len(rows) == len(FILES)  # a heading, and every file but case.toml
    assert verify(out).exit_code == 0


def test_cells_are_no_formulas(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """A spreadsheet that opens the lists must not run what a chat said."""
    report["timeline"][0]["what"] = "=HYPERLINK(1)"
    report["evidence_list"][0]["title"] = "@SUM(A1)"
    out = tmp_path / "a.zip"
    seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    inside = _members(out)
    assert ",'=HYPERLINK(1)," in inside["timeline.csv"].decode()
    assert ",'@SUM(A1)," in inside["evidence-list.csv"].decode()


def test_letters_are_the_same_in_text_and_docx(
    folder: Path, report: dict[str, Any], tmp_path: Path
) -> None:
    """The DOCX opens, holds the whole letter, and names no author and no time but ``as_of``."""
    import docx

    out = tmp_path / "a.zip"
    seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    inside = _members(out)
    document = docx.Document(io.BytesIO(inside["letters/demand.docx"]))
    text = "\n".join(p.text for p in document.paragraphs)
    assert text.split() == inside["letters/demand.txt"].decode().split()
    with zipfile.ZipFile(io.BytesIO(inside["letters/demand.docx"])) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert document.core_properties.author == ""
    assert document.core_properties.created.isoformat()[:19] == "2026-11-20T02:00:00"


_NASTY = st.text(max_size=80) | st.sampled_from(
    ['#eval("1")', "$x$", "😀\u200d\u202e", "\x00\x1b[31m", "A" * 3000, "字" * 3000, "\ud800"]
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(_NASTY, min_size=8, max_size=8), junk=_NASTY)
def test_no_text_breaks_the_index(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], junk: str
) -> None:
    """Whatever people or merchants wrote, the file is sealed, and the verifier accepts it."""
    place = tmp_path_factory.mktemp("nasty")
    folder, report = make_folder(place), make_report()
    case, row, exhibit = report["case"], report["timeline"][0], report["evidence_list"][0]
    case["platform"], case["order_no"], row["what"], row["who"] = texts[:4]
    exhibit["title"], exhibit["proves"], report["warnings"], row["at"] = texts[4:]
    report["warnings"] = [texts[6]]
    report["letters"]["demand"]["text"] = texts[0] + "\n" + texts[1]
    report["stages"], report["next_steps"] = junk, [{"code": junk, "why": junk}, junk]
    seal_case(folder=folder, report=report, as_of=AS_OF, out=place / "a.zip")
    assert verify(place / "a.zip").exit_code == 0


def test_missing_glyphs_become_boxes(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """A character that no font has is shown as □ and the rest of its line survives."""
    report["warnings"] = ["前😀后", "甲\u0e01乙"]
    out = tmp_path / "a.zip"
    seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    text = _pdf_text(_members(out)["index.pdf"])
    assert "前□后" in text and "甲□乙" in text


def test_figure_places_exhibits_by_stage() -> None:
    """The figure of stages and elements lists evidence numbers where the file lies."""
    report = make_report()
    evidence = [
        {
            "no": 7,
            "exhibit": "after/card.png",
            "title": "",
            "source": "",
            "proves": "",
            "original": "",
            "stage": "",
            "sha256": "0" * 64,
        }
    ]
    data = index_data(report, evidence, {}, AS_OF, str)
    rows = {row["name"]: row for row in data["elements"]}
    assert rows["违约"]["cells"] == [[], [], ["7"]] and rows["违约"]["state"] == "weak"
    assert rows["对方自认"]["state"] == "proven" and rows["对方身份"]["word"] == "尚缺"


def test_sealing_needs_no_network(
    folder: Path, report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a time-stamp address not even a socket is made."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", never)
    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=tmp_path / "a.zip")
    assert sealed.timestamp is None


def test_errors_are_of_the_one_tree() -> None:
    """Whoever catches GongdaoError catches all that sealing raises on purpose."""
    assert all(issubclass(e, GongdaoError) for e in (SealError, CaseFolderError, ArgumentError))
