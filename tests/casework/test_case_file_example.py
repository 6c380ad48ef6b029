"""The worked example of docs/formats/case-file.md is what sealing makes, digit by digit."""

from __future__ import annotations

import json
import re
import zipfile
from hashlib import sha256
from pathlib import Path

from tests.casework.sample_case import AS_OF

from gongdao.casework.seal import seal_case
from gongdao_verify.check import INTACT, verify

PAGE = Path(__file__).resolve().parents[2] / "docs/formats/case-file.md"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/late-then-invalid"


def test_the_documents_example_is_true(tmp_path: Path) -> None:
    """Its case.toml, chat and report give its manifest, its digest and its list of entries."""
    text = PAGE.read_text("utf-8")
    blocks = dict(re.findall(r"^```\w+ (\S[^\n]*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    folder = tmp_path / "case"
    for name in ("case.toml", "during/chat.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(blocks[name].encode())
    out = tmp_path / "a.zip"
    report = json.loads(blocks["report.json"])
    sealed = seal_case(folder=folder, report=report, as_of=AS_OF, out=out)
    with zipfile.ZipFile(out) as archive:
        assert archive.read("manifest.sha256").decode() == blocks["manifest.sha256"]
        assert archive.read("report.json").decode() == blocks["report.json"]
        listed = text.split("come ten entries: ")[1].split(". The first")[0]
        assert re.findall(r"`([^`]+)`", listed) == archive.namelist()
    assert sealed.manifest_sha256 == blocks["manifest digest"].strip()
    assert sha256(blocks["manifest.sha256"].encode()).hexdigest() == sealed.manifest_sha256


def test_the_bundled_example_can_be_sealed(tmp_path: Path) -> None:
    """The example folder that the documents name is whole and seals."""
    out = tmp_path / "a.zip"
    sealed = seal_case(folder=EXAMPLE, report={}, as_of=AS_OF, out=out)
    assert verify(out).state == INTACT
    assert sum(name.startswith("originals/") for name in sealed.files) == 8
