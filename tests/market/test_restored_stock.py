"""A server brought back from an older backup sells nothing twice (invariant 12), seen from outside:
real processes, real orders, the commands an operator types."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from tests.forked import run_forked
from tests.market.crash_kit import Server, ask, make_shop, running_server

from gongdao.core.envelope import MasterKeys, derive
from gongdao.core.money import Money
from gongdao.payments.gateways.sandbox import Sandbox
from gongdao.payments.port import Report, Told

pytestmark = pytest.mark.slow
PATIENCE_S = 30
_LIFT_BLINDLY = """
UPDATE vault_unit SET state = 'available' WHERE state = 'held';
UPDATE vault_batch SET state = 'live', reason = '' WHERE state = 'quarantined'
"""


def _order(server: Server, wanted: dict, who: str) -> tuple[int, dict]:
    body = json.dumps({**wanted, "contact": f"{who}@example.invalid"}).encode()
    status, told = ask(
        server.port, "POST", "/api/v1/orders", body, {"Content-Type": "application/json"}
    )
    return status, json.loads(told)


def _code(told: dict) -> str:
    """The stable code of a refusal."""
    found = told.get("error", told)
    return found["code"] if isinstance(found, dict) else found


def _buy(server: Server, wanted: dict, who: str, master: str = "") -> str:
    """Order, pay, read: the secret."""
    status, order = _order(server, wanted, who)
    assert status == 201, order
    key = derive(MasterKeys.parse(master or server.master).current, "sandbox gateway")
    sandbox = Sandbox(key=key, pay_url="", book=None)
    number = order["number"]
    paid = Report(number, f"T{number}", Told.PAID, Money.parse(order["total"]), sandbox.account)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(sandbox.sign_callback(paid)).encode()
    assert ask(server.port, "POST", "/pay/sandbox/notify", body, form)[0] == 200
    code = {"X-Query-Code": order["query_code"]}
    status, told = ask(server.port, "POST", f"/api/v1/orders/{number}/secrets", b"", code)
    assert status == 200, told
    (one,) = json.loads(told)["secrets"]
    return one["fields"]["secret"]


def _alone(server: Server, *arguments: str) -> str:
    """A command while the server is stopped."""
    done = run_forked(*arguments, env=server.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _wait_covered(server: Server) -> None:
    """Until every leaf is signed: what a crash within this moment would lose, nobody can know."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        with psycopg.connect(server.database_url()) as connection:
            ((waiting,),) = connection.execute("SELECT count(*) FROM log_pending").fetchall()
        if not waiting:
            return
        time.sleep(0.1)
    raise AssertionError("the log stands still")


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """A server that sold two of seven, was backed up, sold two more, and had the backup brought
    back, stopped; with its listing, and what was sold."""
    with running_server(tmp_path_factory.mktemp("restored")) as server:
        wanted = make_shop(server, 7)
        sold = [_buy(server, wanted, f"before-{n}") for n in range(2)]
        _wait_covered(server)
        backup = server.data.parent / "backup.tar"
        done = server.run("backup", str(backup))
        assert done.returncode == 0, done.stderr
        sold += [_buy(server, wanted, f"after-{n}") for n in range(2)]
        _wait_covered(server)
        server.stop()
        said = _alone(server, "restore", str(backup), "--replace")
        assert "gongdao log replay" in said
    return server, wanted, sold


@contextmanager
def _running_copy(server: Server, folder: Path) -> Iterator[Server]:
    """The same server, on a copy of its data; at the same address, which its log is named for."""
    subprocess.run(["cp", "-a", str(server.data), str(folder / "data")], check=True)
    log, turn = folder / "server.log", threading.Lock()
    copy = replace(server, data=folder / "data", log=log, process=None, turn=turn)
    try:
        copy.wait()
        yield copy
    finally:
        copy.stop()


def test_after_a_restore_only_what_was_not_sold_is_sold(restored, tmp_path):
    """Until the log is replayed an order is refused with a reason; then all the rest is sold, and
    no secret that anybody had."""
    origin, wanted, sold = restored
    sold = list(sold)
    with _running_copy(origin, tmp_path) as server:
        status, told = _order(server, wanted, "early")
        assert (status, _code(told)) == (503, "stock_held"), told
        replayed = server.run("log", "replay", str(server.data / "log"))
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
        give_up = time.monotonic() + PATIENCE_S
        while _order(server, wanted, "probe")[0] != 201:
            assert time.monotonic() < give_up, server.log.read_text("utf-8")[-3000:]
            time.sleep(0.5)
        sold += [_buy(server, wanted, f"then-{n}") for n in range(2)]
        assert len(set(sold)) == 6
        status, told = _order(server, wanted, "late")
        assert (status, _code(told)) == (409, "stock_short"), told
        for command in (("ledger", "check"), ("stock", "check", "--open-every", "1")):
            done = server.run(*command)
            assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_quarantine_secrets_are_sold_twice(restored, tmp_path):
    """The control: put back on sale without the log's word, the same secrets go out again."""
    origin, wanted, sold = restored
    with _running_copy(origin, tmp_path) as server:
        with psycopg.connect(server.database_url()) as connection:
            connection.execute(_LIFT_BLINDLY)
        again = [_buy(server, wanted, f"then-{n}") for n in range(2)]
        assert len(set(sold)) == 4 == len(set(sold + again))
