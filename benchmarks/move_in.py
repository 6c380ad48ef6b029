"""Moving an existing dujiaoka shop in: rows a second, and memory.

    python -m benchmarks.move_in [--secrets 200000] [--write] [--profile]

The dump is made first: a quarter of the secrets are sold, each by an order of its own, and the rest
is for sale, in ten listings with a coupon. Measured are a dry run, the move, and the same move
again, which finds everything there, for a shop and for one of a quarter of its size. Each is a
process of its own on one durable database, so that its peak of memory is its own. ``--write`` puts
the table into benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.web_ground import describe_machine, put_rows, stand_on

from gongdao.core.clock import BEIJING

RESULTS = Path(__file__).resolve().parent / "results.md"
GOODS, WHEN, _ROWS = 10, "2025-03-04 05:06:07", 200
ORDERS_PER_SECRET = 0.25
_COLUMNS = {
    "goods": "id gd_name gd_description retail_price actual_price buy_limit_num type is_open"
    " created_at updated_at deleted_at",
    "carmis": "id goods_id status is_loop carmi created_at updated_at deleted_at",
    "coupons": "id discount is_use is_open coupon ret created_at updated_at deleted_at",
    "coupons_goods": "id goods_id coupons_id",
    "orders": "id order_sn goods_id coupon_id title type goods_price buy_amount"
    " coupon_discount_price wholesale_discount_price total_price actual_price search_pwd email"
    " info pay_id buy_ip trade_no status coupon_ret_back created_at updated_at deleted_at",
}


def _text(many: int, number: int) -> str:
    """A secret that no shop of another size has."""
    return f"CARD{many}-{number:09d}-{number * 7919 % 10**8:08d}"


def _tables(many: int) -> Iterator[tuple[str, Iterator[str]]]:
    """The rows of each table, as they stand in the dump: the first quarter of ``many`` secrets is
    sold, each by an order of its own, the rest is for sale."""
    sold = int(many * ORDERS_PER_SECRET)
    stamps = f"'{WHEN}','{WHEN}',NULL"
    yield (
        "goods",
        (f"({n},'点卡 {n}','简介',0.00,9.90,5,1,1,{stamps})" for n in range(1, GOODS + 1)),
    )
    yield (
        "carmis",
        (
            f"({n},{n % GOODS + 1},{2 if n <= sold else 1},0,'{_text(many, n)}',{stamps})"
            for n in range(1, many + 1)
        ),
    )
    yield "coupons", iter([f"(1,5.00,1,1,'SPRING{many}',1000,{stamps})"])
    yield "coupons_goods", (f"({n},{n},1)" for n in range(1, GOODS + 1))
    yield (
        "orders",
        (
            f"({n},'ORDER{n:011d}',{n % GOODS + 1},NULL,'点卡 x 1',1,9.90,1,0.00,0.00,9.90,9.90,"
            f"'pw{n}','b{n}@example.invalid','{_text(many, n)}',1,'127.0.0.1','T{n}',4,0,{stamps})"
            for n in range(1, sold + 1)
        ),
    )


def write_shop(path: Path, many: int) -> int:
    """A dump of a shop with ``many`` secrets; how many rows."""
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        for table, lines in _tables(many):
            columns = ",".join(f"`{name}` text" for name in _COLUMNS[table].split())
            file.write(f"CREATE TABLE `{table}` ({columns});\n")
            waiting: list[str] = []
            for line in lines:
                rows += 1
                waiting.append(line)
                if len(waiting) == _ROWS:
                    file.write(f"INSERT INTO `{table}` VALUES {','.join(waiting)};\n")
                    waiting.clear()
            if waiting:
                file.write(f"INSERT INTO `{table}` VALUES {','.join(waiting)};\n")
    return rows


def move(dump: Path, name: str, *, dry_run: bool, profile: bool) -> dict[str, Any]:
    """Move the shop in, in this process; seconds, megabytes at the peak, what was new."""
    from gongdao.front.stores import get_stores
    from gongdao.market.models import Merchant
    from gongdao.market.moving_in.keep_orders import OldShop
    from gongdao.market.moving_in.move_dujiaoka import MoveIn, move_dujiaoka

    shop, tracer = OldShop(Merchant.objects.get().id, name), cProfile.Profile()
    with dump.open("rb") as file:
        before, worked, started = _peak_mb(), time.process_time(), time.perf_counter()
        if profile:
            tracer.enable()
        report = move_dujiaoka(
            stores=get_stores(), wanted=MoveIn(shop, file, dry_run=dry_run), at=now()
        )
        tracer.disable()
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
    if profile:
        pstats.Stats(tracer, stream=sys.stderr).sort_stats("tottime").print_stats(25)
    return {
        "seconds": seconds,
        "worked": worked,
        "grown_mb": _peak_mb() - before,
        "new": sum(one["new"] for one in report.told.values()),
        "refused": sum(report.refused.values()),
    }


def now() -> datetime:
    """This moment; a benchmark is an entry point."""
    return datetime.now(BEIJING)


def _peak_mb() -> float:
    """The most memory that this program held; what `getrusage` says may be the parent's."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell")


