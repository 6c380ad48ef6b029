"""Speed of the public log, as ``gongdao bench log`` measures it, beside what it is meant to reach.

    python -m benchmarks.log [--leaves N] [--seconds N] [--python PATH]… [--write]

With ``--write`` the table goes to benchmarks/results.md, figures only as measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.web_ground import describe_machine, print_json, put_rows

from gongdao.front.bench.log_bench import Plan, measure_log

RESULTS = Path(__file__).resolve().parent / "results.md"
AIMS = (
    ("appends_per_s", "leaves appended, integrated, signed and published, a second", "≥ 10,000"),
    ("covered_p50_ms_at_1000", "append → covered at 1,000/s, half of them within, ms", ""),
    ("covered_p99_ms_at_1000", "append → covered at 1,000/s, 99 of 100 within, ms", "≤ 1,000"),
    ("covered_max_ms_at_1000", "append → covered at 1,000/s, the longest, ms", ""),
    ("inclusion_proof_ms", "inclusion proof from tiles, nothing kept, ms", "≤ 1"),
    ("receipt_make_ms", "receipt made from the database, ms", ""),
    ("receipt_verify_ms", "receipt verified offline, ms", "≤ 10"),
    ("audit_leaves", "leaves audited", ""),
    ("audit_leaves_per_s", "leaves audited a second, start included", "≥ 17,000"),
    ("audit_peak_mb", "peak memory of the audit, MB", "flat"),
)
"""Name of a figure, what it is, and what it is meant to reach."""


def make_table(found: Mapping[str, Any], machine: str) -> str:
    """The figures as a page's table."""
    rows = [f"| {what} | {_show(found.get(name))} | {aim} |" for name, what, aim in AIMS]
    rows += [
        f"| {peer}: {name.replace('_', ' ')} | {_show(value)} | |"
        for peer, figures in found["peers"].items()
        for name, value in figures.items()
    ]
    return "\n".join(
        (
            "## Public log",
            "",
            f"`python -m benchmarks.log --write`. Machine: {machine}. {found['appended']:,} leaves,"
            f" {found['batch']} in a transaction, two processes; {found['size']:,} in the log at"
            " the end. "
            "Peers append into a tree alone, without a database, rows or chains.",
            "",
            "| what | measured | aim |",
            "|---|---|---|",
            *rows,
        )
    )


def _show(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def main() -> int:
    """Measure, print, and with ``--write`` keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    machine = describe_machine()
    plan = Plan(leaves=given.leaves, seconds=given.seconds, pythons=tuple(given.python))
    found = measure_log(plan, say=lambda line: print(line, file=sys.stderr, flush=True))
    print_json(found)
    if given.write:
        put_rows(RESULTS, "log", make_table(found, machine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
