"""A whole `gongdao serve` that is killed, part by part, while buyers order: processes, buyers, and
what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from tests.database import copy_database
from tests.forked import run_forked

from gongdao.core.envelope import MasterKeys, derive, new_master_key
from gongdao.core.money import Money
from gongdao.front.clock import now
from gongdao.front.server.running_file import find_running
from gongdao.market.terms import terms_number
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.port import Report, Told

COMMAND = "from gongdao.front.cli.main import main; main()"
_SET_UP = """
import django, json, sys
django.setup()
from gongdao.front.bench.bench_shop import make_bench_shop
shop = make_bench_shop(stock=int(sys.argv[1]))
print(json.dumps([str(shop.listing_id), shop.version]))
"""
PATIENCE_S = 180


@dataclass
class Server:
    """One installation in ``data``; started again whenever its supervisor has ended."""

    data: Path
    port: int
    master: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of it is started with; the database's address once it runs."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith("GONGDAO_")}
        plain.pop("DATABASE_URL", None)
        return plain | {
            "GONGDAO_DATA": str(self.data),
            "GONGDAO_MASTER_KEY": self.master,
            "GONGDAO_PORT": str(self.port),
            "GONGDAO_SANDBOX": "1",
            "DJANGO_SETTINGS_MODULE": "gongdao.front.web.django_settings",
            **self.more,
        }

    def start(self) -> None:
        """Start it, unless it runs."""
        with self.turn:
            if self.process is not None and self.process.poll() is None:
                return
            self.starts += 1
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-c", COMMAND, "serve"],
                    env=self.environment,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )

    def stop(self) -> None:
        """Ask it to stop."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def is_open(self) -> bool:
        """Whether its database takes connections."""
        with suppress(psycopg.Error, AssertionError):
            psycopg.connect(self.database_url(), connect_timeout=5).close()
            return True
        return False

    def database_url(self) -> str:
        """Where its embedded database answers."""
        running = find_running(self.data / "postgres") or find_running(self.data)
        if running is None:
            raise AssertionError("no database runs")
        return running.url

    def run(self, *arguments: str, code: str = COMMAND) -> subprocess.CompletedProcess[str]:
        """A command beside it."""
        environment = self.environment | {"DATABASE_URL": self.database_url()}
        return run_forked(*arguments, env=environment, code=code)

    def wait(self) -> None:
        """Until it answers."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            self.start()
            if ask(self.port, "GET", "/api/v1/nothing", b"", {})[0] == 404 and self.is_open():
                return
            time.sleep(0.2)
        raise AssertionError(self.log.read_text("utf-8")[-3000:])


def ask(
    port: int, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    """One request; status 0 where there was no answer."""
    line = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request(method, path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        line.close()


@contextmanager
def running_server(folder: Path, **more: str) -> Iterator[Server]:
    """A server with a durable embedded database in ``folder``; ``more`` are further settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Server(folder / "data", port, new_master_key(), folder / "server.log", more=more)
    copy_database(server.data)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def make_shop(server: Server, stock: int) -> dict[str, Any]:
    """A listing with ``stock`` secrets; what its buyers post."""
    done = server.run(str(stock), code=_SET_UP)
    assert done.returncode == 0, done.stderr[-2000:]
    listing, version = json.loads(done.stdout.splitlines()[-1])
    return {
        "listing": listing,
        "version": version,
        "quantity": 1,
        "terms": terms_number(now()),
        "pay_with": "sandbox",
    }


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [
            int(one)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for one in (task / "children").read_text().split()
        ]
    return []


def find_parts(server: Server) -> dict[str, list[int]]:
    """The processes of a server that it started itself, by what they are."""
    assert server.process is not None
    found: dict[str, list[int]] = {}
    waiting = _children(server.process.pid)
    while waiting:
        pid = waiting.pop()
        waiting += _children(pid)
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            name = next((w for w in words if w in ("pages", "worker", "log")), "")
            if "postgres" in words[0]:
                name = "database" if "-D" in words else ""
            elif not name and "multiprocessing" in " ".join(words):
                name = "web"
            if name:
                found.setdefault(name, []).append(pid)
    return found


