"""`gongdao-verify FILE`: exit code 0 intact, 1 altered, 2 unreadable (or used wrongly)."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from gongdao_verify.chain import CERTIFICATE_ERRORS
from gongdao_verify.check import ANCHORED, UNREADABLE, Verdict, verify
from gongdao_verify.words import LANGUAGES, NOT_PROVEN, plain, say

_MOST_ROOTS_BYTES = 4 << 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code and raises nothing for bad input."""
    asked = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    roots: list[x509.Certificate] = []
    for path in asked.tsa_roots:
        try:
            roots += read_roots(path)
        except (OSError, *CERTIFICATE_ERRORS) as error:
            print(say("bad_roots", asked.lang) + plain(f"{path}: {error}"), file=sys.stderr)
            return 2
    verdict = verify(asked.file, roots)
    if asked.json:
        answer = json.dumps(as_json(verdict, asked.lang), ensure_ascii=False, indent=2)
    else:
        answer = "\n".join(as_lines(verdict, asked.lang))
    try:
        print(answer, flush=True)
    except BrokenPipeError:
        # The reader went away (``| head``); the exit code still tells.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return verdict.exit_code


def read_roots(path: Path) -> list[x509.Certificate]:
    """The PEM certificates in the file at ``path``; OSError or ValueError if there are none."""
    with path.open("rb") as file:
        pem = file.read(_MOST_ROOTS_BYTES)
    return x509.load_pem_x509_certificates(pem)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gongdao-verify",
        description="核对封存卷宗 / check a sealed case file. "
        "退出码 / exit code: 0 完好 intact, 1 已改动 altered, 2 无法读取 unreadable.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="卷宗 / the case file (.zip)")
    parser.add_argument(
        "--tsa-roots",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="你信任的时间戳根证书 / time-stamp root certificates that you trust; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="机器可读 / machine-readable")
    parser.add_argument("--lang", choices=LANGUAGES, default="zh", help="语言 / language")
    return parser


def not_proven(verdict: Verdict) -> list[str]:
    """The keys of what stays unproven, as the verdict stands."""
    last = "np_revoked" if verdict.anchor.state == ANCHORED else "np_sealed_when"
    return [*NOT_PROVEN, last]


def as_lines(verdict: Verdict, language: str) -> list[str]:
    """The verdict in words, a line each."""
    if verdict.state == UNREADABLE:
        detail = f" ({plain(verdict.detail)})" if verdict.detail else ""
        return [say(UNREADABLE, language), "  " + say(verdict.problem, language) + detail]
    lines = [say(verdict.state, language)]
    for finding in verdict.findings:
        detail = f" ({plain(say(finding.detail, language))})" if finding.detail else ""
        name = plain(finding.name) or "-"
        lines.append(f"  - {name}: {say(finding.kind, language)}{detail}")
    lines += _anchor_lines(verdict, language)
    lines.append(f"{say('files', language)}: {verdict.files}")
    if verdict.manifest_sha256:
        lines.append(f"{say('manifest_hash', language)}:")
        lines.append(f"  {verdict.manifest_sha256}")
    lines.append(say("not_proven", language))
    return lines + [f"  - {say(key, language)}" for key in not_proven(verdict)]


def _anchor_lines(verdict: Verdict, language: str) -> list[str]:
    anchor = verdict.anchor
    at = anchor.at.strftime("%Y-%m-%d %H:%M:%S UTC") if anchor.at else "?"
    who = plain(anchor.authority) or "?"
    if anchor.state == ANCHORED:
        return [say(ANCHORED, language).format(at=at, authority=who)]
    reason = say(anchor.reason, language).format(at=at, authority=who)
    return [say(anchor.state, language), f"  {reason}"]


def as_json(verdict: Verdict, language: str) -> dict[str, Any]:
    """The verdict as one JSON object: codes for machines, with the sentences beside them."""
    anchor = verdict.anchor
    return {
        "version": 1,
        "state": verdict.state,
        "exit_code": verdict.exit_code,
        "problem": verdict.problem or None,
        "findings": [
            {"kind": f.kind, "file": f.name, "detail": f.detail or None} for f in verdict.findings
        ],
        "anchor": {
            "state": anchor.state,
            "reason": anchor.reason or None,
            "at": anchor.at.isoformat() if anchor.at else None,
            "authority": anchor.authority or None,
            "root_sha256": anchor.detail or None,
        },
        "files": verdict.files,
        "manifest_sha256": verdict.manifest_sha256 or None,
        "seal_sha256": verdict.seal_sha256 or None,
        "not_proven": [say(key, language) for key in not_proven(verdict)],
    }
