"""Whatever is changed in a case file is found and named; what cannot be read is said to be so."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gongdao_verify.check import ALTERED, INTACT, UNREADABLE, Verdict, verify
from gongdao_verify.main import main

Members = dict[str, bytes]
_SETTINGS = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@functools.cache
def _members(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(path: Path, members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def _kinds(verdict: Verdict) -> set[tuple[str, str]]:
    return {(finding.name, finding.kind) for finding in verdict.findings}


def _reseal(members: Members) -> Members:
    """Lists and seal made anew over ``members``, as a forger would."""
    outside = {"index.pdf", "manifest.sha256", "manifest.sm3", "seal.sha256"}
    from gongdao.core.digest import digest_bytes

    body = {n: digest_bytes(d) for n, d in members.items() if n not in outside}
    names = sorted(body, key=str.encode)
    new = dict(members)
    new["manifest.sha256"] = "".join(f"{body[n].sha256}  {n}\n" for n in names).encode()
    new["manifest.sm3"] = "".join(f"{body[n].sm3}  {n}\n" for n in names).encode()
    covered = sorted(outside - {"seal.sha256"})
    new["seal.sha256"] = "".join(
        f"{hashlib.sha256(new[n]).hexdigest()}  {n}\n" for n in covered
    ).encode()
    return new


@_SETTINGS
@given(choice=st.randoms(use_true_random=False))
def test_a_flipped_byte_in_any_member_is_found(
    sealed: Path, tmp_path: Path, choice: random.Random
) -> None:
    """Re-zipped with right checksums, so that only the lists can tell."""
    members = dict(_members(sealed))
    name = choice.choice([n for n, d in members.items() if d])
    data = bytearray(members[name])
    data[choice.randrange(len(data))] ^= choice.randrange(1, 256)
    members[name] = bytes(data)
    verdict = verify(_zip(tmp_path / "x.zip", members.items()))
    assert verdict.state == ALTERED
    if name not in ("seal.sha256", "manifest.sha256", "manifest.sm3"):
        assert (name, "changed") in _kinds(verdict)


@_SETTINGS
@given(choice=st.randoms(use_true_random=False))
def test_a_flipped_byte_anywhere_in_the_file_is_found_or_harmless(
    sealed: Path, tmp_path: Path, choice: random.Random
) -> None:
    """Raw bytes of the zip: refused, altered, or every member still reads the same."""
    data = bytearray(sealed.read_bytes())
    data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)
    out = tmp_path / "x.zip"
    out.write_bytes(data)
    if verify(out).state == INTACT:
        with zipfile.ZipFile(out) as archive:
            read = {name: archive.read(name) for name in archive.namelist()}
        assert read == _members(sealed)


def test_each_member_removed_added_or_renamed_is_named(sealed: Path, tmp_path: Path) -> None:
    """For every single member: without it, with a stranger beside it, under another name."""
    members = _members(sealed)
    out = tmp_path / "x.zip"
    for name, data in members.items():
        others = {n: d for n, d in members.items() if n != name}
        removed = verify(_zip(out, others.items()))
        assert removed.state == ALTERED and (name, "missing") in _kinds(removed)
        renamed = verify(_zip(out, {**others, name + "x": data}.items()))
        assert {(name, "missing"), (name + "x", "added")} <= _kinds(renamed)
    added = verify(_zip(out, {**members, "originals/after/new.png": b"1"}.items()))
    assert _kinds(added) == {("originals/after/new.png", "added")}


def test_two_swapped_files_are_found(sealed: Path, tmp_path: Path) -> None:
    """Same bytes in all, but under each other's names."""
    members = dict(_members(sealed))
    a, b = "originals/before/listing.png", "originals/after/card.png"
    members[a], members[b] = members[b], members[a]
    assert _kinds(verify(_zip(tmp_path / "x.zip", members.items()))) == {
        (a, "changed"),
        (b, "changed"),
    }


def test_a_half_forged_file_is_found(sealed: Path, tmp_path: Path) -> None:
    """New lists under the old seal; or the SHA-256 list mended and the SM3 list forgotten."""
    old = _members(sealed)
    forged = _reseal({**old, "originals/during/chat.txt": b"other"})
    out = tmp_path / "x.zip"
    kinds = _kinds(verify(_zip(out, {**forged, "seal.sha256": old["seal.sha256"]}.items())))
    assert kinds == {("manifest.sha256", "changed"), ("manifest.sm3", "changed")}
    forged["manifest.sm3"] = old["manifest.sm3"]
    kinds = _kinds(verify(_zip(out, forged.items())))
    assert ("originals/during/chat.txt", "changed") in kinds


