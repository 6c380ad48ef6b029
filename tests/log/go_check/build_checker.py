"""Builds and runs the checker in Go that stands beside this file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts the library, for builds without modules."""


class Disagrees(AssertionError):
    """The checker found a fault; the text is what it said."""


def find_lack() -> str:
    """What is missing to build the checker; empty if nothing is."""
    if shutil.which("go") is None:
        return "no Go here (Debian: apt-get install golang-go golang-golang-x-mod-dev)"
    if not (LIBRARY / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        return "no golang.org/x/mod here (Debian: apt-get install golang-golang-x-mod-dev)"
    return ""


def build_checker(place: Path) -> Path:
    """The program, built in ``place``; nothing is fetched."""
    program = place / "go_check"
    own = {
        "GO111MODULE": "off",
        "GOPROXY": "off",
        "GOPATH": str(LIBRARY),
        "GOCACHE": str(place / "cache"),
    }
    kept = {name: value for name, value in os.environ.items() if name != "GOFLAGS"}
    subprocess.run(
        ["go", "build", "-o", str(program), str(HERE / "main.go")],
        env={**kept, **own},
        check=True,
        timeout=300,
    )
    return program


def run_checker(
    program: Path,
    folder: Path,
    vkey: str,
    *,
    witnesses: Sequence[str] = (),
    receipts: Sequence[Path] = (),
    proofs: Path | None = None,
) -> dict[str, int]:
    """What the checker counted in the log exported to ``folder``; Disagrees if it found a fault."""
    command = [str(program), "-vkey", vkey]
    for witness in witnesses:
        command += ["-witness", witness]
    for receipt in receipts:
        command += ["-receipt", str(receipt)]
    if proofs is not None:
        command += ["-proofs", str(proofs)]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Disagrees(done.stderr.strip())
    return dict(json.loads(done.stdout))
