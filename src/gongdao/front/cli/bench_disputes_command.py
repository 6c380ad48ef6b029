"""``gongdao bench disputes``: clear cases decided, clocks swept, verdicts recomputed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gongdao.front.cli.options import AsJson, Lang, print_json


def bench_disputes(
    per_s: Annotated[
        int, typer.Option("--per-s", help="每秒几件投诉。Complaints a second.", min=1, max=1000)
    ] = 50,
    seconds: Annotated[
        int, typer.Option("--seconds", help="投诉多久。For how long.", min=1, max=600)
    ] = 10,
    open_cases: Annotated[
        int, typer.Option("--open", help="多少未结案件。Open cases to sweep.", min=1)
    ] = 100_000,
    due: Annotated[
        int, typer.Option("--due", help="其中到期几件。How many of them are due.", min=0)
    ] = 200,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="在哪个盘上测。On which disk.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Complain about late orders at a fixed rate, sweep open cases, recompute every verdict. Exit 1
    where one does not recompute to itself."""
    from gongdao.front.bench.bench_disputes import Plan, measure_disputes

    plan = Plan(per_s=per_s, seconds=seconds, open_cases=open_cases, due=due, folder=folder)
    found = measure_disputes(plan, say=_say)
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            print(f"{name:24} {value}")
    if found["recompute_differs"]:
        raise typer.Exit(1)


def _say(line: str) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