def test_a_whole_new_seal_is_intact_but_unanchored(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What hashes alone can never tell, the verifier says aloud."""
    forged = _reseal({**_members(sealed), "originals/during/chat.txt": b"other"})
    out = _zip(tmp_path / "x.zip", forged.items())
    assert main([str(out)]) == 0
    assert "UNANCHORED" in capsys.readouterr().out


def test_re_zipped_by_another_tool_is_still_intact(sealed: Path, tmp_path: Path) -> None:
    """Deflated, other order, other times, folder entries: the files are what counts."""
    out = tmp_path / "x.zip"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("originals/", b"")
        for name, data in reversed(_members(sealed).items()):
            archive.writestr(name, data)
    assert verify(out).state == INTACT


def test_streamed_zip_is_still_intact(sealed: Path, tmp_path: Path) -> None:
    """Written to a pipe, sizes follow the data; that is odd but honest."""

    class Pipe:
        def __init__(self, path: Path) -> None:
            self.file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self.file.write(data)

        def flush(self) -> None:
            self.file.flush()

    pipe = Pipe(tmp_path / "x.zip")
    # A pipe can do without seek, whatever the types say.
    with zipfile.ZipFile(cast(Any, pipe), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _members(sealed).items():
            archive.writestr(name, data)
    pipe.file.close()
    assert verify(tmp_path / "x.zip").state == INTACT


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../evil", "unsafe_name"),
        ("/etc/passwd", "unsafe_name"),
        ("a\\b", "unsafe_name"),
        ("C:x", "unsafe_name"),
        ("a/../b", "unsafe_name"),
        ("a\x1b[2Jb", "unsafe_name"),
        ("README.TXT", "ambiguous_name"),
        ("originals/before/LISTING.png", "ambiguous_name"),
        ("README.txt", "duplicate"),
    ],
)
def test_names_made_to_deceive_are_found(
    sealed: Path, tmp_path: Path, name: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Traversal, absolute, twice the same, alike but for case: found, and printed harmlessly."""
    members = [*_members(sealed).items(), (name, b"x")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        out = _zip(tmp_path / "x.zip", members)
    verdict = verify(out)
    assert verdict.state == ALTERED and (name, kind) in _kinds(verdict)
    assert main([str(out), "--lang", "en"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_link_is_found(sealed: Path, tmp_path: Path) -> None:
    """A symbolic link entry, even under a listed name with the listed bytes."""
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = []
    for name, data in _members(sealed).items():
        info = zipfile.ZipInfo(name)
        info.external_attr = (0o120777 if name == "case.toml" else 0o100644) << 16
        members.append((info, data))
    assert _kinds(verify(_zip(tmp_path / "x.zip", members))) == {("case.toml", "special")}


def _before(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


def _after(data: bytes) -> bytes:
    return data + b"tail"


def _comment(data: bytes) -> bytes:
    return data[:-2] + struct.pack("<H", 4) + b"note"


def _between(data: bytes) -> bytes:
    """Bytes between the last entry and the directory, with the directory's place mended."""
    start = struct.unpack("<L", data[-6:-2])[0]
    end = data[-22:-6] + struct.pack("<L", start + 6) + data[-2:]
    return data[:start] + b"hidden" + data[start:-22] + end


def _other_local_name(data: bytes) -> bytes:
    return data.replace(b"README.txt", b"readme.txt", 1)


@pytest.mark.parametrize("trick", [_before, _after, _comment, _between, _other_local_name])
def test_bytes_that_belong_to_no_file_are_found(
    sealed: Path, tmp_path: Path, trick: Callable[[bytes], bytes]
) -> None:
    """Readers that start at the front and readers that start at the end must see the same."""
    out = tmp_path / "x.zip"
    out.write_bytes(trick(sealed.read_bytes()))
    assert verify(out).exit_code != 0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no list",
        "0" * 64 + " one-blank",
        "0" * 63 + "  short",
        "0" * 64 + "  ../up",
        "A" * 64 + "  capital",
        "\\" + "0" * 64 + "  escaped",
        "0" * 64 + "  README.txt",
        "0" * 64 + "  aaa",
    ],
)
@pytest.mark.parametrize("name", ["manifest.sha256", "manifest.sm3"])
def test_malformed_lists_are_found(sealed: Path, tmp_path: Path, name: str, line: str) -> None:
    """Even where seal and all digests fit: a list that tools read differently is no list."""
    members = _reseal(_members(sealed))
    members[name] += (line + "\n").encode()
    covered = ("index.pdf", "manifest.sha256", "manifest.sm3")
    members["seal.sha256"] = "".join(
        f"{hashlib.sha256(members[n]).hexdigest()}  {n}\n" for n in covered
    ).encode()
    assert (name, "bad_list") in _kinds(verify(_zip(tmp_path / "x.zip", members.items())))


@pytest.mark.parametrize(("at", "what"), [(10, "time"), (6, "flags"), (4, "version")])
def test_two_descriptions_of_one_entry_are_found(
    sealed: Path, tmp_path: Path, at: int, what: str
) -> None:
    """A header before the data that disagrees with the directory, in whatever point."""
    data = bytearray(sealed.read_bytes())
    data[at] ^= 2
    (tmp_path / "x.zip").write_bytes(data)
    assert ("README.txt", "header") in _kinds(verify(tmp_path / "x.zip")), what


def test_a_seal_must_cover_both_lists_and_the_index(sealed: Path, tmp_path: Path) -> None:
    """A seal with one line less would leave that file free."""
    for skipped in range(3):
        members = dict(_members(sealed))
        lines = members["seal.sha256"].splitlines(keepends=True)
        members["seal.sha256"] = b"".join(ln for i, ln in enumerate(lines) if i != skipped)
        verdict = verify(_zip(tmp_path / "x.zip", members.items()))
        assert ("seal.sha256", "bad_list") in _kinds(verdict)


def test_unreadable_things_are_exit_2(sealed: Path, tmp_path: Path) -> None:
    """Nothing, a folder, no zip, a cut-off one, another zip: 2, one reason, no traceback."""
    cut, text, other, none = (tmp_path / n for n in ("cut", "text", "other", "none"))
    cut.write_bytes(sealed.read_bytes()[:-200])
    text.write_text("PK hello")
    _zip(other, [("a.txt", b"1")])
    for path in (cut, text, other, none, tmp_path):
        assert main([str(path)]) == 2
        assert main([str(path), "--json"]) == 2
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert verify(fifo).problem == "not_a_file"


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """300 MB of zeros in 300 kB: refused by the declared sizes, in no time."""
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("seal.sha256", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(1 << 20))
    assert verify(bomb).problem == "bomb"


def test_a_lying_bomb_yields_no_more_than_it_declares(sealed: Path, tmp_path: Path) -> None:
    """Declared as 10 bytes, inflating to 50 MB: it is damaged, and little of it is read."""
    out = tmp_path / "x.zip"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _members(sealed).items():
            archive.writestr(name, bytes(50 << 20) if name == "case.toml" else data)
    data = out.read_bytes().replace(struct.pack("<L", 50 << 20), struct.pack("<L", 10))
    out.write_bytes(data)
    verdict = verify(out)
    assert verdict.state == ALTERED and ("case.toml", "changed") in _kinds(verdict)


def test_encrypted_and_overlapping_entries_are_unreadable(sealed: Path, tmp_path: Path) -> None:
    """Neither can be judged, so neither is."""
    data = sealed.read_bytes()
    at = struct.unpack("<L", data[-6:-2])[0]  # the directory; letters are zips and have their own
    out = tmp_path / "x.zip"
    out.write_bytes(data[: at + 8] + b"\x01" + data[at + 9 :])
    assert verify(out).problem == "encrypted"
    second = data.index(b"PK\x01\x02", at + 4)
    out.write_bytes(data[: second + 42] + bytes(4) + data[second + 46 :])
    assert verify(out).problem in ("overlap", "not_a_zip")


@_SETTINGS
@given(data=st.binary(max_size=400), end=st.booleans())
def test_rubbish_never_raises(tmp_path: Path, data: bytes, end: bool) -> None:
    """Any bytes, with or without a zip's end: exit code 2 or 1, never an exception."""
    out = tmp_path / "x.zip"
    out.write_bytes(b"PK\x03\x04" + data + (b"PK\x05\x06" + bytes(18) if end else b""))
    assert verify(out).state in (UNREADABLE, ALTERED)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_says_what_is_not_proven(
    sealed: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In both languages, in words and in JSON, with the manifest's digest for comparing."""
    assert main([str(sealed), "--lang", lang]) == 0
    text = capsys.readouterr().out
    assert "UNANCHORED" in text and ("未被证明" if lang == "zh" else "NOT proven") in text
    assert main([str(sealed), "--lang", lang, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["manifest_sha256"] in text and len(answer["not_proven"]) == 7
    assert (answer["state"], answer["anchor"]["state"]) == ("intact", "unanchored")


def test_no_content_is_printed(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Originals hold card secrets: the verifier shows names and digests only."""
    main([str(sealed), "--json"])
    main([str(sealed)])
    assert "2D9X" not in capsys.readouterr().out


def test_it_runs_as_a_module_without_gongdao(sealed: Path, tmp_path: Path) -> None:
    """Copied away from the project, with gongdao impossible to import, it does the same."""
    import shutil

    import gongdao_verify

    source = Path(gongdao_verify.__file__).parent
    shutil.copytree(source, tmp_path / "gongdao_verify")
    (tmp_path / "gongdao.py").write_text("raise SystemExit('the verifier imported gongdao')")
    done = subprocess.run(
        [sys.executable, "-m", "gongdao_verify", str(sealed)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr


def test_bad_roots_are_exit_2(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of roots that holds none is an error, not an empty trust."""
    assert main([str(sealed), "--tsa-roots", str(sealed)]) == 2
    assert main([str(sealed), "--tsa-roots", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err


def test_a_reader_that_goes_away_does_not_matter(sealed: Path) -> None:
    """With its output closed at once, the command still exits 0 and prints no traceback."""
    code = "import sys; from gongdao_verify.main import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(sealed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(timeout=60), said) == (0, b"")
