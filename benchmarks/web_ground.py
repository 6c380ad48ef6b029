"""The ground that benchmarks of the pages stand on: a data folder with its own PostgreSQL, with the
defaults of a real server (what is committed is on disk), and Django set up upon it."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gongdao.core.clock import BEIJING
from gongdao.front.server.embedded_postgres import start_embedded
from gongdao.front.settings import Settings
from gongdao.front.stores import get_masters

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "late-then-invalid"
DATA = ROOT / "build" / "bench"


@contextmanager
def stand_on(data_dir: Path, **settings: str) -> Iterator[None]:
    """Start the database of ``data_dir``, bring it to this version's form and set Django up;
    ``settings`` are further variables of the environment."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for name in [one for one in os.environ if one.startswith("GONGDAO_")]:
        del os.environ[name]
    os.environ.update(settings, GONGDAO_DATA=str(data_dir))
    get_masters(Settings.read(os.environ))
    with start_embedded(data_dir=data_dir) as running:
        os.environ["DATABASE_URL"] = running.url
        from gongdao.front.server.django_processes import prepare

        prepare(running.url, with_static=True)
        yield


def describe_machine() -> str:
    """Day, processor, cores in use, memory, Python, and the load before the run."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [x for x in cpuinfo.read_text("utf-8").splitlines() if x.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{datetime.now(BEIJING):%Y-%m-%d %H:%M}, {model}, {cores} cores, {memory:.0f} GB,"
        f" {platform.system()}, Python {platform.python_version()},"
        f" load before the run {os.getloadavg()[0]:.1f}"
    )


def quantile(values: list[float], share: float) -> float:
    """The value at or below which ``share`` of ``values`` lie: the nearest rank, nothing made up.
    Of a hundred values the slowest is no p99: the one before it is."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def put_rows(results: Path, name: str, text: str) -> None:
    """Replace the part of ``results`` between the marks of ``name`` by ``text``, or add it."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    part = f"{begin}\n{text.strip()}\n{end}\n"
    page = results.read_text("utf-8") if results.is_file() else ""
    before, found, rest = page.partition(begin)
    after = rest.partition(end + "\n")[2] if found else ""
    page = f"{before}{part}{after}" if found else f"{page.rstrip()}\n\n{part}"
    results.write_text(page, "utf-8")


def print_json(found: Any) -> None:
    """``found`` for machines."""
    print(json.dumps(found, ensure_ascii=False, indent=1))
