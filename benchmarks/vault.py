"""The vault's speed: import with its memory, and the hot statements at any stock and any past.

    python -m benchmarks.vault [--many 1000000] [--write]

``--write`` puts the tables into benchmarks/results.md. Each statement runs alone, on one
connection, committed and on disk, with the client on the same cores. The shelves that are compared
take turns, so that whatever else the machine does weighs on all of them alike.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from benchmarks.web_ground import describe_machine, put_rows, quantile, stand_on

from gongdao.core.clock import BEIJING
from gongdao.core.subject import SubjectRef

if TYPE_CHECKING:
    from gongdao.vault.import_secrets import ImportReport

RESULTS = Path(__file__).resolve().parent / "results.md"
SELLER = SubjectRef("merchant", UUID(int=1))
TIMES = 400
"""How often each statement runs for a row of the table."""
_WARM = 20
_CLIENTS = 8
_BULK = 10_000


def now() -> datetime:
    """This moment; a benchmark is an entry point."""
    return datetime.now(BEIJING)


def new_shelf(uses: int = 1) -> UUID:
    """An empty shelf for codes."""
    from gongdao.vault.canonical_form import CanonRules
    from gongdao.vault.make_sku import make_sku

    owner = SubjectRef("listing", uuid4())
    return make_sku(owner=owner, seller=SELLER, rules=CanonRules(), uses_allowed=uses, at=now())


def write_list(path: Path, many: int) -> None:
    """So many codes as a shop would have them, one a line."""
    tag = secrets.token_hex(4).upper()
    with path.open("w", encoding="ascii") as file:
        for start in range(0, many, 10_000):
            file.writelines(
                f"{tag}-{n:08d}-{n * 7919 % 10**8:08d}\n"
                for n in range(start, min(many, start + 10_000))
            )


def bring(shelf: UUID, path: Path, *, dry_run: bool = False) -> ImportReport:
    """Import the list at ``path``."""
    from gongdao.front.stores import get_stores
    from gongdao.vault.import_secrets import import_secrets
    from gongdao.vault.make_sku import get_shelf
    from gongdao.vault.read_source import read_source
    from gongdao.vault.write_batch import BatchSource, SourceKind

    with path.open("rb") as file:
        return import_secrets(
            stores=get_stores(),
            sku=shelf,
            batch=uuid4(),
            source=BatchSource(SourceKind.RESALE),
            lines=read_source(file, name=path.name, rules=get_shelf(shelf).rules),
            at=now(),
            dry_run=dry_run,
        )


def stock(shelf: UUID, many: int) -> tuple[float, float]:
    """Import ``many`` codes; seconds, and megabytes by which the process's peak grew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cards.txt"
        write_list(path, many)
        before = _peak_mb()
        started = time.perf_counter()
        report = bring(shelf, path)
        seconds = time.perf_counter() - started
    assert report.accepted == many, report
    return seconds, _peak_mb() - before


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sell(shelf: UUID, many: int) -> None:
    """Take ``many`` units off the shelf for good, and let the database tidy up as it does."""
    from django.db import connection

    from gongdao.vault.allocate import allocate

    for start in range(0, many, _BULK):
        units = min(_BULK, many - start)
        allocate(sku=shelf, claim=SubjectRef("order", uuid4()), units=units, at=now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE vault_unit, vault_claim, vault_sealed")


Found = dict[str, list[float]]
"""Microseconds by verb."""


def time_verbs(shelf: UUID, found: Found) -> None:
    """Add the microseconds of each verb of one order's way, each committed."""
    from gongdao.front.stores import get_stores
    from gongdao.vault.allocate import allocate
    from gongdao.vault.reserve import release, reserve
    from gongdao.vault.reveal import reveal

    def timed(name: str, verb: Callable[..., Any], **given: Any) -> None:
        started = time.perf_counter()
        verb(**given)
        found.setdefault(name, []).append((time.perf_counter() - started) * 1e6)

    at, who, late = now(), SubjectRef("order", uuid4()), SubjectRef("order", uuid4())
    until = at + timedelta(minutes=10)
    timed("reserve", reserve, sku=shelf, claim=who, units=1, until=until, at=at)
    timed("allocate", allocate, sku=shelf, claim=who, units=1, at=at)
    timed("allocate again", allocate, sku=shelf, claim=who, units=1, at=at)
    timed("reveal", reveal, stores=get_stores(), claim=who, who="buyer", at=at)
    timed("allocate, late", allocate, sku=shelf, claim=late, units=1, at=at)
    other = SubjectRef("order", uuid4())
    reserve(sku=shelf, claim=other, units=1, until=until, at=at)
    timed("release", release, claim=other)


def together(shelf: UUID, seconds: float) -> float:
    """Reservations with allocation a second, by several clients at once, each of a unit."""
    from django.db import connections

    from gongdao.vault.allocate import allocate
    from gongdao.vault.reserve import reserve

    end = time.perf_counter() + seconds
    total = [0] * _CLIENTS

    def client(place: int) -> None:
        while time.perf_counter() < end:
            at, who = now(), SubjectRef("order", uuid4())
            until = at + timedelta(minutes=10)
            reserve(sku=shelf, claim=who, units=1, until=until, at=at)
            allocate(sku=shelf, claim=who, units=1, at=at)
            total[place] += 1
        connections.close_all()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(total) / seconds


def plans(shelf: UUID) -> set[str]:
    """The indexes by which the two hot statements reach the stock; a table read whole is named as
    such."""
    from django.db import connection

    from gongdao.vault.allocate import allocate_ctes, allocate_values
    from gongdao.vault.reserve import reserve_ctes, reserve_values

    claim, at, found = SubjectRef("order", uuid4()), now(), set[str]()
    until = at + timedelta(minutes=10)
    for ctes, result, values in (
        (
            reserve_ctes(),
            "vault_reserved",
            reserve_values(sku=shelf, claim=claim, units=1, until=until, at=at),
        ),
        (
            allocate_ctes(),
            "vault_given",
            allocate_values(sku=shelf, claim=claim, units=1, at=at),
        ),
    ):
        with connection.cursor() as cursor:
            given: Mapping[str, Any] = values
            cursor.execute(f"EXPLAIN WITH {ctes} SELECT * FROM {result}", given)
            for (line,) in cursor.fetchall():
                _before, scan, rest = line.partition("Index Scan using ")
                if scan and rest.startswith("vault_"):
                    found.add(rest.split()[0])
                elif "Seq Scan on vault_" in line:
                    found.add(line.split("(")[0].strip(" ->"))
    return found


def _scenes(many: int) -> dict[tuple[str, str], UUID]:
    """A shelf for each stock and past."""
    spare = 2 * (TIMES + _WARM)
    small, large, worn, both = (new_shelf() for _ in range(4))
    for shelf, size in ((small, 2_000), (large, many), (worn, many + 2_000), (both, 2 * many)):
        stock(shelf, size + spare)
    for shelf in (worn, both):
        sell(shelf, many)
    plenty = f"{many:,}"
    return {
        ("2,000", "0"): small,
        (plenty, "0"): large,
        ("2,000", plenty): worn,
        (plenty, plenty): both,
    }


def measure_imports(many: int) -> list[str]:
    """Rows of the table of imports."""
    rows = []
    for size in (many // 10, many):
        seconds, grown = stock(new_shelf(), size)
        rows.append(f"| {size:,} lines of text | {size / seconds:,.0f} | {grown:.0f} MB |")
    return rows


def measure_sales(many: int) -> list[str]:
    """The table of sales, and the ways to the rows."""
    scenes = _scenes(many)
    found: dict[tuple[str, str], Found] = {scene: {} for scene in scenes}
    for turn in range(TIMES + _WARM):
        for scene, shelf in scenes.items():
            time_verbs(shelf, found[scene] if turn >= _WARM else {})
    used = set().union(*(plans(shelf) for shelf in scenes.values()))
    names = list(next(iter(found.values())))
    rows = [f"| in stock | sold | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for (in_stock, sold), one in found.items():
        cells = [f"{statistics.median(one[n]):.0f} / {quantile(one[n], 0.95):.0f}" for n in names]
        rows.append(f"| {in_stock} | {sold} | {' | '.join(cells)} |")
    rate = together(scenes[f"{many:,}", f"{many:,}"], 5)
    return [
        *rows,
        "",
        f"Reserve and allocate by {_CLIENTS} threads of one process: {rate:,.0f} orders/s."
        f" Ways to the rows: {', '.join(sorted(used))}.",
    ]


def run(many: int) -> str:
    """Everything; as Markdown."""
    return "\n".join(
        [
            "## Card secrets: import and sale",
            "",
            f"`python -m benchmarks.vault --write`: {describe_machine()}. The client is on the same"
            " cores as the database; commits are durable. Aims: import ≥ 30,000 secrets/s with"
            " encryption, fingerprint, commitment and tree, memory flat; sales within ±15 %"
            " whatever the stock and the past.",
            "",
            "| import | secrets/s | process memory grew by |",
            "|---|---|---|",
            *measure_imports(many),
            "",
            f"Microseconds, p50 / p95 of {TIMES}, with commit:",
            "",
            *measure_sales(many),
        ]
    )


def main() -> None:
    """Measure, print, and with ``--write`` keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--many", type=int, default=1_000_000, help="secrets in a large stock")
    parser.add_argument("--write", action="store_true", help="into benchmarks/results.md")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gongdao-bench-") as folder,
        stand_on(Path(folder), GONGDAO_DB_CONNECTIONS=str(_CLIENTS + 4)),
    ):
        text = run(given.many)
    print(text)
    if given.write:
        put_rows(RESULTS, "vault", text)


if __name__ == "__main__":
    main()
