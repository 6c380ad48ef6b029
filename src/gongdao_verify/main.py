"""`gongdao-verify FILE`: exit code 0 intact or consistent, 1 altered or invalid, 2 unreadable (or
used wrongly). FILE is a case file, a receipt or promise of the public log, or a verdict of the
market; `--fork` compares checkpoints."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from gongdao_verify import order_form
from gongdao_verify.chain import CERTIFICATE_ERRORS
from gongdao_verify.check import ANCHORED, UNREADABLE, Verdict, verify
from gongdao_verify.fork import judge_fork
from gongdao_verify.log_verdict import judge_receipt
from gongdao_verify.order_verdict import judge_order
from gongdao_verify.promise import HEADER as PROMISE_HEADER
from gongdao_verify.promise import judge_promise
from gongdao_verify.receipt_extra import BadReceipt
from gongdao_verify.show_log import (
    fork_json,
    fork_lines,
    is_dated,
    log_json,
    log_lines,
    log_sentences,
    promise_json,
    promise_lines,
    unproven_lines,
)
from gongdao_verify.show_order import order_json, order_lines
from gongdao_verify.tlog_policy import BadPolicy, Policy
from gongdao_verify.tlog_proof import HEADER
from gongdao_verify.tlog_proof import MOST_BYTES as MOST_RECEIPT_BYTES
from gongdao_verify.tlog_tiles import parse_tile_path
from gongdao_verify.tree_reader import TileSource
from gongdao_verify.verdict_check import MOST_BYTES as MOST_VERDICT_BYTES
from gongdao_verify.verdict_check import check_verdict, is_verdict, verdict_json, verdict_lines
from gongdao_verify.words import LANGUAGES, NOT_PROVEN, plain, say

_MOST_ROOTS_BYTES = 4 << 20
_MOST_POLICY_BYTES = 1 << 20
_MOST_TILE_BYTES = 256 * 32
_MOST_BUNDLE_BYTES = 256 * (2 + 65535)


@dataclass(frozen=True)
class _Answer:
    """What is shown: ``json`` or ``lines``, and the exit code."""

    exit_code: int
    json: dict[str, Any]
    lines: list[str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code and raises nothing for bad input."""
    parser = _parser()
    asked = parser.parse_args(argv)
    if (asked.file is None) == (asked.fork is None):
        parser.error("FILE | --fork NOTE NOTE")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    trusted = _read_trusted(asked)
    if trusted is None:
        return 2
    answer = _answer(asked, *trusted)
    if asked.json:
        text = json.dumps(answer.json, ensure_ascii=False, indent=2)
    else:
        text = "\n".join(answer.lines)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The reader went away (``| head``); the exit code still tells.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return answer.exit_code


def _read_trusted(
    asked: argparse.Namespace,
) -> tuple[list[x509.Certificate], Policy | None] | None:
    """The roots and the policy that were named; None, after saying why, if one is unreadable."""
    roots: list[x509.Certificate] = []
    for path in asked.tsa_roots:
        try:
            roots += read_roots(path)
        except (OSError, *CERTIFICATE_ERRORS) as error:
            print(say("bad_roots", asked.lang) + plain(f"{path}: {error}"), file=sys.stderr)
            return None
    if asked.policy is None:
        return roots, None
    try:
        return roots, read_policy(asked.policy)
    except (OSError, BadPolicy) as error:
        print(say("bad_policy", asked.lang) + plain(f"{asked.policy}: {error}"), file=sys.stderr)
        return None


def read_roots(path: Path) -> list[x509.Certificate]:
    """The PEM certificates in the file at ``path``; OSError or ValueError if there are none."""
    with path.open("rb") as file:
        pem = file.read(_MOST_ROOTS_BYTES)
    return x509.load_pem_x509_certificates(pem)


def read_policy(path: Path) -> Policy:
    """The policy in the file at ``path``; OSError or BadPolicy."""
    with path.open("rb") as file:
        data = file.read(_MOST_POLICY_BYTES + 1)
    return Policy.parse(data.decode("utf-8", "surrogateescape"))


def _answer(
    asked: argparse.Namespace, roots: list[x509.Certificate], policy: Policy | None
) -> _Answer:
    language = asked.lang
    try:
        if asked.fork is not None:
            return _compare(asked, policy)
        head = _read_head(asked.file, max(len(HEADER), len(PROMISE_HEADER)))
        if head.startswith(HEADER.encode()):
            return _check_receipt(asked, roots, policy)
        if head.startswith(PROMISE_HEADER.encode()):
            return _check_promise(asked, policy)
        if head.startswith(order_form.HEADER):
            return _check_order(asked, roots, policy)
        if is_verdict(head):
            return _check_verdict(asked)
    except BadReceipt as bad:
        return _unreadable(bad.code, bad.detail, language)
    except OSError as error:
        return _unreadable("cannot_open", error.strerror or "", language)
    verdict = verify(asked.file, roots, policy)
    return _Answer(verdict.exit_code, as_json(verdict, language), as_lines(verdict, language))


