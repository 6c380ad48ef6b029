"""A real server under load: pages, and a new case, while another buyer's screenshots are read.

    python -m benchmarks.web_load [--screenshots 50] [--clients 6] [--pause 0.5] [--json] [--write]

``gongdao serve`` runs as it is, with its database and one reader, all of it and the clients on the
same cores. Clients look at pages of filled cases, each with a pause after an answer. One buyer
sends screenshots; while they are being read another begins a case with three. The control does the
same with every job at one priority, as it would be without fairness.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from benchmarks.web_client import Browser, File
from benchmarks.web_ground import (
    DATA,
    EXAMPLE,
    ROOT,
    describe_machine,
    print_json,
    put_rows,
    quantile,
    stand_on,
)
from PIL import Image

RESULTS = ROOT / "benchmarks" / "results.md"
SECTIONS = ("case", "files", "facts", "standing", "channels", "letters", "follow", "keep")
PATIENCE = 900
"""Seconds after which waiting for a reading is given up."""
_PEOPLE = 60


def find_visits(data_dir: Path, cases: int) -> list[tuple[str, str]]:
    """Paths of pages of filled cases with the cookies of who may see them. Django is set up in a
    process of its own, which ends before the server begins."""
    program = (
        "import sys; from pathlib import Path; from benchmarks.web_load import print_visits;"
        "print_visits(Path(sys.argv[1]), int(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(data_dir), str(cases)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    return [(path, cookies) for path, cookies in lines]


def print_visits(data_dir: Path, cases: int) -> None:
    """Print what ``find_visits`` gives."""
    with stand_on(data_dir):
        from benchmarks.fill_cases import ensure_cases
        from benchmarks.known_cases import know_some
        from benchmarks.page_list import find_addresses

        from gongdao.front.clock import now
        from gongdao.front.stores import get_stores

        ensure_cases(data_dir=data_dir, cases=cases)
        rng = Random(7)
        wanted = [one for one in find_addresses() if one.name in SECTIONS]
        for one in know_some(stores=get_stores(), count=_PEOPLE, rng=rng, at=now()):
            for address in wanted:
                print(address.fill(one.known, rng), one.cookies, sep="\t")


@contextmanager
def serving(data_dir: Path) -> Iterator[int]:
    """``gongdao serve`` on ``data_dir``; yields its port once it answers, and ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    program = [sys.executable, "-c", "from gongdao.front.cli.main import main; main()"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GONGDAO_")}
    environment.pop("DATABASE_URL", None)
    environment["GONGDAO_DATA"] = str(data_dir)
    command = [*program, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), 60)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        return Browser(port).get("/healthz")[0] == 200
    except OSError:
        return False


def wait_until(what: Callable[[], object], seconds: float) -> float:
    """Wait until ``what`` is so; how long it took, in seconds."""
    began = time.perf_counter()
    while not what():
        if time.perf_counter() - began > seconds:
            raise SystemExit(f"not within {seconds:.0f} s")
        time.sleep(0.05)
    return time.perf_counter() - began


