"""Server time of every page, inside one process, over a random sample of many cases.

    python -m benchmarks.web_pages [--cases 10000] [--samples 200] [--runs 3] [--json] [--write]

A request goes through the whole of the WSGI application: middleware, session, GZip, database.
Beside it, in the same run, stands what can't be saved: an empty view, and the five queries of a
case page with the opening of what they give, without Django's models, judging and templates. Time
by the wall is what a visitor waits; the process's own time does not see the database's.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.fill_cases import ensure_cases
from benchmarks.web_ground import (
    DATA,
    ROOT,
    describe_machine,
    print_json,
    put_rows,
    quantile,
    stand_on,
)

if TYPE_CHECKING:
    from benchmarks.page_list import Address, Found

RESULTS = ROOT / "benchmarks" / "results.md"
PEOPLE = 200
"""Cases drawn; pages are asked for with any of them."""
LOOKED = 15
"""Of them so many are counted and weighed on each page, the fullest among them."""
_LINKED = re.compile(r'<(?:link rel="stylesheet" href|script[^>]* src)="/static/([^"]+)"')
_EMPTY = "bench/empty/"
LIMITS = {"p99_ms": 50.0, "queries": 15, "weight_kb": 100.0}


@dataclass
class Answer:
    """One answer: status, media type, bytes on the wire, seconds by the wall and of the process."""

    status: int
    kind: str
    body: bytes
    wall: float
    cpu: float

    @property
    def plain(self) -> bytes:
        """The body, unpacked."""
        return gzip.decompress(self.body) if self.body[:2] == b"\x1f\x8b" else self.body


@dataclass
class Page:
    """What was measured of one page. Times in milliseconds, sizes in kilobytes of 1000."""

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: int = 0
    html: float = 0
    packed: float = 0
    weight: float = 0
    status: str = ""

    def row(self) -> dict[str, Any]:
        """The figures."""
        found = {
            "page": self.name,
            "requests": len(self.wall),
            "p50_ms": quantile(self.wall, 0.5),
            "p95_ms": quantile(self.wall, 0.95),
            "p99_ms": quantile(self.wall, 0.99),
            "cpu_p50_ms": quantile(self.cpu, 0.5),
            "cpu_p99_ms": quantile(self.cpu, 0.99),
            "queries": self.queries,
            "html_kb": self.html,
            "gzip_kb": self.packed,
            "weight_kb": self.weight,
        }
        return {k: round(v, 2) if isinstance(v, float) else v for k, v in found.items()}


class Site:
    """The application, called as a server calls it."""

    def __init__(self) -> None:
        from django.http import HttpResponse
        from django.urls import path

        from gongdao.front.web import urls

        empty: Any = path(_EMPTY, lambda _request: HttpResponse("ok"), name="empty")
        urls.urlpatterns.append(empty)
        from gongdao.front.web.wsgi import application

        self._application: Any = application
        self._visitor = 0

    def get(self, path: str, cookies: str, *, english: bool = False) -> Answer:
        """The answer to one request, from a network of its own."""
        self._visitor += 1
        environ = _environ(path, cookies, self._visitor, english=english)
        seen: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
            seen.update(status=int(status[:3]), headers=dict(headers))

        cpu, wall = time.thread_time(), time.perf_counter()
        answer: Any = self._application(environ, start)
        body = b"".join(answer)
        answer.close()
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        kind = seen["headers"].get("Content-Type", "").partition(";")[0]
        return Answer(seen["status"], kind, body, wall * 1000, cpu * 1000)


def _environ(path: str, cookies: str, visitor: int, *, english: bool) -> dict[str, Any]:
    import io

    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": f"10.{visitor >> 16 & 255}.{visitor >> 8 & 255}.{visitor & 255}",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_COOKIE": cookies,
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_ACCEPT_LANGUAGE": "en" if english else "zh-CN",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


class Counter:
    """Counts the queries of this process while it is in force."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *given: Any) -> Any:
        """Count it and let it pass."""
        self.count += 1
        return execute(*given)