class Killer(threading.Thread):
    """Kills the parts of a server with SIGKILL, each ``rounds`` times in a random order, whenever
    it answers again; a server whose supervisor gave up is started again."""

    def __init__(self, server: Server, *, rounds: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.server, self.random = server, random.Random(seed)
        self.plan = PARTS * rounds
        self.random.shuffle(self.plan)
        self.killed = dict[str, int]()
        self.problem = ""

    @property
    def share(self) -> float:
        """How much of the plan is done."""
        return (sum(self.killed.values()) + 1) / len(self.plan)

    def run(self) -> None:
        """Go through the plan."""
        for name in self.plan:
            try:
                self.server.wait()
            except AssertionError as error:
                self.problem = str(error)
                return
            time.sleep(self.random.uniform(0.1, 0.8))
            pids = find_parts(self.server).get(name)
            if not pids:
                name, pids = "pages", find_parts(self.server).get("pages")
            if not pids:
                continue
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), signal.SIGKILL)
            self.killed[name] = self.killed.get(name, 0) + 1


PARTS = ["database", "log", "pages", "web", "worker"]


@dataclass
class Bought:
    """One paid order, and the secrets that its buyer read."""

    number: str
    code: str
    secrets: list[str] = field(default_factory=list)
    paid_twice: bool = False


class Buyers:
    """Buyers who do not give up: each asks again until he is answered, and his gateway calls again
    until it hears ``success``, sometimes twice; some pay twice."""

    def __init__(self, server: Server, wanted: dict[str, Any], killer: Killer) -> None:
        key = derive(MasterKeys.parse(server.master).current, "sandbox gateway")
        self.server, self.wanted, self.killer = server, wanted, killer
        self.sandbox = Sandbox(key=key, pay_url="", book=None)
        self.bought: list[Bought] = []
        self.broken = 0
        self.give_up = time.monotonic() + 2 * PATIENCE_S + 10 * len(killer.plan)
        self._turn = threading.Lock()
        self._begun = self._orders = 0

    def buy(self, orders: int, clients: int) -> None:
        """Buy ``orders`` times, ``clients`` at once."""
        self._orders = orders
        threads = [threading.Thread(target=self._go, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _go(self, number: int) -> None:
        dice = random.Random(number)
        while self._take():
            one = self._order(f"{number}-{dice.random()}")
            self._pay(one, dice)
            with self._turn:
                self.bought.append(one[0])
            if dice.random() < 0.7:
                self.read(one[0])

    def _take(self) -> bool:
        """Whether there is another order to place, in step with the killing: orders go on from the
        first kill to the last."""
        with self._turn:
            while self.killer.is_alive() and self._begun > self._orders * self.killer.share:
                time.sleep(0.02)
            self._begun += 1
            return self._begun <= self._orders and not self.killer.problem

    def _order(self, who: str) -> tuple[Bought, str]:
        tries = 0
        while True:
            tries += 1
            body = {**self.wanted, "contact": f"{who}-{tries}@example.invalid"}
            status, told = ask(
                self.server.port, "POST", "/api/v1/orders", json.dumps(body).encode(), _JSON
            )
            if status == 201:
                order = json.loads(told)
                return Bought(order["number"], order["query_code"]), order["total"]
            self._pause(status, told)

    def _pay(self, one: tuple[Bought, str], dice: random.Random) -> None:
        bought, total = one
        self._tell(bought.number, f"T{bought.number}", total, 2 if dice.random() < 0.3 else 1)
        if dice.random() < 0.1:
            bought.paid_twice = True
            self._tell(bought.number, f"U{bought.number}", total, 1)

    def _tell(self, number: str, trade_no: str, total: str, wanted: int) -> None:
        report = Report(number, trade_no, Told.PAID, Money.parse(total), self.sandbox.account)
        body = urlencode(self.sandbox.sign_callback(report)).encode()
        heard = 0
        while heard < wanted:
            status, told = ask(self.server.port, "POST", "/pay/sandbox/notify", body, _FORM)
            if status == 200:
                assert told == b"success"
                heard += 1
            else:
                self._pause(status, told)

    def read(self, bought: Bought) -> str:
        """Read the secrets, or learn where the order stands; its state."""
        path, headers = f"/api/v1/orders/{bought.number}", {"X-Query-Code": bought.code}
        while True:
            status, told = ask(self.server.port, "POST", f"{path}/secrets", b"", headers)
            if status == 200:
                found = [one["fields"]["secret"] for one in json.loads(told)["secrets"]]
                assert bought.secrets in ([], found)
                bought.secrets = found
                return "delivered"
            if status == 409:
                status, told = ask(self.server.port, "GET", path, b"", headers)
                if status == 200:
                    return str(json.loads(told)["state"])
            self._pause(status, told)

    def _pause(self, status: int, told: bytes) -> None:
        self.broken += 1
        self.last = (status, told[:200])
        if self.killer.problem or time.monotonic() > self.give_up:
            raise AssertionError(f"no answer any more: {self.last} {self.killer.problem}")
        self.server.start()
        time.sleep(0.1)


_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
