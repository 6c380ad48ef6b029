"""A `gongdao serve` of our own for a benchmark: durable database, real processes, thrown away."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gongdao.core.envelope import new_master_key
from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.server.embedded_postgres import start_embedded

_PATIENCE_S = 60
_COMMAND = "from gongdao.front.cli.main import main; main()"


@dataclass(frozen=True)
class OwnServer:
    """Where the server listens, and the environment that other processes share with it."""

    host: str
    port: int
    environment: dict[str, str]


@contextmanager
def own_server(*, web_workers: int = 2) -> Iterator[OwnServer]:
    """Start a durable database and `gongdao serve` on it; both are gone at the end. This process's
    environment leads to them inside."""
    with tempfile.TemporaryDirectory(prefix="gongdao-bench-") as folder:
        data = Path(folder)
        with start_embedded(data_dir=data / "database", durable=True) as database:
            port = _free_port()
            environment = {
                **{k: v for k, v in os.environ.items() if not k.startswith("GONGDAO_")},
                "DATABASE_URL": database.url,
                "GONGDAO_DATA": str(data / "data"),
                "GONGDAO_MASTER_KEY": new_master_key(),
                "GONGDAO_PORT": str(port),
                "GONGDAO_WEB_WORKERS": str(web_workers),
                "GONGDAO_SANDBOX": "1",
                "DJANGO_SETTINGS_MODULE": "gongdao.front.web.django_settings",
            }
            with _serving(environment, port):
                os.environ.update(environment)
                yield OwnServer("127.0.0.1", port, environment)


@contextmanager
def _serving(environment: dict[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _COMMAND, "serve"],
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}/api/v1/{secrets.token_hex(4)}")
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return  # it answers: there is no such address
        except OSError:
            time.sleep(0.1)
    raise ServerError(_("测速用的服务器没有起来。"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