def _apart(dump: Path, name: str, *options: str) -> dict[str, Any]:
    """`move` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.move_in", "--move", str(dump), name, *options],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parent.parent,
        env=os.environ,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(folder: Path, many: int, *options: str) -> list[str]:
    """Dry run, move and repeat of a shop; rows of the table."""
    dump, name, table = folder / f"{many}.sql", f"shop{many}", []
    rows = write_shop(dump, many)
    for said, more in (("dry run", ("--dry-run",)), ("moved in", options), ("again", ())):
        found = _apart(dump, name, *more)
        wanted = 0 if said == "again" else many + int(many * ORDERS_PER_SECRET) + GOODS + 1
        assert (found["new"], found["refused"]) == (wanted, 0), found
        table.append(
            f"| {said} | {many:,} | {int(many * ORDERS_PER_SECRET):,} | {found['seconds']:.1f}"
            f" | {found['worked']:.1f} | {rows / found['seconds']:,.0f}"
            f" | {found['grown_mb']:.0f} MB |"
        )
        print(table[-1], flush=True)
    return table


def run(folder: Path, many: int, *options: str) -> str:
    """Everything; as Markdown. The smaller shop has secrets of its own."""
    from gongdao.front.bench.bench_shop import make_bench_shop

    make_bench_shop(stock=1)
    machine, rows = describe_machine(), measure(folder, many // 4)
    rows += measure(folder, many, *options)
    return "\n".join(
        [
            "## Moving a dujiaoka shop in",
            "",
            f"`python -m benchmarks.move_in --write`: {machine}. Each row of the table is a process"
            " of its own; database on the same cores, commits durable. The dump is read three"
            " times and hashed once; a row is counted once. Aim: ≥ 5,000 rows/s, memory flat.",
            "",
            "| | secrets | orders | seconds | of these at work itself | rows/s | memory grew by |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--secrets", type=int, default=200_000)
    parser.add_argument("--write", action="store_true", help="into benchmarks/results.md")
    parser.add_argument("--profile", action="store_true", help="of the move, to the error output")
    parser.add_argument("--move", nargs=2, metavar=("DUMP", "NAME"), help=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.move:
        os.environ["DJANGO_SETTINGS_MODULE"] = "gongdao.front.web.django_settings"
        import django

        django.setup()
        dump, name = given.move
        found = move(Path(dump), name, dry_run=given.dry_run, profile=given.profile)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory(prefix="gongdao-bench-") as folder, stand_on(Path(folder)):
        options = ("--profile",) if given.profile else ()
        text = run(Path(folder), given.secrets, *options)
    print(text)
    if given.write:
        put_rows(RESULTS, "move in", text)


if __name__ == "__main__":
    main()
