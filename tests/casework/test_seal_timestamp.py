"""Time-stamps at sealing: taken when good, refused with one clear error when not."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.casework.local_tsa import LocalTsa, Served, openssl
from tests.casework.sample_case import AS_OF

from gongdao.casework.seal import seal_case
from gongdao.core.errors import SealError
from gongdao_verify.check import ANCHORED, INTACT, UNANCHORED, verify
from gongdao_verify.main import read_roots


def test_a_good_stamp_anchors_the_file_and_openssl_agrees(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa
) -> None:
    """With the pinned root it is ANCHORED for us and `Verification: OK` for `openssl ts`."""
    out = tmp_path / "a.zip"
    with Served(tsa) as url:
        sealed = seal_case(
            folder=folder, report=report, as_of=AS_OF, out=out, tsa_url=url, tsa_roots=[tsa.roots]
        )
    assert sealed.timestamp is not None and sealed.timestamp.trusted
    assert sealed.timestamp.authority == "测试时间戳机构"
    verdict = verify(out, read_roots(tsa.roots))
    assert (verdict.state, verdict.anchor.state) == (INTACT, ANCHORED)
    assert verdict.anchor.at == sealed.timestamp.at
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "u", ["seal.sha256", "seal.tsr"])
    command = [openssl() or "", "ts", "-verify", "-data", "seal.sha256", "-in", "seal.tsr"]
    done = subprocess.run(
        [*command, "-CAfile", str(tsa.roots)], cwd=tmp_path / "u", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "u" / "seal.sha256").write_bytes(b"other")
    done = subprocess.run(
        [*command, "-CAfile", str(tsa.roots)], cwd=tmp_path / "u", capture_output=True, check=False
    )
    assert done.returncode != 0


def test_only_the_stamp_differs_between_two_seals(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa
) -> None:
    """Same input, same bytes, time-stamps apart."""
    members = []
    with Served(tsa) as url:
        for name in ("a", "b"):
            out = tmp_path / name
            seal_case(folder=folder, report=report, as_of=AS_OF, out=out, tsa_url=url)
            with zipfile.ZipFile(out) as archive:
                members.append({n: archive.read(n) for n in archive.namelist()})
    assert members[0].pop("seal.tsr") != members[1].pop("seal.tsr")
    assert members[0] == members[1]


def test_without_roots_it_is_taken_but_not_trusted(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa
) -> None:
    """Nobody said whom to trust: the stamp goes in, the verifier says UNANCHORED and why."""
    out = tmp_path / "a.zip"
    with Served(tsa) as url:
        sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=out, tsa_url=url)
    assert sealed.timestamp is not None and not sealed.timestamp.trusted
    verdict = verify(out)
    assert (verdict.exit_code, verdict.anchor.state, verdict.anchor.reason) == (
        0,
        UNANCHORED,
        "no_roots",
    )


@pytest.mark.parametrize(
    "mode",
    ["rubbish", "empty", "error", "redirect", "huge", "other", "refuse", "cut", "silence", "drip"],
)
def test_a_bad_authority_gives_one_clear_error(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa, mode: str
) -> None:
    """Rubbish, another file's stamp, a refusal, silence, dripping bytes: no file is written."""
    tsa.mode = mode
    asked: dict[str, Any] = {"folder": folder, "report": report, "as_of": AS_OF, "patience_s": 1.0}
    with Served(tsa) as url:
        with pytest.raises(SealError, match="时间戳机构"):
            seal_case(**asked, out=tmp_path / "a.zip", tsa_url=url, tsa_roots=[tsa.roots])
        assert not (tmp_path / "a.zip").exists()
        sealed = seal_case(**asked, out=tmp_path / "b.zip", tsa_url=url, unanchored_ok=True)
    assert sealed.timestamp is None and "时间戳机构" in sealed.timestamp_problem
    assert verify(tmp_path / "b.zip").anchor.reason == "no_stamp"


def test_an_answer_to_an_earlier_request_is_refused(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa
) -> None:
    """A replayed answer has the right digest but not our number."""
    tsa.mode = "replay"
    asked: dict[str, Any] = {"folder": folder, "report": report, "as_of": AS_OF}
    with Served(tsa) as url:
        seal_case(**asked, out=tmp_path / "a.zip", tsa_url=url)
        with pytest.raises(SealError, match="不是对这次请求"):
            seal_case(**asked, out=tmp_path / "b.zip", tsa_url=url)


def test_a_stranger_is_refused_when_roots_are_given(
    folder: Path, report: dict[str, Any], tmp_path: Path, tsa: LocalTsa
) -> None:
    """A sound stamp of an authority outside the given roots is an error, not a silent anchor."""
    (tmp_path / "other").mkdir()
    stranger = LocalTsa(tmp_path / "other", kind="ec")
    with Served(tsa) as url, pytest.raises(SealError, match="根证书"):
        seal_case(
            folder=folder,
            report=report,
            as_of=AS_OF,
            out=tmp_path / "a.zip",
            tsa_url=url,
            tsa_roots=[stranger.roots],
        )


def test_nobody_at_home(folder: Path, report: dict[str, Any], tmp_path: Path) -> None:
    """A closed port is an error at once."""
    with pytest.raises(SealError, match="联系不上"):
        seal_case(
            folder=folder,
            report=report,
            as_of=AS_OF,
            out=tmp_path / "a.zip",
            tsa_url="http://127.0.0.1:9/tsr",
        )
