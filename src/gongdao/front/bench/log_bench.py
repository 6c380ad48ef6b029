"""``gongdao bench log``: how fast the public log is on this machine, figures only as measured.

The sequencer works as in a running server; leaves come from processes of their own, as they do from
pages. All of it is durable, and a leaf counts when a checkpoint over it is signed and published.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gongdao.core.language import gettext as _
from gongdao.front.bench.audit_load import measure_audit
from gongdao.front.bench.ground import stand_on_new_ground
from gongdao.front.bench.log_load import Covered, listening, run_appenders, sequencing
from gongdao.front.bench.peers import measure_peers
from gongdao.front.log_place import find_published, open_log_key
from gongdao.front.settings import Settings
from gongdao.log.integrate import connect
from gongdao.log.log_key import LogKey

Say = Callable[[str], None]
BATCH = 256
"""Leaves in one transaction, as the peers get them."""
_APPENDERS, _THREADS = 2, 4
_PROOFS = 200


@dataclass(frozen=True)
class Plan:
    """What to measure: ``leaves`` appended at full speed; ``per_s`` leaves for ``seconds``;
    ``pythons`` are further interpreters in which other logs may be installed; ``folder`` is on the
    disk that is to be measured."""

    leaves: int = 100_000
    per_s: float = 1000
    seconds: float = 20
    pythons: tuple[str, ...] = ()
    folder: Path | None = None


def measure_log(plan: Plan, *, say: Say) -> dict[str, Any]:
    """Every figure, by name. Raise ServerError where the database or a part does not start."""
    found: dict[str, Any] = {"machine": describe_machine(), "batch": BATCH, "leaves": plan.leaves}
    with stand_on_new_ground(plan.folder) as settings:
        key = open_log_key(settings, may_create=True)
        with sequencing(settings, key), listening(settings) as covered:
            say(_("写入 {n} 条……").format(n=plan.leaves))
            found |= _measure_speed(settings, plan, covered)
            say(_("按每秒 {n} 条写入 {s} 秒……").format(n=int(plan.per_s), s=int(plan.seconds)))
            found |= _measure_latency(settings, plan, covered)
        say(_("证明、收据、审计……"))
        found |= _measure_proofs(settings, key)
        found |= measure_audit(settings, key)
        say(_("别的日志……"))
        pythons = (sys.executable, *plan.pythons)
        leaves = min(plan.leaves, 20_000)
        found["peers"] = measure_peers(
            pythons=pythons, leaves=leaves, folder=str(settings.data_dir)
        )
    return found


def describe_machine() -> str:
    """Processor, cores in use, memory, Python, and the load before the run."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [x for x in cpuinfo.read_text("utf-8").splitlines() if x.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()},"
        f" load {os.getloadavg()[0]:.1f}"
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie: the nearest rank, nothing made up."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _measure_speed(settings: Settings, plan: Plan, covered: Covered) -> dict[str, Any]:
    """From the first append to the moment at which the last leaf is covered."""
    before, each = _size(settings), plan.leaves // _APPENDERS
    reports = run_appenders(_APPENDERS, [f"--count={each}", f"--batch={BATCH}"])
    appended = sum(one["appended"] for one in reports)
    began = min(one["began"] for one in reports)
    ended = covered.wait_for(before + appended)
    last_append = max(one["ended"] for one in reports)
    return {
        "appends_per_s": round(appended / (ended - began)),
        "appended_alone_per_s": round(appended / (last_append - began)),
        "appended": appended,
    }


def _measure_latency(settings: Settings, plan: Plan, covered: Covered) -> dict[str, Any]:
    """From the moment at which an append was due to the one at which its leaf was covered."""
    before = _size(settings)
    arguments = [f"--per-s={plan.per_s / _APPENDERS}", f"--seconds={plan.seconds}"]
    reports = run_appenders(_APPENDERS, [*arguments, f"--threads={_THREADS}"])
    leaves = [leaf for one in reports for leaf in one["leaves"]]
    covered.wait_for(before + len(leaves))
    with closing(connect(settings.database_url)) as connection:
        rows = connection.execute(
            "SELECT encode(leaf_hash, 'hex'), idx FROM log_entry WHERE idx >= %s", (before,)
        ).fetchall()
    place = {str(digest): int(idx) for digest, idx in rows}
    marks = [(0, 0.0), *covered.marks]
    waits = sorted(_waits([(place[digest], due) for digest, due in leaves], marks))
    return {
        "covered_p50_ms_at_1000": round(quantile(waits, 0.5) * 1000, 1),
        "covered_p99_ms_at_1000": round(quantile(waits, 0.99) * 1000, 1),
        "covered_max_ms_at_1000": round(waits[-1] * 1000, 1),
        "rate_per_s": plan.per_s,
        "checkpoints": len([mark for mark in marks if mark[0] > before]),
    }


def _waits(leaves: list[tuple[int, float]], marks: list[tuple[int, float]]) -> list[float]:
    """How long each leaf (number, due) waited for the first mark beyond its number."""
    found, at = [], 0
    for idx, due in sorted(leaves):
        while marks[at][0] <= idx:
            at += 1
        found.append(marks[at][1] - due)
    return found


def _measure_proofs(settings: Settings, key: LogKey) -> dict[str, Any]:
    """Proofs from published tiles, each read afresh; receipts made and verified."""
    from gongdao.front.stores import get_stores
    from gongdao.log.reader import find_entry
    from gongdao.log.receipt import make_receipt
    from gongdao_verify.checkpoint import Checkpoint
    from gongdao_verify.log_verdict import judge_receipt
    from gongdao_verify.signed_note import parse_note
    from gongdao_verify.tlog_policy import Policy
    from gongdao_verify.tree_reader import TreeReader

    folder = find_published(settings)
    checkpoint = Checkpoint.parse(parse_note(folder.checkpoint() or b"").text)
    policy = Policy.parse(f"log {key.verifier.text()}\nquorum none\n")
    proofs, made, verified = [], [], []
    for number in range(_PROOFS):
        idx = checkpoint.size * number // _PROOFS
        began = time.perf_counter()
        TreeReader(folder.source(), checkpoint.size, checkpoint.root).inclusion_path(idx)
        proofs.append(time.perf_counter() - began)
        entry = find_entry(idx)
        if entry is None:
            raise AssertionError("the checkpoint covers it")
        began = time.perf_counter()
        receipt = make_receipt(stores=get_stores(), leaf_hash=entry.leaf_hash, openings=False)
        made.append(time.perf_counter() - began)
        began = time.perf_counter()
        judge_receipt(receipt, policy=policy)
        verified.append(time.perf_counter() - began)
    return {
        "size": checkpoint.size,
        "inclusion_proof_ms": round(quantile(proofs, 0.5) * 1000, 3),
        "receipt_make_ms": round(quantile(made, 0.5) * 1000, 3),
        "receipt_verify_ms": round(quantile(verified, 0.5) * 1000, 3),
    }


def _size(settings: Settings) -> int:
    with closing(connect(settings.database_url)) as connection:
        row = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM log_entry").fetchone()
    return int(row[0]) if row else 0
