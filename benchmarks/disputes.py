"""Disputes: how soon a clear complaint is decided, how long a sweep of all clocks takes.

    python -m benchmarks.disputes [--seconds 10] [--open 100000] [--write]

Runs ``gongdao bench disputes`` once, on a durable database of its own with the buyers on the same
cores. ``--write`` puts the table into benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.web_ground import describe_machine, put_rows

RESULTS = Path(__file__).resolve().parent / "results.md"
_COMMAND = "from gongdao.front.cli.main import main; main()"


def measure(*, seconds: int, open_cases: int, due: int) -> dict[str, Any]:
    """The figures of one run, as ``gongdao bench disputes --json`` prints them; it fails where a
    verdict does not recompute to itself."""
    asked = {"seconds": seconds, "open": open_cases, "due": due}
    options = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COMMAND, "bench", "disputes", *options, "--json"],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write_table(machine: str, found: dict[str, Any]) -> str:
    """The section of the results."""
    return f"""## Disputes: clear cases and clocks

`python -m benchmarks.disputes --write`: {machine}. Complaints come at a fixed rate, whether or \
not the ones before are decided; commits durable, the buyers on the same cores as the database.

| what | figure |
|---|---|
| complaints, at {found["per_s"]} a second | {found["complaints"]:,} |
| from the press of the button to the verdict, p50 / p99 | {found["clear_case_p50_ms"]} / \
{found["clear_case_p99_ms"]} ms |
| one sweep of {found["open_cases"]:,} open cases, {found["due"]:,} of them due | \
{found["sweep_100k_s"]:.2f} s |
| the same with nothing due | {found["sweep_quiet_s"]:.2f} s |
| verdicts and stories recomputed | {found["verdicts"]:,} and {found["scenarios"]:,} |
| of these not the same again | {found["recompute_differs"]} |
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--open", type=int, default=100_000, help="open cases to sweep")
    parser.add_argument("--due", type=int, default=200, help="how many of them have run out")
    parser.add_argument("--write", action="store_true", help="into benchmarks/results.md")
    given = parser.parse_args()
    machine = describe_machine()
    found = measure(seconds=given.seconds, open_cases=given.open, due=given.due)
    table = write_table(machine, found)
    print(table)
    if given.write:
        put_rows(RESULTS, "disputes", table)


if __name__ == "__main__":
    main()
