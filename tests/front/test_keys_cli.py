"""The commands around master keys, as an operator types them, on a server of its own."""

from __future__ import annotations

import json
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.core.test_key_service import _FAKE
from tests.database import begin_installation
from tests.forked import run_forked
from tests.market.crash_kit import Server, make_shop
from tests.market.test_restored_stock import _buy

from gongdao.core.envelope import new_master_key

pytestmark = pytest.mark.slow


def _run(environment: dict[str, str], *arguments: str, code: int = 0) -> str:
    done = run_forked(*arguments, env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if not code else done.stdout + done.stderr


def _told(environment: dict[str, str], *arguments: str) -> dict:
    return json.loads(_run(environment, *arguments, "--json"))


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    """A server, not started, whose master key lies in its folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Server(folder / "data", port, "", folder / "server.log")
    try:
        yield server
    finally:
        server.stop()


def _sell(server: Server, wanted: dict, who: str) -> str:
    """One order, paid by a gateway that knows the server's current key."""
    path = server.data / "master.key"
    return _buy(server, wanted, who, master=path.read_text().split()[0])


def test_a_server_changes_its_master_key_and_drops_the_old_one(tmp_path: Path) -> None:
    """New key, rewrap (not before the restart), copy, and the old key away: everything opens,
    secrets are sold, and with the old key alone nothing starts."""
    with _server(tmp_path) as server:
        begin_installation(server.data)
        server.wait()
        path = server.data / "master.key"
        old, wanted = path.read_text(), make_shop(server, 6)
        first = _sell(server, wanted, "first")
        made = _told(server.environment, "keys", "new")
        assert len(made["master_keys"]) == 2
        assert "重启" in _run(server.environment, "keys", "rewrap", code=2)
        server.stop()
        done = _told(server.environment, "keys", "rewrap")
        assert done["data_keys"] and done["fingerprint_keys"] == 1
        copy = str(tmp_path / "copy.key")
        ids = _told(server.environment, "keys", "backup", copy)["master_keys"]
        assert ids == made["master_keys"]
        path.write_text(path.read_text().split()[0] + "\n")
        server.wait()
        for arguments in ((), (copy,)):
            seen = _told(server.environment, "keys", "check", *arguments)
            assert seen["unopened"] == 0 and list(seen["wrapped"]) == ids[:1]
        assert _sell(server, wanted, "second") != first
        server.stop()
        path.write_text(old)
        assert ids[0] in _run(server.environment, "keys", "check", code=2)


def test_a_key_service_guards_the_master_key(tmp_path: Path) -> None:
    """With GONGDAO_KMS_COMMAND the data folder holds the key wrapped alone; a service that refuses
    starts nothing and says so; the environment's key beside it is a mistake."""
    script = tmp_path / "kms.py"
    script.write_text(_FAKE)
    words = [sys.executable, "-I", "-S", str(script)]
    with _server(tmp_path) as server:
        plain = {k: v for k, v in server.environment.items() if k != "GONGDAO_MASTER_KEY"}
        good = {**plain, "GONGDAO_KMS_COMMAND": shlex.join([*words, "good"])}
        refusing = {**plain, "GONGDAO_KMS_COMMAND": shlex.join([*words, "refuse"])}
        both = {**good, "GONGDAO_MASTER_KEY": new_master_key()}
        assert "GONGDAO_KMS_COMMAND" in _run(both, "keys", "check", code=2)
        server.more = {"GONGDAO_KMS_COMMAND": good["GONGDAO_KMS_COMMAND"]}
        server.wait()
        assert _told(good, "keys", "check")["unopened"] == 0
        assert not (server.data / "master.key").exists()
        assert (server.data / "master.kms").exists()
        assert "GONGDAO_KMS_COMMAND" in _run(refusing, "keys", "check", code=2)
