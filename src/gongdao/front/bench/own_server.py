"""A `gongdao serve` of our own for a benchmark: durable database, real processes, thrown away."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gongdao.core.errors import ServerError
from gongdao.core.language import gettext as _
from gongdao.front.bench.ground import stand_on_new_ground
from gongdao.front.server.postgres_process import find_port
from gongdao.front.settings import Settings

_PATIENCE_S = 120
_COMMAND = "from gongdao.front.cli.main import main; main()"


@dataclass(frozen=True)
class OwnServer:
    """Where the server listens; the environment of this process leads to what it uses."""

    host: str
    port: int
    settings: Settings


@contextmanager
def own_server(*, web_workers: int = 2, folder: Path | None = None) -> Iterator[OwnServer]:
    """Start a durable database below ``folder`` and `gongdao serve` on it; both are gone at the
    end. Django is set up upon the same database inside."""
    port = find_port(None)
    more = {
        "GONGDAO_PORT": str(port),
        "GONGDAO_WEB_WORKERS": str(web_workers),
        "GONGDAO_SANDBOX": "1",
    }
    with stand_on_new_ground(folder, more) as settings, _serving(port):
        yield OwnServer("127.0.0.1", port, settings)


@contextmanager
def _serving(port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _COMMAND, "serve"],
        env=dict(os.environ),
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
