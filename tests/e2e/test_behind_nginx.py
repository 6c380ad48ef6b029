"""The nginx example of the manual does what the manual says, before a real server."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.house.house_sources import REPO

from gongdao.casework.online.unlock_case import PER_NETWORK
from gongdao.core.errors import CaseLocked
from gongdao.core.ids import new_token

_TOKEN = "c" * 32
_MANUAL = REPO / "docs/how-to/run-a-server.md"
_AROUND = """daemon off; pid {folder}/nginx.pid; user root; error_log {folder}/start.log;
events {{}}
http {{
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{example}
}}
"""
_MOST_AT_ONCE = 12
"""Bodies that a process lets in from one network at a time."""
_PATIENCE = 20
_ONE, _ANOTHER = "127.0.7.1", "127.0.7.2"
"""Clients of nginx, each counted by itself: other tests of this server have used up 127.0.0.1."""


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "tls.key").write_bytes(private)


def _write_settings(folder: Path, port: int, behind: str) -> Path:
    """The example as it stands in the manual, with places of this test put in."""
    found = re.search(r"```nginx\n(.*?)```", _MANUAL.read_text("utf-8"), re.DOTALL)
    assert found
    example = found[1]
    for ours, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/gongdao.example.pem", f"{folder}/tls.pem"),
        ("/etc/ssl/gongdao.example.key", f"{folder}/tls.key"),
        ("/var/log/nginx/gongdao.log", f"{folder}/error.log"),
        ("http://127.0.0.1:8000", behind),
    ):
        assert example.count(ours) == 1, ours
        example = example.replace(ours, here)
    path = folder / "nginx.conf"
    path.write_text(_AROUND.format(folder=folder, example=example), "utf-8")
    return path


@pytest.fixture
def proxy(real_server, tmp_path) -> Iterator[tuple[str, int]]:
    """Host and port of a proxy before the real server."""
    unpacked = REPO / ".tools/nginx/usr/sbin/nginx"  # make setup-nginx
    program = shutil.which("nginx") or (str(unpacked) if unpacked.is_file() else None)
    if program is None:
        pytest.skip("nginx is not here (make setup-nginx): its example in the manual is NOT tried")
    _make_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = _write_settings(tmp_path, port, real_server.url)
    with subprocess.Popen([program, "-p", str(tmp_path), "-c", str(settings)]) as process:
        try:
            for _attempt in range(100):
                with ExitStack() as stack:
                    try:
                        stack.enter_context(_connect(("127.0.0.1", port)))
                        break
                    except OSError:
                        time.sleep(0.05)
            yield "127.0.0.1", port
        finally:
            process.terminate()


@contextmanager
def _connect(
    place: tuple[str, int], *, client: str = "127.0.0.1", tls: bool = True
) -> Iterator[socket.socket]:
    with socket.create_connection(place, _PATIENCE, source_address=(client, 0)) as wire:
        if not tls:
            yield wire
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(wire) as safe:
            yield safe


def _head(length: int, *headers: str) -> bytes:
    lines = [
        f"POST /c/{new_token()}/open/ HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: csrf={_TOKEN}",
        "Origin: https://127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {length}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _try_a_code(
    place: tuple[str, int], *headers: str, client: str = "127.0.0.1", tls: bool = True
) -> int:
    body = urlencode({"csrfmiddlewaretoken": _TOKEN, "code": "AAAA-AAAA-AAAA"}).encode()
    with _connect(place, client=client, tls=tls) as wire:
        wire.sendall(_head(len(body), *headers) + body)
        return int(wire.makefile("rb").readline().split()[1])


def test_the_client_is_who_nginx_says(proxy):
    """Tries through nginx count together, whatever a client claims in any spelling."""
    statuses = []
    for number in range(PER_NETWORK.most + 1):
        other = f"203.0.113.{number + 1}"
        claims = [f"X-Forwarded-For: {other}", f"X_Forwarded_For: {other}"]
        claims.append(f"Forwarded: for={other};proto=http")
        statuses.append(_try_a_code(proxy, *claims, client=_ONE))
    assert set(statuses[:-1]) == {CaseLocked.status} and statuses[-1] == 429


def test_slow_uploads_wait_in_nginx(proxy, real_server):
    """With more half-sent bodies than a process takes from one network at once, the next whole one
    is answered, because nginx holds them; the control, without nginx, is turned away."""
    direct = urlsplit(real_server.url)
    behind = (direct.hostname, direct.port)
    noted = "Forwarded: for=192.0.2.200;proto=https"
    with ExitStack() as open_ones:
        for _number in range(_MOST_AT_ONCE + 4):
            slow = open_ones.enter_context(_connect(proxy, client=_ANOTHER))
            slow.sendall(_head(100_000) + b"code=")
        time.sleep(0.5)
        assert _try_a_code(proxy, client=_ANOTHER) == CaseLocked.status
    with ExitStack() as open_ones:
        for _number in range(_MOST_AT_ONCE):
            wire = open_ones.enter_context(_connect(behind, tls=False))
            wire.sendall(_head(100_000, noted) + b"code=")
        time.sleep(0.5)
        assert _try_a_code(behind, noted, tls=False) == 503
