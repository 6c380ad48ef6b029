"""The witness's process: granian, ASGI, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import json
import logging
import multiprocessing
from pathlib import Path

from gongdao.front.log_witness.application import WitnessApp
from gongdao.front.server.end_with_parent import end_with_parent
from gongdao.log.cosigner_key import CosignerKey
from gongdao_verify.signed_note import VerifierKey
from gongdao_verify.tlog_policy import LogKey

_KILL_PATIENCE = 5
_HEADERS_MS = 10_000
_MOST_AT_ONCE = 1024
_TO_STDERR = {
    "class": "logging.StreamHandler",
    "formatter": "generic",
    "stream": "ext://sys.stderr",
}


def serve_witness(
    *,
    state: Path,
    key: CosignerKey,
    logs: dict[str, LogKey],
    host: str,
    port: int,
) -> None:
    """Answer requests at ``host``:``port`` until asked to stop.

    The process that answers is begun afresh and given everything but the key's file by its target,
    never by the environment or its arguments: the key stays out of both.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.mp import MPServer

    multiprocessing.set_start_method("spawn", force=True)
    target = {
        "state": str(state),
        "key": key.text(),
        "logs": {origin: _dump(one) for origin, one in logs.items()},
    }
    server = MPServer(
        json.dumps(target),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        backpressure=_MOST_AT_ONCE,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_MS),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {"console": _TO_STDERR, "access": _TO_STDERR}},
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=_KILL_PATIENCE,
    )
    server.serve(target_loader=load_witness)


def load_witness(target: str) -> WitnessApp:
    """The application for what `serve_witness` wrote as its ``target``."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING)
    given = json.loads(target)
    return WitnessApp(
        state=Path(given["state"]),
        key=CosignerKey.parse(given["key"]),
        logs={origin: _load(one) for origin, one in given["logs"].items()},
    )


def _dump(log: LogKey) -> list[tuple[str, int]]:
    """Each key of the log, and the size above which it signs."""
    return [(key.text(), since) for key, since in zip(log.keys, log.since, strict=True)]


def _load(pairs: list[tuple[str, int]]) -> LogKey:
    first, *others = [VerifierKey.parse(vkey) for vkey, _since in pairs]
    return LogKey(first, others=tuple(others), since=tuple(since for _vkey, since in pairs))
