"""``gongdao bench …``: how fast this machine does the work, measured on data of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gongdao.core.language import gettext as _
from gongdao.front.cli.options import AsJson, Lang, print_json

bench_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@bench_app.callback()
def bench() -> None:
    """Measure this machine."""


@bench_app.command("log", help="公开日志有多快，在自己的临时数据库上测。How fast the log is.")
def bench_log(
    leaves: Annotated[
        int, typer.Option("--leaves", help="全速写多少条。Leaves at full speed.", min=1000)
    ] = 100_000,
    seconds: Annotated[
        int, typer.Option("--seconds", help="每秒一千条写多久。At 1,000 a second.", min=2, max=600)
    ] = 20,
    python: Annotated[
        list[str] | None,
        typer.Option(
            "--python",
            metavar="PATH",
            help="另一个装了 pymerkle 或 aics-tlog 的 Python。Another interpreter, to compare.",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="在哪个盘上测。On which disk.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Append, cover, prove, verify and audit, on a durable database of its own."""
    from gongdao.front.bench.log_bench import Plan, measure_log

    plan = Plan(leaves=leaves, seconds=seconds, pythons=tuple(python or ()), folder=folder)
    found = measure_log(plan, say=_say)
    if as_json:
        print_json(found)
        return
    for name, value in _lines(found):
        print(f"{name:28} {value}")


@bench_app.command("orders", help="下单、付款、取卡密有多快，在临时服务器上测。Orders a second.")
def bench_orders(
    clients: Annotated[
        int, typer.Option("--clients", help="同时几个买家。Buyers at once.", min=1, max=256)
    ] = 8,
    seconds: Annotated[
        int, typer.Option("--seconds", help="测多久。How long.", min=1, max=3600)
    ] = 10,
    stock: Annotated[
        int, typer.Option("--stock", help="货架上有多少卡密。Secrets for sale.", min=10)
    ] = 10_000,
    sold: Annotated[
        int, typer.Option("--sold", help="另外已经卖掉多少。Secrets sold before.", min=0)
    ] = 0,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="在哪个盘上测。On which disk.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """Order, pay by a signed callback, read the secret, over HTTP; and the database alone. Exit 1
    where a secret went out twice or did not come."""
    from gongdao.front.bench.bench_orders import OrderPlan
    from gongdao.front.bench.bench_orders import bench_orders as measure

    plan = OrderPlan(clients=clients, seconds=seconds, stock=stock, sold=sold, folder=folder)
    found = measure(plan, say=_say)
    if as_json:
        print_json(found)
    else:
        for name, value in _lines(found):
            print(f"{name:28} {value}")
    if found["duplicates"] or found["missing"]:
        raise typer.Exit(1)


def _lines(found: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{above}{name}.")
        else:
            lines.append((f"{above}{name}", _("没有") if value is None else value))
    return lines


def _say(line: str) -> None:
    """What is being measured, for whoever watches; figures go elsewhere."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