def _read_head(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a plain file; none of anything else, or if it does not open."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(most)


def _unreadable(code: str, detail: str, language: str) -> _Answer:
    verdict = Verdict(UNREADABLE, problem=code, detail=detail)
    return _Answer(2, as_json(verdict, language), as_lines(verdict, language))


def _check_receipt(
    asked: argparse.Namespace, roots: list[x509.Certificate], policy: Policy | None
) -> _Answer:
    receipt = _read_head(asked.file, MOST_RECEIPT_BYTES + 1)
    verdict = judge_receipt(receipt, policy=policy, roots=roots)
    lines = log_lines(verdict, asked.lang) + unproven_lines(verdict, asked.lang)
    found = {**log_json(verdict), "sentences": log_sentences(verdict, asked.lang)}
    return _Answer(verdict.exit_code, found, lines)


def _check_promise(asked: argparse.Namespace, policy: Policy | None) -> _Answer:
    promise = _read_note(asked.file)
    source = checkpoint = None
    if asked.tiles is not None:
        source, checkpoint = _folder_source(asked.tiles), _read_note(asked.tiles / "checkpoint")
    verdict = judge_promise(promise, policy=policy, source=source, checkpoint=checkpoint or b"")
    found, lines = promise_json(verdict, asked.lang), promise_lines(verdict, asked.lang)
    return _Answer(verdict.exit_code, found, lines)


def _check_order(
    asked: argparse.Namespace, roots: list[x509.Certificate], policy: Policy | None
) -> _Answer:
    data = _read_head(asked.file, order_form.MOST_BYTES + 1)
    verdict = judge_order(data, policy=policy, roots=roots)
    found, lines = order_json(verdict, asked.lang), order_lines(verdict, asked.lang)
    return _Answer(verdict.exit_code, found, lines)


def _check_verdict(asked: argparse.Namespace) -> _Answer:
    check = check_verdict(_read_head(asked.file, MOST_VERDICT_BYTES + 1), asked.lang)
    return _Answer(
        check.exit_code, verdict_json(check, asked.lang), verdict_lines(check, asked.lang)
    )


def _compare(asked: argparse.Namespace, policy: Policy | None) -> _Answer:
    first, second = (_read_note(path) for path in asked.fork)
    source = None if asked.tiles is None else _folder_source(asked.tiles)
    verdict = judge_fork(first, second, policy=policy, source=source)
    return _Answer(
        verdict.exit_code, fork_json(verdict, asked.lang), fork_lines(verdict, asked.lang)
    )


def _read_note(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_RECEIPT_BYTES + 1)


def _folder_source(folder: Path) -> TileSource:
    """The tiles and bundles in an exported folder."""

    def read(name: str) -> bytes:
        bundle = parse_tile_path(name).level is None
        with (folder / name).open("rb") as file:
            return file.read((_MOST_BUNDLE_BYTES if bundle else _MOST_TILE_BYTES) + 1)

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gongdao-verify",
        description="核对封存卷宗或存证回执 / check a sealed case file or a receipt of the public "
        "log. 退出码 / exit code: 0 完好或自洽 intact or consistent, 1 已改动或无效 altered or "
        "invalid, 2 无法读取 unreadable.",
    )
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="卷宗 (.zip)、回执或承诺 (.tlog-proof …)、订单凭证 (.json) / a case file, a "
        "receipt or promise of the log, an order receipt, or a verdict (裁决, .json)",
    )
    parser.add_argument(
        "--tsa-roots",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="你信任的时间戳根证书 / time-stamp root certificates that you trust; repeatable",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="你信任的日志与见证方 / logs and witnesses that you trust (c2sp.org/tlog-policy)",
    )
    parser.add_argument(
        "--fork",
        type=Path,
        nargs=2,
        metavar="NOTE",
        help="比较两个检查点是否同属一份日志 / whether two checkpoints are of one log",
    )
    parser.add_argument(
        "--tiles",
        type=Path,
        metavar="DIR",
        help="导出的日志文件夹：与 --fork 同用，或看承诺兑现没有 / an exported log folder: with "
        "--fork, or to see whether a promise was kept",
    )
    parser.add_argument("--json", action="store_true", help="机器可读 / machine-readable")
    parser.add_argument("--lang", choices=LANGUAGES, default="zh", help="语言 / language")
    return parser


def not_proven(verdict: Verdict) -> list[str]:
    """The keys of what stays unproven, as the verdict stands."""
    dated = verdict.anchor.state == ANCHORED or is_dated(verdict.log)
    return [*NOT_PROVEN, "np_revoked" if dated else "np_sealed_when"]


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
    if verdict.log is not None:
        lines.append(say("log_part", language))
        lines += log_lines(verdict.log, language, "  ")
    lines.append(say("not_proven", language))
    keys = list(dict.fromkeys([*not_proven(verdict), *_log_not_proven(verdict)]))
    return lines + [f"  - {say(key, language)}" for key in keys]


def _log_not_proven(verdict: Verdict) -> tuple[str, ...]:
    return verdict.log.not_proven() if verdict.log is not None else ()


def _anchor_lines(verdict: Verdict, language: str) -> list[str]:
    anchor = verdict.anchor
    at = anchor.at.strftime("%Y-%m-%d %H:%M:%S UTC") if anchor.at else "?"
    who = plain(anchor.authority) or "?"
    if anchor.state == ANCHORED:
        return [say(ANCHORED, language).format(at=at, authority=who)]
    reason = say(anchor.reason, language).format(at=at, authority=who)
    if is_dated(verdict.log):  # the public log's time-stamp does what this one would have done
        return [reason]
    return [say(anchor.state, language), f"  {reason}"]


def as_json(verdict: Verdict, language: str) -> dict[str, Any]:
    """The verdict as one JSON object: codes for machines, with the sentences beside them."""
    anchor, log = verdict.anchor, verdict.log
    log_part = None
    if log is not None:
        log_part = {**log_json(log), "sentences": log_sentences(log, language)}
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
        "log": log_part,
        "not_proven": [say(key, language) for key in not_proven(verdict)],
    }