def look_at(site: Site, page: Page, path: str, cookies: str) -> bool:
    """Ask for a page once, not timed: its queries, sizes and weight, each the largest seen. False
    where it is no page for this visitor; ``status`` then says what it is."""
    from django.db import connection

    counter = Counter()
    with connection.execute_wrapper(counter):
        answer = site.get(path, cookies)
    if answer.status != 200 or answer.kind != "text/html":
        page.status = f"{answer.status} {answer.kind}"
        return False
    page.queries = max(page.queries, counter.count)
    page.html = max(page.html, len(answer.plain) / 1000)
    page.packed = max(page.packed, len(answer.body) / 1000)
    page.weight = max(page.weight, weigh(answer.plain))
    return True


def weigh(html: bytes) -> float:
    """Kilobytes of a page with its styles and scripts, unpacked, without pictures."""
    from django.conf import settings

    linked = set(_LINKED.findall(html.decode()))
    bytes_ = len(html) + sum(int((settings.STATIC_ROOT / one).stat().st_size) for one in linked)
    return bytes_ / 1000


def measure(*, samples: int, seed: int) -> tuple[list[Page], list[str]]:
    """Every page ``samples`` times, in random order; and what was left out, with why."""
    from benchmarks.known_cases import know_some, sign_in
    from benchmarks.page_list import find_addresses

    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores

    rng, site = Random(seed), Site()
    people = know_some(stores=get_stores(), count=PEOPLE, rng=rng, at=now())
    member = sign_in(_busiest_account())
    if b"/follow/" not in site.get(f"/c/{people[0].known['link'][0]}/", people[0].cookies).plain:
        raise SystemExit("a case does not open")
    asked: list[tuple[Page, str, str]] = []
    pages, left_out = [], []
    for address in find_addresses():
        page = Page(f"{address.name} /{address.route}" if address.route else "home /")
        ways = _ways(address, people, member, rng)
        looked = [*ways[: LOOKED // 3], *rng.sample(ways, min(LOOKED, len(ways)))]
        if any([look_at(site, page, *way) for way in looked]):
            pages.append(page)
            asked += [(page, *rng.choice(ways)) for _time in range(samples)]
        else:
            left_out.append(f"{page.name}: {page.status or 'nothing to fill it in with'}")
    rng.shuffle(asked)
    for page, path, cookies in asked:
        answer = site.get(path, cookies, english=rng.random() < 0.2)
        if answer.status == 200:
            page.wall.append(answer.wall)
            page.cpu.append(answer.cpu)
    return pages, left_out


def _busiest_account() -> Any:
    from django.db.models import Count

    from gongdao.core.models import User

    return User.objects.annotate(many=Count("cases")).order_by("-many")[0]


def _ways(address: Address, people: list[Found], member: str, rng: Random) -> list[tuple[str, str]]:
    """The path of a page for each of the people, and with whose cookies."""
    ways = []
    for one in people:
        path = address.fill(one.known, rng)
        if path is not None:
            private = path.startswith(("/me/", "/accounts/"))
            ways.append((path, member if private else one.cookies))
    return ways if address.gaps else ways[:5]


def measure_limit(*, samples: int, seed: int) -> Page:
    """The five queries of a case page and the opening of what they give, by bare psycopg: session,
    case, key, files with readings, filings."""
    import psycopg
    from benchmarks.known_cases import know_some

    from gongdao.casework.online.begin_case import digest_link
    from gongdao.front.clock import now
    from gongdao.front.stores import get_stores

    stores, rng = get_stores(), Random(seed)
    people = know_some(stores=stores, count=PEOPLE, rng=rng, at=now())
    page = Page("the five queries and their opening alone")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for _time in range(samples):
            one = rng.choice(people)
            digest = digest_link(one.known["link"][0])
            cpu, wall = time.thread_time(), time.perf_counter()
            _open_bare(connection, stores.masters, _session_of(one), digest)
            page.wall.append((time.perf_counter() - wall) * 1000)
            page.cpu.append((time.thread_time() - cpu) * 1000)
    page.queries = 5
    return page


def _session_of(one: Found) -> str:
    return one.cookies.partition("=")[2].partition(";")[0]


def _open_bare(connection: Any, masters: Any, session: str, digest: bytes) -> None:
    from gongdao.casework.online.open_case import subject_of
    from gongdao.core.envelope import open_sealed, unwrap
    from gongdao.front.web.sealed_sessions import row_key

    def rows(text: str, *given: Any) -> list[Any]:
        return list(connection.execute(text, given).fetchall())

    rows("SELECT session_data FROM django_session WHERE session_key = %s", row_key(session))
    ((case_id, sealed),) = rows(
        "SELECT id, sealed FROM casework_case WHERE link_digest = %s", digest
    )
    subject = subject_of(case_id)
    ((wrapped,),) = rows(
        "SELECT wrapped FROM core_datakey WHERE subject_kind = 'case' AND subject_id = %s", case_id
    )
    key = unwrap(masters, wrapped, subject.aad("key"))
    open_sealed(key, sealed, subject.aad("content"))
    for address, facts, reading in rows(
        "SELECT o.address, o.sealed, r.sealed FROM evidence_original o LEFT JOIN evidence_reading r"
        " ON r.original_id = o.id WHERE subject_kind = 'case' AND subject_id = %s",
        case_id,
    ):
        open_sealed(key, facts, subject.aad(f"facts/{address}"))
        if reading:
            open_sealed(key, reading, subject.aad(f"reading/{address}") + b"/reading")
    for row_id, filing in rows(
        "SELECT id, sealed FROM casework_filing WHERE case_id = %s", case_id
    ):
        open_sealed(key, filing, subject.aad(f"filing/{row_id}"))


def resident_mb() -> float:
    """Memory of this process that is resident now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def median_rows(runs: list[list[Page]]) -> list[dict[str, Any]]:
    """One row a page: the median of each figure over the runs, the slowest page first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for pages in runs:
        for page in pages:
            rows.setdefault(page.name, []).append(page.row())
    found = [
        {
            key: value if isinstance(value, str) else statistics.median(one[key] for one in same)
            for key, value in same[0].items()
        }
        for same in rows.values()
    ]
    return sorted(found, key=lambda row: -row["p99_ms"])


_HEADS = {
    "page": "page",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "cpu_p99_ms": "own time p99",
    "queries": "queries",
    "html_kb": "HTML kB",
    "gzip_kb": "packed kB",
    "weight_kb": "with CSS and JS kB",
}


def as_table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    head = f"| {' | '.join(_HEADS.values())} |\n|{'---|' * len(_HEADS)}\n"
    lines = (
        " | ".join(
            f"{row[key]:.1f}" if isinstance(row[key], float) else str(row[key]) for key in _HEADS
        )
        for row in rows
    )
    return head + "\n".join(f"| {line.replace('<', '‹').replace('>', '›')} |" for line in lines)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=200, help="requests of each page in a run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write it into results.md")
    given = parser.parse_args()
    with stand_on(given.data):
        ensure_cases(data_dir=given.data, cases=given.cases)
        machine, runs, left_out = describe_machine(), [], list[str]()
        for number in range(given.runs):
            pages, left_out = measure(samples=given.samples, seed=number)
            runs.append([*pages, measure_limit(samples=given.samples, seed=number)])
            print(f"run {number + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        found = {
            "machine": machine,
            "load_after": round(os.getloadavg()[0], 1),
            "cases": given.cases,
            "samples": given.samples,
            "runs": given.runs,
            "resident_mb": round(resident_mb()),
            "limits": LIMITS,
            "pages": median_rows(runs),
            "left_out": left_out,
        }
    if given.json:
        print_json(found)
    else:
        print(as_text(found))
    if given.write:
        put_rows(RESULTS, "web_pages", as_text(found))
    return 0


def as_text(found: dict[str, Any]) -> str:
    """The part of results.md."""
    rows = found["pages"]
    over = [
        f"{row['page']}: {limit.removesuffix('_ms').removesuffix('_kb')} {row[limit]}"
        for limit, most in found["limits"].items()
        for row in rows
        if row[limit] > most
    ]
    said = "; ".join(over) or "none"
    return (
        f"## Pages, with {found['cases']:,} cases in the database\n\n"
        f"`python -m benchmarks.web_pages --write`: {found['machine']}, after it"
        f" {found['load_after']}. Server time in one process, database on the same cores;"
        f" {found['samples']} requests of each page in each of {found['runs']} runs, medians of the"
        f" runs. Aim: p99 ≤ 50 ms, ≤ 15 queries, ≤ 100 kB. Over it: {said}."
        f" Resident memory {found['resident_mb']} MB.\n\n{as_table(rows)}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