@dataclass
class Load:
    """Clients that look at pages one after the other, with a pause, until ``stop`` is set; the
    seconds of each answer stand in ``seconds``."""

    port: int
    visits: list[tuple[str, str]]
    pause: float
    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def client(self, number: int) -> None:
        """One client."""
        rng = Random(number)
        while not self.stop.wait(self.pause * rng.uniform(0.5, 1.5)):
            path, cookies = rng.choice(self.visits)
            browser = Browser(self.port, dict([c.split("=", 1) for c in cookies.split("; ")]))
            status, text, seconds = browser.get(path)
            self.seconds.append(seconds)
            self.failed += status != 200 or "/follow/" not in text

    @contextmanager
    def running(self, clients: int) -> Iterator[None]:
        """Run ``clients`` of them."""
        threads = [threading.Thread(target=self.client, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def figures(self) -> dict[str, Any]:
        """Answers, failures, latency in milliseconds."""
        found = sorted(1000 * one for one in self.seconds) or [0.0]
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
        latency = {name: round(quantile(found, share), 1) for name, share in shares.items()}
        return {"answers": len(self.seconds), "failed": self.failed, **latency}


def make_screenshots(count: int, seed: int) -> list[File]:
    """Screenshots of the example, each with a few pixels of its own, so that none is known."""
    sources, rng = sorted(EXAMPLE.rglob("*.png")), Random(seed)
    found = []
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as opened:
            picture = opened.convert("RGB")
        for _pixel in range(3):
            picture.putpixel((rng.randrange(40), 0), tuple(rng.randrange(256) for _c in range(3)))
        data = io.BytesIO()
        picture.save(data, "PNG")
        found.append((f"shot-{seed}-{number}.png", data.getvalue()))
    return found


def _states(url: str, home: str) -> list[str]:
    """The states of the files of the case at ``home``."""
    link = home.strip("/").partition("/")[2]
    query = (
        "SELECT o.state FROM evidence_original o JOIN casework_case c ON c.id = o.subject_id"
        " WHERE c.link_digest = %s"
    )
    with psycopg.connect(url) as connection:
        rows = connection.execute(query, (hashlib.sha256(link.encode()).digest(),)).fetchall()
    return [state for (state,) in rows]


def _level(url: str) -> None:
    """Take fairness away: every job that waits has the same priority."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET priority = 0 WHERE status = 'todo'")


def _forget_jobs(url: str) -> None:
    """Let what still waits for reading go, so that the next measurement begins with an empty
    queue."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = 'reading'"
        )


def try_new_case(port: int, url: str, *, screenshots: int, fair: bool, seed: int) -> dict[str, Any]:
    """Send ``screenshots`` as one buyer, then begin a case with three as another: how long until
    it can be used, until facts are saved, until its first file is read. Seconds."""
    one, other = Browser(port), Browser(port)
    status, busy, sent = one.post("/start/", {}, make_screenshots(screenshots, seed))
    assert status == 302, busy[:200]
    wait_until(lambda: "reading" in _states(url, busy), PATIENCE)
    began = time.perf_counter()
    status, home, upload = other.post("/start/", {}, make_screenshots(3, seed + 500))
    assert status == 302, home[:200]
    status, _page, page = other.get(home)
    assert status == 200
    usable = time.perf_counter() - began
    typed = {**other.fields(f"{home}facts/order/"), "product": "一百元点卡"}
    status, _page, saved = other.post(f"{home}facts/order/", typed)
    assert status == 302 and "一百元点卡" in other.get(f"{home}facts/")[1]
    if not fair:
        _level(url)
    wait_until(lambda: "read" in _states(url, home), PATIENCE)
    first_read = time.perf_counter() - began
    left = sum(state in ("waiting", "reading") for state in _states(url, busy))
    _forget_jobs(url)
    wait_until(lambda: "reading" not in [*_states(url, busy), *_states(url, home)], PATIENCE)
    found = {
        "sending_many": sent,
        "sending_three": upload,
        "first_page": page,
        "usable_after": usable,
        "facts_saved_in": saved,
        "first_file_read_after": first_read,
    }
    return {**{name: round(value, 2) for name, value in found.items()}, "others_unread": left}


def run_all(given: argparse.Namespace) -> dict[str, Any]:
    """Pages alone; pages and the new case while screenshots are read; the control."""
    visits = find_visits(given.data, given.cases)
    found: dict[str, Any] = {"machine": describe_machine()}
    with serving(given.data) as port:
        url = _database_of(given.data)
        quiet = Load(port, visits, given.pause)
        with quiet.running(given.clients):
            time.sleep(given.seconds)
        found["pages_alone"] = quiet.figures()
        for name, fair, seed in (("reading", True, 1), ("control", False, 2)):
            load = Load(port, visits, given.pause)
            with load.running(given.clients):
                found[name] = try_new_case(
                    port, url, screenshots=given.screenshots, fair=fair, seed=time.time_ns() + seed
                )
            found[name]["pages"] = load.figures()
            print(name, found[name], file=sys.stderr)
    found["load_after"] = round(os.getloadavg()[0], 1)
    return found


def _database_of(data_dir: Path) -> str:
    from gongdao.front.server.running_file import find_running

    running = find_running(data_dir / "postgres")
    if running is None:
        raise SystemExit("the server's database is not there")
    return running.url


def as_text(found: dict[str, Any], given: argparse.Namespace) -> str:
    """The part of results.md."""
    fair, control = found["reading"], found["control"]
    rows = (
        ("pages, p50 / p95 / p99, nothing being read", _latency(found["pages_alone"]), ""),
        (
            "pages, p50 / p95 / p99, while screenshots are read",
            _latency(fair["pages"]),
            _latency(control["pages"]),
        ),
        *(
            (what, f"{fair[key]:.2f} s", f"{control[key]:.2f} s")
            for what, key in (
                ("a new case with three screenshots answers after", "usable_after"),
                ("facts typed into it are saved in", "facts_saved_in"),
                ("its first file is read after", "first_file_read_after"),
            )
        ),
        (
            f"of the other's {given.screenshots} are unread then",
            str(fair["others_unread"]),
            str(control["others_unread"]),
        ),
    )
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        "## A server that reads screenshots meanwhile\n\n"
        f"`python -m benchmarks.web_load --write`: {found['machine']}, after it"
        f" {found['load_after']}. `gongdao serve` with {given.cases:,} cases, its database, one"
        f" reader and {given.clients} clients (a pause of about {given.pause} s after each answer)"
        " on the same cores. The control is the same without fairness between buyers.\n\n"
        f"| what | fair | control |\n|---|---|---|\n{table}\n"
    )


def _latency(pages: dict[str, Any]) -> str:
    return " / ".join(f"{pages[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms")) + " ms"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--screenshots", type=int, default=50)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds, on average")
    parser.add_argument("--seconds", type=float, default=30, help="of pages alone")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write it into results.md")
    given = parser.parse_args()
    found = run_all(given)
    if given.json:
        print_json(found)
    else:
        print(as_text(found, given))
    if given.write:
        put_rows(RESULTS, "web_load", as_text(found, given))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
