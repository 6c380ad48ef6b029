"""A whole order over HTTP: placed, paid by a signed callback, its secret read.

    python -m benchmarks.orders [--seconds 10] [--many 1000000] [--write]

Runs ``gongdao bench orders`` once for each row, each on a server and a durable database of its own,
with the buyers on the same cores; the database alone with the same statements is in the same run.
``--write`` puts the table into benchmarks/results.md. The shelf and the past of ``--many`` take
minutes to fill.
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
FEW = 2_000
"""The small shelf; with ten seconds of buyers it must hold what they buy, and the play-back."""
BETWEEN = 100_000
_COMMAND = "from gongdao.front.cli.main import main; main()"


def measure(*, clients: int, seconds: int, stock: int, sold: int) -> dict[str, Any]:
    """The figures of one run, as ``gongdao bench orders --json`` prints them."""
    asked = {"clients": clients, "seconds": seconds, "stock": stock, "sold": sold}
    options = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COMMAND, "bench", "orders", *options, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def make_row(found: dict[str, Any]) -> str:
    """One line of the table."""
    raw = found["raw_per_s"]
    share = f"{raw:,.0f} ({found['delivered_per_s'] / raw:.0%})" if raw else "–"
    return (
        f"| {found['clients']} | {found['stock']:,} | {found['sold']:,} "
        f"| {found['delivered_per_s']:,.0f} | {share} | {found['p50_ms']:.0f} "
        f"| {found['p95_ms']:.0f} | {found['p99_ms']:.0f} | {found['duplicates']} "
        f"| {found['missing']} |"
    )


def run(seconds: int, many: int) -> str:
    """Measure every row; the section of the results."""
    plans = [(8, 20_000, 0), (32, 20_000, 0)]
    stocks = sorted({FEW + 400 * seconds, min(BETWEEN, many), many})
    plans += [(8, stock, sold) for sold in (0, many) for stock in stocks]
    machine = describe_machine()
    rows = list[str]()
    for clients, stock, sold in plans:
        rows.append(make_row(measure(clients=clients, seconds=seconds, stock=stock, sold=sold)))
        print(rows[-1], flush=True)
    table = "\n".join(rows)
    return f"""## Orders: placed, paid, delivered

`python -m benchmarks.orders --write`: {machine}. {seconds} s each, log on, commits durable, the \
buyers on the same cores as server and database. Aims: ≥ 300 orders/s at 8 and at 32 clients, p99 \
≤ 250 ms at 32, ≥ 15 % of what the database alone does with the same statements, no secret twice \
and none missing, within ±15 % whatever the stock and the past.

| clients | in stock | sold before | delivered/s | database alone | p50 ms | p95 ms | p99 ms \
| twice | missing |
|---|---|---|---|---|---|---|---|---|---|
{table}
"""


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="into benchmarks/results.md")
    given = parser.parse_args()
    table = run(given.seconds, given.many)
    if given.write:
        put_rows(RESULTS, "orders", table)


if __name__ == "__main__":
    main()
